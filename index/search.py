"""Finding the passages that answer a question, in one generation.

Candidates come from three indexes: the vectors of passages, the vectors of sentences, and BM25. All of them
are then scored in full, and the scores combined; the weights were chosen on SQuAD (docs/decisions.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.article import Article, Entry
from corpus.errors import DamagedGeneration, UnknownArticle, UnknownGeneration
from index.copies import Groups
from index.copies import read as read_copies
from index.cross_encoder import CrossEncoder
from index.encoder import Encoder, QuestionVectors
from index.filters import EVERYTHING, Filters
from index.generation import (
    Manifest,
    current_generation,
    exclusive,
    generation_folder,
    list_generations,
    make_current,
    verify_files,
)
from index.lexical import LexicalIndex
from index.pieces import PieceIndex
from index.scope import Scope, Scopes
from index.store import Excerpt, Spans, Store
from index.vectors import DenseScores, Ids, VectorIndex

DEPTH = 100
"""So many passages are taken as candidates from each index: by their vectors, by their sentences, by BM25."""

SENTENCE_WEIGHT = 0.5
"""The share of the best sentence in the dense score of a passage, beside that of the whole passage."""

DENSE_WEIGHT = 0.6
"""The share of the dense score in the score, beside that of BM25; each is scaled to 0..1 by question."""

RERANKED = 30
"""So many of the best candidates are compared with the question word piece by word piece."""

PIECE_WEIGHT = 0.4
"""The share of the closeness of word pieces in the score of those, scaled to 0..1 among them."""

_DECIMALS = 6
"""Scores are rounded to so many digits, so that the last bits of a sum can't decide an order."""


@dataclass(frozen=True, slots=True)
class NearSentence:
    """A sentence, code points of its article's text, half-open, and its cosine with the question, from -1 to 1."""

    start: int
    end: int
    cosine: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its score for a question, from 0 to 1, higher is better, comparable within one question.

    ``passage`` is its id in the generation. ``sentences`` are those of the passage, the nearest to the question first.
    ``closeness`` is that of the passage's word pieces (see ``index.pieces``), 0 if they weren't compared; from -1 to 1,
    and comparable between questions and archives. ``copies`` are the same passage in other articles, by article id, and
    ``cluster`` is the number of the copies that its article is one of.
    """

    passage: int
    excerpt: Excerpt
    score: float
    sentences: tuple[NearSentence, ...]
    closeness: float
    copies: tuple[Excerpt, ...]
    cluster: int

    @property
    def cosine(self) -> float:
        """How near the nearest sentence is."""
        return self.sentences[0].cosine


class Engine(Protocol):
    """What searches one generation. Safe to use from several threads at once."""

    @property
    def manifest(self) -> Manifest:
        """What the generation says of itself."""

    @property
    def cross_encoder(self) -> str | None:
        """The name of the cross-encoder that orders the best passages anew, if there is one."""

    def encode(self, questions: Sequence[str]) -> list[QuestionVectors]:
        """The vectors of questions, in the same order."""

    def scope(self, filters: Filters) -> Scope:
        """What the filters leave. Raises ``InvalidFilter``."""

    def search(self, question: str, vectors: QuestionVectors, top_k: int, filters: Filters = EVERYTHING) -> list[Hit]:
        """The ``top_k`` best passages that the filters leave, or all there are: score descending, then article id, then
        start. Raises ``InvalidFilter``."""

    def similarities(self, passages: Sequence[int]) -> NDArray[np.float32]:
        """The cosines of passages, given by id, with one another, shape ``(n, n)``."""

    def matching_words(self, question: str, text: str) -> list[tuple[int, int]]:
        """Where the words of a text stand that the question has too, inflected or not: code points, half-open."""

    def article(self, article_id: str) -> Article:
        """An article. Raises ``UnknownArticle``."""

    def articles_with(self, sha256: str) -> tuple[str, ...]:
        """The ids of the articles whose canonical text has that hash."""

    def copies_of(self, article_id: str) -> tuple[str, ...]:
        """The ids of the other articles that are copies of this one, ascending. Raises ``UnknownArticle``."""

    def spans(self, article_id: str) -> Spans:
        """Where an article's passages and sentences stand. Raises ``UnknownArticle``."""

    def catalogue(self) -> list[Entry]:
        """The entry of every article, by id. Not to be changed."""

    def clusters(self) -> Groups:
        """For each article of the catalogue, the number of the cluster of copies that it is in."""


