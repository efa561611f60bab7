"""The description of the interface: complete, and true."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from qa.api.description import EXAMPLES
from qa.app import create_app
from qa.live import Live
from tests.conftest import get
from tests.examples import asked, content
from tests.test_app import TYPES, describes, resolve

UNBOUNDED = {"intercept", "closeness", "cosine"}
"""Weights, which may be any number."""

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\d{8}T\d{6}Z-\d{6}")
"""A time, or a generation."""

UNSTABLE = {"generation", "took_ms", "made", "first_asked", "last_asked", "request_id", "score", "confidence"}


@pytest.fixture(scope="module")
def told(live: Live, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Talks to an application that keeps feedback."""
    return create_app(live, feedback=tmp_path_factory.mktemp("feedback") / "feedback.sqlite").test_client()


@pytest.fixture(scope="module")
def description(told: FlaskClient) -> Any:
    return get(told, "/openapi.json")


def operations(description: Any) -> Iterator[tuple[str, Any]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def schemas(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every schema of an object in the description, and where it stands."""
    if isinstance(value, dict):
        if isinstance(value.get("properties"), dict):
            yield place, value
        for key, inner in value.items():
            if key not in ("example", "examples"):
                yield from schemas(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from schemas(inner, f"{place}/{number}")


def alternatives(schema: Any) -> list[Any]:
    return [schema, *schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]


def test_it_says_what_the_interface_is(description: Any) -> None:
    assert description["openapi"] == "3.1.0"
    assert {"title", "version", "description"} <= description["info"].keys()
    assert description["servers"] == [{"url": "/"}]
    assert all(tag["description"] for tag in description["tags"])


def test_every_field_is_described(description: Any) -> None:
    fields = [
        (place, name, field) for place, schema in schemas(description) for name, field in schema["properties"].items()
    ]
    assert len(fields) > 200
    assert [f"{place}: {name}" for place, name, field in fields if len(field.get("description", "")) < 5] == []


def test_every_kind_is_described_once(description: Any) -> None:
    kinds = description["components"]["schemas"]
    assert len(kinds) > 40
    for name, kind in kinds.items():
        assert len(kind["description"]) > 10, name
        assert "None" not in kind["description"].split()
        assert "." not in name
    for other in ("``", "(see `qa", "(see `corpus"):
        assert other not in json.dumps(description)


def test_every_number_has_a_bound_and_every_hash_and_date_a_pattern(description: Any) -> None:
    for place, schema in schemas(description):
        for name, field in schema["properties"].items():
            for one in alternatives(field):
                if one.get("type") in ("integer", "number") and name not in UNBOUNDED:
                    assert "minimum" in one, f"{place}: {name}"
                if one.get("type") == "string" and name in ("sha256", "published", "updated", "retrieved", "as_of"):
                    assert "pattern" in one, f"{place}: {name}"


def test_what_is_given_has_all_of_its_fields_and_what_is_taken_no_others(description: Any) -> None:
    taken = {"AskBody", "BatchBody", "FeedbackBody", "Filtering", "Given", "GivenAnswer", "QuotesBody"}
    kinds = description["components"]["schemas"]
    for name in kinds.keys() - taken:
        assert set(kinds[name]["required"]) == kinds[name]["properties"].keys(), name
    for name in taken - {"GivenAnswer"}:
        assert kinds[name]["additionalProperties"] is False
    assert kinds["AskBody"]["required"] == ["question"]


def test_every_operation_is_told_in_full(description: Any) -> None:
    tags = {tag["name"] for tag in description["tags"]}
    names = [operation["operationId"] for _, operation in operations(description)]
    assert len(set(names)) == len(names) >= 15
    for where, operation in operations(description):
        assert 5 < len(operation["summary"]) < 80, where
        assert len(operation["description"]) > 10, where
        assert set(operation["tags"]) <= tags, where
        assert operation["tags"], where
        for parameter in operation["parameters"]:
            found = resolve(description, parameter["$ref"]) if "$ref" in parameter else parameter
            assert found["description"], where
            assert found["schema"]["type"] in TYPES or "$ref" in found["schema"], where


def test_every_response_is_told_in_full(description: Any) -> None:
    for where, operation in operations(description):
        assert "500" in operation["responses"]
        for status, response in operation["responses"].items():
            assert response["description"], where
            assert {"X-Request-ID", "Server-Timing"} <= response["headers"].keys()
            for header in response["headers"].values():
                assert resolve(description, header["$ref"])["description"]
            if status >= "400":
                ((kind, problem),) = response["content"].items()
                assert (kind, problem["schema"]["$ref"]) == ("application/problem+json", "#/components/schemas/Problem")
                assert problem["example"]["status"] == int(status)
                assert describes(description, problem["schema"], problem["example"])
            elif status in ("200", "201"):
                (kind,) = response["content"].values()
                assert kind["schema"], where
        is_conditional = "304" in operation["responses"]
        assert is_conditional == ("ETag" in operation["responses"].get("200", {}).get("headers", {}))
        assert is_conditional == ({"$ref": "#/components/parameters/KnownTag"} in operation["parameters"])
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= operation["responses"].keys(), where
    assert sum("304" in operation["responses"] for _, operation in operations(description)) == 4


def test_every_operation_has_an_example(description: Any) -> None:
    examples = json.loads(EXAMPLES.read_bytes())
    assert examples.keys() == {operation["operationId"] for _, operation in operations(description)}
    for where, operation in operations(description):
        example = examples[operation["operationId"]]
        assert str(example["status"]) in operation["responses"]
        assert example["status"] < 300
        for parameter in operation["parameters"]:
            if parameter.get("required"):
                assert parameter["example"] == example["given"][parameter["name"]], where
        if "requestBody" in operation:
            assert operation["requestBody"]["content"]["application/json"]["example"] == example["body"], where
        for kind in operation["responses"][str(example["status"])].get("content", {}).values():
            assert kind["example"] == example["response"], where


def stable(value: Any) -> Any:
    """A value without what differs from index to index and from time to time."""
    if isinstance(value, dict):
        return {key: key if key in UNSTABLE else stable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [stable(inner) for inner in value]
    return TIME.sub("then", value) if isinstance(value, str) else value


def test_examples_give_what_they_say(told: FlaskClient, description: Any) -> None:
    responses = {operation["operationId"]: operation["responses"] for _, operation in operations(description)}
    count = 0
    for name, example, response in asked(told):
        assert response.status_code == example["status"], name
        found = content(response)
        assert stable(found) == stable(example["response"]), name
        schema = responses[name][str(response.status_code)].get("content", {}).get("application/json")
        if schema:
            assert describes(description, schema["schema"], found), name
        count += 1
    assert count == len(responses)


def test_examples_of_problems_say_what_is_said(live: Live, told: FlaskClient, description: Any) -> None:
    off = create_app(live).test_client()
    off.application.view_functions["healthz"] = fail
    found = [
        off.get("/v1/ask?question=Who&top_k=5&top_k=6"),
        off.get("/v1/feedback"),
        off.get("/v1/articles/2027/none"),
        off.post("/v1/ask", json={"question": "x" * 70_000}),
        off.post("/v1/ask", data="Who?"),
        off.post("/v1/ask", json={"question": "Who?", "top_k": 101}),
        off.get("/healthz"),
    ]
    examples = {
        status: response["content"]["application/problem+json"]["example"]
        for _, operation in operations(description)
        for status, response in operation["responses"].items()
        if status >= "400"
    }
    assert {str(response.status_code) for response in found} == examples.keys() - {"414", "503"}
    for response in found:
        assert stable(response.get_json(force=True)) == stable(examples[str(response.status_code)])


def fail() -> str:
    raise ZeroDivisionError


def test_what_is_described_is_the_same_whatever_the_host(told: FlaskClient) -> None:
    other = told.get("/openapi.json", headers={"Host": "ibidem.example"})
    assert json.loads(other.data) == get(told, "/openapi.json")


def test_examples_travel_with_the_package() -> None:
    settings = Path(__file__).parent.parent.joinpath("pyproject.toml").read_text(encoding="utf-8")
    assert f'"qa.api" = ["{EXAMPLES.name}"]' in settings
