"""Fitting confidence to an archive, from questions with known answers.

It is Platt scaling of what is shipped (Platt, "Probabilistic Outputs for Support Vector Machines", 1999): only two
parameters, so that few questions suffice, with a prior that keeps them near to what they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.errors import InvalidQuestions
from index.build import Progress
from index.generation import current_generation, exclusive, generation_folder, republish
from index.search import Engine, Hit, LocalEngine
from qa.calibration import OWN_ARCHIVE, Calibration, Reliability, Sample, Weights, as_json, shipped
from qa.confidence import PASSAGES, Features, evidence, features, probability
from qa.evaluation.gold import GoldFinder
from qa.evaluation.questions import Question, QuestionSet, check_names
from qa.evaluation.reliability import reliability
from qa.evaluation.result import Gold

LEAST = 20
"""So many questions that the archive answers are needed, and so many that it doesn't."""

FOLDS = 5

SHIFT = 2.0
SLOPE = 0.5
"""The standard deviations of the prior: of what is added to the shipped logarithmic odds, around 0, and of what they
are multiplied by, around 1. Chosen on small samples of the questions that were fitted on (docs/confidence.md)."""

BATCH = 256
"""So many questions are embedded together."""


@dataclass(frozen=True, slots=True)
class Case:
    """What one question got: its features, whether gold is among the first passages, whether the archive has any, and
    what it shares with the questions about the same article."""

    features: Features
    found: bool
    answerable: bool
    group: str


def calibrate_index(index: Path, sets: Sequence[QuestionSet], threshold: float, progress: Progress) -> Calibration:
    """Calibrates the current generation of an index, and publishes that one again with it.

    Raises what ``calibrate`` and ``LocalEngine`` do, ``NoIndex`` or ``BuildInProgress``.
    """
    with exclusive(index):
        engine = LocalEngine(generation_folder(index, current_generation(index)))
        calibration = calibrate(engine, sets, threshold, progress)
        republish(index, as_json(calibration))
    return calibration


def calibrate(engine: Engine, sets: Sequence[QuestionSet], threshold: float, progress: Progress) -> Calibration:
    """A calibration for the engine's archive. How reliable it is was measured on the same questions, in folds, at
    ``threshold``.

    Questions that are too long to be asked are left out. Raises ``InvalidQuestions`` for too few of either kind, and
    ``UnlocatedGold``.
    """
    check_names(sets)
    samples = tuple(sample(one, OWN_ARCHIVE) for one in sets)
    _check_enough(samples)
    cases = [case for one in sets for case in ask(engine, one.questions, progress)]
    return Calibration(
        created=today(),
        model=engine.manifest.model,
        weights=platt(cases, shipped().weights),
        fitted_on=samples,
        measured_on=samples,
        folds=FOLDS,
        reliability=_in_folds(cases, threshold),
    )


def sample(questions: QuestionSet, archive: str) -> Sample:
    """What a set of questions is called, and how many of them can be asked."""
    name = f"{questions.name}, {questions.part}" if questions.part else questions.name
    answerable = [question.answerable for question in questions.questions if question.askable]
    return Sample(name, archive, sum(answerable), len(answerable) - sum(answerable))


def today() -> str:
    """The day, in UTC."""
    return datetime.now(UTC).date().isoformat()


def _check_enough(samples: Sequence[Sample]) -> None:
    answerable, unanswerable = sum(one.answerable for one in samples), sum(one.unanswerable for one in samples)
    if min(answerable, unanswerable) < LEAST:
        raise InvalidQuestions(
            f"calibrating needs at least {LEAST} questions that the archive answers and {LEAST} that it doesn't, and"
            f" there are {answerable} and {unanswerable}: add some, those that it doesn't answer with empty answers"
        )


