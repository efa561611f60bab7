"""Web archives (WARC, ISO 28500), compressed or not: each page or document that was fetched is an article.

Pictures, scripts, redirects and errors are no articles, and are passed over, as is what was found unchanged later on
("revisit"). warcio reads the records' heads; the rest is done here, because what is fetched from the web may be
anything, and everything must stay within bounds.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from corpus.document import Member, Refusal
from corpus.errors import UnreadableArticle
from corpus.formats.payload import Payload, Undecodable, content_of, has_other_digest, http_payload
from corpus.formats.registry import MEBIBYTE, too_large
from corpus.formats.web_names import WebNames
from corpus.formats.web_types import format_of, is_article
from corpus.statements import NAMES, leniently

LONGEST_HEAD = 64 * 1024
"""Of a record, in bytes: the library takes quadratic time to read one."""
MOST_PAYLOAD = 150 * MEBIBYTE
"""Of a record that is read, in bytes as it is stored."""
MOST_RATIO = 200
HARMLESS = 2**30
"""A compressed file may become so many bytes, however small it is; above that ``MOST_RATIO`` times its size."""

_VERSIONS = ["WARC/1.1", "WARC/1.0", "WARC/0.18", "WARC/0.17"]
_READ = ("response", "resource")
_STATEMENTS = 64 * 1024
"""The most bytes of a record of metadata that are looked at."""


@dataclass(frozen=True, kw_only=True)
class _Found:
    """An article's record: its id, what it was fetched from and when, and what came of it."""

    id: str
    url: str
    time: str
    item: Member | Refusal
    said: Mapping[str, object] = field(default_factory=dict)

    def named(self, name: str) -> Member | Refusal:
        """What came of it, called ``name``, with what is said of it."""
        if isinstance(self.item, Refusal):
            return replace(self.item, name=name)
        given = {**self.said, "url": self.url, "retrieved": self.time[:10]}
        return replace(self.item, name=name, said=leniently(given, "fetch"))


def members(file: BinaryIO, format_name: str, columns: Mapping[str, str]) -> Iterator[Member | Refusal]:
    """The articles in order. One that is alone in its file is the file's own: its name is empty.

    Raises ``UnreadableArticle`` for what is no WARC, or one that can't be read on.
    """
    names = WebNames()
    only: _Found | None = None
    several = False
    problem: UnreadableArticle | None = None
    articles = _articles(file)
    while True:
        try:
            found = next(articles, None)
        except UnreadableArticle as error:
            # What came before is given out first.
            found, problem = None, error
        if found is None:
            break
        if only is not None:
            several = True
            yield only.named(names.name(only.url, only.time))
        only = found
    if only is not None:
        yield only.named(names.name(only.url, only.time) if several else "")
    if problem is not None:
        raise problem
    if only is None:
        raise UnreadableArticle("empty: no page and no document in it; remove it")


def _articles(file: BinaryIO) -> Iterator[_Found]:
    """The records that are articles, each with what the records behind it say of it, until the next."""
    held: _Found | None = None
    try:
        for record in _records(file):
            if record.kind == "metadata" and held is not None and _is_about(record, held):
                held = replace(held, said={**held.said, **_statements(record)})
            found = _found(record) if record.kind in _READ else None
            if found is not None:
                if held is not None:
                    yield held
                held = found
    except UnreadableArticle:
        if held is not None:
            yield held
        raise
    if held is not None:
        yield held


class _Stream:
    """A file's bytes, decompressed, with bounds: what a record's head may have, and what may come of all."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        start = file.read(2)
        file.seek(0)
        self._compressed = start == b"\x1f\x8b"
        self._source: Any = gzip.GzipFile(fileobj=file) if self._compressed else file
        self._size = 0
        self.head = LONGEST_HEAD

    def read(self, size: int) -> bytes:
        return self._counted(self._source.read, size)

    def readline(self, size: int | None = None) -> bytes:
        """A line of a head."""
        line = self._counted(self._source.readline, min(size or LONGEST_HEAD, LONGEST_HEAD))
        self.head -= len(line)
        if self.head < 0:
            raise UnreadableArticle("no WARC file, or a damaged one (a record's head has no end); get it anew")
        return line

    def _counted(self, read: Any, size: int) -> bytes:
        try:
            data: bytes = read(size)
        except EOFError:
            raise UnreadableArticle("truncated: the compressed file breaks off; get it anew") from None
        except (OSError, ValueError, gzip.zlib.error):  # type: ignore[attr-defined]
            raise UnreadableArticle("damaged: it can't be decompressed on; get it anew") from None
        self._size += len(data)
        if self._compressed and self._size > max(HARMLESS, MOST_RATIO * self._file.tell()):
            raise UnreadableArticle(f"a bomb: more than {MOST_RATIO} times as large as it is compressed")
        return data


@dataclass(frozen=True, slots=True)
class _Record:
    """A record's head and kind, the length of what is in it, and a stream that ends where the record does."""

    head: Any
    kind: str
    length: int
    stream: Any

    def header(self, name: str) -> str:
        return str(self.head.get_header(name) or "").strip().strip("<>").strip()


