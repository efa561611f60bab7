"""The dense side of the index: FAISS over the vectors of passages and of sentences.

Both are exact (``IndexFlatIP``; vectors are of unit length, so that the inner product is the cosine). The
number of a row is the id of its passage or sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from corpus.errors import DamagedGeneration
from index.encoder import Vectors

Ids = NDArray[np.int64]

Mask = NDArray[np.bool_]
"""Of shape ``(n,)``: whether each of n passages, sentences or articles is in."""

PASSAGES_FILE = "passages.faiss"
SENTENCES_FILE = "sentences.faiss"
RANGES_FILE = "ranges.npy"
FILES = (PASSAGES_FILE, SENTENCES_FILE, RANGES_FILE)


@dataclass(frozen=True, slots=True)
class DenseScores:
    """For each of n passages, float32 or int64 of shape ``(n,)``: its cosine with the question, the highest
    cosine of its sentences, and the id of that sentence (the first of equals)."""

    passage: Vectors
    sentence: Vectors
    best_sentence: Ids


class VectorIndex:
    """The vectors of one generation. Raises ``DamagedGeneration`` if its files can't be read."""

    def __init__(self, folder: Path) -> None:
        # A question is too little work for several threads of the linear algebra: they would only wait for one another,
        # and keep the encoder from the cores meanwhile.
        threadpool_limits(1, "blas")
        try:
            self._passages = faiss.read_index(str(folder / PASSAGES_FILE))
            self._sentences = faiss.read_index(str(folder / SENTENCES_FILE))
            ranges = np.load(folder / RANGES_FILE, allow_pickle=False)
        except (RuntimeError, OSError, EOFError, ValueError) as error:
            raise DamagedGeneration(f"the vectors in {folder} can't be read: {error}") from error
        self._first, self._end = np.ascontiguousarray(ranges[:, 0]), np.ascontiguousarray(ranges[:, 1])
        self._passage_rows = _rows(self._passages)
        self._sentence_rows = _rows(self._sentences)

    @property
    def passages(self) -> int:
        """How many passages there are."""
        return int(self._passages.ntotal)

    @property
    def sentences(self) -> int:
        """How many sentences there are."""
        return int(self._sentences.ntotal)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._passages.d)

    def candidates(self, question: Vectors, depth: int, allowed: Mask | None = None) -> Ids:
        """The passages, ascending by id, that are among the ``depth`` nearest to the question by their own
        vector or hold one of the ``depth`` nearest sentences; all that tie with the last are among them.
        With no more passages than ``depth``, that is all of them.

        ``allowed`` has an entry for each passage: all of this is then among the passages that are allowed, as if
        there were no others.
        """
        numbers = np.arange(self.passages) if allowed is None else np.flatnonzero(allowed)
        if len(numbers) <= depth:
            return numbers
        held = None if allowed is None else self._sentences_of(numbers)
        sentences = _nearest(self._sentences, question, depth, held)
        first = np.searchsorted(self._end, sentences, side="right")
        end = np.searchsorted(self._first, sentences, side="right")
        found = np.union1d(_nearest(self._passages, question, depth, allowed), _numbers(first, end - first))
        return found if allowed is None else found[allowed[found]]

    def _sentences_of(self, passages: Ids) -> Mask:
        """Of each sentence, whether one of these passages holds it."""
        mask = np.zeros(self.sentences, np.bool_)
        mask[_numbers(self._first[passages], self._end[passages] - self._first[passages])] = True
        return mask

    def scores(self, question: Vectors, passages: Ids) -> DenseScores:
        """The exact scores of some passages, given by id, in the order in which they are given."""
        first, lengths = self._first[passages], self._end[passages] - self._first[passages]
        starts = np.cumsum(lengths) - lengths
        sentences = _numbers(first, lengths)
        cosines = _cosines(self._sentence_rows, sentences, question)
        highest = np.maximum.reduceat(cosines, starts)
        is_highest = cosines == np.repeat(highest, lengths)
        best = np.minimum.reduceat(np.where(is_highest, sentences, np.iinfo(np.int64).max), starts)
        return DenseScores(_cosines(self._passage_rows, passages, question), highest, best)

    def sentence_cosines(self, question: Vectors, passages: Ids) -> list[tuple[Ids, Vectors]]:
        """For each of some passages the ids of its sentences, ascending, and their cosines with the question; of these
        ``scores`` gives the highest."""
        first, lengths = self._first[passages], self._end[passages] - self._first[passages]
        sentences, ends = _numbers(first, lengths), np.cumsum(lengths)
        cosines = _cosines(self._sentence_rows, sentences, question)
        return [(sentences[a:b], cosines[a:b]) for a, b in zip(ends - lengths, ends, strict=True)]

    def similarities(self, passages: Ids) -> Vectors:
        """The cosine of each of n passages with each, shape ``(n, n)``."""
        rows = self._passage_rows[passages]
        products: Vectors = rows @ rows.T
        return products


