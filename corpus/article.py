"""One document of the archive: its canonical text and where it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Literal

from corpus.dates import Precision

Origin = Literal[
    "sidecar", "front matter", "page", "document", "message", "export", "fetch", "file", "heading", "inferred"
]
"""Where a value comes from, the one that goes before the others first:

- ``sidecar``: what the archive's owner wrote beside the file;
- ``front matter``: what a Markdown file says in front of its text;
- ``page``: what a web page says of itself, to its readers or to machines;
- ``document``: the properties of a PDF, a Word file, a book;
- ``message``: the head of an e-mail;
- ``export``: the columns of a table, or the keys of a record;
- ``fetch``: what was seen when it was fetched: its address, the day, what the feed said;
- ``file``: the file's name;
- ``heading``: its first heading;
- ``inferred``: concluded from its text.
"""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a value comes from and, of a date, how exact it is."""

    origin: Origin
    precision: Precision | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of an article that has pages: ``article.text[start:end]`` begins on it, code points, half-open.

    ``number`` counts the pages of the file from 1, as a link to one does; ``label`` is what is printed on it (``xiv``),
    and the number if the file says nothing else.
    """

    number: int
    label: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What is known of an article beside its text.

    ``id`` is the file's path below its folder of articles, without the suffix, with ``/`` between parts; of an article
    in a file of several, that of the file, ``/``, and the article's own.
    What the source doesn't say is ``None`` or empty, never invented; ``title`` alone is always there, and
    with ``title_inferred`` it was taken from the text and not from what the source gives as its title.

    ``published``, ``updated`` and ``retrieved`` (fetched from where it stood) are dates as in ``corpus.dates``;
    ``provenance`` says of each value that is known where it comes from, by the value's name. ``pages`` are in order,
    and none for most formats.
    """

    id: str
    title: str
    title_inferred: bool
    authors: tuple[str, ...] = ()
    publisher: str | None = None
    url: str | None = None
    published: str | None = None
    updated: str | None = None
    retrieved: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    licence: str | None = None
    sources: tuple[str, ...] = ()
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Entry(Metadata):
    """An article's entry in the catalogue: its metadata, and the SHA-256 of its canonical text."""

    sha256: str


@dataclass(frozen=True, kw_only=True)
class Article(Metadata):
    """An article as it is indexed and cited.

    ``text`` is canonical (see ``corpus.cleaning``): every offset in the system counts its code points.
    """

    text: str

    @cached_property
    def sha256(self) -> str:
        """The hexadecimal SHA-256 of the canonical text in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def entry_of(article: Article) -> Entry:
    """The entry of an article."""
    return Entry(**{field.name: getattr(article, field.name) for field in fields(Entry)})
