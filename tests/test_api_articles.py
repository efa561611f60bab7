"""``GET /v1/articles``: pages, orders and filters over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from qa.paging import MAX_ARTICLES
from tests.conftest import get
from tests.test_contract import assert_problem


def followed(client: FlaskClient, query: str) -> tuple[list[Any], list[Any]]:
    """The pages, by their cursors, and all of their articles."""
    pages = [get(client, f"/v1/articles?{query}")]
    while cursor := pages[-1]["next"]:
        pages.append(get(client, f"/v1/articles?{query}&cursor={cursor}"))
    return pages, [entry for page in pages for entry in page["articles"]]


@pytest.mark.parametrize("sort", ["id", "title", "published"])
def test_the_pages_of_an_order_are_all_articles_in_that_order(client: FlaskClient, sort: str) -> None:
    pages, found = followed(client, f"sort={sort}&limit=6")
    assert [len(page["articles"]) for page in pages] == [6, 6, 6, 2]
    assert {page["total"] for page in pages} == {20}
    assert found == get(client, f"/v1/articles?sort={sort}")["articles"]
    assert len({entry["id"] for entry in found}) == 20
    values = [entry[sort] for entry in found]
    assert values == sorted(values, key=str.casefold, reverse=sort == "published")


def test_filters_are_those_of_questions(client: FlaskClient) -> None:
    everything = get(client, "/v1/articles")["articles"]
    query = "publishers=ibidem+wire&publishers=ORBITAL+TIMES&published_from=2025&as_of=2026-03"
    pages, found = followed(client, query + "&limit=2")
    expected = [
        entry
        for entry in everything
        if entry["publisher"] in ("Ibidem Wire", "Orbital Times") and "2025" <= entry["published"] <= "2026-03-31"
    ]
    assert found == expected
    assert 2 < len(found) < 20
    assert pages[0]["total"] == len(found)


@pytest.mark.parametrize(
    ("query", "status", "says", "field"),
    [
        ("limit=0", 422, "greater than or equal to 1", "limit"),
        (f"limit={MAX_ARTICLES + 1}", 422, "less than or equal to 1000", "limit"),
        ("limit=ten", 422, "integer", "limit"),
        ("limit=5&limit=6", 400, "more than once", None),
        ("sort=date", 422, "published", "sort"),
        ("cursor=", 422, "'next' of an earlier page", "cursor"),
        ("cursor=garbage", 422, "'next' of an earlier page", "cursor"),
        ("cursor=WyJ0aXRsZSIsImEiLCJhIl0", 422, "order 'title', not of 'id'", "cursor"),
        ("cursor=%ff", 400, "UTF-8", None),
        ("page=2", 422, "no such field", "page"),
        ("question=Who", 422, "no such field", "question"),
        ("as_of=2026-02-30", 422, "date", "as_of"),
        ("publishers=+", 422, "blank", "publishers"),
        ("published_from=2026&published_to=2025", 422, "is after", "published_from"),
        ("copies=some", 422, "earliest", "copies"),
    ],
)
def test_what_can_not_be_listed_is_a_problem(
    client: FlaskClient, query: str, status: int, says: str, field: str | None
) -> None:
    assert_problem(client.get(f"/v1/articles?{query}"), status, says, field)
