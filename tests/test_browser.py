"""The page in a real browser, served as users are: ask, read, follow a citation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import FACT, PROBLEM, QUESTION, QUOTE, UNANSWERED, Pages, asked
from tests.conftest import Service, run_service

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page  # type: ignore[import-not-found,unused-ignore]


@pytest.fixture(scope="module")
def service(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(tmp_path_factory.mktemp("service"), index) as service:
        yield service


def ask(page: Page, question: str = QUESTION) -> None:
    page.goto("/")
    page.get_by_role("searchbox", name="Ask the archive").fill(question)
    page.get_by_role("button", name="Ask").click()
    page.wait_for_selector(".passages", state="attached")


def marked(passage: Any) -> str:
    """The highlighted sentences of a passage, in the order in which they stand."""
    spans = sorted((span["start"] - passage["start"], span["end"] - passage["start"]) for span in passage["highlights"])
    return "".join(passage["text"][start:end] for start, end in spans)


def is_in_view(shown: Locator) -> bool:
    """Whether the first lines of something are on the screen."""
    box, screen = shown.bounding_box(), shown.page.viewport_size
    assert box
    assert screen
    return 0 <= box["y"] < screen["height"] - 50


def test_a_question_is_answered_with_passages_and_their_citations(page: Page, service: Service) -> None:
    ask(page)
    expected = service.json("/v1" + asked(QUESTION).replace("/?", "/ask?"))
    passages = page.locator(".passages > li")
    assert passages.count() == len(expected["passages"]) == 5
    for number, passage in enumerate(expected["passages"]):
        shown, citation = passages.nth(number), passage["citation"]
        assert shown.locator("blockquote").text_content() == passage["text"]
        assert "".join(shown.locator("mark").all_text_contents()) == marked(passage)
        assert shown.locator("h2 a").get_attribute("href") == citation["link"]
        assert shown.locator("h2").text_content() == f"{passage['rank']}{citation['title']}"
        place = str(shown.locator(".place").text_content())
        assert f"{citation['article_id']} [{citation['start']}:{citation['end']}]" in place
        assert citation["sha256"] in place
    assert "".join(passages.nth(0).locator("mark").all_text_contents()) == FACT
    assert set(passages.nth(0).locator("mark b").all_text_contents()) >= {"first", "Pakistani", "astronaut", "fly"}
    assert page.get_by_role("searchbox").input_value() == QUESTION
    assert QUESTION in page.title()
    sources = f"from {expected['independent_sources']} independent sources"
    assert sources in page.locator(".verdict").inner_text()


def test_the_keyboard_is_enough(page: Page) -> None:
    page.goto("/")
    page.keyboard.type(QUESTION)  # the field has the focus
    page.keyboard.press("Enter")
    page.wait_for_selector(".passages")
    page.locator(".passages h2 a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#passage")
    assert FACT in page.evaluate(QUOTE)


@pytest.mark.parametrize("rank", [0, 2, 4])
def test_a_citation_opens_its_article_at_the_passage(page: Page, rank: int) -> None:
    ask(page)
    shown = page.locator(".passages > li").nth(rank)
    text = shown.locator("blockquote").text_content()
    shown.locator("h2 a").click()
    page.wait_for_selector("#passage")
    assert page.evaluate(QUOTE) == text
    assert page.locator("#passage").count() == 1
    assert is_in_view(page.locator("#passage"))
    background = page.locator("#passage").evaluate("element => getComputedStyle(element).backgroundColor")
    assert background not in ("rgba(0, 0, 0, 0)", page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_an_address_may_lead_to_a_passage_of_an_answer(page: Page) -> None:
    page.goto(asked(QUESTION) + "#p4")
    assert is_in_view(page.locator("#p4"))
    assert page.evaluate("scrollY") > 0


def test_what_is_not_answered_is_said_and_the_nearest_is_folded(page: Page, service: Service) -> None:
    ask(page, UNANSWERED)
    answer = service.json("/v1" + asked(UNANSWERED).replace("/?", "/ask?"))
    assert not answer["answered"]
    said = page.locator(".verdict").inner_text()
    assert said.startswith(f"The archive does not answer this. {answer['reason']['sentence']}")
    assert not page.locator(".passage").first.is_visible()
    page.get_by_text("The 5 nearest passages, which don't answer it").click()
    assert [
        text == passage["text"]
        for text, passage in zip(
            page.locator(".passage blockquote").all_text_contents(), answer["passages"], strict=True
        )
    ] == [True] * 5
    assert page.locator(".passage").first.is_visible()


def test_the_nearest_is_unfolded_by_the_key_for_the_next_passage(page: Page) -> None:
    ask(page, UNANSWERED)
    page.locator("body").press("j")
    assert page.locator("#p1").is_visible()
    assert page.evaluate("document.activeElement.id") == "p1"
    assert is_in_view(page.locator("#p1"))


def test_the_timeline_leads_to_the_passages(page: Page, service: Service) -> None:
    ask(page)
    timeline = service.json("/v1" + asked(QUESTION).replace("/?", "/ask?"))["timeline"]
    entries = page.locator(".timeline li")
    assert entries.count() == len(timeline) > 1
    for number, entry in enumerate(timeline):
        assert entries.nth(number).locator("time").text_content() == entry["published"]
        entries.nth(number).locator("a").click()
        assert page.url.endswith(f"#p{entry['rank']}")
        assert page.evaluate("document.querySelector(':target .rank').textContent") == str(entry["rank"])


def test_more_passages_can_be_asked_for(page: Page) -> None:
    ask(page)
    first = page.locator(".passage blockquote").all_text_contents()
    page.get_by_role("link", name="more passages").click()
    page.wait_for_selector("#p20", state="attached")
    assert page.locator(".passage blockquote").all_text_contents()[:5] == first
    assert page.locator(".passage").count() == 20
    assert page.get_by_role("link", name="more passages").count() == 0
    assert page.get_by_role("searchbox").input_value() == QUESTION


def test_a_wrong_address_shows_a_page(pages: Pages) -> None:
    page = pages.open(expected=PROBLEM)
    for path, status, title in (
        ("/nope", 404, "Not Found"),
        ("/articles/nope", 404, "Not Found"),
        ("/cite?article_id=nope", 422, "Unprocessable"),
        ("/feedback?cursor=nope", 422, "Unprocessable"),
    ):
        response = page.goto(path)
        assert response
        assert response.status == status
        assert title in str(page.locator("h1").text_content())
        assert page.get_by_role("searchbox").count() == 1


def test_a_question_that_cannot_be_asked_is_explained_where_it_stands(pages: Pages) -> None:
    page = pages.open(expected=PROBLEM)
    response = page.goto("/?question=" + "x" * 2001)
    assert response
    assert response.status == 422
    assert "This can't be asked. The question has 2001 characters" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("searchbox").input_value() == "x" * 2001
