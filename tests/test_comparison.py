"""Two evaluations of the same questions are compared, and others refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from corpus.errors import NotComparable
from qa.evaluation.comparison import compare
from qa.evaluation.result import Evaluation, Gold, Layout, Outcome, SetResult
from qa.evaluation.statistics import paired_test

GOLD = (Gold("a", None, None, None, None, None),)


def outcome(name: str, value: float | None, **others: float) -> Outcome:
    """A question with the value of its primary measure; one that the archive does not answer for ``None``."""
    measures = (
        {} if value is None else {"nDCG@10": value, **{key.replace("_", "@"): one for key, one in others.items()}}
    )
    return Outcome(name, f"What is {name}?", GOLD if measures else (), (), None, None, None, True, measures)


def result(name: str, *outcomes: Outcome, layout: Layout = "articles") -> SetResult:
    return SetResult(name, layout, None, outcomes, {}, None)


def evaluation(source: str, *sets: SetResult) -> Evaluation:
    return Evaluation(1, "2026-01-31T12:00:00+00:00", source, "a model", None, sets, None)


def of(source: str, *values: float | None) -> Evaluation:
    return evaluation(source, result("s", *(outcome(f"q{number}", value) for number, value in enumerate(values))))


BEFORE, AFTER = (0.2, 0.5, 1.0, 0.0, None), (0.3, 0.5, 0.6, 0.4, None)


def test_the_primary_test_is_that_of_the_values() -> None:
    found = compare(of("old", *BEFORE), of("new", *AFTER))
    assert (found.before, found.after, found.verdict) == ("old", "new", "no difference shown")
    expected = paired_test([0.2, 0.5, 1.0, 0.0], [0.3, 0.5, 0.6, 0.4])
    primary = found.primary
    assert (primary.set, primary.measure) == (None, "nDCG@10")
    assert (primary.before, primary.after) == pytest.approx((0.425, 0.45))
    assert (primary.difference, primary.p, primary.detectable) == (expected.difference, expected.p, expected.detectable)
    assert [replace(test, set=None) for test in found.tests] == [primary]


def test_lost_and_won_begin_with_the_largest_change() -> None:
    found = compare(of("old", 0.5, 0.5, 0.9, 0.1, 0.5, None), of("new", 0.4, 0.5, 0.0, 0.2, 1.0, None))
    assert [change.after.id for change in found.lost] == ["q2", "q0"]
    assert [change.after.id for change in found.won] == ["q4", "q3"]
    assert (found.lost[0].before.measures, found.lost[0].after.measures) == ({"nDCG@10": 0.9}, {"nDCG@10": 0.0})


def test_ties_of_change_are_by_set_and_question() -> None:
    def both(source: str, value: float) -> Evaluation:
        sets = [result(name, outcome("b", value), outcome("a", value)) for name in ("z", "y")]
        return evaluation(source, *sets)

    found = compare(both("old", 1.0), both("new", 0.25))
    assert [(change.set, change.after.id) for change in found.lost] == [("y", "a"), ("y", "b"), ("z", "a"), ("z", "b")]
    assert found.won == ()


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ([0.0] * 8, [1.0] * 8, "better"),
        ([1.0] * 8, [0.0] * 8, "worse"),
        ([0.5] * 8, [0.5] * 8, "no difference shown"),
        ([0.0] * 4, [1.0] * 4, "no difference shown"),  # 2 of 16 sign flips go as far
        ([0.0, 1.0] * 20, [1.0, 0.0] * 20, "no difference shown"),
    ],
)
def test_the_verdict_needs_a_difference_that_chance_seldom_makes(
    before: list[float], after: list[float], verdict: str
) -> None:
    assert compare(of("old", *before), of("new", *after)).verdict == verdict


def test_every_measure_that_all_questions_have_in_both_is_tested_by_set() -> None:
    old = evaluation(
        "old",
        result("one", outcome("q1", 0.1, R_10=1, AP=0.1), outcome("q2", 0.2, R_10=0, AP=0.5)),
        result("two", outcome("q1", 0.4, R_10=1)),
        result("three", outcome("q9", None)),
    )
    new = evaluation(
        "new",
        result("three", outcome("q9", None)),
        result("two", outcome("q1", 0.6, R_10=1, RR_10=1)),
        result("one", outcome("q2", 0.2, AP=0.25, R_10=1), outcome("q1", 0.1, AP=0.1, R_10=1)),
    )
    found = compare(old, new)
    tested = [(test.set, test.measure, test.before, test.after) for test in found.tests]
    assert tested == [
        ("two", "nDCG@10", 0.4, 0.6),
        ("two", "R@10", 1, 1),
        ("one", "nDCG@10", pytest.approx(0.15), pytest.approx(0.15)),
        ("one", "AP", 0.3, 0.175),
        ("one", "R@10", 0.5, 1),
    ]
    assert found.primary.before == pytest.approx(0.7 / 3)
    assert found.primary.after == pytest.approx(0.9 / 3)


def test_each_question_counts_once_whatever_its_set() -> None:
    """A small set that fell doesn't outweigh a large one that rose."""

    def both(source: str, small: float, large: float) -> Evaluation:
        return evaluation(
            source,
            result("small", outcome("q", small)),
            result("large", *(outcome(f"q{number}", large) for number in range(20))),
        )

    found = compare(both("old", 1.0, 0.0), both("new", 0.0, 0.5))
    assert found.verdict == "better"
    assert found.primary.difference.value == pytest.approx(9 / 21)


def renamed(before: Evaluation) -> Evaluation:
    return replace(before, sets=(replace(before.sets[0], name="another"),))


def with_outcomes(before: Evaluation, *outcomes: Outcome) -> Evaluation:
    return replace(before, sets=(replace(before.sets[0], outcomes=outcomes),))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (renamed, "set 's' is only in the one before"),
        (lambda one: replace(one, sets=()), "set 's' is only in the one before"),
        (lambda one: replace(one, sets=(*one.sets, result("t"))), "set 't' is only in the one after"),
        (lambda one: replace(one, sets=(replace(one.sets[0], layout="quotes"),)), "articles in one and quotes in the"),
        (
            lambda one: with_outcomes(one, *one.sets[0].outcomes[1:]),
            "question 'q0' of set 's' is only in the one before",
        ),
        (lambda one: with_outcomes(one, *one.sets[0].outcomes[3:]), "is only in the one before, and 2 more"),
        (
            lambda one: with_outcomes(one, *one.sets[0].outcomes, outcome("q7", 1.0)),
            "question 'q7' of set 's' is only in the one after",
        ),
        (
            lambda one: with_outcomes(one, replace(one.sets[0].outcomes[0], question="?"), *one.sets[0].outcomes[1:]),
            "question 'q0' of set 's' has another text",
        ),
        (
            lambda one: with_outcomes(one, *one.sets[0].outcomes[:4], replace(one.sets[0].outcomes[4], gold=GOLD)),
            "question 'q4' of set 's' has gold in one only",
        ),
    ],
)
def test_other_questions_are_refused_with_what_differs(change: Callable[[Evaluation], Evaluation], says: str) -> None:
    before = of("old", *BEFORE)
    with pytest.raises(NotComparable) as caught:
        compare(before, change(before))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_without_answerable_questions_there_is_nothing_to_compare() -> None:
    with pytest.raises(NotComparable, match="neither has a question that the archive answers"):
        compare(of("old", None), of("new", None))
