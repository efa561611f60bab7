"""What a page of a PDF draws: runs of letters, and where they stand.

The operators are those of ISO 32000-2, 8.4 (graphics state), 8.10 (forms), 9.3 and 9.4 (text) and 14.6 (marked
content). Text outside the page's crop box, drawn askew (watermarks), or marked as a running head or foot isn't a part
of what somebody wrote, and goes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from pypdf import PageObject
from pypdf.generic import ContentStream, DictionaryObject, StreamObject

from corpus.errors import UnreadableArticle
from corpus.formats.pdf_fonts import Font, resource

MAX_CONTENT_BYTES = 300 * 2**20
"""The most that the content of all pages may come to; the longest books have a tenth of it."""

MAX_FORMS = 5000
"""So many forms are drawn on a page; forms within forms could otherwise be drawn without end."""

MAX_DEPTH = 20
MAX_STATES = 10_000

_WORD_GAP = 0.15
"""A gap of so many ems is a space, where the font's own isn't narrower."""
_RUN_GAP = 0.9
"""Behind a gap of so many ems another run begins: it may be another column."""
_ASKEW = 5
_FURNITURE = ("/Pagination", "/Background")

Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)


class Run(NamedTuple):
    """Letters that are drawn in one go: from ``left`` to ``right`` on the base line at ``base``, which counts upwards,
    in points; ``turned`` by so many quarters of a circle, and then measured on the page turned upright."""

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    turned: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page: its runs in the order in which they are drawn, its size as it is shown, and how many images it has."""

    runs: tuple[Run, ...]
    width: float
    height: float
    images: int


def times(one: Matrix, other: Matrix) -> Matrix:
    """The transformation that is ``one`` first, then the ``other``."""
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


class Drawing:
    """Draws pages of one PDF; keeps its fonts, and how much was drawn."""

    def __init__(self) -> None:
        self._fonts: dict[object, Font] = {}
        self._bytes = 0

    def page(self, page: PageObject) -> Drawn:
        """What a page draws. Raises ``UnreadableArticle`` for what is drawn without end, and what pypdf does."""
        upright, width, height = _upright(page)
        content = page.get("/Contents")
        content = content.get_object() if content is not None else None
        painter = _Painter(self, width, height)
        if content is not None:
            painter.draw(ContentStream(content, page.pdf, "bytes"), _resources(page), upright, 0)
        return Drawn(tuple(painter.runs), width, height, painter.images)

    def count(self, size: int) -> None:
        """Counts content that is drawn."""
        self._bytes += size
        if self._bytes > MAX_CONTENT_BYTES:
            raise UnreadableArticle(f"its pages unpack to more than {MAX_CONTENT_BYTES // 2**20} MiB; split it")

    def font(self, resources: DictionaryObject, name: Any) -> Font | None:
        """The font of that name, if it is there."""
        described = resource(resources, "/Font", name)
        if described is None:
            return None
        reference = getattr(described, "indirect_reference", None)
        key = id(described) if reference is None else (reference.idnum, reference.generation)
        if key not in self._fonts:
            self._fonts[key] = Font.read(described)
        return self._fonts[key]


def _resources(page: DictionaryObject) -> DictionaryObject:
    found = page.get("/Resources")
    found = found.get_object() if found is not None else None
    return found if isinstance(found, DictionaryObject) else DictionaryObject()


def _upright(page: PageObject) -> tuple[Matrix, float, float]:
    """What turns the page as it is shown, with the corner of its crop box at 0, and its width and height then."""
    box = page.cropbox
    left, bottom, right, top = (float(value) for value in (box.left, box.bottom, box.right, box.top))
    width, height = right - left, top - bottom
    match page.rotation % 360:
        case 90:
            return (0, -1, 1, 0, -bottom, right), height, width
        case 180:
            return (-1, 0, 0, -1, right, top), width, height
        case 270:
            return (0, 1, -1, 0, top, -left), height, width
        case _:
            return (1, 0, 0, 1, -left, -bottom), width, height


@dataclass(slots=True)
class _State:
    """The graphics state, as far as text depends on it."""

    matrix: Matrix
    font: Font | None = None
    size: float = 0
    spacing: float = 0
    word_spacing: float = 0
    stretch: float = 1
    leading: float = 0
    rise: float = 0


@dataclass(slots=True)
class _Marked:
    """Marked content: whether it is furniture, and the text that stands for it until that was given out."""

    furniture: bool = False
    stands_for: str | None = None


@dataclass(slots=True)
class _Pen:
    """Where in a stream the text is."""

    text: Matrix = _IDENTITY
    line: Matrix = _IDENTITY
    states: list[_State] = field(default_factory=list)
    marks: list[_Marked] = field(default_factory=list)


