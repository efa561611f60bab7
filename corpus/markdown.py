"""Markdown as plain text: the words that a reader of the rendered page sees, and none of the markup.

Every block is a paragraph of its own; the items of a list and the rows of a table are lines. Nested items
are not indented, because canonical text has no white space at the start of a line. What is struck out, and
every other extension of CommonMark but tables, is left as it was written.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from corpus.errors import UnreadableArticle

MAX_NESTING = 100
"""How deep blocks may be nested. markdown-it leaves out what is deeper without a word."""

MAX_BRACKET_WORK = 5 * 10**8
"""The most that opening brackets times code points, summed over the paragraphs, may come to.

For each bracket markdown-it may look through all the rest of the paragraph, which then takes a few seconds; a
long article with a link in every sentence comes to less than a hundredth of it.
"""

# Tags that leave no gap in the text; every other parts what is before it from what is behind it.
_INLINE_TAG = (
    r"</?(?:a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|q|r[pt]|ruby|s|samp"
    r"|small|span|strike|strong|su[bp]|time|tt|u|var|wbr)\b"
)
_LEAVES_NO_GAP = regex.compile(_INLINE_TAG + "|<!--", regex.I)
_TAG = regex.compile(r"<[!?/a-z][^<>]*>", regex.I)

# Each stops at the end of the text if what it looks for never comes, and so takes linear time.
_INVISIBLE = regex.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", regex.S | regex.I)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text of a Markdown document, and its first heading of the first level, if it has one."""

    text: str
    heading: str | None


def render(markdown: str) -> Rendered:
    """The document as plain text, not canonical yet.

    Raises ``UnreadableArticle`` for what could be read only in part or in quadratic time.
    """
    tokens = _parser().parse(markdown)
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        raise UnreadableArticle(f"lists or quotes nested more than {MAX_NESTING // 2} deep; flatten them")
    return Rendered(_block(SyntaxTreeNode(tokens)), _heading(tokens))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table")
    parser.core.ruler.before("inline", "bounded", _refuse_quadratic_work)
    parser.core.ruler.push("plain", _make_plain)
    return parser


def _refuse_quadratic_work(state: StateCore) -> None:
    inlines = (token.content for token in state.tokens if token.type == "inline")
    if sum(content.count("[") * len(content) for content in inlines) > MAX_BRACKET_WORK:
        raise UnreadableArticle("more brackets in one paragraph than can be read; is it Markdown?")


def _make_plain(state: StateCore) -> None:
    """Puts the plain text of each inline token in place of its source and of its parts."""
    for token in state.tokens:
        if token.type == "inline":
            token.content, token.children = _inline(token.children or []), None


def _inline(tokens: Sequence[Token]) -> str:
    return "".join(map(_inline_piece, tokens))


def _inline_piece(token: Token) -> str:
    match token.type:
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "image":
            return _inline(token.children or [])
        case "html_inline":
            return _gap(token.content, "\n")
        case _:
            return token.content


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "inline" | "fence" | "code_block":
            return node.content
        case "html_block":
            return _text_of_html(node.content)
        case "bullet_list":
            return "\n".join(f"- {_parts(item)}" for item in node.children)
        case "ordered_list":
            first = int(node.attrs.get("start", 1))
            return "\n".join(f"{n}. {_parts(item)}" for n, item in enumerate(node.children, first))
        case "table" | "thead" | "tbody":
            return _parts(node)
        case "tr":
            return " | ".join(_block(cell).replace("\n", " ") for cell in node.children)
        case _:
            return "\n\n".join(filter(None, map(_block, node.children)))


def _parts(node: SyntaxTreeNode) -> str:
    """The blocks in a node, each on a line of its own."""
    return "\n".join(filter(None, map(_block, node.children)))


def _heading(tokens: Sequence[Token]) -> str | None:
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h1" and content.content.strip():
            return content.content
    return None


def _text_of_html(source: str) -> str:
    """The text between the tags of an HTML block; what is between block-level tags is a paragraph."""
    visible = " ".join(_INVISIBLE.sub(" ", source).split())
    return html.unescape(_TAG.sub(lambda tag: _gap(tag[0], "\n\n"), visible))


def _gap(tag: str, between_blocks: str) -> str:
    """What stands in the text in place of a tag."""
    return "" if _LEAVES_NO_GAP.match(tag) else between_blocks
