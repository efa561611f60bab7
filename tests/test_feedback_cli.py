"""``ibidem feedback``: what it prints, writes and removes, and how it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from index.history import History
from index.search import LocalEngine
from qa.cli import main
from qa.feedback import FeedbackStore, cited
from qa.settings import FILE, load_settings
from tests.test_feedback import PASSAGE, SAID
from tests.test_feedback_unanswered import ask

HOSTILE = "\x1b[2JWho\u202e\x9b\r\n\ud7ff?"


@pytest.fixture
def path(alone: Path) -> Path:
    return alone / "feedback.sqlite"


@pytest.fixture
def store(path: Path) -> FeedbackStore:
    return FeedbackStore(path)


def run(path: Path | str, *arguments: str | Path) -> Result:
    """What came of a command on that file of feedback."""
    command, *rest = map(str, arguments)
    return CliRunner().invoke(main, ["feedback", command, "--feedback", str(path), *rest], prog_name="ibidem")


def assert_one_line(result: Result, exit_code: int, says: str) -> None:
    assert (result.exit_code, result.stdout) == (exit_code, ""), result.output
    assert result.stderr.startswith("ibidem: ")
    assert result.stderr.count("\n") == 1
    assert says in result.stderr


def test_feedback_is_listed_the_newest_first(store: FeedbackStore, path: Path) -> None:
    one = store.add(SAID)
    long = replace(PASSAGE, quote="Long. " * 50)
    two = store.add(replace(SAID, answers=False, comment="", citation=long, filters={"tags": ("a", "b")}, as_of="2025"))
    three = store.add(replace(SAID, answers=False, comment="", citation=None))
    result = run(path, "list")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        result.stdout
        == f"""\
3  {three.made}  the archive does not answer:
   Did the weir hold?
2  {two.made}  a passage does not answer:
   Did the weir hold?
   filter   tags a, b
   filter   as_of 2025
   passage  2025/weir [4:15] “{("Long. " * 50)[:100]}…”
1  {one.made}  a passage answers:
   Did the weir hold?
   passage  2025/weir [4:15] “weir held on”
   comment  It did.
"""
    )
    found = json.loads(run(path, "list", "--json").stdout)
    assert [one["id"] for one in found] == [3, 2, 1]
    assert found[1]["filters"] == {"tags": ["a", "b"]}
    assert found[2]["citation"]["quote"] == "weir held on"


def test_questions_without_an_answer_are_listed_those_asked_most_often_first(store: FeedbackStore, path: Path) -> None:
    ask(store.unanswered, "Who?", "When?", "When?", tags=("a",))
    result = run(path, "unanswered")
    assert (result.exit_code, result.stderr) == (0, "")
    most, other = store.unanswered.page(5).unanswered
    assert (
        result.stdout
        == f"""\
{most.id}  asked 2 times, {most.first_asked} to {most.last_asked}:
   When?
   filter   tags a
   reason   No passage is near this question. (confidence 0.25)
{other.id}  asked 1 time, {other.last_asked}:
   Who?
   filter   tags a
   reason   No passage is near this question. (confidence 0.25)
"""
    )
    assert [one["asked"] for one in json.loads(run(path, "unanswered", "--json").stdout)] == [2, 1]


def test_what_users_wrote_drives_no_terminal(store: FeedbackStore, path: Path) -> None:
    store.add(replace(SAID, question=HOSTILE, comment=HOSTILE, citation=replace(PASSAGE, quote=HOSTILE)))
    ask(store.unanswered, HOSTILE, publishers=(HOSTILE,))
    for command in ("list", "unanswered"):
        shown = run(path, command).stdout
        assert r"\x1b[2JWho\u202e\x9b\r\n" in shown
        assert all(sign.isprintable() or sign == "\n" for sign in shown)


def test_where_there_is_none_it_is_said(path: Path) -> None:
    for command in ("list", "unanswered"):
        result = run(path, command)
        assert (result.exit_code, result.stdout) == (0, "")
        assert f"there is no feedback: {path}" in result.stderr
        assert run(path, command, "--json").stdout == "[]\n"
    assert not path.exists()


def test_feedback_is_removed_by_number(store: FeedbackStore, path: Path) -> None:
    for _ in range(3):
        store.add(SAID)
    assert_one_line(run(path, "remove", "1", "9"), 3, "no feedback 9")
    assert store.page(5).total == 3
    result = run(path, "remove", "1", "3", "1")
    assert (result.exit_code, result.output) == (0, "removed: 2\n")
    assert [one.id for one in store.page(5).feedback] == [2]
    assert run(path, "remove", "0").exit_code == 2
    assert run(path, "remove").exit_code == 2


def test_the_export_goes_to_a_file_or_to_standard_output(
    store: FeedbackStore, path: Path, index: Path, engine: LocalEngine, tmp_path: Path
) -> None:
    article = engine.article("2025/ax-4-returns")
    there = cited(engine, History(index), article.id, article.sha256, (0, 30))
    store.add(replace(SAID, citation=there))
    store.add(replace(SAID, question="Where?", citation=PASSAGE))
    target = tmp_path / "questions.jsonl"
    result = run(path, "export", target, "--index", index)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "questions: 1, left out: 1; passages that are not there any more: 1\n"
    assert json.loads(target.read_text())["answers"][0]["quote"] == article.text[:30]
    for arguments in ((), ("-",)):
        assert run(path, "export", *arguments, "--index", index).stdout_bytes == target.read_bytes()
    before = target.read_bytes()
    assert_one_line(run(path, "export", target / "x", "--index", index), 3, "Not a directory")
    assert_one_line(run(path, "export", target, "--index", tmp_path / "none"), 3, "ibidem build")
    assert target.read_bytes() == before
    assert [file.name for file in target.parent.glob("*.new")] == []


def test_where_none_is_kept_it_is_said(alone: Path) -> None:
    (alone / FILE).write_text('feedback = ""')
    for command in (["list"], ["unanswered"], ["remove", "1"], ["export"]):
        result = CliRunner().invoke(main, ["feedback", *command], prog_name="ibidem")
        assert_one_line(result, 3, "--feedback")


def test_a_file_that_can_not_be_used_is_one_line(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)
    for command in (["list"], ["unanswered"], ["remove", "1"]):
        assert_one_line(run(path, *command), 3, "not a database")
    assert run(path.parent, "list").exit_code == 2


def test_the_file_lies_beside_the_index_if_nothing_else_is_said(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings({"index": Path("a/b")}).feedback == alone / "a" / "b.feedback.sqlite"
    monkeypatch.setenv("IBIDEM_INDEX", "c")
    assert load_settings({}).feedback == alone / "c.feedback.sqlite"
    monkeypatch.setenv("IBIDEM_FEEDBACK", "d.sqlite")
    assert load_settings({}).feedback == Path("d.sqlite")
    assert load_settings({"feedback": Path("e")}).feedback == Path("e")
    monkeypatch.setenv("IBIDEM_FEEDBACK", "")
    assert load_settings({}).feedback is None
    FeedbackStore(alone / "c.feedback.sqlite").add(SAID)
    monkeypatch.delenv("IBIDEM_FEEDBACK")
    assert "Did the weir hold?" in CliRunner().invoke(main, ["feedback", "list"]).stdout
