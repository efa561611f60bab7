"""Dates are as exact as they are known, and nothing that is no date is one."""

from __future__ import annotations

from datetime import date

import pytest

from corpus.dates import first_day, last_day, parse, precision


@pytest.mark.parametrize("text", ["2025-03-04", "2025-03", "2025", "0001-01-01", "9999-12-31", "2024-02-29"])
def test_a_date_is_kept_as_it_is_written(text: str) -> None:
    assert parse(text) == text


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-03-04T23:30:00Z", "2025-03-04"),
        ("2025-03-04 23:30:00+0500", "2025-03-04"),
        ("2025-03-04T00:10:00.5-05:00", "2025-03-04"),
        ("20250304", "2025-03-04"),
        ("2025-W10-2", "2025-03-04"),
    ],
)
def test_other_forms_of_iso_8601_give_the_day_as_written(text: str, day: str) -> None:
    assert parse(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2025-02-29",
        "2025-02-30",
        "2025-13",
        "2025-00",
        "0000",
        "25",
        "2025-3",
        "2025-03-4",
        "2025-03-",
        " 2025",
        "2025\n",
        "-2025",
        "٢٠٢٥",
        "2025/2026",
        "2025-XX",
        "2025~",
        "12025",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - Whose message is the library's.
        parse(text)


@pytest.mark.parametrize(
    ("value", "first", "last", "exact"),
    [
        ("2025", date(2025, 1, 1), date(2025, 12, 31), "year"),
        ("2025-03", date(2025, 3, 1), date(2025, 3, 31), "month"),
        ("2025-12", date(2025, 12, 1), date(2025, 12, 31), "month"),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28), "month"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "month"),
        ("2025-03-04", date(2025, 3, 4), date(2025, 3, 4), "day"),
        ("0001", date(1, 1, 1), date(1, 12, 31), "year"),
        ("9999", date(9999, 1, 1), date(9999, 12, 31), "year"),
    ],
)
def test_a_date_is_a_period_of_days(value: str, first: date, last: date, exact: str) -> None:
    assert (first_day(value), last_day(value), precision(value)) == (first, last, exact)


@pytest.mark.parametrize("value", ["2025-13", "2025-02-30", "soon", ""])
def test_no_day_is_made_up(value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        first_day(value)
    with pytest.raises(ValueError):  # noqa: PT011
        last_day(value)
