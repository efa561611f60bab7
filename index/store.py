"""Texts and metadata of one generation, in an SQLite file that is written once and then only read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.article import Article, Metadata, Page, Provenance
from corpus.article import Entry as Entry
from corpus.errors import DamagedGeneration, UnknownArticle
from index.passages import Sentence

FILE = "texts.sqlite"
CONTEXT_CHARACTERS = 32
"""So many code points before and behind a passage are given as its prefix and suffix."""

_ENTRIES_KEPT = 1024

_SCHEMA = """
CREATE TABLE articles (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, title_inferred INTEGER NOT NULL,
    authors TEXT NOT NULL, publisher TEXT, url TEXT, published TEXT, updated TEXT, retrieved TEXT, tags TEXT NOT NULL,
    language TEXT, licence TEXT, sources TEXT NOT NULL, provenance TEXT NOT NULL, pages TEXT NOT NULL,
    sha256 TEXT NOT NULL, text TEXT NOT NULL, digest TEXT NOT NULL, cuts TEXT NOT NULL
) STRICT;
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, article INTEGER NOT NULL, "start" INTEGER NOT NULL, "end" INTEGER NOT NULL
) STRICT;
CREATE TABLE sentences (
    id INTEGER PRIMARY KEY, article INTEGER NOT NULL, "start" INTEGER NOT NULL, "end" INTEGER NOT NULL
) STRICT;
"""

# Made when all rows are there, which is faster.
_INDEXES = """
CREATE INDEX articles_by_sha256 ON articles (sha256);
CREATE INDEX passages_by_article ON passages (article);
CREATE INDEX sentences_by_article ON sentences (article);
"""

_COLUMNS = tuple(field.name for field in fields(Metadata))
_ENTRY = ", ".join(f"articles.{column}" for column in (*_COLUMNS, "sha256"))
_WRITTEN = ("number", *_COLUMNS, "sha256", "text", "digest", "cuts")
_INSERT = f"INSERT INTO articles ({', '.join(_WRITTEN)}) VALUES ({', '.join('?' * len(_WRITTEN))})"

Record = list[str | int | None]
"""An article's metadata as the columns of its row: the id first, then the title, the others as in ``Metadata``."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A slice of an article, as a passage or a sentence: code points, half-open. ``source`` is the article's text."""

    article: Entry
    source: str
    start: int
    end: int

    @property
    def text(self) -> str:
        """The slice itself."""
        return self.source[self.start : self.end]

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages that it is on, in order; none if the article has no pages."""
        return tuple(page for page in self.article.pages if page.start < self.end and self.start < page.end)

    @property
    def prefix(self) -> str:
        """The up to ``CONTEXT_CHARACTERS`` code points before it."""
        return self.source[max(self.start - CONTEXT_CHARACTERS, 0) : self.start]

    @property
    def suffix(self) -> str:
        """The up to ``CONTEXT_CHARACTERS`` code points behind it."""
        return self.source[self.end : self.end + CONTEXT_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Spans:
    """Where an article's passages and sentences stand, each ``(start, end)`` in code points, half-open, ascending."""

    passages: tuple[tuple[int, int], ...]
    sentences: tuple[tuple[int, int], ...]


class Store:
    """The texts in ``folder``. Safe to use from several threads at once.

    Raises ``DamagedGeneration`` if the file can't be read.
    """

    def __init__(self, folder: Path) -> None:
        path = (folder / FILE).resolve()
        try:
            self._connection = sqlite3.connect(
                f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self.articles, self.passages, self.sentences = self._connection.execute(
                "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM passages),"
                " (SELECT count(*) FROM sentences)"
            ).fetchone()
        except sqlite3.Error as error:
            raise DamagedGeneration(f"the texts in {path} can't be read: {error}") from error
        self._entry = lru_cache(maxsize=_ENTRIES_KEPT)(self._read_entry)

    def excerpts(self, passages: Sequence[int]) -> list[Excerpt]:
        """The passages of these ids, in the order given."""
        rows = self._connection.execute(
            f'SELECT id, article, "start", "end" FROM passages WHERE id IN ({_placeholders(passages)})',
            list(passages),
        ).fetchall()
        texts = self._texts({article for _, article, *_ in rows})
        found = {passage: Excerpt(self._entry(article), texts[article], *span) for passage, article, *span in rows}
        return [found[passage] for passage in passages]

    def _texts(self, articles: set[int]) -> dict[int, str]:
        # Each as a whole and once: SQLite would read all of a text, and count its characters, for every slice of it.
        return dict(
            self._connection.execute(
                f"SELECT number, text FROM articles WHERE number IN ({_placeholders(articles)})", list(articles)
            )
        )

    def passage_articles(self) -> NDArray[np.int64]:
        """For each passage, the place of its article in the catalogue, ascending."""
        rows = self._connection.execute(
            "SELECT count(passages.id) FROM articles LEFT JOIN passages ON article = number"
            " GROUP BY articles.id ORDER BY articles.id"
        ).fetchall()
        return np.repeat(np.arange(len(rows)), [count for (count,) in rows])

    def sentence_spans(self, sentences: Sequence[int]) -> list[Sentence]:
        """The sentences of these ids, in the order given."""
        rows = self._connection.execute(
            f'SELECT id, "start", "end" FROM sentences WHERE id IN ({_placeholders(sentences)})',
            list(sentences),
        )
        found = {row[0]: Sentence(*row[1:]) for row in rows}
        return [found[sentence] for sentence in sentences]

    def spans(self, article_id: str) -> Spans:
        """Where an article's passages and sentences stand. Raises ``UnknownArticle``."""
        number = self._connection.execute("SELECT number FROM articles WHERE id = ?", [article_id]).fetchone()
        if number is None:
            raise _unknown(article_id)
        return Spans(
            *(
                tuple(
                    self._connection.execute(
                        f'SELECT "start", "end" FROM {table} WHERE article = ? ORDER BY id', number
                    )
                )
                for table in ("passages", "sentences")
            )
        )

    def catalogue(self) -> list[Entry]:
        """The entry of every article, by id."""
        return _catalogue(self._connection)

    def digests(self) -> dict[str, str]:
        """The digest of each article by its id, for telling whether it is the same."""
        return dict(self._connection.execute("SELECT id, digest FROM articles"))

    def sizes(self) -> list[tuple[str, str, int, int]]:
        """Of each article, by id, its digest, that of its cuts, and how many passages and sentences it has."""
        return self._connection.execute(
            "SELECT digest, cuts, (SELECT count(*) FROM passages WHERE article = number),"
            " (SELECT count(*) FROM sentences WHERE article = number) FROM articles ORDER BY id"
        ).fetchall()

    def by_sha256(self, sha256: str) -> tuple[str, ...]:
        """The ids of the articles whose canonical text has that hash, ascending."""
        rows = self._connection.execute("SELECT id FROM articles WHERE sha256 = ? ORDER BY id", [sha256])
        return tuple(article_id for (article_id,) in rows)

    def has(self, article_id: str) -> bool:
        """Whether there is an article of that id."""
        return bool(self._connection.execute("SELECT 1 FROM articles WHERE id = ?", [article_id]).fetchone())

    def _read_entry(self, number: int) -> Entry:
        row = self._connection.execute(f"SELECT {_ENTRY} FROM articles WHERE number = ?", [number]).fetchone()
        return _entry(row)

    def article(self, article_id: str) -> Article:
        """An article with its text. Raises ``UnknownArticle``."""
        return _article(self._connection, article_id)


class StoreWriter:
    """Writes the texts of a new generation to ``folder``. Articles come in order of their ids; their sentences and
    passages are numbered from 0 as they come."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / FILE, isolation_level=None)
        # The whole folder is thrown away if the build doesn't end, and synced by the caller if it does.
        self._connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA} BEGIN")
        self.articles = 0
        self._passages: list[tuple[int, int, int]] = []
        self._sentences: list[tuple[int, int, int]] = []

    def add(
        self,
        article: Article,
        digest: str,
        cuts: str,
        sentences: Sequence[Sequence[int]],
        passages: Sequence[Sequence[int]],
    ) -> None:
        """Adds an article, with digests of it and of how it is cut; its id must be new. Of its sentences and passages
        the first two numbers are start and end."""
        self.add_record(record(article), (article.sha256, article.text, digest, cuts), sentences, passages)

    def add_record(
        self,
        values: Record,
        more: tuple[str, str, str, str],
        sentences: Sequence[Sequence[int]],
        passages: Sequence[Sequence[int]],
    ) -> None:
        """Adds an article by its record; ``more`` are the SHA-256 of its text, the text, and the digests."""
        self._connection.execute(_INSERT, [self.articles, *values, *more])
        for spans, kept in ((sentences, self._sentences), (passages, self._passages)):
            kept += [(self.articles, span[0], span[1]) for span in spans]
        self.articles += 1

    @property
    def passages(self) -> int:
        """How many there are so far."""
        return len(self._passages)

    @property
    def sentences(self) -> int:
        """How many there are so far."""
        return len(self._sentences)

    def close(self) -> None:
        """Ends the writing; the file is whole, and not yet synced to the disk."""
        for table, spans in (("sentences", self._sentences), ("passages", self._passages)):
            rows = ((number, *span) for number, span in enumerate(spans))
            self._connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", rows)
        self._connection.execute("COMMIT")
        self._connection.executescript(_INDEXES)
        self._connection.close()


def _placeholders(values: Collection[Any]) -> str:
    return ", ".join("?" * len(values))


def _to_sql(value: Any) -> Any:
    if isinstance(value, Mapping):
        value = {name: asdict(provenance) for name, provenance in value.items()}
    if isinstance(value, tuple):
        value = [[one.number, one.label, one.start, one.end] if isinstance(one, Page) else one for one in value]
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def record(article: Metadata) -> Record:
    """The record of an article."""
    return [_to_sql(getattr(article, name)) for name in _COLUMNS]


def from_record(values: Record, text: str) -> Article:
    """The article with that record and that text."""
    return Article(text=text, **_metadata(values))


def _entry(row: Sequence[Any]) -> Entry:
    """From the columns of ``_ENTRY``."""
    return Entry(sha256=row[-1], **_metadata(row[:-1]))


def _metadata(row: Sequence[Any]) -> dict[str, Any]:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["title_inferred"] = bool(values["title_inferred"])
    for column in ("authors", "tags", "sources"):
        values[column] = _texts(values[column])
    values["pages"] = tuple(Page(*page) for page in json.loads(values["pages"]))
    values["provenance"] = _provenance(values["provenance"])
    return values


# Thousands of articles have the same ones.
@lru_cache(maxsize=_ENTRIES_KEPT)
def _texts(value: str) -> tuple[str, ...]:
    return tuple(json.loads(value))


@lru_cache(maxsize=_ENTRIES_KEPT)
def _provenance(value: str) -> Mapping[str, Provenance]:
    return {name: Provenance(**found) for name, found in json.loads(value).items()}


def _catalogue(connection: sqlite3.Connection) -> list[Entry]:
    return [_entry(row) for row in connection.execute(f"SELECT {_ENTRY} FROM articles ORDER BY id")]


def _article(connection: sqlite3.Connection, article_id: str) -> Article:
    row = connection.execute(f"SELECT text, {_ENTRY} FROM articles WHERE id = ?", [article_id]).fetchone()
    if row is None:
        raise _unknown(article_id)
    entry = _entry(row[1:])
    return Article(text=row[0], **{column: getattr(entry, column) for column in _COLUMNS})


def _unknown(article_id: str) -> UnknownArticle:
    return UnknownArticle(f"there is no article {article_id!r} in this generation")
