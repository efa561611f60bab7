"""Links to where a quote stands on its web page, by text fragments, or in its PDF, by the page.

WICG, "URL Fragment Text Directives": ``#:~:text=[prefix-,]start[,end][,-suffix]``. A browser marks the first place of
the page that fits, from ``start`` to the nearest ``end``. It looks for each part within one block (paragraph, heading,
list item), at the borders of words, and heeds neither case nor accents. The page itself isn't here; what stands for it
is the article's canonical text, a block a line, with the title in front.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import takewhile
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import regex

from index.store import Excerpt

LONGEST_WHOLE = 80
"""A quote within one line of up to so many code points is given whole; of others only the two ends are."""

_SIZES = (16, 32, 64, 128)
"""A part has at least so many code points, where there are as many; the next size if that doesn't tell it apart."""

# Where words can be cut without knowing the language: at white space, and at the punctuation of scripts that write
# without it. What is between may be a whole clause of Chinese or Thai, as browsers cut these by their own dictionaries.
_BORDERS = r"\s\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_WORD = rf"\w(?:[^{_BORDERS}]*\w)?"
_WORDS = regex.compile(_WORD)
_WORDS_BACKWARDS = regex.compile(rf"(?r){_WORD}")

_LONGEST = 4000
"""The longest directive; only words of hundreds of letters come near, and programs cut off what is longer."""

_PAGES_KEPT = 8
_LAST_ACCENTED = 0x24FF

Span = tuple[int, int]


def source_link(excerpt: Excerpt) -> str | None:
    """The article's address with a text fragment that selects the excerpt; ``None`` if it has none on the web.

    Without a fragment where nothing tells the excerpt from an earlier place of the same words, or only very much does.
    Of an article with pages, the fragment is the number of the page that it begins on (RFC 8118), which viewers open.
    """
    url = excerpt.article.url
    if url is None or not url.lower().startswith(("http://", "https://")):
        return None
    address, _, _ = url.partition(":~:")
    if excerpt.article.pages:
        return address if "#" in address or not excerpt.pages else f"{address}#page={excerpt.pages[0].number}"
    if (directive := _directive(excerpt)) is None:
        return address
    return f"{address}{'' if '#' in address else '#'}:~:text={directive}"


@dataclass(frozen=True, slots=True)
class _Page:
    """The text of a page, and the same as browsers compare it, place by place; the article's begins at ``offset``."""

    text: str
    folded: str
    offset: int

    def line(self, position: int) -> Span:
        """The line that a position is in, without its end."""
        end = self.text.find("\n", position)
        return self.text.rfind("\n", 0, position) + 1, len(self.text) if end < 0 else end


@dataclass(frozen=True, slots=True)
class _Match:
    """What a browser is to look for: words, right behind a prefix and right before a suffix (empty for none)."""

    prefix: Span
    words: Span
    suffix: Span

    def is_first(self, page: _Page, begin: int) -> bool:
        """Whether the page has no such place between ``begin`` and this one."""
        prefix, words, suffix = (page.folded[slice(*span)] for span in (self.prefix, self.words, self.suffix))
        at = page.folded.find(words, begin, self.words[1] - 1)
        while at >= 0:
            end = at + len(words)
            before, behind = (
                page.folded[max(begin, at - len(prefix) - 2) : at],
                page.folded[end : end + len(suffix) + 2],
            )
            if before.rstrip().endswith(prefix) and behind.lstrip().startswith(suffix):
                return False
            at = page.folded.find(words, at + 1, self.words[1] - 1)
        return True


def _directive(excerpt: Excerpt) -> str | None:
    page = _page(excerpt.source, "" if excerpt.article.title_inferred else excerpt.article.title)
    whole = _words(page, excerpt.start + page.offset, excerpt.end + page.offset)
    if whole is None:
        return None
    start, end = whole
    in_one_line = page.line(start)[1] >= end
    if in_one_line and end - start <= LONGEST_WHOLE:
        return _written(page, _first(page, 0, _whole(page, whole)))
    half = (start + end) // 2
    heads = list(_heads(page, start, half if in_one_line else page.line(start)[1]))
    tails = list(_tails(page, half if in_one_line else page.line(end)[0], end))
    if not heads or not tails:  # a single long word
        return _written(page, _first(page, 0, _whole(page, whole)))
    head = _first(page, 0, _openings(page, heads))
    tail = _first(page, head.words[1], _closings(page, tails)) if head else None
    return _written(page, head, tail) if tail else None


def _words(page: _Page, start: int, end: int) -> Span | None:
    """From the first word to the last, without what is around them; one that is cut in two is taken whole."""
    beginning, rest = _WORDS_BACKWARDS.match(page.text, page.offset, start + 1), _WORDS.match(page.text, end - 1)
    start, end = beginning.start() if beginning else start, rest.end() if rest else end
    first = _WORDS.search(page.text, start, end)
    last = _WORDS_BACKWARDS.search(page.text, start, end)
    return (first.start(), last.end()) if first and last else None


def _first(page: _Page, begin: int, matches: Iterable[_Match]) -> _Match | None:
    return next((match for match in matches if match.is_first(page, begin)), None)


