"""Writing the files of a generation from what was read and embedded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index import copies, lexical, pieces, store, vectors
from index import encoder as encoding
from index.cache import VectorCache
from index.copies import CopyFinder
from index.encoder import Encoder
from index.intake import Found
from index.lexical import LexicalWriter
from index.prepared import Prepared
from index.readings import Readings
from index.store import StoreWriter

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Written:
    """How many articles, passages and sentences there are, and of each article, in order, how many of both."""

    articles: int
    passages: int
    sentences: int
    counts: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Keys:
    """The cache's keys of passages and of sentences, in order of their ids, and each passage's sentences, half-open."""

    passages: list[bytes] = field(default_factory=list)
    sentences: list[bytes] = field(default_factory=list)
    ranges: list[NDArray[np.int64]] = field(default_factory=list)


def write(
    folder: Path,
    found: Sequence[Found],
    readings: Readings,
    cache: VectorCache,
    encoder: Encoder,
    progress: Progress,
) -> Written:
    """Writes all but the manifest to ``folder``, which has the encoder's files; ``found`` is in order of the ids."""
    keys, frequencies = _Keys(), np.zeros(encoder.vocabulary, np.int64)
    texts, words, finder = StoreWriter(folder), LexicalWriter(folder), CopyFinder()
    counts = []
    wanted = ((one.id, one.reading) for one in found)
    for number, (_, prepared) in enumerate(readings.articles(wanted), 1):
        _add_keys(keys, prepared, cache)
        texts.add(prepared.article, prepared.digest, prepared.sentences.tolist(), prepared.passages.tolist())
        for start, end, *_ in prepared.passages.tolist():
            words.add(prepared.article.title, prepared.article.text[start:end])
        finder.add(prepared.wording, prepared.sketches)
        np.add.at(frequencies, prepared.pieces, 1)
        counts.append((len(prepared.passages), len(prepared.sentences)))
        progress("Writing", number, len(found))
    texts.close()
    words.close()
    copies.write(folder, finder.find(progress))
    vectors.write(
        folder, cache.vectors(keys.passages), cache.vectors(keys.sentences), np.concatenate([_NO_RANGES, *keys.ranges])
    )
    dimension = encoder.piece_dimension
    pieces.write(
        folder,
        cache.piece_counts(keys.passages, dimension),
        cache.pieces(keys.passages, dimension),
        dimension,
        frequencies,
    )
    return Written(texts.articles, texts.passages, texts.sentences, tuple(counts))


_NO_RANGES = np.empty((0, 2), np.int64)


def _add_keys(keys: _Keys, prepared: Prepared, cache: VectorCache) -> None:
    keys.ranges.append(prepared.passages[:, 2:] + len(keys.sentences))
    keys.passages += map(cache.key, prepared.passage_texts())
    keys.sentences += map(cache.key, prepared.sentence_texts())


def files(folder: Path) -> list[str]:
    """The files of a generation that was written, relative to ``folder``, without the manifest."""
    return [*encoding.FILES, *vectors.FILES, *pieces.FILES, *copies.FILES, store.FILE, *lexical.files(folder)]
