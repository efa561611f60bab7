"""The order of an answer's passages by their sources, and of their dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus.article import Entry
from index.search import Engine, Hit, LocalEngine, NearSentence
from index.store import Excerpt
from qa.ordering import distinct_first, timeline


def hit(passage: int, cluster: int, published: str | None = None) -> Hit:
    article = Entry(id=f"a{cluster}", title="A", title_inferred=False, published=published, sha256="0" * 64)
    excerpt = Excerpt(article, "Some text.", 0, 10)
    return Hit(passage, excerpt, 1 - passage / 10, (NearSentence(0, 10, 0.5),), 0.5, (), cluster)


def order(clusters: str, answering: str) -> str:
    """The clusters of hits in the order that they come in; those marked with x in ``answering`` answer."""
    hits = [hit(number, int(cluster)) for number, cluster in enumerate(clusters)]
    answer = [one for one, mark in zip(hits, answering, strict=True) if mark == "x"]
    ordered = distinct_first(hits, answer)
    assert sorted(one.passage for one in ordered) == list(range(len(hits)))
    for cluster in set(clusters):  # Those of one source stay in their order.
        own = [one.passage for one in ordered if one.cluster == int(cluster) and one in answer]
        assert own == sorted(own)
    return "".join(str(one.cluster) for one in ordered)


@pytest.mark.parametrize(
    ("clusters", "answering", "expected"),
    [
        ("", "", ""),
        ("11123", ".....", "11123"),
        ("11123", "xxxxx", "12311"),
        ("11123", "xxx..", "11123"),
        ("11213", "xx..x", "13211"),
        ("12121", "xxxxx", "12121"),
        ("1112", "xx.x", "1211"),
        ("1111", "xxxx", "1111"),
    ],
)
def test_one_of_each_source_comes_first_among_those_that_answer(clusters: str, answering: str, expected: str) -> None:
    assert order(clusters, answering) == expected


@dataclass(frozen=True)
class Nearness:
    """All that a timeline asks of an engine: how near the passages are to the first."""

    cosines: Sequence[float]

    def similarities(self, passages: Sequence[int]) -> NDArray[np.float64]:
        assert len(passages) == len(self.cosines)
        return np.array([self.cosines])


def dated(*dates: str | None) -> list[Hit]:
    return [hit(number, number, published) for number, published in enumerate(dates)]


@pytest.mark.parametrize(
    ("dates", "cosines", "expected"),
    [
        (["2025-03-01", "2025-05-01", "2024-01-01"], [1, 0.9, 0.8], [2, 1, 3]),
        (["2025-03-01", "2025-03-01"], [1, 0.9], []),  # one date
        (["2025-03-01", None], [1, 0.9], []),
        (["2025-03-01", "2025-05-01"], [1, 0.3], []),  # another matter
        (["2025-03-15", "2025-03", "2025"], [1, 0.9, 0.9], [3, 2, 1]),  # by the last day that it may have been
        (["2025-03-31", "2025-03", "2024"], [1, 0.9, 0.9], [1, 2, 3]),  # of equals by rank
        ([None, "2025", "2024"], [1, 0.9, 0.9], [2, 3]),
        ([], [], []),
    ],
)
def test_a_timeline_has_what_is_on_one_matter_newest_first(
    dates: list[str | None], cosines: list[float], expected: list[int]
) -> None:
    assert [entry.rank for entry in timeline(cast(Engine, Nearness(cosines)), dated(*dates))] == expected


def test_the_news_of_one_matter_stands_in_order(engine: LocalEngine) -> None:
    question = "When will the first Pakistani astronaut fly to the Chinese station?"
    hits = engine.search(question, engine.encode([question])[0], 5)
    entries = timeline(engine, hits)
    published = [entry.published for entry in entries]
    assert published == sorted(published, reverse=True)
    assert len(set(published)) >= 2
    for entry in entries:
        assert hits[entry.rank - 1].excerpt.article.id == entry.article_id
        assert hits[entry.rank - 1].excerpt.article.published == entry.published
