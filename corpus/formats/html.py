"""Saved web pages: the article that is in a page, and what the page says of it."""

from __future__ import annotations

from corpus.cleaning import clean, mend
from corpus.formats.html_furniture import remove_hidden
from corpus.formats.html_text import blocks_of, text_of
from corpus.formats.html_tree import tree_of


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
