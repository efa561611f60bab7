"""The routes for feedback, from what may be sent to what is told of it; and the queue that asking fills."""

from __future__ import annotations

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from qa.app import create_app
from qa.feedback import MAX_COMMENT
from qa.live import Live
from tests.conftest import MakeIndex, Serve, get
from tests.test_app import describes
from tests.test_contract import JSON, NO_FIELD, assert_problem

QUESTION = "Who commanded Ax-4?"
UNKNOWN = "Who won the football cup?"
KEYS = ["id", "made", "question", "filters", "as_of", "generation", "answers", "comment", "citation"]
CITED = ["article_id", "start", "end", "quote", "prefix", "suffix", "sha256"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedback.sqlite"


@pytest.fixture
def client(live: Live, path: Path) -> FlaskClient:
    """Talks to an application that keeps feedback."""
    return create_app(live, feedback=path).test_client()


@pytest.fixture
def citation(client: FlaskClient) -> Any:
    """That of the first passage for the question."""
    return get(client, f"/v1/ask?question={QUESTION}")["passages"][0]["citation"]


def say(client: FlaskClient, **fields: Any) -> TestResponse:
    return client.post("/v1/feedback", json={"question": QUESTION, "answers": True, **fields})


def test_what_is_said_is_kept_and_told_by_its_address(client: FlaskClient, citation: Any) -> None:
    filters = {"publishers": ["Ibidem Wire"], "published_from": "2025"}
    response = say(client, citation=citation, comment="In the second paragraph.", filters=filters, as_of="2026-02")
    assert (response.status_code, response.content_type) == (201, JSON)
    said = json.loads(response.data)
    assert list(said) == KEYS
    assert said["citation"] == {name: citation[name] for name in CITED}
    assert list(said["citation"]) == CITED
    assert (said["id"], said["question"], said["answers"]) == (1, QUESTION, True)
    assert (said["filters"], said["as_of"]) == (filters, "2026-02")
    assert (said["comment"], said["generation"]) == ("In the second paragraph.", citation["generation"])
    assert get(client, response.headers["Location"]) == said
    assert get(client, "/v1/feedback") == {"total": 1, "feedback": [said], "next": None}


def test_of_the_archive_the_question_and_the_verdict_are_enough(client: FlaskClient) -> None:
    said = say(client, answers=False).get_json()
    assert (said["answers"], said["citation"], said["comment"], said["filters"]) == (False, None, "", {})
    assert said["generation"] == get(client, "/readyz")["generation"]
    assert say(client, citation=None, generation="20260101T000000Z-000000").get_json()["generation"].startswith("2026")


def test_a_citation_needs_no_more_than_place_quote_and_hash(client: FlaskClient, citation: Any) -> None:
    least = {name: citation[name] for name in ("article_id", "start", "end", "quote", "sha256")}
    found = say(client, citation={**least, "prefix": "Not what stands there"}).get_json()["citation"]
    assert found == {name: citation[name] for name in CITED}


BAD: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("no verdict", {"question": QUESTION}, "missing", "answers"),
    ("verdict a word", {"question": QUESTION, "answers": "yes"}, "boolean", "answers"),
    ("verdict a number", {"question": QUESTION, "answers": 1}, "boolean", "answers"),
    ("no question", {"answers": True}, "missing", "question"),
    ("blank question", {"question": " \n", "answers": True}, "empty", "question"),
    ("long question", {"question": "x" * 2001, "answers": True}, "2000", "question"),
    ("NUL in the question", {"question": "a\0", "answers": True}, "NUL", "question"),
    ("long comment", {"question": QUESTION, "answers": True, "comment": "x" * (MAX_COMMENT + 1)}, "2000", "comment"),
    ("NUL in the comment", {"question": QUESTION, "answers": True, "comment": "a\0"}, "pattern", "comment"),
    ("null comment", {"question": QUESTION, "answers": True, "comment": None}, "string", "comment"),
    ("bad generation", {"question": QUESTION, "answers": True, "generation": "../x"}, "pattern", "generation"),
    ("bad filter", {"question": QUESTION, "answers": True, "filters": {"tags": [" "]}}, "blank", "filters.tags"),
    ("bad date", {"question": QUESTION, "answers": True, "as_of": "2025-02-30"}, "date", "as_of"),
    ("another field", {"question": QUESTION, "answers": True, "id": 5}, NO_FIELD, "id"),
    ("not an object", {"question": QUESTION, "answers": True, "citation": "a"}, "object", "citation"),
]


