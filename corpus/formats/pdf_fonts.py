"""The fonts of a PDF: which letters the codes in a drawn string stand for, and how wide they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import regex
from pypdf.generic import DictionaryObject
from pypdf.generic._font import Font as Description

UNKNOWN = "\ufffd"
"""Stands for a glyph of which the PDF doesn't say what letter it is."""

_IDENTITY = ("/Identity-H", "/Identity-V")
_BOLD = regex.compile(r"bold|black|heavy|semibold|-bd\b", regex.I)
_BULLETS = regex.compile("[\uf0b7\uf0a7\uf0d8\uf0fc\uf076\uf0a8\uf071]")
_UNUSED = frozenset("\x7f\x81\x8d\x8f\x90\x9d")
"""What isn't used of WinAnsiEncoding, and stands for a bullet there (ISO 32000-2, annex D.3, note 3)."""
_PRIVATE = regex.compile(r"[\ue000-\uf8ff]")

Glyph = tuple[str, float, bool]
"""The letters, the width in ems, and whether it is the one-byte code of a space, which word spacing widens."""


@dataclass(slots=True)
class Font:
    """What is needed of a font; the glyphs of codes are kept once they were asked for."""

    bold: bool
    space: float
    _described: Description
    _scale: float
    _opaque: bool
    _western: bool
    _known: dict[str, Glyph]

    @classmethod
    def read(cls, resource: DictionaryObject) -> Font:
        """The font of a resource."""
        described = Description.from_font_resource(resource)
        scale = 0.001
        if described.sub_type == "Type3" and "/FontMatrix" in resource:
            scale = abs(float(resource["/FontMatrix"][0]))  # type: ignore[index]
        encoding = resource.get("/Encoding")
        encoding = encoding.get_object() if encoding is not None else None
        # The codes of such a font are numbers of glyphs; only its own table says which letters these are.
        numbered = described.sub_type == "Type0" and (encoding in _IDENTITY or not isinstance(encoding, str))
        return cls(
            bold=bool(_BOLD.search(described.name)),
            space=float(described.space_width) * scale,
            _described=described,
            _scale=scale,
            _opaque=numbered or not described.interpretable,
            _western=encoding == "/WinAnsiEncoding",
            _known={},
        )

    def glyphs(self, string: bytes) -> Iterator[Glyph]:
        """The glyphs of a string, in order."""
        for code in self._codes(string):
            glyph = self._known.get(code)
            if glyph is None:
                glyph = self._known[code] = self._glyph(code)
            yield glyph

    def _codes(self, string: bytes) -> Iterator[str]:
        encoding = self._described.encoding
        if not isinstance(encoding, str):
            return map(chr, string)
        if encoding == "utf-16-be":
            pairs = range(0, len(string) - 1, 2)
            return (chr(string[at] << 8 | string[at + 1]) for at in pairs)
        return iter(string.decode(encoding, "replace"))

    def _glyph(self, code: str) -> Glyph:
        encoding, letters = self._described.encoding, self._described.character_map
        plain = encoding.get(ord(code), code) if isinstance(encoding, dict) else code
        text = letters.get(plain, letters.get(code, UNKNOWN if self._opaque else plain))
        if self._western and text in _UNUSED:
            text = "•"
        width = self._described.get_text_width(code) * self._scale
        return _readable(str(text)), width, code == " " and isinstance(encoding, dict)


def _readable(text: str) -> str:
    """Bullets of symbol fonts as bullets; what else is for private use, as unknown."""
    if text.startswith("/") and len(text) > 1:  # the name of a glyph that no list has
        return UNKNOWN
    return _PRIVATE.sub(UNKNOWN, _BULLETS.sub("•", text)).replace("\x00", UNKNOWN)


def resource(resources: DictionaryObject, kind: str, name: Any) -> DictionaryObject | None:
    """A resource of a page by its name, ``None`` if there is none."""
    found = resources.get(kind)
    found = found.get_object() if found is not None else None
    one = found.get(name) if isinstance(found, DictionaryObject) else None
    one = one.get_object() if one is not None else None
    return one if isinstance(one, DictionaryObject) else None
