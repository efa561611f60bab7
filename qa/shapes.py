"""What the HTTP interface gives beside answers and checks: plain, frozen values, which are also its JSON.

They stand by themselves so that a client of the interface loads nothing of what serves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from corpus.article import Entry
from qa.answers import Answer, Citation
from qa.calibration import Calibration

Narrowing = Mapping[str, str | tuple[str, ...]]
"""The filters of a question by their names, those that were given; ``as_of`` and ``copies`` are not among them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The answers of several questions, all from the one generation named."""

    generation: str
    """The one index that all answers come from."""
    answers: list[Answer]
    """One of each question, in the order in which they were asked."""


@dataclass(frozen=True, slots=True)
class Articles:
    """A page of the articles of a generation."""

    generation: str
    """The index that they are in."""
    total: int
    """How many the filters leave, on all pages."""
    articles: tuple[Entry, ...]
    """Those of this page, in the order that was asked for."""
    next: str | None
    """The cursor of the page behind this one; ``None`` if this is the last."""


@dataclass(frozen=True, kw_only=True)
class FullArticle(Entry):
    """An article with its canonical text, whose code points every citation counts."""

    generation: str
    """The index that it is in."""
    text: str
    """The canonical text."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The calibration that a generation's answers go by."""

    generation: str
    """The index."""
    calibration: Calibration | None
    """Its calibration; ``None`` if the confidence of its answers is not known."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """That a generation is open and has answered a question."""

    status: str
    """``ready``."""
    generation: str
    """The index that is served."""
    problem: str | None
    """Why a newer one is not served, if there is one that could not be opened."""


@dataclass(frozen=True, slots=True)
class CitedPlace:
    """The citation of a place."""

    citation: Citation
    """The citation."""
    cited: str | None
    """The same in the style that was asked for; ``None`` if none was."""


@dataclass(frozen=True, slots=True)
class ChangedArticles:
    """Articles of one kind of change."""

    total: int
    """How many there are."""
    articles: tuple[Entry, ...]
    """The first of them, a hundred at most, the newest first, those of unknown date last."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a generation has otherwise than the one before it that is still kept."""

    generation: str
    """The index that is served."""
    since: str | None
    """The one before it; ``None`` if there is none, and then nothing is listed."""
    added: ChangedArticles
    """The articles that are new."""
    changed: ChangedArticles
    """Those whose text or metadata are others."""
    removed: ChangedArticles
    """Those that are gone, as they were."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request."""

    field: str
    """Its place in the request, with ``.`` between parts; empty if it is the whole."""
    message: str
    """What is wrong with it."""


@dataclass(frozen=True, slots=True)
class Cited:
    """A passage that was judged, by what finds and proves it (see ``qa.answers.Citation``)."""

    article_id: str
    """The article's id."""
    start: int
    """The first code point of the quote in the article's canonical text."""
    end: int
    """The code point behind its last."""
    quote: str
    """The passage, word for word."""
    prefix: str
    """Up to 32 code points before the quote."""
    suffix: str
    """Up to 32 code points behind it."""
    sha256: str
    """Of the article's canonical text in UTF-8, hexadecimal."""


@dataclass(frozen=True)
class Said:
    """What a user says of a question."""

    question: str
    """The question, as it was asked."""
    filters: Narrowing
    """Which articles might answer, as it was asked: the filters that were given, by name."""
    as_of: str | None
    """The date as of which it was asked, if one was given."""
    generation: str
    """The index that answered."""
    answers: bool
    """Whether the passage of ``citation`` answers it; without a citation, whether the archive does."""
    comment: str
    """What else was said; may be empty."""
    citation: Cited | None
    """The passage that was judged; ``None`` for the archive."""


@dataclass(frozen=True)
class _Kept:
    id: int
    """Its number."""
    made: str
    """When it was said: UTC, ISO 8601, to the second."""


@dataclass(frozen=True)
class Feedback(Said, _Kept):
    """What a user said, as it is kept."""


@dataclass(frozen=True, slots=True)
class FeedbackPage:
    """Feedback, the newest first."""

    total: int
    """How much there is, on all pages."""
    feedback: tuple[Feedback, ...]
    """What is on this page."""
    next: str | None
    """The cursor of what follows; ``None`` at the end."""


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """A question that was not answered."""

    id: int
    """Its number."""
    question: str
    """The question, as it was asked last."""
    filters: Narrowing
    """Which articles might answer, as it was asked: the filters that were given, by name."""
    as_of: str | None
    """The date as of which it was asked, if one was given."""
    generation: str
    """The index that did not answer it, when it was asked last."""
    asked: int
    """How often it was asked."""
    first_asked: str
    """When it was asked first: UTC, ISO 8601, to the second."""
    last_asked: str
    """When it was asked last."""
    confidence: float | None
    """How sure the answer was when it was asked last, from 0 to 1; ``None`` if that is not known."""
    reason: str | None
    """Why it was not answered, in a sentence."""


@dataclass(frozen=True, slots=True)
class UnansweredPage:
    """Questions without an answer, those asked most often first, of equals those asked last."""

    total: int
    """How many there are, on all pages."""
    unanswered: tuple[UnansweredQuestion, ...]
    """Those of this page."""
    next: str | None
    """The cursor of what follows; ``None`` at the end."""
