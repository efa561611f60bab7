"""Reliability: bins, error and rates that a person can check."""

from __future__ import annotations

import pytest

from qa.evaluation.reliability import BINS, expected_calibration_error, reliability, reliability_bins

CONFIDENCES = [0.0, 0.05, 0.1, 0.55, 0.55, 0.59, 0.99, 1.0]
FOUND = [False, False, True, True, True, False, True, True]


def test_bins_are_of_equal_width_and_the_last_one_includes_one() -> None:
    bins = reliability_bins(CONFIDENCES, FOUND)
    assert [(one.low, one.high) for one in bins] == [(n / 10, (n + 1) / 10) for n in range(BINS)]
    assert [one.count for one in bins] == [2, 1, 0, 0, 0, 3, 0, 0, 0, 2]
    assert (bins[0].confidence, bins[0].answered) == (0.025, 0)
    assert (bins[1].confidence, bins[1].answered) == (0.1, 1)
    assert (bins[2].confidence, bins[2].answered) == (None, None)
    assert (bins[5].confidence, bins[5].answered) == (0.5633, 0.6667)
    assert (bins[9].confidence, bins[9].answered) == (0.995, 1)


def test_the_error_is_the_mean_distance_over_the_questions() -> None:
    # 2 · 0.025 + 1 · 0.9 + 3 · 0.1034 + 2 · 0.005, over 8
    assert expected_calibration_error(reliability_bins(CONFIDENCES, FOUND)) == pytest.approx(0.1588, abs=1e-4)


@pytest.mark.parametrize(
    ("confidences", "found", "error"),
    [
        ([1.0, 1.0, 0.0], [True, True, False], 0),
        ([0.5, 0.5], [True, False], 0),
        ([1.0, 1.0], [False, False], 1),
        ([0.25, 0.75], [True, True], 0.5),
    ],
)
def test_the_error_at_its_ends(confidences: list[float], found: list[bool], error: float) -> None:
    assert expected_calibration_error(reliability_bins(confidences, found)) == error


def test_rates_are_by_what_the_archive_answers_and_not_by_what_was_found() -> None:
    found = reliability(
        [0.9, 0.5, 0.4, 0.8, 0.2, 0.1], [True] + [False] * 5, [True, True, True, False, False, False], 0.5
    )
    assert (found.refused_wrongly.count, found.refused_wrongly.total) == (1, 3)
    assert (found.answered_wrongly.count, found.answered_wrongly.total) == (1, 3)
    assert found.threshold == 0.5
    # Of nine pairs, only those of 0.5 and 0.4 with 0.8 are the wrong way round.
    assert found.auroc.value == pytest.approx(7 / 9)
    assert found.answered_wrongly.share.low < 1 / 3 < found.answered_wrongly.share.high


def test_both_kinds_of_questions_are_needed() -> None:
    for answerable in ([True, True], [False, False]):
        with pytest.raises(ValueError, match="integer not less than 1"):
            reliability([0.5, 0.6], answerable, answerable, 0.5)
