"""The routes beside ``/v1/ask``: articles, health, metrics, the API's description, and the pages."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from index.generation import MANIFEST_FILE, current_generation, file_sha256, generation_folder, read_manifest
from index.search import LocalEngine
from index.store import FILE, Entry
from qa.app import create_app
from qa.live import Live
from tests.conftest import MakeIndex

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


class Page(HTMLParser):
    """A page as a browser would take it: its elements, and the text of those that are asked for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, str]] = []
        self._texts: dict[str, str] = {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input"):
            self._open.append((tag, dict(attrs).get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for name in {name for element in self._open for name in element}:
            self._texts[name] = self._texts.get(name, "") + data

    def text(self, name: str) -> str:
        """What is written in the elements of a tag or class."""
        return self._texts.get(name, "")

    def links(self) -> list[str]:
        return [attributes.get("href") or "" for tag, attributes in self.elements if tag == "a"]


@pytest.fixture(scope="module")
def hostile_index(make_index: MakeIndex) -> Path:
    plain = "The zebra is an animal of the plains, and the quagga was its cousin."
    return make_index({f"{HOSTILE_ID}.md": HOSTILE, "b.md": f"# B\n\n{plain}", "a/z.txt": plain, "a.md": plain})


@pytest.fixture
def hostile(hostile_index: Path) -> FlaskClient:
    return create_app(Live(hostile_index)).test_client()


def get(client: FlaskClient, path: str) -> Any:
    response = client.get(path)
    assert (response.status_code, response.content_type) == (200, "application/json")
    return json.loads(response.data)


def page(client: FlaskClient, path: str) -> Page:
    response = client.get(path, headers={"Accept": "text/html"})
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    return Page(response.text)


def test_articles_are_listed_by_id_with_all_that_is_known(client: FlaskClient, engine: LocalEngine) -> None:
    listed = get(client, "/v1/articles")
    assert list(listed) == ["generation", "articles"]
    assert listed["generation"] == engine.manifest.generation
    assert len(listed["articles"]) == engine.manifest.articles == 20
    ids = [entry["id"] for entry in listed["articles"]]
    assert ids == sorted(ids)
    for entry in listed["articles"]:
        assert list(entry) == [field.name for field in fields(Entry)]
        article = engine.article(entry["id"])
        assert entry["title"] == article.title
        assert entry["published"] == (article.published and article.published.isoformat())
        assert entry["sha256"] == article.sha256


def test_an_article_has_the_text_that_every_citation_counts(client: FlaskClient, questions: list[str]) -> None:
    texts: dict[str, str] = {}
    for question in questions[:: len(questions) // 20][:20]:
        answer = json.loads(client.post("/v1/ask", json={"question": question, "top_k": 10}).data)
        for passage in answer["passages"]:
            citation = passage["citation"]
            article = get(client, f"/v1/articles/{quote(citation['article_id'])}")
            text = texts[article["id"]] = article["text"]
            assert article["generation"] == answer["generation"]
            assert text[citation["start"] : citation["end"]] == citation["quote"]
            assert citation["sha256"] == article["sha256"] == hashlib.sha256(text.encode()).hexdigest()
            for highlight in passage["highlights"]:
                assert text[highlight["start"] : highlight["end"]] in passage["text"]
    assert len(texts) >= 10


def test_an_article_comes_as_it_is_listed_and_its_text(client: FlaskClient) -> None:
    for entry in get(client, "/v1/articles")["articles"]:
        article = get(client, f"/v1/articles/{entry['id']}")
        assert list(article) == [*entry, "generation", "text"]
        assert {key: article[key] for key in entry} == entry


def test_every_id_can_be_asked_for(hostile: FlaskClient) -> None:
    ids = [entry["id"] for entry in get(hostile, "/v1/articles")["articles"]]
    assert ids == ["a", "a/z", "b", HOSTILE_ID]
    for article_id in ids:
        assert get(hostile, f"/v1/articles/{quote(article_id)}")["id"] == article_id
        assert get(hostile, f"/v1/articles/{quote(article_id, safe='')}")["id"] == article_id
        assert page(hostile, f"/articles/{quote(article_id)}").text("article")


def test_health_and_readiness(client: FlaskClient, index: Path) -> None:
    assert get(client, "/healthz") == {"status": "alive"}
    assert get(client, "/readyz") == {"status": "ready", "generation": current_generation(index), "problem": None}


def samples(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """The metrics' values, by name and labels' values."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain; version=")
    families = text_string_to_metric_families(response.text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_metrics_count_requests_by_route_and_status(client: FlaskClient, index: Path) -> None:
    for _ in range(3):
        client.get("/v1/ask?question=Who")
    client.post("/v1/ask", json={})
    for path in ("/nope", "/nope/2", "/v1/articles/nope", "/v1/articles/nope2"):
        client.get(path)
    found = samples(client)
    counted = {key[1:]: value for key, value in found.items() if key[0] == "ibidem_requests_total"}
    assert counted == {
        ("/v1/ask", "200"): 3,
        ("/v1/ask", "422"): 1,
        ("none", "404"): 2,
        ("/v1/articles/<path:article_id>", "404"): 2,
    }


def test_metrics_time_answers_by_stage_and_generation(client: FlaskClient, index: Path) -> None:
    generation = current_generation(index)
    client.get("/v1/ask?question=Who")
    client.get("/?question=Who")
    found = samples(client)
    stages = {stage: found["ibidem_answer_seconds_sum", generation, stage] for stage in ("encode", "search", "total")}
    assert 0 < stages["encode"] + stages["search"] <= stages["total"] + 1e-5 < 5
    for stage in stages:
        assert found["ibidem_answer_seconds_count", generation, stage] == 2


def test_metrics_tell_the_size_of_the_generation(client: FlaskClient, engine: LocalEngine) -> None:
    found, manifest = samples(client), engine.manifest
    sizes = {key[1:]: value for key, value in found.items() if key[0] == "ibidem_generation"}
    assert sizes == {
        (manifest.generation, "articles"): manifest.articles,
        (manifest.generation, "passages"): manifest.passages,
        (manifest.generation, "sentences"): manifest.sentences,
    }


@pytest.fixture
def description(client: FlaskClient) -> Any:
    return get(client, "/openapi.json")


def resolve(description: Any, reference: str) -> Any:
    assert reference.startswith("#/")
    found = description
    for part in reference[2:].split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for inner in value.values() for found in references(inner)]
    return [found for inner in value for found in references(inner)] if isinstance(value, list) else []


TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def describes(description: Any, schema: Any, value: Any) -> bool:
    """Whether the value is what the schema says, and has no key that it doesn't say."""
    if "$ref" in schema:
        return describes(description, resolve(description, schema["$ref"]), value)
    if "anyOf" in schema:
        return any(describes(description, one, value) for one in schema["anyOf"])
    if not isinstance(value, TYPES[schema["type"]]):
        return False
    if isinstance(value, dict):
        described = schema["properties"]
        return set(schema["required"]) <= set(value) == set(described) and all(
            describes(description, described[key], one) for key, one in value.items()
        )
    return not isinstance(value, list) or all(describes(description, schema["items"], one) for one in value)


def test_the_description_is_openapi_3_1_and_every_reference_leads_somewhere(description: Any) -> None:
    assert description["openapi"] == "3.1.0"
    assert description["info"]["title"] == "Ibidem"
    found = references(description)
    assert len(found) > 10
    for reference in found:
        assert resolve(description, reference)
    for path, operations in description["paths"].items():
        assert path.startswith("/")
        for operation in operations.values():
            assert operation["summary"]
            assert "200" in operation["responses"]
            assert all(response["description"] for response in operation["responses"].values())


def test_every_route_of_the_api_is_described(client: FlaskClient, description: Any) -> None:
    routes = {
        (rule.rule.replace("<path:article_id>", "{article_id}"), method.lower())
        for rule in client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/v1/") or rule.rule in ("/healthz", "/readyz")
    }
    assert {(path, method) for path, methods in description["paths"].items() for method in methods} == routes
    assert len(routes) == 6


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/v1/ask", "/v1/ask?question=Who"),
        ("/v1/articles", "/v1/articles"),
        ("/v1/articles/{article_id}", "/v1/articles/2026/two-pakistani-astronauts-selected"),
        ("/healthz", "/healthz"),
        ("/readyz", "/readyz"),
    ],
)
def test_what_comes_is_what_is_described(client: FlaskClient, description: Any, path: str, address: str) -> None:
    schema = description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    found = get(client, address)
    assert describes(description, schema, found)
    assert not describes(description, schema, {**found, "more": 1})


def test_problems_are_described(client: FlaskClient, description: Any) -> None:
    for method, statuses in (("post", {"400", "413", "415", "422"}), ("get", {"400", "422"})):
        responses = description["paths"]["/v1/ask"][method]["responses"]
        assert set(responses) == {"200", *statuses}
        for status in statuses:
            schema = responses[status]["content"]["application/problem+json"]["schema"]
            assert describes(description, schema, json.loads(client.post("/v1/ask", json={}).data))


def test_what_can_be_sent_is_described(description: Any) -> None:
    post = description["paths"]["/v1/ask"]["post"]["requestBody"]
    schema = post["content"]["application/json"]["schema"]
    assert post["required"] is True
    assert (list(schema["properties"]), schema["required"]) == (["question", "top_k"], ["question"])
    assert schema["additionalProperties"] is False
    assert {key: schema["properties"]["top_k"][key] for key in ("minimum", "maximum", "default")} == {
        "minimum": 1,
        "maximum": 100,
        "default": 5,
    }
    parameters = description["paths"]["/v1/ask"]["get"]["parameters"]
    assert [(p["name"], p["in"], p["required"]) for p in parameters] == [
        ("question", "query", True),
        ("top_k", "query", False),
    ]


@pytest.mark.parametrize(
    "path", ["/", "/?question=Who", "/nope", "/healthz", "/v1/ask", "/static/page.css", "/articles/nope"]
)
def test_every_response_forbids_what_a_page_does_not_need(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        headers = response.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_page_shows_the_answer_with_its_citations(client: FlaskClient) -> None:
    question = "When will the first Pakistani astronaut fly to the Chinese station?"
    answer = get(client, f"/v1/ask?question={quote(question)}")
    shown = page(client, f"/?question={quote(question)}")
    assert shown.text("blockquote") == "".join(passage["text"] for passage in answer["passages"])
    for passage in answer["passages"]:
        citation = passage["citation"]
        assert shown.links().count(citation["link"]) == 2
        assert f"{citation['article_id']} [{citation['start']}:{citation['end']}]" in shown.text("citation")
        assert citation["title"] in shown.text("h2")
    first = answer["passages"][0]
    (highlight,) = first["highlights"]
    offset = first["citation"]["start"]
    marked = first["text"][highlight["start"] - offset : highlight["end"] - offset]
    assert shown.text("mark").startswith(marked)
    (field,) = [attributes for tag, attributes in shown.elements if tag == "input"]
    assert field["value"] == question


def test_the_page_without_a_question_asks_for_one(client: FlaskClient) -> None:
    for path in ("/", "/?question=", "/?question=+"):
        assert "Ask a question" in page(client, path).text("main")


def test_the_link_of_a_citation_shows_exactly_its_passage(client: FlaskClient, hostile: FlaskClient) -> None:
    for asked, question in ((client, "Who signed the agreement?"), (hostile, "Where was the quagga seen?")):
        for passage in get(asked, f"/v1/ask?question={quote(question)}&top_k=10")["passages"]:
            citation = passage["citation"]
            shown = page(asked, citation["link"].removesuffix("#passage"))
            article = get(asked, f"/v1/articles/{quote(citation['article_id'])}")
            assert shown.text("text") == article["text"]
            assert shown.text("mark") == citation["quote"]
            assert [attributes for tag, attributes in shown.elements if tag == "mark"] == [{"id": "passage"}]


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
    assert "mark" not in [tag for tag, _ in shown.elements]


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
    assert not tags & {"script", "img", "iframe", "style", "base", "object", "svg"}
    names = {name for _, attributes in shown.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert all(link.startswith(("/", "https://")) for link in shown.links())


def test_hostile_metadata_is_shown_as_it_was_written(hostile: FlaskClient) -> None:
    article = get(hostile, f"/v1/articles/{quote(HOSTILE_ID)}")
    shown = page(hostile, f"/articles/{quote(HOSTILE_ID)}")
    assert SCRIPT in article["title"]
    assert SCRIPT in article["text"]
    assert shown.text("h1") == article["title"]
    assert shown.text("text") == article["text"]
    assert article["url"] in shown.links()
    for value in (*article["authors"], article["publisher"], article["licence"], *article["sources"]):
        assert value in shown.text("source")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", " javascript:alert(1)", "//evil.example"]
)
def test_an_address_that_is_none_of_the_web_is_no_link(hostile_index: Path, url: str) -> None:
    """Reading refuses such an article; the page doesn't depend on that."""
    set_url(hostile_index, url)
    client = create_app(Live(hostile_index)).test_client()
    for path in (f"/articles/{quote(HOSTILE_ID)}", "/?question=quagga"):
        shown = page(client, path)
        assert shown.links()
        assert [link for link in shown.links() if "alert" in link or "evil" in link or ":" in link] == []
    assert get(client, f"/v1/articles/{quote(HOSTILE_ID)}")["url"] == url


def set_url(index: Path, url: str) -> None:
    """Writes an article's address into the texts of the current generation, as if it had been read so."""
    folder = generation_folder(index, current_generation(index))
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("UPDATE articles SET url = ? WHERE id = ?", [url, HOSTILE_ID])
    connection.close()
    files = {**read_manifest(folder).files, FILE: file_sha256(folder / FILE)}
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    (folder / MANIFEST_FILE).write_text(json.dumps({**manifest, "files": files}))