class _Painter:
    def __init__(self, drawing: Drawing, width: float, height: float) -> None:
        self._drawing, self._width, self._height = drawing, width, height
        self._forms = 0
        self.runs: list[Run] = []
        self.images = 0

    def draw(self, content: ContentStream, resources: DictionaryObject, matrix: Matrix, depth: int) -> None:
        """Goes through a stream's operators, each of which changes the state or shows text."""
        self._drawing.count(len(content.get_data()))
        state, pen = _State(matrix), _Pen()
        for operands, operator in content.operations:
            match operator:
                case b"q" if len(pen.states) < MAX_STATES:
                    pen.states.append(replace(state))
                case b"Q" if pen.states:
                    state = pen.states.pop()
                case b"BDC" | b"BMC":
                    pen.marks.append(_mark(operator, operands, resources))
                case b"EMC" if pen.marks:
                    pen.marks.pop()
                case b"Tf" if len(operands) > 1:
                    state.font, state.size = self._drawing.font(resources, operands[0]), _number(operands[1])
                case b"Do" if operands:
                    self._do(operands[0], resources, state, pen, depth)
                case b"INLINE IMAGE" | b"BI":
                    self.images += 1
                case _:
                    self._text(operator, operands, state, pen)

    def _do(self, name: Any, resources: DictionaryObject, state: _State, pen: _Pen, depth: int) -> None:
        painted = resource(resources, "/XObject", name)
        if not isinstance(painted, StreamObject):
            return
        if painted.get("/Subtype") == "/Image":
            self.images += 1
            return
        self._forms += 1
        if depth >= MAX_DEPTH or self._forms > MAX_FORMS:
            raise UnreadableArticle("a PDF that loops: forms that are drawn within forms without end; print it anew")
        if any(mark.furniture for mark in pen.marks):
            return
        matrix = painted.get("/Matrix")
        numbers = [float(number) for number in matrix] if matrix is not None else []
        own: Matrix = tuple(numbers) if len(numbers) == 6 else _IDENTITY  # type: ignore[assignment]
        inner = _resources(painted) if "/Resources" in painted else resources
        self.draw(ContentStream(painted, None, "bytes"), inner, times(own, state.matrix), depth + 1)

    def _text(self, operator: bytes, operands: list[Any], state: _State, pen: _Pen) -> None:
        if operator in _SHOWING:
            if operator in (b"'", b'"'):
                _move(pen, 0, -state.leading)
            if operator == b'"' and len(operands) > 2:
                state.word_spacing, state.spacing = _number(operands[0]), _number(operands[1])
            if operands:
                self._show(operands[-1], state, pen)
        elif operator in _MEASURES:
            _set(operator, [_number(operand) for operand in operands], state)
        else:
            _place(operator, [_number(operand) for operand in operands if isinstance(operand, int | float)], state, pen)

    def _show(self, shown: Any, state: _State, pen: _Pen) -> None:
        """Shows a string, or strings and the gaps between them, as runs."""
        if state.font is None:
            return
        parts = [part for part in (shown if isinstance(shown, list) else [shown]) if not isinstance(part, str)]
        advance, pieces = 0.0, list[tuple[str, float, float]]()
        for part in parts:
            if isinstance(part, bytes):
                text, width = _measured(part, state)
                pieces.append((text, advance, advance + width))
                advance += width
            else:
                advance -= _number(part) / 1000 * state.size * state.stretch
        self._put(pieces, state, pen)
        pen.text = times((1, 0, 0, 1, advance, 0), pen.text)

    def _put(self, pieces: list[tuple[str, float, float]], state: _State, pen: _Pen) -> None:
        whole = next((mark for mark in reversed(pen.marks) if mark.stands_for is not None), None)
        if whole and pieces:
            text, whole.stands_for = whole.stands_for or "", ""
            pieces = [(text, pieces[0][1], pieces[-1][2])]
        if any(mark.furniture for mark in pen.marks):
            return
        matrix = times(pen.text, state.matrix)
        for text, left, right in _joined(pieces, state):
            run = _placed(text, left, right, state, matrix)
            if run and self._is_on_page(run):
                self.runs.append(run)

    def _is_on_page(self, run: Run) -> bool:
        x, y = _turned(run.left, run.base, -run.turned)
        end_x, end_y = _turned(run.right, run.base, -run.turned)
        across, along = max(x, end_x) > 0 and min(x, end_x) < self._width, max(y, end_y) > 0
        return across and along and min(y, end_y) < self._height


