"""What lies between a file's bytes and an article: a member, which can be read by itself, and a document read from it.

    file ─────────────┐
    file of several → members → read by their format → document → article

A member's bytes, its format and what is said around it determine the document; where it lies does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from corpus.article import Page
from corpus.statements import Statement


@dataclass(frozen=True, kw_only=True)
class Member:
    """Something that is read as one article: a file, or a part of one.

    ``name`` is what its id ends with: empty for a file that is one article, else the part's own path or number in the
    file, without its suffix. ``format`` is one of ``corpus.formats.registry.READERS``. ``charset`` is what a server or
    a message said of the encoding, which may be wrong. ``said`` is what is said around it, not in it: by the file that
    it is a part of. ``settled`` are the names of values that a sidecar decides, so that it doesn't matter what the
    member says of them, not even if it is wrong.
    """

    name: str
    format: str
    content: bytes
    charset: str | None = None
    said: Mapping[str, Statement] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A part of a file that is not read: its ``name`` as in ``Member``, and why, with what to do about it."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Document:
    """What was read: the canonical text, what is said in it about itself, and its pages if it has some."""

    text: str
    said: Mapping[str, Statement] = field(default_factory=dict)
    pages: tuple[Page, ...] = ()
