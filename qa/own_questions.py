"""An archive's own questions, with what users said answers them: a set for ``ibidem evaluate``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from index.history import History
from index.search import Engine
from qa.asked import fold
from qa.evaluation.questions import Quote
from qa.given import Given
from qa.shapes import Cited, Feedback
from qa.verification import verify


@dataclass(frozen=True, slots=True)
class OwnQuestion:
    """A line of ``questions.jsonl`` (see ``qa.evaluation.questions``), made of what was said of a question.

    ``id`` stays the same for the same question. ``answers`` are the passages that answer it by the last word on each,
    where they stand in the archive now; empty if by the last word the archive does not answer it. ``judged`` is the
    time of the last word of all, ``comments`` are those that were made, in order.
    """

    id: str
    question: str
    answers: tuple[Quote, ...]
    judged: str
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """What became of a question: its ``line``, ``None`` if it makes none; and how many passages that answered it are
    ``lost``, as the archive does not have them any more."""

    line: OwnQuestion | None
    lost: int


_LINE = TypeAdapter(OwnQuestion)


def as_line(question: OwnQuestion) -> bytes:
    """The question as it stands in a file, with the end of the line."""
    return _LINE.dump_json(question) + b"\n"


def export(judged: Iterable[Sequence[Feedback]], engine: Engine, history: History) -> Iterator[Export]:
    """What becomes of each question, of which all that was said is given in the order in which it was said.

    One that no passage answers by the last word, and of which nobody said that the archive does not answer it, makes no
    line; nor does one whose passages are all lost.
    """
    for said in judged:
        answering = _answering(said)
        quotes = _where_now(answering, engine, history)
        lost = len(answering) - len(quotes)
        is_gap = not answering and _is_not_answered(said)
        yield Export(_line(said, quotes) if quotes or is_gap else None, lost)


def _line(said: Sequence[Feedback], quotes: Sequence[Quote]) -> OwnQuestion:
    question = said[-1].question
    name = hashlib.sha256(fold(question).encode()).hexdigest()[:16]
    comments = tuple(one.comment for one in said if one.comment)
    return OwnQuestion(name, question, tuple(dict.fromkeys(quotes)), said[-1].made, comments)


def _answering(said: Sequence[Feedback]) -> list[Cited]:
    """The passages that answer a question by the last word on each. The same words of an article are the same passage,
    whatever stands around them by now."""
    last = {(one.citation.article_id, one.citation.quote): one for one in said if one.citation}
    return [one.citation for one in last.values() if one.answers and one.citation]


def _is_not_answered(said: Sequence[Feedback]) -> bool:
    """Whether the last word on the archive as a whole is that it does not answer the question."""
    whole = [one for one in said if one.citation is None]
    return bool(whole) and not whole[-1].answers


def _where_now(passages: Sequence[Cited], engine: Engine, history: History) -> list[Quote]:
    """Those of the passages that stand in the engine's generation, with what stands around them there."""
    given = [
        Given(
            article_id=one.article_id,
            start=one.start,
            end=one.end,
            quote=one.quote,
            prefix=one.prefix,
            suffix=one.suffix,
            sha256=one.sha256,
        )
        for one in passages
    ]
    checks = verify(engine, given, history).results
    return [
        Quote(check.citation.article_id, check.citation.quote, check.citation.prefix, check.citation.suffix)
        for check in checks
        if check.citation and check.status in ("verified", "moved")
    ]