@pytest.mark.parametrize(("fields", "says", "field"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_body_is_a_problem(
    client: FlaskClient, path: Path, fields: dict[str, Any], says: str, field: str | None
) -> None:
    assert_problem(client.post("/v1/feedback", json=fields), 422, says, field)
    assert not path.exists()


@pytest.mark.parametrize(
    ("data", "content_type", "status", "says"),
    [
        (b'{"question": "a\\ud800", "answers": true}', JSON, 400, "not JSON"),
        (b'{"question": "a", "answers": true, "comment": "\\udfff"}', JSON, 400, "not JSON"),
        (b"{", JSON, 400, "not JSON"),
        (b'{"question": "a", "answers": true}', "text/plain", 415, "application/json"),
        (b'{"question": "a", "answers": true, "comment": "' + b"x" * 70_000 + b'"}', JSON, 413, "shorter"),
    ],
)
def test_a_body_that_is_no_json_is_a_problem(
    client: FlaskClient, path: Path, data: bytes, content_type: str, status: int, says: str
) -> None:
    assert_problem(client.post("/v1/feedback", data=data, content_type=content_type), status, says)
    assert not path.exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"quote": "Else"}, "not what stands"),
        ({"start": 1}, "not what stands"),
        ({"end": 10**9}, "ends at"),
        ({"sha256": "0" * 64}, "no generation that is kept"),
        ({"article_id": "none"}, "no generation that is kept"),
    ],
)
def test_a_citation_of_what_does_not_stand_there_is_a_problem(
    client: FlaskClient, citation: Any, path: Path, changes: dict[str, Any], says: str
) -> None:
    assert_problem(say(client, citation={**citation, **changes}), 422, says)
    assert not path.exists()


def test_a_citation_of_an_earlier_generation_is_taken(make_index: MakeIndex, path: Path, citation: Any) -> None:
    later = create_app(Live(make_index({"quay.txt": "The quay is new."})), feedback=path).test_client()
    assert get(later, "/v1/articles")["articles"][0]["id"] == "quay"
    said = say(later, citation=citation).get_json()
    assert (said["citation"]["quote"], said["generation"]) == (citation["quote"], citation["generation"])


def test_hostile_words_are_kept_and_told_as_they_are(client: FlaskClient) -> None:
    question, comment = "\u202eWho\u2069 \x1b[31m<script>", "'; DROP TABLE feedback; --\u2028"
    said = say(client, question=question, comment=comment).get_json()
    assert (said["question"], said["comment"]) == (question, comment)
    assert get(client, "/v1/feedback")["feedback"] == [said]


def test_feedback_is_removed(client: FlaskClient) -> None:
    address = say(client).headers["Location"]
    response = client.delete(address)
    assert (response.status_code, response.data) == (204, b"")
    assert_problem(client.delete(address), 404, "there is no feedback 1")
    assert_problem(client.get(address), 404, "there is no feedback 1")


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.0", "9" * 30, "9" * 4000, "%00", "1'"])
@pytest.mark.parametrize("route", ["/v1/feedback", "/v1/unanswered"])
def test_a_number_that_is_none_is_not_there(client: FlaskClient, route: str, number: str) -> None:
    assert_problem(client.delete(f"{route}/{number}"), 404, "there is no")


def test_pages_hold_each_once_while_more_comes_in(client: FlaskClient) -> None:
    for _ in range(5):
        say(client)
    first = get(client, "/v1/feedback?limit=2")
    say(client)
    second = get(client, f"/v1/feedback?limit=2&cursor={first['next']}")
    third = get(client, f"/v1/feedback?limit=2&cursor={second['next']}")
    assert [one["id"] for page in (first, second, third) for one in page["feedback"]] == [5, 4, 3, 2, 1]
    assert (first["total"], second["total"], third["next"]) == (5, 6, None)


