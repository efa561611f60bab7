"""The page in a real browser: ask, read, follow a citation. Skipped where Playwright or Chromium is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest

from tests.conftest import Service, run_service

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Response  # type: ignore[import-not-found,unused-ignore]

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
QUESTION = "When will the first Pakistani astronaut fly to the Chinese station?"
FACT = "The first Pakistani astronaut will fly to the Chinese space station in late 2026."

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(tmp_path_factory.mktemp("service"), index) as service:
        yield service


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """An empty page; at the test's end nothing may have been complained about, or asked of another host."""
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    complaints: list[str] = []

    def complain(response: Response) -> None:
        if response.status >= 400:
            complaints.append(f"{response.status}: {response.url}")

    def complain_of_failure(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # so it says of what was going on when the next page was asked for
            complaints.append(f"{request.failure}: {request.url}")

    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", complain_of_failure)
    page.on("response", complain)
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    yield page
    page.close()
    assert complaints == []
    assert hosts == {urlsplit(service.address).netloc}


def ask(page: Page, service: Service, question: str = QUESTION) -> None:
    page.goto(service.address)
    page.get_by_role("searchbox", name="Ask the archive").fill(question)
    page.get_by_role("button", name="Ask").click()
    page.wait_for_selector(".passages")
    page.wait_for_load_state("load")  # the style as well


def marked(passage: Any) -> str:
    """The highlighted sentences of a passage, in the order in which they stand."""
    spans = sorted((span["start"] - passage["start"], span["end"] - passage["start"]) for span in passage["highlights"])
    return "".join(passage["text"][start:end] for start, end in spans)


def test_a_question_is_answered_with_passages_and_their_citations(page: Page, service: Service) -> None:
    ask(page, service)
    expected = service.json(f"/v1/ask?question={QUESTION.replace(' ', '%20')}")
    passages = page.locator(".passages > li")
    assert passages.count() == len(expected["passages"]) == 5
    for number, passage in enumerate(expected["passages"]):
        shown = passages.nth(number)
        assert shown.locator("blockquote").text_content() == passage["text"]
        assert "".join(shown.locator("mark").all_text_contents()) == marked(passage)
        assert shown.locator(".citation a").get_attribute("href") == passage["citation"]["link"]
        assert passage["citation"]["sha256"] in str(shown.locator(".citation").text_content())
    assert "".join(passages.nth(0).locator("mark").all_text_contents()) == FACT
    assert set(passages.nth(0).locator("mark b").all_text_contents()) >= {"first", "Pakistani", "astronaut", "fly"}
    assert page.get_by_role("searchbox").input_value() == QUESTION
    assert QUESTION in page.title()


def test_the_keyboard_is_enough(page: Page, service: Service) -> None:
    page.goto(service.address)
    page.keyboard.type(QUESTION)  # the field has the focus
    page.keyboard.press("Enter")
    page.wait_for_selector(".passages")
    page.locator(".passages .citation a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#passage")
    assert FACT in str(page.locator("#passage").text_content())


@pytest.mark.parametrize("rank", [0, 2, 4])
def test_a_citation_opens_its_article_at_the_passage(page: Page, service: Service, rank: int) -> None:
    ask(page, service)
    shown = page.locator(".passages > li").nth(rank)
    text = shown.locator("blockquote").text_content()
    shown.locator(".citation a").click()
    passage = page.wait_for_selector("#passage")
    assert passage
    assert passage.text_content() == text
    box = passage.bounding_box()
    assert box
    assert 0 <= box["y"] < 700 - 50  # its first lines are in view
    assert page.locator("mark").count() == 1
    background = passage.evaluate("element => getComputedStyle(element).backgroundColor")
    assert background not in ("rgba(0, 0, 0, 0)", page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize("width", [320, 375, 768, 1600])
def test_nothing_is_wider_than_the_screen(page: Page, service: Service, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    ask(page, service)
    pages = [page.url, service.address, service.address + str(page.locator(".citation a").first.get_attribute("href"))]
    for address in pages:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("[...document.querySelectorAll('main *')].every(e => e.scrollWidth <= innerWidth)")


def contrast(page: Page, selector: str) -> float:
    """The contrast ratio of an element's text with what is behind it (WCAG 2.2)."""
    return float(
        page.evaluate(
            """selector => {
                const element = document.querySelector(selector);
                const parse = colour => colour.match(/[\\d.]+/g).map(Number);
                let behind = element;
                while (parse(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
                const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
                const [a, b] = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor]
                    .map(parse).map(light).sort((x, y) => y - x);
                return (a + 0.05) / (b + 0.05);
            }""",
            selector,
        )
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_in_light_and_in_dark(
    page: Page, service: Service, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    ask(page, service)
    for selector in (
        "blockquote",
        "blockquote mark",
        ".source",
        ".citation a",
        ".citation span",
        "footer",
        "h2 a",
        "input",
    ):
        assert contrast(page, selector) >= 4.5, selector


def test_a_wrong_address_shows_a_page(browser: Browser, service: Service) -> None:
    page = browser.new_page()
    for path, title in (("/nope", "Not Found"), ("/articles/nope", "Not Found"), ("/?question=%00", "Unprocessable")):
        response = page.goto(service.address + path)
        assert response
        assert response.status in (404, 422)
        assert title in str(page.locator("h1").text_content())
        assert page.get_by_role("searchbox").count() == 1
    page.close()
