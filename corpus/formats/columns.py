"""Which column of a table, or which key of a record, is what: as a sidecar says, else as content systems call them.

A column is called by its name, or by a path into records within the record (``author.name``); of a list, each record's
own. The names that are known by themselves are compared without regard to case, spaces, ``_`` and ``-``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import regex

from corpus.statements import NAMES

Column = tuple[str, object]
"""A column's name in the export, and its value in a record."""

ALIASES = {
    "id": ("id", "uuid", "guid", "article id", "post id", "document id", "doc id", "slug"),
    "text": (
        "text", "body", "article body", "article text", "full text", "body text", "content", "content text",
        "content markdown", "body markdown", "markdown", "content html", "body html", "html", "main text",
        "plain text", "post content", "story", "article",
    ),
    "format": ("format", "text format", "body format", "content format", "content type", "mime type"),
    "title": ("title", "headline", "heading", "article title", "post title"),
    "authors": ("authors", "author", "byline", "author name", "author names", "creator", "creators", "writer"),
    "publisher": ("publisher", "publication", "newspaper", "outlet", "site name"),
    "url": ("url", "link", "permalink", "canonical url", "web url", "article url", "href"),
    "published": (
        "published", "published at", "published on", "published date", "publish date", "date published",
        "publication date", "pub date", "first published", "post date", "issued", "date",
    ),
    "updated": ("updated", "updated at", "modified", "modified at", "date modified", "last modified", "lastmod",
                "date updated", "post modified"),
    "retrieved": ("retrieved", "retrieved at", "accessed", "crawled", "crawled at", "scraped at", "fetched at"),
    "tags": ("tags", "keywords", "categories", "category", "topics"),
    "language": ("language", "lang", "in language"),
    "licence": ("licence", "license"),
    "sources": ("sources",),
}  # fmt: skip
"""By what names, the first with a value before the others, what an export says is known without a sidecar.

Not among them, because they mean different things in different systems: ``source`` (the paper, or what an article
rests on), ``created`` (when somebody began to write), ``description`` and ``summary`` (not the text), ``name``.
"""

FORMATS = {
    "text": "text", "plain": "text", "plain text": "text", "text/plain": "text",
    "markdown": "markdown", "md": "markdown", "text/markdown": "markdown",
    "html": "html", "text/html": "html", "application/xhtml+xml": "html",
}  # fmt: skip
"""What exports call the formats of a text."""

_WITHIN = ("rendered", "name", "value", "text", "$oid", "$date")
"""The keys by which a record within a record says what it stands for: WordPress, JSON-LD, MongoDB."""

_NOTHING = frozenset({"", "NULL", "null", "\\N", "NaN", "nan", "None"})
"""What databases and data frames write where there is no value."""

_IGNORED = regex.compile(r"[\s_-]")
_MOST_VALUES = 1000
"""The most values of a list that are looked at."""


def mapped(given: Mapping[str, object], columns: Mapping[str, str]) -> dict[str, str | list[str]]:
    """What a record says, by our names; what it doesn't say isn't there. ``text_from`` names the text's column."""
    folded: dict[str, str] = {}
    for key in given:
        folded.setdefault(_folded(key), key)
    found = {}
    for name in ("id", "text", "format", *NAMES):
        for key in _columns(name, folded, columns):
            value = _plain(_value(given, key))
            if value and not (name == "format" and name not in columns and str(value).lower() not in FORMATS):
                found[name] = value
                if name == "text":
                    found |= {"text_from": key} | _implied(key)
                break
    found.setdefault("text_from", next(_columns("text", folded, columns), ""))
    return found


def column(name: str, given: Mapping[str, object], columns: Mapping[str, str]) -> str | None:
    """Which column says what we call ``name``; ``None`` if none does."""
    return next(_columns(name, {_folded(key): key for key in given}, columns), None)


def has(given: Mapping[str, object], column: str) -> bool:
    """Whether a record has a column, or could have: the first part of its path."""
    return column in given or ("." in column and column.partition(".")[0] in given)


def count(names: Sequence[str], columns: Mapping[str, str]) -> int:
    """How many of our names some columns are known to be."""
    head = dict.fromkeys(names, "")
    return sum(column(name, head, columns) is not None for name in ALIASES) + sum(
        has(head, own) for own in columns.values()
    )


def _columns(name: str, folded: Mapping[str, str], columns: Mapping[str, str]) -> Iterator[str]:
    """The columns that may say it, the likeliest first; a sidecar that names none (``""``) says that none does."""
    if name in columns:
        yield from filter(None, [columns[name]])
        return
    yield from (folded[_folded(alias)] for alias in ALIASES[name] if _folded(alias) in folded)


@lru_cache(maxsize=1000)
def _folded(name: str) -> str:
    return _IGNORED.sub("", name).casefold()


def _implied(key: str) -> dict[str, str]:
    """The format that a column's name says: ``content_html``."""
    return next(({"format": found} for found in ("html", "markdown") if _folded(key).endswith(found)), {})


def _value(given: object, path: str) -> object:
    """What stands at a path; a name with a full stop in it goes before a path."""
    if isinstance(given, list):
        return [_value(entry, path) for entry in given[:_MOST_VALUES]]
    if not isinstance(given, Mapping):
        return None
    if path in given:
        return given[path]
    first, _, rest = path.partition(".")
    return _value(given.get(first), rest) if rest else None


def _plain(value: object) -> str | list[str] | None:
    """A value as a text or a list of texts."""
    match value:
        case str():
            return None if value.strip() in _NOTHING else value
        case bool() | None:
            return None
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else str(value)
        case list():
            return [text for entry in value[:_MOST_VALUES] if isinstance(text := _plain(entry), str)] or None
        case dict():
            return next((text for key in _WITHIN if isinstance(text := _plain(value.get(key)), str)), None)
    return None
