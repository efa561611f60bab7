"""An article's page: its very text, the passage that is cited, what is known of it, and citing what is selected."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from qa.app import create_app
from qa.live import Live
from tests.browser import QUOTE, Pages, Served, asked, serve_app
from tests.changing import ARABIC, BELL, FETCHED, LAMP

if TYPE_CHECKING:
    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]

SELECT = """([first, last]) => {
    // From where one text begins to where another ends, of what stands in the article.
    const article = document.querySelector(".text"), range = document.createRange();
    const place = (words, atEnd) => {
        const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const at = node.data.indexOf(words);
            if (at >= 0) return [node, at + (atEnd ? words.length : 0)];
        }
    };
    range.setStart(...place(first, false));
    range.setEnd(...place(last, true));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
}"""


@pytest.fixture(scope="module")
def service(changed_index: Path) -> Iterator[Served]:
    with serve_app(create_app(Live(changed_index), folders=[changed_index.parent / "articles"])) as served:
        yield served


def article(service: Served, article_id: str) -> Any:
    return service.json(f"/v1/articles/{article_id}")


def passages(service: Served) -> list[Any]:
    """The citations of the lamp's passages, in the order of its text."""
    answer = service.json("/v1" + asked("lamp", ("articles", LAMP)).replace("/?", "/ask?"))
    return sorted((one["citation"] for one in answer["passages"]), key=lambda one: int(one["start"]))


@pytest.mark.parametrize("article_id", [LAMP, "misbah", "notes/007", FETCHED])
def test_the_text_is_the_text(page: Page, service: Served, article_id: str) -> None:
    page.goto(f"/articles/{article_id}")
    found = article(service, article_id)
    assert page.locator(".text").text_content() == found["text"]
    assert page.locator("h1").text_content() == found["title"]
    assert page.title() == f"{found['title']} · Ibidem"
    assert page.locator("mark").count() == 0


def test_headings_paragraphs_and_lists_are_what_they_look_like(page: Page) -> None:
    page.goto(f"/articles/{LAMP}")
    assert page.locator(".text h2").all_text_contents() == [
        "What the keeper wrote", "What was brought", "What came of it", "What is left"
    ]  # fmt: skip
    assert [text[:6] for text in page.locator(".text .item").all_text_contents()] == ["- a le", "- fort", "- a cl"]
    assert page.locator(".text > p:not(.item)").count() == 6


def test_a_text_that_runs_from_right_to_left_does(page: Page) -> None:
    page.goto("/articles/misbah")
    assert page.locator(".text").text_content() == f"المصباح\n\n{ARABIC}"
    assert page.locator(".text").evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert page.locator("h1").evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert page.locator(".text").get_attribute("lang") == "ar"


def test_a_cited_passage_is_marked_and_in_view(page: Page, service: Served) -> None:
    for citation in passages(service):
        page.goto(citation["link"])
        assert page.evaluate(QUOTE) == citation["quote"]
        assert page.locator(".text").text_content() == article(service, LAMP)["text"]
        box = page.locator("#passage").bounding_box()
        assert box
        assert 0 <= box["y"] < 650


def test_the_neighbours_of_a_passage_are_a_click_or_a_key_away(page: Page, service: Served) -> None:
    first, second, third = passages(service)
    page.goto(f"/articles/{LAMP}")
    assert page.get_by_role("link", name="Passage before").count() == 0
    page.get_by_role("link", name="First passage").click()
    for citation in (first, second, third):
        page.wait_for_url("**" + citation["link"])
        assert page.evaluate(QUOTE) == citation["quote"]
        if citation is not third:
            page.get_by_role("link", name="Next passage").click()
    assert page.get_by_role("link", name="Next passage").count() == 0
    page.keyboard.press("j")
    for citation in (second, first):
        page.keyboard.press("k")
        page.wait_for_url("**" + citation["link"])
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.wait_for_url("**" + second["link"])


def facts(page: Page) -> dict[str, str]:
    """What the page says is known of the article."""
    names = page.locator(".facts dt").all_text_contents()
    return dict(zip(names, page.locator(".facts dd").all_inner_texts(), strict=True))


def test_what_is_known_says_where_it_is_from(page: Page, service: Served) -> None:
    page.goto(f"/articles/{LAMP}")
    known, found = facts(page), article(service, LAMP)
    matter = "from the front matter"
    assert known["Title"] == f"The lamp of Orlam is lit {matter}"
    assert known["Authors"] == f"Ada Brandt, Óscar Núñez {matter}"
    assert known["Publisher"] == f"Harbour Gazette {matter}"
    assert (known["Published"], known["Updated"]) == (f"2025-03-04 {matter}", f"2025-03-06 {matter}")
    assert known["Sources"] == f"The keeper's book; Council minutes, 1898 {matter}"
    assert known["Tags"] == f"light, harbour {matter}"
    assert known["Address"] == f"https://example.org/lamp {matter}"
    assert known["Text"] == f"{len(found['text'])} characters, sha256 {found['sha256']}"
    page.get_by_role("link", name="Óscar Núñez").click()
    assert page.locator(".listed .source").count() == 2
    page.goto("/articles/whistle")
    assert facts(page)["Published"] == "not known"
    assert facts(page)["Title"] == "The whistle from the first heading"
    page.goto("/articles/misbah")
    assert facts(page)["Published"].endswith(", to the year")


