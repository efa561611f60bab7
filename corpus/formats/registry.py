"""Which formats there are: by which suffixes files have them, and what reads them.

A reader is a module of ``corpus.formats`` with ``read(member) -> Document``; a container, a file of several articles,
one with ``members(file, format_name, columns) -> Iterator[Member | Refusal]``. Both raise ``UnreadableArticle`` with
the reason. Containers are read as a stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, BinaryIO

from corpus.document import Document, Member, Refusal

MEBIBYTE = 2**20

READERS = {
    "markdown": ("markdown", 10 * MEBIBYTE),
    "text": ("text", 10 * MEBIBYTE),
    "html": ("html", 10 * MEBIBYTE),
    "pdf": ("pdf", 100 * MEBIBYTE),
    "docx": ("office", 100 * MEBIBYTE),
    "odt": ("office", 100 * MEBIBYTE),
    "rtf": ("office", 100 * MEBIBYTE),
    "epub": ("office", 100 * MEBIBYTE),
    "message": ("message", 50 * MEBIBYTE),
    "record": ("record", 10 * MEBIBYTE),
}
"""Formats of one article: the module that reads each, and the most bytes that it is given. The longest novels have
about 4 MB of text; pictures, which other formats hold as well, are large."""

CONTAINERS = {"jsonl": "exports", "csv": "exports", "mbox": "mailbox", "zip": "zipped", "warc": "warc"}
"""Formats of several articles, and the module that takes each apart."""

SUFFIXES = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".odt": "odt",
    ".rtf": "rtf",
    ".epub": "epub",
    ".eml": "message",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".mbox": "mbox",
    ".zip": "zip",
    ".warc": "warc",
    ".warc.gz": "warc",
}
"""The format of a file by what its name ends with, in any case of letters; ``record`` is no file's."""


def suffix(name: str) -> str | None:
    """The suffix of a file's name that says its format, as it is written; ``None`` if none does."""
    last = name.rfind(".")
    # Of a suffix with two dots first, as in ".warc.gz".
    for start in (name.rfind(".", 0, max(last, 0)), last):
        if start > 0 and name[start:].lower() in SUFFIXES:
            return name[start:]
    return None


def format_of(name: str) -> str | None:
    """The format that a file's name says, if it is one that is read."""
    found = suffix(name)
    return None if found is None else SUFFIXES[found.lower()]


def too_large(format_name: str, size: int) -> str | None:
    """Why a member of so many bytes is not read; ``None`` if it is."""
    most = READERS[format_name][1]
    return f"larger than {most // MEBIBYTE} MiB ({size} bytes or more); split it" if size > most else None


def read(member: Member) -> Document:
    """The document in a member. Raises ``UnreadableArticle``."""
    document: Document = _module(READERS[member.format][0]).read(member)
    return document


def members(format_name: str, file: BinaryIO, columns: Mapping[str, str]) -> Iterator[Member | Refusal]:
    """The members of a container, in order, one at a time; ``columns`` says which column or key of an export is what
    (see ``corpus.sidecars``). Raises ``UnreadableArticle`` when it can't be read on."""
    found: Iterator[Member | Refusal] = _module(CONTAINERS[format_name]).members(file, format_name, columns)
    return found


def _module(name: str) -> Any:
    # Loaded when it is needed: some take a second, and most archives have few formats.
    return import_module(f"corpus.formats.{name}")
