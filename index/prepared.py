"""An article made ready for the index, all but its vectors: what depends on nothing but the article and the encoder's
word pieces, so that it is worked out once, in any process, and kept (see ``index.readings``)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.article import Article
from index.copies import Sketches, sketch
from index.encoder import Measure
from index.passages import Passage, Sentence, context, cut
from index.store import Record, from_record, record
from index.wording import Vocabulary, Wording, wording

Spans = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Prepared:
    """``record``, ``sha256`` and ``text`` are the article's (see ``index.store``). ``sentences``, shape ``(n, 2)``, and
    ``passages``, shape ``(m, 4)``, have the fields of ``index.passages``' own. ``context`` stands in front of each
    passage when it is encoded. ``pieces`` are the distinct word pieces of the first passage, then those of the second,
    and so on; ``piece_counts``, shape ``(m,)``, how many of each."""

    record: Record
    sha256: str
    text: str
    context: str
    sentences: Spans
    passages: Spans
    pieces: NDArray[np.int32]
    piece_counts: NDArray[np.int64]
    wording: Wording
    sketches: Sketches

    @property
    def title(self) -> str:
        """The article's title."""
        return str(self.record[1])

    @property
    def article(self) -> Article:
        """The article."""
        return from_record(self.record, self.text)

    def sentence_texts(self) -> list[str]:
        """What is encoded of each sentence."""
        return [self.text[start:end] for start, end in self.sentences.tolist()]

    def passage_texts(self) -> list[str]:
        """What is encoded of each passage: the title in front says what it is about where its own words don't."""
        return [f"{self.context}\n{self.text[start:end]}" for start, end, *_ in self.passages.tolist()]

    @property
    def digest(self) -> str:
        """The SHA-256, in hexadecimal, of all that the index says of the article, but for its id and its cuts."""
        return hashlib.sha256(repr((self.record[1:], self.sha256)).encode()).hexdigest()

    @property
    def cuts(self) -> str:
        """The SHA-256, in hexadecimal, of how it is cut."""
        return hashlib.sha256(repr((self.sentences.tolist(), self.passages.tolist())).encode()).hexdigest()


def prepare(article: Article, measure: Measure) -> Prepared:
    """An article, cut and compared with nothing yet."""
    sentences, passages = cut(article, measure)
    title = context(article.title, measure)
    pieces = [measure.distinct_pieces(f"{title}\n{article.text[p.start : p.end]}") for p in passages]
    words = wording(article.text, [(p.start, p.end) for p in passages], Vocabulary())
    return Prepared(
        record=record(article),
        sha256=article.sha256,
        text=article.text,
        context=title,
        sentences=_sentences(sentences),
        passages=_passages(passages),
        pieces=np.concatenate([np.empty(0, np.int32), *pieces]),
        piece_counts=np.array([*map(len, pieces)], np.int64),
        wording=words,
        sketches=sketch(words),
    )


def _sentences(sentences: list[Sentence]) -> Spans:
    return np.array([(s.start, s.end) for s in sentences], np.int64).reshape(-1, 2)


def _passages(passages: list[Passage]) -> Spans:
    rows = [(p.start, p.end, p.first_sentence, p.end_sentence) for p in passages]
    return np.array(rows, np.int64).reshape(-1, 4)
