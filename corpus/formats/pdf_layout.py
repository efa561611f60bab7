"""From the runs of a page to its lines, in the order in which they are read.

Runs near each other on one base line make a segment. Where an upright strip of white parts segments that look like
prose on both sides, there are columns, and the left one is read before the right one; what lies across them is read
before or after both (compare Breuel, "Two geometric algorithms for layout analysis", 2002). Segments on one base line
that no such strip parts make a line; lines of several segments, one under the other and aligned, are a table's rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import regex

from corpus.formats.pdf_drawing import Run

CELL = " | "
"""Between the cells of a row, as in the tables of other formats."""

_SEGMENT_GAP = 0.9
_WORD_GAP = 0.13
_CELL_GAP = 1.0
_GUTTER = 0.7
"""The least width of the white between two columns, in ems of the page's text."""
_COLUMN_LINES = 3
_PROSE_WIDTH = 0.6
_PROSE_WORDS = 2.5
_SCRIPT = 0.85
"""A run of less than so much of its neighbour's size may be a raised or a lowered one."""
_RAISED = 0.2

_ITEM = regex.compile(
    r"[•●▪■◦○‣⁃∙·*–—-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\[\d{1,3}\]|\d+(?:\.\d+)+\.?|\d{1,2}"
)
_LEADERS = regex.compile(r"\s*(?:\.\s?){5,}\s*")
"""The dots that lead from a heading to its page in a table of contents."""
_NOTE_MARK = regex.compile(r"\d{1,3}(?:[,–-]\d{1,3})*|[*†‡§]{1,3}")
_UNIT = regex.compile(r"(?:^|[\s\d(/])[kcdm]?m$|[\d)]$")
_SUPERSCRIPTS = str.maketrans("0123456789-–+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁺")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, or a row of a table (``cells`` above 1), in points as in ``Run``.

    ``limits`` are the left and the right end of the column that it stands in; ``body`` is where its text begins behind
    a number or a bullet.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    cells: int = 1
    body: float = 0
    limits: tuple[float, float] = (0, 0)
    column: int = 0
    turned: int = 0

    @property
    def width(self) -> float:
        """From end to end."""
        return self.right - self.left


def segments(runs: Sequence[Run]) -> list[Line]:
    """The segments that the runs make, from the top down, then from the left; turned ones behind all others."""
    found = []
    turns = sorted({run.turned for run in runs}, key=lambda turn: (turn != _main_turn(runs), turn))
    for turn in turns:
        found += _of_one_turn(_once([run for run in runs if run.turned == turn]), turn)
    return found


def in_order(found: Sequence[Line]) -> list[Line]:
    """The lines that a page's segments make, in the order in which they are read."""
    lines: list[Line] = []
    for turn in dict.fromkeys(line.turned for line in found):
        columns = _columns([line for line in found if line.turned == turn])
        lines += [line for column in columns for line in _lines(column)]
    numbers = {limits: number for number, limits in enumerate(dict.fromkeys((x.turned, x.limits) for x in lines))}
    return [replace(line, column=numbers[line.turned, line.limits]) for line in lines]


def rows(found: Iterable[Line]) -> list[list[Line]]:
    """Segments by base line, from the top down, each row from the left."""
    grouped: list[list[Line]] = []
    for segment in sorted(found, key=lambda one: (-one.base, one.left)):
        if grouped and abs(grouped[-1][0].base - segment.base) <= 0.3 * min(grouped[-1][0].size, segment.size):
            grouped[-1].append(segment)
        else:
            grouped.append([segment])
    return [sorted(row, key=lambda one: one.left) for row in grouped]


def _main_turn(runs: Sequence[Run]) -> int:
    """How the most letters are turned."""
    letters: dict[int, int] = {}
    for run in runs:
        letters[run.turned] = letters.get(run.turned, 0) + len(run.text)
    return max(letters, key=lambda turn: (letters[turn], -turn))


def _once(runs: Sequence[Run]) -> list[Run]:
    """Without the copies that are drawn over a run, a hair's breadth aside, to make it bold or give it a shadow."""
    places: dict[str, list[Run]] = {}
    kept = []
    for run in runs:
        same = places.setdefault(run.text, [])
        near = 0.15 * run.size
        if not any(abs(run.left - one.left) < near and abs(run.base - one.base) < near for one in same):
            same.append(run)
            kept.append(run)
    return kept


