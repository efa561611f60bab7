"""The client against a service that runs: every method, with the very values that the service has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

import ibidem
from ibidem.questions import DEFAULT_PASSAGES
from index.build import build
from index.generation import current_generation
from index.model import PACKAGED_MODEL
from index.search import LocalEngine
from qa import answering, requests
from qa.answering import Query, answer
from qa.calibration import shipped
from tests.conftest import MakeIndex, Service, no_progress, run_service, write_articles

QUESTION = "When will the first Pakistani astronaut fly to the Chinese station?"
OTHER = "Who will win the football cup on Mars?"
WIRE = "Ibidem Wire"


@pytest.fixture(scope="module")
def service(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(tmp_path_factory.mktemp("service"), index) as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[ibidem.Client]:
    with ibidem.Client(service.address) as client:
        yield client


def without_times(found: ibidem.Answer) -> ibidem.Answer:
    return replace(found, took_ms=replace(found.took_ms, encode=0, search=0, total=0))


def test_an_answer_is_the_one_that_the_service_makes(client: ibidem.Client, engine: LocalEngine) -> None:
    found = client.ask(QUESTION)
    assert without_times(found) == without_times(answer(engine, Query(QUESTION)))
    assert found.answered
    assert len(found.passages) == DEFAULT_PASSAGES
    assert found.took_ms.total > 0


def test_every_option_gets_there(client: ibidem.Client) -> None:
    found = client.ask(
        QUESTION,
        top_k=2,
        filters={"publishers": [WIRE.upper()], "published_from": "2025", "tags": []},
        as_of="2026-12-31",
        copies="all",
        narrow=True,
        cite="apa",
    )
    assert len(found.passages) == 2
    assert {passage.citation.publisher for passage in found.passages} == {WIRE}
    assert all(len(passage.citation.quote) < len(passage.text) for passage in found.passages)
    assert all(passage.cited for passage in found.passages)
    assert 0 < found.searched.articles < 20
    assert client.ask(QUESTION, as_of="2025-01").searched.articles < found.searched.articles


def test_what_is_not_answered_has_its_reason(client: ibidem.Client) -> None:
    found = client.ask(OTHER)
    assert (found.answered, found.timeline) == (False, ())
    assert found.reason
    assert found.reason.sentence
    assert found.passages


def test_a_quote_can_be_checked_by_its_article(client: ibidem.Client) -> None:
    citation = client.ask(QUESTION).passages[0].citation
    article = client.article(citation.article_id)
    assert article.text[citation.start : citation.end] == citation.quote
    assert (article.sha256, article.generation) == (citation.sha256, citation.generation)
    page = httpx.get(client.link(citation))
    assert page.status_code == 200
    assert 'id="passage"' in page.text


def test_the_options_are_those_of_the_service() -> None:
    assert set(ibidem.Filters.__annotations__) == set(requests.Filtering.model_fields)
    assert set(ibidem.Query.__annotations__) == set(requests.AskBody.model_fields)
    assert ibidem.Query.__required_keys__ == {"question"}
    assert DEFAULT_PASSAGES == answering.DEFAULT_PASSAGES


# Many questions


def test_many_questions_are_answered_in_order(client: ibidem.Client, questions: list[str]) -> None:
    asked = [f"{question} ({number})" for number, question in enumerate(questions * 6)][:300]
    found = [*client.ask_all(asked, top_k=1)]
    assert [one.question for one in found] == asked
    assert {len(one.passages) for one in found} == {1}
    assert without_times(found[299]) == without_times(client.ask(asked[299], top_k=1))


def test_questions_are_asked_as_their_answers_are_taken(client: ibidem.Client) -> None:
    taken: list[int] = []

    def endless() -> Iterator[str]:
        for number in range(10**9):
            taken.append(number)
            yield f"What is number {number}?"

    answers = client.ask_all(endless(), top_k=100)
    assert taken == []
    assert next(answers).question == "What is number 0?"
    assert len(taken) == 26  # 25 with 100 passages each go into one request, and the next was seen not to fit
    assert next(client.ask_all([]), None) is None


def test_a_question_may_have_options_of_its_own(client: ibidem.Client) -> None:
    more: ibidem.Query = {"question": QUESTION, "top_k": 3}
    narrow: ibidem.Query = {"question": OTHER, "narrow": True}
    found = [*client.ask_all([QUESTION, more, narrow], top_k=1)]
    assert [len(one.passages) for one in found] == [1, 3, 1]
    assert found[2].passages[0].citation.quote != found[2].passages[0].text


def test_of_many_questions_the_one_that_is_wrong_is_named(client: ibidem.Client) -> None:
    asked = [QUESTION] * 300
    asked[258] = " "
    answers = client.ask_all(asked, top_k=1)
    assert [next(answers).question for _ in range(256)]
    with pytest.raises(ibidem.InvalidRequest, match=r"questions\.258\.question: the question is empty") as caught:
        next(answers)
    assert [error.field for error in caught.value.errors] == ["questions.258.question"]


def test_the_longest_questions_are_asked(client: ibidem.Client) -> None:
    long = "\N{ROCKET}" * 1990
    asked = [f"{number} {long}" for number in range(20)]  # 160 kB
    assert [one.question for one in client.ask_all(asked, top_k=1)] == asked


# Checking


def test_citations_and_answers_are_checked_in_order(client: ibidem.Client) -> None:
    first, second = client.ask_all([QUESTION, "Who commanded Ax-4?"], top_k=3)
    citation = first.passages[0].citation
    saved = json.loads(httpx.get(f"{client.address}/v1/ask", params={"question": QUESTION, "top_k": 2}).text)
    wrong = replace(citation, quote=citation.quote.replace("Pakistanis", "Martians"))
    checks = client.verify([wrong, first, second, saved, saved["passages"][0]["citation"]])
    assert [check.status for check in checks] == ["changed", *["verified"] * 9]
    changed = [word for word in checks[0].words if word.operation != "equal"]
    assert changed == [ibidem.Word("delete", " Martians"), ibidem.Word("insert", " Pakistanis")]
    assert [check.article_id for check in checks[1:4]] == [passage.citation.article_id for passage in first.passages]
    assert checks[1].citation == citation


def test_more_citations_than_one_request_may_have_are_checked(client: ibidem.Client) -> None:
    citation = client.ask(QUESTION, top_k=1).passages[0].citation
    moved = replace(citation, start=citation.start + 1, end=citation.end + 1)
    checks = client.verify([*[citation] * 2100, moved])
    assert [check.status for check in checks[-2:]] == ["verified", "moved"]
    assert len(checks) == 2101
    assert client.verify([]) == []


def test_quotes_of_which_only_the_words_are_known_are_checked(client: ibidem.Client) -> None:
    quote = client.ask(QUESTION, top_k=1, narrow=True).passages[0].citation.quote
    quotes = [quote, quote.replace("Pakistani", "Martian"), "Nobody ever wrote these words about anything."]
    checks = client.verify_quotes([*quotes, *[quote] * 100])
    assert [check.status for check in checks[:3]] == ["verified", "changed", "unknown"]
    assert [check.quote for check in checks[:3]] == quotes
    assert len(checks) == 103
    with pytest.raises(ibidem.InvalidRequest):
        client.verify_quotes([" "])


def test_a_place_is_cited(client: ibidem.Client) -> None:
    answer = client.ask(QUESTION, top_k=1, narrow=True, cite="mla")
    (passage,) = answer.passages
    citation = passage.citation
    found = client.cite(citation.article_id, citation.start, citation.end, sha256=citation.sha256, cite="mla")
    assert found == ibidem.CitedPlace(citation, passage.cited)
    assert client.cite(citation.article_id, citation.start, citation.end) == ibidem.CitedPlace(citation, None)
    with pytest.raises(ibidem.NotFound):
        client.cite("none", 0, 1)


# Articles


def test_all_articles_are_listed(client: ibidem.Client, engine: LocalEngine) -> None:
    assert [*client.articles()] == [*engine.catalogue()]


@pytest.mark.parametrize("size", [1, 3, 20])
def test_a_list_is_followed_page_by_page(
    client: ibidem.Client, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("ibidem.client.PAGE", size)
    assert [*client.articles()] == [*engine.catalogue()]


def test_articles_are_listed_by_filters_and_in_order(client: ibidem.Client, engine: LocalEngine) -> None:
    found = [*client.articles({"publishers": [WIRE], "languages": ["en"]}, as_of="2025-12", sort="title")]
    expected = [entry for entry in engine.catalogue() if entry.publisher == WIRE and str(entry.published) < "2026"]
    assert sorted(entry.id for entry in found) == [entry.id for entry in expected]
    assert len(found) > 1
    titles = [entry.title.casefold() for entry in found]
    assert titles == sorted(titles)


HOSTILE = [
    "50% off",
    "%2F",
    "%41",
    "a#b",
    "what?",
    "a?start=0#passage",
    "q&a=1;2",
    "1+1 = 2",
    "deep/er and/deeper",
    "a..b",
    "to/the dots.",
    "b../c",
    "[brackets]*",
    "quo\"te's",
    "back\\slash",
    "<b>&amp;",
    "انگریزی",
    "名前",
    "\N{ROCKET}",
    "e\N{COMBINING ACUTE ACCENT}",
    "{id}|^`",
    "semi;colon:@!$,",
]


def test_articles_of_any_name_are_found(make_index: MakeIndex, tmp_path: Path) -> None:
    files = {f"{name}.md": f"# Title {number}\n\nText {number}.\n" for number, name in enumerate(HOSTILE)}
    records = [{"id": "https://example.org/a?b=c#d/../e", "title": "Of a record", "text": "A record's text."}]
    files["records 100%.jsonl"] = "".join(f"{json.dumps(record)}\n" for record in records)
    with run_service(tmp_path, make_index(files)) as service, ibidem.Client(service.address) as client:
        entries = [*client.articles()]
        assert len(entries) == len(files)
        for entry in entries:
            article = client.article(entry.id)
            assert (article.id, article.title, article.sha256) == (entry.id, entry.title, entry.sha256)
        titles = {f"Title {number}" for number in range(len(HOSTILE))}
        assert {entry.title for entry in entries} == {*titles, "Of a record"}
        (found,) = client.ask_all([{"question": "Text 3?", "filters": {"articles": ["a#b"]}}])
        assert {passage.citation.article_id for passage in found.passages} == {"a#b"}
        assert "Text 3." in httpx.get(client.link(found.passages[0].citation)).text


NOT_THERE = ["", ".", "..", "../../readyz", "../articles", "2025/../2025", "/", "//a.org", "\0", "a\ud800", "x" * 3000]


@pytest.mark.parametrize("article_id", NOT_THERE)
def test_what_is_no_article_is_not_found(client: ibidem.Client, article_id: str) -> None:
    with pytest.raises(ibidem.NotFound) as caught:
        client.article(article_id)
    assert caught.value.status == 404


# Feedback


def test_what_is_said_of_answers_is_kept_and_listed(client: ibidem.Client) -> None:
    citation = client.ask(QUESTION, top_k=1).passages[0].citation
    yes = client.judge(QUESTION, True, citation, comment="Yes \N{ROCKET}", filters={"tags": ["x"]}, as_of="2026")
    no = client.judge(OTHER, False)
    assert (yes.question, yes.answers, yes.comment, yes.as_of) == (QUESTION, True, "Yes \N{ROCKET}", "2026")
    assert yes.citation
    assert (yes.citation.quote, yes.citation.sha256) == (citation.quote, citation.sha256)
    assert (no.answers, no.citation, no.filters) == (False, None, {})
    found = [*client.feedback()]
    assert found[:2] == [no, yes]
    assert found[1].filters == {"tags": ("x",)}
    with pytest.raises(ibidem.InvalidRequest):
        client.judge(QUESTION, True, replace(citation, quote="Something else"))


def test_what_was_not_answered_is_listed(client: ibidem.Client) -> None:
    question = "Which cheese is the moon made of?"
    assert not client.ask(question).answered
    (found,) = [one for one in client.unanswered() if one.question == question]
    assert (found.asked, found.filters, found.as_of) == (1, {}, None)
    assert found.reason


# The rest


def test_what_is_new_is_told(client: ibidem.Client, index: Path) -> None:
    nothing = ibidem.ChangedArticles(0, ())
    assert client.changes() == ibidem.Changes(current_generation(index), None, nothing, nothing, nothing)


def test_what_came_and_went_is_told(new_index: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "articles", {"note.md": "# A note\n\nThe lunar greenhouse opened.\n"})
    build([tmp_path / "articles"], new_index, PACKAGED_MODEL, no_progress)
    with run_service(tmp_path, new_index) as service, ibidem.Client(service.address) as client:
        found = client.changes()
    assert [entry.id for entry in found.added.articles] == ["note"]
    assert (found.added.total, found.changed.total, found.removed.total) == (1, 0, 20)


def test_readiness_and_calibration(client: ibidem.Client, index: Path) -> None:
    generation = current_generation(index)
    assert client.readiness() == ibidem.Readiness("ready", generation, None)
    assert client.calibration() == ibidem.Calibrated(generation, shipped())
