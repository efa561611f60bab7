"""The one way from a question to its answer; HTTP and the command line both call ``answer``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from corpus.errors import InvalidQuestion
from index.search import Engine, Hit
from qa.citations import Citation, cite
from qa.confidence import confidence
from qa.settings import THRESHOLD

MAX_CHARACTERS = 2000
"""The longest question, in code points."""

MAX_PASSAGES = 100
DEFAULT_PASSAGES = 5

_UNFIT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Highlight:
    """The sentence of a passage that is nearest to the question: code points of the article's canonical text,
    half-open."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AnsweringPassage:
    """A passage of an answer. ``rank`` counts from 1; ``score`` is from 0 to 1, higher is better, and only
    comparable within one answer; ``also_in`` will list the article's copies, and is empty until then."""

    rank: int
    score: float
    text: str
    highlights: tuple[Highlight, ...]
    citation: Citation
    also_in: tuple[str, ...]


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
    ``qa.confidence``) they are ``None`` and true.
    """

    question: str
    generation: str
    answered: bool
    confidence: float | None
    passages: tuple[AnsweringPassage, ...]
    took_ms: Took


def answer(engine: Engine, question: str, top_k: int = DEFAULT_PASSAGES, threshold: float = THRESHOLD) -> Answer:
    """The ``top_k`` passages (1 to ``MAX_PASSAGES``) that answer a question best, or all there are.

    Below the ``threshold`` of confidence it is said not to be answered. Raises ``InvalidQuestion``.
    """
    return answer_all(engine, [question], top_k, threshold)[0]


def answer_all(
    engine: Engine, questions: Sequence[str], top_k: int = DEFAULT_PASSAGES, threshold: float = THRESHOLD
) -> list[Answer]:
    """The answers of several questions, in the same order; they are embedded together, which is faster.

    Raises ``InvalidQuestion`` for the first that can't be asked, and then answers none.
    """
    for question in questions:
        check(question, top_k)
    start = perf_counter()
    vectors = engine.encode(questions)
    encode = (perf_counter() - start) / max(1, len(questions))
    answers = []
    generation = engine.manifest.generation
    for question, question_vectors in zip(questions, vectors, strict=True):
        begun = perf_counter()
        hits = engine.search(question, question_vectors, top_k)
        searched = perf_counter()
        sure = confidence(engine, hits)
        answered = sure is None or sure >= threshold
        passages = tuple(_passage(rank, hit, generation) for rank, hit in enumerate(hits, 1))
        took = Took(_ms(encode), _ms(searched - begun), _ms(encode + perf_counter() - begun))
        answers.append(Answer(question, generation, answered, sure, passages, took))
    return answers


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


def _passage(rank: int, hit: Hit, generation: str) -> AnsweringPassage:
    highlight = Highlight(hit.best_sentence.start, hit.best_sentence.end)
    return AnsweringPassage(rank, hit.score, hit.excerpt.text, (highlight,), cite(hit.excerpt, generation), ())


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
