"""The page where no script runs: all of it works that does not need one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser import FACT, QUESTION, UNANSWERED, Pages, Served, asked

if TYPE_CHECKING:
    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]


@pytest.fixture
def page(pages: Pages) -> Page:
    return pages.open(java_script_enabled=False)


def given(page: Page) -> dict[str, list[str]]:
    """What the page's address says, without blank values."""
    return parse_qs(urlsplit(page.url).query)


def test_a_question_is_asked_and_narrowed_down(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill(QUESTION)
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_selector(".passages")
    assert FACT in str(page.locator("#p1 blockquote").text_content())
    page.get_by_label("Ibidem Wire").check()
    page.get_by_label("from", exact=True).fill("2025-06")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**Wire**")
    assert given(page) == {"question": [QUESTION], "publishers": ["Ibidem Wire"], "published_from": ["2025-06"]}
    assert page.locator(".chips li").count() == 3
    page.locator(".chips a", has_text="2025-06").click()
    page.wait_for_load_state()
    assert given(page) == {"question": [QUESTION], "publishers": ["Ibidem Wire"]}
    page.locator(".bars a").first.locator("rect.void").click()
    page.wait_for_url("**published_to**")
    assert given(page)["published_from"] == given(page)["published_to"] == ["2025-03"]


def test_the_nearest_passages_can_be_unfolded(page: Page) -> None:
    page.goto(asked(UNANSWERED))
    assert not page.locator("#p1").is_visible()
    page.get_by_text("which don't answer it").click()
    assert page.locator("#p1").is_visible()


@pytest.mark.parametrize("path", ["/", asked(QUESTION), "/articles/2025/ax-4-returns?start=0&end=100", "/verify"])
def test_nothing_is_shown_that_would_need_a_script(page: Page, path: str) -> None:
    page.goto(path)
    buttons = [button.inner_text() for button in page.get_by_role("button").all() if button.is_visible()]
    assert set(buttons) <= {"Ask", "Apply", "Verify"}
    if path != "/verify":
        assert "Verify" not in buttons
    assert page.locator("select:visible, .selected:visible, .toast:visible, dialog:visible").count() == 0


def test_a_passage_is_opened_and_cited(page: Page, service: Served) -> None:
    citation = service.json("/v1" + asked(QUESTION).replace("/?", "/ask?"))["passages"][1]["citation"]
    page.goto(asked(QUESTION))
    page.locator("#p2 h2 a").click()
    page.wait_for_selector("#passage")
    assert page.url.endswith(citation["link"])
    box = page.locator("#passage").bounding_box()
    assert box
    assert 0 <= box["y"] < 650
    page.get_by_role("link", name="Citation").click()
    page.wait_for_url("**/cite?**")
    assert page.locator("blockquote").text_content() == citation["quote"]
    page.get_by_role("link", name="apa", exact=True).click()
    page.wait_for_url("**cite=apa**")
    assert citation["quote"].split("\n")[0] in str(page.locator("pre").text_content())


def test_a_quote_and_a_citation_are_verified(page: Page, service: Served) -> None:
    citation = service.json("/v1" + asked(QUESTION).replace("/?", "/ask?"))["passages"][0]["citation"]
    for text in (FACT, json.dumps(citation)):
        page.goto("/verify")
        page.get_by_label("Quote, citation or link").fill(text)
        page.get_by_role("button", name="Verify").click()
        page.wait_for_selector(".verdict")
        assert page.locator(".verdict").inner_text().startswith("Verified. ")


def test_the_link_to_a_question_is_its_address(page: Page) -> None:
    page.goto(asked(QUESTION, ("as_of", "2025-08")))
    page.get_by_role("link", name="Link to this question").click()
    page.wait_for_load_state()
    assert given(page) == {"question": [QUESTION], "as_of": ["2025-08"]}
    assert page.locator(".passage").count() == 5
