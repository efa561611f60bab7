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
    """What gave it, see ``Origin``."""
    precision: Precision | None = None
    """Of a date, how exact it is; ``None`` for what is no date."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of an article that has pages: ``article.text[start:end]`` begins on it, code points, half-open."""

    number: int
    """Counts the pages of the file from 1, as a link to one does."""
    label: str
    """What is printed on it (``xiv``), and the number if the file says nothing else."""
    start: int
    """The first code point of the article's text on it."""
    end: int
    """The code point behind its last."""


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What is known of an article beside its text.

    What the source doesn't say is ``None`` or empty, never invented; ``title`` alone is always there. Dates are as in
    ``corpus.dates``: as exact as they are known (``2025-03-04``, ``2025-03``, ``2025``).
    """

    id: str
    """The file's path below its folder of articles, without the suffix, with ``/`` between parts; of an article in a
    file of several, that of the file, ``/``, and the article's own."""
    title: str
    """What it is called."""
    title_inferred: bool
    """Whether the title was taken from the text, as the source gives none."""
    authors: tuple[str, ...] = ()
    """Who wrote it."""
    publisher: str | None = None
    """Who published it."""
    url: str | None = None
    """Where it stands on the web."""
    published: str | None = None
    """When it was published."""
    updated: str | None = None
    """When it was last updated."""
    retrieved: str | None = None
    """When it was fetched from where it stood."""
    tags: tuple[str, ...] = ()
    """What it is about, by its owner's or its source's words."""
    language: str | None = None
    """Its language (BCP 47)."""
    licence: str | None = None
    """Under what terms it may be used."""
    sources: tuple[str, ...] = ()
    """What it says it is based on."""
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    """Of each value that is known, by its name, where it comes from."""
    pages: tuple[Page, ...] = ()
    """The pages, in order; none for most formats."""


@dataclass(frozen=True, kw_only=True)
class Entry(Metadata):
    """An article's entry in the catalogue: its metadata, and the SHA-256 of its canonical text."""

    sha256: str
    """Of the canonical text in UTF-8, hexadecimal."""


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