@pytest.mark.parametrize("route", ["/v1/feedback", "/v1/unanswered"])
@pytest.mark.parametrize(
    ("query", "status", "says", "field"),
    [
        ("limit=0", 422, "greater than or equal to 1", "limit"),
        ("limit=1001", 422, "less than or equal to 1000", "limit"),
        ("limit=x", 422, "integer", "limit"),
        ("cursor=x", 422, "pattern", "cursor"),
        ("cursor=", 422, "pattern", "cursor"),
        ("cursor=1&cursor=2", 400, "more than once", None),
        ("page=2", 422, NO_FIELD, "page"),
    ],
)
def test_a_bad_address_is_a_problem(
    client: FlaskClient, route: str, query: str, status: int, says: str, field: str | None
) -> None:
    assert_problem(client.get(f"{route}?{query}"), status, says, field)


def test_what_is_not_answered_is_queued_and_goes_when_it_is(make_index: MakeIndex, path: Path) -> None:
    lacking = create_app(Live(make_index({"quay.txt": "The quay is new."})), feedback=path).test_client()
    for asked in (f"/v1/ask?question={UNKNOWN}", f"/?question={UNKNOWN}", f"/v1/ask?question={UNKNOWN.upper()}"):
        assert lacking.get(asked).status_code == 200
    lacking.post("/v1/ask", json={"question": UNKNOWN, "filters": {"tags": ["sport"]}, "as_of": "2026"})
    page = get(lacking, "/v1/unanswered")
    assert (page["total"], page["next"]) == (2, None)
    most, other = page["unanswered"]
    assert (most["question"], most["filters"], most["as_of"], most["asked"]) == (UNKNOWN.upper(), {}, None, 3)
    assert (other["question"], other["filters"], other["as_of"]) == (UNKNOWN, {"tags": ["sport"]}, "2026")
    assert most["confidence"] < 0.5
    assert most["reason"] == get(lacking, f"/v1/ask?question={UNKNOWN}")["reason"]["sentence"]
    answering = create_app(
        Live(make_index({"cup.txt": "The football cup was won by the Ferry Rovers on Sunday, after extra time."})),
        feedback=path,
    ).test_client()
    assert get(answering, f"/v1/ask?question={UNKNOWN}")["answered"] is True
    (left,) = get(answering, "/v1/unanswered")["unanswered"]
    assert left["id"] == other["id"]
    assert answering.delete(f"/v1/unanswered/{left['id']}").status_code == 204
    assert get(answering, "/v1/unanswered")["unanswered"] == []


def test_what_is_answered_is_not_kept(client: FlaskClient, path: Path) -> None:
    assert get(client, f"/v1/ask?question={QUESTION}")["answered"] is True
    assert not path.exists()


