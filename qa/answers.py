"""What an answer is made of: plain, frozen values, which are also its JSON.

They stand by themselves so that a program that only reads answers, as ``ibidem.Client`` does, loads nothing that makes
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from corpus.article import Provenance

Kind = Literal["nothing near", "missing", "two readings", "uncertain"]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a passage stands: ``article.text[start:end] == quote``, code points, half-open.

    ``published``, ``updated`` and ``retrieved`` are as exact as they are known (``2025-03-04``, ``2025-03``, ``2025``);
    ``provenance`` says of each value that is known where it comes from. ``page`` is what is printed on the page, or
    ``14–15`` for the first and the last of several, if the article has pages. ``prefix`` and ``suffix`` are the code
    points around the quote, up to 32 each, as in the W3C's Web Annotation Data Model (TextQuoteSelector). ``sha256`` is
    of the article's canonical text in UTF-8, in hexadecimal, and ``generation`` the index that the citation was taken
    from. ``link`` opens the archive's copy of the article at the passage, on the service that gave the answer;
    ``source_link`` what is at ``url``, at the quote in browsers that know text fragments, or at its page if the article
    has pages.
    """

    article_id: str
    title: str
    title_inferred: bool
    authors: tuple[str, ...]
    publisher: str | None
    url: str | None
    published: str | None
    updated: str | None
    retrieved: str | None
    provenance: Mapping[str, Provenance]
    language: str | None
    page: str | None
    start: int
    end: int
    quote: str
    prefix: str
    suffix: str
    sha256: str
    generation: str
    link: str
    source_link: str | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a question is not answered.

    ``nothing near``: no passage is about the matter. ``missing``: some are, but none of those found has the names and
    numbers of the question that are in ``missing``, nor has the title of its article. ``two readings``: the best two of
    them from different sources are about equally near, and about different matters. ``uncertain``: none of these, and
    still no likely answer. ``sentence`` says it to a person.
    """

    kind: Kind
    missing: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Dated:
    """One entry of a timeline: the passage of that rank, and when its article was published."""

    rank: int
    article_id: str
    published: str


@dataclass(frozen=True, slots=True)
class Span:
    """Code points of the article's canonical text, half-open."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Highlight:
    """A sentence of a passage that is near to the question: code points of the article's canonical text, half-open.
    ``words`` are those in it that the question has too, inflected or not."""

    start: int
    end: int
    words: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """Another article that has the passage too, word for word or nearly: where it stands there, code points, half-open,
    and the ``link`` that opens it."""

    article_id: str
    title: str
    publisher: str | None
    url: str | None
    published: str | None
    start: int
    end: int
    link: str


@dataclass(frozen=True, slots=True)
class AnsweringPassage:
    """A passage of an answer: ``text`` is ``[start:end]`` of its article's canonical text, code points, half-open.

    ``rank`` counts from 1; ``score`` is from 0 to 1, higher is better, and only comparable within one answer.
    ``highlights`` are sentences, the nearest to the question first. ``cited`` is the citation in the style that was
    asked for. ``also_in`` lists the article's copies.
    """

    rank: int
    score: float
    start: int
    end: int
    text: str
    highlights: tuple[Highlight, ...]
    citation: Citation
    cited: str | None
    also_in: tuple[Copy, ...]


@dataclass(frozen=True, slots=True)
class Searched:
    """How many articles the filters left, and how many they left out only because no date is known of them."""

    articles: int
    undated: int


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds: for the question's vector (its share, where several were embedded together), for the search, and
    for the whole answer."""

    encode: float
    search: float
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The passages that answer a question best, best first.

    All come from the one generation named. ``confidence`` is the estimated probability that one of them answers the
    question, from 0 to 1, and ``answered`` whether it reaches the threshold; without an estimate (see
    ``qa.confidence``) they are ``None`` and true. ``reason`` says why it is not answered. ``independent_sources``
    counts the sources of those among the first ten passages that answer it, copies as one, and is at least 1 if it is
    answered; ``None`` without an estimate. ``timeline`` has the passages on the matter of the first one, newest first,
    if their dates differ.
    """

    question: str
    generation: str
    answered: bool
    confidence: float | None
    reason: Reason | None
    independent_sources: int | None
    searched: Searched
    passages: tuple[AnsweringPassage, ...]
    timeline: tuple[Dated, ...]
    took_ms: Took
