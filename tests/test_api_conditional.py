"""Entity tags: who has an answer already is told so, and nothing is done again."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from index.search import LocalEngine
from qa import app as application
from qa.app import create_app
from qa.live import Live
from qa.settings import Policy
from tests.conftest import MakeIndex

ASK = "/v1/ask?question=Who+commanded+Ax-4"
ARTICLE = "/v1/articles/2026/two-pakistani-astronauts-selected"
TAGGED = [ASK, "/v1/articles", "/v1/articles?sort=title&limit=3", ARTICLE, "/v1/calibration", "/openapi.json"]


def tag(client: FlaskClient, path: str, **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"
    return response.headers["ETag"]


def asked_again(client: FlaskClient, path: str, known: str, method: str = "GET", **headers: str) -> TestResponse:
    return client.open(path, method=method, headers={"If-None-Match": known, **headers})


@pytest.mark.parametrize("path", TAGGED)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_it_already_gets_304(client: FlaskClient, path: str, method: str) -> None:
    known = tag(client, path)
    response = asked_again(client, path, known, method)
    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == known
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert "Content-Type" not in response.headers


@pytest.mark.parametrize("path", TAGGED)
def test_tags_are_weak_and_the_same_each_time_and_in_each_encoding(client: FlaskClient, path: str) -> None:
    tags = {tag(client, path), tag(client, path), tag(client, path, **{"Accept-Encoding": "gzip"})}
    assert len(tags) == 1
    assert tags.pop().startswith('W/"')


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ("{tag}", 304),
        ('"{bare}"', 304),  # strong, but compared weakly (RFC 9110, 13.1.2)
        ('W/"other", {tag}', 304),
        ('"a", "b",{tag} , "c"', 304),
        ("*", 304),
        ('W/"other"', 200),
        ('"*"', 200),
        ("", 200),
        (",,", 200),
        ('"', 200),
        ("W/", 200),
        ("\xff\xfe", 200),
        ('"{bare}:gzip"', 200),
        ('"x"' * 3000, 200),
    ],
)
def test_what_is_known_may_be_said_in_many_ways(client: FlaskClient, known: str, status: int) -> None:
    found = tag(client, "/v1/calibration")
    given = known.format(tag=found, bare=found[3:-1])
    assert asked_again(client, "/v1/calibration", given).status_code == status


def test_a_tag_is_of_the_address_and_of_the_generation(client: FlaskClient, make_index: MakeIndex) -> None:
    index = make_index({"note.md": "# A note\n\nThe note says little.\n"})
    other = create_app(Live(index)).test_client()
    tags = [tag(one, path) for one in (client, other) for path in (ASK, ASK + "&top_k=1", "/v1/articles?limit=1")]
    assert len(set(tags)) == 6
    assert tag(client, "/v1/calibration") != tag(other, "/v1/calibration")
    # Citations in a style have the service's own address in them.
    assert tag(client, ASK) != tag(client, ASK, Host="ibidem.example")


def test_an_answer_s_tag_is_of_what_is_set_and_an_article_s_is_not(live: Live) -> None:
    clients = [create_app(live, policy=policy).test_client() for policy in (Policy(), Policy(threshold=0.9))]
    assert len({tag(one, ASK) for one in clients}) == 2
    assert len({tag(one, ARTICLE) for one in clients}) == 1


def test_a_tag_is_of_the_version(live: Live, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tag(client, ASK), tag(client, "/openapi.json")
    monkeypatch.setattr("qa.api.responses._version", lambda: "999")
    monkeypatch.setattr(application, "version", lambda _: "999")
    newer = create_app(live).test_client()
    assert not {tag(newer, ASK), tag(newer, "/openapi.json")} & set(before)


def test_nothing_is_searched_for_who_has_the_answer(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = create_app(Live(index)).test_client()
    known = tag(client, ASK)

    def fail(*_: object) -> None:
        raise AssertionError("the question was embedded again")

    monkeypatch.setattr(LocalEngine, "encode", fail)
    assert asked_again(client, ASK, known).status_code == 304
    assert asked_again(client, ASK, known[:-2] + '0"').status_code == 500
    assert 'ibidem_answer_seconds_count{stage="total"} 1.0' in client.get("/metrics").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/ask", 422),
        ("/v1/ask?question=+", 422),
        ("/v1/ask?question=Who&as_of=2026-02-30", 422),
        ("/v1/ask?question=Who&question=When", 400),
        ("/v1/articles?cursor=x", 422),
        ("/v1/articles?as_of=2026-02-30", 422),
        ("/v1/articles/nope", 404),
        ("/nope", 404),
    ],
)
def test_an_error_stays_one_whatever_is_known_and_has_no_tag(client: FlaskClient, path: str, status: int) -> None:
    response = asked_again(client, path, "*")
    assert response.status_code == status
    assert "ETag" not in response.headers
    assert "ETag" not in client.get(path).headers


def test_other_preconditions_are_passed_over(client: FlaskClient) -> None:
    headers = {"If-Match": '"x"', "If-Modified-Since": "Sat, 21 Nov 2026 12:00:00 GMT", "Range": "bytes=0-4"}
    for encoding in ("", "gzip"):
        response = client.get(ASK, headers={**headers, "Accept-Encoding": encoding})
        assert response.status_code == 200
        assert (gzip.decompress(response.data) if encoding else response.data).endswith(b"}")


def test_what_is_posted_has_no_tag(client: FlaskClient) -> None:
    response = client.post("/v1/ask", json={"question": "Who?"}, headers={"If-None-Match": "*"})
    assert response.status_code == 200
    assert "ETag" not in response.headers


def test_policies_are_told_apart_by_all_that_they_say() -> None:
    policy = Policy()
    assert len({repr(one) for one in (policy, replace(policy, threshold=0.1), replace(policy, diversity=False))}) == 3
