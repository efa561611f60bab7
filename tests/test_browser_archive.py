"""Browsing the archive: by month, narrowed down, page by page; and what is new in a generation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from qa.app import create_app
from qa.live import Live
from qa.paging import DEFAULT_ARTICLES
from tests.browser import PROBLEM, QUOTE, Pages, Served, serve_app
from tests.changing import BELL, FETCHED, NOTES

if TYPE_CHECKING:
    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]

ALL = NOTES + 6
"""So many articles there are after the change."""


@pytest.fixture(scope="module")
def service(changed_index: Path) -> Iterator[Served]:
    with serve_app(create_app(Live(changed_index))) as served:
        yield served


def listed(page: Page) -> list[str]:
    return page.locator(".listed > li > a").all_inner_texts()


def test_articles_stand_by_month_the_newest_first(page: Page, service: Served) -> None:
    page.goto("/articles")
    found = service.json("/v1/articles?sort=published")
    assert f"{ALL} articles, the newest first" in page.locator("main").inner_text()
    assert listed(page) == [article["title"] for article in found["articles"]]
    months = [article["published"][:7] for article in found["articles"]]
    assert page.locator(".month").all_inner_texts() == list(dict.fromkeys(months))
    assert len(set(months)) > 10
    for month in page.locator(".month").all()[:3]:
        dates = month.locator("xpath=following-sibling::ul[1]").locator(".source > time").all_inner_texts()
        assert dates
        assert all(date.startswith(month.inner_text()) for date in dates)


def test_all_articles_come_page_by_page(page: Page) -> None:
    page.goto("/articles")
    first = listed(page)
    assert len(first) == DEFAULT_ARTICLES
    page.get_by_role("link", name="Older articles").click()
    page.wait_for_url("**cursor=**")
    assert len(first + listed(page)) == ALL
    assert len(set(first + listed(page))) == ALL - 1  # one is a copy, of the same title
    assert page.get_by_role("link", name="Older articles").count() == 0
    assert page.locator(".month").last.inner_text() == "Date not known"
    assert listed(page)[-1] in ("Bridge opens", "The whistle")


def test_filters_narrow_the_list_and_stay_on_further_pages(page: Page) -> None:
    page.goto("/articles")
    page.get_by_label("Paper 3").check()
    page.wait_for_url("**publishers=Paper+3")
    assert "10 articles" in page.locator("main > .columns > div > .source").inner_text()
    assert len(listed(page)) == 10
    page.get_by_label("from", exact=True).fill("2025")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**published_from=2025**")
    assert listed(page)
    assert all(date >= "2025" for date in page.locator(".listed time").all_inner_texts())
    page.get_by_role("link", name="ask only these").click()
    page.wait_for_load_state()
    assert parse_qs(urlsplit(page.url).query) == {"publishers": ["Paper 3"], "published_from": ["2025"]}
    assert page.get_by_label("Paper 3").is_checked()
    page.goto("/articles?published_from=2024")
    page.get_by_role("link", name="Older articles").click()
    page.wait_for_url("**cursor=**")
    assert page.locator(".chips a").count() == 1


def test_a_publisher_that_is_not_among_the_boxes_can_be_typed(page: Page) -> None:
    page.goto("/articles")
    assert page.locator("[name=publishers][type=checkbox]").count() == 8
    other = page.get_by_label("more; another:")
    other.fill("Evening Star")
    other.press("Enter")
    page.wait_for_url("**publishers=Evening+Star")
    assert listed(page) == ["The lamp of Orlam is lit"]
    assert page.get_by_label("Evening Star").is_checked()
    page.get_by_label("Paper 3").check()
    page.wait_for_url("**publishers=Paper+3**")
    assert len(listed(page)) == 11


def test_a_period_is_drawn_over_the_histogram(page: Page) -> None:
    page.goto("/articles")
    bar = page.locator(".bars a").nth(2)
    bar.locator("rect.void").click()
    page.wait_for_url("**published_to=**")
    month = bar.get_attribute("data-first")
    assert page.locator(".month").all_inner_texts() == [month]


def test_a_wrong_filter_or_cursor_is_explained(pages: Pages) -> None:
    page = pages.open(expected=PROBLEM)
    for query, says in (
        ("published_to=2025-99", "This can't be listed. To: must be a date"),
        ("cursor=nonsense", "This can't be listed. "),
    ):
        response = page.goto(f"/articles?{query}")
        assert response
        assert response.status == 422
        assert page.get_by_role("alert").inner_text().startswith(says)
        assert page.locator(".bars").count() == 1


def test_a_filter_that_leaves_nothing_says_so(page: Page) -> None:
    page.goto("/articles?tags=none+has+this")
    assert "There is no such article." in page.locator("main").inner_text()


def test_what_is_new_is_listed(page: Page, service: Served) -> None:
    page.goto("/new")
    changes = service.json("/v1/changes")
    assert f"against {changes['since']}" in page.locator("main").inner_text()
    assert page.locator("main h2").all_inner_texts() == ["2 added", "1 changed", "1 removed"]
    assert set(listed(page)[:2]) == {"Bridge opens", "The whistle"}
    assert listed(page)[2:] == ["The bell", "Nets"]
    page.get_by_role("link", name="The bell").click()
    page.wait_for_url("**/articles/bell")
    assert page.locator(".text").text_content() == f"The bell\n\n{BELL.replace('1931', '1932')}"


def test_what_was_removed_can_still_be_read(page: Page) -> None:
    page.goto("/new")
    page.get_by_role("link", name="Nets").click()
    page.wait_for_url("**/articles/nets?sha256=**")
    assert "This is an earlier text" in page.get_by_role("status").first.inner_text()
    assert str(page.locator(".text").text_content()).startswith("Nets\n\nNets dry on the wall")
    page.get_by_role("link", name="First passage").click()
    page.wait_for_selector("#passage")
    assert str(page.evaluate(QUOTE)).startswith("Nets")


def test_the_first_page_tells_what_is_new(page: Page) -> None:
    page.goto("/")
    found = page.locator(".listed a").all_inner_texts()
    assert set(found) == {"Bridge opens", "The whistle"}
    page.get_by_role("link", name=found[0], exact=True).click()
    page.wait_for_url("**/articles/**")
    assert page.url.endswith((FETCHED, "whistle"))
    page.goto("/")
    page.get_by_role("link", name="New since the last generation").click()
    page.wait_for_url("**/new")


def test_the_foot_of_every_page_names_the_generation(page: Page, service: Served) -> None:
    generation = service.json("/readyz")["generation"]
    for path in ("/", "/articles", "/new", "/verify", "/articles/bell"):
        page.goto(path)
        assert f"generation {generation}" in page.locator("footer").inner_text()
        assert page.locator("nav[aria-label=Pages] a").all_inner_texts() == ["Articles", "New", "Verify"]
    page.goto("/articles")
    assert page.locator("[aria-current=page]").inner_text() == "Articles"
