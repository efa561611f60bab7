"""How the pages look in forced colours, with less motion and on paper; and how much is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.browser import PROBLEM, Pages, Served, asked, until
from tests.states import LIT, STATES, serve_busy

if TYPE_CHECKING:
    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]


@pytest.fixture(scope="module")
def service(changed_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_busy(changed_index, tmp_path_factory.mktemp("busy")) as served:
        yield served


def test_the_schemes_are_two(page: Page) -> None:
    page.goto("/")
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type,unused-ignore]
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(set(grounds)) == 2


@pytest.mark.parametrize("state", ["answer", "passage"])
def test_forced_colours_leave_the_marks(pages: Pages, state: str) -> None:
    page = pages.open(forced_colors="active")
    STATES[state](page)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    mark = page.locator("mark").first.evaluate("element => getComputedStyle(element).backgroundColor")
    assert mark != ground
    if state == "answer":
        word = page.locator("mark b").first
        assert word.evaluate("element => getComputedStyle(element).backgroundColor") == mark
        assert word.evaluate("element => getComputedStyle(element).textDecorationLine") == "underline"


def test_what_was_put_in_and_taken_out_is_told_by_more_than_colour(pages: Pages) -> None:
    page = pages.open()
    STATES["quote changed"](page)
    line = "element => getComputedStyle(element).textDecorationLine"
    assert page.locator("blockquote del").first.evaluate(line) == "line-through"
    assert page.locator("blockquote ins").first.evaluate(line) == "underline"


def test_whoever_wants_less_motion_gets_none(pages: Pages) -> None:
    motion: Literal["reduce", "no-preference"]
    for motion, behaviour in (("reduce", "auto"), ("no-preference", "smooth")):
        page = pages.open(reduced_motion=motion)
        page.goto(asked(LIT) + "#p3")
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == behaviour
        until(
            page,
            "(({top}) => top >= 0 && top < innerHeight - 50)(document.querySelector('#p3').getBoundingClientRect())",
        )


HIDDEN_ON_PAPER = ("nav", "form.ask", "#filters", ".tools", ".judge", ".chips", "footer button", ".skip", ".toast")


@pytest.mark.parametrize("state", ["answer", "filters", "passage", "articles", "cited", "verified"])
def test_paper_has_what_can_be_read_and_not_what_can_be_pressed(pages: Pages, state: str) -> None:
    page = pages.open()
    STATES[state](page)
    page.emulate_media(media="print")
    for selector in HIDDEN_ON_PAPER:
        for element in page.locator(selector).all():
            assert not element.is_visible(), selector
    assert page.locator("button:visible, input:visible, select:visible").count() == 0
    assert page.locator("h1, h2").first.is_visible()


def test_paper_has_the_place_and_the_hash(pages: Pages, service: Served) -> None:
    page = pages.open()
    page.goto(asked(LIT))
    citation = service.json("/v1" + asked(LIT).replace("/?", "/ask?"))["passages"][1]["citation"]
    place = page.locator("#p2 .place")
    assert citation["sha256"] not in place.inner_text()
    page.emulate_media(media="print")
    for said in (f"{citation['article_id']} [{citation['start']}:{citation['end']}]", citation["sha256"]):
        assert said in place.inner_text()
    assert citation["source_link"] in place.inner_text()
    assert page.locator("#p2 mark").first.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.goto(citation["link"])
    assert citation["sha256"] in page.locator("main").inner_text()


@pytest.mark.parametrize("address", [asked(LIT), "/articles"])
def test_little_is_loaded(page: Page, address: str) -> None:
    """All that a page needs, plain and not compressed."""
    sizes: dict[str, int] = {}
    page.on("response", lambda response: sizes.update({response.url: len(response.body())}))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert len(sizes) == 4  # the page, two of style and a script
    assert sum(sizes.values()) < 100_000, sizes


def test_every_page_says_which_it_is(pages: Pages) -> None:
    page = pages.open(expected=PROBLEM)
    titles = {}
    for state in (
        "home",
        "answer",
        "article",
        "cited",
        "articles",
        "new",
        "verify",
        "feedback",
        "unanswered",
        "problem",
    ):
        STATES[state](page)
        titles[state] = page.title()
        assert page.locator("h1").count() == 1
        assert page.locator("html").get_attribute("lang") == "en"
    assert len(set(titles.values())) == len(titles)
