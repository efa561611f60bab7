"""The HTTP contract: the shape of an answer, and one shape for every kind of bad input (RFC 9457)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from index.generation import current_generation
from qa.app import MAX_BODY_BYTES

JSON = "application/json"
QUESTION = "When will the first Pakistani astronaut fly to the Chinese station?"

ANSWER_KEYS = ["question", "generation", "answered", "confidence", "passages", "took_ms"]
PASSAGE_KEYS = ["rank", "score", "text", "highlights", "citation", "also_in"]
CITATION_KEYS = [
    *("article_id", "title", "title_inferred", "authors", "publisher", "url", "published"),
    *("start", "end", "quote", "prefix", "suffix", "sha256", "link"),
]


@pytest.fixture
def responses(client: FlaskClient) -> list[TestResponse]:
    """POST and GET of the same question."""
    return [
        client.post("/v1/ask", json={"question": QUESTION, "top_k": 7}),
        client.get("/v1/ask", query_string={"question": QUESTION, "top_k": 7}),
    ]


def test_an_answer_has_these_keys_in_this_order(responses: list[TestResponse]) -> None:
    for response in responses:
        assert (response.status_code, response.content_type) == (200, JSON)
        answer = json.loads(response.data)
        assert list(answer) == ANSWER_KEYS
        assert list(answer["took_ms"]) == ["encode", "search", "total"]
        assert len(answer["passages"]) == 7
        for passage in answer["passages"]:
            assert list(passage) == PASSAGE_KEYS
            assert list(passage["citation"]) == CITATION_KEYS
            assert [list(highlight) for highlight in passage["highlights"]] == [["start", "end"]]


def test_an_answer_has_these_types(responses: list[TestResponse], index: Path) -> None:
    answer = json.loads(responses[0].data)
    assert answer["question"] == QUESTION
    assert answer["generation"] == current_generation(index)
    assert answer["answered"] is True
    assert (type(answer["confidence"]), answer["confidence"] > 0.9) == (float, True)
    assert {type(value) for value in answer["took_ms"].values()} == {float}
    passage = answer["passages"][0]
    assert (type(passage["rank"]), type(passage["score"])) == (int, float)
    assert passage["text"] == passage["citation"]["quote"]
    assert passage["also_in"] == []
    citation = passage["citation"]
    assert citation["published"] == "2026-05-04"
    assert citation["authors"] == ["Ibidem Wire desk"]
    assert citation["url"] is None
    assert (type(citation["start"]), type(citation["end"])) == (int, int)
    assert len(citation["sha256"]) == 64


def test_post_and_get_answer_the_same(responses: list[TestResponse]) -> None:
    post, get = ({**json.loads(response.data), "took_ms": None} for response in responses)
    assert post == get


def test_text_goes_out_as_it_is_and_not_as_escapes(client: FlaskClient) -> None:
    question = "خلا میں \N{ROCKET} Chrétien"
    response = client.post("/v1/ask", json={"question": question})
    assert question.encode() in response.data


def test_a_charset_beside_the_content_type_is_no_problem(client: FlaskClient) -> None:
    body = json.dumps({"question": QUESTION})
    assert client.post("/v1/ask", data=body, content_type="application/json; charset=utf-8").status_code == 200


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


LATER = "there are question, top_k"
"""What is said of a field that isn't there: which there are."""

