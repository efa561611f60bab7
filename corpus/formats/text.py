"""Plain text, which says nothing of its source.

It is taken for the scrape of a web page, and what the page put around the article is left out (see
``corpus.furniture``).
"""

from __future__ import annotations

from corpus.cleaning import clean, unwrap
from corpus.decoding import decode
from corpus.document import Document, Member
from corpus.furniture import without_furniture


def read(member: Member) -> Document:
    """The text without furniture, each paragraph on a line."""
    return Document(text=unwrap(without_furniture(clean(decode(member.content)))))
