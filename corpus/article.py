"""One document of the archive: its canonical text and where it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from corpus.dates import Provenance


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What is known of an article beside its text.

    ``id`` is the file's path below its folder of articles, without the suffix, with ``/`` between parts.
    What the source doesn't say is ``None`` or empty, never invented; ``title`` alone is always there, and
    with ``title_inferred`` it was taken from the text and not from what the source gives as its title.

    ``published``, ``updated`` and ``retrieved`` (fetched from where it stood) are dates as in ``corpus.dates``;
    ``provenance`` says of each that is known where it comes from.
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
