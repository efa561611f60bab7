"""``POST /v1/ask/batch``: several questions, answered as each would be alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from index.search import LocalEngine
from qa.api.asking import MAX_BATCH_BYTES
from qa.requests import MAX_BATCH_PASSAGES, MAX_QUESTIONS
from tests.test_contract import assert_problem


def ask(client: FlaskClient, asked: list[Any]) -> Any:
    response = client.post("/v1/ask/batch", json={"questions": asked})
    assert (response.status_code, response.content_type) == (200, "application/json"), response.text
    return json.loads(response.data)


def untimed(answer: Any) -> Any:
    """An answer without what differs: the times, and the last digits of a vector that was made with others."""
    passages = [{**passage, "score": round(passage["score"], 3)} for passage in answer["passages"]]
    confidence = answer["confidence"] and round(answer["confidence"], 3)
    return {**answer, "took_ms": None, "confidence": confidence, "passages": passages}


def test_answers_come_in_order_and_as_each_would_alone(
    client: FlaskClient, questions: list[str], engine: LocalEngine
) -> None:
    asked = [
        {"question": questions[0]},
        {"question": questions[5], "top_k": 1, "narrow": True, "cite": "plain"},
        {"question": questions[0], "filters": {"publishers": ["Orbital Times"]}, "copies": "all"},
        {"question": questions[9], "as_of": "2025-06"},
    ]
    found = ask(client, asked)
    assert list(found) == ["generation", "answers"]
    assert found["generation"] == engine.manifest.generation
    alone = [client.post("/v1/ask", json=one).json for one in asked]
    assert [untimed(answer) for answer in found["answers"]] == [untimed(answer) for answer in alone]
    assert [answer["generation"] for answer in found["answers"]] == [found["generation"]] * 4


def test_as_many_as_may_be_are_answered(client: FlaskClient, questions: list[str]) -> None:
    asked = [questions[number % len(questions)] for number in range(MAX_QUESTIONS)]
    found = ask(client, [{"question": question, "top_k": 1} for question in asked])
    assert [answer["question"] for answer in found["answers"]] == asked


def test_metrics_time_each_answer(client: FlaskClient) -> None:
    ask(client, [{"question": "Who?"}, {"question": "Where?"}])
    assert 'ibidem_answer_seconds_count{stage="total"} 2.0' in client.get("/metrics").text


WHO = {"question": "Who?"}


@pytest.mark.parametrize(
    ("asked", "says", "field"),
    [
        ([], "at least 1", "questions"),
        ([WHO] * (MAX_QUESTIONS + 1), "at most 256", "questions"),
        ([{**WHO, "top_k": 100}] * 26, "2600 passages, and may to 2560", "questions"),
        ([WHO, WHO, WHO, {**WHO, "top_k": 0}], "greater than or equal to 1", "questions.3.top_k"),
        ([WHO, {**WHO, "topk": 5}], "there is no such field", "questions.1.topk"),
        ([WHO, {}], "is missing", "questions.1.question"),
        ([WHO, "Who?"], "object", "questions.1"),
        ([WHO, {"question": " "}], "empty", "questions.1.question"),
        ([WHO, {"question": "a\0b"}], "NUL", "questions.1.question"),
        ([WHO, {"question": "x" * 2001}], "2000", "questions.1.question"),
        ([WHO, {**WHO, "filters": {"tags": [5]}}], "string", "questions.1.filters.tags.0"),
        ([WHO, WHO, {**WHO, "filters": {"publishers": [" "]}}], "blank", "questions.2.filters.publishers"),
        ([WHO, {**WHO, "filters": {"published_to": "soon"}}], "date", "questions.1.filters.published_to"),
        ([WHO, {**WHO, "as_of": "2026-02-30"}], "date", "questions.1.as_of"),
    ],
)
def test_what_can_not_be_asked_is_named_by_its_place(
    client: FlaskClient, asked: list[Any], says: str, field: str
) -> None:
    assert_problem(client.post("/v1/ask/batch", json={"questions": asked}), 422, says, field)


@pytest.mark.parametrize(
    ("data", "status", "says", "field"),
    [
        (b"{", 400, "not JSON", None),
        (b'[{"question": "Who?"}]', 422, "object", ""),
        (b'{"question": "Who?"}', 422, "missing", "questions"),
        (b" " * (MAX_BATCH_BYTES + 1), 413, str(MAX_BATCH_BYTES), None),
    ],
)
def test_another_body_is_a_problem(client: FlaskClient, data: bytes, status: int, says: str, field: str | None) -> None:
    response = client.post("/v1/ask/batch", data=data, content_type="application/json")
    if field == "questions":
        assert {error["field"] for error in response.get_json(force=True)["errors"]} == {"questions", "question"}
    else:
        assert_problem(response, status, says, field)


def test_a_body_may_be_larger_than_that_of_one_question(client: FlaskClient) -> None:
    asked = [{"question": f"{number} " + "é" * 1900, "top_k": 1} for number in range(40)]
    assert len(json.dumps(asked).encode()) > 65_536
    assert len(ask(client, asked)["answers"]) == 40


def test_the_limit_of_passages_is_reached_by_ten_for_each(client: FlaskClient) -> None:
    assert MAX_BATCH_PASSAGES == 10 * MAX_QUESTIONS
