"""What trafilatura takes for the article of a page: asked where the page's names don't say it.

Its text is not used: it joins some paragraphs, and leaves out captions and short ones. What it decides is which parts
of a page have to do with the article.
"""

from __future__ import annotations

import logging
from typing import Any

import regex
from lxml import etree

_MOST_ELEMENTS = 20_000
"""A larger page would take longer than reading may take; it is read without a second opinion."""

_NO_LETTERS = regex.compile(r"[^\p{L}\p{N}]+")


def second_opinion(root: Any) -> set[str]:
    """The paragraphs that trafilatura reads in a page, by their letters; none if it can't read it."""
    if sum(1 for _ in root.iter()) > _MOST_ELEMENTS:
        return set()
    # Loaded when it is asked for: that takes a third of a second, and most pages name their article.
    from trafilatura import bare_extraction

    logger = logging.getLogger("trafilatura")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    source = etree.tostring(root, encoding="unicode", method="html")
    try:
        found: Any = bare_extraction(source, fast=True, include_comments=False, include_tables=True, favor_recall=True)
    except Exception:  # noqa: BLE001 - it has many ways to fail on a broken page, and is only asked for its opinion
        return set()
    if found is None:
        return set()
    return {letters(part) for element in found.body.iter() for part in ("".join(element.itertext()).split("\n"))}


def letters(text: str) -> str:
    """A text's letters and digits, without case: what two renderings of it have in common."""
    return _NO_LETTERS.sub("", text).casefold()
