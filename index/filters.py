"""Which articles a question is asked of: by publisher, author, language, tag, id and date of publication.

Publishers, authors, languages and tags are compared as whole values, without regard to case or to how letters with
accents are composed (Unicode's canonical caseless matching, D145 of its core specification). Dates may be as exact as
in ``corpus.dates``; a filter by date holds only for articles that meet it whatever day of their date it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from typing import Literal
from unicodedata import normalize

import numpy as np

from corpus.article import Entry
from corpus.dates import first_day, last_day, parse
from corpus.errors import InvalidFilter
from index.vectors import Ids, Mask

Copies = Literal["earliest", "latest", "all"]

_ANY_OF = ("publishers", "authors", "languages", "articles", "tags")
_DATES = ("published_from", "published_to", "as_of")
_NEVER, _ALWAYS = 0, np.iinfo(np.int64).max
"""The first and last day of an article without a date: it lies within no period."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked of an article: one of the values given, of each kind that is given.

    ``languages`` are ranges, so that ``en`` is ``en-GB`` too (basic filtering, RFC 4647). ``articles`` are ids, or
    patterns of them with ``*``, ``?`` and ``[…]``, in which ``*`` stands for ``/`` too. ``published_from`` and
    ``published_to`` are inclusive: ``2025-03`` is its first day as the one and its last as the other. ``as_of`` leaves
    only what was published by the end of that date. ``copies`` says which of an article's copies is shown.
    """

    publishers: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    published_from: str | None = None
    published_to: str | None = None
    as_of: str | None = None
    copies: Copies = "earliest"

    @property
    def by_date(self) -> bool:
        """Whether articles without a date are left out."""
        return any(getattr(self, name) is not None for name in _DATES)


EVERYTHING = Filters()
"""Leaves out nothing but copies."""


EVERYTHING = Filters()
"""Leaves no article out; of copies the earliest is shown."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The articles that meet filters, in the order in which articles are numbered; and how many meet all but those by
    date and are left out because they have no date."""

    articles: Mask
    undated: int


def check(filters: Filters) -> None:
    """Raises ``InvalidFilter``, which names the field, for a date that is none, a period that ends before it begins,
    and blank values."""
    for name in _ANY_OF:
        if not all(value.strip() for value in getattr(filters, name)):
            raise InvalidFilter(name, "a value is blank; leave it out")
    for name in _DATES:
        if (value := getattr(filters, name)) is not None:
            _check_date(name, value)
    begin, end = filters.published_from, filters.published_to
    if begin and end and first_day(begin) > last_day(end):
        raise InvalidFilter("published_from", f"{begin} is after published_to, {end}; exchange them")


def _check_date(name: str, value: str) -> None:
    try:
        is_date = parse(value) == value  # Times and other forms of ISO 8601 are read as dates, but are none.
    except ValueError:
        is_date = False
    if not is_date:
        raise InvalidFilter(name, f"must be a date like 2025-03-31, 2025-03 or 2025, not {value[:40]!r}")


class FilterColumns:
    """What filters look at, of a generation's catalogue: made once, for many selections."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._ids = [entry.id for entry in entries]
        self._numbers = {article_id: number for number, article_id in enumerate(self._ids)}
        self._publishers = _holders([entry.publisher] if entry.publisher else [] for entry in entries)
        self._authors = _holders(entry.authors for entry in entries)
        self._languages = _holders([entry.language] if entry.language else [] for entry in entries)
        self._tags = _holders(entry.tags for entry in entries)
        days = {value: _days(value) for value in {entry.published for entry in entries}}
        self._first, self._last = np.array([days[entry.published] for entry in entries], np.int64).reshape(-1, 2).T

    def select(self, filters: Filters) -> Selection:
        """The articles that meet the filters. Raises as ``check`` does."""
        check(filters)
        chosen = np.ones(len(self._ids), np.bool_)
        for found in self._found(filters):
            chosen &= self._mask(found)
        if not filters.by_date:
            return Selection(chosen, undated=0)
        return Selection(chosen & self._in_period(filters), undated=int((chosen & (self._first == _NEVER)).sum()))

    def _found(self, filters: Filters) -> Iterable[Iterable[Ids | list[int]]]:
        """For each kind of value that is given, the numbers of the articles that have one of these."""
        for wanted, holders in (
            (filters.publishers, self._publishers),
            (filters.authors, self._authors),
            (filters.tags, self._tags),
        ):
            if wanted:
                yield [holders[key] for key in map(_folded, wanted) if key in holders]
        if filters.languages:
            ranges = [_folded(one) for one in filters.languages]
            yield [ids for tag, ids in self._languages.items() if any(_in_range(tag, one) for one in ranges)]
        if filters.articles:
            yield [self._matching(normalize("NFC", pattern)) for pattern in filters.articles]

    def _mask(self, found: Iterable[Ids | list[int]]) -> Mask:
        mask = np.zeros(len(self._ids), np.bool_)
        for numbers in found:
            mask[numbers] = True
        return mask

    def _matching(self, pattern: str) -> list[int]:
        """The article of that very id, as an id may have signs of a pattern in it; else those that match."""
        if pattern in self._numbers:
            return [self._numbers[pattern]]
        matches = re.compile(translate(pattern)).match
        return [number for number, article_id in enumerate(self._ids) if matches(article_id)]

    def _in_period(self, filters: Filters) -> Mask:
        begin = _days(filters.published_from)[0]
        end = min(_days(value)[1] for value in (filters.published_to, filters.as_of))
        within: Mask = (self._first != _NEVER) & (self._first >= begin) & (self._last <= end)
        return within


def _holders(values: Iterable[Iterable[str]]) -> Mapping[str, Ids]:
    """For each value, folded, the numbers of the articles that have it."""
    holders: dict[str, list[int]] = {}
    for number, held in enumerate(values):
        for value in held:
            holders.setdefault(_folded(value), []).append(number)
    return {value: np.array(numbers) for value, numbers in holders.items()}


def _folded(value: str) -> str:
    return normalize("NFD", normalize("NFD", value).casefold())


def _in_range(tag: str, wanted: str) -> bool:
    return wanted == "*" or tag == wanted or tag.startswith(f"{wanted}-")


def _days(date: str | None) -> tuple[int, int]:
    """The first and the last day of a date, counted from the first day of the year 1."""
    return (first_day(date).toordinal(), last_day(date).toordinal()) if date is not None else (_NEVER, _ALWAYS)
