"""Citations: everything needed to find and check a passage in its source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from urllib.parse import quote

from index.store import Excerpt

_PATHS_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a passage stands: ``article.text[start:end] == quote``, code points, half-open.

    ``prefix`` and ``suffix`` are the code points around the quote, up to 32 each, as in the W3C's Web Annotation
    Data Model (TextQuoteSelector). ``sha256`` is of the article's canonical text in UTF-8, in hexadecimal.
    ``link`` opens the archive's copy of the article at the passage, on the service that gave the answer.
    """

    article_id: str
    title: str
    title_inferred: bool
    authors: tuple[str, ...]
    publisher: str | None
    url: str | None
    published: date | None
    start: int
    end: int
    quote: str
    prefix: str
    suffix: str
    sha256: str
    link: str


def cite(excerpt: Excerpt) -> Citation:
    """The citation of a passage."""
    article = excerpt.article
    return Citation(
        article_id=article.id,
        title=article.title,
        title_inferred=article.title_inferred,
        authors=article.authors,
        publisher=article.publisher,
        url=article.url,
        published=article.published,
        start=excerpt.start,
        end=excerpt.end,
        quote=excerpt.text,
        prefix=excerpt.prefix,
        suffix=excerpt.suffix,
        sha256=article.sha256,
        link=f"{_path(article.id)}?start={excerpt.start}&end={excerpt.end}#passage",
    )


@lru_cache(maxsize=_PATHS_KEPT)
def _path(article_id: str) -> str:
    return f"/articles/{quote(article_id)}"
