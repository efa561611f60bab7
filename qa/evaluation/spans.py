"""Measures of what is read: how much of a quote, and how much beside it, the first five passages hold.

Recall, precision and intersection over union of characters (Smith and Troynikov, "Evaluating Chunking Strategies for
Retrieval", 2024), in code points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FIRST = 5
"""So many passages are looked at."""

SENTENCE = "sentence IoU"


@dataclass(frozen=True, slots=True)
class Slice:
    """Code points ``start`` to ``end``, half-open, of an article."""

    article: str
    start: int
    end: int


def characters(what: str, golds: Sequence[Slice], found: Iterable[Slice]) -> dict[str, float]:
    """Recall, precision and IoU of all that was found, overlaps counted once, each against the alternative gold that
    it is best for and 0 for no gold; ``what`` begins their names."""
    merged = _merge(found)
    length = sum(one.end - one.start for one in merged)
    shared = [(_shared(gold, merged), gold.end - gold.start) for gold in golds]
    return {
        f"{what} R@{FIRST}": max((both / wanted for both, wanted in shared), default=0.0),
        f"{what} P@{FIRST}": max((both / length for both, _ in shared if length), default=0.0),
        f"{what} IoU@{FIRST}": max((both / (length + wanted - both) for both, wanted in shared), default=0.0),
    }


def sentence_overlap(sentences: Sequence[Slice], highlights: Iterable[Slice]) -> float:
    """The IoU of what is highlighted with the sentence of the gold that it is best for; 0 for no highlight."""
    return characters("", sentences, highlights)[f" IoU@{FIRST}"]


def _merge(slices: Iterable[Slice]) -> list[Slice]:
    """The same characters as slices that neither overlap nor touch."""
    merged: list[Slice] = []
    for one in sorted(slices, key=lambda one: (one.article, one.start)):
        last = merged[-1] if merged else None
        if last and last.article == one.article and one.start <= last.end:
            merged[-1] = Slice(one.article, last.start, max(last.end, one.end))
        else:
            merged.append(one)
    return merged


def _shared(gold: Slice, slices: Iterable[Slice]) -> int:
    return sum(
        max(0, min(gold.end, one.end) - max(gold.start, one.start)) for one in slices if one.article == gold.article
    )
