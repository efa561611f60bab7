"""The names of authors, from what pages give for them."""

from __future__ import annotations

from collections.abc import Iterable

import regex

from corpus.statements import one_line

_BY = regex.compile(
    r"^(?:(?:written|reported|posted|published|story|words|text|photos?) )?(?:by|von|par|por|di|door|av)\b[:\s]+",
    regex.I,
)
_MAIL = regex.compile(r"[\(\[<]?\S+@\S+\.\S+[\)\]>]?")
_ADDRESS = regex.compile(r"[\(\[<]?\bhttps?://[^\s)\]>]*[\)\]>]?", regex.I)
_HANDLE = regex.compile(r"[\(\[]?(?<!\S)@\w+[\)\]]?")
_AND = regex.compile(r"\s*(?:[;|•·]|\s(?:and|und|et|&|y|e|og|och|en)\s)\s*")
_ROLES = regex.compile(
    r"(?:the )?(?:web|site)?[ -]?(?:admin(?:istrator)?|staff|editors?|webmaster|root|user|guest|author|anonymous"
    r"|unknown|none|null"
    r"|test|default|editorial(?: team| staff| board)?|news ?(?:desk|room)|redaktion|rédaction|redacción"
    r"|staff (?:writer|reporter)s?"
    r"|contributors?|wordpress|super user|online|web (?:desk|team))",
    regex.I,
)
_AFFIX = regex.compile(
    r",\s+(?:(?:our|the|chief|senior|staff|deputy|political|science|health|business|local|foreign|environment)\s+)*"
    r"(?:correspondent|reporter|editor|writer|columnist|contributor|staff writer|phd|ph\.d\.|md|m\.d\.)\b.*$",
    regex.I,
)
_LONGEST = 100
"""In code points: what is longer is a sentence about the author."""


def people(given: Iterable[str]) -> list[str]:
    """The names in what is given as authors, each once: without "By", addresses, and what an account is called."""
    names = [name for text in given for name in _names(text)]
    return list(dict.fromkeys(names))


def _names(text: str) -> list[str]:
    if text.strip().lower().startswith(("http://", "https://", "www.")):
        return []
    text = _ADDRESS.sub("", _MAIL.sub("", one_line(text)))
    text = _BY.sub("", _HANDLE.sub("", text).strip())
    parts = (each for part in _AND.split(_AFFIX.sub("", text)) for each in _at_commas(part))
    names = (_AFFIX.sub("", part).strip(" ,.;:-–—()[]|") for part in parts)
    return [name for name in names if _is_name(name)]


def _at_commas(text: str) -> list[str]:
    """The parts of a list of names; "Doe, Jane" is one, whose parts are single words."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 2 and (" " not in parts[0] or parts[1].casefold().rstrip(".") in ("jr", "sr", "ii", "iii")):
        return [text]
    return parts


def _is_name(name: str) -> bool:
    return bool(name) and len(name) <= _LONGEST and any(map(str.isalpha, name)) and not _ROLES.fullmatch(name)