BAD_BODIES: list[tuple[str, bytes, int, str, str | None]] = [
    # what, body, status, what the detail says, field
    ("no question", b"{}", 422, "missing", "question"),
    ("only top_k", body(top_k=5), 422, "missing", "question"),
    ("null question", body(question=None), 422, "string", "question"),
    ("number", body(question=5), 422, "string", "question"),
    ("list as question", body(question=["Who?"]), 422, "string", "question"),
    ("object as question", body(question={"text": "Who?"}), 422, "string", "question"),
    ("true as question", body(question=True), 422, "string", "question"),
    ("empty question", body(question=""), 422, "empty", "question"),
    ("blank question", body(question=" \t\n\u2003"), 422, "empty", "question"),
    ("too long", body(question="x" * 2001), 422, "2000", "question"),
    ("too long, astral", body(question="\N{ROCKET}" * 2001), 422, "2000", "question"),
    ("NUL", body(question="a\0b"), 422, "NUL", "question"),
    ("lone surrogate", b'{"question": "a\\ud800b"}', 400, "not JSON", None),
    ("lone low surrogate", b'{"question": "a\\udc00b"}', 400, "not JSON", None),
    ("filters", body(question="Who?", filters={"language": "en"}), 422, LATER, "filters"),
    ("no filters", body(question="Who?", filters=None), 422, LATER, "filters"),
    ("as_of", body(question="Who?", as_of="2026-01-31"), 422, LATER, "as_of"),
    ("unknown field", body(question="Who?", topk=5), 422, LATER, "topk"),
    ("top_k 0", body(question="Who?", top_k=0), 422, "greater than or equal to 1", "top_k"),
    ("top_k -1", body(question="Who?", top_k=-1), 422, "greater than or equal to 1", "top_k"),
    ("top_k 101", body(question="Who?", top_k=101), 422, "less than or equal to 100", "top_k"),
    ("top_k 1000", body(question="Who?", top_k=1000), 422, "less than or equal to 100", "top_k"),
    ("top_k 10^400", b'{"question": "Who?", "top_k": 1' + b"0" * 400 + b"}", 422, "100", "top_k"),
    ("top_k word", body(question="Who?", top_k="ten"), 422, "integer", "top_k"),
    ("top_k digits", body(question="Who?", top_k="5"), 422, "integer", "top_k"),
    ("top_k true", body(question="Who?", top_k=True), 422, "integer", "top_k"),
    ("top_k 1.5", body(question="Who?", top_k=1.5), 422, "integer", "top_k"),
    ("top_k null", body(question="Who?", top_k=None), 422, "integer", "top_k"),
    ("top_k NaN", b'{"question": "Who?", "top_k": NaN}', 422, "integer", "top_k"),
    ("broken JSON", b'{"question": "Who?"', 400, "not JSON", None),
    ("trailing", b'{"question": "Who?"} and more', 400, "not JSON", None),
    ("single quotes", b"{'question': 'Who?'}", 400, "not JSON", None),
    ("empty body", b"", 400, "not JSON", None),
    ("not UTF-8", b'{"question": "\xff"}', 400, "not JSON", None),
    ("UTF-16", '{"question": "Who?"}'.encode("utf-16"), 400, "not JSON", None),
    ("bytes", b"\x00\x01\x02\x80", 400, "not JSON", None),
    ("deep list", b"[" * 30_000, 400, "not JSON", None),
    ("deep object", b'{"question":' * 5000, 400, "not JSON", None),
    ("list", b'["Who?"]', 422, "object", ""),
    ("text", b'"Who?"', 422, "object", ""),
    ("null", b"null", 422, "object", ""),
    ("form", b"question=Who%3F", 400, "not JSON", None),
]


def assert_problem(response: TestResponse, status: int, says: str, field: str | None = None) -> None:
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    problem = json.loads(response.data)
    assert list(problem) == ["type", "title", "status", "detail", "errors"]
    assert problem["type"] == "about:blank"
    assert problem["status"] == status
    assert problem["title"]
    assert says in problem["detail"]
    assert "\n" not in problem["detail"]
    assert [list(error) for error in problem["errors"]] == ([["field", "message"]] if field is not None else [])
    assert [error["field"] for error in problem["errors"]] == ([field] if field is not None else [])


@pytest.mark.parametrize(
    ("data", "status", "says", "field"), [case[1:] for case in BAD_BODIES], ids=[case[0] for case in BAD_BODIES]
)
def test_a_bad_body_is_a_problem(client: FlaskClient, data: bytes, status: int, says: str, field: str | None) -> None:
    assert_problem(client.post("/v1/ask", data=data, content_type=JSON), status, says, field)


BAD_ADDRESSES: list[tuple[str, int, str, str | None]] = [
    ("", 422, "missing", "question"),
    ("question=", 422, "empty", "question"),
    ("question=+%09", 422, "empty", "question"),
    ("question=" + "x" * 2001, 422, "2000", "question"),
    ("question=a%00b", 422, "NUL", "question"),
    ("question=%ff", 400, "UTF-8", None),
    ("question=a%ed%a0%80b", 400, "UTF-8", None),
    ("question=Who&question=When", 400, "question is given more than once", None),
    ("question=Who&top_k=1&top_k=2", 400, "top_k is given more than once", None),
    ("question=Who&filters=x", 422, LATER, "filters"),
    ("question=Who&as_of=2026-01-31", 422, LATER, "as_of"),
    ("question=Who&topk=5", 422, LATER, "topk"),
    ("question=Who&top_k=0", 422, "greater than or equal to 1", "top_k"),
    ("question=Who&top_k=-1", 422, "greater than or equal to 1", "top_k"),
    ("question=Who&top_k=1000", 422, "less than or equal to 100", "top_k"),
    ("question=Who&top_k=ten", 422, "integer", "top_k"),
    ("question=Who&top_k=true", 422, "integer", "top_k"),
    ("question=Who&top_k=1.5", 422, "integer", "top_k"),
    ("question=Who&top_k=", 422, "integer", "top_k"),
]


