"""Running heads, running feet and page numbers: what pages carry beside what somebody wrote on them.

What is said of them is said from the rows at the top and at the bottom of the pages: a row goes if on several pages the
same stands at the same place, figures aside, or if it is nothing but the page's number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import regex

from corpus.formats.pdf_layout import Line, rows

_ROWS = 4
"""So many rows from either end may be furniture."""
_LEAST_PAGES = 3
_SHORT = 4
"""In a document of up to so many pages it is enough that two have the same."""
_LARGE = 1.1
"""Letters of more than so many times the usual size are a heading's, of which another number makes another."""
_MOST_PARTS = 3
"""A head has a left, a middle and a right part; what has more is a table's."""
_NEAR = 4.0
"""Heads stand at the same height, give or take so many points."""

_FIGURES = regex.compile(r"\d+|\b[ivxlcdm]+\b", regex.I)
_NUMBERED = regex.compile(
    r"[-–—|\[(\s]*(?:page|p\.|pg\.?|seite|página|pagina|стр\.)?\s*(?P<number>\d{1,4}|[ivxlcdm]{1,8}|[A-Z]-?\d{1,3})"
    r"(?:\s*(?:of|/|von|de|sur|di|из)\s*\d{1,4})?[-–—|\])\s.]*",
    regex.I,
)
_COUNTED = regex.compile(r"(?:page|seite|página|pagina)\s*\d{1,4}\s*(?:of|/|von|de|sur|di)\s*\d{1,4}", regex.I)

Place = tuple[str, bool, int]
"""What a row says without its figures, whether it is at the top, and how high, in steps of ``_NEAR`` points."""


def without_furniture(pages: Sequence[Sequence[Line]], labels: Sequence[str]) -> list[list[Line]]:
    """The segments of each page without its running heads and feet; ``labels`` are the numbers printed on the pages."""
    large = _LARGE * usual_size(one for page in pages for one in page)
    least = 2 if len(pages) <= _SHORT else _LEAST_PAGES
    edges = [_edges(page) for page in pages]
    seen = Counter(place for page in edges for place in {at for row, top in page for at in _places(row, top, large)})
    offsets = Counter(offset for number, page in enumerate(edges) for offset in _offsets(page, number))
    common = {offset for offset, count in offsets.items() if count >= least}
    kept = []
    for number, page in enumerate(pages):

        def is_furniture(row: list[Line], top: bool, number: int = number) -> bool:
            repeated = len(row) <= _MOST_PARTS and any(seen[at] >= least for at in _places(row, top, large))
            return repeated or _is_number(row, labels[number], number, common)

        gone = _outermost(edges[number], is_furniture)
        kept.append([one for one in page if id(one) not in gone])
    return kept


def usual_size(lines: Iterable[Line]) -> float:
    """The size that the most letters have."""
    letters: Counter[float] = Counter()
    for line in lines:
        letters[round(line.size, 1)] += len(line.text)
    return max(letters, key=lambda size: (letters[size], size), default=1.0)


def _edges(page: Sequence[Line]) -> list[tuple[list[Line], bool]]:
    """The rows at the top, from the top down, and those at the bottom, from the bottom up, each with whether it is at
    the top; of a page with few rows each only counts to its nearer end."""
    found = rows(one for one in page if not one.turned)
    half = (len(found) + 1) // 2
    top, bottom = found[: min(_ROWS, half)], found[max(half, len(found) - _ROWS) :][::-1]
    return [(row, True) for row in top] + [(row, False) for row in bottom]


def _text(row: Sequence[Line]) -> str:
    return " ".join(one.text for one in row)


def _places(row: Sequence[Line], top: bool, large: float) -> list[Place]:
    """Where a row is; on the border of two steps it counts for both. Nowhere if it is of figures only."""
    said = _text(row)
    if not any(map(str.isalpha, said)):
        return []
    said = said if row[0].size > large else _FIGURES.sub("#", said)
    step = row[0].base / _NEAR
    return [(said, top, at) for at in sorted({int(step), round(step)})]


def _offsets(page: Sequence[tuple[list[Line], bool]], number: int) -> set[int]:
    """How far the numbers that stand alone in a row are from counting the pages."""
    found = (_NUMBERED.fullmatch(_text(row)) for row, _ in page)
    return {int(match["number"]) - number for match in found if match and match["number"].isdigit()}


def _outermost(ends: Sequence[tuple[list[Line], bool]], is_furniture: Callable[[list[Line], bool], bool]) -> set[int]:
    """The identities of the segments that are furniture: what is behind a row of the text isn't a head."""
    gone: set[int] = set()
    stopped: set[bool] = set()
    for row, top in ends:
        if top in stopped:
            continue
        if is_furniture(row, top):
            gone.update(map(id, row))
        else:
            stopped.add(top)
    return gone


def _is_number(row: Sequence[Line], label: str, number: int, offsets: set[int]) -> bool:
    text = _text(row)
    match = _NUMBERED.fullmatch(text)
    if match is None:
        return False
    given = match["number"]
    if given.casefold() == label.casefold() or _COUNTED.fullmatch(text):
        return True
    return given.isdigit() and int(given) - number in offsets
