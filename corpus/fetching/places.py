"""Where the snapshots of an address lie: below a folder of its host, by its path, so that a person finds them.

    https://example.org/news/2025/flood    example.org/news/2025/flood.warc.gz
    https://example.org/news/2025/         example.org/news/2025/index.warc.gz
    https://example.org/story?id=7         example.org/story~7f0c3a91d2.warc.gz
    the same, fetched again later          example.org/story~7f0c3a91d2@2026-11-21.warc.gz

A name without ``~`` says its address in full. All others have a hash of the address behind it, as the rest is only what
is readable of it: addresses with a query, with capitals (file systems differ on them), by http, or long ones.
"""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import regex

from corpus.fetching.addresses import WebAddress
from corpus.fetching.snapshots import SUFFIX

INDEX = "index"
"""How the page of a folder is called."""

_LONGEST = 60
"""Code points of one part of a name; names have at most 255 bytes."""

_DEEPEST = 8
_HASH = 10
_PLAIN = regex.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9_-])?")
_OTHER = regex.compile(r"[^\p{L}\p{M}\p{N}._-]+")


def place(folder: Path, address: WebAddress) -> Path:
    """Where the first snapshot of an address is, or would be."""
    host = address.authority.replace(":", "-" if ":" in address.host else "+")
    parts = _plain_parts(address) or _readable_parts(address)
    return folder.joinpath(host, *parts[:-1], parts[-1] + SUFFIX)


def snapshots(first: Path) -> list[Path]:
    """The snapshots of an address that are there, oldest first, given the place of the first one."""
    stem = first.name.removesuffix(SUFFIX)
    if not first.parent.is_dir():
        return []
    later = [path for path in first.parent.iterdir() if path.name.startswith(f"{stem}@") and path.name.endswith(SUFFIX)]
    return [*([first] if first.exists() else []), *sorted(later, key=lambda path: path.name.removesuffix(SUFFIX))]


def next_place(first: Path, moment: datetime) -> Path:
    """Where one more snapshot goes that was fetched at a moment: with the day in its name, then also with the time."""
    if not snapshots(first):
        return first
    stem = first.name.removesuffix(SUFFIX)
    dated = first.with_name(f"{stem}@{moment:%Y-%m-%d}{SUFFIX}")
    return dated if not dated.exists() else first.with_name(f"{stem}@{moment:%Y-%m-%dT%H%M%S.%f}{SUFFIX}")


def _plain_parts(address: WebAddress) -> list[str] | None:
    """The path's own parts, if they say the address in full."""
    *parts, last = address.target.removeprefix("/").split("/")
    if last == INDEX:
        return None
    parts.append(last or INDEX)
    is_plain = address.scheme == "https" and len(parts) <= _DEEPEST
    return parts if is_plain and all(map(_is_plain, parts)) else None


def _is_plain(part: str) -> bool:
    return len(part) <= _LONGEST and not part.endswith(SUFFIX) and bool(_PLAIN.fullmatch(part))


def _readable_parts(address: WebAddress) -> list[str]:
    path = unicodedata.normalize("NFC", unquote(address.target.partition("?")[0]))
    parts = [_readable(part) for part in path.split("/")]
    *folders, last = [part for part in parts if part][-_DEEPEST:] or [INDEX]
    digest = hashlib.sha256(str(address).encode()).hexdigest()[:_HASH]
    return [*folders, f"{last}~{digest}"]


def _readable(part: str) -> str:
    """What can be read of a part, short enough for 180 bytes of UTF-8."""
    name = _OTHER.sub("-", part.lower()).strip("-._")[:_LONGEST]
    return name.encode()[:180].decode(errors="ignore").rstrip("-._")
