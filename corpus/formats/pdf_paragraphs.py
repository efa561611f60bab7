"""From the lines of a PDF's pages to its canonical text and the span of each page.

A line begins a paragraph if it stands apart from the one before, is indented, has other letters, begins with a bullet
or a number, or if its first word would have had room behind the line before. A paragraph that is not at its end where a
column or a page ends goes on with the next; footnotes and captions at the end of the page then go before it, so that
they stay on their page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from statistics import median
from unicodedata import category, is_normalized

import regex

from corpus.article import Page
from corpus.cleaning import clean
from corpus.formats.pdf_furniture import usual_size
from corpus.formats.pdf_layout import Line
from corpus.formats.pdf_words import Vocabulary

_INDENT = 0.8
_APART = 1.3
"""A gap of so many times the usual distance of lines parts paragraphs."""
_OTHER_SIZE = 0.07
_LARGE = 1.08
_SMALL = 0.93
_LETTER = 0.5
"""How wide a letter is on average, in ems."""
_ENOUGH_LINES = 4
_DOUBLE = 2.5
_LINES_APART = 1.2
"""How far lines are apart where too few tell, in ems."""

_ENDED = regex.compile(r"[.!?…:;。！？।۔؟][\"'”’»)\]]*(?:\[\d+\])*$")
_ITEM = regex.compile(r"(?:[•●▪■◦○‣⁃∙·–—*-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)]|\[\d{1,3}\])\s+\S")
_CAPTION = regex.compile(r"(?:fig(?:ure|\.)|table|chart|map|source|note)s?\b", regex.I)
_CONTENTS = regex.compile(r" … \w{1,6}$")
_PARTED = regex.compile(r"[\p{L}\d][-‐\u00ad]$")
_LOWER = regex.compile(r"[\"'“‘«(\[]*\p{Ll}")


@dataclass(slots=True)
class _Block:
    """Lines that are one paragraph, heading, item or table, with the page of each; notes and captions are ``aside``."""

    lines: list[tuple[int, Line]] = field(default_factory=list)
    separate: str = "\n\n"
    aside: bool = False

    @property
    def first(self) -> Line:
        return self.lines[0][1]

    @property
    def last(self) -> Line:
        return self.lines[-1][1]

    @property
    def is_table(self) -> bool:
        return self.first.cells > 1


@dataclass(frozen=True, slots=True)
class _Usual:
    """What is usual in a document: the size of its letters, the distance of its lines in ems, and whether its
    paragraphs are indented."""

    size: float
    leading: float
    indented: bool


def compose(pages: Sequence[Sequence[Line]], labels: Sequence[str]) -> tuple[str, tuple[Page, ...]]:
    """The canonical text, and where in it each page is."""
    usual = _usual(pages)
    words = Vocabulary(line.text for lines in pages for line in lines)
    blocks: list[_Block] = []
    for number, lines in enumerate(pages):
        _append(blocks, _page_blocks(number, lines, usual), usual)
    return _written(blocks, words, labels)


def heading(lines: Sequence[Line], usual: float) -> str | None:
    """The largest letters of a page, if they are clearly larger than all else there and than the usual size."""
    upright = [line for line in lines if not line.turned and sum(map(str.isalpha, line.text)) > 1]
    largest = max((line.size for line in upright), default=0)
    if largest < 1.2 * usual:
        return None
    chosen = [line for line in upright if line.size > 0.97 * largest]
    first = upright.index(chosen[0])
    together = upright[first : first + len(chosen)] == chosen
    text = " ".join(line.text for line in chosen)
    return text if together and len(text) <= 300 and sum(map(str.isalpha, text)) > 3 else None


def _usual(pages: Sequence[Sequence[Line]]) -> _Usual:
    size = usual_size(line for lines in pages for line in lines)
    pairs = [
        (one, two)
        for lines in pages
        for one, two in pairwise(lines)
        if one.column == two.column
        and abs(one.size - size) < 0.5
        and abs(two.size - size) < 0.5
        and one.base > two.base
    ]
    steps = sorted((one.base - two.base) / size for one, two in pairs)
    leading = median(steps[: len(steps) * 4 // 5]) if len(steps) >= _ENOUGH_LINES else _LINES_APART
    leading = min(max(leading, 0.9), _DOUBLE)
    starts = [two for one, two in pairs if _is_indented(two) and one.base - two.base < _APART * leading * size]
    return _Usual(size, leading, len(starts) >= 2 and 3 * len(starts) <= len(pairs))


def _is_indented(line: Line) -> bool:
    return _INDENT * line.size < line.left - line.limits[0] < 5 * line.size


def _page_blocks(number: int, lines: Sequence[Line], usual: _Usual) -> list[_Block]:
    """The blocks of a page: those of the text in order, then what is aside."""
    text: list[_Block] = []
    aside: list[_Block] = []
    for _, group in groupby(lines, key=lambda line: line.column):
        column = list(group)
        notes = _notes(column, usual)
        _append(text, _column_blocks(number, column[: len(column) - notes], usual), usual)
        aside += _column_blocks(number, column[len(column) - notes :], usual)
    turned = [block for block in text if block.first.turned != lines[0].turned] if lines else []
    text = [block for block in text if block not in turned]
    for block in (*aside, *turned):
        block.aside = True
    return text + aside + turned


def _notes(column: Sequence[Line], usual: _Usual) -> int:
    """How many lines at the foot of a column are in small letters, beneath text that isn't."""
    small = [line.size <= _SMALL * usual.size for line in reversed(column)]
    return 0 if all(small) else small.index(False)


