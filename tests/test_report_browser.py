"""The report in a real browser, on a phone and on paper. Skipped where Playwright or Chromium is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from qa.evaluation.report import render
from tests.browser import contrast
from tests.evaluations import abstention, comparison, evaluation, gold, outcome, outcomes

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page  # type: ignore[import-not-found,unused-ignore]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of questions of all kinds, long words, odd ids and right-to-left text among them."""
    endless = "x" * 10_000
    odd = outcome(50, 7, "ranked low", 0.97, [gold(endless, endless, endless)], question=endless, id=endless)
    titled = tuple(replace(one, title=endless, article=endless, sentence=endless) for one in odd.ranking)
    arabic = outcome(
        51, 8, "ranked low", 0.96, question="متى أضيء المصباح لأول مرة؟ " * 5, id="räume/\N{ROCKET} 100% #1?"
    )
    results = [*outcomes(), *[replace(odd, ranking=titled)] * 3, arabic]
    made = evaluation(results, abstention(), source=endless[:200])
    compared = comparison()
    change = replace(compared.lost[0], after=replace(odd, ranking=titled))
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(made, replace(compared, lost=(change, *compared.lost))), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The report, opened; at the test's end nothing may have been complained about, or asked of another place."""
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if request.url != address else None)
    page.goto(address)
    yield page
    page.close()
    assert complaints == []


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")


@pytest.mark.parametrize("width", [320, 375, 768, 1600])
def test_nothing_is_wider_than_the_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.evaluate(
        """[...document.querySelectorAll('main *')]
        .filter(one => !one.closest('.wide') && one.getBoundingClientRect().right > innerWidth)
        .map(one => one.outerHTML.slice(0, 200))"""
    )
    assert wide == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_in_light_and_in_dark(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    unfold(page)
    for selector in (
        ".result", ".verdict", "nav a", ".source", "thead th", "td", "small", ".numbers > summary", ".kinds span",
        ".question summary span", ".question summary small", "h4", ".place", ".place b", ".question mark",
        ".ranking strong", "footer",
    ):  # fmt: skip
        assert contrast(page, selector) >= 4.5, selector


def test_plots_stand_out_from_the_ground_in_both_schemes(page: Page) -> None:
    fills = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type,unused-ignore]
        fills[scheme] = page.evaluate(
            "['.right', '.wrong', '.other'].map(name => getComputedStyle(document.querySelector('rect' + name)).fill)"
        )
    assert len({*fills["light"], *fills["dark"]}) == 6


def test_the_keyboard_unfolds_a_question(page: Page) -> None:
    summary = page.locator("#ranked-low .question > summary").first
    summary.focus()
    assert not page.locator("#ranked-low .question .ranking").first.is_visible()
    page.keyboard.press("Enter")
    assert page.locator("#ranked-low .question .ranking").first.is_visible()


def test_on_paper_the_first_questions_are_unfolded_and_links_to_sections_gone(page: Page) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    ranking = page.locator("#not-retrieved .question .ranking").first
    assert ranking.evaluate("one => one.checkVisibility({contentVisibilityAuto: true}) && one.offsetHeight > 50")
    assert not page.locator("nav").is_visible()
    assert contrast(page, ".result") >= 4.5
    light = page.evaluate("getComputedStyle(document.body).color")
    assert light == "rgb(28, 27, 25)"


def test_rankings_stand_side_by_side_where_there_is_room(page: Page) -> None:
    unfold(page)

    def tops() -> list[float]:
        boxes = page.locator(".beside").first.locator("> div")
        return [boxes.nth(number).evaluate("one => one.getBoundingClientRect().top") for number in range(2)]

    assert tops()[0] == tops()[1]
    page.set_viewport_size({"width": 320, "height": 640})
    assert tops()[0] < tops()[1]


def test_the_report_is_a_file_that_opens_by_itself(page: Page, address: str) -> None:
    assert Path(address.removeprefix("file://")).stat().st_size < 1_000_000
    assert "Ibidem" in page.title()
