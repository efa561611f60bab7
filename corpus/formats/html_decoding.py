"""The bytes of a web page as text: in which of the encodings that are said, or else are likely, they are.

As browsers do (WHATWG Encoding Standard; HTML, "determining the character encoding"), but for two things: bytes that
are valid UTF-8 are UTF-8 whatever is said, and what makes no sense in the encoding that is said is in another.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

import regex

from corpus.decoding import decode
from corpus.errors import UnreadableArticle

_SEARCHED = 4096
"""How many bytes are searched for a declaration; browsers look at 1024 and at what comes while they wait."""

_META = regex.compile(rb"""<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([\w:.+-]+)""", regex.I)
_XML = regex.compile(rb"""^\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([\w:.+-]+)""", regex.I)

# What labels stand for on the web, where that is more than Python takes for it.
_LABELS = {
    **dict.fromkeys(
        ("iso-8859-1", "iso8859-1", "latin1", "latin-1", "l1", "ascii", "us-ascii", "ansi", "cp1252"), "cp1252"
    ),
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "tis-620"), "cp874"),
    **dict.fromkeys(("gb2312", "gbk", "gb_2312-80", "x-gbk", "chinese"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "ksc5601", "korean", "windows-949"), "cp949"),
    **dict.fromkeys(("big5", "big5-hkscs", "x-x-big5", "cn-big5"), "big5hkscs"),
    **dict.fromkeys(("x-mac-cyrillic", "x-mac-ukrainian"), "mac_cyrillic"),
    **dict.fromkeys(("macintosh", "x-mac-roman"), "mac_roman"),
    **dict.fromkeys(("utf8", "unicode-1-1-utf-8", "x-unicode20utf8"), "utf-8"),
}
_LATIN = frozenset({"cp1252", "cp1250", "cp1254", "cp1257", "iso8859-2", "iso8859-15", "iso8859-4", "mac-roman"})

_MOST_BEYOND_ASCII = 0.35
"""Of the letters: no language of the Latin script has more of them with marks, and other scripts have nearly all."""
_MOST_DAMAGED = 0.001
"""Of the bytes, in a page that is else UTF-8."""


def decoded(data: bytes, charset: str | None) -> str:
    """The text of a page, with ``\\n`` at the end of each line; U+FFFD for bytes that are damaged.

    Raises ``UnreadableArticle`` for what is not text, or in no encoding that fits.
    """
    text = _marked(data) or _unmarked_utf16(data)
    if text is None:
        data = data if data.count(b"\0") > len(data) / 1000 else data.replace(b"\0", b"")
        text = _utf8(data) or _as_said(data, charset) or _damaged_utf8(data)
    return (text or decode(data)).replace("\r\n", "\n").replace("\r", "\n")


def _marked(data: bytes) -> str | None:
    marks = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    encoding = next((marks[mark] for mark in marks if data.startswith(mark)), None)
    return data.decode(encoding, "replace") if encoding else None


def _unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark, told by the zeros in which a page's first tag has them."""
    start = data[:200].lstrip(b" \r\n\t\0")[:1]
    if start == b"<" and data[:200].count(b"\0") > len(data[:200]) // 4:
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "replace")
    return None


def _utf8(data: bytes) -> str | None:
    """The text of bytes that are valid UTF-8 and more than ASCII, which no other encoding is by chance."""
    if data.isascii():
        return None if b"\x1b" in data else data.decode("ascii")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _as_said(data: bytes, charset: str | None) -> str | None:
    """The text in the first encoding that is said and fits."""
    for label in _said(data, charset):
        encoding = _known(label)
        if encoding is None or encoding.startswith("utf"):
            continue
        text = _text(data, encoding)
        if text is not None and _makes_sense(text, encoding):
            return text
    return None


def _said(data: bytes, charset: str | None) -> Iterator[str]:
    if charset:
        yield charset
    for pattern in (_META, _XML):
        found = pattern.search(data[:_SEARCHED])
        if found:
            yield found[1].decode("ascii", "replace")


def _known(label: str) -> str | None:
    label = label.strip().strip("\"'").lower()
    try:
        return _LABELS.get(label) or codecs.lookup(label).name
    except (LookupError, ValueError):
        return None


def _text(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        # Five bytes of Windows 1252 stand for nothing; browsers take them for control characters.
        damaged = data.decode(encoding, "replace")
        return damaged if damaged.count("\ufffd") <= _MOST_DAMAGED * len(damaged) else None
    except (LookupError, UnicodeError):
        return None


def _makes_sense(text: str, encoding: str) -> bool:
    """Whether a text can be in the script of its encoding; false declarations are mostly of a Latin one."""
    if encoding.replace("_", "-") not in _LATIN:
        return True
    letters = [character for character in regex.sub(r"<[^>]*>", "", text) if character.isalpha()]
    return sum(not letter.isascii() for letter in letters) <= _MOST_BEYOND_ASCII * max(1, len(letters))


def _damaged_utf8(data: bytes) -> str | None:
    """UTF-8 with a few bad bytes, as pages have that were cut or put together of several."""
    text = data.decode(errors="replace")
    bad = text.count("\ufffd")
    good = sum(1 for character in text if not character.isascii()) - bad
    return text if bad <= 0.1 * good else None


def refuse_damage(text: str) -> None:
    """Raises ``UnreadableArticle`` for an article with a character that is lost."""
    at = text.find("\ufffd")
    if at >= 0:
        raise UnreadableArticle(
            f"damaged: a character is lost behind {text[max(0, at - 30) : at]!r}; get the page anew"
        )