def _column_blocks(number: int, column: Sequence[Line], usual: _Usual) -> list[_Block]:
    blocks: list[_Block] = []
    if not column:
        return blocks
    hanging = _is_hanging(column)
    right = _right_ends(column, usual)
    for at, line in enumerate(column):
        before = column[at - 1] if at else None
        if before is None or _is_apart(before, line, usual):
            listed = before and _is_item(blocks[-1].first) and _is_item(line) and before.size == line.size
            blocks.append(_Block([(number, line)], "\n" if listed else "\n\n"))
        elif line.cells > 1 and before.cells > 1:
            blocks[-1].lines.append((number, line))
        elif line.cells > 1 or before.cells > 1 or _begins(blocks[-1], before, line, hanging):
            blocks.append(_Block([(number, line)]))
        elif not hanging and _is_next_item(blocks[-1], before, line, right[at - 1]):
            blocks.append(_Block([(number, line)], "\n" if _is_item(blocks[-1].first) else "\n\n"))
        elif _CONTENTS.search(before.text) and _CONTENTS.search(line.text):
            blocks.append(_Block([(number, line)], "\n"))
        elif _had_room(before, line, right[at - 1]) and not _is_heading(before, usual):
            blocks.append(_Block([(number, line)], "\n\n" if _ENDED.search(before.text) else "\n"))
        else:
            blocks[-1].lines.append((number, line))
    return blocks


def _is_apart(before: Line, line: Line, usual: _Usual) -> bool:
    """Whether white space or other letters part two lines."""
    larger = max(before.size, line.size)
    if abs(before.size - line.size) > _OTHER_SIZE * larger or before.bold != line.bold:
        return before.cells == line.cells == 1 or before.base - line.base > 2 * usual.leading * larger
    step = (before.base - line.base) / larger
    if before.cells > 1 and line.cells > 1:
        return step > 2.5 * usual.leading
    return not 0 <= step < _APART * max(usual.leading, 1.0)


def _begins(block: _Block, before: Line, line: Line, hanging: bool) -> bool:
    """Whether a line begins a paragraph by how it is indented."""
    shift = line.left - before.left
    if hanging:
        return shift < -_INDENT * line.size
    if _is_item(block.first):
        return line.left < block.first.left - _INDENT * line.size
    if _is_item(line):
        return False
    # The second line of a paragraph whose first is indented stands further left as well.
    if shift < -_INDENT * line.size and len(block.lines) > 1:
        return not _is_centred(before, line)
    return shift > _INDENT * line.size and not _is_centred(before, line)


def _is_centred(before: Line, line: Line) -> bool:
    return (
        abs(before.left + before.right - line.left - line.right) < 0.6 * line.size
        and before.limits[0] + line.size < before.left
    )


def _is_item(line: Line) -> bool:
    return bool(_ITEM.match(line.text))


def _is_next_item(block: _Block, before: Line, line: Line, right: float) -> bool:
    """Whether a line begins an item: a number or a dash may as well stand there by chance, within a sentence."""
    beginning = _is_item(block.first) or _ENDED.search(before.text) or _had_room(before, line, right)
    return bool(_is_item(line) and beginning)


def _is_heading(line: Line, usual: _Usual) -> bool:
    return line.size > _LARGE * usual.size


def _is_hanging(column: Sequence[Line]) -> bool:
    """Whether what stands out to the left are first lines, as in a bibliography, and not what follows one that is
    indented: single lines, that is, of which one is at the top."""
    left = min(line.left for line in column)
    out = [line.left - left < 0.5 * line.size for line in column]
    indented = [line.left for line, is_out in zip(column, out, strict=True) if not is_out]
    if not out[0] or len(indented) < 2 or max(indented) - min(indented) > 0.5 * column[0].size:
        return False
    lengths = [len(list(run)) for is_out, run in groupby(out) if is_out]
    return len(lengths) > 1 and sum(lengths) < 1.5 * len(lengths)


def _right_ends(column: Sequence[Line], usual: _Usual) -> list[float]:
    """For each line, how far right the lines around it go: those of its paragraphs, not of narrower or wider ones."""
    ends: list[float] = []
    group: list[Line] = []
    for line in column:
        if group and _is_apart(group[-1], line, usual):
            ends += _reach(group, column)
            group = []
        group.append(line)
    return ends + _reach(group, column)


def _reach(group: Sequence[Line], column: Sequence[Line]) -> list[float]:
    return [max((line.right for line in group), default=0.0)] * len(group)


