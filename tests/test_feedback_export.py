"""The export: an archive's own questions, judged by its users, as a set that ``ibidem evaluate`` takes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from index import model
from index.build import build
from index.history import History
from index.search import Engine, LocalEngine
from qa import own_questions
from qa.app import create_app
from qa.cli import main
from qa.evaluation.gold import GoldFinder
from qa.evaluation.questions import Quote, read_questions
from qa.feedback import FeedbackStore, Said, cited
from qa.live import Live, open_current
from qa.own_questions import OwnQuestion
from tests.conftest import MakeIndex, no_progress, write_articles

pytestmark = pytest.mark.usefixtures("alone")

ARTICLE = "2025/ax-4-returns"
SAID = Said("Who commanded Ax-4?", {}, None, "20261121T120000Z-000000", True, "", None)


@pytest.fixture
def store(tmp_path: Path) -> FeedbackStore:
    return FeedbackStore(tmp_path / "feedback.sqlite")


@pytest.fixture
def history(index: Path) -> History:
    return History(index)


def of(engine: Engine, history: History, start: int, end: int) -> Said:
    """That what stands there answers."""
    article = engine.article(ARTICLE)
    return replace(SAID, citation=cited(engine, history, ARTICLE, article.sha256, (start, end)))


def lines(store: FeedbackStore, engine: Engine, history: History) -> list[OwnQuestion]:
    return [one.line for one in own_questions.export(store.by_question(), engine, history) if one.line]


def test_a_passage_that_answers_is_an_answer_with_what_stands_around_it(
    store: FeedbackStore, engine: LocalEngine, history: History
) -> None:
    said = store.add(replace(of(engine, history, 40, 60), comment="Here."))
    (found,) = lines(store, engine, history)
    text = engine.article(ARTICLE).text
    assert found == OwnQuestion(
        found.id, SAID.question, (Quote(ARTICLE, text[40:60], text[8:40], text[60:92]),), said.made, ("Here.",)
    )
    line = own_questions.as_line(found)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert list(json.loads(line)) == ["id", "question", "answers", "judged", "comments"]
    assert list(json.loads(line)["answers"][0]) == ["article", "quote", "prefix", "suffix"]


Word = tuple[str, bool]
"""What is judged, by the first letter of a passage or ``*`` for the archive, and whether it answers."""

WORDS: list[tuple[str, list[Word], str | None]] = [
    # what, the words in order, the passages that answer in the export; none at all if there is no line
    ("a passage", [("a", True)], "a"),
    ("two passages", [("a", True), ("b", True)], "ab"),
    ("no", [("a", False)], None),
    ("one of two", [("a", False), ("b", True)], "b"),
    ("no, and then yes", [("a", False), ("a", True)], "a"),
    ("yes, and then no", [("a", True), ("a", False)], None),
    ("the archive does not", [("*", False)], ""),
    ("the archive does", [("*", True)], None),
    ("the archive does not, and then it does", [("*", False), ("*", True)], None),
    ("the archive does, and then it does not", [("*", True), ("*", False)], ""),
    ("a passage outweighs the archive", [("a", True), ("*", False)], "a"),
    ("so it does if it comes later", [("*", False), ("a", True)], "a"),
    ("neither passage nor archive", [("a", False), ("*", False)], ""),
    ("taken back, and not in the archive", [("a", True), ("*", False), ("a", False)], ""),
]


@pytest.mark.parametrize(("words", "answering"), [one[1:] for one in WORDS], ids=[one[0] for one in WORDS])
def test_the_last_word_on_each_counts(
    words: Sequence[Word], answering: str | None, store: FeedbackStore, engine: LocalEngine, history: History
) -> None:
    passages = {"a": of(engine, history, 0, 40), "b": of(engine, history, 50, 90), "*": SAID}
    for what, answers in words:
        store.add(replace(passages[what], answers=answers))
    found = lines(store, engine, history)
    quotes = [one.citation.quote for name in (answering or "") if (one := passages[name]).citation]
    assert [[quote.quote for quote in line.answers] for line in found] == ([] if answering is None else [quotes])


def test_a_line_a_question_however_it_is_written_in_a_fixed_order(
    store: FeedbackStore, engine: LocalEngine, history: History
) -> None:
    for question in ("Who was B?", "who  WAS b?", "Who was A?", "Who was\u00a0Ｂ?"):
        store.add(replace(SAID, question=question, answers=False, comment=f"of {question}"))
    found = lines(store, engine, history)
    assert [one.question for one in found] == ["Who was A?", "Who was\u00a0Ｂ?"]
    assert found[1].comments == ("of Who was B?", "of who  WAS b?", "of Who was\u00a0Ｂ?")
    assert len({one.id for one in found}) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", one.id) for one in found)
    store.add(replace(SAID, question="WHO WAS B?", answers=False))
    assert [one.id for one in lines(store, engine, history)] == [one.id for one in found]


def test_what_was_asked_of_a_part_is_left_out(store: FeedbackStore, engine: LocalEngine, history: History) -> None:
    store.add(replace(SAID, answers=False, filters={"tags": ("x",)}))
    store.add(replace(of(engine, history, 0, 40), as_of="2025"))
    assert lines(store, engine, history) == []


OLD = {
    "quay.txt": "The quay was built in 1811 by Ada Lock. It has a lamp, which was lit in 1812 for the first time.",
    "mill.txt": "The mill of Ash ground its last grain in 1950. The miller went to sea.",
    "weir.txt": "The weir was rebuilt in 1975. Its stones came from the old bridge.",
}
NEW = {
    "quay.txt": f"Corrected on Friday. {OLD['quay.txt']}",
    "mill.txt": "The mill of Ash ground its last grain in 1951. The miller went to sea.",
}


def test_passages_that_moved_are_followed_and_those_that_are_gone_are_left_out(
    make_index: MakeIndex, store: FeedbackStore, tmp_path: Path
) -> None:
    index = make_index(OLD)
    engine, history = open_current(index), History(index)
    for article, question in (("quay", "Who built the quay?"), ("mill", "When did the mill end?"), ("weir", "Weir?")):
        found = engine.article(article)
        passage = cited(engine, history, article, found.sha256, (0, found.text.index(".") + 1))
        store.add(replace(SAID, question=question, citation=passage))
    assert len(lines(store, engine, history)) == 3
    write_articles(index.parent / "articles", NEW)
    (index.parent / "articles" / "weir.txt").unlink()
    build([index.parent / "articles"], index, model.PACKAGED_MODEL, no_progress)
    later = open_current(index)
    exported = list(own_questions.export(store.by_question(), later, history))
    assert [(one.line is None, one.lost) for one in exported] == [(True, 1), (True, 1), (False, 0)]
    (line,) = lines(store, later, history)
    sentence = "The quay was built in 1811 by Ada Lock."
    assert line.answers == (Quote("quay", sentence, "Corrected on Friday. ", " It has a lamp, which was lit in"),)
    path = tmp_path / "own.jsonl"
    path.write_bytes(own_questions.as_line(line))
    (gold,) = GoldFinder(later).find(read_questions(path).questions)[line.id]
    assert (gold.article, gold.quote) == ("quay", sentence)


def judge(client: FlaskClient, question: str, passage: Any = None, answers: bool = True) -> None:
    body = {"question": question, "answers": answers, "citation": passage and passage["citation"]}
    assert client.post("/v1/feedback", json=body).status_code == 201


def test_what_is_judged_over_http_can_be_evaluated(
    live: Live, index: Path, store: FeedbackStore, tmp_path: Path, questions: list[str]
) -> None:
    client = create_app(live, feedback=tmp_path / "feedback.sqlite").test_client()
    # With all copies, as evaluations ask: which are there is one of the things that passages are ranked by.
    asked = [client.post("/v1/ask", json={"question": one, "copies": "all"}).get_json() for one in questions]
    answered, others = ([one for one in asked if one["answered"] is wanted] for wanted in (True, False))
    assert len(answered) >= 15
    assert len(others) >= 5
    for answer in answered[:15]:
        judge(client, answer["question"], answer["passages"][0])
        judge(client, answer["question"].upper(), answer["passages"][1], answers=False)
    for answer in others[:5]:
        judge(client, answer["question"], answers=False)
    response = client.get("/v1/feedback/questions.jsonl")
    assert (response.status_code, response.content_type) == (200, "application/x-ndjson")
    exported = tmp_path / "own" / "questions.jsonl"
    exported.parent.mkdir()
    exported.write_bytes(response.data)
    found = read_questions(exported)
    assert (found.name, len(found.questions)) == ("own", 20)
    assert sum(question.answerable for question in found.questions) == 15
    command = ["evaluate", str(exported), "--index", str(index), "--output", str(tmp_path / "result"), "--json"]
    result = CliRunner().invoke(main, command, prog_name="ibidem")
    assert (result.exit_code, result.stderr) == (0, "")
    values = json.loads(result.stdout)
    figures = {name: figure["value"] for name, figure in values["sets"][0]["figures"].items()}
    assert figures["Success@1"] == figures["RR@10"] == figures["nDCG@10"] == 1
    assert values["abstention"]["auroc"]["value"] == 1
    assert values["abstention"]["answered_wrongly"]["count"] == 0
    again = CliRunner().invoke(
        main, ["feedback", "export", "--feedback", str(tmp_path / "feedback.sqlite"), "--index", str(index)]
    )
    assert (again.exit_code, again.stdout.encode()) == (0, response.data)
    assert "questions: 20, left out: 0" in again.stderr


def test_what_nobody_judged_is_an_empty_export(live: Live, tmp_path: Path) -> None:
    client = create_app(live, feedback=tmp_path / "feedback.sqlite").test_client()
    response = client.get("/v1/feedback/questions.jsonl")
    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Content-Disposition"] == "attachment; filename=questions.jsonl"
