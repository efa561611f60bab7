"""Dates as articles give them: a day, or only a month or a year.

A date is a string in ISO 8601, as exact as it is known: ``2025-03-04``, ``2025-03`` or ``2025`` (Extended Date/Time
Format, level 0). It sorts as text where two are equally exact; for comparing others there are its first and last day.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime
from typing import Literal

Precision = Literal["day", "month", "year"]

PATTERN = "^(?!0000)[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
"""What every date looks like; not everything that looks so is one."""

_PARTS = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_PRECISIONS: dict[int, Precision] = {4: "year", 7: "month", 10: "day"}


def parse(text: str) -> str:
    """The date that a text in ISO 8601 gives; of a time, its day as written in its own time zone.

    Raises ``ValueError`` for anything else, and for days that there are not.
    """
    if _PARTS.fullmatch(text):
        first_day(text)
        return text
    return datetime.fromisoformat(text).date().isoformat()


def precision(value: str) -> Precision:
    """How exact a date is."""
    return _PRECISIONS[len(value)]


def first_day(value: str) -> date:
    """The first day that a date can mean. Raises ``ValueError`` if there is none."""
    return date.fromisoformat(value + "-01" * (2 - value.count("-")))


def last_day(value: str) -> date:
    """The last day that a date can mean. Raises ``ValueError`` if there is none."""
    first = first_day(value)
    match precision(value):
        case "year":
            return first.replace(month=12, day=31)
        case "month":
            return first.replace(day=monthrange(first.year, first.month)[1])
        case "day":
            return first
