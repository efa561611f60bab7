"""The pages: what they show, and that nothing in an article or a question becomes more than text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from index.search import LocalEngine
from qa.app import create_app
from qa.live import Live
from tests.conftest import MakeIndex, get
from tests.hostile import rewrite

SCRIPT = "<script>alert(1)</script>"
HOSTILE_ID = "räume/\N{ROCKET} 100% a+b #1?&c"
HOSTILE = f"""---
title: '{SCRIPT}"><img src=x onerror=alert(2)>'
authors: ["{SCRIPT}", "' onmouseover='alert(3)"]
publisher: "{{{{ 7 * 7 }}}}</p>"
url: 'https://example.org/"onclick="alert(4)'
sources: ["{SCRIPT}"]
licence: "{SCRIPT}"
---

The quagga `{SCRIPT}` was seen & heard near the old \N{ROCKET} mill, `</mark></div>` they said, in May.

Nothing else of the kind was ever seen there, `{{{{ config }}}}` or elsewhere.
"""


VOID = ("meta", "link", "input", "br")


class Page(HTMLParser):
    """A page as a browser would take it: its elements, and the text of those that are asked for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, str]] = []
        self._texts: dict[str, str] = {}
        self._marks: list[int] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("class") or ""))
        self._note(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag
        self._note(tag)

    def _note(self, tag: str) -> None:
        if tag == "mark":
            self._marks.append(len(self.text("text")))

    def handle_data(self, data: str) -> None:
        for name in {name for element in self._open for name in element}:
            self._texts[name] = self._texts.get(name, "") + data

    def text(self, name: str) -> str:
        """What is written in the elements of a tag or class."""
        return self._texts.get(name, "")

    def marked(self) -> str:
        """What an article's text has from the first mark to the last."""
        return self.text("text")[self._marks[0] : self._marks[-1]]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each element of a tag."""
        return [attributes for name, attributes in self.elements if name == tag]

    def links(self) -> list[str]:
        return [attributes.get("href") or "" for tag, attributes in self.elements if tag == "a"]


@pytest.fixture(scope="module")
def hostile_index(make_index: MakeIndex) -> Path:
    plain = "The zebra is an animal of the plains, and the quagga was its cousin."
    return make_index({f"{HOSTILE_ID}.md": HOSTILE, "b.md": f"# B\n\n{plain}", "a/z.txt": plain, "a.md": plain})


@pytest.fixture
def hostile(hostile_index: Path) -> FlaskClient:
    return create_app(Live(hostile_index)).test_client()


def page(client: FlaskClient, path: str) -> Page:
    response = client.get(path, headers={"Accept": "text/html"})
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    return Page(response.text)


def test_every_id_can_be_asked_for(hostile: FlaskClient) -> None:
    ids = [entry["id"] for entry in get(hostile, "/v1/articles")["articles"]]
    assert ids == ["a", "a/z", "b", HOSTILE_ID]
    for article_id in ids:
        assert get(hostile, f"/v1/articles/{quote(article_id)}")["id"] == article_id
        assert get(hostile, f"/v1/articles/{quote(article_id, safe='')}")["id"] == article_id
        assert page(hostile, f"/articles/{quote(article_id)}").text("article")


@pytest.mark.parametrize(
    "path", ["/", "/?question=Who", "/nope", "/healthz", "/v1/ask", "/static/page.css", "/articles/nope"]
)
def test_every_response_forbids_what_a_page_does_not_need(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        headers = response.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_the_page_shows_the_answer_with_its_citations(client: FlaskClient) -> None:
    question = "When will the first Pakistani astronaut fly to the Chinese station?"
    answer = get(client, f"/v1/ask?question={quote(question)}")
    shown = page(client, f"/?question={quote(question)}")
    assert shown.text("blockquote") == "".join(passage["text"] for passage in answer["passages"])
    for passage in answer["passages"]:
        citation = passage["citation"]
        assert shown.links().count(citation["link"]) == 1
        assert f"{citation['article_id']} [{citation['start']}:{citation['end']}]" in shown.text("place")
        assert citation["sha256"] in shown.text("place")
        assert citation["title"] in shown.text("h2")
    first = answer["passages"][0]
    (highlight,) = first["highlights"]
    offset = first["citation"]["start"]
    marked = first["text"][highlight["start"] - offset : highlight["end"] - offset]
    assert shown.text("mark").startswith(marked)
    (field,) = [attributes for attributes in shown.all("input") if attributes["name"] == "question"]
    assert field["value"] == question


def test_the_page_without_a_question_asks_for_one(client: FlaskClient) -> None:
    for path in ("/", "/?question=", "/?question=+"):
        assert "Ask in plain words" in page(client, path).text("main")


def test_the_link_of_a_citation_shows_exactly_its_passage(client: FlaskClient, hostile: FlaskClient) -> None:
    for asked, question in ((client, "Who signed the agreement?"), (hostile, "Where was the quagga seen?")):
        for passage in get(asked, f"/v1/ask?question={quote(question)}&top_k=10")["passages"]:
            citation = passage["citation"]
            shown = page(asked, citation["link"].removesuffix("#passage"))
            article = get(asked, f"/v1/articles/{quote(citation['article_id'])}")
            assert shown.text("text") == article["text"]
            assert shown.marked() == citation["quote"]
            assert shown.text("mark") == citation["quote"].replace("\n", "")
            first, *others = shown.all("mark")
            assert first == {"id": "passage"}
            assert others == [{}] * len(others)


ARTICLE = "/articles/2026/two-pakistani-astronauts-selected"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "start=&end=",
        "start=a&end=b",
        "start=-5&end=5",
        "start=5&end=-1",
        "start=9&end=5",
        "start=5&end=5",
        "start=0&end=9999999",
        "start=1.5&end=7",
        f"start=0&end={'9' * 5000}",
        "start=5",
        "end=5",
        "start=<script>&end=%00",
        "start=%ff&end=%ff",
    ],
)
def test_nonsense_for_a_passage_marks_nothing(client: FlaskClient, engine: LocalEngine, query: str) -> None:
    shown = page(client, f"{ARTICLE}?{query}")
    assert shown.text("text") == engine.article(ARTICLE.removeprefix("/articles/")).text
    assert shown.all("mark") == []


@pytest.mark.parametrize(
    "path",
    [
        f"/articles/{quote(HOSTILE_ID)}",
        "/?question=quagga",
        f"/?question={quote(SCRIPT)}",
        f"/?question={quote(chr(34) + ' onfocus=alert(1) x=' + chr(34))}",
        f"/articles/{quote(SCRIPT)}",
        f"/{quote(SCRIPT)}",
        f"/?question={quote(SCRIPT * 100)}",
    ],
)
def test_what_is_written_in_an_article_or_a_question_stays_text(hostile: FlaskClient, path: str) -> None:
    shown = Page(hostile.get(path, headers={"Accept": "text/html"}).text)
    tags = {tag for tag, _ in shown.elements}
    assert not tags & {"img", "iframe", "style", "base", "object"}
    (script,) = shown.all("script")
    assert re.fullmatch(r"/static/page\.js\?v=[0-9a-f]{12}", script.pop("src") or "")
    assert script == {"type": "module"}
    assert all(attributes["class"] == "bars" for attributes in shown.all("svg"))
    names = {name for _, attributes in shown.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert all(link.startswith(("/", "#", "https://")) for link in shown.links())


def test_hostile_metadata_is_shown_as_it_was_written(hostile: FlaskClient) -> None:
    article = get(hostile, f"/v1/articles/{quote(HOSTILE_ID)}")
    shown = page(hostile, f"/articles/{quote(HOSTILE_ID)}")
    assert SCRIPT in article["title"]
    assert SCRIPT in article["text"]
    assert shown.text("h1") == article["title"]
    assert shown.text("text") == article["text"]
    assert article["url"] in shown.links()
    for value in (*article["authors"], article["publisher"], article["licence"], *article["sources"]):
        assert value in shown.text("facts")
    assert ", ".join(article["authors"]) in shown.text("source")
    assert article["publisher"] in shown.text("source")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", " javascript:alert(1)", "//evil.example"]
)
def test_an_address_that_is_none_of_the_web_is_no_link(hostile_index: Path, url: str) -> None:
    """Reading refuses such an article; the page doesn't depend on that."""
    rewrite(hostile_index, "UPDATE articles SET url = ? WHERE id = ?", [url, HOSTILE_ID])
    client = create_app(Live(hostile_index)).test_client()
    for path in (f"/articles/{quote(HOSTILE_ID)}", "/?question=quagga"):
        shown = page(client, path)
        assert shown.links()
        assert [link for link in shown.links() if not re.match("#|/(?!/)", link)] == []
        assert url not in shown.links()
    assert get(client, f"/v1/articles/{quote(HOSTILE_ID)}")["url"] == url
