"""Filters hold for what they say and for nothing else."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.article import Entry
from corpus.errors import InvalidFilter, WrongUse
from index.filters import EVERYTHING, FilterColumns, Filters, check

ARTICLES: dict[str, dict[str, Any]] = {
    "2024/a": {"publisher": "The Paper", "authors": ("Ada Writer", "Ben Author"), "published": "2024-12-31"},
    "2025/b": {"publisher": "THE PAPER", "language": "en-GB", "published": "2025-03-04", "tags": ("Space", "law")},
    "2025/c": {"publisher": "The Paper of Record", "language": "en", "published": "2025-03", "tags": ("law",)},
    "2025/d[1]": {"publisher": "Straße", "authors": ("Zoe\u0301",), "language": "EN-us", "published": "2025"},
    "2025/e/f": {"authors": ("ada writer",), "language": "eng"},
    "é/g": {"language": "de", "tags": ("space ",)},
}
IDS = list(ARTICLES)


def entry(article_id: str, **values: Any) -> Entry:
    return Entry(id=article_id, title="T", title_inferred=False, sha256="0" * 64, **values)


COLUMNS = FilterColumns([entry(article_id, **values) for article_id, values in ARTICLES.items()])


def chosen(**filters: Any) -> str:
    """The last letters of the articles that are chosen: d for ``2025/d[1]``."""
    mask = COLUMNS.select(Filters(**filters)).articles
    return "".join("abcdfg"[number] for number in range(len(IDS)) if mask[number])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "abcdfg"),
        ({"publishers": ("the paper",)}, "ab"),
        ({"publishers": ("The Paper", "STRASSE")}, "abd"),
        ({"publishers": ("Paper",)}, ""),
        ({"authors": ("ADA WRITER",)}, "af"),
        ({"authors": ("Ben Author", "ZO\u00c9")}, "ad"),
        ({"languages": ("en",)}, "bcd"),
        ({"languages": ("EN-GB",)}, "b"),
        ({"languages": ("en-gb-oed", "e")}, ""),
        ({"languages": ("de", "eng")}, "fg"),
        ({"languages": ("*",)}, "bcdfg"),
        ({"tags": ("LAW",)}, "bc"),
        ({"tags": ("space", "law")}, "bc"),
        ({"articles": ("2025/b",)}, "b"),
        ({"articles": ("2025/B",)}, ""),
        ({"articles": ("2025/*",)}, "bcdf"),
        ({"articles": ("*",)}, "abcdfg"),
        ({"articles": ("2025/?", "2024/*")}, "abc"),
        ({"articles": ("202[45]/[ab]",)}, "ab"),
        ({"articles": ("2025/[!b]",)}, "c"),
        ({"articles": ("2025/d[1]",)}, "d"),
        ({"articles": ("2025",)}, ""),
        ({"articles": ("e\u0301/*",)}, "g"),
        ({"publishers": ("The Paper",), "languages": ("en",)}, "b"),
        ({"publishers": ("The Paper",), "tags": ("law",), "articles": ("2024/*",)}, ""),
    ],
)
def test_each_kind_of_filter(filters: dict[str, tuple[str, ...]], expected: str) -> None:
    assert chosen(**filters) == expected


@pytest.mark.parametrize(
    ("dates", "expected", "undated"),
    [
        ({}, "abcdfg", 0),
        ({"published_from": "2024-12-31"}, "abcd", 2),
        ({"published_from": "2025"}, "bcd", 2),
        ({"published_from": "2025-03"}, "bc", 2),
        ({"published_from": "2025-03-02"}, "b", 2),
        ({"published_to": "2025"}, "abcd", 2),
        ({"published_to": "2025-03"}, "abc", 2),
        ({"published_to": "2025-03-30"}, "ab", 2),
        ({"published_to": "2025-03-04"}, "ab", 2),
        ({"published_to": "2025-03-03"}, "a", 2),
        ({"as_of": "2025-03-03"}, "a", 2),
        ({"as_of": "2025-03-04"}, "ab", 2),
        ({"as_of": "2025-12-30"}, "abc", 2),
        ({"as_of": "2025-12-31"}, "abcd", 2),
        ({"as_of": "2024"}, "a", 2),
        ({"as_of": "1999"}, "", 2),
        ({"published_from": "2025", "as_of": "2025-03"}, "bc", 2),
        ({"published_from": "2025", "published_to": "2025", "as_of": "2025-06"}, "bc", 2),
        ({"published_to": "9999", "languages": ("eng", "en")}, "bcd", 1),
        ({"published_to": "9999", "languages": ("eng",)}, "", 1),
        ({"published_to": "9999", "tags": ("law",)}, "bc", 0),
    ],
)
def test_an_article_is_within_a_period_if_all_of_its_date_is(
    dates: dict[str, Any], expected: str, undated: int
) -> None:
    assert chosen(**dates) == expected
    assert COLUMNS.select(Filters(**dates)).undated == undated


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"published_from": "2026-02-30"}, "published_from: must be a date like"),
        ({"published_to": "soon"}, "published_to: must be a date like"),
        ({"as_of": ""}, "as_of: must be a date like"),
        ({"as_of": "2025-03-04T10:00:00Z"}, "as_of: must be a date like"),
        ({"as_of": "20250304"}, "as_of: must be a date like"),
        ({"as_of": "2025-W10-1"}, "as_of: must be a date like"),
        ({"published_from": "2025-03-05", "published_to": "2025-03-04"}, "published_from: 2025-03-05 is after"),
        ({"published_from": "2026", "published_to": "2025-12"}, "published_from: 2026 is after"),
        ({"publishers": ("a", "")}, "publishers: a value is blank"),
        ({"articles": (" ",)}, "articles: a value is blank"),
        ({"tags": ("\t",)}, "tags: a value is blank"),
    ],
)
def test_a_filter_that_can_not_be_is_refused_by_its_name(filters: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidFilter, match=f"^{message}") as caught:
        check(Filters(**filters))
    assert caught.value.field == message.split(":")[0]
    assert isinstance(caught.value, WrongUse)
    with pytest.raises(InvalidFilter, match=f"^{message}"):
        COLUMNS.select(Filters(**filters))


@pytest.mark.parametrize(
    "dates", [("2025-03-04", "2025-03-04"), ("2025-03", "2025-03-01"), ("2025-03-31", "2025-03"), ("2025", "2025")]
)
def test_a_period_may_be_a_day_or_begin_within_what_it_ends_with(dates: tuple[str, str]) -> None:
    check(Filters(published_from=dates[0], published_to=dates[1]))


@pytest.mark.parametrize("name", ["publishers", "authors", "languages", "articles", "tags"])
def test_filters_by_value_say_so(name: str) -> None:
    filters = filters_of({name: ("x",)})
    assert not filters.by_date
    assert {filters: 1}[filters_of({name: ("x",)})] == 1


@pytest.mark.parametrize("name", ["published_from", "published_to", "as_of"])
def test_filters_by_date_say_so(name: str) -> None:
    filters = filters_of({name: "2025"})
    assert filters.by_date


def test_which_copy_is_shown_is_no_matter_of_dates() -> None:
    assert not Filters(copies="all").by_date
    assert not EVERYTHING.by_date


def filters_of(values: dict[str, Any]) -> Filters:
    return Filters(**values)


def test_an_id_that_reads_like_a_pattern_is_that_article_alone() -> None:
    columns = FilterColumns([entry("a[b]"), entry("ab"), entry("a*"), entry("ac")])
    assert columns.select(Filters(articles=("a[b]",))).articles.tolist() == [True, False, False, False]
    assert columns.select(Filters(articles=("a*",))).articles.tolist() == [False, False, True, False]
    assert columns.select(Filters(articles=("a?",))).articles.tolist() == [False, True, True, True]


def test_no_articles_are_no_selection() -> None:
    found = FilterColumns([]).select(Filters(as_of="2025", tags=("x",), articles=("*",)))
    assert (found.articles.shape, found.undated) == ((0,), 0)


WORDS = st.sampled_from(["a", "A", "b", "a-b", "A-c", "ä", "Ä", "a/b"])
DATES = st.sampled_from(["2024", "2024-02", "2024-02-29", "2024-03", "2024-03-01", "2025", "2025-01-01"])
VALUES = {
    "publisher": st.none() | WORDS,
    "language": st.none() | WORDS,
    "authors": st.lists(WORDS, max_size=2).map(tuple),
    "tags": st.lists(WORDS, max_size=2).map(tuple),
    "published": st.none() | DATES,
}
MANY = st.lists(WORDS, max_size=2).map(tuple)
GLOBS = st.text("abA/*?[]!-", min_size=1, max_size=5) | st.sampled_from(["a[b]", "[a]", "a", "[b-a]"])
FILTERS = st.builds(
    Filters,
    publishers=MANY,
    authors=MANY,
    languages=MANY,
    tags=MANY,
    articles=st.lists(GLOBS, max_size=2).map(tuple),
    published_from=st.none() | DATES,
    as_of=st.none() | DATES,
)


def begins(value: str) -> date:
    return date.fromisoformat((value + "-01-01")[:10])


def ends(value: str) -> date:
    return date.fromisoformat(
        {"2024": "2024-12-31", "2024-02": "2024-02-29", "2024-03": "2024-03-31", "2025": "2025-12-31"}.get(value, value)
    )


def meets(one: Entry, filters: Filters, ids: list[str]) -> bool:
    """Whether an article meets all of the filters but those by date, in plain words."""

    def among(wanted: tuple[str, ...], *held: str | None) -> bool:
        return not wanted or bool({word.lower() for word in wanted} & {word.lower() for word in held if word})

    def called(glob: str) -> bool:
        return one.id == glob if glob in ids else fnmatchcase(one.id, glob)

    language = (one.language or "").lower()
    return (
        among(filters.publishers, one.publisher)
        and among(filters.authors, *one.authors)
        and among(filters.tags, *one.tags)
        and (not filters.languages or any(f"{language}-".startswith(f"{tag.lower()}-") for tag in filters.languages))
        and (not filters.articles or any(called(glob) for glob in filters.articles))
    )


@given(st.lists(st.fixed_dictionaries(VALUES), max_size=8), FILTERS)
def test_selections_are_those_of_plain_words(values: list[dict[str, Any]], filters: Filters) -> None:
    ids = ["a", "b", "A", "a/b", "b/a", "a[b]", "ab", "[a]"][: len(values)]
    entries = [entry(article_id, **one) for article_id, one in zip(ids, values, strict=True)]
    expected, undated = [], 0
    for one in entries:
        in_period = True
        if filters.by_date and one.published is None:
            undated += meets(one, filters, ids)
            in_period = False
        elif filters.by_date and one.published is not None:
            in_period = (not filters.published_from or begins(one.published) >= begins(filters.published_from)) and (
                not filters.as_of or ends(one.published) <= ends(filters.as_of)
            )
        expected.append(in_period and meets(one, filters, ids))
    found = FilterColumns(entries).select(filters)
    assert (found.articles.tolist(), found.undated) == (expected, undated)