def _had_room(before: Line, line: Line, right: float) -> bool:
    """Whether the first word of a line would have had room behind the line before, so that the break is meant."""
    going = bool(_LOWER.match(line.text)) and not _ENDED.search(before.text)
    if _PARTED.search(before.text) or (going and before.right - before.left > 0.5 * (right - before.left)):
        return False
    word = len(line.text.split(" ", 1)[0])
    letter = line.width / max(len(line.text), 1) or _LETTER * line.size
    return before.right + (word + 1.5) * letter < right


def _append(blocks: list[_Block], more: Iterable[_Block], usual: _Usual) -> None:
    """Adds the blocks of the next column or page, of which the first may go on with what there is."""
    added = list(more)
    at = len(blocks)
    while at and blocks[at - 1].aside:
        at -= 1
    head = next((n for n, block in enumerate(added[:3]) if not _is_caption(block, usual)), None)
    if at and head is not None and _goes_on(blocks[at - 1], added[head], usual):
        going = blocks.pop(at - 1)
        going.lines += added.pop(head).lines
        # What is aside stays on its page, before the paragraph that leaves it.
        blocks.append(going)
    blocks += added


def _is_caption(block: _Block, usual: _Usual) -> bool:
    return block.aside or block.is_table or (bool(_CAPTION.match(block.first.text)) and block.first.size < usual.size)


def _goes_on(before: _Block, behind: _Block, usual: _Usual) -> bool:
    """Whether a block at the top of a column or page is the rest of the one at the end of that before."""
    one, two = before.last, behind.first
    if before.aside or behind.aside or abs(one.size - two.size) > _OTHER_SIZE * one.size or one.bold != two.bold:
        return False
    if one.cells > 1 or two.cells > 1:
        return False
    if _is_item(two) or one.turned != two.turned:
        return False
    if _is_heading(one, usual):
        # The second line of a headline above two columns may be so short that it is above only one.
        return before.lines[-1][0] == behind.lines[0][0] and 0 < one.base - two.base < 1.5 * one.size
    rest = one.limits[1] - one.right
    if not _ENDED.search(one.text):
        full = rest < 2.5 * one.size or one.text.endswith(("-", "‐", "\u00ad"))
        return bool(_LOWER.match(two.text)) or (full and not _is_indented(two) and len(behind.lines) > 1)
    # A sentence ends with the page, and maybe a paragraph: hardly if the line is full, and the next isn't indented.
    full = rest < (2.5 if usual.indented else 0.3) * one.size
    return full and not _is_indented(two) and len(before.lines) > 1


def _written(blocks: Sequence[_Block], words: Vocabulary, labels: Sequence[str]) -> tuple[str, tuple[Page, ...]]:
    """The text of the blocks; where a page begins is where its first line does."""
    parts: list[str] = []
    starts: dict[int, int] = {}
    length = 0
    for block in blocks:
        paragraph = _Paragraph(words)
        for number, line in block.lines:
            paragraph.add(line, number)
        if not paragraph.length:
            continue
        separate = block.separate if parts else ""
        length += len(separate)
        for number, start in paragraph.starts.items():
            starts.setdefault(number, length + start)
        parts += [separate, paragraph.text]
        length += paragraph.length
    return "".join(parts), tuple(_pages(starts, length, labels))


class _Paragraph:
    """A paragraph as it grows line by line, and where in it each page begins. It is canonical, as its lines are."""

    def __init__(self, words: Vocabulary) -> None:
        self._words = words
        self._parts: list[str] = []
        self._soft = False
        self.length = 0
        self.starts: dict[int, int] = {}

    @property
    def text(self) -> str:
        """All lines."""
        return "".join(self._parts)

    def add(self, line: Line, page: int) -> None:
        """Adds a line that stands on a page."""
        added = " ".join(clean(line.text).split())
        if not added:
            return
        if self._parts:
            last = self._parts.pop()
            joined = self._joined(last, added, line.cells > 1)
            self._parts.append(joined[: len(joined) - len(added)])
            self.length += len(self._parts[-1]) - len(last)
        self.starts.setdefault(page, self.length)
        self._parts.append(added)
        self.length += len(added)
        self._soft = line.text.rstrip().endswith("\u00ad")

    def _joined(self, last: str, added: str, is_row: bool) -> str:
        if is_row:
            return f"{last}\n{added}"
        if category(added[0])[0] == "M" or not is_normalized("NFC", last[-1] + added[0]):
            # Put right behind it, it would become one with the letter that the line before ends with.
            return f"{last} {added}"
        return last + added if self._soft else self._words.joined(last, added)


def _pages(starts: dict[int, int], end: int, labels: Sequence[str]) -> Iterator[Page]:
    """The pages; one without text is empty, and stands where the next begins."""
    begins: list[int] = []
    following = end
    for number in reversed(range(len(labels))):
        following = min(starts.get(number, following), following)
        begins.append(following)
    begins = [*reversed(begins), end]
    if starts:
        first = min(starts)
        begins[: first + 1] = [0] * (first + 1)
    for number, label in enumerate(labels):
        yield Page(number + 1, label, begins[number], begins[number + 1])
