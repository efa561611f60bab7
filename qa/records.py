"""Citations as records for reference managers: BibTeX, RIS and CSL-JSON.

A record is of the article as it stands on the web; the quote and where it is are its notes. Authors are given as
literal names, as the archive doesn't know which part of one is the family name.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.answers import Citation


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

# Characters that LaTeX would set as one: two hyphens as a dash, two inverted commas as a quotation mark.
_LIGATURES = re.compile(r"(?<=([-'`,<>]))(?=\1)|(?<=[?!])(?=`)")

# BibTeX counts braces even behind a backslash, so none may stay.
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    }
)  # fmt: skip


def bibtex(citation: Citation, location: str) -> str:
    """A BibTeX entry in UTF-8, which biblatex reads as well."""
    published = (citation.published or "").split("-")
    fields = {
        "author": " and ".join(f"{{{_latex(author)}}}" for author in citation.authors),
        "title": f"{{{_latex(citation.title)}}}",
        "howpublished": _latex(citation.publisher or ""),
        "year": published[0],
        "day": str(int(published[2])) if len(published) > 2 else "",
        "url": _verbatim(_address(citation) or ""),
        "urldate": citation.retrieved or "",
        "language": _latex(citation.language or ""),
        "pages": "--".join(map(_latex, _pages(citation))),
        "note": _latex(location + _remark(citation)),
        "annote": _latex(citation.quote),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    if len(published) > 1:
        lines.append(f"  month = {_MONTHS[int(published[1]) - 1]},")
    return "\n".join([f"@misc{{{key(citation)},", *lines, "}"])


def ris(citation: Citation, location: str) -> str:
    """An RIS record; its lines are parted by CR LF, and line breaks within values become spaces."""
    published = (citation.published or "").split("-")
    fields = [
        ("TY", "ELEC" if _address(citation) else "GEN"),
        ("ID", key(citation)),
        ("TI", citation.title),
        *(("AU", author) for author in citation.authors),
        ("PB", citation.publisher),
        ("PY", published[0]),
        ("DA", _slashed(citation.published)),
        ("UR", _address(citation)),
        ("Y2", _slashed(citation.retrieved)),
        ("LA", citation.language),
        *zip(("SP", "EP"), _pages(citation), strict=False),
        ("N1", citation.quote),
        ("N1", location + _remark(citation)),
    ]
    lines = [f"{tag}  - {' '.join(value.split())}" for tag, value in fields if value]
    return "\r\n".join([*lines, "ER  - "])


def csl_json(citation: Citation, location: str) -> str:
    """A list of one item in CSL-JSON (schema 1.0.2), which is what reference managers import."""
    item: dict[str, Any] = {
        "id": key(citation),
        "type": "webpage" if _address(citation) else "document",
        "title": citation.title,
        "author": [{"literal": author} for author in citation.authors],
        "publisher": citation.publisher,
        "issued": _date_parts(citation.published),
        "accessed": _date_parts(citation.retrieved),
        "URL": _address(citation),
        "language": citation.language,
        "page": citation.page,
        "note": location + _remark(citation),
        "annote": citation.quote,
    }
    return json.dumps([{name: value for name, value in item.items() if value}], ensure_ascii=False, indent=2)


def key(citation: Citation) -> str:
    """A name for the citation: the same whenever it is made, and another for every other passage or text."""
    place = json.dumps([citation.article_id, citation.sha256, citation.start, citation.end])
    return f"ibidem-{hashlib.sha256(place.encode()).hexdigest()[:12]}"


def _remark(citation: Citation) -> str:
    return "; title taken from the text" if citation.title_inferred else ""


def _pages(citation: Citation) -> list[str]:
    """The first page of the quote and the last, if they are two."""
    return citation.page.split("–", 1) if citation.page else []


def _address(citation: Citation) -> str | None:
    """The article's own address: managers tell works apart by it, so it doesn't lead to the quote."""
    return citation.url if citation.source_link else None


def _latex(text: str) -> str:
    return _LIGATURES.sub("{}", text.translate(_LATEX))


def _verbatim(url: str) -> str:
    """For a field that LaTeX takes as it is, except for what would end it."""
    return url.translate({ord(character): f"%{ord(character):02X}" for character in '{}\\" <>'})


def _slashed(date: str | None) -> str | None:
    """Year, month and day with slashes, of which there are always three: 2025/03//."""
    return date and date.replace("-", "/") + "/" * (3 - date.count("-"))


def _date_parts(date: str | None) -> dict[str, list[list[int]]] | None:
    return {"date-parts": [[int(part) for part in date.split("-")]]} if date else None
