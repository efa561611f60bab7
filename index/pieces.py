"""Late interaction: how near a passage's word pieces are to those of a question.

Each word piece has a vector of its own, in the context of its text, from the same run of the encoder that gives the
text's vector. A passage's closeness is the mean over the question's word pieces of the greatest inner product with one
of the passage's (MaxSim: Khattab and Zaharia, "ColBERT", SIGIR 2020), in which a piece counts the more the fewer
passages have it (Zhang et al., "BERTScore", ICLR 2020). Vectors are kept as 8-bit integers.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import DamagedGeneration
from index.encoder import QuestionVectors, Vectors
from index.vectors import Ids

Pieces = NDArray[np.int8]
"""Of shape ``(word pieces, dimension)``; see ``quantize``."""

PIECES_FILE = "pieces.npy"
STARTS_FILE = "piece_starts.npy"
FREQUENCIES_FILE = "piece_frequencies.npy"
ROWS_FILES = (PIECES_FILE, STARTS_FILE)
FILES = (*ROWS_FILES, FREQUENCIES_FILE)

_SCALE = 254
"""What 1 becomes: components of unit vectors are mostly below 0.5, and larger ones are cut to 127."""


class PieceIndex:
    """The word pieces of one generation, read from the disk as they are needed.

    Raises ``DamagedGeneration`` if the files can't be read or don't fit one another.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._pieces, self._starts = read_rows(folder)
            frequencies = np.load(folder / FREQUENCIES_FILE, allow_pickle=False)
        except (OSError, EOFError, ValueError) as error:
            raise DamagedGeneration(f"the word pieces in {folder} can't be read: {error}") from error
        if self._pieces.ndim != 2 or self._starts[-1:].tolist() != [len(self._pieces)]:
            raise DamagedGeneration(f"the word pieces in {folder} don't fit one another: build again")
        # The inverse document frequency as Lucene's BM25 has it, never below 0.
        self._weights = np.log1p((self.passages - frequencies + 0.5) / (frequencies + 0.5))

    @property
    def passages(self) -> int:
        """How many passages there are."""
        return len(self._starts) - 1

    @property
    def dimension(self) -> int:
        """The length of a word piece's vector."""
        return int(self._pieces.shape[1])

    def closeness(self, question: QuestionVectors, passages: Ids) -> NDArray[np.float64]:
        """How close each of some passages is, shape ``(n,)``, from -1 to 1, in the order of ``passages``; 0 for a
        question without word pieces."""
        if not len(question.pieces) or not len(passages):
            return np.zeros(len(passages))
        weights = self._weights[question.piece_ids]
        spans = [slice(self._starts[passage], self._starts[passage + 1]) for passage in passages]
        pieces = np.concatenate([self._pieces[span] for span in spans]).astype(np.float32)
        # Whole numbers below 2**24, so that a product is exact in any order of summing, and ties are ties.
        products = pieces @ quantize(question.pieces).astype(np.float32).T
        first = [0, *accumulate(span.stop - span.start for span in spans)][:-1]
        nearest = np.maximum.reduceat(products, first).astype(float)
        closeness: NDArray[np.float64] = np.vecdot(nearest, weights / weights.sum()) / _SCALE**2
        return closeness


def quantize(vectors: Vectors) -> Pieces:
    """Unit vectors, shape ``(n, dimension)``, as 8-bit integers."""
    return np.rint(vectors * _SCALE).clip(-127, 127).astype(np.int8)


def write(folder: Path, lengths: NDArray[np.int64], blocks: Iterable[Pieces], dimension: int) -> None:
    """Writes ``ROWS_FILES``: the word pieces of every passage, at least one each, in order of their ids, those of any
    number of passages in a block; ``lengths`` says how many each passage has."""
    starts = np.cumsum([0, *lengths.tolist()])
    # Any, as numpy's stubs have no type for this function.
    rows: Any = np.lib.format.open_memmap(
        folder / PIECES_FILE, mode="w+", dtype=np.int8, shape=(int(starts[-1]), dimension)
    )
    start = 0
    for block in blocks:
        rows[start : start + len(block)] = block
        start += len(block)
    if start != len(rows):
        raise ValueError(f"{start} word pieces for passages that have {len(rows)}")
    rows.flush()
    np.save(folder / STARTS_FILE, starts, allow_pickle=False)


def write_frequencies(folder: Path, frequencies: Ids) -> None:
    """Writes for each word piece of the vocabulary how many passages have it."""
    np.save(folder / FREQUENCIES_FILE, frequencies, allow_pickle=False)


def read_rows(folder: Path) -> tuple[Pieces, NDArray[np.int64]]:
    """What ``write`` wrote: the word pieces of all passages, which stay on the disk, and where those of each start.
    Raises ``OSError``, ``EOFError`` or ``ValueError``."""
    # As a plain array: a slice of numpy's memmap class takes several times as long.
    rows = np.asarray(np.load(folder / PIECES_FILE, mmap_mode="r", allow_pickle=False))
    return rows, np.load(folder / STARTS_FILE, allow_pickle=False)
