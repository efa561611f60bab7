"""The rates at a threshold and along the curve, against numbers counted by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest

from qa.evaluation.abstention import POINTS, abstention
from qa.evaluation.result import Abstention, Failure, Gold, Operating, Outcome


def outcome(confidence: float | None, answerable: bool, failure: Failure | None = None) -> Outcome:
    gold = (Gold("a", None, None, None, None, None),) if answerable else ()
    return Outcome("q", "Who?", gold, (), None, failure, confidence, True, {})


QUESTIONS = [
    outcome(0.9, answerable=True),
    outcome(0.8, answerable=True, failure="ranked low"),
    outcome(0.8, answerable=False),
    outcome(0.6, answerable=True),
    outcome(0.3, answerable=True, failure="not retrieved"),
    outcome(0.2, answerable=False),
]


def found(questions: list[Outcome], threshold: float = 0.5) -> Abstention:
    result = abstention(questions, threshold)
    assert result
    return result


def test_the_rates_are_those_at_the_threshold() -> None:
    result = found(QUESTIONS)
    assert result.threshold == 0.5
    assert (result.answered_wrongly.count, result.answered_wrongly.total) == (1, 2)
    assert (result.refused_wrongly.count, result.refused_wrongly.total) == (1, 4)
    assert result.refused_wrongly.share.value == 0.25
    assert 0 < result.refused_wrongly.share.low < 0.25 < result.refused_wrongly.share.high < 1


def test_a_confidence_at_the_threshold_is_answered() -> None:
    at = found(QUESTIONS, 0.8)
    assert (at.answered_wrongly.count, at.refused_wrongly.count) == (1, 2)
    above = found(QUESTIONS, 0.80001)
    assert (above.answered_wrongly.count, above.refused_wrongly.count) == (0, 3)


def test_the_area_counts_pairs_in_order_and_ties_half() -> None:
    """Against 0.8: a win, a tie and two losses; against 0.2: four wins."""
    assert found(QUESTIONS).auroc.value == pytest.approx(5.5 / 8)


def test_the_curve_has_every_confidence_once_ascending() -> None:
    assert found(QUESTIONS).curve == (
        Operating(0.2, answered=1, wrong=4 / 6, answered_wrongly=1, refused_wrongly=0),
        Operating(0.3, answered=5 / 6, wrong=3 / 5, answered_wrongly=0.5, refused_wrongly=0),
        Operating(0.6, answered=4 / 6, wrong=2 / 4, answered_wrongly=0.5, refused_wrongly=0.25),
        Operating(0.8, answered=3 / 6, wrong=2 / 3, answered_wrongly=0.5, refused_wrongly=0.5),
        Operating(0.9, answered=1 / 6, wrong=0, answered_wrongly=0, refused_wrongly=0.75),
    )


def test_the_curve_and_the_rates_agree() -> None:
    for point in found(QUESTIONS).curve:
        at = found(QUESTIONS, point.threshold)
        assert at.answered_wrongly.share.value == point.answered_wrongly
        assert at.refused_wrongly.share.value == point.refused_wrongly


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    curve = found([outcome(number / 1000, answerable=number % 3 > 0) for number in range(1001)]).curve
    thresholds = [point.threshold for point in curve]
    assert len(curve) == POINTS
    assert (thresholds[0], thresholds[-1]) == (0, 1)
    assert thresholds == sorted(set(thresholds))
    gaps = [after - before for before, after in pairwise(thresholds)]
    assert max(gaps) < 0.0065
    assert curve[0].answered == 1


@pytest.mark.parametrize(
    "questions",
    [
        [],
        [outcome(0.5, answerable=True)],
        [outcome(0.5, answerable=False)],
        [*QUESTIONS, outcome(None, answerable=True)],
        [outcome(None, answerable=True), outcome(None, answerable=False)],
    ],
    ids=["none", "no unanswerable ones", "no answerable ones", "one without confidence", "no confidence"],
)
def test_where_nothing_can_be_said_nothing_is(questions: list[Outcome]) -> None:
    assert abstention(questions, 0.5) is None
