"""A text as a page shows it: in blocks, with what is found or cited marked; nothing added, nothing left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from index.passages import is_heading, is_list_item
from qa.answering import AnsweringPassage

Mark = Literal["", "sentence", "word", "passage"]
Kind = Literal["paragraph", "heading", "item"]


@dataclass(frozen=True, slots=True)
class Marked:
    """A slice of a text, code points, half-open, and what it is marked as. A word lies in a sentence."""

    start: int
    end: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a block. ``is_first`` is true of the first piece of a text that is marked."""

    text: str
    mark: Mark
    is_first: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A line of a text that is not blank, in pieces. ``gap`` is what stands between it and the next: only line ends."""

    kind: Kind
    pieces: tuple[Piece, ...]
    gap: str


def passage_blocks(passage: AnsweringPassage) -> list[Block]:
    """The blocks of a passage, with the sentences that are near to the question, and their words, marked."""
    sentences = [Marked(one.start, one.end, "sentence") for one in passage.highlights]
    words = [Marked(word.start, word.end, "word") for one in passage.highlights for word in one.words]
    moved = [Marked(one.start - passage.start, one.end - passage.start, one.mark) for one in [*sentences, *words]]
    return blocks(passage.text, moved)


def blocks(text: str, marked: Iterable[Marked]) -> list[Block]:
    """The blocks of a text; their pieces and gaps, one after the other, are the text."""
    marks = [one for one in marked if one.start < one.end]
    start = min((one.start for one in marks), default=len(text))
    first = len(text) - len(text[start:].lstrip("\n"))
    lines = list(_lines(text))
    ends = [*(begin for begin, _ in lines[1:]), len(text)]
    return [
        Block(_kind(text, lines, number), tuple(_pieces(text, start, end, marks, first)), text[end:following])
        for number, ((start, end), following) in enumerate(zip(lines, ends, strict=False))
    ]


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """The lines that are not empty; a text begins with one, as it has no white space at its ends."""
    start = 0
    for line in text.split("\n"):
        if line:
            yield start, start + len(line)
        start += len(line) + 1


def _pieces(text: str, start: int, end: int, marks: list[Marked], first: int) -> Iterator[Piece]:
    within = [one for one in marks if one.start < end and start < one.end]
    borders = {start, end, *(min(max(place, start), end) for one in within for place in (one.start, one.end))}
    for left, right in pairwise(sorted(borders)):
        covering = [one.mark for one in within if one.start <= left < one.end]
        mark: Mark = "word" if "word" in covering else covering[0] if covering else ""
        yield Piece(text[left:right], mark, is_first=bool(mark) and left == first)


def _kind(text: str, lines: list[tuple[int, int]], number: int) -> Kind:
    """A heading stands alone, between blank lines, and something comes behind it."""
    start, end = lines[number]
    line = text[start:end]
    if is_list_item(line):
        return "item"
    alone = (number == 0 or lines[number - 1][1] < start - 1) and text.startswith("\n\n", end)
    return "heading" if alone and number + 1 < len(lines) and is_heading(line) else "paragraph"
