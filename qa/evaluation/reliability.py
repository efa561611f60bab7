"""How far confidence can be trusted, on questions with known answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qa.calibration import Bin, Reliability
from qa.evaluation.result import Rate
from qa.evaluation.statistics import auroc, rate

BINS = 10
"""So many bins of equal width the reliability diagram has."""

Marks = NDArray[np.bool_]


def reliability(
    confidences: Sequence[float], found: Sequence[bool], answerable: Sequence[bool], threshold: float
) -> Reliability:
    """What confidence is worth over these questions: ``found`` says whether gold is among the first passages,
    ``answerable`` whether the archive has any. Raises ``ValueError`` if it has for all of them or for none."""
    sure, known = np.array(confidences), np.array(answerable)
    bins = reliability_bins(confidences, found)
    return Reliability(
        bins=bins,
        expected_calibration_error=expected_calibration_error(bins),
        threshold=threshold,
        answered_wrongly=_rate(sure[~known] >= threshold),
        refused_wrongly=_rate(sure[known] < threshold),
        auroc=auroc(sure[known].tolist(), sure[~known].tolist()),
    )


def reliability_bins(confidences: Sequence[float], found: Sequence[bool]) -> tuple[Bin, ...]:
    """The reliability diagram (DeGroot and Fienberg, "The Comparison and Evaluation of Forecasters", 1983)."""
    sure, right = np.array(confidences), np.array(found)
    numbers = np.minimum((sure * BINS).astype(int), BINS - 1)
    return tuple(_bin(number, sure[numbers == number], right[numbers == number]) for number in range(BINS))


def _bin(number: int, sure: NDArray[np.float64], right: Marks) -> Bin:
    means = (round(float(sure.mean()), 4), round(float(right.mean()), 4)) if len(sure) else (None, None)
    return Bin(number / BINS, (number + 1) / BINS, len(sure), *means)


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """How far confidence is from the share answered, in the mean over all questions of the bins (Naeini, Cooper and
    Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015)."""
    apart = [
        one.count * abs(one.confidence - one.answered)
        for one in bins
        if one.confidence is not None and one.answered is not None
    ]
    return round(sum(apart) / sum(one.count for one in bins), 4)


def _rate(which: Marks) -> Rate:
    return rate(int(which.sum()), len(which))
