"""The one way from a question to its answer; HTTP and the command line both call ``answer``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from corpus.errors import InvalidQuestion
from index.encoder import QuestionVectors
from index.filters import EVERYTHING, Filters
from index.search import Engine, Hit
from index.store import Excerpt
from qa.citations import Citation, cite, permalink
from qa.confidence import confidence, each_alone
from qa.ordering import FIRST, Dated, distinct_first, timeline
from qa.reasons import Reason, reason
from qa.settings import DEFAULT_POLICY, Policy
from qa.styles import Style, cited

MAX_CHARACTERS = 2000
"""The longest question, in code points."""

MAX_PASSAGES = 100
DEFAULT_PASSAGES = 5

SENTENCE_MARGIN = 0.05
"""A sentence whose cosine is at most so much below that of the nearest of its passage is a highlight too."""

_UNFIT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Query:
    """A question and how it is to be answered: by how many passages (1 to ``MAX_PASSAGES``), out of what, with
    ``narrow`` citing the nearest sentence of each and not the whole passage, and with citations in the style ``cite``
    as well. ``base`` is the address of the service, for the links in these; empty if there is none."""

    question: str
    top_k: int = DEFAULT_PASSAGES
    filters: Filters = EVERYTHING
    narrow: bool = False
    cite: Style | None = None
    base: str = ""


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


def answer(engine: Engine, query: Query, policy: Policy = DEFAULT_POLICY) -> Answer:
    """The passages that answer a question best, as many as are asked for, or all there are.

    Raises ``InvalidQuestion`` or ``InvalidFilter``.
    """
    return answer_all(engine, [query], policy)[0]


def answer_all(engine: Engine, queries: Sequence[Query], policy: Policy = DEFAULT_POLICY) -> list[Answer]:
    """The answers of several questions, in the same order; they are embedded together, which is faster.

    Raises ``InvalidQuestion`` or ``InvalidFilter`` for the first that can't be asked, and then answers none.
    """
    for query in queries:
        check(query.question, query.top_k)
        engine.scope(query.filters)
    start = perf_counter()
    vectors = engine.encode([query.question for query in queries])
    encode = (perf_counter() - start) / max(1, len(queries))
    return [_answer(engine, query, found, policy, encode) for query, found in zip(queries, vectors, strict=True)]


def _answer(engine: Engine, query: Query, vectors: QuestionVectors, policy: Policy, encode: float) -> Answer:
    begun = perf_counter()
    scope = engine.scope(query.filters)
    # More than are shown, so that the order does not depend on how many are.
    found = engine.search(query.question, vectors, max(query.top_k, FIRST), query.filters)
    searched = perf_counter() - begun
    answering = _answering(engine, found[:FIRST], policy.threshold)
    hits = (distinct_first(found, answering) if policy.diversity else found)[: query.top_k]
    sure = confidence(engine, found[: query.top_k])
    answered = sure is None or sure >= policy.threshold
    shown = {hit.passage for hit in hits}
    sources = {hit.cluster for hit in answering if hit.passage in shown}
    return Answer(
        question=query.question,
        generation=engine.manifest.generation,
        answered=answered,
        confidence=sure,
        reason=None if answered else reason(engine, query.question, hits),
        # None of the passages may reach the threshold alone where they do together.
        independent_sources=None if sure is None else max(len(sources), int(answered)),
        searched=Searched(int(scope.articles.sum()), scope.undated),
        passages=tuple(_passage(engine, query, rank, hit) for rank, hit in enumerate(hits, 1)),
        timeline=timeline(engine, hits) if answered else (),
        took_ms=Took(_ms(encode), _ms(searched), _ms(encode + perf_counter() - begun)),
    )


def _answering(engine: Engine, hits: Sequence[Hit], threshold: float) -> list[Hit]:
    """Those of the hits that answer the question even if they stood alone."""
    alone = zip(hits, each_alone(engine, hits), strict=True)
    return [hit for hit, sure in alone if sure is not None and sure >= threshold]


def check(question: str, top_k: int) -> None:
    """Raises ``InvalidQuestion`` for what can't be asked, saying what to change."""
    if not question.strip():
        raise InvalidQuestion("the question is empty: write what you want to know")
    if len(question) > MAX_CHARACTERS:
        raise InvalidQuestion(
            f"the question has {len(question)} characters, and may have {MAX_CHARACTERS}: make it shorter"
        )
    if _UNFIT.search(question):
        raise InvalidQuestion("the question has NUL bytes or broken characters (lone surrogates): take them out")
    if not 1 <= top_k <= MAX_PASSAGES:
        raise InvalidQuestion(f"top_k is {top_k}, and may be 1 to {MAX_PASSAGES}")


def _passage(engine: Engine, query: Query, rank: int, hit: Hit) -> AnsweringPassage:
    excerpt = hit.excerpt
    nearest = hit.sentences[0]
    narrowed = replace(excerpt, start=nearest.start, end=nearest.end) if query.narrow else excerpt
    citation = cite(narrowed, engine.manifest.generation)
    return AnsweringPassage(
        rank=rank,
        score=hit.score,
        start=excerpt.start,
        end=excerpt.end,
        text=excerpt.text,
        highlights=tuple(_highlights(engine, query.question, hit)),
        citation=citation,
        cited=cited(citation, query.cite, query.base) if query.cite else None,
        also_in=tuple(map(_copy, hit.copies)),
    )


def _highlights(engine: Engine, question: str, hit: Hit) -> Iterator[Highlight]:
    for sentence in hit.sentences:
        if sentence.cosine >= hit.cosine - SENTENCE_MARGIN:
            start, end = sentence.start, sentence.end
            words = engine.matching_words(question, hit.excerpt.source[start:end])
            yield Highlight(start, end, tuple(Span(start + first, start + last) for first, last in words))


def _copy(excerpt: Excerpt) -> Copy:
    article = excerpt.article
    return Copy(
        article_id=article.id,
        title=article.title,
        publisher=article.publisher,
        url=article.url,
        published=article.published,
        start=excerpt.start,
        end=excerpt.end,
        link=permalink(excerpt),
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
