"""The routes beside ``/v1/ask``: articles, health, metrics, and the API's description."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from corpus.article import Entry
from index.generation import current_generation
from index.search import LocalEngine
from tests.conftest import get


def test_articles_are_listed_by_id_with_all_that_is_known(client: FlaskClient, engine: LocalEngine) -> None:
    listed = get(client, "/v1/articles")
    assert list(listed) == ["generation", "total", "articles", "next"]
    assert (listed["total"], listed["next"]) == (20, None)
    assert listed["generation"] == engine.manifest.generation
    assert len(listed["articles"]) == engine.manifest.articles == 20
    ids = [entry["id"] for entry in listed["articles"]]
    assert ids == sorted(ids)
    for entry in listed["articles"]:
        assert list(entry) == [field.name for field in fields(Entry)]
        article = engine.article(entry["id"])
        assert entry["title"] == article.title
        assert entry["published"] == (article.published)
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


def test_health_and_readiness(client: FlaskClient, index: Path) -> None:
    assert get(client, "/healthz") == {"status": "alive"}
    assert get(client, "/readyz") == {"status": "ready", "generation": current_generation(index), "problem": None}


def samples(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """The metrics' values, by name and labels' values in the order of the labels' names."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain; version=")
    families = text_string_to_metric_families(response.text)
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


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


def test_metrics_time_answers_by_stage(client: FlaskClient) -> None:
    client.get("/v1/ask?question=Who")
    client.get("/?question=Who")
    found = samples(client)
    stages = {stage: found["ibidem_answer_seconds_sum", stage] for stage in ("encode", "search", "total")}
    assert 0 < stages["encode"] + stages["search"] <= stages["total"] + 1e-5 < 5
    for stage in stages:
        assert found["ibidem_answer_seconds_count", stage] == 2


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
    if "type" not in schema:  # any value
        return True
    if not isinstance(value, TYPES[schema["type"]]):
        return False
    if isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
        return all(describes(description, schema["additionalProperties"], one) for one in value.values())
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
            assert operation["responses"].keys() & {"200", "201", "204"}
            assert all(response["description"] for response in operation["responses"].values())


def test_every_route_of_the_api_is_described(client: FlaskClient, description: Any) -> None:
    routes = {
        (re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/v1/") or rule.rule in ("/healthz", "/readyz")
    }
    assert {(path, method) for path, methods in description["paths"].items() for method in methods} == routes
    assert len(routes) >= 9


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/v1/ask", "/v1/ask?question=Who"),
        ("/v1/ask", "/v1/ask?question=Will+Mars+ever+win+the+football+cup&cite=apa"),
        ("/v1/calibration", "/v1/calibration"),
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


def test_checks_are_what_is_described(client: FlaskClient, description: Any) -> None:
    route = description["paths"]["/v1/citations/verify"]["post"]
    citation = get(client, "/v1/ask?question=Who")["passages"][0]["citation"]
    others = [{"quote": citation["quote"][1:]}, {"quote": "Else"}, {"article_id": "none", "sha256": "0" * 64}]
    checks = client.post("/v1/citations/verify", json=[citation, *({**citation, **other} for other in others)]).json
    assert describes(description, route["responses"]["200"]["content"]["application/json"]["schema"], checks)
    sent = route["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    given = resolve(description, sent[0]["$ref"])
    assert set(given["properties"]) == set(citation)
    assert given["additionalProperties"] is False


def test_problems_are_described(client: FlaskClient, description: Any) -> None:
    for method, statuses in (
        ("post", {"400", "413", "415", "422", "500"}),
        ("get", {"304", "400", "414", "422", "500"}),
    ):
        responses = description["paths"]["/v1/ask"][method]["responses"]
        assert set(responses) == {"200", *statuses}
        for status in statuses - {"304"}:
            schema = responses[status]["content"]["application/problem+json"]["schema"]
            assert describes(description, schema, json.loads(client.post("/v1/ask", json={}).data))


def test_what_can_be_sent_is_described(description: Any) -> None:
    post = description["paths"]["/v1/ask"]["post"]["requestBody"]
    schema = resolve(description, post["content"]["application/json"]["schema"]["$ref"])
    fields = ["question", "top_k", "as_of", "copies", "narrow", "cite"]
    assert post["required"] is True
    assert (set(schema["properties"]), schema["required"]) == ({*fields, "filters"}, ["question"])
    assert all(schema["properties"][field].get("description") for field in fields)
    assert schema["additionalProperties"] is False
    assert {key: schema["properties"]["top_k"][key] for key in ("minimum", "maximum", "default")} == {
        "minimum": 1,
        "maximum": 100,
        "default": 5,
    }
    parameters = [p for p in description["paths"]["/v1/ask"]["get"]["parameters"] if p.get("in") == "query"]
    filters = description["components"]["schemas"]["Filtering"]["properties"]
    assert len(filters) == 7
    assert {p["name"] for p in parameters} == {*fields, *filters}
    assert {(p["in"], p["required"]) for p in parameters if p["name"] != "question"} == {("query", False)}
    assert [p["required"] for p in parameters if p["name"] == "question"] == [True]
