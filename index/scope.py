"""What a question may find: the passages that filters leave, and of copies the one that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from corpus.article import Entry
from corpus.dates import first_day, last_day
from index.copies import Copies
from index.filters import FilterColumns, Filters
from index.vectors import Ids, Mask

_SCOPES_KEPT = 64
_UNDATED = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Scope:
    """What filters leave: masks over articles and passages in order of their ids; ``passages`` is ``None`` if it is all
    of them. ``undated`` articles were left out only because no date is known of them."""

    articles: Mask
    undated: int
    passages: Mask | None


class Scopes:
    """The scopes of one generation. Safe to use from several threads at once.

    ``articles`` has for each passage the place of its article among the ``entries``.
    """

    def __init__(self, entries: Sequence[Entry], articles: Ids, copies: Copies) -> None:
        self._articles = articles
        self._copies = copies
        self._columns = FilterColumns(entries)
        self._published = {
            "earliest": _days([entry.published and first_day(entry.published).toordinal() for entry in entries]),
            "latest": _days([entry.published and -last_day(entry.published).toordinal() for entry in entries]),
        }
        self._by_group = np.argsort(copies.groups, kind="stable")
        self._sorted_groups = copies.groups[self._by_group]
        self._copied = self._copied_passages()
        self._is_copied = np.isin(np.arange(len(articles)), self._copied)
        self.of = lru_cache(maxsize=_SCOPES_KEPT)(self._scope)

    def _copied_passages(self) -> Ids:
        """The passages of groups with more than one article, ascending by group."""
        groups, articles = self._sorted_groups, self._articles[self._by_group]
        count = int(groups.max(initial=-1)) + 1
        lowest, highest = np.full(count, _UNDATED), np.full(count, -1)
        np.minimum.at(lowest, groups, articles)
        np.maximum.at(highest, groups, articles)
        copied: Ids = self._by_group[(lowest < highest)[groups]]
        return copied

    def _scope(self, filters: Filters) -> Scope:
        selection = self._columns.select(filters)
        passages = selection.articles[self._articles]
        if filters.copies != "all":
            passages[self._hidden(selection.articles, self._published[filters.copies])] = False
        return Scope(selection.articles, selection.undated, None if passages.all() else passages)

    def _hidden(self, allowed: Mask, published: Ids) -> Ids:
        """Those passages that another article of their group stands for: among the allowed ones, that with the lowest
        figure of ``published``, or of equals the first by id."""
        passages = self._copied[allowed[self._articles[self._copied]]]
        groups, articles = self._copies.groups[passages], self._articles[passages]
        order = np.lexsort((articles, published[articles], groups))
        chosen = np.empty(int(groups.max(initial=-1)) + 1, np.int64)
        first = order[np.flatnonzero(np.diff(groups[order], prepend=-1))]
        chosen[groups[first]] = articles[first]
        hidden: Ids = passages[articles != chosen[groups]]
        return hidden

    def copies(self, passage: int, scope: Scope) -> list[int]:
        """The passages of other articles in the scope that are copies of this one: one of each, by id."""
        if not self._is_copied[passage]:
            return []
        group = self._copies.groups[passage]
        begin, end = np.searchsorted(self._sorted_groups, [group, group + 1])
        others: dict[int, int] = {}
        for other in self._by_group[begin:end].tolist():
            article = int(self._articles[other])
            if article != self._articles[passage] and scope.articles[article]:
                others.setdefault(article, other)
        return list(others.values())

    def copied_articles(self, article: int) -> list[int]:
        """The articles that are copies of that one, by their places among the entries, ascending."""
        clusters = self._copies.clusters
        return [other for other in np.flatnonzero(clusters == clusters[article]).tolist() if other != article]

    def cluster(self, passage: int) -> int:
        """The number of the cluster of copies that the passage's article is in."""
        return int(self._copies.clusters[self._articles[passage]])


def _days(ordinals: Sequence[int | str | None]) -> Ids:
    return np.array([_UNDATED if ordinal is None else ordinal for ordinal in ordinals], np.int64)