def _whole(page: _Page, words: Span) -> Iterator[_Match]:
    """The words by themselves, behind ever more words, and before ever more words as well."""
    start, end = words
    prefix, nothing = (start, start), (end, end)
    yield _Match(prefix, words, nothing)
    for prefix, start in _prefixes(page, words[0]):
        yield _Match(prefix, (start, end), nothing)
    for suffix, end in _suffixes(page, words[1]):
        yield _Match(prefix, (start, end), suffix)


def _openings(page: _Page, heads: list[Span]) -> Iterator[_Match]:
    for start, end in heads:
        yield _Match((start, start), (start, end), (end, end))
    end = heads[0][1]
    for prefix, start in _prefixes(page, heads[0][0]):
        yield _Match(prefix, (start, end), (end, end))


def _closings(page: _Page, tails: list[Span]) -> Iterator[_Match]:
    for start, end in tails:
        yield _Match((start, start), (start, end), (end, end))
    start = tails[0][0]
    for suffix, end in _suffixes(page, tails[0][1]):
        yield _Match((start, start), (start, end), suffix)


def _heads(page: _Page, start: int, limit: int) -> Iterator[Span]:
    """Ever more of the words from ``start`` on, none beyond ``limit``."""
    ends = (word.end() for word in _WORDS.finditer(page.text, start))
    for length in _steps(end - start for end in takewhile(limit.__ge__, ends)):
        yield start, start + length


def _tails(page: _Page, limit: int, end: int) -> Iterator[Span]:
    """Ever more of the words up to ``end``, none before ``limit``."""
    starts = (word.start() for word in _WORDS_BACKWARDS.finditer(page.text, page.offset, end))
    for length in _steps(end - start for start in takewhile(limit.__le__, starts)):
        yield end - length, end


def _prefixes(page: _Page, start: int) -> Iterator[tuple[Span, int]]:
    """Ever more of what is before ``start`` in its line, or else in the line before; and where the words then begin.

    Only white space may be between the two, so words behind another line begin with their own.
    """
    line, end = page.line(start)[0], start
    if not _WORDS.search(page.text, line, start):
        above = _WORDS_BACKWARDS.search(page.text, page.offset, line)
        if above is None or page.text[page.line(above.start())[1] : line].strip():
            return
        start = line
        line, end = page.line(above.start())
    end -= page.text[end - 1] == " "
    begin = max(line, page.offset)
    for length in _steps(end - word.start() for word in _WORDS_BACKWARDS.finditer(page.text, begin, end)):
        yield (end - length, end), start


def _suffixes(page: _Page, end: int) -> Iterator[tuple[Span, int]]:
    """Ever more of what is behind ``end`` in its line, or else in the line below; and where the words then end."""
    start, line = end, page.line(end)[1]
    if not _WORDS.search(page.text, end, line):
        below = _WORDS.search(page.text, line)
        if below is None or page.text[line : page.line(below.start())[0]].strip():
            return
        end = line
        start, line = page.line(below.start())
    start += page.text[start] == " "
    for length in _steps(word.end() - start for word in _WORDS.finditer(page.text, start, line)):
        yield (start, start + length), end


def _steps(lengths: Iterable[int]) -> Iterator[int]:
    """Of lengths that grow the first to reach each size, and the last where they end before."""
    reached = length = 0
    for length in lengths:
        if reached >= _SIZES[-1]:
            return
        if any(reached < size <= length for size in _SIZES):
            reached = length
            yield length
    if length > reached:
        yield length


def _written(page: _Page, match: _Match | None, tail: _Match | None = None) -> str | None:
    if match is None:
        return None
    last = tail or match
    prefix, words, end, suffix = (
        _encoded(page.text[slice(*span)])
        for span in (match.prefix, match.words, tail.words if tail else (0, 0), last.suffix)
    )
    directive = ",".join(filter(None, (prefix and f"{prefix}-", words, end, suffix and f"-{suffix}")))
    return directive if len(directive) <= _LONGEST else None


def _encoded(text: str) -> str:
    return quote(text, safe="").replace("-", "%2D")


@lru_cache(maxsize=_PAGES_KEPT)
def _page(source: str, title: str) -> _Page:
    # Most pages show the title above the text, where a browser would find the words of both first.
    offset = 0 if source.startswith(title) else len(title) + 1
    text = f"{title}\n{source}" if offset else source
    return _Page(text, _folded(text), offset)


def _folded(text: str) -> str:
    """The text as browsers compare it, a character for each, so that places in both are the same."""
    characters = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    return _folds().take(characters).tobytes().decode("utf-32-le")


@cache
def _folds() -> npt.NDArray[np.uint32]:
    """For each code point the one that it is compared as: a small letter without accents, a straight quotation mark."""
    folds = np.arange(0x110000, dtype=np.uint32)
    for code in range(_LAST_ACCENTED + 1):
        folds[code] = ord(unicodedata.normalize("NFKD", chr(code))[0].lower()[0])
    for character, plain in zip("‘’“”", "''\"\"", strict=True):
        folds[ord(character)] = ord(plain)
    return folds
