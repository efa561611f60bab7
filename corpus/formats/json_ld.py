"""What a page says of its article in JSON-LD, by the words of schema.org."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any

import regex

_ARTICLES = regex.compile(
    r"(?:.*Article|.*BlogPosting|Report|Review|.*Posting|ScholarlyArticle|CreativeWork|LiveBlog.*)"
)
_PAGES = ("WebPage", "ItemPage", "AboutPage")

_COMMENTS = regex.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*<!\[CDATA\[\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|/\*\]\]>\*/|\]\]>)\s*$"
)
_CONTROLS = regex.compile(r"[\x00-\x1f]+")
_TAGS = regex.compile(r"</?[a-z][^<>]*>", regex.I)

_DEEPEST = 30
"""How deep objects are looked into."""

Node = Mapping[str, Any]


def article_of(scripts: Iterator[str]) -> dict[str, object]:
    """The values by the names of ``corpus.statements``, from the best description of an article in the scripts."""
    nodes = [node for script in scripts for node in _nodes(_parsed(script), 0)]
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    articles = [node for node in nodes if _is(node, _ARTICLES)]
    best = max(articles, key=lambda node: ("headline" in node or "name" in node, "datePublished" in node), default=None)
    pages = [node for node in nodes if set(_types(node)) & set(_PAGES)]
    said = _values(best, by_id) if best is not None else {}
    for page in pages[:1]:
        of_page = _values(page, by_id)
        # The page is the article's, but its name has the site's in it, and its author may be the site's.
        said = {
            **{name: of_page[name] for name in ("published", "updated", "language", "publisher") if name in of_page},
            **said,
        }
    site = next((node for node in nodes if "WebSite" in _types(node)), {})
    name = _text(site.get("name"))
    return {"publisher": name, **said} if name else said


def _parsed(script: str) -> object:
    source = _COMMENTS.sub("", script).strip().rstrip(";")
    for attempt in (source, _CONTROLS.sub(" ", source)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _nodes(value: object, depth: int) -> Iterator[Node]:
    """All objects in a value that have a type, the outer ones first."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        if "@type" in value or "@id" in value:
            yield value
        for key, inner in value.items():
            if key not in ("comment", "review", "itemListElement", "hasPart", "isPartOf", "mentions", "about"):
                yield from _nodes(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner, depth + 1)


def _types(node: Node) -> list[str]:
    given = node.get("@type")
    types = given if isinstance(given, list) else [given]
    return [each.rpartition("/")[2] for each in types if isinstance(each, str)]


def _is(node: Node, pattern: regex.Pattern[str]) -> bool:
    return any(pattern.fullmatch(each) for each in _types(node))


def _values(node: Node, by_id: Mapping[str, Node]) -> dict[str, object]:
    said: dict[str, object] = {
        "title": _text(node.get("headline")) or _text(node.get("name")),
        "authors": _names(node.get("author") or node.get("creator"), by_id),
        "publisher": next(iter(_names(node.get("publisher"), by_id)), None),
        "published": _text(node.get("datePublished")),
        "updated": _text(node.get("dateModified")),
        "language": _language(node.get("inLanguage")),
        "tags": _keywords(node.get("keywords")),
        "licence": _address_or_name(node.get("license")),
        "url": _address(node.get("url")) or _address(node.get("mainEntityOfPage")),
    }
    return {name: value for name, value in said.items() if value}


def _names(value: object, by_id: Mapping[str, Node]) -> list[str]:
    """The names of persons or organisations: a text, an object, a reference to one, or a list of these."""
    if isinstance(value, list):
        return [name for each in value for name in _names(each, by_id)]
    if isinstance(value, dict):
        known = by_id.get(value.get("@id", ""), value) if "name" not in value else value
        name = known.get("name")
        if isinstance(name, list):
            return [text for each in name if (text := _text(each))]
        whole = " ".join(filter(None, (_text(known.get("givenName")), _text(known.get("familyName")))))
        return [text for text in [_text(name) or whole] if text]
    return [text for text in [_text(value)] if text]


def _keywords(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for each in value if (text := _text(each.get("name") if isinstance(each, dict) else each))]
    text = _text(value)
    return [each.strip() for each in text.split(",")] if text else []


def _language(value: object) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return _text(value.get("alternateName") or value.get("name") if isinstance(value, dict) else value)


def _address_or_name(value: object) -> str | None:
    return _text(value.get("url") or value.get("@id") or value.get("name") if isinstance(value, dict) else value)


def _address(value: object) -> str | None:
    return _text(value.get("@id") or value.get("url") if isinstance(value, dict) else value)


def _text(value: object) -> str | None:
    """A text as it is meant: systems escape entities once more than JSON needs."""
    if not isinstance(value, str):
        return None
    return _TAGS.sub("", html.unescape(html.unescape(value))).strip() or None
