"""Intervals and tests agree with hand-checked numbers, with scipy, and with each other."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import sqrt

import numpy as np
import pytest
from scipy import stats

from qa.evaluation.result import Figure
from qa.evaluation.statistics import RESAMPLES, auroc, mean_figure, mean_figures, paired_test, paired_tests, rate


def drawn(count: int, seed: int = 1) -> list[float]:
    return list(map(float, np.random.default_rng(seed).random(count)))


def bounds(figure: Figure) -> tuple[float, float]:
    return figure.low, figure.high


def test_a_mean_is_within_its_interval() -> None:
    figure = mean_figure([0.0, 0.5, 1.0, 0.5])
    assert figure.value == 0.5
    assert 0 <= figure.low < 0.5 < figure.high <= 1


def test_an_interval_is_that_of_all_resamples() -> None:
    """Four values have 256 equally likely resamples; the quantiles of their means can be listed."""
    values = [0.0, 0.2, 0.3, 1.0]
    means = np.mean(list(product(values, repeat=4)), axis=1)
    expected = np.quantile(means, [0.025, 0.975], method="inverted_cdf")
    assert bounds(mean_figure(values)) == pytest.approx(expected, abs=0.026)


def test_an_interval_is_that_of_scipy() -> None:
    values = drawn(80)
    interval = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=20_000, rng=3).confidence_interval
    assert bounds(mean_figure(values)) == pytest.approx((interval.low, interval.high), abs=0.003)


def test_an_interval_is_as_wide_as_the_normal_one_for_many_values() -> None:
    values = drawn(3000)
    half = float(1.96 * np.std(values) / sqrt(3000))
    figure = mean_figure(values)
    assert figure.value == pytest.approx(np.mean(values))
    assert bounds(figure) == pytest.approx((figure.value - half, figure.value + half), abs=0.05 * half)


def test_an_interval_holds_the_true_mean_about_95_times_in_100() -> None:
    """300 samples of 60 from a skewed distribution whose mean is 0.2; with 285 held, the spread is about 4."""
    generator = np.random.default_rng(11)
    samples = generator.beta(0.5, 2, (300, 60))
    figures = mean_figures({str(number): sample.tolist() for number, sample in enumerate(samples)})
    held = sum(figure.low <= 0.2 <= figure.high for figure in figures.values())
    assert 270 <= held <= 296


def test_the_same_values_give_the_same_figures() -> None:
    values = drawn(50)
    assert mean_figure(values) == mean_figure(values)
    assert auroc(values, values[:20]) == auroc(values, values[:20])
    assert paired_test(values, values[::-1]) == paired_test(values, values[::-1])


def test_columns_are_those_of_their_own() -> None:
    columns = {"one": drawn(40), "two": [0.0, 1.0] * 20}
    for name, figure in mean_figures(columns).items():
        alone = mean_figure(columns[name])
        assert (figure.value, figure.low, figure.high) == pytest.approx((alone.value, alone.low, alone.high))


@pytest.mark.parametrize("values", [[0.3], [1.0] * 7, [0.0, 0.0]])
def test_equal_values_have_an_interval_of_no_width(values: list[float]) -> None:
    figure = mean_figure(values)
    assert (figure.value, figure.low, figure.high) == pytest.approx((values[0],) * 3)


@pytest.mark.parametrize(
    "call",
    [
        lambda: mean_figure([]),
        lambda: mean_figures({}),
        lambda: auroc([], [0.5]),
        lambda: auroc([0.5], []),
        lambda: paired_test([], []),
        lambda: rate(0, 0),
        lambda: paired_test([0.1, 0.2], [0.1]),
    ],
)
def test_nothing_has_no_figure(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        call()


def test_a_rate_has_wilson_s_interval() -> None:
    """By the formula of Wilson's paper, written out: z = 1.96, n = 10, 3 of them."""
    z, n, share = 1.959964, 10, 0.3
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    found = rate(3, 10)
    assert (found.count, found.total, found.share.value) == (3, 10, 0.3)
    assert bounds(found.share) == pytest.approx((middle - half, middle + half), abs=1e-6)
    assert bounds(rate(0, 10).share) == pytest.approx((0, 0.2775), abs=1e-4)
    assert bounds(rate(10, 10).share) == pytest.approx((0.7225, 1), abs=1e-4)


@pytest.mark.parametrize(
    ("positive", "negative", "area"),
    [
        ([0.9, 0.8], [0.1, 0.2, 0.3], 1.0),
        ([0.1], [0.9], 0.0),
        ([0.5], [0.5], 0.5),
        ([0.2, 0.6], [0.2, 0.4], 0.625),  # half a tie, a loss; two wins: 2.5 of 4
        ([1, 2, 3], [2, 2], 0.5),
    ],
)
def test_an_area_is_the_share_of_pairs_in_order(positive: list[float], negative: list[float], area: float) -> None:
    assert auroc(positive, negative).value == pytest.approx(area)
    assert auroc(negative, positive).value == pytest.approx(1 - area)


