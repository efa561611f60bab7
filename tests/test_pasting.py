"""What somebody may paste to be verified: it is understood as what it is."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient
from pydantic import TypeAdapter

from corpus.errors import IbidemError
from index.history import History
from index.search import LocalEngine
from qa.answering import Query, answer
from qa.answers import Answer, Citation
from qa.checks import Check, QuoteCheck
from qa.live import Live
from qa.pasting import check_pasted
from qa.styles import cited

QUESTION = "When will the first Pakistani astronaut fly to the Chinese station?"


@pytest.fixture(scope="module")
def given(engine: LocalEngine) -> Answer:
    return answer(engine, Query(QUESTION))


def pasted(engine: LocalEngine, live: Live, text: str) -> list[Check] | list[QuoteCheck]:
    return check_pasted(engine, History(live.index), text)


def as_json(value: Citation | Answer) -> str:
    return TypeAdapter(type(value)).dump_json(value).decode()


def test_a_citation_or_a_whole_answer_in_json(engine: LocalEngine, live: Live, given: Answer) -> None:
    for text, count in ((as_json(given.passages[0].citation), 1), (as_json(given), 5), (f"[{as_json(given)}]", 5)):
        found = pasted(engine, live, f"  {text}\n")
        assert [check.status for check in found] == ["verified"] * count
        assert all(isinstance(check, Check) for check in found)


@pytest.mark.parametrize("base", ["", "http://127.0.0.1:8080", "https://archive.example.org"])
def test_the_link_of_a_passage(engine: LocalEngine, live: Live, given: Answer, base: str) -> None:
    for passage in given.passages:
        (found,) = pasted(engine, live, f"{base}{passage.citation.link}")
        assert found.status == "verified"
        assert found.citation == passage.citation


def test_the_link_of_a_text_that_there_never_was(engine: LocalEngine, live: Live, given: Answer) -> None:
    link = given.passages[0].citation.link.replace(given.passages[0].citation.sha256, "0" * 64)
    with pytest.raises(IbidemError, match="not kept"):
        pasted(engine, live, link)


def test_a_citation_in_plain_text_and_one_that_was_tampered_with(
    engine: LocalEngine, live: Live, given: Answer
) -> None:
    for passage in given.passages:
        text = cited(passage.citation, "plain", "http://127.0.0.1:8080/")
        (found,) = pasted(engine, live, text)
        assert (found.status, found.citation) == ("verified", passage.citation)
        word = max(passage.text.split(), key=len)
        (other,) = pasted(engine, live, text.replace(word, "something", 1))
        assert other.status == "changed"


def test_a_citation_of_another_text_has_moved(engine: LocalEngine, live: Live, given: Answer) -> None:
    citation = given.passages[0].citation
    text = cited(citation, "plain").replace(citation.sha256[:12], "0" * 12)
    (found,) = pasted(engine, live, text)
    assert found.status == "moved"


def test_anything_else_is_a_quote(engine: LocalEngine, live: Live, given: Answer) -> None:
    quote = given.passages[0].text
    for text, status in (
        (quote, "verified"),
        ("Nobody ever wrote this about bread.", "unknown"),
        ("{not json}", "unknown"),
    ):
        (found,) = pasted(engine, live, text)
        assert isinstance(found, QuoteCheck)
        assert found.status == status


@pytest.mark.parametrize("text", ["", " \n", '{"article_id": 1}', '[{"article_id": "x"}]', "\0"])
def test_what_cannot_be_verified_says_why(client: FlaskClient, text: str) -> None:
    response = client.post("/verify", data={"text": text})
    assert response.status_code == 422
    assert "be verified.</strong>" in response.text


def test_the_page_says_what_was_found(client: FlaskClient, given: Answer) -> None:
    page = client.post("/verify", data={"text": json.dumps(json.loads(as_json(given)))}).text
    assert page.count("Verified.</strong>") == 5
    page = client.post("/verify", data={"text": given.passages[0].text.replace("2026", "2027")}).text
    assert "<del> 2027</del>" in page
    assert "<ins> 2026</ins>" in page
