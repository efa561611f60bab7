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
    """The answers of several questions, in the order in which they were asked, all from the one generation named."""

    generation: str
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Articles:
    """A page of the articles of a generation. ``total`` is how many the filters leave, on all pages; ``next`` is the
    cursor of the page behind this one, ``None`` if this is the last."""

    generation: str
    total: int
    articles: tuple[Entry, ...]
    next: str | None


@dataclass(frozen=True, kw_only=True)
class FullArticle(Entry):
    """An article with its canonical text, whose code points every citation counts."""

    generation: str
    text: str


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The calibration that a generation's answers go by; ``None`` if their confidence is not known."""

    generation: str
    calibration: Calibration | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """That a generation is open and has answered a question; ``problem`` says why a newer one is not served."""

    status: str
    generation: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class CitedPlace:
    """The citation of a place, and the same in the style that was asked for, ``None`` if none was."""

    citation: Citation
    cited: str | None


@dataclass(frozen=True, slots=True)
class ChangedArticles:
    """Articles of one kind of change: how many there are, and the first of them, a hundred at most, the newest first,
    those of unknown date last."""

    total: int
    articles: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a generation has otherwise than the one before it that is still kept, ``since``; ``None`` if there is none,
    and then nothing is listed. ``removed`` articles are as they were."""

    generation: str
    since: str | None
    added: ChangedArticles
    changed: ChangedArticles
    removed: ChangedArticles


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request; ``field`` is empty if it is the whole."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Cited:
    """A passage that was judged, by what finds and proves it (see ``qa.answers.Citation``)."""

    article_id: str
    start: int
    end: int
    quote: str
    prefix: str
    suffix: str
    sha256: str


@dataclass(frozen=True)
class Said:
    """What a user says of a question, asked of what ``filters`` and ``as_of`` leave of a generation: that the passage
    of ``citation`` ``answers`` it or not; without a citation, that the archive does or not."""

    question: str
    filters: Narrowing
    as_of: str | None
    generation: str
    answers: bool
    comment: str
    citation: Cited | None


@dataclass(frozen=True)
class _Kept:
    id: int
    made: str


@dataclass(frozen=True)
class Feedback(Said, _Kept):
    """What a user said, with its number and the time in UTC, ISO 8601, to the second."""


@dataclass(frozen=True, slots=True)
class FeedbackPage:
    """Feedback, the newest first. ``total`` counts all there is; ``next`` is the cursor of what follows, ``None`` at
    the end."""

    total: int
    feedback: tuple[Feedback, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """A question that was not answered: how often it was ``asked``, when first and when last, and from which generation
    it was not answered then, with what ``confidence``, 0 to 1, and for what ``reason``. Times are UTC, ISO 8601."""

    id: int
    question: str
    filters: Narrowing
    as_of: str | None
    generation: str
    asked: int
    first_asked: str
    last_asked: str
    confidence: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class UnansweredPage:
    """Questions without an answer, those asked most often first, of equals those asked last. ``total`` counts all there
    are; ``next`` is the cursor of what follows, ``None`` at the end."""

    total: int
    unanswered: tuple[UnansweredQuestion, ...]
    next: str | None
