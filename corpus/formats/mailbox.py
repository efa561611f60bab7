"""A mailbox: messages one behind the other, each behind a line that begins with "From " (RFC 4155, "mboxrd")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

import regex

from corpus.document import Member, Refusal
from corpus.errors import UnreadableArticle
from corpus.formats.naming import Names, name_from
from corpus.formats.registry import READERS, too_large

# Who sent it and when: an author who begins a line with "From " hardly ever ends it with a time and a year.
_SEPARATOR = regex.compile(rb"From \S.*\d{1,2}:\d{2}(?::\d{2})?(?: [ +\-\w:]+)? \d{4}(?: [+-]\d{4})?\s*")
_QUOTED = regex.compile(rb">+From ")
_MESSAGE_ID = regex.compile(rb"^message-id:\s*<?([^<>\r\n]+)>?", regex.I | regex.M)

_LONGEST_LINE = 2**20
"""In bytes: how much of a line is read at once."""
_MOST = READERS["message"][1]


def members(file: BinaryIO, format_name: str, columns: Mapping[str, str]) -> Iterator[Member | Refusal]:
    """The messages, called by their own ids, or by their numbers if they have none. Raises ``UnreadableArticle``."""
    names, number = Names(), 0
    for number, content in enumerate(_messages(file), 1):
        yield _member(number, content, names)
    if not number:
        raise UnreadableArticle("empty: no message in it; remove it")


def _member(number: int, content: bytes, names: Names) -> Member | Refusal:
    name = _name(content) or str(number)
    reason = too_large("message", len(content)) or names.repeats(name, f"message {number}")
    return (
        Refusal(name=f"message {number}", reason=reason)
        if reason
        else Member(name=name, format="message", content=content)
    )


def _name(content: bytes) -> str:
    head = regex.split(rb"\r?\n\r?\n", content[:_LONGEST_LINE], maxsplit=1)[0]
    found = _MESSAGE_ID.search(regex.sub(rb"\r?\n[ \t]+", b" ", head))
    return name_from(found[1].decode("ascii", "replace").replace("/", "-")) if found else ""


def _messages(file: BinaryIO) -> Iterator[bytes]:
    """Each message, as it was before it was put in; of one that is too long, a little more than it may have."""
    lines: list[bytes] = []
    size, open_line, begun = 0, False, False
    while line := file.readline(_LONGEST_LINE):
        if not open_line and _SEPARATOR.fullmatch(line):
            if begun:
                yield _joined(lines)
            lines, size, begun = [], 0, True
        elif begun:
            if size <= _MOST:
                lines.append(line[1:] if not open_line and _QUOTED.match(line) else line)
                size += len(line)
        elif line.strip():
            raise UnreadableArticle(
                'no mailbox: it doesn\'t begin with a line like "From ada@example.org Tue Mar 4 …"; get it anew'
            )
        open_line = not line.endswith(b"\n")
    if begun:
        yield _joined(lines)


def _joined(lines: list[bytes]) -> bytes:
    """A message without the blank line that parts it from the next."""
    content = b"".join(lines)
    return content[:-1] if content.endswith(b"\n\n") else content[:-2] if content.endswith(b"\r\n\r\n") else content
