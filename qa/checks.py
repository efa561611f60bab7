"""What checking a citation finds: plain, frozen values, which are also its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from qa.answers import Citation

Status = Literal["verified", "moved", "changed", "gone", "unknown"]
QuoteStatus = Literal["verified", "changed", "unknown"]


@dataclass(frozen=True, slots=True)
class Word:
    """A run of words and the white space before them."""

    operation: Literal["equal", "delete", "insert"]
    """Whether it is in both texts, only in the cited one (``delete``), or only in the archive's (``insert``)."""
    text: str
    """The words."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a citation that is not what the archive has."""

    field: str
    """The field's name."""
    cited: Any
    """What was given."""
    archive: Any
    """What the archive has."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one citation."""

    status: Status
    """``verified``: the quote stands in the archive as cited, and all else that was given is what the archive has.
    ``moved``: the quote stands elsewhere, or in a text that has changed around it. ``changed``: the quote does not
    stand in the article any more, or stands there and something else is not so. ``gone``: the article was in the
    archive. ``unknown``: neither an article of that id nor one of that text is known to have been in the archive."""
    article_id: str
    """The article's id, as it was given."""
    generation: str
    """The index that was looked at."""
    explanation: str
    """What was found, in a sentence for readers."""
    citation: Citation | None = None
    """Where the quote, or the text that is nearest to it, stands now; ``None`` if there is nothing near."""
    differences: tuple[Difference, ...] = ()
    """The given fields that ``citation`` has otherwise."""
    words: tuple[Word, ...] = ()
    """Of a quote that has changed, what makes the nearest text of it."""
    last_generation: str | None = None
    """Of an article that is gone, the last index that had it, as far as is known."""


@dataclass(frozen=True, slots=True)
class Checks:
    """What was found of each of several citations, in one generation."""

    generation: str
    """The index that was looked at."""
    results: tuple[Check, ...]
    """One of each citation, in the order in which they were given."""


@dataclass(frozen=True, slots=True)
class QuoteCheck:
    """What was found of a quote."""

    status: QuoteStatus
    """``verified``: the archive has it word for word; but for spaces, dashes and quotation marks, which may be written
    otherwise, and for what was left out and marked as such (``…``). ``changed``: it has something like it.
    ``unknown``: nothing like it was found."""
    quote: str
    """As it was given."""
    explanation: str
    """What was found, in a sentence for readers."""
    citation: Citation | None
    """Where it, or the text that is nearest to it, stands, in the archive's own writing; ``None`` if nothing like it
    was found."""
    words: tuple[Word, ...]
    """If it is ``changed``, what makes the nearest text of it."""
    also_in: tuple[Citation, ...]
    """Further articles that have it word for word."""


@dataclass(frozen=True, slots=True)
class QuoteChecks:
    """What was found of each of several quotes, in one generation."""

    generation: str
    """The index that was looked at."""
    results: tuple[QuoteCheck, ...]
    """One of each quote, in the order in which they were given."""