def ask(engine: Engine, questions: Sequence[Question], progress: Progress) -> Iterator[Case]:
    """What each of the questions got that can be asked. Raises ``UnlocatedGold``."""
    askable = [question for question in questions if question.askable]
    golds = GoldFinder(engine).find(askable)
    for begun in range(0, len(askable), BATCH):
        batch = askable[begun : begun + BATCH]
        for question, vectors in zip(batch, engine.encode([one.text for one in batch]), strict=True):
            yield _case(question, golds[question.id], engine.search(question.text, vectors, PASSAGES))
        progress("Asking", begun + len(batch), len(askable))


def _case(question: Question, golds: Sequence[Gold], hits: Sequence[Hit]) -> Case:
    group = f"article {golds[0].article}" if golds else f"question {question.id}"
    return Case(features(hits), _is_found(golds, hits), question.answerable, group)


def _is_found(golds: Iterable[Gold], hits: Sequence[Hit]) -> bool:
    """Whether one of the hits, or of their copies, is gold or holds it whole."""
    places = [(one.article.id, one.start, one.end) for hit in hits for one in (hit.excerpt, *hit.copies)]
    return any(
        gold.article == article
        and (gold.start is None or gold.end is None or (start <= gold.start and gold.end <= end))
        for gold in golds
        for article, start, end in places
    )


def _in_folds(cases: Sequence[Case], threshold: float) -> Reliability:
    """How reliable confidence is where each question is judged by what was fitted to the other folds."""
    numbers = folds(cases)
    fitted = [
        platt([case for case, number in zip(cases, numbers, strict=True) if number != fold], shipped().weights)
        for fold in range(FOLDS)
    ]
    return judged(cases, [sure(fitted[number], case) for case, number in zip(cases, numbers, strict=True)], threshold)


def sure(weights: Weights, case: Case) -> float:
    """The confidence that a case has by these weights."""
    return probability(evidence(weights, case.features))


def judged(cases: Sequence[Case], confidences: Sequence[float], threshold: float) -> Reliability:
    """How reliable these confidences of cases are."""
    return reliability(confidences, [case.found for case in cases], [case.answerable for case in cases], threshold)


def folds(cases: Sequence[Case]) -> list[int]:
    """The fold of each case. The answerable ones are shared out evenly, a group as a whole, and so are the others;
    where there are fewer groups than folds, each case by itself."""
    numbers = [0] * len(cases)
    for answerable in (True, False):
        groups = defaultdict[str, list[int]](list)
        for place, case in enumerate(cases):
            if case.answerable is answerable:
                groups[case.group].append(place)
        for fold, places in _shared_out(list(groups.values())):
            for place in places:
                numbers[place] = fold
    return numbers


def _shared_out(groups: Sequence[list[int]]) -> Iterator[tuple[int, list[int]]]:
    """Each group with the fold that had fewest members before it, the largest group first."""
    if len(groups) < FOLDS:
        groups = [[place] for group in groups for place in group]
    sizes = [0] * FOLDS
    for group in sorted(groups, key=len, reverse=True):
        fold = sizes.index(min(sizes))
        sizes[fold] += len(group)
        yield fold, group


def platt(cases: Sequence[Case], base: Weights) -> Weights:
    """The base with its logarithmic odds scaled and shifted to fit the cases: those of the greatest posterior
    probability under a normal prior, and never scaled by less than 0."""
    from scipy.optimize import minimize

    odds = np.array([evidence(base, case.features) for case in cases])
    found = np.array([case.found for case in cases], np.float64)

    def loss(parameters: NDArray[np.float64]) -> float:
        shift, slope = parameters
        scaled = shift + slope * odds
        prior = (shift / SHIFT) ** 2 + ((slope - 1) / SLOPE) ** 2
        return float(np.sum(np.logaddexp(0, scaled) - found * scaled) + prior / 2)

    shift, slope = minimize(loss, np.array([0.0, 1.0]), bounds=[(None, None), (0, None)]).x.tolist()
    return Weights(
        intercept=round(shift + slope * base.intercept, 3),
        closeness=round(slope * base.closeness, 3),
        cosine=round(slope * base.cosine, 3),
    )
