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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.article import Article, Page, Provenance
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

_VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL, taken_apart_by TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS members (
    path TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, format TEXT, charset TEXT, sha256 TEXT,
    said TEXT, refused TEXT, PRIMARY KEY (path, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS readings (
    key BLOB PRIMARY KEY, digest TEXT, cuts TEXT, refused TEXT, embedded TEXT, metadata TEXT, context TEXT, text TEXT,
    sentences BLOB, passages BLOB, pieces BLOB, piece_counts BLOB, words BLOB, word_ranges BLOB, sketches BLOB
) STRICT;
"""

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

    def parts(self, file: SourceFile, taken_apart_by: str) -> list[Part] | None:
        """The parts of a file that is as it was, and taken apart by the same code; ``None`` for another."""
        found = self._connection.execute(
            "SELECT size, modified, taken_apart_by FROM files WHERE path = ?", [str(file.path)]
        ).fetchone()
        if found != (file.size, file.modified, taken_apart_by):
            return None
        rows = self._connection.execute(
            "SELECT name, format, charset, sha256, said, refused FROM members WHERE path = ? ORDER BY number",
            [str(file.path)],
        )
        return [Part(*row) for row in rows]

    def forget_file(self, path: Path) -> None:
        """Forgets what a file is made of."""
        for table in ("files", "members"):
            self._connection.execute(f"DELETE FROM {table} WHERE path = ?", [str(path)])

    def add_part(self, path: Path, number: int, of: Part) -> None:
        """Keeps the ``number``-th part of a file; it counts once ``add_file`` ends the file."""
        values = [str(path), number, of.name, of.format, of.charset, of.sha256, of.said, of.refused]
        self._connection.execute("INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def add_file(self, file: SourceFile, taken_apart_by: str, now: int) -> None:
        """Keeps that all parts of a file were added; ``now`` is in nanoseconds since 1970."""
        modified = file.modified if file.modified < now - SETTLED_NS else -1
        values = [str(file.path), file.size, modified, taken_apart_by]
        self._connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", values)

    def outcome(self, reading: bytes) -> Outcome | None:
        """What came of a reading; ``None`` if it was never done."""
        row = self._connection.execute(
            "SELECT digest, cuts, refused, embedded FROM readings WHERE key = ?", [reading]
        ).fetchone()
        return None if row is None else Outcome(*row)

    def add(self, reading: bytes, prepared: Prepared) -> None:
        """Keeps an article that was read, without its id."""
        article = prepared.article
        arrays = {name: _array(prepared, name).tobytes() for name in _ARRAYS}
        columns = ["key", "digest", "cuts", "metadata", "context", "text", *arrays]
        values = [
            reading,
            prepared.digest,
            prepared.cuts,
            _metadata(article),
            prepared.context,
            article.text,
            *arrays.values(),
        ]
        self._connection.execute(
            f"INSERT OR REPLACE INTO readings ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", values
        )

    def refuse(self, reading: bytes, reason: str) -> None:
        """Keeps why a member is no article."""
        self._connection.execute("INSERT OR REPLACE INTO readings (key, refused) VALUES (?, ?)", [reading, reason])

    def embedded(self, readings: Iterable[bytes], cache: str) -> None:
        """Keeps that the vectors of these articles' texts are in a cache."""
        rows = [(cache, reading) for reading in readings]
        self._connection.executemany("UPDATE readings SET embedded = ? WHERE key = ?", rows)

    def articles(self, readings: Iterable[tuple[str, bytes]]) -> Iterator[tuple[bytes, Prepared]]:
        """The articles of some readings, given with their ids, in that order."""
        columns = ", ".join(["metadata", "context", "text", *_ARRAYS])
        for article_id, reading in readings:
            row = self._connection.execute(f"SELECT {columns} FROM readings WHERE key = ?", [reading]).fetchone()
            yield reading, _prepared(article_id, *row)

    def size(self, reading: bytes) -> Size:
        """How large an article is that was read."""
        row = self._connection.execute(
            "SELECT json_extract(metadata, '$.title'), length(passages) / 32, length(sentences) / 16, length(text)"
            " FROM readings WHERE key = ?",
            [reading],
        ).fetchone()
        return Size(*row)

    def keep_only(self, readings: Iterable[bytes]) -> None:
        """Forgets all other articles; why others are none stays known, as that takes no room."""
        with self._connection:
            self._connection.execute("CREATE TEMP TABLE kept (key BLOB PRIMARY KEY)")
            self._connection.executemany("INSERT OR IGNORE INTO kept VALUES (?)", ((key,) for key in readings))
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


def _metadata(article: Article) -> str:
    values = asdict(article)
    del values["text"], values["id"]
    return json.dumps(values, ensure_ascii=False)


def _prepared(article_id: str, metadata: str, context: str, text: str, *blobs: bytes) -> Prepared:
    values = json.loads(metadata)
    for name in ("authors", "tags", "sources"):
        values[name] = tuple(values[name])
    values["provenance"] = {name: Provenance(**found) for name, found in values["provenance"].items()}
    values["pages"] = tuple(Page(**page) for page in values["pages"])
    arrays = dict(zip(_ARRAYS, map(_from_bytes, blobs, _ARRAYS.values()), strict=True))
    arrays["sketches"] = arrays["sketches"].reshape(len(arrays["passages"]) + 1, -1)
    return Prepared(
        article=Article(id=article_id, text=text, **values),
        context=context,
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
