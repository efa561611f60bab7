"""A page as it was fetched, in a file of its own: a web archive (WARC 1.1) that any tool for them reads.

It holds every message byte for byte, with its time, the IP address and SHA-256 digests: of each exchange, redirects
first, a ``response`` and its ``request``; and behind them, for a page from a feed, a ``metadata`` record with what the
feed said. So the text can be extracted anew, and what is cited from it proved.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from corpus.errors import NotFetched
from corpus.fetching.fetcher import Fetched
from corpus.fetching.wire import Exchange

# warcio is loaded when it is needed: with it comes what reads the environment.
if TYPE_CHECKING:
    from warcio.recordloader import ArcWarcRecord

SUFFIX = ".warc.gz"

_VERSION = "WARC/1.1"
_SOFTWARE = b"software: Ibidem\r\nformat: WARC File Format 1.1\r\n"
_AT_ONCE = 64 * 1024
_MOST_COMPARED = 300 * 2**20
"""Bytes; ten times of what is fetched. What inflates further is not compared."""


def write(path: Path, fetched: Fetched, said: Mapping[str, object] | None = None) -> None:
    """Writes what was fetched, and what a feed said of it, to a file that is there as a whole or not at all."""
    temporary = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            _write(file, fetched, said)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(file: BinaryIO, fetched: Fetched, said: Mapping[str, object] | None) -> None:
    from warcio.warcwriter import WARCWriter

    writer = WARCWriter(file, gzip=True, warc_version=_VERSION)
    for record in _records(fetched, said):
        writer.write_record(record)


def _records(fetched: Fetched, said: Mapping[str, object] | None) -> Iterator[ArcWarcRecord]:
    first = fetched.hops[0]
    yield _record("warcinfo", "application/warc-fields", _SOFTWARE, {"WARC-Date": _date(first)})
    name = ""
    for hop in fetched.hops:
        name = f"<urn:uuid:{uuid.uuid4()}>"
        yield _response(hop, name)
        yield _request(hop, name)
    if said is not None:
        content = json.dumps(said, ensure_ascii=False, sort_keys=True, indent=1).encode()
        yield _record("metadata", "application/json", content, {**_about(fetched.last), "WARC-Concurrent-To": name})


def _response(exchange: Exchange, name: str) -> ArcWarcRecord:
    further = {"WARC-IP-Address": exchange.ip, "WARC-Payload-Digest": _digest(exchange.response[exchange.payload :])}
    headers = {"WARC-Record-ID": name, **_about(exchange), **further}
    return _record("response", "application/http; msgtype=response", exchange.response, headers)


def _request(exchange: Exchange, concurrent: str) -> ArcWarcRecord:
    headers = {**_about(exchange), "WARC-IP-Address": exchange.ip, "WARC-Concurrent-To": concurrent}
    return _record("request", "application/http; msgtype=request", exchange.request, headers)


def _about(exchange: Exchange) -> dict[str, str]:
    return {"WARC-Target-URI": str(exchange.address), "WARC-Date": _date(exchange)}


def _date(exchange: Exchange) -> str:
    return exchange.began.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _record(kind: str, content_type: str, block: bytes, headers: Mapping[str, str]) -> ArcWarcRecord:
    """A record whose block is just these bytes: given parsed headers, warcio would write them in its own way."""
    from warcio.recordloader import ArcWarcRecord
    from warcio.statusandheaders import StatusAndHeaders

    given = {"WARC-Type": kind, "WARC-Record-ID": f"<urn:uuid:{uuid.uuid4()}>", **headers}
    given["WARC-Block-Digest"] = _digest(block)
    # warcio would add a digest by SHA-1 where there is none.
    given.setdefault("WARC-Payload-Digest", _digest(_payload(kind, block)))
    record = ArcWarcRecord(
        "warc",
        kind,
        StatusAndHeaders("", list(given.items()), protocol=_VERSION),
        BytesIO(block),
        None,
        content_type,
        len(block),
    )
    record.payload_length = len(block)
    return record


def _payload(kind: str, block: bytes) -> bytes:
    """What a request has no more of than its head; of others all."""
    return b"" if kind == "request" else block


def _digest(content: bytes) -> str:
    return "sha256:" + base64.b32encode(hashlib.sha256(content).digest()).decode()


def retrieved(path: Path) -> str:
    """The day on which a snapshot was fetched, UTC."""
    return str(_page(path)[0])[:10]


def same_page(one: Path, fetched: Fetched) -> bool:
    """Whether a snapshot holds the same content as was fetched now, however it was compressed and cut on its way."""
    buffer = BytesIO()
    _write(buffer, fetched, None)
    buffer.seek(0)
    was, now = _page(one)[1], _read_page(buffer)[1]
    return was is not None and was == now


def _page(path: Path) -> tuple[str, bytes | None]:
    try:
        with path.open("rb") as file:
            return _read_page(file)
    except Exception as error:  # noqa: BLE001 - warcio raises what zlib, its parsers and its own checks do
        raise NotFetched(f"the snapshot {path} can't be read ({error}); remove it") from None


def _read_page(file: BinaryIO) -> tuple[str, bytes | None]:
    """The date of the last response in a snapshot, and a hash of its content; ``None`` if that is too large."""
    from warcio.archiveiterator import ArchiveIterator

    found: tuple[str, bytes | None] | None = None
    for record in ArchiveIterator(file):
        if record.rec_type == "response":
            found = record.rec_headers.get_header("WARC-Date"), _hash(record.content_stream())
    if found is None:
        raise NotFetched("no page in it")
    return found


def _hash(stream: Any) -> bytes | None:
    digest, length = hashlib.sha256(), 0
    while piece := stream.read(_AT_ONCE):
        digest.update(piece)
        length += len(piece)
        if length > _MOST_COMPARED:
            return None
    return digest.digest()
