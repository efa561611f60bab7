"""Cutting an article into sentences and passages, both as exact slices of its canonical text.

Sentences are found by sentencex within each line; a line is never joined with the next. A sentence that is
too long for the encoder is cut between words into parts, which from then on are sentences of their own.
Passages are runs of sentences, chosen for the whole article at once so that they are of like size and end,
where they can, with a paragraph: the cheapest way to break the text, as in Knuth and Plass, "Breaking
paragraphs into lines" (1981).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import regex
import sentencex

from corpus.article import Article

TITLE_PIECES = 48
"""The most word pieces of a title that stand in front of a passage; a longer title is cut there."""

TARGET_PIECES = 150
"""The size that passages aim at, in word pieces, the title not counted."""

OVERLAP_PIECES = 40
"""A sentence of at most so many word pieces is repeated where a paragraph is cut behind it."""

# What a break costs beside the squared distance of each passage from the target, as a share of the target.
_INSIDE_PARAGRAPH = 0.3
_BETWEEN_LIST_ITEMS = 0.1
_AFTER_HEADING = 2.0

_HEADING_CHARACTERS = 120
_LIST_ITEM = regex.compile(r"(?:[-*•–]|\d{1,3}[.)])\s")
_SENTENCE_END = regex.compile(r"""[.!?…。！？।۔؟:;,]["'”’»)\]]*$""")

# Where a long sentence may be cut, best first: after white space, at a word boundary (Unicode Standard
# Annex 29), between two grapheme clusters (the same annex).
_WORD_BORDER = regex.compile(r"(?w)\b")
_ATOMS = (regex.compile(r"\S+\s*|\s+"), regex.compile(r"(?w).+?\b|.+", regex.S), regex.compile(r"\X"))


@dataclass(frozen=True, slots=True)
class Sentence:
    """``article.text[start:end]``, code points, half-open, without white space at either end."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """``article.text[start:end]``, code points, half-open: a run of the article's sentences.

    They are those from ``first_sentence`` up to and without ``end_sentence``, counted from 0 in the article.
    """

    start: int
    end: int
    first_sentence: int
    end_sentence: int


class WordPieces(Protocol):
    """How an encoder measures text."""

    limit: int
    """The most word pieces of one text, the special ones included."""

    special: int
    """How many special word pieces every text gets."""

    def piece_starts(self, texts: Sequence[str]) -> list[list[int]]:
        """Where each word piece of each text starts: code points from the text's start, ascending."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, its size in word pieces, and what a break in front of it costs."""

    sentence: Sentence
    pieces: int
    break_cost: float
    starts_paragraph: bool


