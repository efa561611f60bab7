"""What the HTTP interface gives beside answers and checks: plain, frozen values, which are also its JSON.

They stand by themselves so that a client of the interface loads nothing of what serves it.
"""

from __future__ import annotations

from dataclasses import dataclass

from corpus.article import Entry
from qa.answers import Answer
from qa.calibration import Calibration


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
class FieldError:
    """What is wrong with one field of a request; ``field`` is empty if it is the whole."""

    field: str
    message: str
