"""What exports write in their columns: dates, several names in one text, lists.

Nothing is guessed: a date that can be read in two ways, as 04/03/2025, says nothing.
"""

from __future__ import annotations

import ast
import json
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import regex

from corpus import dates

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH = r"(?P<month>[a-z]{3,9})\.?"
_TIME = r"(?:,? (?:at )?\d{1,2}:\d{2}.*)?"
_WORDED = [
    regex.compile(
        rf"(?:[a-z]{{3,9}},? )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)? {_MONTH},? (?P<year>\d{{4}}){_TIME}", regex.I
    ),
    regex.compile(
        rf"(?:[a-z]{{3,9}},? )?{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}}){_TIME}", regex.I
    ),
    regex.compile(rf"{_MONTH},? (?P<year>\d{{4}})", regex.I),
]
_YEAR_FIRST = regex.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]+\d{1,2}:\d{2}.*)?")
_MAIL = regex.compile(r"(?:[a-z]{3}, *)?\d{1,2} [a-z]{3} \d{4} \d{2}:\d{2}(?::\d{2})?( .*)?", regex.I)

# What is written for "no date": the zeros of databases, and the beginning of the clock of Unix to the second.
_NO_DATE = regex.compile(r"0000-.*|0001-01-01.*|1970-01-01[T ]00:00.*")
_EPOCH = regex.compile(r"\d{10}|\d{13}|\d{10}\.\d{1,6}")
_FIRST_EPOCH = 1_000_000_000
"""9 September 2001, the first second that is written with ten digits."""
_LAST_EPOCH = 4_102_444_800
"""The beginning of 2100."""

_LONGEST_LIST = 20_000
_BY = regex.compile(r"(?:words |written )?by\b:? *", regex.I)
_AND = regex.compile(r",? and | & ")
_PARTICLES = frozenset({
    "al", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "la", "le", "ten",
    "ter", "van", "von", "y", "zu",
})  # fmt: skip
_LONGEST_NAME = 5
"""In words."""


def date(text: str) -> str | None:
    """The date that a text gives beyond doubt, as in ``corpus.dates``; of a time its day, as it is written there.

    Seconds and milliseconds since 1970 of ten and thirteen digits are taken, with their day in UTC, which is the only
    one that they give.
    """
    text = " ".join(text.split())
    if _NO_DATE.fullmatch(text):
        return None
    for reading in (_epoch, _year_first, _iso, _worded, _mail):
        with suppress(ValueError, OverflowError, OSError, TypeError):
            found = reading(text)
            if found:
                return found
    return None


def _epoch(text: str) -> str | None:
    if not _EPOCH.fullmatch(text):
        return None
    seconds = float(text) / (1000 if len(text) == len("1741046400000") and "." not in text else 1)
    if not _FIRST_EPOCH <= seconds < _LAST_EPOCH:
        return None
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _iso(text: str) -> str | None:
    # A number of 10 digits and more is also read as a day and a time without anything between them.
    return None if _EPOCH.fullmatch(text) else dates.parse(text)


def _year_first(text: str) -> str | None:
    found = _YEAR_FIRST.fullmatch(text)
    return dates.parse(f"{found[1]}-{int(found[3]):02}-{int(found[4]):02}") if found else None


def _worded(text: str) -> str | None:
    for pattern in _WORDED:
        found = pattern.fullmatch(text)
        month = _month(found["month"]) if found else None
        if found and month:
            day = found.groupdict().get("day")
            return dates.parse(f"{found['year']}-{month:02}" + (f"-{int(day):02}" if day else ""))
    return None


def _month(name: str) -> int | None:
    """The number of a month in English, of which three letters or more are given."""
    found = [number for number, month in enumerate(_MONTHS, 1) if month.startswith(name.lower())]
    if name.lower() == "sept":
        return 9
    return found[0] if found and (len(name) == 3 or _MONTHS[found[0] - 1] == name.lower()) else None


def _mail(text: str) -> str | None:
    """A date as in RFC 2822, the one of feeds and messages."""
    return parsedate_to_datetime(text).date().isoformat() if _MAIL.fullmatch(text) else None


def listed(text: str) -> list[str] | None:
    """The texts of a list that is written out as JSON or as Python does; ``None`` if it is none."""
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")) or len(text) > _LONGEST_LIST:
        return None
    for reading in (json.loads, ast.literal_eval):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            found = reading(text)
            if isinstance(found, list) and all(isinstance(entry, str) for entry in found):
                return found
    return None


def names(text: str) -> list[str]:
    """The people that a text names.

    Semicolons, bars and lines always part them. "and", "&" and commas do only if what comes out are names of two words
    and more, and a single comma never does: in "García Márquez, Gabriel José" it stands within a name.
    """
    text = _BY.sub("", text.strip(), count=1) if _BY.match(text.strip()) else text
    parts = [part.strip() for part in regex.split(r"[;|\n]", text) if part.strip()]
    return parts if len(parts) > 1 else _joined(parts[0]) if parts else []


def _joined(text: str) -> list[str]:
    by_and = [part.strip(" ,") for part in _AND.split(text)]
    by_comma = [name.strip() for part in by_and for name in part.split(",") if name.strip()]
    if len(by_comma) > 2 and all(map(_is_name, by_comma)):
        return by_comma
    return by_and if all(_is_name(part.replace(",", "")) for part in by_and) else [text]


def _is_name(text: str) -> bool:
    """Whether a text may be the name of a person: a few words, none of which a name wouldn't have."""
    words = text.split()
    return 2 <= len(words) <= _LONGEST_NAME and all(not word[0].islower() or word in _PARTICLES for word in words)
