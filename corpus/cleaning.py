"""The canonical form of a text: the only place where text changes before it is cut and cited.

Canonical text is Unicode in Normalization Form C. Its only white space is the plain space and the newline:
one space at a time, none at either end of a line, at most one blank line at a time, none at either end of
the text. It holds no control characters, no lone surrogates and no invisible characters but those that a
script or an emoji needs.

Words are left alone: quotation marks stay as curly or straight as they were, full-width letters stay wide,
and ``&amp;`` stays what it is, because an article may be about just that.
"""

from __future__ import annotations

import re
import unicodedata

import ftfy
import regex
from ftfy.chardata import UTF8_DETECTOR_RE

_SURROGATES = regex.compile(r"[\ud800-\udfff]+")
_NONCHARACTERS = regex.compile(r"\p{Noncharacter_Code_Point}")
_NEWLINES = regex.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")

# Characters that go without leaving anything:
# - control characters, but those that are white space (U+001C to U+001F separate, so they become spaces);
# - soft hyphen, zero-width space, word joiner, byte order mark: hints for breaking lines, which would hide a
#   word from whoever searches for it. The joiner and the non-joiner stay: Urdu, Hindi and emoji need them;
# - bidirectional embeddings, overrides and isolates: they can show a text in another order than the one it
#   is in (Boucher and Anderson, "Trojan Source", 2021), and a passage cut behind one that is still open would
#   turn around the page that it is shown on. The marks (U+200E, U+200F, U+061C) act on their neighbours
#   only, and stay;
# - deprecated format characters, interlinear annotation, the placeholder for an embedded object.
_DROPPED = regex.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff"
    r"\u202a-\u202e\u2066-\u2069\u206a-\u206f\ufff9-\ufffc]+"
)

# Tag characters are invisible, and hide text from the reader that a machine reads; the exception are the
# flags of England, Scotland and Wales (Unicode Technical Standard 51, annex C).
_TAGS = regex.compile(
    r"(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)|[\U000e0000-\U000e007f]+"
)

# The ligatures that PDF files put in place of letters: with them "scientific" isn't found. Other letters
# with a compatibility form (ǆ, ŉ, full-width ones) are how somebody writes, and stay.
_LIGATURES = regex.compile(r"[\ufb00-\ufb06]")

_SPACES = regex.compile(r"[\t\x1c-\x1f\p{Zs}]+")
_LINE_ENDS = regex.compile(r" ?\n ?")
_BLANK_LINES = regex.compile(r"\n{3,}")

# Putting combining marks into canonical order takes quadratic time in the length of a run of them, and text
# from outside may hold a million. Unicode Standard Annex 15, section 13 ("Stream-Safe Text Format") parts
# them by a combining grapheme joiner after each 30. Composing can at most double a run and add a few, so that
# with 100 as the least length of a run that is parted, no run is ever parted twice.
_MARKS = regex.compile(r"[\p{M}--\u034f]{100,}", regex.V1)
_THIRTY_MARKS = regex.compile(r".{30}", regex.S)

# Without ftfy's guesses: one would take the letter from a line that begins "Â is a letter", another would put
# U+FFFD for what can't be mended. What is left turns bytes that are valid UTF-8 as a whole into their text.
_CERTAIN = ftfy.TextFixerConfig(restore_byte_a0=False, replace_lossy_sequences=False, decode_inconsistent_utf8=False)

_LEAST_WRAPPED_LINES = 3
_WRAPPED_WIDTHS = range(50, 101)


def clean(text: str) -> str:
    """The canonical form of the text; cleaning that again changes nothing."""
    text = _SURROGATES.sub(_paired, text)
    text = _NONCHARACTERS.sub("\ufffd", text)
    text = _NEWLINES.sub("\n", text)
    text = _DROPPED.sub("", text)
    text = _TAGS.sub(lambda match: match[1] or "", text)
    text = _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = _SPACES.sub(" ", text)
    text = _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("\n", text)).strip(" \n")
    return unicodedata.normalize("NFC", _MARKS.sub(_parted, text))


def mend(text: str) -> str:
    """The text with mojibake undone where ftfy is certain of it (``cafÃ©`` for ``café``), line by line.

    Of ftfy's repairs this is the only one that takes place: the others (straight quotation marks, narrow
    letters, HTML entities) would rewrite what an author wrote.
    """
    return "\n".join(line if line.isascii() else _mended(line) for line in text.split("\n"))


def unwrap(text: str) -> str:
    """Canonical text in which the paragraphs that were wrapped at a fixed width are one line each.

    A line is never joined with the next when an article is cut into sentences, so an e-mail wrapped at 72
    columns would be cut in the middle of them.
    """
    return "\n\n".join(_unwrapped(paragraph) for paragraph in text.split("\n\n"))


def _unwrapped(paragraph: str) -> str:
    lines = paragraph.split("\n")
    return " ".join(lines) if _is_wrapped(lines) else paragraph


def _is_wrapped(lines: list[str]) -> bool:
    """Whether filling lines with words up to the width of the longest gives exactly these lines.

    Verse and lists hardly ever pass that; those that might are told by lines that begin with a capital.
    """
    width = max(map(len, lines))
    if len(lines) < _LEAST_WRAPPED_LINES or width not in _WRAPPED_WIDTHS:
        return False
    first_words = [line.split(" ", 1)[0] for line in lines[1:]]
    full = all(len(line) + 1 + len(word) > width for line, word in zip(lines, first_words, strict=False))
    return full and 2 * sum(word[:1].islower() for word in first_words) >= len(first_words)


def _mended(line: str) -> str:
    """The line decoded anew if all of it is mojibake, else with each piece that is."""
    return UTF8_DETECTOR_RE.sub(_mended_piece, ftfy.fix_encoding(line, _CERTAIN))


def _mended_piece(match: re.Match[str]) -> str:
    return ftfy.fix_encoding(match[0], _CERTAIN)


def _paired(match: regex.Match[str]) -> str:
    """The characters that pairs of surrogates stand for, and U+FFFD for each one without its other half."""
    return match[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _parted(match: regex.Match[str]) -> str:
    return _THIRTY_MARKS.sub("\\g<0>\u034f", match[0])
