"""The page by its keys alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import QUESTION, QUOTE, UNANSWERED, Pages, Served, asked

if TYPE_CHECKING:
    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]

FOCUSED = "document.activeElement.id"
MARKED = """() => {
    // How what has the focus is told from what has not: by an outline, or the bar beside a passage.
    const element = document.activeElement, bar = getComputedStyle(element, "::before");
    const outline = getComputedStyle(element);
    if (outline.outlineStyle !== "none" && parseFloat(outline.outlineWidth) >= 2) return true;
    return bar.content !== "none" && parseFloat(bar.width) >= 3;
}"""


@pytest.fixture
def page(pages: Pages) -> Page:
    return pages.open(permissions=["clipboard-read", "clipboard-write"])


@pytest.fixture(scope="module")
def passages(service: Served) -> Any:
    return service.json("/v1" + asked(QUESTION).replace("/?", "/ask?"))["passages"]


def copied(page: Page, says: str) -> str:
    page.locator(".toast", has_text=says).wait_for()
    text = str(page.evaluate("navigator.clipboard.readText()"))
    page.evaluate("document.querySelector('.toast').textContent = ''")
    return text


def test_the_slash_leads_to_the_question_and_escape_away(page: Page) -> None:
    page.goto(asked(QUESTION))
    page.keyboard.press("/")
    assert page.evaluate(FOCUSED) == "question"
    page.keyboard.type("jkcqv?/")  # what was there is selected, so it goes
    assert page.get_by_role("searchbox").input_value() == "jkcqv?/"
    assert not page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("j")
    assert page.evaluate(FOCUSED) == "p1"


def test_j_and_k_go_from_passage_to_passage(page: Page) -> None:
    page.goto(asked(QUESTION))
    page.keyboard.press("k")
    assert page.evaluate(FOCUSED) == "p1"
    for key, now in (("j", 2), ("j", 3), ("k", 2), ("j", 3), ("j", 4), ("j", 5), ("j", 5)):
        page.keyboard.press(key)
        assert page.evaluate(FOCUSED) == f"p{now}"
        assert page.evaluate(MARKED)
        box = page.locator(f"#p{now}").bounding_box()
        assert box
        assert 0 <= box["y"] < 700


def test_the_keys_do_with_a_passage_what_its_buttons_do(page: Page, passages: Any) -> None:
    page.goto(asked(QUESTION))
    page.keyboard.press("q")
    assert copied(page, "Quote copied") == passages[0]["text"]
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("q")
    assert copied(page, "Quote copied") == passages[1]["text"]
    page.keyboard.press("c")
    assert passages[1]["text"] in copied(page, "Citation (plain) copied")
    page.keyboard.press("v")
    page.locator("#p2 .status", has_text="Verified.").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/articles/**")
    assert page.evaluate(QUOTE) == passages[1]["text"]


def test_the_keys_work_within_an_article(page: Page, passages: Any) -> None:
    page.goto(passages[2]["citation"]["link"])
    page.keyboard.press("q")
    assert copied(page, "Quote copied") == passages[2]["text"]
    page.keyboard.press("c")
    assert passages[2]["text"] in copied(page, "Citation (plain) copied")
    page.keyboard.press("v")
    page.locator(".status", has_text="Verified.").wait_for()


@pytest.mark.parametrize("path", ["/", "/articles", "/articles/2025/ax-4-returns", "/verify", "/feedback"])
def test_where_there_is_nothing_to_do_the_keys_do_nothing(page: Page, path: str) -> None:
    page.goto(path)
    page.evaluate("document.activeElement.blur()")
    for key in "cqv":
        page.keyboard.press(key)
    page.wait_for_timeout(100)
    assert page.locator(".toast").inner_text() == ""


def test_the_list_of_keys_opens_and_closes(page: Page) -> None:
    page.goto(asked(QUESTION))
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keyboard").is_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()
    page.get_by_role("button", name="Keyboard").click()
    page.get_by_role("button", name="Close").click()
    assert not page.get_by_role("dialog").is_visible()


@pytest.mark.parametrize("modifier", ["Control", "Alt", "Meta"])
def test_the_browsers_own_keys_are_left_alone(page: Page, modifier: str) -> None:
    page.goto(asked(QUESTION))
    page.evaluate("document.addEventListener('keydown', event => { window.taken ||= event.defaultPrevented })")
    for key in "jkcqv/":
        page.evaluate(
            """([key, modifier]) => document.body.dispatchEvent(new KeyboardEvent("keydown", {
                key, bubbles: true, cancelable: true,
                ctrlKey: modifier === "Control", altKey: modifier === "Alt", metaKey: modifier === "Meta",
            }))""",
            [key, modifier],
        )
    assert page.evaluate("!window.taken")
    assert page.evaluate("document.activeElement === document.body")
    assert page.locator(".toast").inner_text() == ""


def test_keys_that_are_typed_elsewhere_are_left_alone(page: Page) -> None:
    page.goto(asked(QUESTION))
    page.locator("#p1 .judge summary").click()
    comment = page.locator("#p1").get_by_label("Comment")
    comment.press_sequentially("j c v?")
    assert comment.input_value() == "j c v?"
    page.get_by_label("Citations as").focus()
    page.keyboard.press("c")  # the browser's: the next one that begins so
    assert page.get_by_label("Citations as").input_value() == "chicago"
    assert page.locator(".toast").inner_text() == ""


@pytest.mark.parametrize("path", [asked(QUESTION), asked(UNANSWERED), "/articles", "/feedback"])
def test_whatever_has_the_focus_shows_it(page: Page, path: str) -> None:
    page.goto(path)
    page.evaluate("document.activeElement.blur()")
    seen = []
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        seen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
        assert page.evaluate(MARKED), seen[-1]
        box = page.evaluate("JSON.stringify(document.activeElement.getBoundingClientRect())")
        assert '"width":0,' not in box, seen[-1]
    assert len(seen) > 8
    assert "To the content" in seen[0]


def test_the_first_thing_leads_past_everything_to_the_content(page: Page) -> None:
    page.goto(asked(QUESTION))
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="To the content")
    box = skip.bounding_box()
    assert box
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
