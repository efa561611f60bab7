"""Citations: everything needed to find and check a passage in its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from corpus.article import Provenance
from index.store import Excerpt
from qa.fragments import source_link

_PATHS_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a passage stands: ``article.text[start:end] == quote``, code points, half-open.

    ``published``, ``updated`` and ``retrieved`` are as exact as they are known (``2025-03-04``, ``2025-03``, ``2025``);
    ``provenance`` says of each value that is known where it comes from. ``page`` is what is printed on the page, or
    ``14–15`` for the first and the last of several, if the article has pages. ``prefix`` and ``suffix`` are the code
    points around the quote, up to 32 each, as in the W3C's Web Annotation Data Model (TextQuoteSelector). ``sha256`` is
    of the article's canonical text in UTF-8, in hexadecimal, and ``generation`` the index that the citation was taken
    from. ``link`` opens the
    archive's copy of the article at the passage, on the service that gave the answer; ``source_link`` what is at
    ``url``, at the quote in browsers that know text fragments, or at its page if the article has pages.
    """

    article_id: str
    title: str
    title_inferred: bool
    authors: tuple[str, ...]
    publisher: str | None
    url: str | None
    published: str | None
    updated: str | None
    retrieved: str | None
    provenance: Mapping[str, Provenance]
    language: str | None
    page: str | None
    start: int
    end: int
    quote: str
    prefix: str
    suffix: str
    sha256: str
    generation: str
    link: str
    source_link: str | None


def cite(excerpt: Excerpt, generation: str) -> Citation:
    """The citation of an excerpt from that generation."""
    article = excerpt.article
    return Citation(
        article_id=article.id,
        title=article.title,
        title_inferred=article.title_inferred,
        authors=article.authors,
        publisher=article.publisher,
        url=article.url,
        published=article.published,
        updated=article.updated,
        retrieved=article.retrieved,
        provenance=article.provenance,
        language=article.language,
        page=_page(excerpt),
        start=excerpt.start,
        end=excerpt.end,
        quote=excerpt.text,
        prefix=excerpt.prefix,
        suffix=excerpt.suffix,
        sha256=article.sha256,
        generation=generation,
        link=permalink(excerpt),
        source_link=source_link(excerpt),
    )


def _page(excerpt: Excerpt) -> str | None:
    labels = [page.label for page in excerpt.pages]
    return "–".join(dict.fromkeys((labels[0], labels[-1]))) if labels else None


def permalink(excerpt: Excerpt) -> str:
    """The path of the archive's copy, opened at the excerpt; the hash tells which text the offsets count."""
    return (
        f"{_path(excerpt.article.id)}?start={excerpt.start}&end={excerpt.end}&sha256={excerpt.article.sha256}#passage"
    )


@lru_cache(maxsize=_PATHS_KEPT)
def _path(article_id: str) -> str:
    return f"/articles/{quote(article_id)}"
