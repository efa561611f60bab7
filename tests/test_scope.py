"""Which passages a question may find: what filters leave, and one of each article's copies."""

from __future__ import annotations

import numpy as np
import pytest

from corpus.article import Entry
from corpus.errors import InvalidFilter
from index.copies import Copies
from index.filters import EVERYTHING, Filters
from index.scope import Scopes

ARTICLES = ("agency", "daily", "evening", "other", "undated")
PUBLISHED = ("2025-03-02", "2025-03-01", "2025-03", "2025-01-01", None)
# Two passages each. The first ones of agency, daily, evening and undated are copies; so are the second ones of agency
# and daily. The second one of evening is its own, and both of other are.
GROUPS = [0, 1, 0, 1, 0, 2, 3, 4, 0, 5]
CLUSTERS = [0, 0, 0, 1, 0]


def entry(article_id: str, published: str | None) -> Entry:
    return Entry(id=article_id, title=article_id, title_inferred=False, published=published, sha256="0" * 64)


@pytest.fixture
def scopes() -> Scopes:
    entries = [entry(*one) for one in zip(ARTICLES, PUBLISHED, strict=True)]
    copies = Copies(np.array(GROUPS, np.int32), np.array(CLUSTERS, np.int32))
    return Scopes(entries, np.repeat(np.arange(5), 2), copies)


def found(scopes: Scopes, filters: Filters = EVERYTHING) -> list[int]:
    passages = scopes.of(filters).passages
    return list(range(10)) if passages is None else np.flatnonzero(passages).tolist()


def test_of_copies_the_one_published_first_is_found(scopes: Scopes) -> None:
    # A month may have begun with its first day: evening (2025-03) and daily (2025-03-01) tie, and daily is first by id.
    assert found(scopes) == [2, 3, 5, 6, 7, 9]


def test_of_copies_the_one_published_last_is_found_if_asked_for(scopes: Scopes) -> None:
    # A month may have lasted to its last day, so evening comes last.
    assert found(scopes, Filters(copies="latest")) == [1, 4, 5, 6, 7, 9]


def test_all_copies_are_found_if_asked_for(scopes: Scopes) -> None:
    assert scopes.of(Filters(copies="all")).passages is None


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(articles=("agency",)), [0, 1]),
        (Filters(articles=("agency", "evening")), [1, 4, 5]),
        (Filters(articles=("undated",)), [8, 9]),
        (Filters(published_from="2025-03-02"), [0, 1]),
        (Filters(published_to="2025-02"), [6, 7]),
        (Filters(as_of="2025-03-01"), [2, 3, 6, 7]),
        (Filters(as_of="2025-03-31"), [2, 3, 5, 6, 7]),
        (Filters(articles=("none",)), []),
    ],
)
def test_a_copy_stands_in_where_filters_leave_out_the_earliest(
    scopes: Scopes, filters: Filters, expected: list[int]
) -> None:
    assert found(scopes, filters) == expected


def test_undated_articles_are_counted_where_dates_leave_them_out(scopes: Scopes) -> None:
    assert scopes.of(Filters(as_of="2026")).undated == 1
    assert scopes.of(Filters(as_of="2026", articles=("daily",))).undated == 0
    assert scopes.of(EVERYTHING).undated == 0
    assert scopes.of(Filters(as_of="2026")).articles.tolist() == [True, True, True, True, False]


def test_the_copies_of_a_passage_are_one_passage_of_each_other_article(scopes: Scopes) -> None:
    everything = scopes.of(EVERYTHING)
    assert scopes.copies(2, everything) == [0, 4, 8]
    assert scopes.copies(3, everything) == [1]
    assert scopes.copies(5, everything) == []


def test_copies_that_filters_leave_out_are_not_named(scopes: Scopes) -> None:
    assert scopes.copies(2, scopes.of(Filters(as_of="2025-03-02"))) == [0]


def test_an_article_counts_with_its_copies_as_one_source(scopes: Scopes) -> None:
    assert {scopes.cluster(passage) for passage in range(10)} == {0, 1}
    assert scopes.cluster(6) == 1


def test_passages_of_one_article_do_not_stand_for_one_another() -> None:
    copies = Copies(np.array([0, 0, 0], np.int32), np.array([0, 0], np.int32))
    scopes = Scopes([entry("a", "2025"), entry("b", "2024")], np.array([0, 1, 1]), copies)
    assert found_in(scopes) == [1, 2]


def test_an_archive_without_copies_leaves_out_nothing() -> None:
    copies = Copies(np.arange(3, dtype=np.int32), np.arange(2, dtype=np.int32))
    scopes = Scopes([entry("a", None), entry("b", None)], np.array([0, 1, 1]), copies)
    assert scopes.of(EVERYTHING).passages is None
    assert scopes.copies(1, scopes.of(EVERYTHING)) == []


def test_what_can_not_be_filtered_by_is_refused(scopes: Scopes) -> None:
    with pytest.raises(InvalidFilter, match="as_of"):
        scopes.of(Filters(as_of="2026-02-30"))


def found_in(scopes: Scopes) -> list[int]:
    passages = scopes.of(EVERYTHING).passages
    assert passages is not None
    return np.flatnonzero(passages).tolist()