_SHOWING = {b"Tj", b"TJ", b"'", b'"'}
_MEASURES = {b"Tc", b"Tw", b"TL", b"Ts", b"Tz"}


def _set(operator: bytes, numbers: list[float], state: _State) -> None:
    """Sets what the text will be shown like."""
    match operator, numbers:
        case b"Tc", [spacing]:
            state.spacing = spacing
        case b"Tw", [spacing]:
            state.word_spacing = spacing
        case b"TL", [leading]:
            state.leading = leading
        case b"Ts", [rise]:
            state.rise = rise
        case b"Tz", [percent]:
            state.stretch = percent / 100


def _place(operator: bytes, numbers: list[float], state: _State, pen: _Pen) -> None:
    """Sets where things will be shown."""
    match operator, numbers:
        case b"cm", [a, b, c, d, e, f]:
            state.matrix = times((a, b, c, d, e, f), state.matrix)
        case b"BT", _:
            pen.text = pen.line = _IDENTITY
        case b"Tm", [a, b, c, d, e, f]:
            pen.text = pen.line = (a, b, c, d, e, f)
        case b"Td", [x, y]:
            _move(pen, x, y)
        case b"TD", [x, y]:
            state.leading = -y
            _move(pen, x, y)
        case b"T*", _:
            _move(pen, 0, -state.leading)


def _number(operand: Any) -> float:
    return float(operand) if isinstance(operand, int | float) and math.isfinite(operand) else 0.0


def _move(pen: _Pen, x: float, y: float) -> None:
    pen.text = pen.line = times((1, 0, 0, 1, x, y), pen.line)


def _mark(operator: bytes, operands: list[Any], resources: DictionaryObject) -> _Marked:
    if operator == b"BMC" or len(operands) < 2:
        return _Marked()
    tag, properties = operands[0], operands[1]
    if not isinstance(properties, DictionaryObject):
        properties = resource(resources, "/Properties", properties) or DictionaryObject()
    text = properties.get("/ActualText")
    if isinstance(text, bytes):  # content is read with its strings as bytes
        text = text.decode("utf-16" if text[:2] in (b"\xfe\xff", b"\xff\xfe") else "latin-1", "replace")
    furniture = tag == "/Artifact" and properties.get("/Type") in _FURNITURE
    return _Marked(furniture, str(text) if text is not None else None)


def _measured(string: bytes, state: _State) -> tuple[str, float]:
    """What a string says, and how far it goes, in the units of the text."""
    letters, width = [], 0.0
    for text, ems, is_space in state.font.glyphs(string):  # type: ignore[union-attr]
        letters.append(text)
        width += ems * state.size + state.spacing + (state.word_spacing if is_space else 0)
    return "".join(letters), width * state.stretch


def _joined(pieces: list[tuple[str, float, float]], state: _State) -> Iterator[tuple[str, float, float]]:
    """Pieces of a line, those that are near each other as one, with a space where there is a gap for it."""
    em = abs(state.size * state.stretch) or 1
    least = min(_WORD_GAP, 0.6 * (state.font.space if state.font else 1) or _WORD_GAP) * em
    text, left, right = "", 0.0, 0.0
    for piece, start, end in pieces:
        gap = start - right
        if text and not -0.5 * em < gap < _RUN_GAP * em:
            yield text, left, right
            text = ""
        if not text:
            text, left = piece, start
        else:
            text += (" " if gap > least and not text.endswith(" ") and not piece.startswith(" ") else "") + piece
        right = end
    if text:
        yield text, left, right


def _placed(text: str, left: float, right: float, state: _State, matrix: Matrix) -> Run | None:
    """A run on the page; ``None`` for one that is blank, has no size, or is askew."""
    a, b, c, d, _, _ = matrix
    angle, size = math.degrees(math.atan2(b, a)), abs(state.size) * math.hypot(c, d)
    quarters = round(angle / 90)
    if not text.strip() or size < 0.1 or abs(angle - 90 * quarters) > _ASKEW:
        return None
    x, y = _on_page(left, state.rise, matrix)
    end, end_y = _on_page(right, state.rise, matrix)
    start, base = _turned(x, y, quarters)
    stop, _ = _turned(end, end_y, quarters)
    bold = state.font.bold if state.font else False
    return Run(text, min(start, stop), max(start, stop), base, size, bold, quarters % 4)


def _on_page(x: float, y: float, matrix: Matrix) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _turned(x: float, y: float, quarters: int) -> tuple[float, float]:
    """A place on the page after this was turned back by so many quarters."""
    match quarters % 4:
        case 1:
            return y, -x
        case 2:
            return -x, -y
        case 3:
            return -y, x
        case _:
            return x, y
