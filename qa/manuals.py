"""References as the manuals of style want them: APA (7th edition), Chicago (18th, notes) and MLA (9th).

For works on the web, in plain text. Authors are printed as the archive has them, first name first: which part of
"Ana María Pérez" is the family name, or that "Wire desk" has none, isn't known. So are titles: capitals stay. One
that was taken from the article's text is in brackets, as what the source doesn't give. What isn't known is left out, or
"n.d." for a date where the manual says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.answers import Citation


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTHS_OF_MLA = tuple(
    month if len(month) <= 4 else "Sept." if month == "September" else f"{month[:3]}." for month in _MONTHS
)

_MOST_AUTHORS_OF_APA = 20


def apa(citation: Citation, link: str | None) -> str:
    """An entry of a reference list."""
    title, authors = _title(citation), citation.authors
    date = citation.published or citation.updated
    publisher = None if authors == (citation.publisher,) else citation.publisher
    retrieved = f"Retrieved {_american(citation.retrieved)}, from {link}" if citation.retrieved and not date else link
    parts = [
        _ended(_apa_authors(authors)) if authors else _ended(title),
        f"({_apa_date(date)}).",
        _ended(title) if authors else None,
        publisher and _ended(publisher),
        retrieved if link else None,
    ]
    return " ".join(filter(None, parts))


def chicago(citation: Citation, link: str | None) -> str:
    """A full note."""
    title = _title(citation)
    publisher = None if citation.authors == (citation.publisher,) else citation.publisher
    behind = [publisher, _chicago_date(citation), citation.page, link]
    rest = ", ".join(filter(None, behind))
    titled = f"{title}," if citation.title_inferred else f"“{title},”"
    authors = f"{_few(citation.authors, 'et al.')}, " if citation.authors else ""
    return _ended(f"{authors}{titled} {rest}")


def mla(citation: Citation, link: str | None) -> str:
    """An entry of a list of works cited."""
    title = _ended(_title(citation))
    authors = () if citation.authors == (citation.publisher,) else citation.authors
    date = citation.published or citation.updated
    container = ", ".join(filter(None, [citation.publisher, date and _mla_date(date), link]))
    parts = [
        _ended(_few(authors, "et al.", ",")) if authors else None,
        title if citation.title_inferred else f"“{title}”",
        container and _ended(container),
        f"Accessed {_mla_date(citation.retrieved)}." if citation.retrieved and link else None,
    ]
    return " ".join(filter(None, parts))


def pages(citation: Citation) -> str | None:
    """The page, or the first and the last of several, as APA writes them: ``p. 14``, ``pp. 14–15``."""
    return citation.page and f"{'pp.' if '–' in citation.page else 'p.'} {citation.page}"


def _title(citation: Citation) -> str:
    return f"[{citation.title.removesuffix('.')}]" if citation.title_inferred else citation.title


def _ended(text: str) -> str:
    """With a full stop, unless it ends with a mark that does for one."""
    return text if text.rstrip("”’\"'").endswith((".", "?", "!", "…")) else f"{text}."


def _apa_authors(authors: Sequence[str]) -> str:
    *others, last = authors
    if not others:
        return last
    if len(authors) > _MOST_AUTHORS_OF_APA:
        return f"{', '.join(others[: _MOST_AUTHORS_OF_APA - 1])}, . . . {last}"
    return f"{', '.join(others)}, & {last}"


def _few(authors: Sequence[str], others: str, comma: str = "") -> str:
    """One author or two, or the first of more."""
    return " and ".join(authors) if len(authors) <= 2 else f"{authors[0]}{comma} {others}"


def _parts(date: str) -> tuple[str, str | None, int | None]:
    """Year, the month's name and the day, as far as they are known."""
    year, month, day = chain(date.split("-"), [None] * (2 - date.count("-")))
    return str(year), _MONTHS[int(month) - 1] if month else None, int(day) if day else None


def _apa_date(date: str | None) -> str:
    if date is None:
        return "n.d."
    year, month, day = _parts(date)
    return f"{year}, {month} {day}" if day else f"{year}, {month}" if month else year


def _american(date: str) -> str:
    year, month, day = _parts(date)
    return f"{month} {day}, {year}" if day else f"{month} {year}" if month else year


def _chicago_date(citation: Citation) -> str:
    if citation.published:
        return _american(citation.published)
    if citation.updated:
        return f"last modified {_american(citation.updated)}"
    return f"accessed {_american(citation.retrieved)}" if citation.retrieved else "n.d."


def _mla_date(date: str) -> str:
    year, month, day = _parts(date)
    short = month and _MONTHS_OF_MLA[_MONTHS.index(month)]
    return " ".join(str(part) for part in (day, short, year) if part)