def test_copies_are_listed(page: Page) -> None:
    page.goto(f"/articles/{LAMP}")
    assert page.get_by_role("heading", name="1 other article is a copy").count() == 1
    page.locator("aside").get_by_role("link", name="The lamp of Orlam is lit").click()
    page.wait_for_url("**/articles/reprints/lamp")
    assert "Evening Star" in page.locator("article > .source").inner_text()


def test_an_earlier_text_is_shown_as_such(page: Page, service: Served) -> None:
    now = article(service, "bell")
    then = hashlib.sha256(f"The bell\n\n{BELL}".encode()).hexdigest()
    assert now["sha256"] != then
    page.goto(f"/articles/bell?start=10&end=40&sha256={then}#passage")
    assert "This is an earlier text, as it was cited." in page.get_by_role("status").first.inner_text()
    assert page.locator(".text").text_content() == f"The bell\n\n{BELL}"
    assert page.evaluate(QUOTE) == f"The bell\n\n{BELL}"[10:40]
    page.goto(f"/articles/bell?start=10&end=40&sha256={'0' * 64}#passage")
    assert "This is not the text that was cited." in page.get_by_role("status").first.inner_text()
    assert page.locator(".text").text_content() == now["text"]
    assert page.locator("mark").count() == 0


SELECTIONS = (
    ("whole", "town"),
    ("The lamp of Orlam", "to see it."),
    ("\N{ROCKET}", "\U0001d434\U0001d435"),
    ("\U0001d435", "even the gulls."),
    ("أضاء", "لأول"),
    ("the Arabic", "האור"),
    ("What was brought", "What was brought"),
    ("slept", "a lens of the first"),
    ("- a lens", "\N{PERSONAL COMPUTER};"),
    ("clockwork, which", "Orlam reef"),
    ("The lamp", "turn its leaves."),
)
"""The words with which selections begin and end."""


def test_what_is_selected_can_be_cited(page: Page, service: Served) -> None:
    text = article(service, LAMP)["text"]
    for first, last in SELECTIONS:
        start = text.index(first)
        wanted = text[start : text.index(last, start) + len(last)]
        page.goto(f"/articles/{LAMP}")
        tool = page.get_by_role("link", name="Cite what is selected")
        assert not tool.is_visible()
        page.evaluate(SELECT, [first, last])
        tool.click()
        page.wait_for_url("**/cite?**")
        assert page.locator("blockquote").text_content() == wanted
        assert "Verified." in page.locator(".verdict").inner_text()
        assert page.locator(".facts dd").nth(1).inner_text() == f"{start} to {start + len(wanted)}"


def test_what_the_mouse_selects_can_be_cited(page: Page, service: Served) -> None:
    """Three clicks select a paragraph, and what a browser calls that ends in the next one, or behind the article."""
    paragraphs = [line for line in article(service, LAMP)["text"].split("\n") if line]
    for number in (0, 2, len(paragraphs) - 1):
        page.goto(f"/articles/{LAMP}")
        block = page.locator(".text > *").nth(number)
        block.scroll_into_view_if_needed()
        before = block.bounding_box()
        block.click(click_count=3, position={"x": 30, "y": 10})
        tool = page.get_by_role("link", name="Cite what is selected")
        tool.wait_for()
        assert block.bounding_box() == before  # nothing moves under the mouse
        box = tool.bounding_box()
        assert box
        assert 0 < box["y"] < 680
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_url("**/cite?**")
        assert page.locator("blockquote").text_content() == paragraphs[number]


def test_the_tool_for_what_is_selected_goes_with_the_selection(page: Page) -> None:
    page.goto(f"/articles/{LAMP}")
    tool = page.get_by_role("link", name="Cite what is selected")
    page.evaluate(SELECT, ["whole", "town"])
    tool.wait_for()
    page.locator("h1").click()
    tool.wait_for(state="hidden")
    page.locator("h1").dblclick()
    assert not tool.is_visible()  # what is selected elsewhere is no place in the text


def test_what_was_fetched_is_shown_as_it_was_and_does_nothing(pages: Pages, service: Served) -> None:
    expected = r"(?i)refused|blocked|sandbox|violates|csp"
    page = pages.open(expected=expected)
    page.goto(f"/articles/{FETCHED}")
    with page.expect_response("**/snapshots/**") as found:
        page.get_by_role("link", name="Page as it was fetched").click()
    page.wait_for_url("**/snapshots/**")
    assert found.value.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert found.value.headers["x-content-type-options"] == "nosniff"
    assert page.get_by_role("heading", name="Bridge opens").count() == 1
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(0, 80, 0)"
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.locator("#script").click()
    page.get_by_role("button", name="Press").click()
    page.wait_for_timeout(200)
    assert page.title() == "Bridge opens"
    assert page.url.endswith(f"/snapshots/{FETCHED}")
    assert [address for address in loaded if "/snapshots/" not in address] == []
    assert page.evaluate("self.origin") == "null"


def test_only_what_was_fetched_has_a_page_as_it_was_fetched(page: Page, service: Served) -> None:
    page.goto(f"/articles/{LAMP}")
    assert page.get_by_role("link", name="Page as it was fetched").count() == 0
    assert service.get(f"/snapshots/{LAMP}")[0] == 404
    assert service.get("/snapshots/../fetched/site.example/story")[0] == 404
