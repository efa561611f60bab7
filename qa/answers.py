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
    """Where a passage stands: ``article.text[start:end] == quote``, code points, half-open."""

    article_id: str
    """The article's id."""
    title: str
    """What the article is called."""
    title_inferred: bool
    """Whether the title was taken from the text, as the source gives none."""
    authors: tuple[str, ...]
    """Who wrote the article."""
    publisher: str | None
    """Who published it."""
    url: str | None
    """Where it stands on the web."""
    published: str | None
    """When it was published, as exact as that is known: ``2025-03-04``, ``2025-03`` or ``2025``."""
    updated: str | None
    """When it was last updated, likewise."""
    retrieved: str | None
    """When it was fetched from where it stood, likewise."""
    provenance: Mapping[str, Provenance]
    """Of each value that is known of the article, by its name, where it comes from."""
    language: str | None
    """The article's language (BCP 47)."""
    page: str | None
    """What is printed on the page of the quote, or ``14–15`` for the first and the last of several; ``None`` for an
    article without pages."""
    start: int
    """The first code point of the quote in the article's canonical text."""
    end: int
    """The code point behind its last."""
    quote: str
    """The words that are cited, ``text[start:end]`` of the article."""
    prefix: str
    """Up to 32 code points before the quote, as in the W3C's Web Annotation Data Model (TextQuoteSelector)."""
    suffix: str
    """Up to 32 code points behind it."""
    sha256: str
    """Of the article's canonical text in UTF-8, hexadecimal."""
    generation: str
    """The index that the citation was taken from."""
    link: str
    """Opens the archive's copy of the article at the quote; relative to the service that gave the answer."""
    source_link: str | None
    """Opens what is at ``url``: at the quote in browsers that know text fragments, or at its page if the article has
    pages."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a question is not answered."""

    kind: Kind
    """``nothing near``: no passage is about the matter. ``missing``: some are, but none of those found has the names
    and numbers in ``missing``, nor has the title of its article. ``two readings``: the best two of them from different
    sources are about equally near, and about different matters. ``uncertain``: none of these, and still no likely
    answer."""
    missing: tuple[str, ...]
    """The names and numbers of the question that none of the passages has."""
    sentence: str
    """The reason, said to a person."""


@dataclass(frozen=True, slots=True)
class Dated:
    """One entry of a timeline: the passage of that rank, and when its article was published."""

    rank: int
    """The rank of the passage in the answer."""
    article_id: str
    """The id of its article."""
    published: str
    """When that was published, as exact as it is known: ``2025-03-04``, ``2025-03`` or ``2025``."""


@dataclass(frozen=True, slots=True)
class Span:
    """Code points of the article's canonical text, half-open."""

    start: int
    """The first code point."""
    end: int
    """The code point behind the last."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """A sentence of a passage that is near to the question: code points of the article's canonical text, half-open."""

    start: int
    """The first code point of the sentence."""
    end: int
    """The code point behind its last."""
    words: tuple[Span, ...]
    """The words in it that the question has too, inflected or not."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Another article that has the passage too, word for word or nearly."""

    article_id: str
    """The article's id."""
    title: str
    """What it is called."""
    publisher: str | None
    """Who published it."""
    url: str | None
    """Where it stands on the web."""
    published: str | None
    """When it was published, as exact as that is known."""
    start: int
    """The first code point of the passage there."""
    end: int
    """The code point behind its last."""
    link: str
    """Opens it there; relative to the service."""


@dataclass(frozen=True, slots=True)
class AnsweringPassage:
    """A passage of an answer: ``text`` is ``[start:end]`` of its article's canonical text, code points, half-open."""

    rank: int
    """Its place in the answer, from 1."""
    score: float
    """From 0 to 1, higher is better; only comparable within one answer."""
    start: int
    """The first code point of it in the article's canonical text."""
    end: int
    """The code point behind its last."""
    text: str
    """The passage, word for word."""
    highlights: tuple[Highlight, ...]
    """The sentences that are nearest to the question, the nearest first."""
    citation: Citation
    """Where it stands: all that is needed to find it and to check it."""
    cited: str | None
    """The citation in the style that was asked for; ``None`` if none was."""
    also_in: tuple[Copy, ...]
    """The same passage in copies of the article."""


@dataclass(frozen=True, slots=True)
class Searched:
    """How many articles were searched."""

    articles: int
    """How many the filters left."""
    undated: int
    """How many they left out only because no date is known of them."""


@dataclass(frozen=True, slots=True)
class Took:
    """How long it took, in milliseconds."""

    encode: float
    """For the question's vector; its share, where several were embedded together."""
    search: float
    """For the search."""
    total: float
    """For the whole answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The passages that answer a question best, all from the one generation named."""

    question: str
    """As it was asked."""
    generation: str
    """The one index that all of the answer comes from."""
    answered: bool
    """Whether the confidence reaches the threshold, or there is none; if not, the passages are only what comes
    nearest."""
    confidence: float | None
    """The estimated probability that one of the passages answers the question, from 0 to 1; ``None`` without an
    estimate (see ``qa.confidence``)."""
    reason: Reason | None
    """Why it is not answered; ``None`` if it is."""
    independent_sources: int | None
    """How many sources have one, among the first ten passages, that would be an answer even alone; copies of an
    article count as one; at least 1 if it is answered, ``None`` without an estimate."""
    searched: Searched
    """How many articles were searched."""
    passages: tuple[AnsweringPassage, ...]
    """Best first, but among those that answer one of each source comes first; fewer than were asked for only if no
    more fit."""
    timeline: tuple[Dated, ...]
    """The passages on the matter of the first one, newest first, if their dates differ; it says nothing of whether
    they agree."""
    took_ms: Took
    """How long it took."""