def context(title: str, word_pieces: WordPieces) -> str:
    """What stands in front of a passage when it is encoded: the title, cut to ``TITLE_PIECES``."""
    most = min(TITLE_PIECES, word_pieces.limit // 4)
    starts = word_pieces.piece_starts([title])[0]
    return title if len(starts) <= most else title[: starts[most]].rstrip()


def cut(article: Article, word_pieces: WordPieces) -> tuple[list[Sentence], list[Passage]]:
    """The sentences and the passages of an article, each ascending by start and by end.

    The passages cover every character of the text that is not white space. A passage with the article's
    ``context`` in front of it has at most ``word_pieces.limit`` word pieces, special ones included.
    """
    title = word_pieces.piece_starts([context(article.title, word_pieces)])[0]
    room = word_pieces.limit - word_pieces.special - len(title)
    target = min(room, TARGET_PIECES)
    units = _units(article, word_pieces, longest=max(1, target // 2))
    passages = [_passage(units, first, end, room) for first, end in pairwise(_breaks(units, target, room))]
    return [unit.sentence for unit in units], passages


def _units(article: Article, word_pieces: WordPieces, longest: int) -> list[_Unit]:
    text = article.text
    units: list[_Unit] = []
    after_heading = in_list = False
    for line in _lines(text):
        is_item = is_list_item(text[slice(*line)])
        sentences = list(_sentences(text, *line, article.language or "en"))
        cost = _AFTER_HEADING if after_heading else _BETWEEN_LIST_ITEMS if in_list and is_item else 0.0
        starts = word_pieces.piece_starts([text[sentence.start : sentence.end] for sentence in sentences])
        for sentence, piece_starts in zip(sentences, starts, strict=True):
            for part, pieces in _parts(text, sentence, piece_starts, longest):
                units.append(_Unit(part, max(1, pieces), cost, starts_paragraph=cost != _INSIDE_PARAGRAPH))
                cost = _INSIDE_PARAGRAPH
        after_heading, in_list = not is_item and is_heading(text[slice(*line)]), is_item
    return units


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        if line.strip():
            yield start, start + len(line)
        start += len(line) + 1


def is_list_item(line: str) -> bool:
    """Whether a line begins as an item of a list does."""
    return _LIST_ITEM.match(line) is not None


def is_heading(line: str) -> bool:
    """Whether a line that is no list item looks like a heading: short, and without a sentence's end."""
    return len(line) <= _HEADING_CHARACTERS and _SENTENCE_END.search(line) is None


def _sentences(text: str, start: int, end: int, language: str) -> Iterator[Sentence]:
    """The sentences of a line; only where they start is taken from the splitter, so that none can be lost."""
    boundaries = sentencex.get_sentence_boundaries(language, text[start:end])
    starts = (start + boundary["start_index"] for boundary in boundaries)
    # The splitter takes words like "hU.S." apart, and a list item's number from its text.
    marker = _LIST_ITEM.match(text, start, end)
    text_start = marker.end() if marker else start
    inner = (border for border in starts if border > text_start and not _is_in_word(text, border))
    borders = [start, *sorted(set(inner) - {end}), end]
    for left, right in pairwise(borders):
        yield from _trimmed(text, left, right)


def _is_in_word(text: str, border: int) -> bool:
    return not text[border - 1].isspace() and _WORD_BORDER.match(text, border) is None


def _trimmed(text: str, start: int, end: int) -> Iterator[Sentence]:
    """The slice without white space at its ends, as one sentence, or nothing if it is blank."""
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        left = start + len(piece) - len(piece.lstrip())
        yield Sentence(left, left + len(stripped))


def _parts(text: str, sentence: Sentence, piece_starts: list[int], longest: int) -> Iterator[tuple[Sentence, int]]:
    """The sentence with its size, cut between words where it has more than ``longest`` word pieces."""
    if len(piece_starts) <= longest:
        yield sentence, len(piece_starts)
        return

    def pieces(start: int, end: int) -> int:
        return bisect_left(piece_starts, end - sentence.start) - bisect_left(piece_starts, start - sentence.start)

    borders, previous_end = [sentence.start], sentence.start
    for _, atom_end in _atoms(text, sentence.start, sentence.end, pieces, longest):
        if pieces(borders[-1], atom_end) > longest and previous_end > borders[-1]:
            borders.append(previous_end)
        previous_end = atom_end
    for left, right in pairwise([*borders, sentence.end]):
        for part in _trimmed(text, left, right):
            yield part, pieces(left, right)


def _atoms(
    text: str, start: int, end: int, pieces: Callable[[int, int], int], longest: int, level: int = 0
) -> Iterator[tuple[int, int]]:
    """What may not be cut, in order: words, or the parts of a word that alone is longer than ``longest``."""
    for match in _ATOMS[level].finditer(text, start, end):
        if pieces(*match.span()) > longest and level + 1 < len(_ATOMS):
            yield from _atoms(text, *match.span(), pieces, longest, level + 1)
        else:
            yield match.span()


def _overlaps(units: Sequence[_Unit], first: int) -> bool:
    """Whether a passage that starts with unit ``first`` repeats the one before it."""
    return first > 0 and not units[first].starts_paragraph and units[first - 1].pieces <= OVERLAP_PIECES


def _breaks(units: Sequence[_Unit], target: int, room: int) -> list[int]:
    """The first unit of each passage, and the number of units last: the breaks of least total cost."""
    least = [0.0]
    came_from = [0]
    for end in range(1, len(units) + 1):
        size = 0
        best, best_first = float("inf"), end - 1
        for first in range(end - 1, -1, -1):
            size += units[first].pieces
            if size > room and first < end - 1:
                break
            cost = least[first] + (1 - size / target) ** 2 + (units[first].break_cost if first else 0.0)
            if cost < best:
                best, best_first = cost, first
        least.append(best)
        came_from.append(best_first)
    breaks = [len(units)]
    while breaks[-1] > 0:
        breaks.append(came_from[breaks[-1]])
    return breaks[::-1]


def _passage(units: Sequence[_Unit], first: int, end: int, room: int) -> Passage:
    """The passage of units ``first`` to ``end``, with the sentence before it where that helps and fits."""
    if _overlaps(units, first) and sum(unit.pieces for unit in units[first - 1 : end]) <= room:
        first -= 1
    return Passage(units[first].sentence.start, units[end - 1].sentence.end, first, end)
