"""The queue of questions without an answer: what comes into it, in which order, and when it goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import InvalidField, UnknownFeedback
from index.filters import Filters
from qa import unanswered
from qa.answering import Query
from qa.answers import Answer, Reason, Searched, Took
from qa.unanswered import MOST, UnansweredQueue

REASON = Reason("nothing near", (), "No passage is near this question.")
ANSWER = Answer("", "20261121T120000Z-000000", False, 0.25, REASON, 0, Searched(20, 0), (), (), Took(1, 1, 2))


def ask(queue: UnansweredQueue, *questions: str, answered: bool = False, **filters: Any) -> None:
    """Records that these questions were asked at once."""
    queries = [Query(question, filters=Filters(**filters)) for question in questions]
    answer = replace(ANSWER, answered=True, confidence=0.9, reason=None) if answered else ANSWER
    queue.record(queries, [replace(answer, question=question) for question in questions])


def counts(queue: UnansweredQueue) -> dict[str, int]:
    """How often each question was asked, in the order of the queue."""
    return {one.question: one.asked for one in queue.page(10**6).unanswered}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedback.sqlite"


@pytest.fixture
def queue(path: Path) -> UnansweredQueue:
    return UnansweredQueue(path)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The time that it is, as the only entry."""
    time = ["2026-11-21T12:00:00Z"]
    monkeypatch.setattr(unanswered, "now", lambda: time[0])
    return time


def test_a_question_is_counted_with_its_times_and_why(queue: UnansweredQueue, clock: list[str]) -> None:
    ask(queue, "Who  was it?", as_of="2025", tags=("b", "a"))
    clock[0] = "2026-11-22T12:00:00Z"
    other = replace(ANSWER, generation="20261122T120000Z-000000", confidence=0.125)
    query = Query("who was IT?", filters=Filters(tags=("a", "b"), as_of="2025", copies="all"))
    queue.record([query], [replace(other, reason=replace(REASON, sentence="Another."))])
    (found,) = queue.page(5).unanswered
    assert (found.question, found.filters, found.as_of, found.asked) == ("who was IT?", {"tags": ("a", "b")}, "2025", 2)
    assert (found.first_asked, found.last_asked) == ("2026-11-21T12:00:00Z", "2026-11-22T12:00:00Z")
    assert (found.generation, found.confidence, found.reason) == (other.generation, 0.125, "Another.")


def test_with_other_filters_it_is_another_question(queue: UnansweredQueue) -> None:
    ask(queue, "Who?")
    ask(queue, "Who?", tags=("a",))
    ask(queue, "Who?", as_of="2025")
    assert queue.page(1).total == 3
    ask(queue, "Who?", answered=True, as_of="2025")
    assert [(one.filters, one.as_of) for one in queue.page(5).unanswered] == [({"tags": ("a",)}, None), ({}, None)]


def test_a_question_that_is_answered_later_goes(queue: UnansweredQueue) -> None:
    ask(queue, "Who?", "When?", "Where?")
    ask(queue, "WHO?", "where?", "Why?", answered=True)
    assert counts(queue) == {"When?": 1}


def test_what_is_answered_makes_no_file(queue: UnansweredQueue, path: Path) -> None:
    ask(queue, "Who?", answered=True)
    ask(queue)
    assert not path.exists()


def test_what_was_asked_most_often_comes_first_then_what_was_asked_last(
    queue: UnansweredQueue, clock: list[str]
) -> None:
    for day, questions in enumerate(("ab", "bc", "ad", "e"), 21):
        clock[0] = f"2026-11-{day}T12:00:00Z"
        ask(queue, *questions)
    assert counts(queue) == {"a": 2, "b": 2, "e": 1, "d": 1, "c": 1}
    assert list(counts(queue)) == ["a", "b", "e", "d", "c"]


def test_pages_follow_one_another(queue: UnansweredQueue) -> None:
    for number in range(10):
        ask(queue, *[f"What is {number}?"] * (1 + number % 3))
    found, cursor = [], None
    while True:
        page = queue.page(3, cursor)
        assert page.total == 10 + (cursor is not None)
        found += [one.question for one in page.unanswered]
        if cursor is None:
            ask(queue, *["What is new?"] * 9)  # in front of what comes
        if (cursor := page.next) is None:
            break
    assert sorted(found) == [f"What is {number}?" for number in range(10)]
    assert found == [question for question in counts(queue) if question != "What is new?"]


@pytest.mark.parametrize("cursor", ["", "1", "1_2026-11-21T12:00:00Z", "0_2026-11-21T12:00:00Z_1", "a_b_c", "1_x_1\n"])
def test_a_cursor_that_is_none_is_refused(queue: UnansweredQueue, cursor: str) -> None:
    with pytest.raises(InvalidField, match=r"cursor: .*'next'"):
        queue.page(10, cursor)


def test_those_go_that_were_asked_last_the_longest_ago(path: Path, clock: list[str]) -> None:
    queue = UnansweredQueue(path, most=3)
    for number in range(5):
        clock[0] = f"2026-11-21T12:00:0{number}Z"
        ask(queue, f"{number}", "again")
    assert counts(queue) == {"again": 5, "4": 1, "3": 1}
    clock[0] = "2026-11-21T12:00:06Z"
    ask(queue, *"abcdefgh")
    assert list(counts(queue)) == ["h", "g", "f"]
    clock[0] = "2026-11-21T12:00:07Z"
    ask(queue, "f", "x")
    assert counts(queue) == {"f": 2, "x": 1, "h": 1}
    assert MOST == 10_000


def test_a_question_is_removed_by_its_number_and_comes_back_when_it_is_asked(queue: UnansweredQueue) -> None:
    ask(queue, "Who?", "When?")
    number = queue.page(5).unanswered[0].id
    queue.remove(number)
    for unknown in (number, 0, -1, 2**63, 10**30):
        with pytest.raises(UnknownFeedback, match=str(unknown)):
            queue.remove(unknown)
    assert counts(queue) == {"Who?": 1}
    ask(queue, "When?")
    assert queue.page(5).total == 2


def test_hostile_questions_are_kept_as_they_are(queue: UnansweredQueue) -> None:
    questions = ["\u202eWho\u2069", "\x1b[31mWho", "'; DROP TABLE unanswered; --", "%_", "{}"]
    ask(queue, *questions, publishers=("\ud800", "\0", "'"))
    assert set(counts(queue)) == set(questions)
    assert queue.page(1).unanswered[0].filters == {"publishers": ("\0", "'", "\ud800")}
