"""A citation as text that is ready to paste: the quote, word for word, and where it is from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import quote

from qa.annotations import annotation
from qa.manuals import apa, chicago, mla, pages
from qa.records import bibtex, csl_json, ris

if TYPE_CHECKING:  # so that the command line has the names of the styles at once
    from qa.answers import Citation

Style = Literal["plain", "markdown", "html", "apa", "chicago", "mla", "bibtex", "ris", "csl-json", "json-ld"]

STYLES: tuple[Style, ...] = get_args(Style)

_RESERVED = ":/?#[]@!$&'()*+,;=%~"

# What Markdown takes for markup anywhere, and what only where a line begins.
_MARKUP = re.compile(r"[\\`*_\[\]<>&~|$]")
_LINE_MARKUP = re.compile(r"^(\d{1,9})?((?(1)[.)]|[#+=-]))", re.MULTILINE)


def cited(citation: Citation, style: Style, base: str = "") -> str:
    """The citation in a style; without a newline at the end.

    ``base`` is the address of the service that has the archive's copy, as ``https://example.org``; without, a source
    that isn't on the web is given without a link.
    """
    return _WRITERS[style](citation, base)


def address(citation: Citation, base: str = "") -> str | None:
    """The link to the quote on its page, else in the archive's copy: a URI, safe to put between quotation marks."""
    link = citation.source_link or (f"{base.rstrip('/')}{citation.link}" if base else None)
    return link and quote(link, safe=_RESERVED)


def location(citation: Citation, digits: int = 64) -> str:
    """Where in which text the quote is, with so many digits of the text's hash."""
    return (
        f"{citation.article_id}, code points {citation.start}-{citation.end} of the text with SHA-256"
        f" {citation.sha256[:digits]}"
    )


def _plain(citation: Citation, base: str) -> str:
    title = f"[{citation.title}]" if citation.title_inferred else f"“{citation.title}”"
    source = ", ".join([*citation.authors, title, *_issue(citation)])
    lines = [citation.quote, "", f"— {source}", address(citation, base), _retrieved(citation), location(citation, 12)]
    return "\n".join(line for line in lines if line is not None)


def _markdown(citation: Citation, base: str) -> str:
    link = address(citation, base)
    title = _escaped(f"[{citation.title}]" if citation.title_inferred else citation.title)
    title = f"[{title}](<{link}>)" if link else f"“{title}”"
    source = ", ".join([*map(_escaped, citation.authors), title, *map(_escaped, _issue(citation))])
    remarks = [_escaped(line) for line in (_retrieved(citation), location(citation, 12)) if line]
    quoted = [_escaped(paragraph).split("\n") for paragraph in citation.quote.split("\n\n")]
    paragraphs = ["\\\n".join(lines) for lines in [*quoted, [f"— {source}", *remarks]]]
    return "\n".join(f"> {line}".rstrip() for line in "\n\n".join(paragraphs).split("\n"))


def _escaped(text: str) -> str:
    return _LINE_MARKUP.sub(lambda match: f"{match[1] or ''}\\{match[2]}", _MARKUP.sub(r"\\\g<0>", text))


def _html(citation: Citation, base: str) -> str:
    link = address(citation, base)
    cite = f' cite="{escape(link)}"' if link else ""
    language = f' lang="{escape(citation.language)}"' if citation.language else ""
    title = escape(f"[{citation.title}]" if citation.title_inferred else citation.title)
    title = f'<a href="{escape(link)}">{title}</a>' if link else title
    source = ", ".join([*map(escape, citation.authors), f"<cite>{title}</cite>", *map(escape, _issue(citation))])
    remarks = "<br>\n".join(escape(line) for line in (_retrieved(citation), location(citation, 12)) if line)
    paragraphs = (escape(paragraph).replace("\n", "<br>\n") for paragraph in citation.quote.split("\n\n"))
    return (
        f'<figure>\n<blockquote{cite}{language} dir="auto">\n'
        + "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
        + f"\n</blockquote>\n<figcaption>— {source}<br>\n<small>{remarks}</small></figcaption>\n</figure>"
    )


def _issue(citation: Citation) -> list[str]:
    """Publisher, date and page as far as they are known."""
    updated = f"updated {citation.updated}" if citation.updated and citation.updated != citation.published else None
    return [part for part in (citation.publisher, citation.published, updated, pages(citation)) if part]


def _retrieved(citation: Citation) -> str | None:
    return f"Retrieved {citation.retrieved}" if citation.retrieved else None


def _manual(
    reference: Callable[[Citation, str | None], str], place: Callable[[Citation], str | None] = lambda _: None
) -> Callable[[Citation, str], str]:
    """The quote as a block quotation, which has no marks around it that would change those within, behind it in
    parentheses its place, where the manual wants it there and it is known, and a reference."""

    def cited_so(citation: Citation, base: str) -> str:
        page = place(citation)
        return f"{citation.quote}{f' ({page})' if page else ''}\n\n{reference(citation, address(citation, base))}"

    return cited_so


def _json_ld(citation: Citation, base: str) -> str:
    return json.dumps(annotation(citation, base), ensure_ascii=False)


def _record(record: Callable[[Citation, str], str]) -> Callable[[Citation, str], str]:
    return lambda citation, base: record(citation, location(citation))


_WRITERS: dict[Style, Callable[[Citation, str], str]] = {
    "plain": _plain,
    "markdown": _markdown,
    "html": _html,
    "apa": _manual(apa, pages),
    "chicago": _manual(chicago),
    "mla": _manual(mla, lambda citation: citation.page),
    "bibtex": _record(bibtex),
    "ris": _record(ris),
    "csl-json": _record(csl_json),
    "json-ld": _json_ld,
}
