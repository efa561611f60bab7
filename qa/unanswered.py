"""The questions that the archive did not answer: what it lacks, by how often it was asked."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from corpus.errors import FeedbackUnavailable, InvalidField, UnknownFeedback
from qa.answering import Answer, Query
from qa.asked import fold, from_json, narrowing, to_json
from qa.feedback_file import FeedbackFile, now
from qa.shapes import UnansweredPage as UnansweredPage
from qa.shapes import UnansweredQuestion as UnansweredQuestion

log = logging.getLogger("ibidem")

MOST = 10_000
"""So many questions are kept; past that, those go that were asked last the longest ago."""

HASTE = 0.25
"""So many seconds an answer waits at most for others who write; what can't be recorded then is not."""

CURSOR = "^[1-9][0-9]{0,17}_[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z_[1-9][0-9]{0,17}$"
"""What the ``next`` of a page looks like."""

_SELECT = """
SELECT id, question, filters, generation, asked, first_asked, last_asked, confidence, reason FROM unanswered
"""

_RECORD = """
INSERT INTO unanswered (folded, filters, question, generation, confidence, reason, asked, first_asked, last_asked)
VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)
ON CONFLICT (folded, filters) DO UPDATE SET
    question = excluded.question, generation = excluded.generation, confidence = excluded.confidence,
    reason = excluded.reason, asked = asked + 1, last_asked = excluded.last_asked
"""

_BOUND = """
DELETE FROM unanswered WHERE id IN (
    SELECT id FROM unanswered ORDER BY last_asked, id LIMIT max(0, (SELECT count(*) FROM unanswered) - ?)
)
"""

_Key = tuple[str, str]
"""A question, folded, and of which articles it was asked."""


class UnansweredQueue:
    """The questions without an answer in the file at ``path``, ``most`` at most; see ``qa.feedback.FeedbackStore``."""

    def __init__(self, path: Path, most: int = MOST) -> None:
        self._file, self._hasty, self._most = FeedbackFile(path), FeedbackFile(path, HASTE), most
        self._problem = ""

    def record(self, queries: Sequence[Query], answers: Sequence[Answer]) -> None:
        """Keeps those of the questions that were not answered, and drops those that now were.

        What goes wrong is told to the log, once, and to nobody else: an answer does not depend on it.
        """
        try:
            self._record(list(zip(queries, answers, strict=True)))
            self._problem = ""
        except FeedbackUnavailable as error:
            if str(error) != self._problem:
                log.error("questions without an answer are not recorded: %s", error)
            self._problem = str(error)

    def _record(self, asked: Sequence[tuple[Query, Answer]]) -> None:
        settled = self._there(_key(query) for query, answer in asked if answer.answered)
        missed = [(query, answer) for query, answer in asked if not answer.answered]
        if not (settled or missed):
            return
        with self._hasty.writing() as connection:
            connection.executemany("DELETE FROM unanswered WHERE folded = ? AND filters = ?", settled)
            time = now()
            connection.executemany(_RECORD, (_row(query, answer, time) for query, answer in missed))
            connection.execute(_BOUND, [self._most])

    def _there(self, keys: Iterable[_Key]) -> list[_Key]:
        """Those of the keys that are in the queue."""
        select = "SELECT 1 FROM unanswered WHERE folded = ? AND filters = ?"
        wanted = list(keys)
        if not wanted:
            return []
        with self._hasty.reading() as connection:
            return [key for key in wanted if connection.execute(select, key).fetchone()]

    def page(self, limit: int, cursor: str | None = None) -> UnansweredPage:
        """At most ``limit`` of them, from the ``next`` of the page before on; one that is asked again meanwhile moves
        forward. Raises ``InvalidField`` for a cursor that is none, or ``FeedbackUnavailable``."""
        behind, place = _behind(cursor)
        select = f"{_SELECT} {behind} ORDER BY asked DESC, last_asked DESC, id DESC LIMIT ?"
        with self._file.reading() as connection:
            (total,) = connection.execute("SELECT count(*) FROM unanswered").fetchone()
            rows = connection.execute(select, [*place, limit + 1]).fetchall()
        found = tuple(map(_question, rows[:limit]))
        return UnansweredPage(total, found, _cursor(found[-1]) if len(rows) > limit else None)

    def remove(self, number: int) -> None:
        """Removes a question; it comes back when it is asked again. Raises ``UnknownFeedback`` or
        ``FeedbackUnavailable``."""
        with self._file.writing() as connection:
            known = number < 2**63
            if not (known and connection.execute("DELETE FROM unanswered WHERE id = ?", [number]).rowcount):
                raise UnknownFeedback(f"there is no question {number} without an answer")


def _key(query: Query) -> _Key:
    return fold(query.question), to_json(narrowing(query.filters), query.filters.as_of)


def _row(query: Query, answer: Answer, time: str) -> tuple[Any, ...]:
    """The values of ``_RECORD``."""
    why = answer.reason.sentence if answer.reason else None
    return (*_key(query), query.question, answer.generation, answer.confidence, why, time, time)


def _question(row: Sequence[Any]) -> UnansweredQuestion:
    """From the columns of ``_SELECT``."""
    number, question, filters, *others = row
    return UnansweredQuestion(number, question, *from_json(filters), *others)


def _cursor(last: UnansweredQuestion) -> str:
    return f"{last.asked}_{last.last_asked}_{last.id}"


def _behind(cursor: str | None) -> tuple[str, list[Any]]:
    """What a page is confined to, and the values in that."""
    if cursor is None:
        return "", []
    if not re.fullmatch(CURSOR, cursor):
        raise InvalidField("cursor", "is not the 'next' of a page of questions without an answer")
    asked, time, number = cursor.split("_")
    return "WHERE (asked, last_asked, id) < (?, ?, ?)", [int(asked), time, int(number)]
