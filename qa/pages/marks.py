"""What is marked in a text that a page shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.answering import AnsweringPassage, Highlight, Span


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a passage's text, and how it is marked: not at all, as a sentence, or as a word in one."""

    text: str
    mark: str


def pieces(passage: AnsweringPassage) -> Iterator[Piece]:
    """A passage's text, cut where marks begin and end."""
    words = [word for highlight in passage.highlights for word in highlight.words]
    marks: list[Span | Highlight] = [*passage.highlights, *words]
    borders = {passage.start, passage.end}.union(*((mark.start, mark.end) for mark in marks))
    for start, end in pairwise(sorted(borders)):
        mark = "word" if _holds(words, start) else "sentence" if _holds(passage.highlights, start) else ""
        yield Piece(passage.text[start - passage.start : end - passage.start], mark)


def _holds(spans: Sequence[Span | Highlight], place: int) -> bool:
    return any(span.start <= place < span.end for span in spans)
