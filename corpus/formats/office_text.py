"""Text from pandoc's abstract syntax tree (pandoc-types 1.23), laid out as in ``corpus.markdown``: a blank line between
blocks, the items of a list and the rows of a table as lines. Notes stand at the end, by the numbers in the text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import regex

Node = dict[str, Any]

_FRONT = ("title", "subtitle", "author", "date", "abstract")
_SUPERSCRIPTS = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_FIGURES = regex.compile(r"[0-9+−-]*[0-9]")
_INNER = {"Emph", "Strong", "Underline", "Strikeout", "SmallCaps", "Subscript"}
_WITH_ATTRIBUTES = {"Span": 1, "Link": 1, "Cite": 1}


class Tree:
    """A document; of a book, without the files that are ``left_out``."""

    def __init__(self, tree: Node, left_out: Collection[str], format_name: str) -> None:
        self._meta: dict[str, Node] = tree["meta"]
        self._blocks: list[Node] = tree["blocks"]
        self._left_out, self._format = left_out, format_name
        self._notes: list[str] = []

    @property
    def title(self) -> str:
        """What is marked as the title."""
        return " ".join(self._marked("title"))

    @property
    def authors(self) -> list[str]:
        """Who are marked as authors."""
        return self._marked("author")

    def text(self, *, with_front: bool) -> str:
        """All of the text, not canonical yet; title, subtitle and the like, which pandoc takes out of it, in front."""
        front = [text for name in _FRONT for text in self._marked(name)] if with_front else []
        parts = [*front, self._joined(self._kept())]
        return "\n\n".join(filter(None, [*parts, *self._notes]))

    def _marked(self, name: str) -> list[str]:
        return list(filter(None, self._meta_texts(self._meta[name]))) if name in self._meta else []

    def _meta_texts(self, value: Node) -> list[str]:
        match value["t"]:
            case "MetaList":
                return [text for one in value["c"] for text in self._meta_texts(one)]
            case "MetaInlines":
                return [self._inlines(value["c"])]
            case "MetaBlocks":
                return [self._joined(value["c"])]
            case "MetaString":
                return [str(value["c"])]
            case _:
                return []

    def _kept(self) -> list[Node]:
        """The blocks; before those of each file of a book, pandoc puts an anchor with the file's name."""
        if not self._left_out:
            return self._blocks
        kept, is_out = [], False
        for block in self._blocks:
            name = _file(block)
            if name is not None:
                is_out = name in self._left_out
            if not is_out:
                kept.append(block)
        return kept

    def _joined(self, blocks: Iterable[Node]) -> str:
        return "\n\n".join(filter(None, map(self._block, blocks)))

    def _lines(self, blocks: Iterable[Node]) -> str:
        return "\n".join(filter(None, map(self._block, blocks)))

    def _block(self, block: Node) -> str:
        content: Any = block.get("c")
        match block["t"]:
            case "Plain" | "Para":
                return self._inlines(content).strip()
            case "Header":
                return self._inlines(content[2]).strip()
            case "LineBlock":
                return "\n".join(self._inlines(line) for line in content)
            case "CodeBlock":
                return str(content[1])
            case "BlockQuote":
                return self._joined(content)
            case "Div":
                return self._joined(content[1])
            case "Figure":
                return self._joined([*content[2], *content[1][1]])
            case _:
                return self._structure(block["t"], content)

    def _structure(self, kind: str, content: Any) -> str:
        match kind:
            case "BulletList":
                return "\n".join(f"- {self._lines(item)}" for item in content)
            case "OrderedList":
                return "\n".join(f"{n}. {self._lines(item)}" for n, item in enumerate(content[1], content[0][0]))
            case "DefinitionList":
                return "\n\n".join(self._definition(term, meanings) for term, meanings in content)
            case "Table":
                return self._table(content)
            case _:
                return ""  # rules, and what is only for other formats

    def _definition(self, term: list[Node], meanings: list[list[Node]]) -> str:
        return "\n".join([self._inlines(term), *(self._lines(meaning) for meaning in meanings)])

    def _table(self, content: Any) -> str:
        _, caption, columns, head, bodies, foot = content
        rows = [*head[1], *(row for body in bodies for row in (*body[2], *body[3])), *foot[1]]
        cells = [[cell[4] for cell in row[1]] for row in rows]
        if len(columns) == 1:  # a frame around text
            return "\n\n".join(filter(None, [self._joined(cell) for row in cells for cell in row]))
        lines = [[" ".join(self._joined(cell).split()) for cell in row] for row in cells]
        written = "\n".join(" | ".join(row) for row in lines if any(row))
        return "\n\n".join(filter(None, [self._joined(caption[1]), written]))

    def _inlines(self, inlines: Sequence[Node]) -> str:
        return "".join(map(self._inline, inlines))

    def _inline(self, inline: Node) -> str:
        kind: str = inline["t"]
        content: Any = inline.get("c")
        if kind in _INNER:
            return self._inlines(content)
        if kind in _WITH_ATTRIBUTES:
            return self._inlines(content[1])
        match kind:
            case "Str":
                return str(content)
            case "Space" | "SoftBreak":
                return " "
            case "LineBreak":
                return "\n"
            case "Code" | "Math":
                return str(content[1])
            case "Superscript":
                return _superscript(self._inlines(content))
            case "Quoted":
                opening, closing = "“”" if content[0]["t"] == "DoubleQuote" else "‘’"
                return f"{opening}{self._inlines(content[1])}{closing}"
            case "Note":
                return self._note(content)
            case _:
                return ""  # pictures, and what is only for other formats

    def _note(self, blocks: list[Node]) -> str:
        self._notes.append("")
        number = len(self._notes)
        self._notes[number - 1] = f"[{number}] {self._joined(blocks)}"
        return f"[{number}]"


def _superscript(text: str) -> str:
    return text.translate(_SUPERSCRIPTS) if _FIGURES.fullmatch(text) else text


def _file(block: Node) -> str | None:
    """The name of the file of a book that begins with a block, if one does."""
    if block["t"] == "Para" and len(block["c"]) == 1 and block["c"][0]["t"] == "Span":
        (identifier, _, _), content = block["c"][0]["c"]
        return str(identifier) if identifier and not content else None
    return None
