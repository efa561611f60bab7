"""What a source says of an article: values by the names that ``corpus.article.Metadata`` has for them, checked.

A title and a publisher are one line, authors, tags and sources are several, a date is one of ``corpus.dates``, a url
an http or https address. What somebody wrote for the archive (front matter, a sidecar) must be right: half of what it
says would be cited wrongly. What machines wrote for others (a page's meta tags, a PDF's properties) is often wrong, and
then says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import regex

from corpus import dates
from corpus.article import Origin
from corpus.cleaning import clean
from corpus.errors import UnreadableArticle

Value = str | tuple[str, ...]

LISTS = ("authors", "tags", "sources")
DATES = ("published", "updated", "retrieved")
NAMES = ("title", "authors", "publisher", "url", *DATES, "tags", "language", "licence", "sources")
"""Everything that a source can say."""

_WEB_ADDRESS = regex.compile(r"https?://[^\s/]+(/\S*|[?#]\S*)?", regex.I)


@dataclass(frozen=True, slots=True)
class Statement:
    """A value, and where it comes from; a ``tuple`` for the names in ``LISTS``, else a ``str``; never empty."""

    value: Value
    origin: Origin


Said = Mapping[str, Statement]
"""Statements by name; what is not known is not there."""


def strictly(given: Mapping[str, object], origin: Origin, where: str) -> dict[str, Statement]:
    """The statements that values make, given by name; names that aren't in ``NAMES`` are passed over.

    Raises ``UnreadableArticle`` for the first value that can't be, naming it, and ``where`` it stands ("its front
    matter").
    """
    said = {}
    for name in NAMES:
        if given.get(name) is not None:
            value = _value(name, given[name], where)
            if value:
                said[name] = Statement(value, origin)
    return said


def leniently(given: Mapping[str, object], origin: Origin) -> dict[str, Statement]:
    """The statements that values make, without those that can't be."""
    said: dict[str, Statement] = {}
    for name in NAMES:
        try:
            said.update(strictly({name: given.get(name)}, origin, ""))
        except UnreadableArticle:
            continue
    return said


def one_line(text: str) -> str:
    """The canonical form of a text that has no lines, as a title."""
    return clean(text).replace("\n\n", "\n").replace("\n", " ")


def _value(name: str, value: object, where: str) -> Value:
    checks: dict[str, Callable[[str, object, str], Value]] = {
        **dict.fromkeys(LISTS, _lines),
        **dict.fromkeys(DATES, _date),
        "url": _web_address,
    }
    return checks.get(name, _line)(name, value, where)


def _line(name: str, value: object, where: str) -> str:
    if not isinstance(value, str):
        raise UnreadableArticle(f"'{name}' in {where} must be a text, not {_named(value)}")
    return one_line(value)


def _lines(name: str, value: object, where: str) -> tuple[str, ...]:
    """A list of texts; a single text is a list of one, and blank entries say nothing."""
    lines = []
    for entry in value if isinstance(value, list | tuple) else [value]:
        if not isinstance(entry, str | None):
            raise UnreadableArticle(f"'{name}' in {where} must be a text or a list of texts, and has {_named(entry)}")
        lines.append(one_line(entry or ""))
    return tuple(filter(None, lines))


def _web_address(name: str, value: object, where: str) -> str:
    """An address that a citation may link to: a reader clicks on it, so no other scheme is let through."""
    address = value.strip() if isinstance(value, str) else None
    if address and not (address.isprintable() and _WEB_ADDRESS.fullmatch(address)):
        address = None
    if address is None:
        raise UnreadableArticle(f"'{name}' in {where} must be one address like https://example.org/page")
    return address


def _date(name: str, value: object, where: str) -> str:
    """A date as in ``corpus.dates``."""
    text = _line(name, value, where)
    try:
        return dates.parse(text) if text else ""
    except ValueError:
        raise UnreadableArticle(
            f"'{name}' in {where} must be a date like 2025-03-31, 2025-03 or 2025, not {text[:40]!r}"
        ) from None


def _named(value: object) -> str:
    kinds = {list: "a list", dict: "a mapping", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), f"a {type(value).__name__}")