def test_the_queue_comes_in_pages(client: FlaskClient) -> None:
    for number in range(3):
        get(client, f"/v1/ask?question=Who won cup {number} of the football season?")
    first = get(client, "/v1/unanswered?limit=2")
    second = get(client, f"/v1/unanswered?limit=2&cursor={first['next']}")
    assert [len(page["unanswered"]) for page in (first, second)] == [2, 1]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "/v1/feedback"),
        ("GET", "/v1/feedback/1"),
        ("DELETE", "/v1/feedback/1"),
        ("GET", "/v1/feedback/questions.jsonl"),
        ("GET", "/v1/unanswered"),
        ("DELETE", "/v1/unanswered/1"),
        ("POST", "/v1/feedback"),
    ],
)
def test_where_none_is_kept_every_route_says_so(live: Live, tmp_path: Path, method: str, address: str) -> None:
    client = create_app(live).test_client()
    assert get(client, f"/v1/ask?question={UNKNOWN}")["answered"] is False
    body = {"question": QUESTION, "answers": True} if method == "POST" else None
    assert_problem(client.open(address, method=method, json=body), 403, "turned off")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_can_not_be_used_is_a_problem_of_feedback_alone(
    client: FlaskClient, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(b"no database" * 1000)
    for _ in range(2):
        assert get(client, f"/v1/ask?question={UNKNOWN}")["answered"] is False
        assert get(client, f"/v1/ask?question={QUESTION}")["answered"] is True
    (line,) = caplog.records
    assert "not recorded" in line.getMessage()
    for method, address in (
        ("GET", "/v1/feedback"),
        ("GET", "/v1/feedback/1"),
        ("GET", "/v1/feedback/questions.jsonl"),
        ("GET", "/v1/unanswered"),
        ("DELETE", "/v1/feedback/1"),
    ):
        assert_problem(client.open(address, method=method), 503, "not a database")
    assert_problem(say(client), 503, "not a database")


@pytest.mark.parametrize(("method", "allowed"), [("PUT", {"GET", "POST"}), ("DELETE", {"GET", "POST"})])
def test_a_wrong_method_names_the_right_ones(client: FlaskClient, method: str, allowed: set[str]) -> None:
    response = client.open("/v1/feedback", method=method)
    assert_problem(response, 405, "Allow")
    assert {name.strip() for name in response.headers["Allow"].split(",")} == allowed | {"HEAD", "OPTIONS"}


def test_what_comes_and_goes_is_described(client: FlaskClient, citation: Any) -> None:
    description = get(client, "/openapi.json")
    said = say(client, citation=citation, filters={"tags": ["a"], "published_from": "2025"}).get_json()
    get(client, f"/v1/ask?question={UNKNOWN}")
    for address, method, status, found in (
        ("/v1/feedback", "post", "201", said),
        ("/v1/feedback/{feedback_id}", "get", "200", said),
        ("/v1/feedback", "get", "200", get(client, "/v1/feedback")),
        ("/v1/unanswered", "get", "200", get(client, "/v1/unanswered")),
    ):
        operation = description["paths"][address][method]
        schema = operation["responses"][status]["content"][JSON]["schema"]
        assert describes(description, schema, found)
        assert not describes(description, schema, {**found, "more": 1})
        assert {"403", "503"} <= set(operation["responses"])
    assert "204" in description["paths"]["/v1/feedback/{feedback_id}"]["delete"]["responses"]
    body = description["components"]["schemas"]["FeedbackBody"]
    assert body["required"] == ["question", "answers"]
    assert all(field["description"] for field in body["properties"].values())
    for address in ("/v1/feedback", "/v1/unanswered"):
        found = description["paths"][address]["get"]["parameters"]
        # Those that all routes have are references.
        assert [one["name"] for one in found if "$ref" not in one] == ["limit", "cursor"]


def test_two_workers_keep_one_file(serve: Serve, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBIDEM_FEEDBACK", str(tmp_path / "kept" / "feedback.sqlite"))
    service = serve(index, "--workers", "2")

    def send(number: int) -> int:
        body = json.dumps({"question": f"Who won cup {number}?", "answers": False}).encode()
        headers = {"Content-Type": JSON}
        asked = urllib.request.Request(f"{service.address}/v1/feedback", body, headers)
        with urllib.request.urlopen(asked, timeout=20) as response:
            found: int = json.load(response)["id"]
        assert service.get("/v1/ask?question=Who+won+the+football+cup")[0] == 200
        return found

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(send, range(40))) == list(range(1, 41))
    assert service.json("/v1/feedback?limit=1")["total"] == 40
    (asked,) = service.json("/v1/unanswered")["unanswered"]
    assert asked["asked"] == 40
    service.process.terminate()
    assert service.process.wait(10) == 0
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["feedback.sqlite"]
    assert "ERROR" not in service.log.read_text()


def test_without_a_setting_it_is_kept_beside_the_index_or_not_at_all(
    serve: Serve, new_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = new_index.with_name(f"{new_index.name}.feedback.sqlite")
    monkeypatch.setenv("IBIDEM_FEEDBACK", "")
    off = serve(new_index)
    assert off.json("/v1/ask?question=Who+won+the+football+cup")["answered"] is False
    assert off.get("/v1/unanswered")[0] == 403
    assert not kept.exists()
    monkeypatch.delenv("IBIDEM_FEEDBACK")
    on = serve(new_index)
    on.json("/v1/ask?question=Who+won+the+football+cup")
    assert on.json("/v1/unanswered")["total"] == 1
    assert kept.exists()
