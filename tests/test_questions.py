"""Reading sets of questions, in both layouts, and what is wrong with broken ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import InvalidQuestions
from qa.answering import MAX_CHARACTERS
from qa.evaluation.questions import Question, QuestionSet, Quote, check_names, read_questions, read_unanswerable
from tests.conftest import ROOT

STARTER = ROOT / "corpus" / "questions.jsonl"

ANSWER = {"article": "a/b", "quote": "Rollo", "prefix": "led by ", "suffix": " of"}
LINE: dict[str, Any] = {"id": "q1", "question": "Who led them?", "answers": [ANSWER]}


def anchored(folder: Path, *lines: object) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return path


def beir(folder: Path, queries: dict[str, str], *judgements: str) -> Path:
    (folder / "qrels").mkdir(parents=True)
    lines = (json.dumps({"_id": name, "text": text, "metadata": {}}) + "\n" for name, text in queries.items())
    (folder / "queries.jsonl").write_text("".join(lines))
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(f"{j}\n" for j in judgements))
    return folder


def assert_refused(path: Path, *says: str, part: str | None = None) -> None:
    with pytest.raises(InvalidQuestions) as caught:
        read_questions(path, part)
    message = str(caught.value)
    assert "\n" not in message
    for text in (str(path), *says):
        assert text in message


def test_a_line_is_a_question_with_its_quotes_and_the_set_is_named_after_the_folder(tmp_path: Path) -> None:
    bare = {"article": "c", "quote": "x", "start": 3, "end": 4}
    path = anchored(tmp_path, "\ufeff", LINE, "\n", {**LINE, "id": "q2", "answers": [bare], "note": 1, "part": "held"})
    expected = (
        Question("q1", "Who led them?", (Quote("a/b", "Rollo", "led by ", " of"),), {}),
        Question("q2", "Who led them?", (Quote("c", "x", "", ""),), {}),
    )
    assert read_questions(path) == QuestionSet(tmp_path.name, "quotes", None, expected)
    assert read_questions(tmp_path) == read_questions(path)


def test_another_file_names_its_set(tmp_path: Path) -> None:
    assert read_questions(anchored(tmp_path, LINE).rename(tmp_path / "mine.jsonl")).name == "mine"


def test_a_question_without_answers_is_one_that_the_archive_does_not_answer(tmp_path: Path) -> None:
    path = anchored(tmp_path, LINE, {**LINE, "id": "q2", "answers": []})
    assert [question.answerable for question in read_questions(path).questions] == [True, False]


def test_a_part_keeps_its_lines(tmp_path: Path) -> None:
    path = anchored(tmp_path, {**LINE, "part": "tuning"}, {**LINE, "id": "q2", "part": "held"}, {**LINE, "id": "q3"})
    found = read_questions(path, "held")
    assert (found.part, [question.id for question in found.questions]) == ("held", ["q2"])
    assert len(read_questions(path).questions) == 3
    assert_refused(path, "'test'", part="test")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{\n", "JSON"),
        ("[]\n", "object"),
        ({"question": "Who?", "answers": []}, "id"),
        ({"id": "q2", "answers": []}, "question"),
        ({"id": "q2", "question": "Who?"}, "answers"),
        ({**LINE, "id": 7}, "id"),
        ({**LINE, "id": ""}, "id"),
        ({**LINE, "id": "q2", "question": ["Who?"]}, "question"),
        ({**LINE, "id": "q2", "answers": [{"article": "a"}]}, "answers.0.quote"),
        ({**LINE, "id": "q2", "answers": [{**ANSWER, "prefix": None}]}, "answers.0.prefix"),
        ({**LINE, "id": "q2", "answers": [{**ANSWER, "quote": " "}]}, "blank"),
        ({**LINE, "id": "q2", "part": 1}, "part"),
        ({**LINE, "id": "q2", "question": " \t"}, "empty"),
        ({**LINE, "id": "q2", "question": "Who\0?"}, "NUL"),
        ('{"id": "q2", "question": "\\ud800", "answers": []}\n', "hex escape"),
        (LINE, "'q1'"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_with_its_number(line: object, says: str, tmp_path: Path) -> None:
    assert_refused(anchored(tmp_path, LINE, "\n", line), "line 3", says)


def test_bytes_that_are_no_text_are_named_by_line(tmp_path: Path) -> None:
    path = anchored(tmp_path, LINE)
    path.write_bytes(path.read_bytes() + b'{"id": "\xff"}\n')
    assert_refused(path, "line 2")


def test_sets_that_are_empty_or_missing_are_refused(tmp_path: Path) -> None:
    assert_refused(anchored(tmp_path, "\n"), "no question")
    assert_refused(tmp_path / "nothing")
    (tmp_path / "folder").mkdir()
    assert_refused(tmp_path / "folder")


def test_only_judged_queries_count_and_in_the_order_of_their_file(tmp_path: Path) -> None:
    folder = beir(tmp_path / "set", {"1": "One?", "2": "", "3": "Three?"}, "3\td7\t2", "1\td1\t1", "1\td2\t0")
    assert read_questions(folder) == QuestionSet(
        "set",
        "articles",
        None,
        (Question("1", "One?", (), {"d1": 1, "d2": 0}), Question("3", "Three?", (), {"d7": 2})),
    )
    assert read_questions(folder).questions[0].relevant == ("d1",)


def test_qrels_without_a_header_lose_no_line(tmp_path: Path) -> None:
    folder = beir(tmp_path / "set", {"1": "One?"})
    (folder / "qrels" / "test.tsv").write_text("1\td1\t1\r\n1\td2\t1\r\n")
    assert read_questions(folder).questions[0].articles == {"d1": 1, "d2": 1}


@pytest.mark.parametrize(
    ("judgements", "says"),
    [
        (["1\td1\thigh"], "line 2"),
        (["1\td1\t1.5"], "'1.5'"),
        (["1\td1\t1", "1\td1"], "line 3"),
        (["1\td1\t1", "1\td1\t0"], "line 3"),
        (["1\td1\t1", "9\td1\t1"], "'9'"),
        (["2\td1\t1"], "empty"),
        ([], "no judgement"),
    ],
)
def test_wrong_judgements_are_refused(judgements: list[str], says: str, tmp_path: Path) -> None:
    assert_refused(beir(tmp_path / "set", {"1": "One?", "2": " "}, *judgements), says)


def test_a_folder_that_lacks_a_file_is_refused(tmp_path: Path) -> None:
    folder = beir(tmp_path / "set", {"1": "One?"}, "1\td1\t1")
    assert_refused(folder, "part", part="held")
    (folder / "queries.jsonl").write_text('{"id": "1", "text": "One?"}\n')
    assert_refused(folder, "queries.jsonl, line 1", "_id")
    (folder / "queries.jsonl").unlink()
    assert_refused(folder, "queries.jsonl")


def test_any_set_can_be_asked_as_one_that_the_archive_does_not_answer(tmp_path: Path) -> None:
    for path in (anchored(tmp_path, LINE), beir(tmp_path / "set", {"1": "One?"}, "1\td1\t1")):
        given, taken = read_questions(path).questions, read_unanswerable(path).questions
        assert [(one.id, one.text) for one in taken] == [(one.id, one.text) for one in given]
        assert [(one.answerable, dict(one.articles), one.quotes) for one in taken] == [(False, {}, ())]


def test_a_long_question_is_read_and_not_askable(tmp_path: Path) -> None:
    path = anchored(tmp_path, *({**LINE, "id": str(n), "question": "w" * (MAX_CHARACTERS + n)} for n in (0, 1)))
    assert [question.askable for question in read_questions(path).questions] == [True, False]


def test_two_sets_of_one_name_are_refused() -> None:
    one, other = QuestionSet("one", "quotes", None, ()), QuestionSet("other", "quotes", None, ())
    check_names([one, other])
    with pytest.raises(InvalidQuestions, match="'one'"):
        check_names([one, other, one])


def test_the_starter_archives_questions_are_in_halves_that_share_no_gold() -> None:
    tuning, held = (read_questions(STARTER, part).questions for part in ("tuning", "held"))
    assert len(tuning) + len(held) == len(read_questions(STARTER).questions) == 176
    assert [sum(one.answerable for one in part) for part in (tuning, held)] == [64, 64]
    assert [len(part) for part in (tuning, held)] == [88, 88]
    for one in (quote for question in tuning for quote in question.quotes):
        for other in (quote for question in held for quote in question.quotes):
            assert one.article != other.article or not (one.quote in other.quote or other.quote in one.quote)
