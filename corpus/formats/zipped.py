"""A zip file, read in place: each file in it that is an article, or that holds several.

Nothing is unpacked to the disk. What a zip file says of sizes may be false, so bytes are counted as they come out.
"""

from __future__ import annotations

import io
import lzma
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

import regex

from corpus.document import Member, Refusal
from corpus.errors import UnreadableArticle
from corpus.formats import registry
from corpus.formats.naming import Names, name_from
from corpus.formats.registry import CONTAINERS, MEBIBYTE, SUFFIXES
from corpus.sidecars import SUFFIX as SIDECAR

GIBIBYTE = 2**30

MOST_ENTRIES = 200_000
MOST_BYTES = 10 * GIBIBYTE
"""Of all that is taken out of one file."""
MOST_RATIO = 200
"""How many times as large as in the file something may be, if it is larger than ``HARMLESS``; text comes to 10."""
HARMLESS = MEBIBYTE

_MOST_DIRECTORY = 64 * MEBIBYTE
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
_ENCRYPTED = 0x1
_UTF8 = 0x800
_UNIX = 3
_DRIVE = regex.compile(r"[a-z]:", regex.I)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    struct.error,
    NotImplementedError,
    RuntimeError,
)
"""What reading an entry that is damaged raises."""


def members(file: BinaryIO, format_name: str, columns: Mapping[str, str]) -> Iterator[Member | Refusal]:
    """The articles in order; those of a file of several are called by its name, ``/``, and their own.

    Raises ``UnreadableArticle`` for what is no zip file, or a bomb.
    """
    archive = _opened(file)
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    _refuse_overlaps(file, archive, entries)
    names, budget = Names(), _Budget()
    something = False
    for entry in entries:
        name = _name(entry)
        if not _is_passed_over(name):
            something = True
            for found in _of_entry(archive, entry, name, columns, budget):
                reason = None if isinstance(found, Refusal) else names.repeats(found.name, name)
                yield Refusal(name=found.name, reason=reason) if reason else found
        if budget.spent > MOST_BYTES:
            raise UnreadableArticle(f"more than {MOST_BYTES // GIBIBYTE} GiB come out of it: a bomb? split it")
    if not something:
        raise UnreadableArticle("empty: no file in it; remove it")


@dataclass
class _Budget:
    """How many bytes were taken out of the file."""

    spent: int = 0

    def spend(self, size: int) -> None:
        self.spent += size
        if self.spent > MOST_BYTES:
            raise _Overspent


class _Measured(io.RawIOBase):
    """What comes out of an entry, counted."""

    def __init__(self, source: IO[bytes], compressed: int, budget: _Budget) -> None:
        self._source, self._compressed, self._budget, self._size = source, compressed, budget, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data: bytes = self._source.read(len(buffer))
        buffer[: len(data)] = data
        self._size += len(data)
        self._budget.spend(len(data))
        if self._size > max(HARMLESS, MOST_RATIO * self._compressed):
            raise _Bomb
        return len(data)


class _Bomb(Exception):
    """More comes out of an entry than a text can have been."""


class _Overspent(Exception):
    """More comes out of the file than may."""


_BOMB = f"a bomb: it is more than {MOST_RATIO} times as large as it is in the zip file; unpack it and see what it is"


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    _refuse_long_directory(file)
    try:
        return zipfile.ZipFile(file)
    except Exception as error:  # noqa: BLE001 - damaged lists of entries raise many things
        raise UnreadableArticle(f"no zip file, or a damaged one ({_line(error)}); get it anew") from None