@pytest.mark.parametrize(("query", "status", "says", "field"), BAD_ADDRESSES)
def test_a_bad_address_is_a_problem(client: FlaskClient, query: str, status: int, says: str, field: str | None) -> None:
    assert_problem(client.get(f"/v1/ask?{query}"), status, says, field)


def test_all_that_is_wrong_is_said_at_once(client: FlaskClient) -> None:
    response = client.post("/v1/ask", json={"q": "Who?", "top_k": 0})
    assert response.status_code == 422
    problem = json.loads(response.data)
    assert {error["field"] for error in problem["errors"]} == {"question", "top_k", "q"}
    assert all(f"{error['field']}: {error['message']}" in problem["detail"] for error in problem["errors"])


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "json"],
)
def test_another_content_type_is_a_problem(client: FlaskClient, content_type: str | None) -> None:
    response = client.post("/v1/ask", data=body(question="Who?"), content_type=content_type)
    assert_problem(response, 415, "Content-Type: application/json")


@pytest.mark.parametrize(
    ("size", "status"), [(MAX_BODY_BYTES, 422), (MAX_BODY_BYTES + 1, 413), (10 * MAX_BODY_BYTES, 413)]
)
def test_a_body_over_the_limit_is_a_problem(client: FlaskClient, size: int, status: int) -> None:
    data = body(question="x" * (size - len(body(question=""))))
    assert len(data) == size
    response = client.post("/v1/ask", data=data, content_type=JSON)
    assert_problem(response, status, "shorter", "question" if status == 422 else None)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/ask", {"GET", "POST"}),
        ("DELETE", "/v1/ask", {"GET", "POST"}),
        ("PATCH", "/v1/ask", {"GET", "POST"}),
        ("BREW", "/v1/ask", {"GET", "POST"}),
        ("POST", "/v1/articles", {"GET"}),
        ("DELETE", "/v1/articles/a", {"GET"}),
        ("POST", "/healthz", {"GET"}),
        ("POST", "/readyz", {"GET"}),
        ("POST", "/metrics", {"GET"}),
        ("POST", "/openapi.json", {"GET"}),
        ("POST", "/", {"GET"}),
        ("POST", "/articles/a", {"GET"}),
    ],
)
def test_a_wrong_method_is_a_problem_that_names_the_right_ones(
    client: FlaskClient, method: str, path: str, allowed: set[str]
) -> None:
    response = client.open(path, method=method)
    assert_problem(response, 405, "Allow")
    assert {name.strip() for name in response.headers["Allow"].split(",")} == allowed | {"HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    "path", ["/v1/articles/nope", "/v1/articles/2026", "/v1/articles/..%2fx", "/v1/articles/%00", "/articles/nope"]
)
def test_an_unknown_article_is_a_problem(client: FlaskClient, path: str) -> None:
    assert_problem(client.get(path), 404, "there is no article")


@pytest.mark.parametrize("path", ["/nope", "/v1", "/v1/", "/v1/asks", "/v2/ask", "/v1/articles/", "/static/nope.css"])
def test_an_unknown_path_is_a_problem(client: FlaskClient, path: str) -> None:
    assert_problem(client.get(path), 404, "/openapi.json")


@pytest.mark.parametrize("path", ["/nope", "/articles/nope", "/?question=%00", "/?question=" + "x" * 2001])
def test_a_browser_gets_a_page_for_a_problem(client: FlaskClient, path: str) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
    response = client.get(path, headers={"Accept": accept})
    problem = client.get(path)
    assert response.status_code == problem.status_code
    assert 400 <= response.status_code < 500
    assert response.content_type == "text/html; charset=utf-8"
    assert f"<h1>{json.loads(problem.data)['title']}</h1>" in response.text


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/problem+json", "image/png"])
def test_anyone_else_gets_json(client: FlaskClient, accept: str | None) -> None:
    assert_problem(client.get("/nope", headers={"Accept": accept} if accept else {}), 404, "nothing at this address")


def test_a_failure_inside_is_a_problem_that_tells_no_secrets(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.application.view_functions["healthz"] = fail
    response = client.get("/healthz")
    assert_problem(response, 500, "the service's log has it")
    assert "secret" not in response.text
    assert "secret" in caplog.text


def fail() -> str:
    raise RuntimeError("secret")
