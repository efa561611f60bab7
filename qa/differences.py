"""The text that is nearest to a quote which does not stand in an article, and how the two differ, word by word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Literal
from unicodedata import normalize

import regex
from rapidfuzz.distance import Indel

from qa.checks import Word

LEAST_SIMILARITY = 0.5
"""Below this nothing counts as near. It means that half of the words are the same, in the same order. With text on
other matters a quote of 40 words or more shares at most a third (``benchmarks/verification.py``)."""

_WORD = regex.compile(
    # A sign of a script that is written without spaces is a word by itself.
    r"(?V1)\s*(?:[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*"
    r"|[\w--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]+|[^\w\s])|\s+"
)
_STARTS = 10
"""So many places where the quote may begin, and as many where it may end, are compared."""

_VOTES = 2000
"""So many pairs of equal words are looked at, those of the rarest words first: a bound for texts of a few words."""

_LONGEST = 5000
"""Of a longer quote, in code points, no nearest text is looked for: it is no passage, and would take long."""


@dataclass(frozen=True, slots=True)
class Near:
    """A slice of a text, code points, half-open, and its similarity to a quote: from 0 to 1, twice the longest common
    subsequence of words, over the words of both."""

    start: int
    end: int
    similarity: float


class Words:
    """A text's words, punctuation marks among them, for comparing without regard to case and Unicode's forms."""

    def __init__(self, text: str) -> None:
        found = [(match[0].lstrip(), match.end()) for match in _WORD.finditer(text)]
        self.spans = [(end - len(word), end) for word, end in found if word]
        self.keys = [
            word.lower() if word.isascii() else normalize("NFKC", word).casefold() for word, _ in found if word
        ]

    @cached_property
    def places(self) -> Mapping[str, list[int]]:
        """Where each word stands, counted in words, ascending."""
        places: dict[str, list[int]] = {}
        for place, key in enumerate(self.keys):
            places.setdefault(key, []).append(place)
        return places


def _key(word: str) -> str:
    return word.lower() if word.isascii() else normalize("NFKC", word).casefold()


def nearest(quote: str, text: Words, least: float = LEAST_SIMILARITY) -> Near | None:
    """The slice of a text that is most similar to a quote, of equals the first; ``None`` if none has the ``least``
    similarity.

    Each word that both have votes for where the quote would begin, with the more weight the fewer such words the text
    has. Where nothing was added or left out all agree; else those in front of it and those behind it do, and so the
    strongest votes tell where the slice begins and where it ends.
    """
    if len(quote) > _LONGEST:
        return None
    words, best = Words(quote), None
    length, offsets = len(words.keys), _offsets(words, text)
    for first, last in product(offsets, offsets):
        start, end = max(first, 0), min(last + length, len(text.keys))
        if not start < end <= start + 2 * length:
            continue
        similarity = Indel.normalized_similarity(words.keys, text.keys[start:end], score_cutoff=least)
        if similarity >= least and (best is None or (-similarity, start, end) < (-best[0], *best[1:])):
            best = similarity, start, end
            least = similarity
    return Near(text.spans[best[1]][0], text.spans[best[2] - 1][1], best[0]) if best else None


def _offsets(quote: Words, text: Words) -> list[int]:
    """The words' places in the text minus those in the quote, which most of the weight is behind, ascending."""
    shared = [(len(text.places[key]), key) for key in quote.places if key in text.places]
    votes: Counter[int] = Counter()
    left = _VOTES
    for count, key in sorted(shared):
        left -= count * len(quote.places[key])
        if left < 0:
            break
        for here, there in product(quote.places[key], text.places[key]):
            votes[there - here] += 1 / count  # type: ignore[assignment]
    strongest = sorted(votes, key=lambda offset: (-votes[offset], offset))[:_STARTS]
    return sorted(strongest)


def word_difference(cited: str, found: str) -> tuple[Word, ...]:
    """What makes the one text of the other: the equal and deleted words are the cited text, the equal and inserted ones
    the one found, each to the last character."""
    old, new = _WORD.findall(cited), _WORD.findall(found)
    return tuple(_runs(old, new))


def _runs(old: Sequence[str], new: Sequence[str]) -> Iterator[Word]:
    """Equal runs, and between each two of them what was deleted, then what was inserted."""
    old_end = new_end = 0
    blocks = [*Indel.opcodes(old, new).as_matching_blocks()]
    for block in blocks:
        yield from _word("delete", old[old_end : block.a])
        yield from _word("insert", new[new_end : block.b])
        old_end, new_end = block.a + block.size, block.b + block.size
        yield from _word("equal", old[block.a : old_end])


def _word(operation: Literal["equal", "delete", "insert"], words: Sequence[str]) -> Iterator[Word]:
    if words:
        yield Word(operation, "".join(words))
