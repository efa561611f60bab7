"""The page that verifies what somebody pastes: quotes, citations, links, as a browser sends them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from qa.app import MAX_BODY_BYTES
from tests.browser import FACT, PROBLEM, QUESTION, Pages, Served, asked

if TYPE_CHECKING:
    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]

WORD_FOR_WORD = "Verified. The archive has this word for word."


@pytest.fixture(scope="module")
def answer(service: Served) -> Any:
    return service.json("/v1" + asked(QUESTION).replace("/?", "/ask?"))


def verify(page: Page, text: str) -> list[str]:
    """What is said of each thing that was pasted."""
    page.goto("/verify")
    page.get_by_label("Quote, citation or link").fill(text)
    page.get_by_role("button", name="Verify").click()
    page.locator(".verdict").first.wait_for()
    assert page.get_by_label("Quote, citation or link").input_value() == text
    return [" ".join(said.split()) for said in page.locator(".verdict").all_inner_texts()]


def test_a_quote_is_found_word_for_word(page: Page, answer: Any) -> None:
    assert verify(page, FACT) == [WORD_FOR_WORD]
    assert page.locator(".passage blockquote").text_content() == FACT
    page.get_by_role("link", name="In the article").click()
    page.wait_for_selector("#passage")
    assert page.locator("mark").all_text_contents() == [FACT]


def test_a_quote_of_several_paragraphs_is_found_word_for_word(page: Page, answer: Any) -> None:
    """A browser sends the ends of lines otherwise than they stand in the archive."""
    text = answer["passages"][0]["text"]
    assert "\n\n" in text
    assert verify(page, text) == [WORD_FOR_WORD]
    assert page.locator(".passage blockquote").text_content() == text


def test_other_marks_and_spaces_are_no_other_words(page: Page) -> None:
    said = verify(page, "“The first Pakistani astronaut   will fly to the\nChinese space station in late 2026.”")
    assert said == [f"{WORD_FOR_WORD[:-1]}; only spaces, dashes or quotation marks are written otherwise there."]
    assert page.locator(".passage blockquote").text_content() == FACT


def test_what_was_left_out_is_shown(page: Page, answer: Any) -> None:
    said = verify(page, "The first Pakistani astronaut will fly […] late 2026. That replaces the vaguer promise")
    assert said == [
        "Verified. The archive has the parts of this in that order; what was left out between them is shown."
    ]
    found = str(page.locator(".passage blockquote").text_content())
    assert found.startswith(FACT)
    assert found in answer["passages"][0]["text"]


def test_what_has_changed_is_shown_word_by_word(page: Page) -> None:
    (said,) = verify(page, FACT.replace("Chinese", "Russian").replace("late", "early"))
    assert said.startswith("Changed. ")
    assert [word.strip() for word in page.locator("blockquote del").all_text_contents()] == ["Russian", "early"]
    assert [word.strip() for word in page.locator("blockquote ins").all_text_contents()] == ["Chinese", "late"]
    left = page.locator(".passage blockquote").evaluate(
        "quote => { quote.querySelectorAll('del').forEach(one => one.remove()); return quote.textContent; }"
    )
    assert left == FACT


def test_what_is_not_in_the_archive_is_unknown(page: Page) -> None:
    assert verify(page, "Bread was eaten by nobody during the long winter of the bakers.") == [
        "Unknown. Nothing like this was found in the archive."
    ]


def test_a_citation_in_json_and_a_whole_answer(page: Page, answer: Any) -> None:
    first = answer["passages"][0]["citation"]
    assert verify(page, json.dumps(first))[0].startswith("Verified. ")
    assert verify(page, json.dumps(answer, indent=1))[4].startswith("Verified. ")
    (said,) = verify(page, json.dumps(first | {"quote": first["quote"].replace("late 2026", "late 2027")}))
    assert said.startswith("Changed. ")
    verify(page, json.dumps(first | {"title": "Another title"}))
    assert page.locator("tbody tr").all_inner_texts() == [f"title\tAnother title\t{first['title']}"]


def test_the_link_of_a_passage(page: Page, service: Served, answer: Any) -> None:
    for passage in answer["passages"][:2]:
        (said,) = verify(page, service.address + passage["citation"]["link"])
        assert said.startswith("Verified. ")
        assert page.locator(".passage blockquote").text_content() == passage["text"]


def test_a_citation_as_it_was_copied(page: Page, service: Served) -> None:
    given = service.json("/v1" + asked(QUESTION, ("cite", "plain")).replace("/?", "/ask?"))
    for passage in given["passages"][:2]:
        (said,) = verify(page, passage["cited"])
        assert said.startswith("Verified. The quote stands in the archive as it is cited")
        assert page.locator(".passage blockquote").text_content() == passage["text"]
    (said,) = verify(page, given["passages"][0]["cited"].replace("late 2026", "late 2027"))
    assert said.startswith("Changed. ")


def test_nothing_to_verify_is_said_by_the_browser(page: Page) -> None:
    page.goto("/verify")
    page.get_by_role("button", name="Verify").click()
    assert page.evaluate("document.activeElement.id") == "text"
    assert page.locator(".verdict").count() == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("  \n ", "This can't be verified. Quote 1 is empty"),
        ('{"article_id": 1}', "This can't be verified. "),
        ("x" * 20_001, "This can't be verified. Quote 1 has 20001 characters, and may have 20000: make it shorter"),
    ],
)
def test_what_cannot_be_verified_is_explained_where_it_stands(pages: Pages, text: str, says: str) -> None:
    page = pages.open(expected=PROBLEM)
    (said,) = verify(page, text)
    assert said.startswith(says)


def test_what_is_far_too_long_is_a_problem(pages: Pages) -> None:
    page = pages.open(expected=PROBLEM)
    page.goto("/verify")
    page.get_by_label("Quote, citation or link").fill("word " * (MAX_BODY_BYTES // 5 + 1))
    with page.expect_response("**/verify") as response:
        page.get_by_role("button", name="Verify").click()
    assert response.value.status == 413
    assert "make it shorter" in page.locator("main").inner_text()


def test_the_keys_go_through_what_was_found(pages: Pages, answer: Any) -> None:
    page = pages.open(permissions=["clipboard-read", "clipboard-write"])
    verify(page, json.dumps(answer))
    page.locator("h1").click()
    for number in (0, 1, 2):
        page.keyboard.press("j")
        assert page.evaluate("[...document.querySelectorAll('.passage')].indexOf(document.activeElement)") == number
    page.keyboard.press("q")
    page.locator(".toast", has_text="Quote copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == answer["passages"][2]["text"]
    verify(page, FACT.replace("Chinese", "Russian"))
    page.locator("h1").click()
    page.keyboard.press("q")
    page.locator(".toast", has_text="Quote copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == FACT