def _records(file: BinaryIO) -> Iterator[_Record]:
    """The records, each with its stream, which is at its end when the next is asked for."""
    # Loaded when it is needed: most archives have no web archives in them. Of the library only what reads heads: the
    # rest prints to the console, and reads lines of any length.
    from warcio.limitreader import LimitReader
    from warcio.statusandheaders import StatusAndHeadersParser, StatusAndHeadersParserException

    stream, parser = _Stream(file), StatusAndHeadersParser(_VERSIONS)
    number = 0
    while (line := _first_line(stream)) is not None:
        number += 1
        try:
            head = parser.parse(stream, line)
        except StatusAndHeadersParserException:
            where = f"its record {number} has no head that can be read" if number > 1 else "no WARC file"
            raise UnreadableArticle(f'{where}: it doesn\'t begin with a line like "WARC/1.0"; get it anew') from None
        length = str(head.get_header("Content-Length") or "").strip()
        if not (length.isascii() and length.isdigit() and len(length) < 16):
            raise UnreadableArticle(f"its record {number} doesn't say how long it is; get it anew")
        kind = str(head.get_header("WARC-Type") or "").strip().lower()
        record = _Record(head, kind, int(length), LimitReader(stream, int(length)))
        yield record
        _skip(record)


def _first_line(stream: _Stream) -> bytes | None:
    """The first line of the next record; ``None`` at the end of the file."""
    stream.head = LONGEST_HEAD
    while line := stream.readline():
        if line.strip():
            return line
    return None


def _skip(record: _Record) -> None:
    while record.stream.read(2**16):
        pass
    if record.stream.limit > 0:
        raise UnreadableArticle("truncated: it breaks off within a record; get it anew")


def _is_about(record: _Record, held: _Found) -> bool:
    return bool(held.id) and held.id in (record.header("WARC-Concurrent-To"), record.header("WARC-Refers-To"))


def _statements(record: _Record) -> dict[str, object]:
    """What a record of metadata says, by the names of statements; what else is in it is other programs' own."""
    content = record.stream.read(_STATEMENTS)
    kind = record.header("Content-Type").partition(";")[0].strip().lower()
    try:
        given = json.loads(content) if kind == "application/json" else _fields(content) if "fields" in kind else None
    except (ValueError, RecursionError):
        return {}
    return {name: given[name] for name in NAMES if name in given} if isinstance(given, dict) else {}


def _fields(content: bytes) -> dict[str, object]:
    """The fields of ``application/warc-fields``: of one that comes several times, all values."""
    found: dict[str, list[str]] = {}
    for line in content.decode(errors="replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), []).append(value.strip())
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _found(record: _Record) -> _Found | None:
    """The article in a record; ``None`` if there is none in it."""
    url = record.header("WARC-Target-URI").replace(" ", "%20")
    if not url.lower().startswith(("http://", "https://")):
        return None
    item = _item(record, url)
    if item is None:
        return None
    return _Found(id=record.header("WARC-Record-ID"), url=url, time=record.header("WARC-Date"), item=item)


def _item(record: _Record, url: str) -> Member | Refusal | None:
    if record.length > MOST_PAYLOAD:
        start = http_payload(record.stream.read(LONGEST_HEAD)) if record.kind == "response" else None
        kind = start.content_type if start else record.header("Content-Type")
        large = f"larger than {MOST_PAYLOAD // MEBIBYTE} MiB ({record.length} bytes); leave it out"
        return Refusal(name="", reason=large) if is_article(kind, b"", url) else None
    block = record.stream.read(record.length)
    payload = _payload(record, block)
    if payload is None or payload.status not in range(200, 300) or payload.status in (204, 205):
        return None
    return _member(record, payload, url, is_whole=len(block) == record.length)


def _payload(record: _Record, block: bytes) -> Payload | None:
    if record.kind == "response" and "http" in record.header("Content-Type").lower():
        return http_payload(block)
    if record.kind == "response":
        return None
    return Payload(status=200, content_type=record.header("Content-Type"), content=block)


def _member(record: _Record, payload: Payload, url: str, *, is_whole: bool) -> Member | Refusal | None:
    """The article in a payload; a refusal only of what would be one."""
    try:
        content = content_of(payload)
    except Undecodable as error:
        return Refusal(name="", reason=str(error)) if is_article(payload.content_type, b"", url) else None
    format_name = format_of(payload.content_type, content, url)
    if format_name is None:
        return None
    reason = _trouble(record, payload, content, is_whole=is_whole) or too_large(format_name, len(content))
    if reason:
        return Refusal(name="", reason=reason)
    return Member(name="", format=format_name, content=content, charset=payload.charset)


def _trouble(record: _Record, payload: Payload, content: bytes, *, is_whole: bool) -> str | None:
    """Why what was stored isn't what was sent."""
    if not is_whole or record.header("WARC-Truncated"):
        return "truncated: the record has only the beginning of it; fetch it anew"
    if payload.status == 206:
        return "only a part of the page (status 206); fetch it whole"
    if has_other_digest(record.header("WARC-Payload-Digest"), payload, content):
        return "the payload doesn't match its digest: damaged, or changed since it was fetched; get it anew"
    return None if content.strip() else "empty: the page has no content; remove it"