class LocalEngine:
    """The engine that has a generation's files on this machine; a cross-encoder orders the best passages anew.

    Raises ``UnknownGeneration``, ``UnsupportedFormat`` or ``DamagedGeneration`` if the generation in
    ``folder`` is not whole: every checksum is compared, and the counts of its parts. With the ``manifest`` given, its
    checksums have only just been made of these files, and are not compared.
    """

    def __init__(
        self, folder: Path, cross_encoder: CrossEncoder | None = None, manifest: Manifest | None = None
    ) -> None:
        self.manifest = manifest or verify_files(folder)
        self.cross_encoder = cross_encoder.name if cross_encoder else None
        self._cross_encoder = cross_encoder
        self._encoder = Encoder(folder)
        self._vectors = VectorIndex(folder)
        self._pieces = PieceIndex(folder)
        self._lexical = LexicalIndex(folder)
        self._store = Store(folder)
        self._copies = read_copies(folder)
        self._check()
        entries = self._store.catalogue()
        self._ids = [entry.id for entry in entries]
        self._numbers = {article_id: number for number, article_id in enumerate(self._ids)}
        self._scopes = Scopes(entries, self._store.passage_articles(), self._copies)

    def _check(self) -> None:
        manifest, vectors, pieces, store = self.manifest, self._vectors, self._pieces, self._store
        agreements = {
            "articles": {manifest.articles, store.articles, len(self._copies.clusters)},
            "passages": {manifest.passages, store.passages, vectors.passages, pieces.passages, self._lexical.passages}
            | {len(self._copies.groups)},
            "sentences": {manifest.sentences, store.sentences, vectors.sentences},
            "encoder": {manifest.encoder, self._encoder.identity},
            "dimension": {vectors.dimension, self._encoder.dimension},
            "the dimension of word pieces": {pieces.dimension, self._encoder.piece_dimension},
        }
        for what, values in agreements.items():
            if len(values) > 1:
                raise DamagedGeneration(
                    f"the parts of generation {manifest.generation} don't agree on {what}: build again"
                )

    def encode(self, questions: Sequence[str]) -> list[QuestionVectors]:
        """See ``Engine``."""
        return self._encoder.encode_questions(questions)

    def scope(self, filters: Filters) -> Scope:
        """See ``Engine``."""
        return self._scopes.of(filters)

    def search(self, question: str, vectors: QuestionVectors, top_k: int, filters: Filters = EVERYTHING) -> list[Hit]:
        """See ``Engine``."""
        scope = self.scope(filters)
        matches, bm25_scores = self._lexical.search(question, max(DEPTH, top_k), scope.passages)
        near = self._vectors.candidates(vectors.whole, max(DEPTH, top_k), scope.passages)
        # Ids ascend by article id and start, so a stable sort by score breaks ties as it should.
        candidates = np.union1d(near, matches)
        if not len(candidates):
            return []
        bm25 = np.zeros(len(candidates), np.float32)
        bm25[np.searchsorted(candidates, matches)] = bm25_scores
        dense = self._vectors.scores(vectors.whole, candidates)
        scores, closeness = self._rerank(_combine(dense, bm25), candidates, vectors)
        if self._cross_encoder:
            scores = self._order_anew(self._cross_encoder, question, scores, candidates)
        best = np.argsort(-scores, kind="stable")[:top_k]
        figures = (values[best].tolist() for values in (scores, closeness))
        return self._hits(candidates[best], vectors, scope, *figures)

    def _hits(
        self, passages: Ids, vectors: QuestionVectors, scope: Scope, scores: list[float], closeness: list[float]
    ) -> list[Hit]:
        ids = passages.tolist()
        copies = [self._scopes.copies(passage, scope) for passage in ids]
        read = list(dict.fromkeys([*ids, *chain(*copies)]))
        excerpts = dict(zip(read, self._store.excerpts(read), strict=True))
        sentences = self._near_sentences(passages, vectors)
        return [
            Hit(
                passage,
                excerpts[passage],
                score,
                near,
                close,
                tuple(excerpts[copy] for copy in others),
                self._scopes.cluster(passage),
            )
            for passage, score, near, close, others in zip(ids, scores, sentences, closeness, copies, strict=True)
        ]

    def _near_sentences(self, passages: Ids, vectors: QuestionVectors) -> list[tuple[NearSentence, ...]]:
        """The sentences of each passage, nearest first, of equals the first."""
        found = self._vectors.sentence_cosines(vectors.whole, passages)
        ids = sorted({number for numbers, _ in found for number in numbers.tolist()})
        spans = dict(zip(ids, self._store.sentence_spans(ids), strict=True))
        near = [
            [
                NearSentence(spans[number].start, spans[number].end, cosine)
                for number, cosine in zip(numbers.tolist(), cosines.tolist(), strict=True)
            ]
            for numbers, cosines in found
        ]
        return [tuple(sorted(some, key=lambda sentence: -sentence.cosine)) for some in near]

    def similarities(self, passages: Sequence[int]) -> NDArray[np.float32]:
        """See ``Engine``."""
        return self._vectors.similarities(np.array(passages, np.int64))

    def matching_words(self, question: str, text: str) -> list[tuple[int, int]]:
        """See ``Engine``."""
        return self._lexical.matching_words(question, text)

    def _rerank(
        self, scores: NDArray[np.float64], candidates: Ids, vectors: QuestionVectors
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The scores with the closeness of word pieces, of the ``_leading`` passages; the others stay behind these.
        And the closeness, 0 of the others."""
        best = _leading(scores)
        closeness = np.zeros_like(scores)
        closeness[best] = self._pieces.closeness(vectors, candidates[best])
        scores = (1 - PIECE_WEIGHT) * scores
        scores[best] += PIECE_WEIGHT * _scaled(closeness[best])
        return scores.round(_DECIMALS), closeness

    def _order_anew(
        self, cross_encoder: CrossEncoder, question: str, scores: NDArray[np.float64], candidates: Ids
    ) -> NDArray[np.float64]:
        """The cross-encoder's scores of the ``_leading`` passages, from 0.5 to 1; the others are halved, and so stay
        behind these."""
        best = _leading(scores)
        excerpts = self._store.excerpts(candidates[best].tolist())
        found = cross_encoder.scores(question, [f"{excerpt.article.title}\n{excerpt.text}" for excerpt in excerpts])
        scores = scores / 2
        scores[best] = (1 + _scaled(found)) / 2
        return scores.round(_DECIMALS)

    def article(self, article_id: str) -> Article:
        """See ``Engine``."""
        return self._store.article(article_id)

    def articles_with(self, sha256: str) -> tuple[str, ...]:
        """See ``Engine``."""
        return self._store.by_sha256(sha256)

    def copies_of(self, article_id: str) -> tuple[str, ...]:
        """See ``Engine``."""
        if article_id not in self._numbers:
            raise UnknownArticle(f"there is no article {article_id!r} in this generation")
        return tuple(self._ids[number] for number in self._scopes.copied_articles(self._numbers[article_id]))

    def spans(self, article_id: str) -> Spans:
        """See ``Engine``."""
        return self._store.spans(article_id)

    def catalogue(self) -> list[Entry]:
        """See ``Engine``. Read once, when it is first asked for."""
        return self._catalogue

    @cached_property
    def _catalogue(self) -> list[Entry]:
        return self._store.catalogue()

    def clusters(self) -> Groups:
        """See ``Engine``."""
        return self._copies.clusters


def _combine(dense: DenseScores, bm25: NDArray[np.float32]) -> NDArray[np.float64]:
    """The scores of candidates, shape ``(n,)``, from 0 to 1: a convex combination of scores that are
    normalised by question (Bruch et al., "An Analysis of Fusion Functions for Hybrid Retrieval", 2023)."""
    nearness = _scaled((1 - SENTENCE_WEIGHT) * dense.passage.astype(float) + SENTENCE_WEIGHT * dense.sentence)
    matching = bm25 / bm25.max() if bm25.max() > 0 else bm25
    combined: NDArray[np.float64] = DENSE_WEIGHT * nearness + (1 - DENSE_WEIGHT) * matching
    return combined.round(_DECIMALS)


def _leading(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """The places of the best ``RERANKED`` scores, and of all that tie with the last of them, ascending."""
    return np.flatnonzero(scores >= np.sort(scores)[-RERANKED:][0])


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values from 0, the least of them, to 1, the greatest; all 1 if they are equal."""
    spread = np.ptp(values) if len(values) else 0
    return (values - values.min()) / spread if spread > 0 else np.ones_like(values)


def roll_back(index: Path, generation: str | None) -> str:
    """Makes an earlier generation current, by default the one before the current one; its id.

    It is opened and verified first. Raises ``UnknownGeneration`` if there is none, and what ``LocalEngine`` does.
    """
    with exclusive(index):
        current = current_generation(index)
        earlier = [name for name in list_generations(index) if name < current]
        if generation is None and not earlier:
            raise UnknownGeneration(f"there is no generation before {current} to go back to")
        target = earlier[-1] if generation is None else generation
        if target not in list_generations(index):
            raise UnknownGeneration(f"there is no generation {target} in {index}")
        LocalEngine(generation_folder(index, target))
        make_current(index, target)
        return target
