"""Confidence: what it is made of, whom it believes, and when there is none."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from pathlib import Path

import pytest

from index.search import Hit, LocalEngine, NearSentence
from qa.answering import Query, answer, answer_all
from qa.calibration import Weights, as_json, shipped
from qa.confidence import PASSAGES, Features, confidence, evidence, features, likelihood, probability
from qa.settings import Policy
from tests.conftest import ROOT

CONFIDENCE = (ROOT / "docs" / "confidence.md").read_text(encoding="utf-8")

ANSWERED = "When will the first Pakistani astronaut fly to the Chinese station?"
ELSEWHERE = ["How long should sourdough rise before it is baked?", "Who won the chess tournament in Wijk aan Zee?"]


@pytest.fixture(scope="module")
def hits(engine: LocalEngine) -> list[Hit]:
    return engine.search(ANSWERED, engine.encode([ANSWERED])[0], 20)


def with_figures(hit: Hit, closeness: float, cosine: float) -> Hit:
    return replace(hit, closeness=closeness, sentences=(NearSentence(0, 1, cosine), NearSentence(1, 2, cosine - 0.1)))


def test_features_are_the_greatest_of_the_first_passages(hits: list[Hit]) -> None:
    low = [with_figures(hit, 0.2 - 0.01 * rank, 0.1 * rank) for rank, hit in enumerate(hits)]
    found = features(low)
    assert found.closeness == 0.2
    assert found.cosine == pytest.approx(0.1 * (PASSAGES - 1))
    assert features(low[:1]) == Features(0.2, 0.0)
    assert features([]) == Features(0.0, 0.0)


def test_evidence_is_the_weighted_sum_of_the_features() -> None:
    assert evidence(Weights(-1, 2, 3), Features(0.5, 0.25)) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("odds", "expected"), [(0, 0.5), (1.0986, 0.75), (-1.0986, 0.25), (9, 0.9999), (40, 0.9999), (-1e9, 0.0001)]
)
def test_odds_as_a_probability(odds: float, expected: float) -> None:
    assert probability(odds) == expected


def test_confidence_is_the_logistic_function_of_the_shipped_weights(engine: LocalEngine, hits: list[Hit]) -> None:
    closeness, cosine = max(hit.closeness for hit in hits[:5]), max(hit.cosine for hit in hits[:5])
    weights = shipped().weights
    expected = 1 / (1 + exp(-(weights.intercept + weights.closeness * closeness + weights.cosine * cosine)))
    assert confidence(engine, hits) == pytest.approx(expected, abs=1e-4)


def test_a_question_that_is_answered_has_more_than_one_about_something_else(engine: LocalEngine) -> None:
    answered, *elsewhere = answer_all(engine, [Query(question) for question in [ANSWERED, *ELSEWHERE]])
    assert answered.answered
    assert answered.confidence is not None
    assert answered.confidence > 0.9
    for found in elsewhere:
        assert not found.answered
        assert found.confidence is not None
        assert found.confidence < 0.1
        assert len(found.passages) == 5


@pytest.mark.parametrize(("threshold", "expected"), [(0.0, True), (1.0, False)])
def test_the_threshold_decides(engine: LocalEngine, threshold: float, expected: bool) -> None:
    assert answer(engine, Query(ANSWERED), Policy(threshold=threshold)).answered is expected


def test_confidence_does_not_depend_on_how_many_passages_are_asked_for(engine: LocalEngine) -> None:
    assert len({answer(engine, Query(ANSWERED, top_k)).confidence for top_k in (5, 6, 20, 100)}) == 1


def test_a_question_far_from_everything_has_nearly_none(engine: LocalEngine) -> None:
    found = answer(engine, Query("\u200b?"))
    assert found.confidence is not None
    assert 0 <= found.confidence < 0.05


def test_nothing_is_known_of_another_model(engine: LocalEngine, hits: list[Hit], tmp_path: Path) -> None:
    other = LocalEngine.__new__(LocalEngine)
    other.manifest = replace(engine.manifest, model=str(tmp_path / "another"))
    assert confidence(other, hits) is None


def test_the_calibration_of_the_archive_goes_before_the_shipped_one(engine: LocalEngine, hits: list[Hit]) -> None:
    own = replace(shipped(), model="another", weights=Weights(0.0, 0.0, 0.0))
    calibrated = LocalEngine.__new__(LocalEngine)
    calibrated.manifest = replace(engine.manifest, model="another", calibration=as_json(own))
    assert confidence(calibrated, hits) == 0.5


@pytest.mark.parametrize(
    ("sure", "words"),
    [
        (0.9999, "virtually certain"),
        (0.99, "virtually certain"),
        (0.9899, "very likely"),
        (0.66, "likely"),
        (0.5, "about as likely as not"),
        (0.3299, "unlikely"),
        (0.0999, "very unlikely"),
        (0.0001, "exceptionally unlikely"),
    ],
)
def test_a_confidence_in_words(sure: float, words: str) -> None:
    assert likelihood(sure) == words
    limit = next(row for row in CONFIDENCE.splitlines() if row.endswith(f"| {words} |")).split("|")[1]
    assert sure >= float(limit)