def _of_one_turn(runs: Sequence[Run], turn: int) -> list[Line]:
    """Segments: runs that follow one another on a base line, and small ones that are raised or lowered beside it."""
    bands: list[list[Run]] = []
    for run in sorted(runs, key=lambda one: (-one.base, one.left)):
        if bands and bands[-1][0].base - run.base <= 0.15 * min(bands[-1][0].size, run.size):
            bands[-1].append(run)
        else:
            bands.append([run])
    return [_segment(group, turn) for band in _with_scripts(bands) for group in _groups(band)]


def _with_scripts(bands: Sequence[list[Run]]) -> list[list[Run]]:
    """The bands with the raised and lowered runs in the band that they are raised or lowered beside."""
    found: list[list[Run]] = [[] for _ in bands]
    for number, band in enumerate(bands):
        near = [*range(max(number - 3, 0), number), *range(number + 1, min(number + 4, len(bands)))]
        for run in band:
            home = next((other for other in near if any(_is_beside(run, one) for one in bands[other])), number)
            found[home].append(run)
    return [band for band in found if band]


def _is_beside(small: Run, large: Run) -> bool:
    if small.size >= _SCRIPT * large.size or abs(small.base - large.base) >= 0.6 * large.size:
        return False
    return -0.3 * large.size < _gap(small, large) < 0.4 * large.size


def _gap(one: Run, other: Run) -> float:
    return max(other.left - one.right, one.left - other.right)


def _groups(band: Sequence[Run]) -> list[list[Run]]:
    groups: list[list[Run]] = []
    for run in sorted(band, key=lambda one: (one.left, one.right)):
        last = groups[-1][-1] if groups else None
        if last and run.left - max(one.right for one in groups[-1]) < _SEGMENT_GAP * max(run.size, last.size):
            groups[-1].append(run)
        else:
            groups.append([run])
    return groups


def _segment(runs: Sequence[Run], turn: int) -> Line:
    main = max(runs, key=lambda one: (one.size >= 0.8 * max(run.size for run in runs), len(one.text)))
    text = ""
    for before, run in zip([None, *runs], runs, strict=False):
        if before and _is_gap(before, run):
            text += " "
        text += _scripted(run, main, text)
    bold = sum(len(run.text) for run in runs if run.bold) > 0.6 * sum(len(run.text) for run in runs)
    left, right = min(run.left for run in runs), max(run.right for run in runs)
    text = _LEADERS.sub(" … ", " ".join(text.split()))
    return Line(text, left, right, main.base, main.size, bold, body=left, turned=turn)


def _is_gap(before: Run, run: Run) -> bool:
    return run.left - before.right > _WORD_GAP * min(before.size, run.size)


def _scripted(run: Run, main: Run, before: str) -> str:
    """A run's text; the raised mark of a note in brackets, other raised figures as such: ``said.[3]``, ``10⁶``."""
    text = run.text.strip()
    if run.size >= _SCRIPT * main.size or run.base - main.base < _RAISED * main.size:
        return run.text
    if not _NOTE_MARK.fullmatch(text):
        return run.text
    if _UNIT.search(before):
        return text.translate(_SUPERSCRIPTS)
    return f"[{text}]" if text[0].isdigit() else text


def _columns(found: Sequence[Line]) -> list[list[Line]]:
    """The segments column by column, in reading order."""
    strip = _gutter(found)
    if strip is None:
        return [list(found)] if found else []
    left_edge, right_edge, top, bottom = strip
    above = [one for one in found if one.base > top]
    inside = [one for one in found if bottom <= one.base <= top]
    left = [one for one in inside if one.right <= left_edge]
    right = [one for one in inside if one.left >= right_edge]
    beneath = _beneath(left, right)
    left = [one for one in left if one not in beneath]
    below = beneath + [one for one in found if one.base < bottom]
    return [column for part in (above, left, right, below) for column in _columns(part)]


def _beneath(left: Sequence[Line], right: Sequence[Line]) -> list[Line]:
    """What of the left column is rather beneath both: behind white, where both columns have ended."""
    end = min(one.base for one in right)
    em = median(one.size for one in right)
    upper = [one for one in left if one.base >= end - em]
    lower = [one for one in left if one.base < end - em]
    if not upper or not lower:
        return []
    last = min(one.base for one in upper)
    return lower if last - end < 2 * em and last - max(one.base for one in lower) > 1.8 * em else []


