"""Request ids, the log, and how long requests took."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from qa.telemetry import configure_log
from tests.conftest import Serve

ASK = "/v1/ask?question=Who+commanded+Ax-4"


@pytest.mark.parametrize("given", ["a", "0f9c-4.2:7_Z", "x" * 128])
def test_the_client_s_id_is_kept(client: FlaskClient, given: str) -> None:
    for path in ("/healthz", "/nope", "/", "/static/page.css"):
        with client.get(path, headers={"X-Request-ID": given}) as response:
            assert response.headers.getlist("X-Request-ID") == [given]


@pytest.mark.parametrize(
    "given", [None, "", " ", "a b", "x" * 129, "é", "a\tb", "<script>", "a,b", "a;b", '"a"', "%0a", "\xff", "a/b"]
)
def test_another_id_is_made_for_what_could_be_anything(client: FlaskClient, given: str | None) -> None:
    headers = {} if given is None else {"X-Request-ID": given}
    found = [client.get("/healthz", headers=headers).headers["X-Request-ID"] for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in found)
    assert found[0] != found[1]


@pytest.mark.parametrize("given", ["a\nb", "a\r\nSet-Cookie: b=c", "a\n", "\na"])
def test_no_line_can_be_put_in_by_an_id(client: FlaskClient, given: str) -> None:
    response = client.get("/healthz", environ_overrides={"HTTP_X_REQUEST_ID": given})
    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_a_problem_says_its_id(client: FlaskClient) -> None:
    response = client.get("/v1/ask", headers={"X-Request-ID": "mine"})
    assert json.loads(response.data)["request_id"] == "mine"


def stages(client: FlaskClient, path: str) -> dict[str, float]:
    response = (
        client.get(path) if "batch" not in path else client.post(path, json={"questions": [{"question": "Who?"}] * 3})
    )
    return {name: float(value) for name, value in re.findall(r"(\w+);dur=([\d.]+)", response.headers["Server-Timing"])}


@pytest.mark.parametrize("path", [ASK, "/v1/ask/batch"])
def test_an_answer_says_where_its_time_went(client: FlaskClient, path: str) -> None:
    found = stages(client, path)
    assert list(found) == ["encode", "search", "total", "app"]
    assert 0 < found["encode"] < found["total"] < found["app"]
    assert 0 < found["search"] < found["total"]


def test_the_times_are_those_of_the_answer(client: FlaskClient) -> None:
    response = client.get(ASK)
    took = json.loads(response.data)["took_ms"]
    for stage, milliseconds in took.items():
        assert f"{stage};dur={milliseconds:.3f}" in response.headers["Server-Timing"]


@pytest.mark.parametrize("path", ["/healthz", "/nope", "/", "/v1/articles", "/metrics", "/v1/ask", "/static/page.css"])
def test_every_response_says_how_long_it_took(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        assert re.fullmatch(r"app;dur=\d+\.\d{3}", response.headers["Server-Timing"])


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Where the log of a service goes, as it configures it."""
    log, stream = logging.getLogger("ibidem"), StringIO()
    handlers, level, propagate = log.handlers, log.level, log.propagate
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", stream)
        configure_log()
    yield stream
    log.handlers, log.propagate = handlers, propagate
    log.setLevel(level)


TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def test_each_request_is_a_line_of_the_log_without_what_was_asked(client: FlaskClient, logged: StringIO) -> None:
    headers = {"X-Request-ID": "mine"}
    client.get("/v1/ask?question=Secret+matter", headers=headers)
    client.post("/v1/ask", json={"question": "Secret matter", "top_k": 0}, headers=headers)
    client.get("/?question=Secret+matter", headers=headers)
    client.get("/v1/ask?question=Secret+matter&top_k=0", headers=headers)
    lines = logged.getvalue().splitlines()
    expected = ["GET /v1/ask 200", "POST /v1/ask 422", "GET / 200", "GET /v1/ask 422"]
    assert len(lines) == len(expected)
    for line, says in zip(lines, expected, strict=True):
        assert re.fullmatch(rf"{TIME} INFO \[mine\] {says} \d+\.\d ms", line)


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/nope%0a2026-01-01T00:00:00Z%20INFO%20x", "/nope%0A2026-01-01T00%3A00%3A00Z%20INFO%20x"),
        ("/a%1b%5b31mred", "/a%1B%5B31mred"),
        ("/%e2%80%a8%ff", "/%E2%80%A8%EF%BF%BD"),
    ],
)
def test_no_path_can_pass_for_another_line(client: FlaskClient, logged: StringIO, path: str, written: str) -> None:
    client.get(path)
    (line,) = logged.getvalue().splitlines()
    assert f"GET {written} 404" in line


def fail() -> str:
    raise ZeroDivisionError


def test_what_fails_is_logged_with_the_request_s_id(client: FlaskClient, logged: StringIO) -> None:
    client.application.view_functions["healthz"] = fail
    response = client.get("/healthz", headers={"X-Request-ID": "mine"})
    assert json.loads(response.data)["request_id"] == "mine"
    lines = logged.getvalue().splitlines()
    assert re.fullmatch(rf"{TIME} ERROR \[mine\] GET /healthz failed", lines[0])
    assert re.fullmatch(rf"{TIME} INFO \[mine\] GET /healthz 500 \d+\.\d ms", lines[-1])
    assert "ZeroDivisionError" in lines[-2]


def test_a_line_outside_of_requests_has_no_id(logged: StringIO) -> None:
    logging.getLogger("ibidem").info("serving")
    assert re.fullmatch(rf"{TIME} INFO serving\n", logged.getvalue())


def test_a_service_logs_its_requests(serve: Serve, index: Path) -> None:
    service = serve(index)
    service.get("/v1/ask?question=Secret+matter")
    service.get("/nope")
    first, second = service.log.read_text().splitlines()
    assert re.fullmatch(rf"{TIME} INFO \[[0-9a-f]{{32}}\] GET /v1/ask 200 \d+\.\d ms", first)
    assert " GET /nope 404 " in second
    assert first.split()[2] != second.split()[2]
