"""The text of a message: decoded, its lines joined as they were written, without its signature and what a mailing puts
around it."""

from __future__ import annotations

import codecs
from contextlib import suppress

import regex

from corpus.cleaning import clean, mend, unwrap
from corpus.decoding import decode
from corpus.formats.mailing import without_mailing

_UNSAFE = frozenset({"unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined", "utf-7"})
"""Encodings that Python has and that no message is in, or that hide what they say; also those of no text."""
_WIDER = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}
"""What is meant by the names of some encodings (WHATWG Encoding Standard)."""

# How mailings hide the words that are only to be seen in a list of messages.
_UNSEEN = regex.compile(
    r"""style\s*=\s*(["'])[^"'<>]*?(?<![\w-])(?:max-height\s*:\s*0(?:px)?|font-size\s*:\s*0(?:px)?|opacity\s*:\s*0|mso-hide\s*:\s*all)"""
    r"""\s*(?:!important\s*)?(?:;[^"'<>]*)?\1""",
    regex.I,
)

_LONGEST_SIGNATURE = 10
"""In lines."""


def text_in(content: bytes, charset: str | None) -> str:
    """The text of a part. What is valid UTF-8 is that, whatever is said of it; else the encoding that is said, if it
    fits, and if not, the one that fits best. Raises ``UnreadableArticle``."""
    if not content.isascii() or charset is None:
        with suppress(UnicodeDecodeError):
            return _lines(content.decode("utf-8-sig"))
    encoding = _encoding(charset)
    if encoding:
        # Some are no encodings of texts (rot13), which is a LookupError.
        with suppress(UnicodeError, LookupError):
            return _lines(content.decode(encoding))
    return decode(content)


def _encoding(charset: str | None) -> str | None:
    """Python's encoding of that name, if it is one of texts."""
    try:
        name = codecs.lookup(charset or "").name
    except (LookupError, ValueError):
        return None
    return None if name in _UNSAFE else _WIDER.get(name, name)


def _lines(text: str) -> str:
    return mend(text).replace("\r\n", "\n").replace("\r", "\n")


def from_flowed(text: str, *, joined: bool) -> str:
    """The paragraphs of a text in "flowed" lines (RFC 3676); with ``joined`` the spaces at their ends don't count."""
    paragraphs: list[list[str]] = []
    flows, depth = False, 0
    for line in text.split("\n"):
        quoted = len(line) - len(line.lstrip(">"))
        body = line[quoted:].removeprefix(" ")
        ends = body == "-- "
        if not flows or quoted != depth or ends:
            paragraphs.append([">" * quoted + " " * bool(quoted)])
        flows, depth = body.endswith(" ") and not ends, quoted
        paragraphs[-1].append(body[:-1] if flows and joined else body)
    return "\n".join(_without_signature(["".join(pieces) for pieces in paragraphs]))


def from_wrapped(text: str) -> str:
    """The text with each paragraph that was wrapped at a fixed width as one line."""
    return unwrap(clean("\n".join(_without_signature(text.split("\n")))))


def _without_signature(lines: list[str]) -> list[str]:
    """The lines before the mark of the signature, if what is behind it is as short as one."""
    marks = [number for number, line in enumerate(lines) if line == "-- "]
    if marks and len([line for line in lines[marks[-1] + 1 :] if line.strip()]) <= _LONGEST_SIGNATURE:
        return lines[: marks[-1]]
    return lines


def from_plain(text: str) -> str:
    """The canonical text, without what a mailing puts around it."""
    return without_mailing(clean(text))


def from_html(source: str) -> str:
    """The canonical text of a message in HTML, without what a mailing puts around it."""
    # Loaded when it is needed: it takes a while.
    from corpus.formats.html import fragment_text

    return without_mailing(fragment_text(_UNSEEN.sub('style="display:none"', source)))
