"""How sure a figure is, and whether two of them differ: bootstrap and Wilson intervals, a randomisation test.

Everything that is drawn at random is drawn from one seed, so the same values always give the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.result import Figure, Rate

RESAMPLES = 10_000
"""So many resamples make an interval, and so many random sign flips a test."""

SIGNIFICANCE = 0.05
"""A difference is shown if its p is below this."""

POWER = 0.8
"""``Paired.detectable`` is the difference that is shown so often."""

_SEED = 20_260_131
_LEVELS = (0.025, 0.975)
_ROUNDING = 1e-9
_CELLS = 2_000_000
"""So many random numbers are held at a time."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Paired:
    """What a paired comparison found: the mean of after minus before with a bootstrap interval, the p of a two-sided
    randomisation test, and the smallest true difference that so many questions whose differences spread so far
    would show in four of five comparisons; ``None`` where the differences don't spread at all."""

    difference: Figure
    p: float
    detectable: float | None


def mean_figure(values: Sequence[float]) -> Figure:
    """The mean with its bootstrap interval; see ``mean_figures``. Raises ``ValueError`` for no values."""
    return mean_figures({"": values})[""]


def mean_figures(columns: Mapping[str, Sequence[float]]) -> dict[str, Figure]:
    """The mean of each column with its percentile bootstrap interval (Efron and Tibshirani, "An Introduction to the
    Bootstrap", 1993, chapter 13), all from the same resamples, which is much faster than one after the other.

    The columns are of one length, a row for each question. One of which all values are equal has an interval of no
    width. Raises ``ValueError`` for no values.
    """
    table = _table(columns)
    rows = len(table)
    resamples = _resamples(np.arange(rows), rows, _batches(rows), _generator())
    means = np.concatenate([counts @ table / rows for counts in resamples])
    lows, highs = np.quantile(means, _LEVELS, axis=0)
    return {name: _figure(*triple) for name, *triple in zip(columns, table.mean(axis=0), lows, highs, strict=True)}


def rate(count: int, total: int) -> Rate:
    """``count`` of ``total``, at least 1, with the Wilson score interval of the share (Wilson, "Probable Inference,
    the Law of Succession, and Statistical Inference", 1927)."""
    from scipy.stats import binomtest

    interval = binomtest(count, total).proportion_ci(method="wilson")
    return Rate(count, total, Figure(count / total, float(interval.low), float(interval.high)))


def auroc(positive: Sequence[float], negative: Sequence[float]) -> Figure:
    """The chance that one of ``positive`` is above one of ``negative``, ties counted half, with its percentile
    bootstrap interval; each side is resampled by itself. Raises ``ValueError`` if one of them is empty."""
    if not positive or not negative:
        raise ValueError("the area under the curve needs values of both kinds")
    levels, where = np.unique([*positive, *negative], return_inverse=True)
    above, below = where[: len(positive)], where[len(positive) :]
    generator, many = _generator(), len(levels)
    sizes = list(_batches(max(len(above), len(below), many)))
    pairs = zip(_resamples(above, many, sizes, generator), _resamples(below, many, sizes, generator), strict=True)
    areas = np.concatenate([_area(*counts) for counts in pairs])
    value = _area(np.bincount(above, minlength=many)[None], np.bincount(below, minlength=many)[None])[0]
    return _figure(value, *np.quantile(areas, _LEVELS))


def paired_test(before: Sequence[float], after: Sequence[float]) -> Paired:
    """What ``paired_tests`` finds for one measure."""
    return paired_tests({"": before}, {"": after})[""]


def paired_tests(before: Mapping[str, Sequence[float]], after: Mapping[str, Sequence[float]]) -> dict[str, Paired]:
    """For each column of ``after``, whether that of ``before`` differs; a row is the same question in all of them.

    The test flips the signs of the questions' differences at random (Smucker, Allan and Carterette, "A Comparison of
    Statistical Significance Tests for Information Retrieval Evaluation", CIKM 2007); p is ``(b + 1) / (n + 1)`` for
    ``b`` of ``n`` flips that gave at least the difference found (Phipson and Smyth, "Permutation P-values Should
    Never Be Zero", 2010). Raises ``ValueError`` for no values, or not as many before as after.
    """
    table = _differences(_table({name: before[name] for name in after}), _table(after))
    differences = mean_figures({name: column.tolist() for name, column in zip(after, table.T, strict=True)})
    p = _flipped(table)
    return {
        name: Paired(differences[name], float(p[number]), _detectable(table[:, number]))
        for number, name in enumerate(after)
    }


def _differences(before: Numbers, after: Numbers) -> Numbers:
    if before.shape != after.shape:
        raise ValueError(f"there are {len(before)} values before and {len(after)} after")
    return after - before


def _flipped(table: Numbers) -> Numbers:
    """The p of each column of differences."""
    found = np.abs(table.sum(axis=0))
    # Sums that are equal on paper may differ in their last bits.
    least = found - _ROUNDING * np.abs(table).sum(axis=0)
    moved = table[np.any(table != 0, axis=1)]
    generator, as_far = _generator(), np.zeros(table.shape[1])
    for size in _batches(len(moved)):
        signs = generator.integers(0, 2, (size, len(moved)), dtype=np.int8) * 2.0 - 1.0
        as_far += (np.abs(signs @ moved) >= least).sum(axis=0)
    p: Numbers = (as_far + 1) / (RESAMPLES + 1)
    return p


def _detectable(differences: Numbers) -> float | None:
    """As in the sample size of a paired z test (Cohen, "Statistical Power Analysis", 1988, chapter 2)."""
    if np.ptp(differences) < _ROUNDING:
        return None
    normal = NormalDist()
    distance = normal.inv_cdf(1 - SIGNIFICANCE / 2) + normal.inv_cdf(POWER)
    return float(distance * np.std(differences, ddof=1) / sqrt(len(differences)))


def _area(above: NDArray[np.int64], below: NDArray[np.int64]) -> Numbers:
    """The area under the curve of each row, of counts by level, ascending."""
    lower = np.cumsum(below, axis=1) - below
    won = (above * (lower + below / 2)).sum(axis=1)
    area: Numbers = won / (above.sum(axis=1) * below.sum(axis=1))
    return area


def _resamples(
    bins: NDArray[np.int64], many: int, sizes: Iterable[int], generator: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Batches, of these sizes, of resamples with replacement of the questions whose bins are these: how often each of
    ``many`` bins came up, shape ``(resamples, many)``."""
    for size in sizes:
        drawn = bins[generator.integers(0, len(bins), (size, len(bins)), dtype=np.int32)]
        drawn += many * np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=size * many).reshape(size, many)


def _batches(width: int) -> Iterator[int]:
    """The sizes of batches of rows of that width that make up all resamples."""
    size = max(1, _CELLS // max(1, width))
    for begun in range(0, RESAMPLES, size):
        yield min(size, RESAMPLES - begun)


def _table(columns: Mapping[str, Sequence[float]]) -> Numbers:
    table = np.array(list(columns.values()), np.float64).T
    if table.size == 0:
        raise ValueError("there are no values to average")
    return table


def _generator() -> np.random.Generator:
    return np.random.default_rng(_SEED)


def _figure(value: float, low: float, high: float) -> Figure:
    return Figure(float(value), float(low), float(high))