def test_an_area_is_mann_whitney_s_and_its_interval_that_of_resampled_areas() -> None:
    generator = np.random.default_rng(5)
    positive, negative = generator.normal(0.8, 1, 70).round(1), generator.normal(0, 1, 50).round(1)  # with ties
    figure = auroc(positive.tolist(), negative.tolist())
    assert figure.value == pytest.approx(stats.mannwhitneyu(positive, negative).statistic / 3500)
    again = [
        stats.mannwhitneyu(generator.choice(positive, 70), generator.choice(negative, 50)).statistic / 3500
        for _ in range(1000)
    ]
    assert bounds(figure) == pytest.approx(np.quantile(again, [0.025, 0.975]), abs=0.02)


def exhaustive_p(differences: list[float]) -> float:
    """The two-sided share of all sign flips whose sum is as far from nothing."""
    flips = product((1, -1), repeat=len(differences))
    sums = [abs(sum(sign * one for sign, one in zip(signs, differences, strict=True))) for signs in flips]
    return sum(one >= abs(sum(differences)) - 1e-9 for one in sums) / len(sums)


@pytest.mark.parametrize(
    "differences",
    [
        [0.3],
        [0.1, 0.2],
        [0.1, 0.2, -0.3],
        [0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
        [0.7, 0.2, -0.1, 0.4, 0.0, 0.3, -0.2, 0.6],
        [0.5, 0.5, 0.5, 0.5, -0.5, 0.5, 0.5, 0.5, 0.5, 0.0],
    ],
)
def test_p_is_that_of_all_sign_flips(differences: list[float]) -> None:
    before = drawn(len(differences))
    after = [value + difference for value, difference in zip(before, differences, strict=True)]
    for found in (paired_test(before, after), paired_test(after, before)):
        assert found.p == pytest.approx(exhaustive_p(differences), abs=0.015)


def test_p_is_that_of_scipy() -> None:
    before, after = drawn(90), drawn(90, seed=2)
    after = [value + 0.08 for value in after]
    expected = stats.permutation_test(
        (after, before),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        permutation_type="samples",
        n_resamples=20_000,
        rng=4,
    )
    assert paired_test(before, after).p == pytest.approx(expected.pvalue, abs=0.015)


def test_p_is_never_nothing_and_one_where_nothing_changed() -> None:
    before = drawn(40)
    assert paired_test(before, [value + 1 for value in before]).p == 1 / (RESAMPLES + 1)
    assert paired_test(before, before).p == 1
    assert paired_test([0.4], [0.9]).p == 1


def test_p_is_below_5_in_100_about_so_often_where_there_is_no_difference() -> None:
    generator = np.random.default_rng(8)
    before, after = ({str(n): generator.random(30).tolist() for n in range(400)} for _ in range(2))
    false = sum(found.p < 0.05 for found in paired_tests(before, after).values())
    assert 8 <= false <= 34  # 20 are expected, with a spread of 4.4


def test_a_difference_has_a_sign_and_an_interval() -> None:
    before, after = [0.2, 0.4, 0.6, 0.0], [0.4, 0.5, 0.9, 0.0]
    found = paired_test(before, after).difference
    assert found.value == pytest.approx(0.15)
    assert bounds(found) == pytest.approx(bounds(mean_figure([0.2, 0.1, 0.3, 0.0])))
    assert paired_test(after, before).difference.value == pytest.approx(-0.15)


def test_what_is_detectable_is_that_of_the_formula() -> None:
    """(1.95996 + 0.84162) * 0.1290994 / sqrt(4)"""
    assert paired_test([0.2, 0.4, 0.6, 0.0], [0.4, 0.5, 0.9, 0.0]).detectable == pytest.approx(0.180841, abs=1e-5)


def test_columns_are_paired_by_name() -> None:
    before = {"one": [0.1, 0.2, 0.3], "two": [0.0, 0.0, 1.0]}
    found = paired_tests(before, {"two": [1.0, 0.0, 1.0], "one": before["one"]})
    assert {name: round(one.difference.value, 6) for name, one in found.items()} == {"two": 0.333333, "one": 0}


def test_what_is_detectable_is_detected_four_times_in_five() -> None:
    generator = np.random.default_rng(9)
    noise = {str(n): generator.normal(0, 0.3, 50).tolist() for n in range(300)}
    nothing = dict.fromkeys(noise, [0.0] * 50)
    detectable = 2.8 * 0.3 / sqrt(50)
    shifted = {name: [value + detectable for value in values] for name, values in noise.items()}
    found = paired_tests(nothing, shifted)
    assert np.mean([one.p < 0.05 for one in found.values()]) == pytest.approx(0.8, abs=0.07)
    assert np.mean([one.detectable for one in found.values() if one.detectable]) == pytest.approx(detectable, rel=0.03)


@pytest.mark.parametrize("after", [[0.6, 0.8], [0.6 + 0.1, 0.8 + 0.1]])
def test_nothing_is_known_of_what_is_detectable_where_no_difference_differs(after: list[float]) -> None:
    assert paired_test([0.6, 0.8], after).detectable is None


def test_many_values_of_one_kind_and_few_of_the_other() -> None:
    generator = np.random.default_rng(3)
    found = auroc(generator.random(40).tolist(), (generator.random(3000) / 2).tolist())
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(0.75, abs=0.08)
