"""Copying quotes and citations, verifying what a page shows, and citing in other styles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from qa.styles import STYLES
from tests.browser import QUESTION, Pages, Served, asked

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page  # type: ignore[import-not-found,unused-ignore]


@pytest.fixture
def page(pages: Pages) -> Page:
    """A page that may use the clipboard."""
    return pages.open(permissions=["clipboard-read", "clipboard-write"])


@pytest.fixture(scope="module")
def answer(service: Served) -> Any:
    return service.json("/v1" + asked(QUESTION).replace("/?", "/ask?"))


def copied(page: Page, says: str) -> str:
    """What is on the clipboard, once the page says so."""
    page.locator(".toast", has_text=says).wait_for()
    return str(page.evaluate("navigator.clipboard.readText()"))


def passage(page: Page, rank: int) -> Locator:
    return page.locator(f"#p{rank}")


def cited(service: Served, citation: Any, style: str) -> str:
    """A citation in a style, as the API gives it."""
    place = f"article_id={citation['article_id']}&start={citation['start']}&end={citation['end']}"
    return str(service.json(f"/v1/citations?{place}&cite={style}")["cited"])


def test_a_quote_is_copied_to_the_letter(page: Page, answer: Any) -> None:
    page.goto(asked(QUESTION))
    for rank in (1, 3):
        passage(page, rank).get_by_role("button", name="Copy quote").click()
        assert copied(page, "Quote copied") == answer["passages"][rank - 1]["text"]
        page.evaluate("document.querySelector('.toast').textContent = ''")
    page.goto(answer["passages"][1]["citation"]["link"])
    page.get_by_role("button", name="Copy quote").click()
    assert copied(page, "Quote copied") == answer["passages"][1]["text"]


def test_a_citation_is_copied_in_the_style_that_was_chosen_last(page: Page, service: Served, answer: Any) -> None:
    page.goto(asked(QUESTION))
    passage(page, 2).get_by_role("button", name="Copy citation").click()
    second = answer["passages"][1]["citation"]
    assert copied(page, "Citation (plain) copied") == cited(service, second, "plain")
    page.get_by_label("Citations as").select_option("bibtex")
    passage(page, 2).get_by_role("button", name="Copy citation").click()
    assert copied(page, "Citation (bibtex) copied") == cited(service, second, "bibtex")
    page.goto(answer["passages"][2]["citation"]["link"])
    assert page.get_by_role("combobox").input_value() == "bibtex"
    page.get_by_role("button", name="Copy citation").click()
    page.wait_for_function(
        "async wanted => await navigator.clipboard.readText() === wanted",
        arg=(cited(service, answer["passages"][2]["citation"], "bibtex")),
    )


def test_the_link_to_a_question_is_copied(page: Page, service: Served) -> None:
    page.goto(asked(QUESTION, ("publishers", "Ibidem Wire")))
    page.get_by_role("link", name="Link to this question").click()
    link = copied(page, "Link copied")
    shown = page.locator("blockquote").all_text_contents()
    assert link.startswith(service.address)
    page.goto("/")
    page.goto(link)
    assert page.locator("blockquote").all_text_contents() == shown
    assert page.get_by_label("Ibidem Wire").is_checked()


def test_every_style_is_shown_and_copied_as_the_interface_gives_it(page: Page, service: Served, answer: Any) -> None:
    citation = answer["passages"][0]["citation"]
    page.goto(asked(QUESTION))
    passage(page, 1).get_by_role("link", name="Citation").click()
    page.wait_for_url("**/cite?**")
    assert page.locator("blockquote").text_content() == citation["quote"]
    for style in STYLES:
        page.get_by_role("link", name=style, exact=True).click()
        page.wait_for_url(f"**&cite={style}**")
        wanted = cited(service, citation, style)
        assert page.locator("[data-cited]").text_content() == wanted
        assert page.locator("[aria-current=true]").text_content() == style
        page.get_by_role("button", name="Copy", exact=True).click()
        assert copied(page, "Citation copied") == wanted


def test_what_a_page_shows_is_verified_with_a_click(page: Page, answer: Any) -> None:
    page.goto(asked(QUESTION))
    passage(page, 1).get_by_role("button", name="Verify").click()
    status = passage(page, 1).locator(".status")
    status.get_by_text("Verified.").wait_for()
    assert answer["generation"] in status.inner_text()
    assert passage(page, 2).locator(".status").inner_text() == ""
    page.goto(answer["passages"][1]["citation"]["link"])
    page.get_by_role("button", name="Verify").click()
    page.locator(".status").get_by_text("Verified.").wait_for()


def test_where_a_sentence_is_cited_that_is_copied_and_verified(page: Page, service: Served) -> None:
    address = asked(QUESTION, ("narrow", "true"))
    found = service.json("/v1" + address.replace("/?", "/ask?"))["passages"]
    page.goto(address)
    assert page.locator("blockquote").first.text_content() == found[0]["text"] != found[0]["citation"]["quote"]
    for rank in (1, 2):
        passage(page, rank).get_by_role("button", name="Copy quote").click()
        assert copied(page, "Quote copied") == found[rank - 1]["citation"]["quote"]
        page.evaluate("document.querySelector('.toast').textContent = ''")
        passage(page, rank).get_by_role("button", name="Verify").click()
        passage(page, rank).locator(".status").get_by_text("Verified.").wait_for()


def test_what_was_tampered_with_on_the_page_is_found_out(page: Page, answer: Any) -> None:
    tamper = """selector => {
        const walker = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) if (walker.currentNode.data.includes("late 2026")) {
            walker.currentNode.data = walker.currentNode.data.replace("late 2026", "late 2027");
        }
    }"""
    page.goto(asked(QUESTION))
    page.evaluate(tamper, "#p1 blockquote")
    passage(page, 1).get_by_role("button", name="Verify").click()
    passage(page, 1).locator(".status .bad", has_text="Changed.").wait_for()
    page.goto(answer["passages"][0]["citation"]["link"])
    page.evaluate(tamper, ".text")
    page.get_by_role("button", name="Verify").click()
    page.locator(".status .bad", has_text="Changed.").wait_for()


def test_a_clipboard_that_refuses_is_said(pages: Pages) -> None:
    page = pages.open()
    page.add_init_script("""navigator.clipboard.writeText = async () => { throw new Error("Not allowed here"); }""")
    page.goto(asked(QUESTION))
    passage(page, 1).get_by_role("button", name="Copy quote").click()
    page.locator(".toast", has_text="That did not work: Not allowed here").wait_for()


def test_there_is_copying_without_https(page: Page, answer: Any) -> None:
    """What browsers call an insecure context has no ``navigator.clipboard``."""
    page.add_init_script("delete Navigator.prototype.clipboard")
    page.goto(asked(QUESTION))
    passage(page, 1).get_by_role("button", name="Copy quote").click()
    page.locator(".toast", has_text="Quote copied").wait_for()
    page.goto("/verify")
    page.get_by_label("Quote, citation or link").press("Control+v")
    assert page.get_by_label("Quote, citation or link").input_value() == answer["passages"][0]["text"]


def test_a_service_that_is_gone_is_said(pages: Pages) -> None:
    page = pages.open(expected="ERR_")
    page.goto(asked(QUESTION))
    page.route("**/v1/**", lambda route: route.abort())
    passage(page, 1).get_by_role("button", name="Verify").click()
    page.locator(".toast", has_text="That did not work: ").wait_for()
