"""What users say of answers: that a passage answers their question or doesn't, or that the archive doesn't."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from itertools import groupby
from pathlib import Path
from typing import Any

from corpus.errors import InvalidCitation, InvalidFeedback, InvalidField, UnknownArticle, UnknownFeedback
from index.history import History
from index.search import Engine
from index.store import CONTEXT_CHARACTERS
from qa.answering import check
from qa.asked import fold, from_json, to_json
from qa.feedback_file import FeedbackFile, now
from qa.shapes import Cited as Cited
from qa.shapes import Feedback as Feedback
from qa.shapes import FeedbackPage as FeedbackPage
from qa.shapes import Said as Said
from qa.unanswered import UnansweredQueue

MAX_COMMENT = 2000
"""The longest comment, in code points."""

MAX_QUOTE = 20_000
"""The longest quote that is judged, in code points; passages are shorter by far."""

CURSOR = "^[1-9][0-9]{0,17}$"
"""What the ``next`` of a page looks like."""

_UNFIT = re.compile("[\0\ud800-\udfff]")
_ROWS_AT_A_TIME = 1000
_PAST_ALL = 2**63 - 1
"""The greatest number that SQLite has for rows."""

_SELECT = """
SELECT id, made, question, filters, generation, answers, comment,
    article_id, "start", "end", quote, prefix, suffix, sha256 FROM feedback
"""
_BEFORE = f"{_SELECT} WHERE id < ? ORDER BY id DESC LIMIT ?"
_INSERT = """
INSERT INTO feedback (made, question, filters, generation, answers, comment,
    article_id, "start", "end", quote, prefix, suffix, sha256, folded)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class FeedbackStore:
    """The feedback in the file at ``path``, which is made when there is something to keep; ``unanswered`` is the queue
    of questions without an answer, in the same file. Safe to use from several threads and processes at once.

    Each call may raise ``FeedbackUnavailable``.
    """

    def __init__(self, path: Path) -> None:
        self._file = FeedbackFile(path)
        self.unanswered = UnansweredQueue(path)

    def add(self, said: Said) -> Feedback:
        """Keeps what was said. Raises ``InvalidQuestion`` or ``InvalidFeedback`` for what can't be kept."""
        _check(said)
        filters = to_json(said.filters, said.as_of)
        cited = tuple(asdict(said.citation).values()) if said.citation else (None,) * len(fields(Cited))
        values = (now(), said.question, filters, said.generation, said.answers, said.comment, *cited)
        with self._file.writing() as connection:
            number = connection.execute(_INSERT, [*values, fold(said.question)]).lastrowid
        return _feedback((number, *values))

    def get(self, number: int) -> Feedback:
        """The feedback of that number. Raises ``UnknownFeedback``."""
        with self._file.reading() as connection:
            row = connection.execute(f"{_SELECT} WHERE id = ?", [_sql_id(number)]).fetchone()
        if row is None:
            raise UnknownFeedback(f"there is no feedback {number}")
        return _feedback(row)

    def page(self, limit: int, cursor: str | None = None) -> FeedbackPage:
        """At most ``limit`` of it, the newest first, from the ``next`` of the page before on; what comes in meanwhile
        shifts nothing. Raises ``InvalidField`` for a cursor that is none."""
        if cursor is not None and not re.fullmatch(CURSOR, cursor):
            raise InvalidField("cursor", "is not the 'next' of a page of feedback")
        before = _PAST_ALL if cursor is None else int(cursor)
        with self._file.reading() as connection:
            (total,) = connection.execute("SELECT count(*) FROM feedback").fetchone()
            rows = connection.execute(
                f"{_SELECT} WHERE id < ? ORDER BY id DESC LIMIT ?", [before, limit + 1]
            ).fetchall()
        found = tuple(map(_feedback, rows[:limit]))
        return FeedbackPage(total, found, str(found[-1].id) if len(rows) > limit else None)

    def remove(self, numbers: Sequence[int]) -> None:
        """Removes the feedback of these numbers. Raises ``UnknownFeedback`` if there is one that isn't there, and then
        removes none."""
        with self._file.writing() as connection:
            for number in dict.fromkeys(numbers):
                if not connection.execute("DELETE FROM feedback WHERE id = ?", [_sql_id(number)]).rowcount:
                    raise UnknownFeedback(f"there is no feedback {number}; nothing was removed")

    def by_question(self) -> Iterator[tuple[Feedback, ...]]:
        """All that was said of each question that was asked of the whole archive, in the order in which it was said;
        questions that are equal once folded are one, and come in the order of that."""
        for _, found in groupby(self._of_whole_archive(), key=lambda one: fold(one.question)):
            yield tuple(found)

    def _of_whole_archive(self) -> Iterator[Feedback]:
        last: tuple[str, int] = ("", 0)
        select = f"{_SELECT} WHERE filters = '{{}}' AND (folded, id) > (?, ?) ORDER BY folded, id LIMIT ?"
        while True:
            with self._file.reading() as connection:
                rows = connection.execute(select, [*last, _ROWS_AT_A_TIME]).fetchall()
            found = list(map(_feedback, rows))
            yield from found
            if len(found) < _ROWS_AT_A_TIME:
                return
            last = fold(found[-1].question), found[-1].id


def cited(engine: Engine, history: History, article_id: str, sha256: str, span: tuple[int, int]) -> Cited:
    """The passage that stands there in the article's text of that hash, as the engine's generation or another one that
    is kept has it. Raises ``InvalidCitation``."""
    text = _text(engine, history, article_id, sha256)
    start, end = span
    if not 0 <= start < end <= len(text):
        raise InvalidCitation(
            f"the text of {article_id!r} has no passage from {start} to {end}: it ends at {len(text)}"
        )
    if end - start > MAX_QUOTE:
        raise InvalidCitation(f"the quote has {end - start} characters, and may have {MAX_QUOTE}: cite less")
    before, behind = text[max(start - CONTEXT_CHARACTERS, 0) : start], text[end : end + CONTEXT_CHARACTERS]
    return Cited(article_id, start, end, text[start:end], before, behind, sha256)


def _text(engine: Engine, history: History, article_id: str, sha256: str) -> str:
    try:
        article = engine.article(article_id)
        if article.sha256 == sha256:
            return article.text
    except UnknownArticle:
        pass  # It may have been there before.
    kept = history.article_with(article_id, sha256)
    if kept is None:
        raise InvalidCitation(f"no generation that is kept has an article {article_id!r} with a text of that sha256")
    return kept[1].text


def _check(said: Said) -> None:
    check(said.question, 1)
    if len(said.comment) > MAX_COMMENT:
        raise InvalidFeedback(f"the comment has {len(said.comment)} characters, and may have {MAX_COMMENT}: shorten it")
    if _UNFIT.search(said.comment):
        raise InvalidFeedback("the comment has NUL bytes or broken characters (lone surrogates): take them out")


def _sql_id(number: int) -> int:
    """A number that SQLite can look for; what is past its range is in no file."""
    return number if number <= _PAST_ALL else 0


def _feedback(row: Sequence[Any]) -> Feedback:
    """From the columns of ``_SELECT``."""
    number, made, question, filters, generation, answers, comment, *citation = row
    given, as_of = from_json(filters)
    found = Cited(*citation) if citation[0] is not None else None
    return Feedback(number, made, question, given, as_of, generation, bool(answers), comment, found)
