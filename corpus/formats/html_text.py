"""A tree of HTML as plain text, in the style of ``corpus.markdown``: the words that a reader of the page sees.

The text comes in blocks. A block is a paragraph; those of one group (the items of a list, the rows of a table) are
lines that follow one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

import regex
from lxml import etree

Element = Any
"""An element of a tree of ``lxml``."""

Kind = Literal["heading", "paragraph", "item", "row", "caption", "preformatted"]

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")

# What is drawn, played, filled in or run has no text of the article. The children of these are shown only by a browser
# that can't do the thing itself.
_NOT_TEXT = """
    script style noscript template head title link meta svg canvas iframe frame frameset noframes object embed applet
    audio video map select textarea button datalist option optgroup progress meter dialog rp annotation annotation-xml
"""
INVISIBLE = frozenset(_NOT_TEXT.split())

_WITHIN_LINES = """
    a abbr acronym b bdi bdo big blink br cite code data del dfn em font i img input ins kbd label mark math nobr q rb
    rt rtc ruby s samp slot small span strike strong sub sup time tt u var wbr mi mo mn mrow msup msub mfrac mtext
    semantics output picture source area
"""
_INLINE = frozenset(_WITHIN_LINES.split())
_PHRASING = frozenset({"p", "li", "td", "th", "dt", "dd", "figcaption", "caption", "summary", *HEADINGS})
"""Blocks in which an unknown element is inline, as in the middle of a sentence."""

_LISTS = frozenset({"ul", "ol", "menu", "dir", "dl"})
_PREFORMATTED = frozenset({"pre", "listing", "xmp", "plaintext"})
_CAPTIONS = frozenset({"figcaption", "caption"})
_OUTER = frozenset({"body", "main", "article", "section", "figure", "blockquote", "li", "td", "th"})
"""What around a block says nothing of its kind."""
_BLOCKS_IN_CELLS = ("p", "div", "table", "blockquote", "article", "section", "form", *HEADINGS)

_DRAWN = regex.compile(r"emoji|smiley|math|latex|\btex\b", regex.I)
"""Classes of the pictures that stand for characters; the description of all others is left out."""

_LONGEST_CELL = 400
"""In code points: what has more in a cell is laid out by its table."""

_LINK, _LINK_END = "\x0e", "\x0f"
"""Put around links while a block is collected; no text has these, and canonical text can't have them."""

_WHITE_SPACE = regex.compile(r"[ \t\n\r\f\v]+")
_AROUND_LINE_ENDS = regex.compile(r"[ \t]*\n[ \t]*")
_BLANK_LINES = regex.compile(r"\n{2,}")
_LINKED = regex.compile(_LINK + "([^" + _LINK_END + "]*)")
_LINK_MARKS = regex.compile(f"[{_LINK}{_LINK_END}]")

Without = Callable[[Element], bool]
"""Which elements to leave out, with all that is in them."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or one of the lines of a group; not canonical yet.

    ``element`` is where it begins, ``level`` that of a heading, else 0, ``linked`` how many code points are links.
    """

    text: str
    kind: Kind
    element: Element
    level: int = 0
    linked: int = 0
    group: Element | None = None


def text_of(blocks: Iterable[Block]) -> str:
    """The text of blocks one below the other; not canonical yet."""
    following = list(blocks)
    pieces = [block.text for block in following[:1]]
    for before, block in pairwise(following):
        together = block.group is not None and block.group is before.group
        pieces += ["\n" if together else "\n\n", block.text]
    return "".join(pieces)


def blocks_of(root: Element, without: Without = lambda element: False) -> list[Block]:
    """The blocks in an element, in order."""
    renderer = _Renderer(root, without)
    renderer.walk()
    return renderer.blocks


@dataclass
class _List:
    """A list that is being walked through; ``outermost`` is the one that its lines are a group of."""

    element: Element
    outermost: Element
    number: int

    def marker(self, item: Element) -> str:
        """What stands in front of the next item."""
        if name_of(self.element) == "dl":
            return ""
        if name_of(self.element) != "ol":
            return "- "
        self.number = _number(item.get("value"), self.number + 1)
        return f"{self.number}. "


