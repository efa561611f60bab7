"""How sure an answer is: the probability that one of its passages answers the question.

A logistic regression over two figures that mean the same in every archive: how close the word pieces of the best
passage are to the question's, and how near its best sentence is. They were fitted once, on questions whose answers are
known (``benchmarks/confidence.py`` prints them), for the packaged model; of other models nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from index.model import PACKAGED_MODEL
from index.search import Engine, Hit

PASSAGES = 5
"""So many passages, the first ones, are looked at."""

INTERCEPT = -13.109
WEIGHTS = (14.936, 7.693)
"""Of the features, in their order."""


def features(hits: Sequence[Hit]) -> tuple[float, float]:
    """The greatest closeness and the greatest cosine of the first ``PASSAGES``, 0 without any."""
    first = hits[:PASSAGES]
    return max((hit.closeness for hit in first), default=0.0), max((hit.cosine for hit in first), default=0.0)


def confidence(engine: Engine, hits: Sequence[Hit]) -> float | None:
    """The probability that one of the hits answers the question, from 0 to 1; ``None`` for a model that the weights
    weren't fitted for."""
    if engine.manifest.model != PACKAGED_MODEL:
        return None
    evidence = INTERCEPT + sum(weight * value for weight, value in zip(WEIGHTS, features(hits), strict=True))
    return round(1 / (1 + exp(-evidence)), 4)
