"""The articles that are served, page by page: in an order, and those that filters leave.

An order is made once for each engine and goes with it, so that a page costs no more than its articles.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from corpus.article import Entry
from index.filters import Filters
from index.search import Engine
from index.vectors import Ids, Mask
from qa import cursors
from qa.catalogue import ORDERS, Sort, age
from qa.shapes import Articles

MAX_ARTICLES = 1000
"""So many articles a page may have."""

DEFAULT_ARTICLES = 100

_KINDS: dict[Sort, tuple[type, ...]] = {"id": (str,), "title": (str, str), "published": (bool, int, str)}
"""What the values of a sort key are, in each order."""


def page(
    engine: Engine, filters: Filters, sort: Sort = "id", limit: int = DEFAULT_ARTICLES, cursor: str | None = None
) -> Articles:
    """The articles that meet the filters, in the order of ``qa.catalogue.ORDERS``: the first ``limit``, or those behind
    the ``cursor`` of an earlier page, whatever was added or taken away since. Raises ``InvalidField``.

    With ``copies`` other than ``all``, one of each cluster of copies is given, out of those that meet the filters.
    """
    shelf = _shelf(engine)
    order, keys = shelf.orders[sort]
    begin = bisect_right(keys, cursors.read(cursor, sort, _KINDS[sort])) if cursor is not None else 0
    chosen = shelf.one_of_each(engine.scope(filters).articles, filters)
    places = np.flatnonzero(chosen[order])
    first = int(np.searchsorted(places, begin))
    shown = places[first : first + limit]
    return Articles(
        generation=engine.manifest.generation,
        total=len(places),
        articles=tuple(shelf.entries[number] for number in order[shown].tolist()),
        next=cursors.write(sort, keys[int(shown[-1])]) if first + limit < len(places) else None,
    )


class _Orders(dict[Sort, tuple[Ids, list[cursors.Key]]]):
    """For each order the numbers of the articles in it, and their keys, ascending; made when first asked for."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries

    def __missing__(self, sort: Sort) -> tuple[Ids, list[cursors.Key]]:
        keys = list(map(ORDERS[sort], self._entries))
        order = sorted(range(len(keys)), key=keys.__getitem__)
        self[sort] = np.array(order, np.int64), [keys[number] for number in order]
        return self[sort]


class _Shelf:
    """The articles of one engine in their orders. It doesn't hold on to the engine."""

    def __init__(self, engine: Engine) -> None:
        self.entries = engine.catalogue()
        self.orders = _Orders(self.entries)
        self._clusters = engine.clusters()

    def one_of_each(self, articles: Mask, filters: Filters) -> Mask:
        """Of those articles, one of each cluster of copies: the one the filters ask for."""
        if filters.copies == "all":
            return articles
        order = self._earliest if filters.copies == "earliest" else self.orders["published"][0]
        left = order[articles[order]]
        _, first = np.unique(self._clusters[left], return_index=True)
        chosen = np.zeros_like(articles)
        chosen[left[first]] = True
        return chosen

    @cached_property
    def _earliest(self) -> Ids:
        numbers = range(len(self.entries))
        return np.array(sorted(numbers, key=lambda number: age(self.entries[number], latest_first=False)), np.int64)


_shelves: WeakKeyDictionary[Engine, _Shelf] = WeakKeyDictionary()


def _shelf(engine: Engine) -> _Shelf:
    if engine not in _shelves:
        _shelves[engine] = _Shelf(engine)
    return _shelves[engine]
