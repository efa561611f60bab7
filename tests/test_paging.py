"""The articles that are served, page by page, while the archive changes."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from types import SimpleNamespace
from typing import Any, cast
from weakref import ref

import numpy as np
import pytest

from corpus.errors import InvalidField, InvalidFilter
from index.copies import Groups
from index.filters import FilterColumns, Filters, Selection
from index.search import Engine
from index.store import Entry
from qa import cursors
from qa.catalogue import Sort
from qa.paging import page
from qa.shapes import Articles

ALL = Filters(copies="all")
SORTS: list[Sort] = ["id", "title", "published"]


@dataclass(eq=False)
class Catalogued:
    """Of an engine only what pages need, for generations that need no building."""

    entries: list[Entry]
    numbers: list[int]
    generation: str = "1"

    def __post_init__(self) -> None:
        self.manifest = SimpleNamespace(generation=self.generation)
        self._columns = FilterColumns(self.entries)

    def catalogue(self) -> list[Entry]:
        return self.entries

    def clusters(self) -> Groups:
        return np.array(self.numbers, np.int32)

    def scope(self, filters: Filters) -> Selection:
        return self._columns.select(filters)


def engine_of(entries: Sequence[Entry], clusters: Sequence[int] | None = None) -> Engine:
    ordered = sorted(entries, key=lambda entry: entry.id)
    return cast(Engine, Catalogued(ordered, list(range(len(ordered)) if clusters is None else clusters)))


def entry(article_id: str, title: str = "", published: str | None = None, publisher: str | None = None) -> Entry:
    values: dict[str, Any] = {"title": title or article_id, "published": published, "publisher": publisher}
    return Entry(id=article_id, title_inferred=False, sha256="0" * 64, **values)


def ids(found: Articles) -> list[str]:
    return [one.id for one in found.articles]


ENTRIES = [
    entry("weir", "The weir holds", "2025-03-04", "The Ferry Post"),
    entry("wharf", "a wharf reopens", "2025-03", "The Ferry Post"),
    entry("tram", "Tram", "2024", "Hill Gazette"),
    entry("lamp", "Lamp", "2025-04-01", "Hill Gazette"),
    entry("note", "lamp"),
]
IN_ORDER: dict[Sort, list[str]] = {
    "id": ["lamp", "note", "tram", "weir", "wharf"],
    "title": ["wharf", "lamp", "note", "weir", "tram"],
    "published": ["lamp", "wharf", "weir", "tram", "note"],
}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
def test_pages_are_the_whole_in_its_order(sort: Sort, limit: int) -> None:
    engine = engine_of(ENTRIES)
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        part = page(engine, ALL, sort, limit, cursor)
        assert (part.total, part.generation) == (5, "1")
        assert len(part.articles) == limit or part.next is None
        found += ids(part)
        cursor, pages = part.next, pages + 1
    assert (found, pages) == (IN_ORDER[sort], -(-5 // limit))


def test_filters_leave_out_and_the_total_says_how_many_are_left() -> None:
    engine = engine_of(ENTRIES)
    found = page(engine, replace(ALL, publishers=("hill gazette", "the ferry post")), "published", 2)
    assert (ids(found), found.total) == (["lamp", "wharf"], 4)
    rest = page(engine, replace(ALL, publishers=("hill gazette", "the ferry post")), "published", 2, found.next)
    assert (ids(rest), rest.total, rest.next) == (["weir", "tram"], 4, None)
    with pytest.raises(InvalidFilter, match="as_of"):
        page(engine, replace(ALL, as_of="soon"))


def test_nothing_is_a_page_too() -> None:
    assert page(engine_of([]), ALL) == Articles("1", 0, (), None)
    assert page(engine_of(ENTRIES), replace(ALL, tags=("none",))).articles == ()


def test_of_copies_the_earliest_or_the_latest_is_given_out_of_those_left() -> None:
    engine = engine_of(ENTRIES, [0, 1, 2, 1, 0])  # lamp and wharf, note and weir
    assert ids(page(engine, Filters(copies="earliest"))) == ["tram", "weir", "wharf"]
    assert ids(page(engine, Filters(copies="latest"))) == ["lamp", "tram", "weir"]
    assert ids(page(engine, Filters(copies="earliest", articles=("note", "lamp")))) == ["lamp", "note"]
    assert ids(page(engine, ALL)) == IN_ORDER["id"]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("seed", range(20))
def test_what_is_there_throughout_comes_once_however_the_archive_changes(sort: Sort, seed: int) -> None:
    dice = random.Random(seed)

    def made(number: int) -> Entry:
        date = dice.choice([None, "2024", "2025-03", "2025-03-04", "2025-03-31"])
        return entry(f"a{number:04}", dice.choice(["Alpha", "beta", "Beta", "É", "𝄞"]), date)

    entries = {one.id: one for one in map(made, dice.sample(range(0, 9999, 2), 60))}
    others = iter(dice.sample(range(1, 9999, 2), 3000))
    throughout = set(entries)
    found: list[str] = []
    cursor = None
    while cursor or not found:
        part = page(engine_of(list(entries.values())), ALL, sort, dice.randint(1, 7), cursor)
        found += ids(part)
        cursor = part.next
        for gone in dice.sample(sorted(entries), min(3, len(entries))):
            del entries[gone]
        throughout &= set(entries)
        entries |= {one.id: one for one in map(made, islice(others, 3))}
    assert throughout
    assert {article_id: found.count(article_id) for article_id in throughout} == dict.fromkeys(throughout, 1)
    assert len(set(found)) == len(found)


def cursor_of(sort: Sort) -> str:
    cursor = page(engine_of(ENTRIES), ALL, sort, 2).next
    assert cursor
    return cursor


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "garbage", "=", "====", "é", "a b", "AAAA", "null", "\0", "💡"),
        *(cursor_of("id") + "=", cursor_of("id") + "AA", cursor_of("id")[:-1], cursor_of("id").swapcase(), " WyJpZCJd"),
        *(cursors.write(*given) for given in [("id", ()), ("id", (5,)), ("id", ("a", "b")), ("id", (["a"],))]),
        *("W" * 8000, "W1tb" * 2000),
    ],
)
def test_what_is_no_cursor_is_refused_by_its_field(cursor: str) -> None:
    with pytest.raises(InvalidField) as caught:
        page(engine_of(ENTRIES), ALL, cursor=cursor)
    assert caught.value.field == "cursor"


@pytest.mark.parametrize("sort", SORTS)
def test_a_cursor_of_another_order_is_refused(sort: Sort) -> None:
    for other in set(SORTS) - {sort}:
        with pytest.raises(InvalidField, match=f"cursor: is of the order '{other}', not of '{sort}'"):
            page(engine_of(ENTRIES), ALL, sort, cursor=cursor_of(other))


def test_a_title_of_any_length_makes_a_cursor_that_fits_into_an_address() -> None:
    engine = engine_of([entry(f"n{number}", "ß𝄞" * 5000) for number in range(9)])
    first = page(engine, ALL, "title", 4)
    assert first.next
    assert len(first.next) < 2000
    assert ids(page(engine, ALL, "title", 9, first.next)) == ["n4", "n5", "n6", "n7", "n8"]


def test_what_is_kept_of_an_engine_goes_with_it() -> None:
    engine = engine_of(ENTRIES)
    page(engine, ALL)
    gone = ref(engine)
    del engine
    gc.collect()
    assert gone() is None


def test_a_page_of_twenty_thousand_articles_takes_milliseconds() -> None:
    """Of processor time, so that what else the machine does is not counted."""
    dates = [None, "2024", "2025-03", *(f"2025-0{month}-{day}" for month in range(1, 10) for day in range(10, 29))]
    entries = [
        entry(f"{number % 97}/article-{number}", f"Title {number * 7919 % 20_000}", dates[number % len(dates)])
        for number in range(20_000)
    ]
    engine = engine_of(entries, [number // 3 for number in range(20_000)])
    for sort in SORTS:
        cursor = page(engine, ALL, sort).next
        page(engine, replace(ALL, copies="earliest"), sort)
        begun = time.process_time()
        for _ in range(20):
            cursor = page(engine, ALL, sort, 100, cursor).next
            page(engine, replace(ALL, copies="earliest"), sort, 100, cursor)
        assert (time.process_time() - begun) / 40 < 0.02
