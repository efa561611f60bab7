"""The generation before, as a source of vectors: what did not change is copied from there in long runs, which is many
times faster than to look up each text by its key."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index import pieces, vectors
from index.encoder import Vectors
from index.pieces import Pieces
from index.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article's passages and sentences are among those of a generation, by number, half-open."""

    passages: slice
    sentences: slice


@dataclass(frozen=True, slots=True)
class Earlier:
    """A generation whose files were found whole; ``places`` are by the digests of an article and of its cuts.

    The vectors are read from the disk when they are asked for.
    """

    folder: Path
    places: Mapping[tuple[str, str], Place]

    def rows(self, file: str) -> AbstractContextManager[Vectors]:
        """Those of all passages or all sentences, shape ``(n, dimension)``, by the name of their file."""
        return vectors.open_rows(self.folder / file)

    def ranges(self) -> NDArray[np.int64]:
        """Of each passage its sentences, half-open, shape ``(passages, 2)``."""
        found: NDArray[np.int64] = np.load(self.folder / vectors.RANGES_FILE, allow_pickle=False)
        return found

    def pieces(self) -> tuple[Pieces, NDArray[np.int64]]:
        """The word pieces of all passages, and where those of each start."""
        return pieces.read_rows(self.folder)


def open_earlier(folder: Path) -> Earlier:
    """The generation in a folder, which must be whole."""
    places: dict[tuple[str, str], Place] = {}
    passages = sentences = 0
    for digest, cuts, passage_count, sentence_count in Store(folder).sizes():
        places[digest, cuts] = Place(
            slice(passages, passages + passage_count), slice(sentences, sentences + sentence_count)
        )
        passages += passage_count
        sentences += sentence_count
    return Earlier(folder, places)
