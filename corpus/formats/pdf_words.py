"""Joining lines to one: words that were parted at the end of a line, addresses, scripts without spaces.

A hyphen at the end of a line is either one that the break put there ("informa-tion") or the word's own ("well-known").
The document tells where it has the word elsewhere; if not, what the parts are does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import regex

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:[-‐’'][\p{L}\p{M}]+)*")
_PARTED = regex.compile(r"(\p{L}[\p{L}\p{M}’']*)[-‐]$")
_CHAINED = regex.compile(r"\p{L}[-‐]\p{L}[\p{L}\p{M}]*[-‐]$")
_START = regex.compile(r"\p{Ll}[\p{L}\p{M}]*")
_TIGHT_END = regex.compile(r"\S[—/]$|[\p{L}\d][-‐–]$")
_ADDRESS = regex.compile(r"(?:https?://|www\.)\S*[/\-._=?&#%~]$", regex.I)
_ADDRESS_REST = regex.compile(r"[\w/\-._=?&#%~+:@]+")
_NO_SPACES = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\u3000-\u303f\uff00-\uff65]")

_OWN_HYPHEN = regex.compile(
    "well|self|half|ex|all|long|short|high|low|full|part|cross|co|multi|non|old|new|large|small|best|better|ill|far|near"
    "|hard|soft|first|second|third|one|two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|forty|fifty|sixty"
    "|seventy|eighty|ninety|world|state|city|year|month|week|day|deep|fast|slow|quasi|vice|post|pre|mid|anti|pro|open"
    "|real|right|left|north|south|east|west|mother|father|brother|sister|cutting"
)
"""Words that in front of a whole word are mostly parted from it by a hyphen of its own."""

_NO_HYPHEN = regex.compile(
    "un|under|over|inter|re|out|up|fore|with|any|some|every|can|in|there|him|her|your|my|them|to|be|for|after|back|what"
    "|who|how|none|not|else|where|when|while|may|mis|dis|sub|super|trans|per|con|com|de|en"
)
"""Words with which others begin that are written as one."""


class Vocabulary:
    """The words of a document, as often as they stand within lines."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._words = Counter(word.casefold().replace("‐", "-") for line in lines for word in _whole(line))

    def joined(self, before: str, behind: str) -> str:
        """One line of two that follow one another."""
        if not before or not behind:
            return before + behind
        parted, start = _PARTED.search(before), _START.match(behind)
        if parted and start and not _CHAINED.search(before):
            return before[:-1] + behind if self._is_one(parted[1], start[0]) else before + behind
        return before + ("" if _is_tight(before, behind) else " ") + behind

    def _is_one(self, first: str, rest: str) -> bool:
        """Whether the hyphen between two parts is only that of a line's end."""
        first, rest = first.casefold(), rest.casefold()
        together, apart = self._words[first + rest], self._words[f"{first}-{rest}"]
        if together != apart:
            return together > apart
        if _NO_HYPHEN.fullmatch(first):
            return True
        if _OWN_HYPHEN.fullmatch(first):
            return len(rest) < 3 or not (self._words[rest] or self._words[first])
        return not (self._words[first] and self._words[rest] and len(rest) > 2)


def _whole(line: str) -> Iterable[str]:
    """The words of a line but the first and the last, which may be parts of some."""
    found = list(_WORD.finditer(line))
    return (
        match[0]
        for match in found
        if not (match.end() >= len(line) - 1 and line[-1:] in "-‐") and (match.start() > 0 or line[0].isupper())
    )


def _is_tight(before: str, behind: str) -> bool:
    """Whether there is no space between two lines."""
    if _NO_SPACES.fullmatch(before[-1]) and _NO_SPACES.fullmatch(behind[0]):
        return True
    if _ADDRESS.search(before) and _ADDRESS_REST.match(behind):
        return True
    return bool(_TIGHT_END.search(before)) and (behind[0].isalnum() or before[-1] == "—")
