"""What a calibration says, and which one a generation goes by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from corpus.errors import DamagedGeneration
from index.generation import Manifest
from index.model import PACKAGED_MODEL
from qa.calibration import Weights, as_json, calibration_of, shipped
from qa.evaluation.reliability import expected_calibration_error
from qa.settings import THRESHOLD


def manifest(model: str, calibration: Any) -> Manifest:
    return Manifest(3, "g", "", "e", model, 1, 1, 1, (), {}, None, {}, calibration, "")


def test_the_shipped_calibration_agrees_with_itself() -> None:
    calibration = shipped()
    assert calibration.model == PACKAGED_MODEL
    assert calibration.weights.closeness > 0
    assert calibration.weights.cosine > 0
    measured, found = calibration.measured_on, calibration.reliability
    assert found.refused_wrongly.total == sum(sample.answerable for sample in measured)
    assert found.answered_wrongly.total == sum(sample.unanswerable for sample in measured)
    assert sum(one.count for one in found.bins) == found.refused_wrongly.total + found.answered_wrongly.total
    assert found.expected_calibration_error == expected_calibration_error(found.bins)
    assert found.threshold == THRESHOLD


def test_the_shipped_calibration_is_as_good_as_it_has_to_be() -> None:
    calibration = shipped()
    assert calibration.reliability.expected_calibration_error <= 0.05
    assert calibration.reliability.refused_wrongly.share.value <= 0.05
    assert calibration.reliability.answered_wrongly.share.value <= 0.15


def test_it_was_measured_on_other_questions_than_it_was_fitted_on() -> None:
    calibration = shipped()
    assert calibration.folds is None
    assert not {one.questions for one in calibration.fitted_on} & {one.questions for one in calibration.measured_on}


def test_a_generation_of_the_packaged_model_goes_by_what_is_shipped() -> None:
    assert calibration_of(manifest(PACKAGED_MODEL, None)) == shipped()
    assert calibration_of(manifest("another", None)) is None


@pytest.mark.parametrize("model", [PACKAGED_MODEL, "another"])
def test_its_own_goes_first_and_comes_back_as_it_was(model: str) -> None:
    own = replace(shipped(), model=model, weights=Weights(-1, 2.5, 3), folds=5)
    assert calibration_of(manifest(model, as_json(own))) == own


@pytest.mark.parametrize(
    "change",
    [{"weights": {"intercept": 1, "closeness": 2}}, {"weights": [1, 2, 3]}, {"reliability": None}, {"folds": "five"}],
)
def test_one_that_cannot_be_read_is_damage(change: dict[str, Any]) -> None:
    with pytest.raises(DamagedGeneration, match=f"generation g can't be used: {next(iter(change))}.*calibrate again"):
        calibration_of(manifest(PACKAGED_MODEL, {**as_json(shipped()), **change}))
