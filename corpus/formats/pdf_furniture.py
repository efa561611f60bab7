"""Running heads, running feet and page numbers: what pages carry beside what somebody wrote on them.

They are looked for in the rows at the top and at the bottom of the pages, where white parts them from the text: such a
row goes if the same stands at the same place of several pages, figures aside, or if it is only the page's number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile

import regex

from corpus.formats.pdf_layout import Line, rows

_ROWS = 4
"""So many rows from either end may be furniture."""
_LEAST_PAGES = 3
_FEW_ROWS = 2
_SHORT = 4
"""In a document of up to so many pages it is enough that two have the same."""
_LARGE = 1.1
"""Letters of more than so many times the usual size are a heading's, of which another number makes another."""
_MOST_PARTS = 3
"""A head has a left, a middle and a right part; what has more is a table's."""
_APART = 1.5
"""So many ems or more are between a head and the text."""
_NEAR = 4.0
"""Heads stand at the same height, give or take so many points."""

_FIGURES = regex.compile(r"\d+|\b[ivxlcdm]+\b", regex.I)
_NUMBERED = regex.compile(
    r"[-–—|\[(\s]*(?:page|p\.|pg\.?|seite|página|pagina|стр\.)?\s*(?P<number>\d{1,4}|[ivxlcdm]{1,8}|[A-Z]-?\d{1,3})"
    r"(?:\s*(?:of|/|von|de|sur|di|из)\s*\d{1,4})?[-–—|\])\s.]*",
    regex.I,
)
_COUNTED = regex.compile(r"(?:page|seite|página|pagina)\s*\d{1,4}\s*(?:of|/|von|de|sur|di)\s*\d{1,4}", regex.I)

Edge = tuple[list[Line], bool]
"""A row, and whether it is at the top."""

Place = tuple[str, bool, int]
"""What a row says without its figures, whether it is at the top, and how high, in steps of ``_NEAR`` points."""


def without_furniture(pages: Sequence[Sequence[Line]], labels: Sequence[str]) -> list[list[Line]]:
    """The segments of each page without its running heads and feet; ``labels`` are the numbers printed on the pages."""
    large = _LARGE * usual_size(one for page in pages for one in page)
    least = 2 if len(pages) <= _SHORT else _LEAST_PAGES
    found = [rows(one for one in page if not one.turned) for page in pages]
    ends = [[(row, top) for top in (True, False) for row in _end(page, top)] for page in found]
    # A page with a line or two says nothing of what is around the text of others.
    full = [page for page, on_it in zip(ends, found, strict=True) if len(on_it) > _FEW_ROWS]
    seen = Counter(place for page in full for place in {at for row, top in page for at in _places(row, top, large)})
    offsets = Counter(offset for number, page in enumerate(ends) for offset in _offsets(page, number))
    common = {offset for offset, count in offsets.items() if count >= least}
    kept = []
    for number, page in enumerate(pages):

        def is_furniture(row: list[Line], top: bool, number: int = number) -> bool:
            repeated = len(row) <= _MOST_PARTS and any(seen[at] >= least for at in _places(row, top, large))
            return repeated or _is_number(row, labels[number], number, common)

        gone = {id(one) for top in (True, False) for one in _outermost(found[number], top, is_furniture)}
        kept.append([one for one in page if id(one) not in gone])
    return kept


def usual_size(lines: Iterable[Line]) -> float:
    """The size that the most letters have."""
    letters: Counter[float] = Counter()
    for line in lines:
        letters[round(line.size, 1)] += len(line.text)
    return max(letters, key=lambda size: (letters[size], size), default=1.0)


def _end(page: Sequence[list[Line]], top: bool) -> list[list[Line]]:
    """The rows at one end of a page, from the outermost on; of a page with few rows each belongs to the nearer end."""
    half = (len(page) + top) // 2
    ordered = page if top else page[::-1]
    return list(ordered[: min(_ROWS, half)])


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


def _offsets(page: Sequence[Edge], number: int) -> set[int]:
    """How far the numbers that stand alone in a row are from counting the pages."""
    found = (_NUMBERED.fullmatch(_text(row)) for row, _ in page)
    return {int(match["number"]) - number for match in found if match and match["number"].isdigit()}


def _outermost(page: Sequence[list[Line]], top: bool, is_furniture: Callable[[list[Line], bool], bool]) -> list[Line]:
    """The segments that are furniture at one end of a page: rows from the outermost on, up to the last one that white
    parts from what is next."""
    taken = list(takewhile(lambda row: is_furniture(row, top), _end(page, top)))
    ordered = page if top else page[::-1]
    while taken and len(taken) < len(page) and not _is_apart(taken[-1], ordered[len(taken)]):
        taken.pop()
    return [one for row in taken for one in row]


def _is_apart(row: Sequence[Line], inner: Sequence[Line]) -> bool:
    return abs(row[0].base - inner[0].base) >= _APART * max(one.size for one in (*row, *inner))


def _is_number(row: Sequence[Line], label: str, number: int, offsets: set[int]) -> bool:
    text = _text(row)
    match = _NUMBERED.fullmatch(text)
    if match is None:
        return False
    given = match["number"]
    if given.casefold() == label.casefold() or _COUNTED.fullmatch(text):
        return True
    return given.isdigit() and int(given) - number in offsets
