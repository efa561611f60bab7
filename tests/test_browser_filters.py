"""Narrowing an answer down on the page: publishers, periods, the histogram, and what is said of a wrong date."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser import PROBLEM, QUESTION, Pages, asked

if TYPE_CHECKING:
    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]

WIRE = ("publishers", "Ibidem Wire")
PUBLISHERS = {"Ibidem Policy Notes", "Ibidem Review", "Ibidem Wire", "The Ibidem Orbital Letter"}
REVIEW = ("publishers", "Ibidem Review")


def parameters(page: Page) -> dict[str, list[str]]:
    """What the page's address says, blank values too."""
    return parse_qs(urlsplit(page.url).query, keep_blank_values=True)


def chips(page: Page) -> list[str]:
    """The filters that are set, as they are shown."""
    shown = page.locator(".chips a:not(.all)").all_text_contents()
    return [text.removesuffix(" ×: take it out") for text in shown]


def sources(page: Page) -> set[str]:
    """The publishers of the passages shown."""
    return {text for text in page.locator(".passage .source > bdi").all_inner_texts() if text in PUBLISHERS}


def dates(page: Page) -> list[str]:
    return page.locator(".passage > .source > time:first-of-type").all_text_contents()


def test_a_choice_applies_itself(page: Page) -> None:
    page.goto(asked(QUESTION))
    assert chips(page) == []
    page.get_by_label("Ibidem Wire").check()
    page.wait_for_url("**publishers=**")
    assert parameters(page) == {"question": [QUESTION], "publishers": ["Ibidem Wire"]}
    assert chips(page) == ["Publisher Ibidem Wire"]
    assert sources(page) == {"Ibidem Wire"}
    assert page.get_by_label("Ibidem Wire").is_checked()
    page.get_by_label("Ibidem Review").check()
    page.wait_for_url("**Review**")
    assert sources(page) == {"Ibidem Wire", "Ibidem Review"}
    page.get_by_label("Ibidem Wire").uncheck()
    page.wait_for_function("!location.search.includes('Wire')")
    assert parameters(page) == {"question": [QUESTION], "publishers": ["Ibidem Review"]}


def test_a_chip_takes_its_filter_out(page: Page) -> None:
    page.goto(asked(QUESTION, WIRE, REVIEW, ("published_from", "2025-03")))
    assert len(chips(page)) == 3
    page.get_by_role("link", name="Publisher Ibidem Wire").click()
    page.wait_for_load_state()
    assert parameters(page) == {"question": [QUESTION], "publishers": ["Ibidem Review"], "published_from": ["2025-03"]}
    assert not page.get_by_label("Ibidem Wire").is_checked()
    page.get_by_role("link", name="Take out all").click()
    page.wait_for_load_state()
    assert parameters(page) == {"question": [QUESTION]}
    assert chips(page) == []


def test_a_period_can_be_typed(page: Page) -> None:
    page.goto(asked(QUESTION))
    page.get_by_label("from", exact=True).fill("2025-06")
    page.get_by_label("to", exact=True).fill("2025-08-05")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**published_to**")
    assert parameters(page) == {"question": [QUESTION], "published_from": ["2025-06"], "published_to": ["2025-08-05"]}
    assert dates(page)
    assert all("2025-06-01" <= date <= "2025-08-05" for date in dates(page))
    assert page.get_by_label("from", exact=True).input_value() == "2025-06"
    assert page.locator(".bars .in").count() == 3


def test_the_enter_key_in_a_date_applies_it(page: Page) -> None:
    page.goto(asked(QUESTION))
    page.get_by_label("only what was published by").fill("2025-05")
    page.keyboard.press("Enter")
    page.wait_for_url("**as_of=2025-05")
    assert chips(page) == ["As of 2025-05"]
    assert dates(page)
    assert all(date < "2025-06" for date in dates(page))


def drag(page: Page, first: int, last: int) -> tuple[str, str]:
    """Draws with the mouse from one bar of the histogram to another; the dates at which they begin and end."""
    chart, bars = page.locator(".bars"), page.locator(".bars a")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    width, middle = box["width"] / bars.count(), box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + (first + 0.5) * width, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + (last + 0.5) * width, middle, steps=4)
    page.mouse.up()
    low, high = bars.nth(min(first, last)), bars.nth(max(first, last))
    return str(low.get_attribute("data-first")), str(high.get_attribute("data-last"))


