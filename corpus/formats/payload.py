"""What an HTTP response carries: its head read, its transfer and content codings undone, its digest compared."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass
from email.message import Message

import regex

from corpus.formats.registry import MEBIBYTE

MOST_CONTENT = 100 * MEBIBYTE
"""In bytes, decompressed: as much as the format that may be largest."""

_LONGEST_HEAD = MEBIBYTE
_MOST_CHUNKS = 1_000_000
_MOST_PIECES = 100
"""Compressed content may be of several pieces; it hardly ever is of more than one."""

_HEAD_END = regex.compile(rb"\r?\n\r?\n")
_STATUS = regex.compile(rb"(?:HTTP|ICY)\S*\s+(\d{3})\b.*", regex.S)
_CHUNK = regex.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[^\r\n]{0,1000}\r?\n")
_ALGORITHMS = {
    "sha1": "sha1",
    "sha-1": "sha1",
    "sha256": "sha256",
    "sha-256": "sha256",
    "md5": "md5",
    "sha512": "sha512",
}


class Undecodable(Exception):
    """A payload whose codings can't be undone, with the reason."""


@dataclass(frozen=True, kw_only=True)
class Payload:
    """A response's status, what its head says of its content, and the content as it was sent."""

    status: int
    content_type: str
    content: bytes
    transfer: str = ""
    coding: str = ""

    @property
    def charset(self) -> str | None:
        """The encoding that the head says."""
        return _parameter(self.content_type, "charset")


def http_payload(block: bytes) -> Payload | None:
    """The response in a record; ``None`` if there is none that can be read."""
    found = _HEAD_END.search(block, endpos=_LONGEST_HEAD)
    head, content = (block[: found.start()], block[found.end() :]) if found else (block[:_LONGEST_HEAD], b"")
    first, _, rest = head.partition(b"\n")
    status = _STATUS.match(first.strip())
    if status is None:
        return None
    fields = _fields(rest)
    return Payload(
        status=int(status[1]),
        content_type=fields.get("content-type", ""),
        content=content,
        transfer=fields.get("transfer-encoding", "").lower(),
        coding=fields.get("content-encoding", "").lower(),
    )


def _fields(head: bytes) -> dict[str, str]:
    """The fields of a head, the last of each name; lines that are none are passed over."""
    fields = {}
    for line in regex.sub(r"\r?\n[ \t]+", " ", head.decode("utf-8", "replace")).splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields[name.strip().lower()] = value.strip()
    return fields


def _parameter(content_type: str, name: str) -> str | None:
    message = Message()
    message["content-type"] = content_type.replace("\n", " ").replace("\r", " ")
    try:
        value = message.get_param(name)
    except (ValueError, TypeError, AttributeError):
        return None
    return value.strip(" '\"") or None if isinstance(value, str) else None


def content_of(payload: Payload) -> bytes:
    """The content, without its codings. Raises ``Undecodable``."""
    content = _unchunked(payload.content) if "chunked" in payload.transfer else payload.content
    # The last coding was put on last. Some heads speak of one that was taken off before the page was stored.
    for coding in reversed([coding.strip() for coding in payload.coding.split(",")]):
        content = _decoded(content, coding)
    return content


def _unchunked(content: bytes) -> bytes:
    """The content without the lengths of its chunks; as it is if there are none. Raises ``Undecodable``."""
    chunks: list[bytes] = []
    position = 0
    while found := _CHUNK.match(content, position):
        size = int(found[1], 16)
        chunk = content[found.end() : found.end() + size]
        if size == 0:
            return b"".join(chunks)
        if len(chunk) < size:
            break
        chunks.append(chunk)
        if len(chunks) > _MOST_CHUNKS:
            raise Undecodable(f"cut into more than {_MOST_CHUNKS} chunks: a bomb?")
        position = found.end() + size
        position += 2 if content[position : position + 2] == b"\r\n" else 1
    if not chunks:
        return content
    raise Undecodable("truncated: its last chunk is missing; fetch it anew")


def _decoded(content: bytes, coding: str) -> bytes:
    match coding:
        case "" | "identity" | "none" | "utf-8":
            return content
        case "gzip" | "x-gzip":
            return _inflated(content, zlib.MAX_WBITS | 16) if content.startswith(b"\x1f\x8b") else content
        case "deflate":
            return _deflated(content)
        case _:
            raise Undecodable(
                f"compressed by a method that isn't read ({coding[:20]!r}); fetch it with gzip or without"
            )


def _deflated(content: bytes) -> bytes:
    """Deflated as the standard has it, or without a head, as many servers send it."""
    try:
        return _inflated(content, zlib.MAX_WBITS)
    except Undecodable:
        return _inflated(content, -zlib.MAX_WBITS)


def _inflated(content: bytes, window: int) -> bytes:
    """Decompressed; several pieces one behind the other. Raises ``Undecodable`` for a bomb as well."""
    pieces: list[bytes] = []
    size = 0
    while content:
        decompressor = zlib.decompressobj(window)
        try:
            piece = decompressor.decompress(content, MOST_CONTENT + 1 - size)
        except zlib.error as error:
            if pieces:
                # Servers put padding behind what they compressed.
                break
            raise Undecodable(f"damaged: it can't be decompressed ({error}); fetch it anew") from None
        pieces.append(piece)
        size += len(piece)
        if size > MOST_CONTENT:
            raise Undecodable(f"larger than {MOST_CONTENT // MEBIBYTE} MiB when decompressed: a bomb?")
        if not decompressor.eof:
            raise Undecodable("truncated: its compressed content breaks off; fetch it anew")
        if len(pieces) > _MOST_PIECES:
            raise Undecodable(f"compressed in more than {_MOST_PIECES} pieces: a bomb?")
        content = decompressor.unused_data
    return b"".join(pieces)


def has_other_digest(label: str, payload: Payload, content: bytes) -> bool:
    """Whether a digest (``sha1:…``, in base 32 or in hexadecimal digits) is that of something else.

    Programs don't agree on what it is of: the payload as it was sent, without the lengths of its chunks, or decoded.
    One of an unknown kind is not compared.
    """
    name, colon, value = label.partition(":")
    algorithm = _ALGORITHMS.get(name.lower())
    if not colon or algorithm is None:
        return False
    forms = [payload.content, content]
    if "chunked" in payload.transfer:
        forms.append(_unchunked(payload.content))
    return not any(_matches(value, algorithm, form) for form in forms)


def _matches(value: str, algorithm: str, content: bytes) -> bool:
    digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    forms = (base64.b32encode(digest).decode(), digest.hex().upper(), base64.b64encode(digest).decode().upper())
    return value.upper().rstrip("=") in [form.rstrip("=") for form in forms]
