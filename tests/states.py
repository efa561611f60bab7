"""All that the pages can show: each state, and how a browser gets there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask.testing import FlaskClient

from qa.app import create_app
from qa.live import Live
from tests.browser import UNANSWERED, Served, asked, serve_app
from tests.changing import BELL, LAMP
from tests.conftest import get

if TYPE_CHECKING:
    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]

LIT = "When was the lamp of Orlam lit for the first time?"
QUOTE = "forty barrels of oil, of which three leaked"
UNFOLD = "document.querySelectorAll('details').forEach(one => { one.open = true })"

State = Callable[["Page"], None]


@contextmanager
def serve_busy(index: Path, folder: Path) -> Iterator[Served]:
    """The archive of ``tests.changing`` with its snapshots, and with feedback and questions without an answer."""
    app = create_app(Live(index), folders=[index.parent / "articles"], feedback=folder / "feedback.sqlite")
    _be_busy(app.test_client())
    with serve_app(app) as served:
        yield served


def _be_busy(client: FlaskClient) -> None:
    citation = _lamp(client)
    said = {"question": LIT, "answers": True, "comment": "Says it, on the first page.", "citation": citation}
    for one in (said, {**said, "answers": False}, {"question": UNANSWERED, "answers": False}):
        assert client.post("/v1/feedback", json=one).status_code == 201
    get(client, "/v1" + asked(UNANSWERED).replace("/?", "/ask?"))


def _lamp(client: FlaskClient) -> Any:
    """The citation of a sentence of the lamp's article."""
    text = get(client, f"/v1/articles/{LAMP}")["text"]
    start = text.index(QUOTE)
    return get(client, f"/v1/citations?article_id={LAMP}&start={start}&end={start + len(QUOTE)}")["citation"]


def _at(path: str) -> State:
    """The page at a path, with all that is folded open."""

    def show(page: Page) -> None:
        page.goto(path)
        page.evaluate(UNFOLD)

    return show


def _marked(page: Page) -> None:
    _at(asked(LIT, ("articles", LAMP)))(page)
    page.locator("#p1 h2 a").click()
    page.wait_for_selector("#passage")


def _verified(page: Page) -> None:
    _marked(page)
    page.get_by_role("button", name="Verify").click()
    page.locator(".status", has_text="Verified.").wait_for()


def _selected(page: Page) -> None:
    _at(f"/articles/{LAMP}")(page)
    page.locator(".text > p").first.click(click_count=3)
    page.get_by_role("link", name="Cite what is selected").wait_for()


def _cited(page: Page) -> None:
    _marked(page)
    page.get_by_role("link", name="Citation").click()
    page.wait_for_selector("[data-cited]")


def _pasted(text: str) -> State:
    def show(page: Page) -> None:
        page.goto("/verify")
        page.get_by_label("Quote, citation or link").fill(text)
        page.get_by_role("button", name="Verify").click()
        page.wait_for_selector(".verdict")

    return show


def _all_outcomes(page: Page) -> None:
    """A citation that is verified, and what makes one moved, changed, with another title, gone and unknown."""
    place = f"article_id={LAMP}&start=0&end=60"
    citation = page.request.get(f"/v1/citations?{place}").json()["citation"]
    needed = {name: citation[name] for name in ("article_id", "start", "end", "quote", "sha256")}
    gone = needed | {"article_id": "nets", "sha256": "0" * 64}
    given = [
        citation,
        needed | {"sha256": "1" * 64},
        citation | {"quote": citation["quote"].replace("lamp", "lantern")},
        citation | {"title": "Another title"},
        gone,
        gone | {"article_id": "nowhere"},
    ]
    _pasted(json.dumps(given))(page)
    assert page.locator(".verdict strong").all_inner_texts() == [
        "Verified.", "Moved.", "Changed.", "Changed.", "Gone.", "Unknown."
    ]  # fmt: skip


def _keys(page: Page) -> None:
    _at(asked(LIT))(page)
    page.get_by_role("button", name="Keyboard").click()


def _judged(page: Page) -> None:
    _at(asked(LIT))(page)
    page.locator("#p1 .judge").get_by_role("button", name="This answers").click()
    page.get_by_role("button", name="Take it back").wait_for()


STATES: dict[str, State] = {
    "home": _at("/"),
    "answer": _at(asked(LIT)),
    "filters": _at(asked(LIT, ("publishers", "Harbour Gazette"), ("published_from", "2025"), ("as_of", "2026"))),
    "no answer": _at(asked(UNANSWERED)),
    "nothing left": _at(asked(LIT, ("published_to", "1900"))),
    "wrong date": _at(asked(LIT, ("published_from", "2025-13"))),
    "judged": _judged,
    "keys": _keys,
    "article": _at(f"/articles/{LAMP}"),
    "right to left": _at("/articles/misbah"),
    "passage": _marked,
    "verified": _verified,
    "selected": _selected,
    "not kept": _at(f"/articles/{LAMP}?start=0&end=9&sha256={'0' * 64}"),
    "cited": _cited,
    "articles": _at("/articles"),
    "narrowed": _at("/articles?publishers=Paper+3&tags=light"),
    "new": _at("/new"),
    "verify": _at("/verify"),
    "outcomes": _all_outcomes,
    "quote": _pasted(QUOTE),
    "quote changed": _pasted(BELL.replace("council", "crown").replace("pier", "quay")),
    "quote unknown": _pasted("Bread was eaten by nobody in the long winter of the bakers."),
    "cannot verify": _pasted('{"article_id": 1}'),
    "feedback": _at("/feedback"),
    "unanswered": _at("/unanswered"),
    "problem": _at("/nope"),
}
