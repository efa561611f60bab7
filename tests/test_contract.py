"""The HTTP contract: the shape of an answer, and one shape for every kind of bad input (RFC 9457)."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from index.generation import current_generation
from qa.app import MAX_BODY_BYTES

JSON = "application/json"
QUESTION = "When will the first Pakistani astronaut fly to the Chinese station?"

ANSWER_KEYS = [
    *("question", "generation", "answered", "confidence", "reason", "independent_sources", "searched"),
    *("passages", "timeline", "took_ms"),
]
PASSAGE_KEYS = ["rank", "score", "start", "end", "text", "highlights", "citation", "cited", "also_in"]
CITATION_KEYS = [
    *("article_id", "title", "title_inferred", "authors", "publisher", "url", "published", "updated", "retrieved"),
    *("provenance", "language", "page", "start", "end", "quote", "prefix", "suffix", "sha256", "generation", "link"),
    "source_link",
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
            assert passage["highlights"]
            for highlight in passage["highlights"]:
                assert list(highlight) == ["start", "end", "words"]
                assert all(list(word) == ["start", "end"] for word in highlight["words"])
        assert list(answer["searched"]) == ["articles", "undated"]
        assert answer["timeline"]
        assert all(list(entry) == ["rank", "article_id", "published"] for entry in answer["timeline"])


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
    assert (passage["cited"], answer["reason"], passage["also_in"]) == (None, None, [])
    assert type(answer["independent_sources"]) is int
    assert passage["text"][: passage["end"] - passage["start"]] == passage["text"]
    citation = passage["citation"]
    assert citation["published"] == "2026-05-04"
    assert citation["authors"] == ["Ibidem Wire desk"]
    assert citation["url"] is None
    assert citation["provenance"]["published"] == {"origin": "front matter", "precision": "day"}
    known = {name for name in ("title", "authors", "publisher", "url", "published", "language") if citation[name]}
    assert known <= citation["provenance"].keys()
    assert citation["provenance"]["title"] == {"origin": "front matter", "precision": None}
    assert citation["generation"] == answer["generation"]
    assert (citation["updated"], citation["retrieved"], citation["language"]) == (None, None, "en")
    assert citation["page"] is None
    assert (type(citation["start"]), type(citation["end"])) == (int, int)
    assert len(citation["sha256"]) == 64


def test_post_and_get_answer_the_same(responses: list[TestResponse]) -> None:
    post, get = ({**json.loads(response.data), "took_ms": None} for response in responses)
    assert post == get


def test_a_whole_number_is_one_however_json_writes_it(client: FlaskClient) -> None:
    response = client.post("/v1/ask", data=b'{"question": "Who?", "top_k": 3.0}', content_type=JSON)
    assert len(json.loads(response.data)["passages"]) == 3


def test_text_goes_out_as_it_is_and_not_as_escapes(client: FlaskClient) -> None:
    question = "خلا میں \N{ROCKET} Chrétien"
    response = client.post("/v1/ask", json={"question": question})
    assert question.encode() in response.data


def test_a_charset_beside_the_content_type_is_no_problem(client: FlaskClient) -> None:
    body = json.dumps({"question": QUESTION})
    assert client.post("/v1/ask", data=body, content_type="application/json; charset=utf-8").status_code == 200


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def in_filters(**fields: Any) -> bytes:
    return body(question="Who?", filters=fields)


NO_FIELD = "there is no such field"

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
    ("unknown filter", body(question="Who?", filters={"language": "en"}), 422, NO_FIELD, "filters.language"),
    ("no filters", body(question="Who?", filters=None), 422, "object", "filters"),
    ("filter not a list", body(question="Who?", filters={"tags": "x"}), 422, "array", "filters.tags"),
    ("filter of a number", body(question="Who?", filters={"tags": [5]}), 422, "string", "filters.tags.0"),
    ("blank filter", body(question="Who?", filters={"publishers": [" "]}), 422, "blank", "filters.publishers"),
    ("too many", body(question="Who?", filters={"tags": ["x"] * 101}), 422, "at most 100", "filters.tags"),
    (
        "no such day",
        in_filters(published_from="2026-02-30"),
        422,
        "date",
        "filters.published_from",
    ),
    (
        "a time",
        in_filters(published_to="2026-02-03T12:00"),
        422,
        "date",
        "filters.published_to",
    ),
    (
        "from after to",
        body(question="Who?", filters={"published_from": "2026-02", "published_to": "2026-01"}),
        422,
        "2026-02 is after published_to",
        "filters.published_from",
    ),
    ("as_of no date", body(question="Who?", as_of="yesterday"), 422, "date", "as_of"),
    ("as_of no such day", body(question="Who?", as_of="2026-02-30"), 422, "date", "as_of"),
    ("as_of a number", body(question="Who?", as_of=2026), 422, "string", "as_of"),
    ("unknown copies", body(question="Who?", copies="newest"), 422, "earliest", "copies"),
    ("unknown style", body(question="Who?", cite="vancouver"), 422, "apa", "cite"),
    ("narrow not yes or no", body(question="Who?", narrow="yes"), 422, "boolean", "narrow"),
    ("unknown field", body(question="Who?", topk=5), 422, NO_FIELD, "topk"),
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
    assert list(problem) == ["type", "title", "status", "detail", "errors", "request_id"]
    assert problem["request_id"] == response.headers["X-Request-ID"]
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
    ("question=Who&filters=x", 422, NO_FIELD, "filters"),
    ("question=Who&publisher=x", 422, NO_FIELD, "publisher"),
    ("question=Who&as_of=2026-02-30", 422, "date", "as_of"),
    ("question=Who&as_of=2025&as_of=2026", 400, "as_of is given more than once", None),
    ("question=Who&published_from=2026&published_to=2025", 422, "is after published_to", "published_from"),
    ("question=Who&publishers=", 422, "blank", "publishers"),
    ("question=Who&narrow=perhaps", 422, "boolean", "narrow"),
    ("question=Who&cite=", 422, "apa", "cite"),
    ("question=Who&topk=5", 422, NO_FIELD, "topk"),
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


def test_filters_say_the_same_in_a_body_and_in_an_address(client: FlaskClient) -> None:
    filters = {"publishers": ["ibidem wire", "IBIDEM WIRE"], "languages": ["en"], "published_from": "2025-03"}
    options = {"as_of": "2025-12-31", "copies": "all", "narrow": True, "cite": "plain", "top_k": 3}
    posted = client.post("/v1/ask", json={"question": QUESTION, "filters": filters, **options})
    address = {"question": QUESTION, **filters, **options, "narrow": "true"}
    got = client.get("/v1/ask", query_string=address)
    post, get = ({**json.loads(response.data), "took_ms": None} for response in (posted, got))
    assert (posted.status_code, post) == (200, get)
    assert 0 < post["searched"]["articles"] < 20
    for passage in post["passages"]:
        assert passage["citation"]["publisher"] == "Ibidem Wire"
        assert "2025-03" <= passage["citation"]["published"] <= "2025-12-31"
        assert passage["citation"]["quote"] in passage["text"]
        assert passage["cited"].startswith(passage["citation"]["quote"])
        assert f"http://localhost{passage['citation']['link']}" in passage["cited"]


CITATION = {"article_id": "a", "start": 0, "end": 4, "quote": "Text", "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"quote": None}, "quote"),
        ({"quote": ""}, "quote"),
        ({"sha256": "0" * 63}, "sha256"),
        ({"sha256": "g" * 64}, "sha256"),
        ({"start": 4, "end": 4}, "start"),
        ({"start": 9, "end": 4}, "start"),
        ({"start": -1}, "start"),
        ({"start": "0"}, "start"),
        ({"published": "2026-02-30"}, "published"),
        ({"pages": 5}, "pages"),
        ({"article_id": 5}, "article_id"),
    ],
)
def test_a_citation_that_can_not_be_checked_is_a_problem(
    client: FlaskClient, changes: dict[str, Any], says: str
) -> None:
    bad = {**CITATION, **changes}
    assert_problem(client.post("/v1/citations/verify", json=bad), 422, says)
    response = client.post("/v1/citations/verify", json=[CITATION, bad])
    assert_problem(response, 422, "citation 2")
    assert says in response.text


@pytest.mark.parametrize("missing", list(CITATION))
def test_a_citation_that_lacks_what_a_check_needs_is_a_problem(client: FlaskClient, missing: str) -> None:
    bad = {name: value for name, value in CITATION.items() if name != missing}
    assert_problem(client.post("/v1/citations/verify", json=bad), 422, missing)


@pytest.mark.parametrize(
    ("data", "status", "says"),
    [
        (b"", 400, "JSON"),
        (b"{", 400, "JSON"),
        (b"\xff\xfe", 400, "JSON"),
        (b"[]", 422, "no citation"),
        (b"null", 422, "citation"),
        (b"5", 422, "citation"),
        (json.dumps([CITATION] * 1001).encode(), 422, "1000"),
        (b" " * (4 * 2**20 + 1), 413, "4194304"),
        (b"x" * (5 * 2**20), 413, "4194304"),
    ],
)
def test_what_holds_no_citations_is_a_problem(client: FlaskClient, data: bytes, status: int, says: str) -> None:
    assert_problem(client.post("/v1/citations/verify", data=data, content_type=JSON), status, says)


def test_citations_must_be_declared_as_json(client: FlaskClient) -> None:
    data = json.dumps(CITATION)
    assert_problem(client.post("/v1/citations/verify", data=data), 415, "Content-Type: application/json")


def test_an_answer_s_citations_are_verified(client: FlaskClient, index: Path) -> None:
    answer = json.loads(client.get("/v1/ask", query_string={"question": QUESTION, "top_k": 7}).data)
    citations = [passage["citation"] for passage in answer["passages"]]
    for body in (citations, answer, {"citations": citations}):
        checks = json.loads(client.post("/v1/citations/verify", json=body).data)
        assert list(checks) == ["generation", "results"]
        assert checks["generation"] == current_generation(index)
        assert [check["status"] for check in checks["results"]] == ["verified"] * 7
        assert [check["citation"] for check in checks["results"]] == citations
    tampered = {**citations[0], "quote": citations[0]["quote"] + "!"}
    checks = json.loads(client.post("/v1/citations/verify", json=tampered).data)
    assert [check["status"] for check in checks["results"]] == ["changed"]


def test_what_confidence_was_fitted_on_is_told(client: FlaskClient, index: Path) -> None:
    found = json.loads(client.get("/v1/calibration").data)
    assert found["generation"] == current_generation(index)
    reliability = found["calibration"]["reliability"]
    assert sum(part["count"] for part in reliability["bins"]) > 1000
    assert 0 <= reliability["expected_calibration_error"] <= 0.05
    for error in ("answered_wrongly", "refused_wrongly"):
        share = reliability[error]["share"]
        assert share["low"] <= share["value"] <= share["high"]
    assert found["calibration"]["fitted_on"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/ask", {"GET", "POST"}),
        ("DELETE", "/v1/ask", {"GET", "POST"}),
        ("PATCH", "/v1/ask", {"GET", "POST"}),
        ("BREW", "/v1/ask", {"GET", "POST"}),
        ("POST", "/v1/articles", {"GET"}),
        ("POST", "/v1/calibration", {"GET"}),
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


@pytest.mark.parametrize("path", ["/nope", "/articles/nope", "/cite?article_id=nope", "/feedback"])
def test_a_browser_gets_a_page_for_a_problem(client: FlaskClient, path: str) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
    response = client.get(path, headers={"Accept": accept})
    problem = client.get(path)
    assert response.status_code == problem.status_code
    assert 400 <= response.status_code < 500
    assert response.content_type == "text/html; charset=utf-8"
    assert f"<h1>{json.loads(problem.data)['title']}</h1>" in response.text


@pytest.mark.parametrize("path", ["/?question=%00", "/?question=" + "x" * 2001, "/?question=Who&as_of=2025-13"])
def test_the_page_explains_a_wrong_question_itself(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"Accept": "text/html"})
    problem = client.get(f"/v1/ask{path[1:]}")
    assert (response.status_code, response.content_type) == (422, "text/html; charset=utf-8")
    (error,) = json.loads(problem.data)["errors"]
    assert error["message"].removeprefix("the ") in unescape(response.text)


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