class _Renderer:
    """Walks over a tree without recursion, because broken pages nest hundreds deep."""

    def __init__(self, root: Element, without: Without) -> None:
        self.blocks: list[Block] = []
        self._root, self._without = root, without
        self._pieces: list[str] = []
        self._in_links = self._in_preformatted = 0
        self._lists: list[_List] = []
        self._marker = ""
        self._start: Element = root

    def walk(self) -> None:
        steps = etree.iterwalk(self._root, events=("start", "end"))
        skipped: Element = None
        for event, element in steps:
            if event == "start":
                if self._opened(element):
                    continue
                steps.skip_subtree()
                skipped = element
            elif element is skipped:
                skipped = None
                self._tail(element)
            else:
                self._close(name_of(element), element)
                self._tail(element)
        self._flush()

    def _opened(self, element: Element) -> bool:
        """Whether the element is walked through; else it is left out, or is done."""
        name = name_of(element)
        if element is not self._root and (name in INVISIBLE or self._without(element)):
            return False
        if name == "table" and is_data(element):
            self._rows(element)
            return False
        self._open(name, element)
        self._say(element.text)
        return True

    def _tail(self, element: Element) -> None:
        if element is not self._root:
            self._say(element.tail)

    def _open(self, name: str, element: Element) -> None:
        if name in _OPENING:
            self._pieces.append(_OPENING[name])
        elif name == "img":
            self._say(_drawn(element))
        if name == "a" and not _is_place(element):
            self._pieces.append(_LINK)
            self._in_links += 1
        if not _is_inline(name, element):
            self._break(element)
        if name in _LISTS:
            outermost = self._lists[0].outermost if self._lists else element
            self._lists.append(_List(element, outermost, _number(element.get("start"), 1) - 1))
        elif name == "li":
            self._marker = self._lists[-1].marker(element) if self._lists else "- "
        elif name in _PREFORMATTED:
            self._in_preformatted += 1

    def _close(self, name: str, element: Element) -> None:
        if name in _CLOSING:
            self._pieces.append(_CLOSING[name])
        if name == "a" and not _is_place(element):
            self._pieces.append(_LINK_END)
            self._in_links -= 1
        if not _is_inline(name, element):
            self._break(element.getparent())
        if name in _LISTS:
            self._lists.pop()
        elif name == "li":
            self._marker = ""
        elif name in _PREFORMATTED:
            self._in_preformatted -= 1

    def _say(self, text: str | None) -> None:
        if text:
            self._pieces.append(text if self._in_preformatted else _WHITE_SPACE.sub(" ", text))

    def _break(self, start: Element) -> None:
        """Ends a block; the next one begins in ``start``."""
        self._flush()
        self._start = start

    def _rows(self, table: Element) -> None:
        """The rows of a table of data, each a line. It holds no other table, so that this goes one level deep."""
        self._break(table)
        for row in table.iter("caption", "tr"):
            cells = [row] if row.tag == "caption" else row.iterchildren("td", "th")
            shown = [self._cell(cell) for cell in cells if not self._without(cell)]
            text = " | ".join(text for text, _ in shown)
            if text.strip(" |"):
                linked, is_row = sum(linked for _, linked in shown), row.tag == "tr"
                self._add(text, "row" if is_row else "caption", row, linked=linked, group=table if is_row else None)

    def _cell(self, cell: Element) -> tuple[str, int]:
        """The text of a cell on one line, and how much of it is links."""
        if len(cell) == 0:
            return _one_line(cell.text or ""), 0
        blocks = blocks_of(cell, self._without)
        return _one_line(" ".join(block.text for block in blocks)), sum(block.linked for block in blocks)

    def _flush(self) -> None:
        text = _AROUND_LINE_ENDS.sub("\n", "".join(self._pieces)).strip(" \n")
        self._pieces = [_LINK] if self._in_links else []
        if not _LINK_MARKS.sub("", text).strip():
            return
        kind, level = _kind(self._start)
        if self._lists:
            text, self._marker = self._marker + _BLANK_LINES.sub("\n", text), ""
            self._add(text, "item", self._start, group=self._lists[0].outermost)
        elif kind == "preformatted":
            self._add(text, kind, self._start)
        elif kind == "heading":
            self._add(_one_line(text), kind, self._start, level=level)
        else:
            for paragraph in _BLANK_LINES.split(text):
                self._add(paragraph, kind, self._start)

    def _add(
        self, text: str, kind: Kind, element: Element, *, level: int = 0, linked: int = 0, group: Element = None
    ) -> None:
        linked += sum(len(part) for part in _LINKED.findall(text))
        text = _LINK_MARKS.sub("", text).strip(" \n")
        if text:
            self.blocks.append(Block(text, kind, element, level, linked, group))


_OPENING = {"br": "\n", "q": "“", "rt": "("}
_CLOSING = {"q": "”", "rt": ")"}


def name_of(element: Element) -> str:
    """An element's name in small letters, without a namespace; empty for what is none, as a comment."""
    tag = element.tag
    return _name(tag) if isinstance(tag, str) else ""


@lru_cache(maxsize=1000)
def _name(tag: str) -> str:
    return tag.rpartition(":")[2].lower()


def is_data(table: Element) -> bool:
    """Whether a table has rows of data; on old pages, and in mail, most only lay out what is in them."""
    if table.get("role") in ("presentation", "none") or next(table.iter("tr"), None) is None:
        return False
    if next(table.iterdescendants("table"), None) is not None:
        return False
    if all(len(row) < 2 for row in table.iter("tr")):
        return False
    return all(_is_datum(cell) for cell in table.iter("td", "th"))


def _is_datum(cell: Element) -> bool:
    blocks = sum(1 for _ in cell.iterdescendants(*_BLOCKS_IN_CELLS))
    return blocks < 2 and sum(map(len, cell.itertext())) <= _LONGEST_CELL


def _is_place(link: Element) -> bool:
    """Whether a link is a heading's own, by which it can be linked to: it leads nowhere else."""
    return (link.get("href") or "").startswith("#") and next(link.iterancestors(*HEADINGS), None) is not None


def _is_inline(name: str, element: Element) -> bool:
    if "-" in name or not name:
        parent = element.getparent()
        return parent is not None and (name_of(parent) in _INLINE or name_of(parent) in _PHRASING)
    return name in _INLINE


def _kind(element: Element) -> tuple[Kind, int]:
    """What a block that begins in an element is, by the nearest element around it that says so."""
    while element is not None and name_of(element) not in _OUTER:
        name = name_of(element)
        if name in HEADINGS:
            return "heading", int(name[1])
        if name in _PREFORMATTED:
            return "preformatted", 0
        if name in _CAPTIONS:
            return "caption", 0
        element = element.getparent()
    return "paragraph", 0


def _drawn(image: Element) -> str | None:
    """The characters that a picture stands for."""
    return image.get("alt") if _DRAWN.search(image.get("class") or "") else None


def _number(text: str | None, otherwise: int) -> int:
    digits = (text or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else otherwise


def _one_line(text: str) -> str:
    return _WHITE_SPACE.sub(" ", text).strip()
