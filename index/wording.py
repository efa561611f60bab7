"""How much of one text stands in another, word for word.

A word is a number: 64 bits of a hash of how it is written, whatever its case, its width and the punctuation around it.
Scripts without spaces are taken character by character. A word stands in another text if a run of ``RUN`` words that it
belongs to does. Nothing here is estimated, but that 64 bits stand for a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from unicodedata import normalize

import numpy as np
import regex
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]
"""Of shape ``(words,)``; the last bit says whether a word has a digit."""

RUN = 3
"""So many words in a row are compared as one (a shingle: Broder, "On the resemblance and containment of documents",
1997)."""

LEAST_COPIED = 0.4
"""The least share of a passage's or an article's words that stand in another article if it is copied."""

MOST_OWN = 10
"""The most words in one place that a copied passage may have of its own: fewer than most sentences have."""

SHORT = 20
"""A passage or article of fewer words is copied only if all of its words are."""

_WITHOUT_SPACES = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = regex.compile(rf"[{_WITHOUT_SPACES}]|[^\W{_WITHOUT_SPACES}]+")
_DIGIT = np.uint64(1)
# Odd numbers of 64 bits; a run of words is the sum of its words, each times its own.
_MULTIPLIERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)


class Vocabulary(dict[str, int]):
    """Words as they are written, and their numbers, made as they are asked for."""

    def __missing__(self, written: str) -> int:
        """The number of a word that was not asked for before."""
        word = normalize("NFKC", written).casefold()
        number = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")
        self[written] = number = number & ~1 | any(map(str.isdecimal, word))
        return number


@dataclass(frozen=True, slots=True)
class Wording:
    """An article's words, and its passages as ranges of them: shape ``(passages, 2)``, half-open."""

    words: Words
    passages: Numbers

    def passage(self, number: int) -> Words:
        """The words of one passage."""
        start, end = self.passages[number]
        return self.words[start:end]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two articles have in common.

    ``links`` are the pairs of a passage of the first and one of the second that are near-copies; ``are_copies`` says
    whether the articles as a whole are.
    """

    links: tuple[tuple[int, int], ...]
    are_copies: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """An article in another: of each word whether it stands there, and of each run of words where, or -1."""

    article: Wording
    other: Wording
    words: NDArray[np.bool_]
    places: Numbers

    def copied(self) -> list[bool]:
        """Of each passage, whether it is."""
        return [self._is_copied(start, end) for start, end in self.article.passages.tolist()]

    def _is_copied(self, start: int, end: int) -> bool:
        words = self.words[start:end]
        if len(words) < SHORT:
            return bool(len(words)) and bool(words.all())
        if np.count_nonzero(words) < LEAST_COPIED * len(words):
            return False
        borders = np.concatenate(([-1], np.flatnonzero(words), [len(words)])) + start
        gaps = np.flatnonzero(np.diff(borders) > MOST_OWN + 1)
        return all(self._own(int(borders[gap]) + 1, int(borders[gap + 1])) <= MOST_OWN for gap in gaps)

    def _own(self, start: int, end: int) -> int:
        """How many of some words that don't stand in the other article are not even among those in their place."""
        length = end - start
        behind = int(self.places[start - RUN]) + RUN if start >= RUN else None
        before = int(self.places[end]) if end < len(self.places) else None
        if behind is None:
            behind = max(0, before - length) if before is not None else 0
        # What was moved has no place between its neighbours.
        if before is None or not 0 <= before - behind <= 2 * length:
            before = behind + length
        there = set(self.other.words[behind:before].tolist())
        return sum(word not in there for word in self.article.words[start:end].tolist())

    def own_numbers(self, passage: int) -> set[int]:
        """The words with digits of a passage that don't stand in the other article."""
        start, end = self.article.passages[passage]
        words = self.article.words[start:end]
        return set(words[~self.words[start:end] & (words & _DIGIT).astype(bool)].tolist())

    def nearest(self, passage: int) -> int | None:
        """The passage of the other article in which most of one's runs of words stand, the first of equals."""
        start, end = self.article.passages[passage]
        places = self.places[start : max(start, end - RUN + 1)]
        places = np.sort(places[places >= 0])
        starts, ends = self.other.passages[:, 0], self.other.passages[:, 1] - (RUN - 1)
        counts = np.searchsorted(places, ends) - np.searchsorted(places, starts)
        return int(counts.argmax()) if counts.max(initial=0) > 0 else None


