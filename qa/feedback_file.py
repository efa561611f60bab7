"""The SQLite file that keeps feedback, apart from the index: opened at first use, by many threads and processes."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from corpus.errors import FeedbackUnavailable

PATIENCE = 5.0
"""So many seconds whoever wants to read or write waits for others who write."""

_APPLICATION = 0x49626964
"""Tells this file from other SQLite databases, in their header: the letters "Ibid"."""

_VERSION = 1
"""The version of the tables; a file of a newer one is not touched."""

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS feedback (
    id INTEGER PRIMARY KEY AUTOINCREMENT, made TEXT NOT NULL, folded TEXT NOT NULL, question TEXT NOT NULL,
    filters TEXT NOT NULL, generation TEXT NOT NULL, answers INTEGER NOT NULL, comment TEXT NOT NULL,
    article_id TEXT, "start" INTEGER, "end" INTEGER, quote TEXT, prefix TEXT, suffix TEXT, sha256 TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS feedback_by_question ON feedback (folded, id);
CREATE TABLE IF NOT EXISTS unanswered (
    id INTEGER PRIMARY KEY AUTOINCREMENT, folded TEXT NOT NULL, filters TEXT NOT NULL, question TEXT NOT NULL,
    asked INTEGER NOT NULL, first_asked TEXT NOT NULL, last_asked TEXT NOT NULL, generation TEXT NOT NULL,
    confidence REAL, reason TEXT, UNIQUE (folded, filters)
) STRICT;
CREATE INDEX IF NOT EXISTS unanswered_by_time ON unanswered (last_asked, id);
CREATE INDEX IF NOT EXISTS unanswered_by_count ON unanswered (asked, last_asked, id);
PRAGMA user_version = {_VERSION};
PRAGMA application_id = {_APPLICATION};
COMMIT;
"""

_HEAD = """
SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
FROM pragma_application_id, pragma_user_version
"""


def now() -> str:
    """The time in UTC, to the second, in ISO 8601; such times sort as texts."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class FeedbackFile:
    """The file at ``path``, made with its folder when something is first written. Safe to use from several threads and
    processes at once; whoever waits for others does so for ``patience`` seconds.

    What can't be read or written raises ``FeedbackUnavailable``; the file is opened anew the next time, as it is if
    another has taken its place.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self._path, self._patience = path, patience
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self._close = weakref.finalize(self, lambda: None)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read from; if there is no file yet, one to tables that are empty."""
        with self._using(create=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection within a transaction, which is committed at the end, or undone by an error."""
        with self._using(create=True) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _using(self, create: bool) -> Iterator[sqlite3.Connection]:
        if not self._lock.acquire(timeout=self._patience):
            raise FeedbackUnavailable(f"the feedback in {self._path} can't be used: others are using it: try again")
        try:
            yield self._connect(create)
        except (sqlite3.Error, OSError) as error:
            self._forget()
            raise FeedbackUnavailable(f"the feedback in {self._path} can't be used: {error}") from error
        finally:
            self._lock.release()

    def _connect(self, create: bool) -> sqlite3.Connection:
        there = self._identity()
        if self._connection is None or there != self._opened or (create and there is None):
            self._forget()
            self._connection = self._open(create or there is not None)
            # Also when the process ends: SQLite then puts into the file what is still beside it.
            self._close = weakref.finalize(self, self._connection.close)
            self._opened = self._identity() if create else there
        return self._connection

    def _forget(self) -> None:
        self._close()
        self._connection = None

    def _identity(self) -> tuple[int, int] | None:
        """What tells the file at the path from another one, ``None`` if there is none."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def _open(self, on_disk: bool) -> sqlite3.Connection:
        if on_disk:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._path if on_disk else ":memory:",
            timeout=self._patience,
            isolation_level=None,
            check_same_thread=False,  # the lock lets in one at a time
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        application, version, tables = connection.execute(_HEAD).fetchone()
        if (application, version, tables) == (0, 0, 0):
            connection.executescript(_SCHEMA)
        elif application != _APPLICATION:
            raise FeedbackUnavailable(f"{self._path} is another database: name a file for feedback in the settings")
        elif version > _VERSION:
            raise FeedbackUnavailable(
                f"{self._path} was written by a newer Ibidem (version {version}, here {_VERSION}): update this one"
            )
        with suppress(sqlite3.OperationalError):  # Where others are at it too: every mode is safe, this one quicker.
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
