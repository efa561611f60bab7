"""A record of an export: its text and what it says of itself, as ``corpus.formats.exports`` took them out."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping

import regex

from corpus.cleaning import clean, mend, unwrap
from corpus.document import Document, Member
from corpus.errors import UnreadableArticle
from corpus.formats import values
from corpus.formats.columns import FORMATS
from corpus.markdown import render
from corpus.statements import DATES, LISTS, Statement, leniently, one_line

# A text is HTML if it has one of these: an author who writes about HTML in plain text hardly ever closes a paragraph.
_BLOCK_TAG = regex.compile(
    r"</(?:p|div|li|ul|ol|h[1-6]|blockquote|table|figure|section|article)\s*>|<(?:br|hr|p)(?:\s[^<>]*)?/?>", regex.I
)
_MARKUP = regex.compile(r"<[/a-z][^<>]*>|&(?:#\d+|#x[0-9a-f]+|[a-z]\w+);", regex.I)


def read(member: Member) -> Document:
    """The text by its format, which is concluded where the record doesn't say it, and the values that can be used."""
    record = _parsed(member.content)
    text = _text(record)
    format_name = _format(record, text)
    given = {name: _value(name, record[name], is_html=format_name == "html") for name in record if name not in _OWN}
    rendered, heading = _RENDERED[format_name](mend(text))
    said = leniently(given, "export")
    if heading and "title" not in said:
        said["title"] = Statement(heading, "heading")
    return Document(text=rendered, said=said)


_OWN = frozenset({"text", "text_from", "format"})


def _parsed(content: bytes) -> Mapping[str, object]:
    try:
        record = json.loads(content.decode(errors="surrogatepass"))
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise UnreadableArticle("no record in JSON; export it anew")
    return record


def _text(record: Mapping[str, object]) -> str:
    """The text; of several, one behind the other."""
    given = record.get("text") or ""
    text = given if isinstance(given, str) else "\n\n".join(map(str, given)) if isinstance(given, list) else ""
    if not text.strip():
        column = record.get("text_from")
        where = f"nothing in {column!r}" if column else "none of its keys is known to hold the text"
        raise UnreadableArticle(f'a record without text: {where}; say in a sidecar which has it: [columns] text = "…"')
    return text


def _format(record: Mapping[str, object], text: str) -> str:
    """The format that the record says; else HTML if it has tags that part paragraphs, else plain text."""
    given = record.get("format")
    if given is None:
        return "html" if _BLOCK_TAG.search(text) else "text"
    found = FORMATS.get(str(given).partition(";")[0].strip().lower())
    if found is None:
        raise UnreadableArticle(f"its format is {str(given)[:40]!r}, and only text, markdown and html are read")
    return found


def _plain(text: str) -> tuple[str, str]:
    return unwrap(clean(text)), ""


def _markdown(text: str) -> tuple[str, str]:
    rendered = render(text)
    return clean(rendered.text), one_line(rendered.heading or "")


def _html(text: str) -> tuple[str, str]:
    # Loaded when it is needed: it takes a while.
    from corpus.formats.html import fragment_text

    return fragment_text(text), ""


_RENDERED: Mapping[str, Callable[[str], tuple[str, str]]] = {"text": _plain, "markdown": _markdown, "html": _html}
"""Canonical text by format, and its first heading, if that is the title of all."""


def _value(name: str, given: object, *, is_html: bool) -> object:
    """A value as ``corpus.statements`` takes it; ``None`` for what isn't certain."""
    if name in LISTS:
        return _several(name, given, is_html=is_html)
    if not isinstance(given, str):
        given = given[0] if isinstance(given, list) and len(given) == 1 else None
    if given is None or name not in DATES:
        return given if given is None else _line(str(given), is_html=is_html and name != "url")
    return values.date(str(given))


def _several(name: str, given: object, *, is_html: bool) -> list[str]:
    texts = [str(entry) for entry in given] if isinstance(given, list) else values.listed(str(given))
    if texts is None:
        texts = values.names(str(given)) if name == "authors" else regex.split(r"[|;,\n]", str(given))
    return [_line(text, is_html=is_html) for text in texts]


def _line(text: str, *, is_html: bool) -> str:
    """A text of one line; what belongs to a text in HTML is HTML itself, where it looks like it."""
    if is_html and _MARKUP.search(text):
        return one_line(html.unescape(regex.sub(r"<[^<>]*>", "", text)))
    return one_line(mend(text))
