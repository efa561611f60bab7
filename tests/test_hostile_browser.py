"""A hostile archive, and hostile readers, in a real browser: all that they write is text, and stays where it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from qa.app import create_app
from qa.live import Live
from tests import hostile
from tests.browser import PROBLEM, TOO_WIDE, Pages, Served, asked, serve_app
from tests.conftest import MakeIndex
from tests.states import UNFOLD

if TYPE_CHECKING:
    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]

ASK = asked("Where was the quagga seen?", ("top_k", "50"), ("copies", "all"))

TURNED_AROUND = """() => {
    // What we write ourselves, beside what is not ours: of which the last letter stands left of the first.
    const ours = "time, button, summary, dt, small, label, legend, nav a, footer li, .rank, .count, .button, strong";
    const turned = [];
    for (const element of document.querySelectorAll(ours)) {
        for (const node of element.childNodes) {
            const text = node.nodeType === 3 ? node.data.trimEnd() : "";
            const first = text.search(/\\S/);
            if (first < 0 || !element.checkVisibility()) continue;
            const place = at => {
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + 1);
                return range.getBoundingClientRect();
            };
            const [begin, end] = [place(first), place(text.length - 1)];
            if (begin.top === end.top && end.left < begin.left) turned.push(element.outerHTML.slice(0, 120));
        }
    }
    return turned;
}"""


@pytest.fixture(scope="module")
def service(make_index: MakeIndex, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    index = make_index(hostile.files())
    hostile.poison(index)
    app = create_app(Live(index), feedback=tmp_path_factory.mktemp("hostile") / "feedback.sqlite")
    client = app.test_client()
    for text in (*hostile.SCRIPTS, f"Who {hostile.OVERRIDE}tfel?", hostile.WORD[:2000], hostile.MARKS):
        client.get(f"/v1/ask?question={quote(text)}&publishers=nobody")
        said = {"question": text, "answers": True, "comment": text, "filters": {"tags": [text]}}
        assert client.post("/v1/feedback", json=said).status_code == 201
    with serve_app(app) as served:
        yield served


def ids(service: Served) -> list[str]:
    return [article["id"] for article in service.json("/v1/articles")["articles"]]


def look(page: Page, path: str) -> None:
    """Opens a page with all its folds, at two widths; nothing may run, spill, or reach past the screen."""
    page.goto(path)
    page.evaluate(UNFOLD)
    assert page.evaluate("window.ran") is None
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate(TURNED_AROUND) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate(TOO_WIDE) == []
    page.locator("main").hover()
    page.keyboard.press("Tab")
    assert page.evaluate("window.ran") is None
    assert page.locator("header").is_visible()
    assert page.locator("script, base, iframe, img, style, object").count() == 1  # the script is ours


def test_the_archive_is_there(service: Served) -> None:
    assert len(ids(service)) == len(hostile.files())
    answer = service.json("/v1" + ASK.replace("/?", "/ask?"))
    assert {passage["citation"]["article_id"] for passage in answer["passages"]} == set(ids(service))


def test_an_answer_shows_it_as_text(page: Page, service: Served) -> None:
    look(page, ASK)
    answer = service.json("/v1" + ASK.replace("/?", "/ask?"))
    shown = page.locator(".passage blockquote").all_text_contents()
    assert shown == [passage["text"] for passage in answer["passages"]]
    titles = page.locator(".passage h2 bdi").all_text_contents()
    assert titles == [as_parsed(passage["citation"]["title"]) for passage in answer["passages"]]


def as_parsed(text: str) -> str:
    """A text as it comes out of a page: of control characters HTML knows one, which it calls a mistake."""
    return text.replace("\0", "")


def test_every_article_shows_it_as_text(page: Page, service: Served) -> None:
    for article_id in ids(service):
        article = service.json(f"/v1/articles/{quote(article_id)}")
        look(page, f"/articles/{quote(article_id)}")
        assert page.locator(".text").text_content() == article["text"]
        assert page.locator("h1").text_content() == article["title"]
        facts = str(page.locator(".facts").text_content())
        for value in (*article["authors"], *article["sources"], *article["tags"], article["publisher"], article_id):
            assert value in facts
        for link in page.locator("main a").all():
            assert str(link.get_attribute("href")).startswith(("/articles", "/?", "/cite", "https://example.org/"))


def test_every_citation_shows_it_as_text(page: Page, service: Served) -> None:
    for passage in service.json("/v1" + ASK.replace("/?", "/ask?"))["passages"][::6]:
        citation = passage["citation"]
        place = f"article_id={quote(citation['article_id'], safe='')}&start={citation['start']}&end={citation['end']}"
        for style in ("html", "ris"):
            look(page, f"/cite?{place}&cite={style}")
            assert page.locator("blockquote").text_content() == citation["quote"]
            wanted = service.json(f"/v1/citations?{place}&cite={style}")["cited"]
            assert page.locator("[data-cited]").text_content() == wanted


@pytest.mark.parametrize("path", ["/articles", "/new", "/", "/feedback", "/unanswered"])
def test_every_list_shows_it_as_text(page: Page, path: str) -> None:
    look(page, path)
    if path in ("/articles", "/feedback", "/unanswered"):
        shown = str(page.locator("main").text_content())
        for text in hostile.SCRIPTS:
            assert text in shown


def test_every_value_can_be_a_filter(page: Page, service: Served) -> None:
    for text in (*hostile.SCRIPTS[:3], "P" * 500, hostile.MARKS[:200]):
        look(page, f"/articles?publishers={quote(text)}&tags={quote(text)}")
        chip = page.locator(".chips a").first
        assert str(chip.text_content()).startswith(f"Publisher {text}")
        chip.click()
        page.wait_for_load_state()
        assert page.url.startswith(service.address + "/articles?tags=")


QUESTIONS = (
    *hostile.SCRIPTS[::3],
    f"{hostile.OVERRIDE}Who is QUAGGA Nobody Известный?",
    f"{hostile.ISOLATE}Who saw Mr {hostile.OVERRIDE}Quagga Man 1901?",
    hostile.WORD[:2000],
    "Who is " + hostile.MARKS + "?",
    "\N{ROCKET}" * 1000,
)


def test_every_question_is_text(pages: Pages) -> None:
    page = pages.open(expected=PROBLEM)
    for question in QUESTIONS:
        look(page, asked(question))
        assert page.get_by_role("searchbox").input_value() == question
        assert page.title() == " ".join(f"{question} · Ibidem".split())
    for question in QUESTIONS[::4]:
        look(page, asked(question, ("published_from", question[:100]), ("authors", question)))
        assert "This can't be asked." in page.get_by_role("alert").inner_text()


def test_everything_that_is_pasted_is_text(pages: Pages) -> None:
    page = pages.open(expected=PROBLEM)
    changed = f"The quagga was{hostile.OVERRIDE} seen & hoard in the plain, {hostile.SCRIPTS[0]}"
    for text in (
        *hostile.SCRIPTS[::3],
        changed,
        hostile.WORD,
        hostile.MARKS,
        f'{{"article_id": "{hostile.SCRIPTS[0]}"}}',
    ):
        page.goto("/verify")
        page.get_by_label("Quote, citation or link").fill(text)
        page.get_by_role("button", name="Verify").click()
        page.locator(".verdict").first.wait_for()
        assert page.get_by_label("Quote, citation or link").input_value() == text
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate(TOO_WIDE) == []
        assert page.evaluate(TURNED_AROUND) == []
        assert page.evaluate("window.ran") is None


def test_what_spills_does_so_within_its_own_value(page: Page) -> None:
    """Three authors, of whom the first two would turn around what follows: the third is read from left to right, and
    what was struck from a quote leaves the rest of it alone."""
    left_to_right = """([selector, words]) => {
        const walker = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const at = walker.currentNode.data.indexOf(words);
            if (at < 0) continue;
            const places = [...words].map((_, number) => {
                const range = document.createRange();
                range.setStart(walker.currentNode, at + number);
                range.setEnd(walker.currentNode, at + number + 1);
                return range.getBoundingClientRect();
            });
            return places.every(({left, top}, number) =>
                !number || top > places[number - 1].top || left >= places[number - 1].left);
        }
        return null;
    }"""
    page.set_viewport_size({"width": 1600, "height": 700})
    page.goto("/articles/override")
    assert page.evaluate(left_to_right, ["article > .source", "Last, in order"])
    assert page.evaluate(left_to_right, [".facts", "Last, in order"])
    assert page.evaluate(left_to_right, [".text", "It went on."])
    assert page.evaluate(left_to_right, [".text", "was seen."]) is False  # so this is how it would show
    page.goto("/verify")
    page.get_by_label("Quote").fill(f"The quagga {hostile.OVERRIDE}again was seen & heard in the plain of Orlam")
    page.get_by_role("button", name="Verify").click()
    page.locator("del").first.wait_for()
    assert page.evaluate(left_to_right, [".passage blockquote", "in the plain"])


def test_a_comment_is_text(page: Page, service: Served) -> None:
    page.goto("/feedback")
    found = page.locator(".listed li").first
    assert found.locator("bdi").first.text_content() == hostile.MARKS
    texts: list[Any] = [one["comment"] for one in service.json("/v1/feedback")["feedback"]]
    shown = page.locator(".listed > li > p[dir=auto]").all_text_contents()
    assert shown == [f"“{text}”" for text in texts]
