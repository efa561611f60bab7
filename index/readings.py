"""What was read so far, kept beside the generations: no file is read twice that didn't change, no article cut twice.

    files     a file of the archive as it was when it was looked at: its size, its time, and what tells whether the code
              that took it apart is still the same
    members   what each is made of: per member the hash of its bytes, and what is said around it; or why it is refused
    readings  what came of a member: an article made ready for the index, or the reason why it is none

A reading's key is a hash of all that it depends on but where the file lies; so a file that was renamed is not read
again. ``embedded`` of a reading names the vector cache that has the vectors of all its texts.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.document import Member, Refusal
from corpus.listing import SourceFile
from corpus.sidecars import Sidecar
from corpus.statements import Said, Statement
from index.prepared import Prepared
from index.wording import Wording

FILE = "readings.sqlite"

SETTLED_NS = 2 * 10**9
"""A file that was modified less than this before it was looked at may be modified again within the same tick of its
file system's clock; its time is not taken for a sign that it is the same."""

_VERSION = 3

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL, taken_apart_by TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS members (
    path TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, format TEXT, charset TEXT, sha256 TEXT,
    said TEXT, refused TEXT, PRIMARY KEY (path, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS readings (
    key BLOB PRIMARY KEY, digest TEXT, cuts TEXT, refused TEXT, embedded TEXT,
    title TEXT, passage_count INTEGER, sentence_count INTEGER, characters INTEGER,
    record TEXT, sha256 TEXT, context TEXT, text TEXT,
    sentences BLOB, passages BLOB, pieces BLOB, piece_counts BLOB, words BLOB, word_ranges BLOB, sketches BLOB
) STRICT;
"""

_SIZE = ("title", "passage_count", "sentence_count", "characters")
"""As ``Size`` has them; SQLite would have to read an article whole to count what is in it."""

_TEXTS = ("record", "sha256", "context", "text")

_ARRAYS: Mapping[str, tuple[type[np.generic], int]] = {
    "sentences": (np.int64, 2),
    "passages": (np.int64, 4),
    "pieces": (np.int32, 0),
    "piece_counts": (np.int64, 0),
    "words": (np.uint64, 0),
    "word_ranges": (np.int64, 2),
    "sketches": (np.uint32, -1),
}
"""The type of each array that is kept, and how many columns it has; 0 is a plain row, -1 as many as come out."""


@dataclass(frozen=True, slots=True)
class Part:
    """A member of a file as it is remembered: all of it but its bytes, or why it is ``refused``."""

    name: str
    format: str | None
    charset: str | None
    sha256: str | None
    said: str
    refused: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a member: the digests of its article and of its cuts, or why it is ``refused``; ``embedded`` names
    a vector cache."""

    digest: str | None
    cuts: str | None
    refused: str | None
    embedded: str | None


@dataclass(frozen=True, slots=True)
class Size:
    """An article's title, how many passages and sentences it was cut into, and the code points of its text."""

    title: str
    passages: int
    sentences: int
    characters: int


def part(member: Member | Refusal) -> Part:
    """What is remembered of a member."""
    if isinstance(member, Refusal):
        return Part(member.name, None, None, None, "{}", member.reason)
    sha256 = hashlib.sha256(member.content).hexdigest()
    return Part(member.name, member.format, member.charset, sha256, _said(member.said), None)


def key(reader: str, of: Part, named: Said, sidecar: Sidecar) -> bytes:
    """The key of the reading of a part: a hash of everything that decides what comes of it."""
    about = [_said(sidecar.said), sorted(sidecar.unknown)]
    values = [reader, of.format, of.charset, of.sha256, of.said, _said(named), about]
    return hashlib.sha256(json.dumps(values).encode()).digest()


def _said(said: Mapping[str, Statement]) -> str:
    return json.dumps({name: [one.value, one.origin] for name, one in sorted(said.items())}) if said else "{}"


class Readings:
    """What was read, for the index in ``index``. A damaged file is started anew. For one process and thread."""

    def __init__(self, index: Path) -> None:
        path = index / FILE
        try:
            self._connection = _open(path)
        except sqlite3.DatabaseError:
            remove(index)
            self._connection = _open(path)

        # All at once: to ask for each of thousands would take longer than all else if nothing changed.
        self._parts: dict[str, list[Part]] = defaultdict(list)
        for where, *values in self._connection.execute(
            "SELECT path, name, format, charset, sha256, said, refused FROM members ORDER BY path, number"
        ):
            self._parts[where].append(Part(*values))
        self._files = {where: values for where, *values in self._connection.execute("SELECT * FROM files")}
        outcomes = self._connection.execute("SELECT key, digest, cuts, refused, embedded FROM readings")
        self._outcomes = {reading: Outcome(*values) for reading, *values in outcomes}

    def parts(self, file: SourceFile, taken_apart_by: str) -> list[Part] | None:
        """The parts of a file that is as it was, and taken apart by the same code; ``None`` for another."""
        where = str(file.path)
        if self._files.get(where) != [file.size, file.modified, taken_apart_by]:
            return None
        return self._parts.get(where, [])

    def forget_file(self, path: Path) -> None:
        """Forgets what a file is made of."""
        self._files.pop(str(path), None)
        self._parts.pop(str(path), None)
        for table in ("files", "members"):
            self._connection.execute(f"DELETE FROM {table} WHERE path = ?", [str(path)])

    def add_part(self, path: Path, number: int, of: Part) -> None:
        """Keeps the ``number``-th part of a file; it counts once ``add_file`` ends the file."""
        self._parts[str(path)].append(of)
        values = [str(path), number, of.name, of.format, of.charset, of.sha256, of.said, of.refused]
        self._connection.execute("INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def add_file(self, file: SourceFile, taken_apart_by: str, now: int) -> None:
        """Keeps that all parts of a file were added; ``now`` is in nanoseconds since 1970."""
        modified = file.modified if file.modified < now - SETTLED_NS else -1
        self._files[str(file.path)] = [file.size, modified, taken_apart_by]
        values = [str(file.path), file.size, modified, taken_apart_by]
        self._connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", values)

    def outcome(self, reading: bytes) -> Outcome | None:
        """What came of a reading; ``None`` if it was never done."""
        return self._outcomes.get(reading)

    def add(self, reading: bytes, prepared: Prepared) -> None:
        """Keeps an article that was read, without its id."""
        digest, cuts = prepared.digest, prepared.cuts
        self._outcomes[reading] = Outcome(digest, cuts, None, None)
        arrays = {name: _array(prepared, name).tobytes() for name in _ARRAYS}
        size = [prepared.title, len(prepared.passages), len(prepared.sentences), len(prepared.text)]
        columns = ["key", "digest", "cuts", *_SIZE, *_TEXTS, *arrays]
        texts = [json.dumps(prepared.record, ensure_ascii=False), prepared.sha256, prepared.context, prepared.text]
        self._connection.execute(
            f"INSERT OR REPLACE INTO readings ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            [reading, digest, cuts, *size, *texts, *arrays.values()],
        )

    def refuse(self, reading: bytes, reason: str) -> None:
        """Keeps why a member is no article."""
        self._outcomes[reading] = Outcome(None, None, reason, None)
        self._connection.execute("INSERT OR REPLACE INTO readings (key, refused) VALUES (?, ?)", [reading, reason])

    def embedded(self, readings: Iterable[bytes], cache: str) -> None:
        """Keeps that the vectors of these articles' texts are in a cache."""
        rows = [(cache, reading) for reading in readings]
        for _, reading in rows:
            self._outcomes[reading] = replace(self._outcomes[reading], embedded=cache)
        self._connection.executemany("UPDATE readings SET embedded = ? WHERE key = ?", rows)

    def articles(self, readings: Iterable[tuple[str, bytes]]) -> Iterator[tuple[bytes, Prepared]]:
        """The articles of some readings, given with their ids, in that order."""
        columns = ", ".join([*_TEXTS, *_ARRAYS])
        for article_id, reading in readings:
            row = self._connection.execute(f"SELECT {columns} FROM readings WHERE key = ?", [reading]).fetchone()
            yield reading, _prepared(article_id, *row)

    def sizes(self) -> dict[bytes, Size]:
        """How large each article is that was read, by the keys of the readings."""
        rows = self._connection.execute(f"SELECT key, {', '.join(_SIZE)} FROM readings WHERE title IS NOT NULL")
        return {reading: Size(*values) for reading, *values in rows}

    def keep_only(self, readings: Iterable[bytes]) -> None:
        """Forgets all other articles; why others are none stays known, as that takes no room."""
        kept = {*readings}
        self._outcomes = {
            reading: outcome
            for reading, outcome in self._outcomes.items()
            if outcome.refused is not None or reading in kept
        }
        with self._connection:
            self._connection.execute("CREATE TEMP TABLE kept (key BLOB PRIMARY KEY)")
            self._connection.executemany("INSERT OR IGNORE INTO kept VALUES (?)", ((reading,) for reading in kept))
            self._connection.execute("DELETE FROM readings WHERE text IS NOT NULL AND key NOT IN kept")
            self._connection.execute("DROP TABLE kept")

    def commit(self) -> None:
        """Makes sure that what was kept so far outlives this process."""
        self._connection.commit()

    def close(self) -> None:
        """Keeps all, and closes the file."""
        self._connection.commit()
        self._connection.close()


def remove(index: Path) -> None:
    """Removes the file, with its journal."""
    for suffix in ("", "-wal", "-shm"):
        (index / f"{FILE}{suffix}").unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            raise sqlite3.DatabaseError(f"version {version}")
        connection.executescript(f"{_SCHEMA} PRAGMA user_version = {_VERSION};")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _array(prepared: Prepared, name: str) -> NDArray[Any]:
    match name:
        case "words":
            return prepared.wording.words
        case "word_ranges":
            return prepared.wording.passages
        case _:
            found: NDArray[Any] = getattr(prepared, name)
            return found


def _prepared(article_id: str, record: str, sha256: str, context: str, text: str, *blobs: bytes) -> Prepared:
    if hashlib.sha256(text.encode()).hexdigest() != sha256:  # SQLite does not notice every damage.
        raise sqlite3.DatabaseError(f"the text that was read of {article_id} is damaged")
    arrays = dict(zip(_ARRAYS, map(_from_bytes, blobs, _ARRAYS.values()), strict=True))
    arrays["sketches"] = arrays["sketches"].reshape(len(arrays["passages"]) + 1, -1)
    return Prepared(
        record=[article_id, *json.loads(record)[1:]],
        sha256=sha256,
        context=context,
        text=text,
        sentences=arrays["sentences"],
        passages=arrays["passages"],
        pieces=arrays["pieces"],
        piece_counts=arrays["piece_counts"],
        wording=Wording(arrays["words"], arrays["word_ranges"]),
        sketches=arrays["sketches"],
    )


def _from_bytes(blob: bytes, kind: tuple[type[np.generic], int]) -> NDArray[Any]:
    dtype, columns = kind
    found: NDArray[Any] = np.frombuffer(blob, dtype)
    return found.reshape(-1, columns) if columns > 0 else found
