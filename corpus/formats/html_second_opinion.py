"""A second opinion on where the article of a page is, for pages in which our own rules find none: trafilatura's.

It says only which of the page's blocks are text. How they are written is decided as for all other pages, because what
trafilatura writes itself lacks captions, list marks and lines of tables.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import regex

from corpus.formats.html_text import Block

LONGEST_PAGE = 400_000
"""In code points: a longer page may take more than seconds."""

_LEAST = 25
"""In letters and digits: what is shorter stands in a text by chance."""

_NO_LETTERS = regex.compile(r"[^\p{L}\p{N}]+")


def blocks_in(source: str, blocks: Sequence[Block]) -> list[Block]:
    """Those of a page's blocks that trafilatura takes for its article; none if it finds none."""
    text = _letters(_text_of(source)) if len(source) <= LONGEST_PAGE else ""
    chosen = [at for at, block in enumerate(blocks) if _is_in(block, text)]
    if not chosen:
        return []
    # Short lines between the chosen ones are of the text as well; links between them lead elsewhere.
    between = blocks[chosen[0] : chosen[-1] + 1]
    return [block for block in between if _letters(block.text) in text and 2 * block.linked <= len(block.text)]


def _is_in(block: Block, text: str) -> bool:
    letters = _letters(block.text)
    return len(letters) >= _LEAST and letters in text


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", text).casefold()


def _text_of(source: str) -> str:
    # Takes most of a second, and nearly all pages do without.
    import trafilatura

    logger = logging.getLogger("trafilatura")
    logger.setLevel(logging.CRITICAL + 1)
    try:
        found = trafilatura.extract(source, include_comments=False, include_tables=True, favor_recall=True)
    except Exception:  # noqa: BLE001  whatever it stumbles over in a broken page, it then has no opinion
        return ""
    return found or ""