def _gutter(found: Sequence[Line]) -> tuple[float, float, float, float] | None:
    """The best strip of white that parts two columns of prose: its left and right edge, top and bottom."""
    if len(found) < 2 * _COLUMN_LINES:
        return None
    em = median(one.size for one in found)
    ordered = sorted(found, key=lambda one: (-one.base, one.left))
    best = None
    for edge in sorted({round(one.right / 2) * 2 + 1 for one in found}):
        for strip in _strips(ordered, edge, em):
            if best is None or strip[0] > best[0]:
                best = strip
    return best[1] if best else None


Strip = tuple[float, tuple[float, float, float, float]]


def _strips(ordered: Sequence[Line], edge: float, em: float) -> Iterable[Strip]:
    """Of what lies one under the other beside a strip at ``edge``, each run that is columns, with its height."""
    beside: list[Line] = []
    for one in [*ordered, None]:
        if one is not None and (one.right <= edge or one.left >= edge + _GUTTER * em):
            beside.append(one)
            continue
        strip = _strip(beside, edge, em)
        if strip:
            yield strip
        beside = []


def _strip(beside: Sequence[Line], edge: float, em: float) -> Strip | None:
    left = [one for one in beside if one.right <= edge]
    right = [one for one in beside if one.left > edge]
    if len(left) < _COLUMN_LINES or len(right) < _COLUMN_LINES or not (_is_prose(left) and _is_prose(right)):
        return None
    height = min(left[0].base, right[0].base) - max(left[-1].base, right[-1].base)
    if height < _COLUMN_LINES * 0.5 * em:
        return None
    top, bottom = max(one.base for one in beside), min(one.base for one in beside)
    right_edge = min(one.left for one in right)
    return height + min(right_edge - edge, 5 * em) / 10, (edge, right_edge, top, bottom)


def _is_prose(column: Sequence[Line]) -> bool:
    """Whether lines fill their column with words, as those of a table's column don't."""
    lines = rows(column)
    left, right = min(one.left for one in column), max(one.right for one in column)
    filled = [sum(one.width for one in row) >= _PROSE_WIDTH * (right - left) for row in lines]
    words = sum(len(one.text.split()) for one in column) / len(lines)
    return len(lines) >= _COLUMN_LINES and 2 * sum(filled) >= len(filled) and words >= _PROSE_WORDS


def _lines(column: Sequence[Line]) -> list[Line]:
    """The lines that a column's segments make."""
    limits = min(one.left for one in column), max(one.right for one in column)
    grouped = [_with_marks(row) for row in rows(column)]
    return [replace(_line(row, _is_row(grouped, number)), limits=limits) for number, row in enumerate(grouped)]


def _with_marks(row: Sequence[Line]) -> list[Line]:
    """With the bullet or the number in front of an item joined to it."""
    if len(row) == 2 and _ITEM.fullmatch(row[0].text) and row[1].left - row[0].right < 4 * row[1].size:
        first, rest = row
        return [replace(rest, text=f"{first.text} {rest.text}", left=first.left, body=rest.left)]
    return list(row)


def _is_row(grouped: Sequence[Sequence[Line]], number: int) -> bool:
    """Whether a line is a row of a table: it has cells, and so has the one above or below, aligned with them."""
    row = grouped[number]
    if len(row) < 2 or not all(_gap_between(one, other) for one, other in pairwise(row)):
        return False
    beside = [grouped[at] for at in (number - 1, number + 1) if 0 <= at < len(grouped)]
    return any(_aligned(row, other) for other in beside)


def _gap_between(one: Line, other: Line) -> bool:
    return other.left - one.right >= _CELL_GAP * min(one.size, other.size)


def _aligned(row: Sequence[Line], other: Sequence[Line]) -> bool:
    """Whether two rows have cells, of which at least two begin, end or are centred at the same places."""
    if len(other) < 2 or abs(row[0].base - other[0].base) > 4 * row[0].size:
        return False
    return sum(any(_same_place(one, two) for two in other) for one in row) >= 2


def _same_place(one: Line, two: Line) -> bool:
    near = 0.5 * one.size
    middle = abs(one.left + one.right - two.left - two.right) / 2
    return abs(one.left - two.left) < near or abs(one.right - two.right) < near or middle < near


def _line(row: Sequence[Line], is_row: bool) -> Line:
    main = max(row, key=lambda one: len(one.text))
    return replace(
        main,
        text=(CELL if is_row else " ").join(one.text for one in row),
        left=row[0].left,
        right=row[-1].right,
        body=row[0].body,
        bold=all(one.bold for one in row),
        cells=len(row) if is_row else 1,
    )
