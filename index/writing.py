"""Writing the files of a generation from what was read and embedded.

Vectors and word pieces are written in a thread of their own: that is copying, and waiting for the disk, while texts are
indexed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index import copies, generation, lexical, pieces, store, vectors
from index import encoder as encoding
from index.cache import VectorCache
from index.copies import CopyFinder
from index.earlier import Earlier
from index.encoder import Measure
from index.intake import Found
from index.lexical import LexicalWriter
from index.pieces import Pieces
from index.readings import Readings
from index.store import StoreWriter

Progress = Callable[[str, int, int | None], None]

Source = slice | list[bytes]
"""Where vectors come from: a run of those of the generation before, or the cache, by their keys."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many articles, passages and sentences there are."""

    articles: int
    passages: int
    sentences: int


@dataclass(slots=True)
class _Layout:
    """Where the vectors of passages and of sentences come from, in order of their ids; and of each passage its
    sentences, half-open."""

    passages: list[Source] = field(default_factory=list)
    sentences: list[Source] = field(default_factory=list)
    ranges: list[NDArray[np.int64]] = field(default_factory=lambda: [np.empty((0, 2), np.int64)])
    sentence_count: int = 0

    def add(self, passages: Source, sentences: Source, ranges: NDArray[np.int64]) -> None:
        """Takes the next article; ``ranges`` count its own sentences from 0."""
        self.passages.append(passages)
        self.sentences.append(sentences)
        self.ranges.append(ranges + self.sentence_count)
        self.sentence_count += _length(sentences)


def write(
    folder: Path,
    found: Sequence[Found],
    readings: Readings,
    cache: VectorCache,
    measure: Measure,
    earlier: Earlier | None,
    progress: Progress,
) -> Written:
    """Writes all but the manifest to ``folder``, which has the encoder's files; ``found`` is in order of the ids.

    What ``earlier`` has unchanged is copied from there, all other vectors come from the ``cache``. Raises
    ``sqlite3.DatabaseError`` if one is missing.
    """
    layout = _layout(found, readings, cache, earlier)
    with ThreadPoolExecutor(1) as thread:
        arrays = thread.submit(_write_arrays, folder, layout, cache, measure.description.piece_dimension, earlier)
        written = _write_texts(folder, found, readings, measure.vocabulary, progress)
        arrays.result()
    return written


def files(folder: Path) -> list[str]:
    """The files of a generation that was written, relative to ``folder``, without the manifest."""
    return [*encoding.FILES, *vectors.FILES, *pieces.FILES, *copies.FILES, store.FILE, *lexical.files(folder)]


def _layout(found: Sequence[Found], readings: Readings, cache: VectorCache, earlier: Earlier | None) -> _Layout:
    layout = _Layout()
    before = earlier.ranges() if earlier else np.empty((0, 2), np.int64)
    for one in found:
        place = earlier.places.get((one.digest, one.cuts)) if earlier else None
        if place:
            layout.add(place.passages, place.sentences, before[place.passages] - place.sentences.start)
        else:
            ((_, prepared),) = readings.articles([(one.id, one.reading)])
            passages, sentences = (
                [*map(cache.key, texts)] for texts in (prepared.passage_texts(), prepared.sentence_texts())
            )
            layout.add(passages, sentences, prepared.passages[:, 2:])
    return layout


def _write_texts(
    folder: Path, found: Sequence[Found], readings: Readings, vocabulary: int, progress: Progress
) -> Written:
    """Writes texts, lexical index and copies, and how frequent each word piece is."""
    all_pieces = [np.empty(0, np.int32)]
    texts, words, finder = StoreWriter(folder), LexicalWriter(folder), CopyFinder()
    articles = readings.articles((one.id, one.reading) for one in found)
    for number, ((_, prepared), one) in enumerate(zip(articles, found, strict=True), 1):
        passages, more = prepared.passages.tolist(), (prepared.sha256, prepared.text, one.digest, one.cuts)
        texts.add_record(prepared.record, more, prepared.sentences.tolist(), passages)
        for start, end, *_ in passages:
            words.add(prepared.title, prepared.text[start:end])
        finder.add(prepared.wording, prepared.sketches)
        all_pieces.append(prepared.pieces)
        progress("Writing", number, len(found))
    with ThreadPoolExecutor(1) as thread:
        closed = thread.submit(words.close)
        texts.close()
        copies.write(folder, finder.find(progress))
        closed.result()
    pieces.write_frequencies(folder, np.bincount(np.concatenate(all_pieces), minlength=vocabulary))
    return Written(texts.articles, texts.passages, texts.sentences)


def _write_arrays(
    folder: Path, layout: _Layout, cache: VectorCache, piece_dimension: int, earlier: Earlier | None
) -> None:
    _write_pieces(folder, layout.passages, cache, piece_dimension, earlier)
    for file, sources in ((vectors.PASSAGES_FILE, layout.passages), (vectors.SENTENCES_FILE, layout.sentences)):
        _write_vectors(folder / file, sources, cache, earlier)
    vectors.write_ranges(folder, np.concatenate(layout.ranges))
    for name in (*pieces.ROWS_FILES, *vectors.FILES):
        generation.sync(folder / name)


def _write_vectors(path: Path, sources: Sequence[Source], cache: VectorCache, earlier: Earlier | None) -> None:
    nothing = nullcontext(np.empty((0, cache.dimension), np.float32))
    with earlier.rows(path.name) if earlier else nothing as before:
        blocks = (before[one] if isinstance(one, slice) else cache.vectors(one) for one in _joined(sources))
        vectors.write_rows(path, cache.dimension, blocks)


def _write_pieces(
    folder: Path, sources: Sequence[Source], cache: VectorCache, dimension: int, earlier: Earlier | None
) -> None:
    rows, starts = earlier.pieces() if earlier else (np.empty((0, dimension), np.int8), np.zeros(1, np.int64))
    joined = _joined(sources)
    lengths = [
        np.diff(starts[source.start : source.stop + 1])
        if isinstance(source, slice)
        else np.array(cache.piece_counts(source, dimension), np.int64)
        for source in joined
    ]

    def blocks() -> Iterator[Pieces]:
        for source in joined:
            if isinstance(source, slice):
                yield rows[starts[source.start] : starts[source.stop]]
            else:
                yield from cache.pieces(source, dimension)

    pieces.write(folder, np.concatenate([np.empty(0, np.int64), *lengths]), blocks(), dimension)


def _joined(sources: Sequence[Source]) -> list[Source]:
    """The sources, with runs that follow one another as one."""
    joined: list[Source] = []
    for source in sources:
        last = joined[-1] if joined else None
        if isinstance(source, slice) and isinstance(last, slice) and last.stop == source.start:
            joined[-1] = slice(last.start, source.stop)
        else:
            joined.append(source)
    return joined


def _length(source: Source) -> int:
    return source.stop - source.start if isinstance(source, slice) else len(source)
