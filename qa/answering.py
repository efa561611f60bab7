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
from qa.answers import Answer as Answer
from qa.answers import AnsweringPassage as AnsweringPassage
from qa.answers import Copy, Searched
from qa.answers import Highlight as Highlight
from qa.answers import Span as Span
from qa.answers import Took as Took
from qa.citations import cite, permalink
from qa.confidence import confidence, each_alone
from qa.ordering import FIRST, distinct_first, timeline
from qa.reasons import reason
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
