"""HTML that is no web page, as plain text: the body of a message, a text in a record. All that can be seen of it stays.

It looks as Markdown does (see ``corpus.markdown``): blocks are parted by a blank line, the items of a list and the rows
of a table are lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import lxml.html
import regex
from lxml import etree

from corpus.errors import UnreadableArticle

MAX_NESTING = 2000
"""How deep elements may be nested; an editor's worst come to a few dozen."""

_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "q", "rb", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong",
    "sub", "sup", "time", "tt", "u", "var", "wbr",
})  # fmt: skip
_UNSEEN = frozenset({
    "applet", "audio", "canvas", "embed", "head", "iframe", "noscript", "object", "script", "style", "svg", "template",
    "textarea", "title", "video",
})  # fmt: skip
_HIDDEN = regex.compile(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden|max-height\s*:\s*0(?:px)?\s*(?:;|!|$)"
    r"|font-size\s*:\s*0(?:px)?\s*(?:;|!|$)|opacity\s*:\s*0\s*(?:;|!|$)|mso-hide\s*:\s*all)",
    regex.I,
)
_WHITE = regex.compile(r"[ \t\r\n\f]+")

Kind = Literal["blocks", "item", "list", "table", "row", "cell"]


@dataclass
class _Frame:
    """An element that lays out what is in it in its own way; ``number`` counts the items of an ordered list."""

    kind: Kind
    tag: str = ""
    number: int | None = None
    blocks: list[str] = field(default_factory=list)
    run: list[str] = field(default_factory=list)

    def end_block(self) -> None:
        text = "".join(self.run)
        text = (regex.sub(r" *\n *", "\n", text) if "\n" in text else text).strip(" \n")
        self.run.clear()
        if text:
            self.blocks.append(text)

    def text(self) -> str:
        self.end_block()
        match self.kind:
            case "blocks":
                return "\n\n".join(self.blocks)
            case "row":
                return " | ".join(self.blocks)
            case "cell":
                return " ".join(" ".join(self.blocks).split("\n"))
            case _:
                return regex.sub(r"\n{2,}", "\n", "\n".join(self.blocks))


def text_of(source: str, *, message: bool = False) -> str:
    """The text of a piece of HTML, not canonical yet.

    In a message tables are taken for its layout, unless they have heads, and pictures say nothing: most are logos.
    """
    root = _parsed(source)
    if root is None:
        return ""
    renderer = _Renderer(message=message)
    walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    depth = 0
    for event, node in walker:
        depth += {"start": 1, "end": -1}.get(event, 0)
        if depth > MAX_NESTING:
            raise UnreadableArticle(f"HTML nested more than {MAX_NESTING} deep; flatten it")
        if event == "start" and not renderer.start(node):
            walker.skip_subtree()
        elif event == "end":
            renderer.end(node)
        if event != "start":
            renderer.add(node.tail or "")
    return renderer.frames[0].text()


def _parsed(source: str) -> etree._Element | None:
    # lxml refuses a declaration of an encoding in what is text already.
    source = regex.sub(r"^\s*<\?xml[^>]*\?>", "", source.replace("\0", ""))
    if not source.strip():
        return None
    parser = lxml.html.HTMLParser(huge_tree=True, remove_pis=False)
    try:
        return lxml.html.document_fromstring(source, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None


class _Renderer:
    """What was seen of a tree: a frame for each open list, item, table, row and cell."""

    def __init__(self, *, message: bool) -> None:
        self.frames = [_Frame("blocks")]
        self._message = message
        self._preserving = 0
        self._skipped: etree._Element | None = None

    def add(self, text: str) -> None:
        """Text, in which white space is one space unless it stands in ``<pre>``."""
        self.frames[-1].run.append(text.replace("\r\n", "\n") if self._preserving else _WHITE.sub(" ", text))

    def start(self, node: etree._Element) -> bool:
        """Opens an element; whether what is in it can be seen."""
        tag = str(node.tag)
        if tag in _UNSEEN or _is_hidden(node):
            self._skipped = node
            return False
        if tag == "br":
            self.frames[-1].run.append("\n")
        elif tag == "img" and not self._message:
            self.frames[-1].run.append(_WHITE.sub(" ", node.get("alt") or ""))
        elif tag not in _INLINE:
            self.frames[-1].end_block()
            self._open(node, tag)
        self._preserving += tag == "pre"
        self.add(node.text or "")
        return True

    def _open(self, node: etree._Element, tag: str) -> None:
        inside = self.frames[-1].kind
        if tag in ("ul", "ol", "menu", "dir"):
            self.frames.append(_Frame("list", tag, _first(node) if tag == "ol" else None))
        elif tag == "li":
            self.frames.append(_Frame("item", tag))
        elif tag == "table" and self._is_data(node):
            self.frames.append(_Frame("table", tag))
        elif tag == "tr" and inside == "table":
            self.frames.append(_Frame("row", tag))
        elif tag in ("td", "th") and inside == "row":
            self.frames.append(_Frame("cell", tag))

    def end(self, node: etree._Element) -> None:
        """Closes an element, and lays out what was in it."""
        if node is self._skipped or node.tag in _INLINE or node.tag == "br":
            return
        self._preserving -= node.tag == "pre"
        frame = self.frames[-1]
        if len(self.frames) == 1 or frame.tag != node.tag:
            frame.end_block()
            return
        self.frames.pop()
        text, outer = frame.text(), self.frames[-1]
        if text or frame.kind == "cell":
            outer.blocks.append(_marker(frame, outer) + text)

    def _is_data(self, table: etree._Element) -> bool:
        if table.get("role") in ("presentation", "none") or next(table.iterdescendants("table"), None) is not None:
            return False
        if self._message:
            return next(table.iterdescendants("th"), None) is not None
        return any(len(row.findall("td")) + len(row.findall("th")) > 1 for row in table.iterdescendants("tr"))


def _marker(frame: _Frame, outer: _Frame) -> str:
    if frame.kind != "item":
        return ""
    if outer.number is None:
        return "- "
    outer.number += 1
    return f"{outer.number - 1}. "


def _first(node: etree._Element) -> int:
    start = node.get("start") or "1"
    return int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1


def _is_hidden(node: etree._Element) -> bool:
    return node.get("hidden") is not None or bool(_HIDDEN.search(node.get("style") or ""))