def _refuse_long_directory(file: BinaryIO) -> None:
    """Raises for a list of entries that would fill the memory: the library reads it whole."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 2**16 - 22))
    end = file.read()
    found = end.rfind(b"PK\x05\x06")
    if found < 0 or len(end) < found + 22:
        raise UnreadableArticle("no zip file, or a truncated one; get it anew")
    count, length = struct.unpack_from("<HL", end, found + 10)
    if end[max(0, found - 20) : found].startswith(b"PK\x06\x07"):
        (offset,) = struct.unpack_from("<Q", end, found - 12)
        file.seek(min(offset, size))
        record = file.read(56)
        if record.startswith(b"PK\x06\x06") and len(record) == 56:
            count, length = struct.unpack_from("<QQ", record, 32)
    if count > MOST_ENTRIES or length > _MOST_DIRECTORY:
        raise UnreadableArticle(f"more than {MOST_ENTRIES} files in it; split it")


def _refuse_overlaps(file: BinaryIO, archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]) -> None:
    """Raises where two entries share bytes: only bombs do (Fifield, "A better zip bomb", 2019)."""
    if len(entries) > MOST_ENTRIES:
        raise UnreadableArticle(f"more than {MOST_ENTRIES} files in it; split it")
    starts = sorted(entry.header_offset for entry in entries)
    if starts and starts[0] < 0:
        raise UnreadableArticle("truncated: its beginning is missing; get it anew")
    following = dict(zip(starts, [*starts, archive.start_dir][1:], strict=True))
    overlap = any(_end(file, entry) > following[entry.header_offset] for entry in entries)
    if overlap or len(following) < len(entries):
        raise UnreadableArticle("files that overlap in it: a bomb, or damaged; get it anew")


def _end(file: BinaryIO, entry: zipfile.ZipInfo) -> int:
    """Where an entry ends, by its own header."""
    file.seek(entry.header_offset)
    header = file.read(30)
    name, extra = struct.unpack_from("<HH", header, 26) if len(header) == 30 else (0, 0)
    end: int = entry.header_offset + 30 + name + extra + entry.compress_size
    return end


def _name(entry: zipfile.ZipInfo) -> str:
    """The path of an entry, as it is written; most programs write UTF-8 without saying so."""
    name = entry.orig_filename
    if not entry.flag_bits & _UTF8:
        try:
            return name.encode("cp437").decode()
        except UnicodeError:
            return name
    return name


def _is_passed_over(name: str) -> bool:
    """Whether it is hidden or a backup, as in a folder of articles."""
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return bool(parts) and (hidden or parts[-1].endswith("~")) and _trick(name) is None


def _of_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, columns: Mapping[str, str], budget: _Budget
) -> Iterator[Member | Refusal]:
    format_name = registry.format_of(name)
    shown = _shown(name)
    reason = _trick(name) or _locked(entry) or _other_format(name, format_name)
    if reason or format_name is None:
        yield Refusal(name=shown, reason=reason or "not a format that is read")
        return
    own = name_from(name.removesuffix(registry.suffix(name) or ""))
    try:
        with archive.open(entry) as source:
            stream: Any = io.BufferedReader(_Measured(source, entry.compress_size, budget))
            if format_name in CONTAINERS:
                yield from _inner(format_name, stream, own, columns)
            else:
                yield _article(stream, format_name, own)
    except _Bomb:
        yield Refusal(name=shown, reason=_BOMB)
    except _Overspent:
        # The file as a whole is given up by who asked for this entry.
        return
    except _DAMAGE as error:
        yield Refusal(name=shown, reason=f"damaged in the zip file ({_line(error)}); get it anew")


def _article(stream: BinaryIO, format_name: str, name: str) -> Member | Refusal:
    content = stream.read(registry.READERS[format_name][1] + 1)
    reason = registry.too_large(format_name, len(content))
    if reason:
        return Refusal(name=name, reason=reason)
    return Member(name=name, format=format_name, content=content)


def _inner(format_name: str, stream: BinaryIO, name: str, columns: Mapping[str, str]) -> Iterator[Member | Refusal]:
    """The articles of a file of several in the zip file."""
    try:
        for found in registry.members(format_name, stream, columns):
            inner = f"{name}/{found.name}"
            if isinstance(found, Refusal):
                yield Refusal(name=inner, reason=found.reason)
            else:
                yield Member(
                    name=inner, format=found.format, content=found.content, charset=found.charset, said=found.said
                )
    except UnreadableArticle as error:
        yield Refusal(name=name, reason=str(error))


def _trick(name: str) -> str | None:
    """Why a path is none of a file in a folder; ``None`` if it is one."""
    if "\\" in name or name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
        return "its path leads out of the zip file (an absolute one, '..', a drive or a backslash); pack it anew"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        return "its name can't be printed; rename it"
    return None


def _locked(entry: zipfile.ZipInfo) -> str | None:
    """Why the bytes of an entry can't be had, or aren't its own."""
    if entry.create_system == _UNIX and stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        return "a link or a device; pack the file that it stands for"
    if entry.flag_bits & _ENCRYPTED:
        return "encrypted; pack it without a password"
    if entry.compress_type not in _METHODS:
        return f"compressed by a method that isn't read (number {entry.compress_type}); pack it anew"
    return None


def _other_format(name: str, format_name: str | None) -> str | None:
    if name.endswith(SIDECAR):
        return f"a sidecar in a zip file isn't read; put it beside: <the zip file's name>/{name_from(name)}"
    if format_name in ("zip", "warc"):
        return "an archive in an archive; unpack it"
    return None if format_name else f"not a format that is read; {', '.join(SUFFIXES)} are"


def _shown(name: str) -> str:
    """How an entry that is refused is called: with its suffix, and nothing that couldn't be printed."""
    return name_from(name) or "a file without a name"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:100]
