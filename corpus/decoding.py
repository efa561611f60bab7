"""Bytes as text: which encoding they are in, and whether they are text at all."""

from __future__ import annotations

import codecs
from collections import Counter

import regex
from charset_normalizer import from_bytes

from corpus.cleaning import mend
from corpus.errors import UnreadableArticle

# UTF-32 comes first, because its little-endian mark begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

# The encodings of the web but the rarest (WHATWG Encoding Standard, section 4.2).
_OTHER_SCRIPTS = ["cp1251", "cp1253", "cp1255", "cp1256", "cp874", "koi8_r", "koi8_u"]
_OTHER_SCRIPTS += ["gb18030", "big5", "cp932", "euc_jp", "cp949"]

# Those of the Latin script, the likelier first, each with the letters beyond ASCII of the languages that are
# written in it. charset-normalizer tells scripts apart well, but these by little more than chance.
_CENTRAL_EUROPE = ["áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "ąćęłńóśźż", "áéíóöőúüű", "čćđšž", "ăâîşţ"]
_LATIN = {
    "cp1252": ["àâæçéèêëîïôœùûüÿ", "áéíóúüñ", "äöüß", "ãõáéíóúâêôàç", "àèéìíòóù", "æøåéö", "äåöé", "áðéíóúýþæö"],
    "cp1250": _CENTRAL_EUROPE,
    "iso8859_2": _CENTRAL_EUROPE,
    "cp1254": ["çğıİöşüâîû"],
    "cp1257": ["ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"],
}

ENCODINGS = (*_LATIN, *_OTHER_SCRIPTS)
"""What bytes that are not Unicode are taken to be, as Python calls it."""

# Not counted, because some of them are letters in another encoding: « is Ť in ISO 8859-2.
_SIGNS = frozenset("“”‘’‚„–—…«»‹›¡¿€£§©®™°·•½¼¾ºª\xa0\xad")

_CONTROLS = regex.compile(r"[^\P{Cc}\s]+")
_MOST_CONTROLS = 0.05
"""The share of control characters from which on something is not text; coloured terminal output has less."""

_DAMAGED_SHARE = 0.1
"""Bad sequences in UTF-8 as a share of the good ones, up to which a file is damaged UTF-8 and nothing else."""

_CONVERT = "save it as UTF-8"


def decode(data: bytes) -> str:
    """The text in the bytes, with mojibake mended and ``\\n`` at the end of each line; not canonical yet.

    Unicode is told by its byte order mark or by being valid UTF-8; other encodings are guessed from which
    letters come out. Raises ``UnreadableArticle`` for what is not text, or in no encoding that fits.
    """
    text = _decoded(data)
    if text and len(_CONTROLS.sub("", text)) < (1 - _MOST_CONTROLS) * len(text):
        raise UnreadableArticle("binary content (control characters throughout); give its text instead")
    return mend(text).replace("\r\n", "\n").replace("\r", "\n")


def marked(data: bytes) -> str | None:
    """The encoding, as Python calls it, that a byte order mark says the bytes are in."""
    return next((encoding for mark, encoding in _MARKS.items() if data.startswith(mark)), None)


def _decoded(data: bytes) -> str:
    encoding = marked(data)
    if encoding:
        return _strictly(data, encoding)
    if b"\0" in data:
        raise UnreadableArticle(f"binary content (NUL bytes); if it is text in UTF-16, {_CONVERT}")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        _refuse_damaged_utf8(data, error.start)
        return _guessed(data)


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableArticle(
            f"not decodable: it looks like {encoding} but breaks at byte {error.start}; {_CONVERT}"
        ) from error


def _refuse_damaged_utf8(data: bytes, first_bad: int) -> None:
    """Raises for UTF-8 with a few bad bytes, all of which another encoding would turn into other letters."""
    text = data.decode(errors="replace")
    bad = text.count("\ufffd")
    good = len(text) - bad - len(text.encode("ascii", "ignore"))
    if bad <= _DAMAGED_SHARE * good:
        raise UnreadableArticle(f"not decodable: it is UTF-8, but damaged at byte {first_bad}; get it anew")


def _guessed(data: bytes) -> str:
    best = from_bytes(data, cp_isolation=[*ENCODINGS]).best()
    if best is None:
        raise UnreadableArticle(f"not decodable: no known encoding fits; {_CONVERT}")
    if best.encoding not in _LATIN:
        return _strictly(data, best.encoding)
    beyond_ascii = data.translate(None, bytes(range(128)))
    return _strictly(data, max(_LATIN, key=lambda encoding: _fit(beyond_ascii, encoding)))


def _fit(beyond_ascii: bytes, encoding: str) -> float:
    """The share of the letters that are in the alphabet of the one language that has most of them."""
    try:
        letters = Counter(beyond_ascii.decode(encoding))
    except UnicodeDecodeError:
        return -1
    for sign in _SIGNS:
        del letters[sign]
    known = (sum(letters[letter] for letter in {*alphabet, *alphabet.upper()}) for alphabet in _LATIN[encoding])
    return max(known) / max(1, letters.total())
