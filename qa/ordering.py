"""The order in which an answer's passages come, and the order of their dates."""

from __future__ import annotations

from collections.abc import Sequence

from corpus.dates import last_day
from index.search import Engine, Hit
from qa.answers import Dated

FIRST = 10
"""So many passages are looked at for distinct sources."""

SAME_MATTER = 0.7
"""Passages whose vectors have at least this cosine are taken to be on the same matter."""


def distinct_first(hits: Sequence[Hit], answering: Sequence[Hit]) -> list[Hit]:
    """The hits with one of each source first among those that answer; all others keep their places.

    A source is a cluster of copies. ``answering`` are some of the hits, in their order.
    """
    leading = {hit.cluster: hit for hit in reversed(answering)}.values()
    first = {hit.passage for hit in leading}
    ordered = iter(sorted(answering, key=lambda hit: hit.passage not in first))
    moved = {hit.passage for hit in answering}
    return [next(ordered) if hit.passage in moved else hit for hit in hits]


def timeline(engine: Engine, hits: Sequence[Hit]) -> tuple[Dated, ...]:
    """The hits on the matter of the first one, by the day on which they were published, newest first; of a month or a
    year, its last day counts. Empty unless there are at least two dates."""
    if not hits:
        return ()
    near = engine.similarities([hit.passage for hit in hits])[0] >= SAME_MATTER
    dated = [
        Dated(rank, hit.excerpt.article.id, hit.excerpt.article.published)
        for rank, (hit, is_near) in enumerate(zip(hits, near.tolist(), strict=True), 1)
        if is_near and hit.excerpt.article.published
    ]
    if len({entry.published for entry in dated}) < 2:
        return ()
    return tuple(sorted(dated, key=lambda entry: (-last_day(entry.published).toordinal(), entry.rank)))
