"""The vectors of every text encoded so far, and of the word pieces of passages, so that none is encoded twice.

It stands beside the generations, not in them: it only saves time, and an index works without it. What is
added is on the disk after each batch, so that a build that was killed goes on from there.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from index.encoder import Vectors
from index.pieces import Pieces

FILE = "vectors.sqlite"


class VectorCache:
    """The cache of the index in ``index``, for one encoder. A damaged file is started anew."""

    def __init__(self, index: Path, encoder: str, dimension: int) -> None:
        self._encoder = encoder
        self._dimension = dimension
        path = index / FILE
        try:
            self._connection = _open(path)
        except sqlite3.DatabaseError:
            path.unlink()  # SQLite itself removes a journal without its file.
            self._connection = _open(path)

    def key(self, text: str) -> bytes:
        """The SHA-256 of the encoder's identity and the text."""
        return hashlib.sha256(f"{self._encoder}\n{text}".encode()).digest()

    def missing(self, keys: Iterable[bytes]) -> list[bytes]:
        """Those of the keys that have no vector yet, in the order given."""
        known = self._connection.execute
        return [key for key in keys if not known("SELECT 1 FROM vectors WHERE key = ?", [key]).fetchone()]

    def add(self, keys: Sequence[bytes], vectors: Vectors, pieces: Sequence[Pieces] | None = None) -> None:
        """Keeps vectors, float32 of shape ``(len(keys), dimension)``, and of passages the word pieces as well."""
        rows = zip(keys, (vector.tobytes() for vector in vectors), strict=True)
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
            if pieces is not None:
                blobs = zip(keys, (rows.tobytes() for rows in pieces), strict=True)
                self._connection.executemany("INSERT OR REPLACE INTO pieces VALUES (?, ?)", blobs)

    def vectors(self, keys: Sequence[bytes]) -> Vectors:
        """The vectors of keys that all have one, float32 of shape ``(len(keys), dimension)``."""
        vectors = np.empty((len(keys), self._dimension), np.float32)
        for row, key in enumerate(keys):
            (blob,) = self._connection.execute("SELECT vector FROM vectors WHERE key = ?", [key]).fetchone()
            vectors[row] = np.frombuffer(blob, np.float32)
        return vectors

    def piece_counts(self, keys: Sequence[bytes], dimension: int) -> list[int]:
        """How many word pieces there are of each of some keys that all have some; ``dimension`` is that of one."""
        known = self._connection.execute
        return [
            known("SELECT length(vectors) FROM pieces WHERE key = ?", [key]).fetchone()[0] // dimension for key in keys
        ]

    def pieces(self, keys: Iterable[bytes], dimension: int) -> Iterator[Pieces]:
        """The word pieces of each of some keys that all have some, of shape ``(word pieces, dimension)``."""
        for key in keys:
            (blob,) = self._connection.execute("SELECT vectors FROM pieces WHERE key = ?", [key]).fetchone()
            yield np.frombuffer(blob, np.int8).reshape(-1, dimension)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            raise sqlite3.DatabaseError(state)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
        )
        # With rows numbered: rows of this size would fill a tree without them badly.
        connection.execute("CREATE TABLE IF NOT EXISTS pieces (key BLOB PRIMARY KEY, vectors BLOB NOT NULL)")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
