"""The encoding of a file that is too large to be decoded as a whole, told by how it begins."""

from __future__ import annotations

import codecs
from contextlib import suppress

from corpus.decoding import ENCODINGS, decode, marked
from corpus.errors import UnreadableArticle

SAMPLE = 2**18
"""How many bytes are looked at."""

_MOST_NULS = 0.1
"""The share of NUL bytes from which on something is not text; a stray one spoils a line only."""


def encoding_of(sample: bytes) -> str:
    """The encoding that a file with this beginning is in, as Python calls it. Raises ``UnreadableArticle``."""
    encoding = marked(sample)
    if encoding:
        return encoding
    if sample.count(b"\0") > _MOST_NULS * len(sample):
        raise UnreadableArticle("binary content (NUL bytes); if it is text in UTF-16, save it as UTF-8")
    try:
        # The last character may be cut.
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return _other(sample.replace(b"\0", b""))
    return "utf-8"


def _other(sample: bytes) -> str:
    """The encoding in which the sample is the text that it is taken for."""
    # The last line may be cut, and with it a character.
    whole = sample[: sample.rfind(b"\n") + 1] or sample if len(sample) >= SAMPLE else sample
    try:
        text = decode(whole)
    except UnreadableArticle:
        # Damaged UTF-8: the lines that are damaged are refused one by one.
        return "utf-8"
    for encoding in ENCODINGS:
        with suppress(UnicodeDecodeError):
            if decode(whole.decode(encoding).encode()) == text:
                return encoding
    raise UnreadableArticle("not decodable: no known encoding fits; save it as UTF-8")