@pytest.mark.parametrize(("first", "last"), [(2, 6), (6, 2), (4, 4)])
def test_a_period_can_be_drawn_over_the_histogram(page: Page, first: int, last: int) -> None:
    page.goto(asked(QUESTION))
    begin, end = drag(page, first, last)
    page.wait_for_url("**published_to**")
    assert parameters(page) == {"question": [QUESTION], "published_from": [begin], "published_to": [end]}
    assert page.locator(".bars .in").count() == abs(last - first) + 1
    assert page.get_by_label("from", exact=True).input_value() == begin
    assert [date for date in dates(page) if not begin <= date[:7] <= end] == []


def test_filters_wait_for_a_question(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Ibidem Wire").check()
    begin, end = drag(page, 0, 8)
    assert page.url.endswith("/")
    page.get_by_role("searchbox").fill(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_selector(".passages")
    assert parameters(page) == {
        "question": [QUESTION], "publishers": ["Ibidem Wire"], "published_from": [begin], "published_to": [end]
    }  # fmt: skip


def test_going_back_leaves_everything_usable(page: Page) -> None:
    page.goto(asked(QUESTION))
    page.get_by_label("Ibidem Wire").check()
    page.wait_for_url("**publishers=**")
    page.go_back()
    page.wait_for_selector(".passages")
    page.get_by_label("only what was published by").fill("2025-05")
    page.get_by_label("from", exact=True).fill("2025-03")
    page.keyboard.press("Enter")
    page.wait_for_url("**as_of=2025-05")


def test_a_choice_is_not_applied_with_a_date_that_is_none(page: Page) -> None:
    page.goto(asked(QUESTION))
    page.get_by_label("from", exact=True).fill("last year")
    page.get_by_label("Ibidem Wire").check()
    assert page.evaluate("document.activeElement.name") == "published_from"  # the browser says what is wrong
    assert "publishers" not in page.url
    page.get_by_label("from", exact=True).fill("")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**publishers=**")
    assert parameters(page) == {"question": [QUESTION], "publishers": ["Ibidem Wire"]}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("published_from", "2025-13", "From: must be a date like 2025-03-31, 2025-03 or 2025, not '2025-13'"),
        ("as_of", "yesterday", "As of: must be a date like"),
        ("top_k", "0", "greater than or equal to 1"),
    ],
)
def test_a_wrong_filter_is_explained_and_the_form_kept(pages: Pages, name: str, value: str, says: str) -> None:
    page = pages.open(expected=PROBLEM)
    response = page.goto(asked(QUESTION, WIRE, (name, value)))
    assert response
    assert response.status == 422
    alert = page.get_by_role("alert").inner_text()
    assert alert.startswith("This can't be asked. ")
    assert says in alert
    assert page.get_by_role("searchbox").input_value() == QUESTION
    assert page.get_by_label("Ibidem Wire").is_checked()
    assert page.locator(".passage").count() == 0
    if name != "top_k":
        page.locator(".chips a", has_text=value).click()
        page.wait_for_selector(".passages")
        assert parameters(page) == {"question": [QUESTION], "publishers": ["Ibidem Wire"]}


def test_filters_without_a_field_are_kept_when_something_else_is_asked(page: Page) -> None:
    given = [("authors", "M. Aldene"), ("articles", "2025/*"), ("copies", "all"), ("narrow", "true")]
    page.goto(asked("What is Tiangong?", *given))
    assert len(chips(page)) == 4
    page.get_by_role("searchbox").fill("How many modules has it?")
    page.keyboard.press("Enter")
    page.wait_for_url("**modules**")
    assert parameters(page) == {"question": ["How many modules has it?"], **{name: [value] for name, value in given}}


def test_filters_that_leave_nothing_say_so(page: Page) -> None:
    page.goto(asked(QUESTION, ("published_to", "1999")))
    assert page.get_by_text("There is no passage among the 0 articles that the filters leave.").count() == 1
    assert "The archive does not answer this." in page.locator(".verdict").inner_text()
    page.goto(asked(QUESTION, ("publishers", "The Daily Nobody")))
    assert page.get_by_label("The Daily Nobody").is_checked()
