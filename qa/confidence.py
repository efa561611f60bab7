"""How sure an answer is: the probability that one of its passages answers the question.

A logistic regression over two figures that mean the same in every archive: how close the word pieces of the best
passage are to the question's, and how near its best sentence is. What else was tried, and why these, is in
``docs/confidence.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from index.search import Engine, Hit
from qa.calibration import Weights, calibration_of

PASSAGES = 5
"""So many passages, the first ones, are looked at."""

_MOST = log(9999)

_LIKELIHOODS = (
    (0.99, "virtually certain"),
    (0.9, "very likely"),
    (0.66, "likely"),
    (0.33, "about as likely as not"),
    (0.1, "unlikely"),
    (0.01, "very unlikely"),
    (0.0, "exceptionally unlikely"),
)
"""From which probability on each word is used: the scale of the IPCC's assessments (Mastrandrea et al., "Guidance Note
for Lead Authors of the IPCC Fifth Assessment Report on Consistent Treatment of Uncertainties", 2010, table 1)."""


@dataclass(frozen=True, slots=True)
class Features:
    """The greatest closeness of word pieces and the greatest cosine of a sentence (see ``index.search.Hit``) of some
    passages, each from -1 to 1."""

    closeness: float
    cosine: float


def features(hits: Sequence[Hit]) -> Features:
    """The features of the first ``PASSAGES``; 0 without any."""
    first = hits[:PASSAGES]
    return Features(max((hit.closeness for hit in first), default=0.0), max((hit.cosine for hit in first), default=0.0))


def evidence(weights: Weights, found: Features) -> float:
    """The logarithm of the odds that a question with these features is answered."""
    return weights.intercept + weights.closeness * found.closeness + weights.cosine * found.cosine


def probability(odds: float) -> float:
    """The probability that has these logarithmic odds, to four digits; from 0.0001 to 0.9999, as nothing is certain."""
    return round(1 / (1 + exp(-max(-_MOST, min(_MOST, odds)))), 4)


def likelihood(sure: float) -> str:
    """A probability in words."""
    return next(words for least, words in _LIKELIHOODS if sure >= least)


def confidence(engine: Engine, hits: Sequence[Hit]) -> float | None:
    """The probability that one of the hits answers the question; ``None`` where there is no calibration
    for the model. Raises as ``calibration_of`` does."""
    calibration = calibration_of(engine.manifest)
    return None if calibration is None else probability(evidence(calibration.weights, features(hits)))


def each_alone(engine: Engine, hits: Sequence[Hit]) -> list[float | None]:
    """For each of the hits the probability that it answers the question, were it the only one. Raises as
    ``calibration_of`` does."""
    calibration = calibration_of(engine.manifest)
    if calibration is None:
        return [None] * len(hits)
    return [probability(evidence(calibration.weights, features([hit]))) for hit in hits]
