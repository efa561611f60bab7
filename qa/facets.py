"""What an archive can be narrowed down to: its publishers, its languages, and when its articles were published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.article import Entry
from corpus.dates import first_day, last_day

MOST_BARS = 48
"""A histogram has at most so many bars, but one for each decade if that takes more."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value, and how many articles have it."""

    name: str
    articles: int


@dataclass(frozen=True, slots=True)
class Bar:
    """How many articles are known to be published in a period, from its first date to its last: a month, a year or a
    decade."""

    first: str
    last: str
    articles: int


@dataclass(frozen=True, slots=True)
class Facets:
    """Values by how many articles have them, most first, of equals by name; and a histogram without gaps.

    ``undated`` articles are in none of the bars: when they were published is not known, or not as exactly.
    """

    publishers: tuple[Value, ...]
    languages: tuple[Value, ...]
    dates: tuple[Bar, ...]
    undated: int


def facets(entries: Sequence[Entry]) -> Facets:
    """The facets of a catalogue."""
    bars = _bars([entry.published for entry in entries if entry.published])
    return Facets(
        publishers=_values(entry.publisher for entry in entries),
        languages=_values(entry.language for entry in entries),
        dates=bars,
        undated=len(entries) - sum(bar.articles for bar in bars),
    )


def _values(found: Iterable[str | None]) -> tuple[Value, ...]:
    counts = Counter(value for value in found if value)
    return tuple(Value(name, counts[name]) for name in sorted(counts, key=lambda name: (-counts[name], name)))


def _bars(dates: Sequence[str]) -> tuple[Bar, ...]:
    if not dates:
        return ()
    first, last = first_day(min(dates)), max(map(last_day, dates))
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if months <= MOST_BARS:
        return _counted(dates, list(_months(first.year * 12 + first.month - 1, months)))
    step = 1 if last.year - first.year < MOST_BARS else 10
    begin = first.year - first.year % step
    return _counted(dates, [f"{year:04}" for year in range(begin, last.year + step + 1, step)])


def _months(first: int, count: int) -> Iterator[str]:
    """So many months and the one behind them; ``first`` is counted from the year 0."""
    for month in range(first, first + count + 1):
        yield f"{month // 12:04}-{month % 12 + 1:02}"


def _counted(dates: Sequence[str], borders: Sequence[str]) -> tuple[Bar, ...]:
    """The bars between borders, which are months or years."""
    length, step = len(borders[0]), int(borders[1][:4]) - int(borders[0][:4]) if len(borders[0]) == len("2025") else 1
    counts = Counter(_bar_of(date[:length], step) for date in dates if len(date) >= length)
    return tuple(
        Bar(first, f"{int(following) - 1:04}" if length == len("2025") else first, counts[first])
        for first, following in pairwise(borders)
    )


def _bar_of(date: str, step: int) -> str:
    return date if step == 1 else f"{int(date) - int(date) % step:04}"
