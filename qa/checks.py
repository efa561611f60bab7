"""What checking a citation finds: plain, frozen values, which are also its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from qa.answers import Citation

Status = Literal["verified", "moved", "changed", "gone", "unknown"]
QuoteStatus = Literal["verified", "changed", "unknown"]


@dataclass(frozen=True, slots=True)
class Word:
    """A run of words and the white space before them: in both texts, only in the cited one (``delete``), or only in the
    archive's (``insert``)."""

    operation: Literal["equal", "delete", "insert"]
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a citation that is not what the archive has."""

    field: str
    cited: Any
    archive: Any


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one citation.

    ``verified``: the quote stands in the archive as cited, and all else that was given is what the archive has.
    ``moved``: the quote stands elsewhere, or in a text that has changed around it.
    ``changed``: the quote does not stand in the article any more, or stands there and something else is not so.
    ``gone``: the article was in the archive; ``last_generation`` is the last that had it, as far as is known.
    ``unknown``: neither an article of that id nor one of that text is known to have been in the archive.

    ``generation`` is the one that was looked at. ``citation`` is where the quote, or the text that is nearest to it,
    stands in it; ``None`` if there is nothing near. ``differences`` are the given fields that ``citation`` has
    otherwise; of a quote that has changed, ``words`` are the differences from the nearest text. ``explanation`` is a
    sentence for readers.
    """

    status: Status
    article_id: str
    generation: str
    explanation: str
    citation: Citation | None = None
    differences: tuple[Difference, ...] = ()
    words: tuple[Word, ...] = ()
    last_generation: str | None = None


@dataclass(frozen=True, slots=True)
class Checks:
    """What was found of each of several citations, in the order in which they were given, in one generation."""

    generation: str
    results: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class QuoteCheck:
    """What was found of a quote.

    ``verified``: the archive has it word for word; but for spaces, dashes and quotation marks, which may be written
    otherwise, and for what was left out and marked as such (``…``). ``changed``: it has something like it. ``unknown``:
    nothing like it was found. ``citation`` is where it, or the text that is nearest to it, stands, in the archive's own
    writing; ``words`` are the differences from that text if it is ``changed``; ``also_in`` are further articles that
    have it word for word. ``explanation`` is a sentence for readers.
    """

    status: QuoteStatus
    quote: str
    explanation: str
    citation: Citation | None
    words: tuple[Word, ...]
    also_in: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class QuoteChecks:
    """What was found of each of several quotes, in the order in which they were given, in one generation."""

    generation: str
    results: tuple[QuoteCheck, ...]
