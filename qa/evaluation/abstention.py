"""How well confidence tells the questions that the archive answers from those that it doesn't."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.result import Abstention, Operating, Outcome, Rate
from qa.evaluation.statistics import auroc, rate

POINTS = 200
"""So many thresholds a curve has at most."""


def abstention(outcomes: Sequence[Outcome], threshold: float) -> Abstention | None:
    """What confidence is worth over these questions, at ``threshold`` (a question is answered if its confidence is
    at least that) and along the curve of all thresholds.

    ``None`` where nothing can be said: no unanswerable question, no answerable one, or one without a confidence.
    """
    sure = [outcome.confidence for outcome in outcomes if outcome.confidence is not None]
    answerable = [outcome.answerable for outcome in outcomes]
    if len(sure) < len(outcomes) or not any(answerable) or all(answerable):
        return None
    confidence, known = np.array(sure), np.array(answerable)
    return Abstention(
        auroc=auroc(confidence[known].tolist(), confidence[~known].tolist()),
        threshold=threshold,
        answered_wrongly=_rate(confidence[~known] >= threshold),
        refused_wrongly=_rate(confidence[known] < threshold),
        curve=_curve(confidence, known, np.array([_right(outcome) for outcome in outcomes])),
    )


def _right(outcome: Outcome) -> bool:
    """Whether an answer to this question has gold among its first five."""
    return outcome.answerable and outcome.failure is None


def _rate(which: NDArray[np.bool_]) -> Rate:
    return rate(int(which.sum()), len(which))


def _curve(
    confidence: NDArray[np.float64], known: NDArray[np.bool_], right: NDArray[np.bool_]
) -> tuple[Operating, ...]:
    """What each threshold would do. They are confidences that occur, evenly thinned by rank; the lowest, at which
    every question is answered, and the highest are among them."""
    thresholds = np.unique(confidence)
    if len(thresholds) > POINTS:
        thresholds = thresholds[np.linspace(0, len(thresholds) - 1, POINTS).round().astype(int)]
    return tuple(_operating(threshold, confidence >= threshold, known, right) for threshold in thresholds.tolist())


def _operating(
    threshold: float, answered: NDArray[np.bool_], known: NDArray[np.bool_], right: NDArray[np.bool_]
) -> Operating:
    return Operating(
        threshold=threshold,
        answered=float(answered.mean()),
        wrong=float((~right[answered]).mean()),
        answered_wrongly=float(answered[~known].mean()),
        refused_wrongly=float((~answered[known]).mean()),
    )
