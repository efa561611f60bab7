"""Saved web pages: the article that is in a page, and what the page says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corpus.cleaning import clean, mend
from corpus.document import Document, Member
from corpus.errors import UnreadableArticle
from corpus.formats.html_article import Hints, article_blocks, has_sentences
from corpus.formats.html_decoding import decoded, refuse_damage
from corpus.formats.html_furniture import is_surely_furniture, remove_hidden, remove_labels
from corpus.formats.html_phrases import without_phrases
from corpus.formats.html_text import Block, blocks_of, text_of
from corpus.formats.html_tree import tree_of
from corpus.formats.page_metadata import said_by, titles_of, with_headline

_SCRIPT_SHELL = 200
"""In code points: a page with less to read, and scripts, is filled by these."""


def read(member: Member) -> Document:
    """The article in a page, without what the page puts around it. Raises ``UnreadableArticle`` if there is none."""
    source = decoded(member.content, member.charset)
    root = tree_of(source)
    if root is None:
        raise UnreadableArticle("empty: no tags and no words; save the page anew")
    said = said_by(root, member)
    titles = titles_of(root, said)
    reason = _no_article(root)
    remove_hidden(root)
    remove_labels(root)
    authors = said["authors"].value if "authors" in said else ()
    headline, blocks = article_blocks(root, Hints(titles, tuple(authors)))
    if not has_sentences(blocks):
        blocks = _second_opinion(source, blocks_of(root)) or blocks
    text = mend(clean(text_of(blocks)))
    if not any(map(str.isalnum, text)):
        raise UnreadableArticle(
            reason or "no article was found in the page (only navigation?); save the article's own page"
        )
    refuse_damage(text)
    shown = headline.text if headline else None
    return Document(text=text, said=with_headline(root, said, shown))


def _second_opinion(source: str, blocks: Sequence[Block]) -> list[Block]:
    """The article in a page whose sentences all lie in what is called furniture; empty if there are none."""
    blocks = [block for block in blocks if not is_surely_furniture(block.element)]
    if not has_sentences(blocks):
        return []
    # Imported here, because what it needs takes long to load.
    from corpus.formats.html_second_opinion import blocks_in

    return without_phrases(blocks_in(source, blocks), None)


def fragment_text(html: str) -> str:
    """The canonical text of HTML that is all article, as the body column of an export or a newsletter has it.

    Nothing is left out but what no reader sees: scripts, styles, hidden elements. Empty if there are no words.
    Raises ``UnreadableArticle`` for what is nested too deep.
    """
    root = tree_of(html)
    if root is None:
        return ""
    remove_hidden(root)
    return mend(clean(text_of(blocks_of(root))))


def _no_article(root: Any) -> str | None:
    """Why a page may have no text, if its tags tell."""
    if root.find(".//frameset") is not None:
        return "a frameset, which only names other pages; save the one with the article"
    body = root.find(".//body")
    shown = "" if body is None else "".join(text for text in body.itertext() if text.strip())
    if len(shown) < _SCRIPT_SHELL and root.find(".//script") is not None:
        return "its text is loaded by scripts; save it as it is shown (in a browser: save page as, complete)"
    return None
