"""HTML as a tree, and what can't be made into one."""

from __future__ import annotations

from typing import Any

import regex
from lxml import etree

from corpus.errors import UnreadableArticle

MOST_ATTRIBUTES = 10_000
"""Of one tag. Each is compared with all before it: ten times as many take a quarter of a minute."""

_LONG_TAG = 20_000
"""In code points: a shorter tag can't have so many attributes."""

# Each part takes all that it can and gives nothing back, and what is never closed ends with the text: linear time.
_TAG = regex.compile(r"""<[a-zA-Z](?:[^>"']++|"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))*+(?:>|\Z)""")
_DECLARATION = regex.compile(r"\s*<\?xml[^>]*>")


def tree_of(source: str) -> Any | None:
    """The root of the tree that the source of a page makes, without comments; ``None`` if it has no elements.

    Raises ``UnreadableArticle`` for what is nested too deep, or would take minutes.
    """
    _refuse_too_many_attributes(source)
    # Bytes, because text with a declaration of its encoding in it is refused.
    content = _DECLARATION.sub("", source, count=1).replace("\0", "").encode(errors="replace")
    # Not lxml.html's, which takes twice as long for a class of its own for each element.
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        root = None
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise UnreadableArticle("its tags are nested more than 2,000 deep; save it anew, or give its text")
    return root


def _refuse_too_many_attributes(source: str) -> None:
    if len(source) < _LONG_TAG:
        return
    for tag in _TAG.finditer(source):
        if tag.end() - tag.start() >= _LONG_TAG and tag[0].count("=") + tag[0].count(" ") > 2 * MOST_ATTRIBUTES:
            raise UnreadableArticle("a tag with more attributes than can be read; save the page anew, or give its text")
