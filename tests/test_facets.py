"""The facets of a catalogue, against what a person counts."""

from __future__ import annotations

from corpus.article import Entry
from qa.facets import Bar, Value, facets


def entry(number: int, published: str | None, publisher: str | None = None, language: str | None = None) -> Entry:
    return Entry(
        id=f"a{number}", title="A", title_inferred=False, published=published, publisher=publisher, language=language,
        sha256="0" * 64,
    )  # fmt: skip


def dated(*dates: str | None) -> list[Entry]:
    return [entry(number, date) for number, date in enumerate(dates)]


def test_values_come_by_how_many_articles_have_them() -> None:
    found = facets([entry(0, None, "B", "en"), entry(1, None, "A", "de"), entry(2, None, "C"), entry(3, None, "C")])
    assert found.publishers == (Value("C", 2), Value("A", 1), Value("B", 1))
    assert found.languages == (Value("de", 1), Value("en", 1))
    assert (found.dates, found.undated) == ((), 4)


def test_a_few_years_are_counted_by_month_without_gaps() -> None:
    found = facets(dated("2025-11-30", "2026-01", "2025-11-01", None, "2025"))
    assert found.dates == (
        Bar("2025-01", "2025-01", 0), *(Bar(f"2025-{month:02}", f"2025-{month:02}", 0) for month in range(2, 11)),
        Bar("2025-11", "2025-11", 2), Bar("2025-12", "2025-12", 0), Bar("2026-01", "2026-01", 1),
    )  # fmt: skip
    assert found.undated == 2  # one of no date, and one of which only the year is known


def test_many_years_are_counted_by_year_and_more_by_decade() -> None:
    years = facets(dated("1999", "2003-02", "2003-05-06", "2010"))
    assert len(years.dates) == 12
    assert [bar for bar in years.dates if bar.articles] == [
        Bar("1999", "1999", 1), Bar("2003", "2003", 2), Bar("2010", "2010", 1),
    ]  # fmt: skip
    decades = facets(dated("1891", "1899-12-31", "2026"))
    assert [bar for bar in decades.dates if bar.articles] == [Bar("1890", "1899", 2), Bar("2020", "2029", 1)]
    assert len(decades.dates) == 14
    assert (years.undated, decades.undated) == (0, 0)


def test_the_first_and_the_last_year_that_there_are() -> None:
    found = facets(dated("0001", "9999-12-31"))
    assert sum(bar.articles for bar in found.dates) == 2


def test_an_empty_catalogue_has_none() -> None:
    found = facets([])
    assert (found.publishers, found.languages, found.dates, found.undated) == ((), (), (), 0)
