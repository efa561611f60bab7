"""Word files, OpenDocument texts, rich text and EPUB books, by pandoc.

pandoc is given the bytes, and neither files nor the network (``--sandbox``); its abstract syntax tree becomes text in
``corpus.formats.office_text``, so that no markup comes in between. What a file is packed in is looked at before.
"""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Collection
from io import BytesIO
from typing import Any

from corpus.cleaning import clean
from corpus.document import Document, Member
from corpus.errors import UnreadableArticle
from corpus.formats import office_metadata
from corpus.formats.office_text import Tree
from corpus.formats.properties import is_title
from corpus.statements import Statement, leniently, one_line

MAX_UNPACKED_BYTES = 300 * 2**20
MAX_RATIO = 200
"""How many times as large as packed a file in the archive may be, if it is larger than ``_HARMLESS``."""
MAX_PARTS = 20_000
TIMEOUT = 25.0
"""Seconds; a novel takes two."""

_HARMLESS = 5 * 2**20
_MOST_TREE_BYTES = 400 * 2**20
_MEMORY = ("+RTS", "-M768M", "-RTS")
_NAMES = {"docx": "a Word file", "odt": "an OpenDocument text", "rtf": "rich text", "epub": "an EPUB book"}
_NEEDED = {"docx": "[Content_Types].xml", "odt": "content.xml", "epub": "META-INF/container.xml"}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OUT_OF_MEMORY = 251
"""What pandoc exits with when its memory doesn't suffice."""


def read(member: Member) -> Document:
    """The text, notes at its end, and what the file's properties say; a paragraph of the style "Title" is the title if
    these don't have one."""
    with _package(member) as package:
        stated = office_metadata.stated(member.format, package)
        left_out = office_metadata.navigation(package) if member.format == "epub" else frozenset[str]()
    found = _converted(member, left_out)
    said: dict[str, Statement] = dict(stated)
    if member.format == "rtf":
        said |= leniently(office_metadata.checked(found.title, found.authors), "document")
    elif "title" not in said and is_title(found.title):
        said |= leniently({"title": one_line(found.title)}, "heading")
    return Document(text=clean(found.text(with_front=member.format in ("docx", "odt"))), said=said)


def _package(member: Member) -> zipfile.ZipFile:
    """The archive that the file is; an empty one for rich text, which is none."""
    if member.format == "rtf":
        if not member.content.lstrip().startswith(b"{\\rtf"):
            raise UnreadableArticle("not rich text: it doesn't begin like it; look what it is")
        return zipfile.ZipFile(BytesIO(), "w")
    if member.content.startswith(_OLE):
        raise UnreadableArticle("encrypted with a password, or of an old version of Office; save it anew without one")
    try:
        package = zipfile.ZipFile(BytesIO(member.content))
        parts = package.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise UnreadableArticle(
            f"damaged or cut off: it can't be unpacked as {_NAMES[member.format]}; get it again"
        ) from None
    _refuse_bomb(parts)
    _refuse_encrypted(member.format, package)
    return package


def _refuse_bomb(parts: Collection[zipfile.ZipInfo]) -> None:
    """By what the archive says of itself; pandoc's memory is limited for what says something else."""
    if len(parts) > MAX_PARTS:
        raise UnreadableArticle(f"it has more than {MAX_PARTS} parts; split it")
    if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES or any(
        part.file_size > _HARMLESS and part.file_size > MAX_RATIO * max(part.compress_size, 1) for part in parts
    ):
        raise UnreadableArticle("it unpacks to far more than it is, like a bomb; look what is in it")


def _refuse_encrypted(format_name: str, package: zipfile.ZipFile) -> None:
    names = package.namelist()
    if any(part.flag_bits & 1 for part in package.infolist()) or office_metadata.is_encrypted(format_name, package):
        raise UnreadableArticle(
            "protected by digital rights management; get a copy that isn't"
            if format_name == "epub"
            else "encrypted with a password; save it anew without one"
        )
    if _NEEDED[format_name] not in names:
        raise UnreadableArticle(f"not {_NAMES[format_name]}: it has no {_NEEDED[format_name]}; look what it is")


def _converted(member: Member, left_out: Collection[str]) -> Tree:
    """What pandoc makes of the bytes. Raises ``UnreadableArticle`` with its reason."""
    import pypandoc  # only here: it looks for pandoc when it is imported

    command = [pypandoc.get_pandoc_path(), "--sandbox", "-f", member.format, "-t", "json", *_MEMORY]
    try:
        done = subprocess.run(command, input=member.content, capture_output=True, timeout=TIMEOUT, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise UnreadableArticle(f"pandoc took more than {TIMEOUT:.0f} s to read it; split it") from None
    except OSError as error:
        raise UnreadableArticle(f"pandoc can't be run ({error.strerror}); install pypandoc_binary anew") from None
    if done.returncode:
        raise UnreadableArticle(_failure(member.format, done))
    if len(done.stdout) > _MOST_TREE_BYTES:
        raise UnreadableArticle("too much text for one article; split it")
    try:
        tree: dict[str, Any] = json.loads(done.stdout)
        return Tree(tree, left_out, member.format)
    except RecursionError:
        raise UnreadableArticle("lists, tables or quotes nested too deep; flatten them") from None


def _failure(format_name: str, done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode == _OUT_OF_MEMORY or done.returncode < 0:
        return "reading it takes more memory than there is; split it"
    return f"damaged: pandoc can't read it as {_NAMES[format_name]}; open it in its program and save it anew"
