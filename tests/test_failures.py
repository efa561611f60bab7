"""Grouping the questions that went wrong."""

from __future__ import annotations

from dataclasses import replace

from qa.evaluation.failures import LISTED, kinds
from tests.evaluations import evaluation, outcome, outcomes


def test_kinds_come_by_number_and_most_confidence_first() -> None:
    found = kinds(evaluation())
    assert [(kind.name, kind.total) for kind in found] == [
        ("not-retrieved", 3),
        ("refused-wrongly", 3),
        ("ranked-low", 2),
        ("wrong-passage", 1),
        ("gold-cut", 1),
        ("answered-wrongly", 1),
    ]
    by_name = {kind.name: [one.outcome.id for one in kind.listed] for kind in found}
    assert by_name["not-retrieved"] == ["q037", "q035", "q036"]
    assert by_name["answered-wrongly"] == ["q040"]
    assert by_name["refused-wrongly"] == ["q032", "q035", "q036"]  # the first had its gold in the first five
    assert {one.set for one in found[0].listed} == {"lights"}


def test_without_confidence_nothing_is_said_of_answering() -> None:
    silent = [replace(one, confidence=None, answered=True) for one in outcomes()]
    assert [kind.name for kind in kinds(evaluation(silent))] == [
        "not-retrieved", "ranked-low", "wrong-passage", "gold-cut",
    ]  # fmt: skip


def test_of_many_questions_the_rest_is_counted() -> None:
    (kind,) = kinds(evaluation([outcome(number, None, "not retrieved") for number in range(LISTED + 7)]))
    assert (kind.total, len(kind.listed)) == (LISTED + 7, LISTED)


def test_where_nothing_went_wrong_there_are_no_kinds() -> None:
    assert kinds(evaluation([outcome(0), outcome(1, None, None, 0.1, ())])) == []
