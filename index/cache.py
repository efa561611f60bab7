"""The vectors of every text encoded so far, and of the word pieces of passages, so that none is encoded twice.

It stands beside the generations, not in them: it only saves time, and an index works without it. What is
added is on the disk after each batch, so that a build that was killed goes on from there.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.encoder import Vectors
from index.pieces import Pieces

FILE = "vectors.sqlite"


class VectorCache:
    """The cache of the index in ``index``, for one encoder. A file that is none is started anew; one that turns out to
    be damaged later raises ``sqlite3.DatabaseError``. ``identity`` tells it from any other, an earlier one of the same
    index among them."""

    def __init__(self, index: Path, encoder: str, dimension: int) -> None:
        self._encoder = encoder
        self.dimension = dimension
        path = index / FILE
        try:
            self._connection = _open(path)
        except sqlite3.DatabaseError:
            remove(index)
            self._connection = _open(path)
        (self.identity,) = self._connection.execute("SELECT identity FROM cache").fetchone()

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
        vectors = np.empty((len(keys), self.dimension), np.float32)
        for row, key in enumerate(keys):
            vectors[row] = np.frombuffer(self._value("vector", "vectors", key), np.float32)
        return vectors

    def _value(self, column: str, table: str, key: bytes) -> Any:
        row = self._connection.execute(f"SELECT {column} FROM {table} WHERE key = ?", [key]).fetchone()
        if row is None:
            raise sqlite3.DatabaseError(f"a text has no {column}")
        return row[0]

    def piece_counts(self, keys: Sequence[bytes], dimension: int) -> list[int]:
        """How many word pieces there are of each of some keys that all have some; ``dimension`` is that of one."""
        return [self._value("length(vectors)", "pieces", key) // dimension for key in keys]

    def pieces(self, keys: Iterable[bytes], dimension: int) -> Iterator[Pieces]:
        """The word pieces of each of some keys that all have some, of shape ``(word pieces, dimension)``."""
        for key in keys:
            yield np.frombuffer(self._value("vectors", "pieces", key), np.int8).reshape(-1, dimension)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()


def remove(index: Path) -> None:
    """Removes the file, with its journal."""
    for suffix in ("", "-wal", "-shm"):
        (index / f"{FILE}{suffix}").unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)  # one at a time may use it
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("CREATE TABLE IF NOT EXISTS cache (identity TEXT NOT NULL)")
        connection.execute("INSERT INTO cache SELECT hex(randomblob(16)) WHERE NOT EXISTS (SELECT 1 FROM cache)")
        connection.commit()
        connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
        )
        # With rows numbered: rows of this size would fill a tree without them badly.
        connection.execute("CREATE TABLE IF NOT EXISTS pieces (key BLOB PRIMARY KEY, vectors BLOB NOT NULL)")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
