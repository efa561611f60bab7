"""The vectors of every text encoded so far, so that none is encoded twice.

It stands beside the generations, not in them: it only saves time, and an index works without it. What is
added is on the disk after each batch, so that a build that was killed goes on from there.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from index.encoder import Vectors

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

    def add(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        """Keeps vectors, float32 of shape ``(len(keys), dimension)``."""
        rows = [(key, vector.tobytes()) for key, vector in zip(keys, vectors, strict=True)]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def vectors(self, keys: Sequence[bytes]) -> Vectors:
        """The vectors of keys that all have one, float32 of shape ``(len(keys), dimension)``."""
        vectors = np.empty((len(keys), self._dimension), np.float32)
        for row, key in enumerate(keys):
            (blob,) = self._connection.execute("SELECT vector FROM vectors WHERE key = ?", [key]).fetchone()
            vectors[row] = np.frombuffer(blob, np.float32)
        return vectors

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
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
