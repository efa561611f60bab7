"""What a feed says: RSS and Atom, by feedparser, which is given bytes and never fetches."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr, parsedate_to_datetime
from io import BytesIO
from typing import Any

import feedparser
from lxml import etree, html

from corpus.errors import NotFetched
from corpus.fetching.addresses import WebAddress, parse
from corpus.statements import leniently

MOST_BYTES = 5 * 2**20
MOST_ENTRIES = 5000


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: the address of its page in the one way of writing it, and what is said of it, by the names of
    ``corpus.statements`` and as JSON has it."""

    url: str
    said: dict[str, object]


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed is called, if it says, and its entries in its order."""

    title: str | None
    entries: tuple[Entry, ...]


def read(content: bytes, address: WebAddress, content_type: str | None = None) -> Feed:
    """The feed in some bytes that were at an address. Raises ``NotFetched`` if there is none in them."""
    headers = {"content-location": str(address)}
    if content_type:
        headers["content-type"] = content_type
    parsed = _parsed(content, headers)
    if not parsed.get("version") and not parsed.entries:
        raise NotFetched(f"not a feed (RSS or Atom){_instead(parsed)}")
    title = leniently({"title": _plain(parsed.feed.get("title_detail"))}, "fetch").get("title")
    language = parsed.feed.get("language")
    has_mail_authors = not str(parsed.get("version")).startswith("atom")
    found = _entries(parsed.entries[:MOST_ENTRIES], language, has_mail_authors)
    entries = {entry.url: entry for entry in found}
    return Feed(str(title.value) if title else None, tuple(entries.values()))


def _parsed(content: bytes, headers: dict[str, str]) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Given a text or bytes, it would look for a file or an address of that name.
            return feedparser.parse(BytesIO(content), response_headers=headers, sanitize_html=False)
    except Exception as error:  # noqa: BLE001 - what its parsers raise on damaged input is not documented
        raise NotFetched(f"a feed that can't be read ({type(error).__name__})") from None


def _instead(parsed: Any) -> str:
    """Which feed a web page names, where one was given instead of a feed."""
    for link in parsed.feed.get("links", []):
        if link.get("rel") == "alternate" and str(link.get("type")).endswith(("rss+xml", "atom+xml")):
            return f"; the page names one: {str(link.get('href'))[:200]}"
    return ""


def _entries(entries: list[Any], language: str | None, has_mail_authors: bool) -> Iterator[Entry]:
    for entry in entries:
        try:
            url = str(parse(str(entry.get("link") or "").strip()))
        except NotFetched:
            continue
        yield Entry(url, _said(entry, language, has_mail_authors))


def _said(entry: Any, language: str | None, has_mail_authors: bool) -> dict[str, object]:
    given = {
        "title": _plain(entry.get("title_detail")),
        "authors": _authors(entry, has_mail_authors),
        "publisher": entry.get("publisher"),
        "published": _day(entry.get("published")),
        "updated": _day(entry.get("updated")) if "updated" in entry else None,
        "tags": [tag.get("label") or tag.get("term") for tag in entry.get("tags", [])],
        "language": entry.get("language") or language,
        "licence": entry.get("license"),
    }
    return {name: _as_json(statement.value) for name, statement in leniently(given, "fetch").items()}


def _as_json(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _authors(entry: Any, has_mail_authors: bool) -> list[str]:
    """The names; an address of e-mail is none. RSS has it as ``ann@example.org (Ann Lee)``, which feedparser breaks up
    wrongly for long domains."""
    raw = entry.get("author")
    if has_mail_authors and isinstance(raw, str) and "@" in raw:
        return [parseaddr(raw)[0]]
    named = [author.get("name") for author in entry.get("authors", [])]
    return [name for name in named if isinstance(name, str) and "@" not in name]


def _plain(detail: Any) -> str | None:
    """A title without tags, if it has some."""
    value = detail.get("value") if detail else None
    if not isinstance(value, str) or not value.strip() or detail.get("type") == "text/plain":
        return value or None
    try:
        return str(html.fragment_fromstring(value, create_parent="div").text_content())
    except (etree.ParserError, ValueError):
        return None


def _day(text: Any) -> str | None:
    """The day in a date of RFC 822 or ISO 8601, in its own time zone; ``None`` if that is neither."""
    if not isinstance(text, str):
        return None
    try:
        return parsedate_to_datetime(text).date().isoformat()
    except ValueError:
        return text.strip()
