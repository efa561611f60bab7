"""Calibrating: a fit that finds what is there, folds that don't leak, and an index that carries the result on."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import BuildInProgress, InvalidQuestions, UnlocatedGold
from index.build import build
from index.generation import current_generation, exclusive, generation_folder, read_manifest
from index.model import PACKAGED_MODEL
from index.search import LocalEngine
from qa.calibration import Weights, as_json, calibration_of, carry_on, shipped
from qa.confidence import Features, evidence, probability
from qa.evaluation.calibrating import FOLDS, LEAST, Case, ask, calibrate, calibrate_index, folds, platt, sure
from qa.evaluation.questions import Question, QuestionSet, Quote, read_questions
from qa.live import Live
from tests.conftest import ARTICLES, ROOT, no_progress, write_articles

BASE = Weights(-13, 15, 7.5)


def drawn(count: int, shift: float, slope: float, seed: int) -> list[Case]:
    """Cases whose odds are those of the base, scaled and shifted."""
    generator = np.random.default_rng(seed)
    cases = list[Case]()
    for closeness, cosine in generator.uniform(0.2, 0.9, (count, 2)).tolist():
        features = Features(closeness, cosine)
        found = bool(generator.random() < probability(shift + slope * evidence(BASE, features)))
        cases.append(Case(features, found, found, f"article {len(cases)}"))
    return cases


@pytest.mark.parametrize(("shift", "slope"), [(0, 1), (-2, 0.5), (1.5, 1.2), (0, 0.1)])
def test_the_fit_finds_the_scale_and_the_shift(shift: float, slope: float) -> None:
    fitted = platt(drawn(5000, shift, slope, 1), BASE)
    found = fitted.closeness / BASE.closeness
    assert found == pytest.approx(slope, abs=0.06)
    assert fitted.closeness / fitted.cosine == pytest.approx(2, abs=0.01)
    assert fitted.intercept - found * BASE.intercept == pytest.approx(shift, abs=0.2)


def test_few_questions_hardly_move_it() -> None:
    """Without a prior, the scale of questions that are told apart without a fault has no bound."""
    cases = [Case(Features(value, value), value > 0.5, value > 0.5, "") for value in (0.1, 0.2, 0.8, 0.9)]
    fitted = platt(cases, BASE)
    assert 0.9 < fitted.closeness / BASE.closeness < 1.5


def test_what_is_the_wrong_way_round_leaves_no_slope() -> None:
    cases = [
        Case(Features(value, value), value < 0.5, value < 0.5, "") for value in np.linspace(0.1, 0.9, 500).tolist()
    ]
    fitted = platt(cases, BASE)
    assert (fitted.closeness, fitted.cosine) == (0, 0)
    assert sure(fitted, cases[0]) == pytest.approx(0.5, abs=0.02)


def test_an_article_is_in_one_fold_and_folds_are_even() -> None:
    cases = [Case(Features(0, 0), False, True, f"article {n % 12}") for n in range(60)]
    cases += [Case(Features(0, 0), False, False, f"question {n}") for n in range(23)]
    numbers = folds(cases)
    assert len({(case.group, number) for case, number in zip(cases, numbers, strict=True)}) == 12 + 23
    for answerable, most in ((True, 15), (False, 5)):
        sizes = Counter(number for case, number in zip(cases, numbers, strict=True) if case.answerable is answerable)
        assert set(sizes) == set(range(FOLDS))
        assert max(sizes.values()) <= most
    assert numbers == folds(cases)


def test_with_few_articles_each_question_is_by_itself() -> None:
    cases = [Case(Features(0, 0), False, True, f"article {n % 2}") for n in range(20)]
    assert Counter(folds(cases)) == dict.fromkeys(range(FOLDS), 4)


def starter() -> QuestionSet:
    return read_questions(ROOT / "corpus" / "questions.jsonl", "tuning")


def test_the_starter_archive_can_be_calibrated(engine: LocalEngine) -> None:
    found = calibrate(engine, [starter()], 0.4, no_progress)
    assert (found.model, found.folds) == (PACKAGED_MODEL, FOLDS)
    assert found.fitted_on == found.measured_on
    (sample,) = found.fitted_on
    assert (sample.questions, sample.archive) == ("corpus, tuning", "this archive")
    assert (sample.answerable, sample.unanswerable) == (64, 24)
    assert found.reliability.threshold == 0.4
    assert (found.reliability.refused_wrongly.total, found.reliability.answered_wrongly.total) == (64, 24)
    # These are told apart badly, and then one is not to be sure.
    assert found.weights.closeness < shipped().weights.closeness
    assert found.reliability.expected_calibration_error < 0.15


def test_too_few_questions_are_refused_with_how_many_there_are(engine: LocalEngine) -> None:
    whole = starter()
    answerable = tuple(question for question in whole.questions if question.answerable)
    others = tuple(question for question in whole.questions if not question.answerable)
    for some, counts in (
        (answerable, "64 and 0"),
        (others, "0 and 24"),
        (answerable + others[: LEAST - 1], "64 and 19"),
    ):
        few = QuestionSet("few", "quotes", None, some)
        with pytest.raises(InvalidQuestions, match=f"at least {LEAST} .* there are {counts}: add"):
            calibrate(engine, [few], 0.5, no_progress)


def test_what_is_found_is_gold_among_the_first_passages(engine: LocalEngine) -> None:
    (entry, *_) = engine.catalogue()
    start, end = engine.spans(entry.id).passages[0]
    text = engine.article(entry.id).text[start:end]
    gold, nowhere = Quote(entry.id, text), Quote("2026/in-defence-of-the-guest-seat", "well argued")
    questions = [
        Question("whole", text[:300], (gold,), {}),
        Question("article", text[:300], (), {entry.id: 1, "2026/in-defence-of-the-guest-seat": 0}),
        Question("other", "How long should sourdough rise?", (nowhere,), {}),
        Question("none", text[:300], (), {}),
        Question("long", "why " * 600, (gold,), {}),
    ]
    cases = list(ask(engine, questions, no_progress))
    assert [(case.found, case.answerable) for case in cases] == [
        (True, True),
        (True, True),
        (False, True),
        (False, False),
    ]
    assert [case.group for case in cases[::3]] == [f"article {entry.id}", "question none"]
    with pytest.raises(UnlocatedGold):
        list(ask(engine, [Question("lost", "Where?", (Quote(entry.id, "not there at all"),), {})], no_progress))


def test_an_index_keeps_its_calibration_through_builds(new_index: Path, tmp_path: Path) -> None:
    before = current_generation(new_index)
    found = calibrate_index(new_index, [starter()], 0.5, no_progress)
    after = current_generation(new_index)
    assert after > before
    engine = LocalEngine(generation_folder(new_index, after))
    assert calibration_of(engine.manifest) == found != shipped()
    write_articles(tmp_path / "more", {"new.md": "# News\n\nThe lamp was lit on 1 February 1811.\n"})
    folders = [ARTICLES, tmp_path / "more"]
    report = build(folders, new_index, PACKAGED_MODEL, no_progress, calibrating=carry_on)
    assert report.new == 1
    assert calibration_of(read_manifest(generation_folder(new_index, current_generation(new_index)))) == found


def test_a_build_says_what_confidence_goes_by_if_the_archive_has_no_calibration_of_its_own(new_index: Path) -> None:
    for _ in range(2):
        build([ARTICLES], new_index, PACKAGED_MODEL, no_progress, calibrating=carry_on)
        manifest = read_manifest(generation_folder(new_index, current_generation(new_index)))
        assert manifest.calibration == as_json(shipped())
        assert calibration_of(manifest) == shipped()
    assert carry_on({"of": "another version"}, PACKAGED_MODEL) == as_json(shipped())
    assert carry_on(as_json(shipped()), "another model") is None
    assert not shipped().is_own


def test_a_running_service_goes_by_a_new_calibration(new_index: Path) -> None:
    live = Live(new_index)
    live.start()
    try:
        found = calibrate_index(new_index, [starter()], 0.5, no_progress)
        given_up = time.monotonic() + 30
        while live.engine.manifest.calibration is None and time.monotonic() < given_up:
            time.sleep(0.05)
        assert calibration_of(live.engine.manifest) == found
        assert live.problem is None
    finally:
        live.stop()


def test_nothing_is_published_while_another_builds_or_if_there_are_too_few(new_index: Path) -> None:
    before = current_generation(new_index)
    with exclusive(new_index), pytest.raises(BuildInProgress):
        calibrate_index(new_index, [starter()], 0.5, no_progress)
    with pytest.raises(InvalidQuestions):
        calibrate_index(new_index, [QuestionSet("none", "quotes", None, ())], 0.5, no_progress)
    assert current_generation(new_index) == before


def test_the_shipped_file_is_plain_json() -> None:
    content = json.loads((ROOT / "qa" / "calibration.json").read_text(encoding="utf-8"))
    assert set(content) == {"created", "model", "weights", "fitted_on", "measured_on", "folds", "reliability"}
