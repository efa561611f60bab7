"""Responses are compressed for who can read it, and go to pages of other origins only if that is set."""

from __future__ import annotations

import gzip
import json
from typing import Any

import brotli
import pytest
from backports import zstd
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers

from qa.app import create_app
from qa.live import Live

ASK = "/v1/ask?question=Who+commanded+Ax-4"
READ = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}


def untimed(content: bytes) -> Any:
    return {**json.loads(content), "took_ms": None}


@pytest.mark.parametrize("encoding", READ)
def test_an_answer_is_compressed_as_its_client_can_read_it(client: FlaskClient, encoding: str) -> None:
    plain = client.get(ASK)
    response = client.get(ASK, headers={"Accept-Encoding": encoding})
    assert (response.headers["Content-Encoding"], response.headers["Vary"]) == (encoding, "Accept-Encoding")
    assert int(response.headers["Content-Length"]) == len(response.data) < len(plain.data) / 3
    assert untimed(READ[encoding](response.data)) == untimed(plain.data)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("deflate", None),
        ("compress, x", None),
        ("gzip;q=nonsense", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("*", "zstd"),
        ("identity;q=1, gzip;q=0.5", None),
        ("\xff", None),
    ],
)
def test_the_client_s_wish_decides(client: FlaskClient, accepted: str | None, encoding: str | None) -> None:
    response = client.get(ASK, headers={} if accepted is None else {"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding") == encoding
    assert response.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("path", "is_compressed"),
    [
        ("/v1/articles", True),
        ("/openapi.json", True),
        ("/?question=Who+commanded+Ax-4", True),
        ("/articles/2026/two-pakistani-astronauts-selected", True),
        ("/static/page.css", True),
        ("/metrics", True),
        ("/healthz", False),  # too small
        ("/v1/ask", False),
    ],
)
def test_text_of_every_kind_is_compressed_unless_it_is_small(
    client: FlaskClient, path: str, is_compressed: bool
) -> None:
    plain = client.get(path, buffered=True)
    response = client.get(path, headers={"Accept-Encoding": "gzip"}, buffered=True)
    assert ("Content-Encoding" in response.headers) == is_compressed
    assert "Accept-Encoding" in response.headers["Vary"]
    if is_compressed:
        content = gzip.decompress(response.data)
        assert len(response.data) < len(content)
        assert len(content) == pytest.approx(len(plain.data), rel=0.1)


def test_a_file_that_is_known_is_not_sent_again(client: FlaskClient) -> None:
    for encoding in ("", "gzip", "br"):
        first = client.get("/static/page.css", headers={"Accept-Encoding": encoding})
        headers = {"Accept-Encoding": encoding, "If-None-Match": first.headers["ETag"]}
        again = client.get("/static/page.css", headers=headers)
        assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
        first.close()
        again.close()


HERE = "https://news.example"
THERE = "http://[::1]:8080"
ARTICLE = "/articles/2026/two-pakistani-astronauts-selected"


def with_origins(live: Live, *origins: str) -> FlaskClient:
    return create_app(live, cors_origins=origins).test_client()


def cors(headers: Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("Access-Control-")}


def test_no_origin_is_allowed_unless_it_is_set(client: FlaskClient) -> None:
    for method in ("GET", "OPTIONS"):
        response = client.open(ASK, method=method, headers={"Origin": HERE, "Access-Control-Request-Method": "GET"})
        assert cors(response.headers) == {}
        assert "Origin" not in response.headers["Vary"]


@pytest.mark.parametrize("origin", [HERE, THERE])
def test_an_origin_that_is_set_is_allowed(live: Live, origin: str) -> None:
    response = with_origins(live, HERE, THERE).get(ASK, headers={"Origin": origin})
    assert cors(response.headers) == {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "ETag, Server-Timing, X-Request-ID",
    }
    assert response.vary.as_set() == {"origin", "accept-encoding"}


@pytest.mark.parametrize(
    "origin",
    [
        *("https://other.example", "http://news.example", "https://news.example:444", "https://news.example.other"),
        *("https://newsxexample", "https://sub.news.example", "null", "", "http://1:8080", "http://[::1]:8081", "\xff"),
    ],
)
def test_no_other_origin_is_allowed(live: Live, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        response = with_origins(live, HERE, THERE).open(ASK, method=method, headers={"Origin": origin})
        assert cors(response.headers) == {}
        assert response.vary.as_set() == {"origin", "accept-encoding"}


def test_who_sends_no_origin_gets_no_answer_for_all(live: Live) -> None:
    response = with_origins(live, HERE).get(ASK)
    assert cors(response.headers) == {}
    assert "origin" in response.vary.as_set()


def test_any_origin_may_be_allowed(live: Live) -> None:
    response = with_origins(live, "*").get(ASK, headers={"Origin": HERE})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("path", ["/v1/feedback", "/v1/feedback/1", "/v1/feedback/questions.jsonl", "/v1/unanswered"])
def test_feedback_is_for_origins_that_are_named_and_not_for_any(live: Live, path: str) -> None:
    asked = {"Origin": HERE, "Access-Control-Request-Method": "DELETE"}
    assert cors(with_origins(live, "*").options(path, headers=asked).headers) == {}
    assert cors(with_origins(live, "*").get(path, headers={"Origin": HERE}).headers) == {}
    assert (
        "DELETE" in cors(with_origins(live, HERE).options(path, headers=asked).headers)["Access-Control-Allow-Methods"]
    )


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/ask/batch", "/v1/citations/verify", "/openapi.json"])
def test_a_browser_that_asks_first_is_told_what_it_may_send(live: Live, path: str) -> None:
    headers = {
        "Origin": HERE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, x-request-id, authorization",
        "Access-Control-Request-Private-Network": "true",
    }
    response = with_origins(live, HERE).options(path, headers=headers)
    assert response.status_code == 200
    found = cors(response.headers)
    assert found["Access-Control-Allow-Origin"] == HERE
    assert set(found["Access-Control-Allow-Methods"].split(", ")) == {"GET", "HEAD", "POST", "DELETE"}
    assert found["Access-Control-Allow-Headers"] == "content-type, x-request-id"
    assert found["Access-Control-Allow-Private-Network"] == "false"


@pytest.mark.parametrize("path", ["/", ARTICLE, "/metrics", "/readyz", "/static/page.css", "/v2"])
def test_pages_and_operations_are_for_nobody_else(live: Live, path: str) -> None:
    response = with_origins(live, "*", HERE).get(path, headers={"Origin": HERE}, buffered=True)
    assert cors(response.headers) == {}


def test_errors_and_what_is_known_can_be_read_too(live: Live) -> None:
    client = with_origins(live, HERE)
    known = client.get("/v1/calibration").headers["ETag"]
    for path, status in (("/v1/calibration", 304), ("/v1/ask", 422), ("/v1/nope", 404)):
        response = client.get(path, headers={"Origin": HERE, "If-None-Match": known})
        assert response.status_code == status
        assert response.headers.getlist("Access-Control-Allow-Origin") == [HERE]