def write_rows(path: Path, dimension: int, blocks: Iterable[Vectors]) -> None:
    """Writes vectors, any number in a block, float32 of shape ``(n, dimension)``, as an index of their own."""
    index = faiss.IndexFlatIP(dimension)
    for block in blocks:
        index.add(block)
    faiss.write_index(index, str(path))


@contextmanager
def open_rows(path: Path) -> Iterator[Vectors]:
    """The vectors of an index that ``write_rows`` wrote, valid until the end. Raises ``RuntimeError`` if it can't be
    read."""
    index = faiss.read_index(str(path))
    yield _rows(index)


def write_ranges(folder: Path, ranges: Ids) -> None:
    """Writes each passage's first sentence id, and the one behind its last, shape ``(passages, 2)``."""
    np.save(folder / RANGES_FILE, ranges, allow_pickle=False)


def _rows(index: faiss.Index) -> Vectors:
    """The vectors of a flat index, shape ``(n, dimension)``, without a copy; valid while the index lives."""
    flat: Any = faiss.downcast_index(index)
    rows: Vectors = faiss.rev_swig_ptr(flat.get_xb(), index.ntotal * index.d).reshape(index.ntotal, index.d)
    return rows


def _numbers(first: Ids, lengths: Ids) -> Ids:
    """The numbers of several ranges, one range after the other, each from ``first`` on and ``length`` long."""
    starts = np.cumsum(lengths) - lengths
    numbers: Ids = np.arange(lengths.sum()) + np.repeat(first - starts, lengths)
    return numbers


def _cosines(rows: Vectors, numbers: Ids, question: Vectors) -> Vectors:
    """The inner product of each of the numbered rows with the question, the same for equal rows wherever they
    stand (a product of a matrix and a vector may sum its last rows in another order), so that ties are ties."""
    low, high = numbers.min(initial=len(rows)), numbers.max(initial=-1) + 1
    if high - low <= 2 * len(numbers):
        # Close together: to multiply those between them too is cheaper than to copy these.
        cosines: Vectors = np.vecdot(rows[low:high], question)[numbers - low]
    else:
        cosines = np.vecdot(rows[numbers], question)
    return cosines


def _nearest(index: faiss.Index, question: Vectors, depth: int, allowed: Mask | None) -> Ids:
    """The ids of the ``depth`` nearest rows, nearest first, and of all that tie with the last of them; of the rows
    that are allowed, if not of all."""
    faiss.omp_set_num_threads(1)  # of the calling thread; see VectorIndex
    count = index.ntotal if allowed is None else int(np.count_nonzero(allowed))
    parameters = None if allowed is None else _only(allowed)
    asked = min(depth + 1, count)
    while True:
        cosines, ids = index.search(question[np.newaxis], asked, params=parameters)
        if asked == count or cosines[0, -1] < cosines[0, min(depth, asked) - 1]:
            last = cosines[0, min(depth, asked) - 1]
            found: Ids = ids[0][cosines[0] >= last]
            return found
        asked = min(2 * asked, count)


def _only(allowed: Mask) -> faiss.SearchParameters:
    """Makes a search look at the rows that are allowed alone."""
    selector: Any = faiss.IDSelectorBitmap
    parameters: Any = faiss.SearchParameters
    found: faiss.SearchParameters = parameters(sel=selector(np.packbits(allowed, bitorder="little")))
    return found