def wording(text: str, passages: Sequence[tuple[int, int]], vocabulary: Vocabulary) -> Wording:
    """The words of a text and of its passages, which are ``(start, end)`` in code points, half-open."""
    borders = sorted({0, len(text), *(border for passage in passages for border in passage)})
    pieces = [_WORD.findall(text, start, end) for start, end in pairwise(borders)]
    counts = np.cumsum([0, *map(len, pieces)])
    numbers = (vocabulary[word] for piece in pieces for word in piece)
    words = np.fromiter(numbers, np.uint64, int(counts[-1]))
    places = dict(zip(borders, counts.tolist(), strict=True))
    ranges = [(places[start], places[end]) for start, end in passages]
    return Wording(words, np.array(ranges, np.int64).reshape(-1, 2))


def runs(words: Words) -> Words:
    """Every run of ``RUN`` words as a number, in order: ``RUN - 1`` fewer than words, or one of fewer words."""
    if len(words) < RUN:
        words = np.concatenate((words, np.zeros(RUN - len(words), np.uint64)))[: RUN * len(words)]
    count = max(0, len(words) - RUN + 1)
    result: Words = np.zeros(count, np.uint64)
    for offset, multiplier in enumerate(_MULTIPLIERS):
        result += words[offset : offset + count] * multiplier
    return result


def compare(first: Wording, second: Wording) -> Comparison:
    """What two articles have in common.

    Two passages are near-copies if each is copied in the other's article, one of them is nearest to the other, and
    not each has a number that the other lacks.
    """
    there, back = _find(first, second), _find(second, first)
    if not there.words.any():
        return Comparison((), are_copies=False)
    return Comparison(tuple(sorted(_links(there, back))), _are_copies(there, back))


def _find(article: Wording, other: Wording) -> _Found:
    wanted, present = runs(article.words), runs(other.words)
    order = np.argsort(present, kind="stable")
    words = np.zeros(len(article.words), bool)
    if not len(wanted) or not len(present):
        return _Found(article, other, words, np.full(len(wanted), -1))
    nearest = np.searchsorted(present, wanted, sorter=order).clip(max=len(present) - 1)
    found = present[order[nearest]] == wanted
    for offset in range(RUN):
        words[offset : offset + len(found)] |= found
    return _Found(article, other, words, np.where(found, order[nearest], -1))


def _links(there: _Found, back: _Found) -> set[tuple[int, int]]:
    copied, copied_back = there.copied(), back.copied()
    forth = {(passage, there.nearest(passage)) for passage, is_copied in enumerate(copied) if is_copied}
    reverse = {(back.nearest(passage), passage) for passage, is_copied in enumerate(copied_back) if is_copied}
    return {
        (one, other)
        for one, other in forth | reverse
        if one is not None and other is not None and copied[one] and copied_back[other]
        if not _differ_in_numbers(there.own_numbers(one), back.own_numbers(other))
    }


def _differ_in_numbers(first: set[int], second: set[int]) -> bool:
    return bool(first - second) and bool(second - first)


def _are_copies(there: _Found, back: _Found) -> bool:
    """Whether each of two articles is copied in the other, so that a collection of articles is no copy of any."""
    least = 1.0 if min(len(there.words), len(back.words)) < SHORT else LEAST_COPIED
    return all(np.count_nonzero(found.words) >= least * len(found.words) for found in (there, back))
