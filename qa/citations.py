"""Citations: everything needed to find and check a passage in its source."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from index.store import Excerpt
from qa.answers import Citation
from qa.fragments import source_link

_PATHS_KEPT = 1024


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
