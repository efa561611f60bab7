"""``ibidem evaluate``: what it prints and leaves, and how it ends."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from index.generation import current_generation
from qa.cli import main
from qa.evaluation.output import read_evaluation
from tests.conftest import IBIDEM, ROOT, MakeIndex

pytestmark = pytest.mark.usefixtures("alone")

STARTER = ROOT / "corpus" / "questions.jsonl"
ARTICLES = {
    "bell.txt": "The lamp of Bell Rock was lit in 1811. Its tower was built by Robert Stevenson.",
    "mills.txt": "Grain was ground at the mill of Ash. The miller paid his rent in eels.",
    "locks.txt": "A flight of locks lifts boats over the hill. The canal was dug by hand in 1790.",
}
QUESTIONS = [
    ("q1", "When was the lamp lit?", "bell", "1811"),
    ("q2", "What rent did the miller pay?", "mills", "eels"),
    ("q3", "Who built the tower?", "bell", "Robert Stevenson"),
    ("q4", "How do boats get over the hill?", "locks", "A flight of locks"),
    ("q5", "When was the canal dug?", "locks", "1790"),
    ("q6", "Where was grain ground?", "mills", "Ash"),
]


@pytest.fixture(scope="module")
def small(make_index: MakeIndex) -> Path:
    return make_index(ARTICLES)


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    lines = (
        {"id": name, "question": text, "answers": [{"article": article, "quote": quote}]}
        for name, text, article, quote in QUESTIONS
    )
    path = tmp_path / "small.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def evaluate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)], prog_name="ibidem")


def ranked(path: Path, right: int) -> Path:
    """A run that has the right article first for so many of the questions, and last for the others."""
    with path.open("w") as file:
        for number, (name, _, article, _) in enumerate(QUESTIONS):
            others = [stem for stem in ("bell", "mills", "locks") if stem != article]
            order = [article, *others] if number < right else [*others, article]
            for rank, document in enumerate(order):
                file.write(f"{name} Q0 {document} {rank + 1} {9 - rank} test\n")
    return path


def assert_one_line(result: Result, exit_code: int, *says: str) -> None:
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("ibidem: ")
    assert result.stderr.count("\n") == 1
    for text in says:
        assert text in result.stderr


def test_figures_are_printed_and_the_result_is_written(small: Path, questions: Path, tmp_path: Path) -> None:
    result = evaluate(questions, "--index", small, "--output", tmp_path / "result")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "small: 6 questions with gold"
    found = read_evaluation(tmp_path / "result")
    for name, figure in found.sets[0].figures.items():
        row = rf"{re.escape(name)} +{figure.value:.4f} +{figure.low:.4f} to {figure.high:.4f} *"
        assert any(re.fullmatch(row, line) for line in lines), name
    assert any("--unanswerable" in line for line in lines)
    assert lines[-1] == f"report: {tmp_path / 'result' / 'report.html'}"
    assert (tmp_path / "result" / "report.html").is_file()
    assert found.source == current_generation(small)


def test_json_has_the_figures(small: Path, questions: Path, tmp_path: Path) -> None:
    arguments = (questions, "--index", small, "--output", tmp_path / "result", "--json")
    values = json.loads(evaluate(*arguments, "--unanswerable", STARTER).stdout)
    assert values["folder"] == str(tmp_path / "result")
    one, other = values["sets"]
    assert (one["name"], one["questions"], one["answerable"], one["without_result"]) == ("small", 6, 6, 0)
    assert set(one["figures"]["nDCG@10"]) == {"value", "low", "high"}
    assert (other["name"], other["questions"], other["answerable"], other["figures"]) == ("corpus", 176, 0, {})
    assert "curve" not in (values["abstention"] or {})
    assert values["comparison"] is None


def test_a_part_of_the_starter_archives_questions(index: Path, tmp_path: Path) -> None:
    result = evaluate(STARTER, "--index", index, "--part", "held", "--output", tmp_path / "result")
    assert result.exit_code == 0
    assert "corpus, part held: 64 questions with gold and 24 that the archive does not answer" in result.stdout


def test_the_verdict_is_the_exit_code(questions: Path, tmp_path: Path) -> None:
    for name, right in (("good", 6), ("bad", 0), ("fair", 5)):
        made = evaluate(questions, "--run", ranked(tmp_path / f"{name}.run", right), "--output", tmp_path / name)
        assert made.exit_code == 0

    def against(name: str, before: str) -> Result:
        output = tmp_path / "compared"
        return evaluate(
            questions, "--run", tmp_path / f"{name}.run", "--against", tmp_path / before, "--output", output
        )

    better, worse, same = against("good", "bad"), against("bad", "good"), against("fair", "good")
    assert [one.exit_code for one in (better, worse, same)] == [0, 1, 2]
    assert "better: " in better.stdout
    assert "worse: " in worse.stdout
    assert "no difference shown: " in same.stdout
    assert "0 questions won, 1 lost" in " ".join(same.stdout.split())


def test_a_generation_can_be_compared_with(small: Path, questions: Path, tmp_path: Path) -> None:
    generation = current_generation(small)
    options = ("--index", small, "--generation", generation, "--against", generation, "--output", tmp_path / "result")
    result = evaluate(questions, *options, "--json")
    assert result.exit_code == 2
    comparison = json.loads(result.stdout)["comparison"]
    assert (comparison["before"], comparison["verdict"]) == (generation, "no difference shown")
    assert (comparison["lost"], comparison["won"]) == ([], [])


def test_what_can_not_be_is_said_in_one_line(small: Path, questions: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    assert_one_line(evaluate(questions, "--index", nothing), 3, "ibidem build")
    assert_one_line(evaluate(nothing, "--index", small), 2, str(nothing))
    assert_one_line(evaluate(questions, questions, "--index", small), 2, "'small'")
    assert_one_line(evaluate(questions, "--index", small, "--part", "held"), 2, "'held'")
    assert_one_line(evaluate(questions, "--index", small, "--generation", "2026"), 3, "2026")
    assert_one_line(evaluate(questions, "--index", small, "--against", "2026"), 3, "2026")
    assert_one_line(evaluate(questions, "--index", small, "--against", questions), 2, str(questions))
    assert_one_line(evaluate(questions, "--index", small, "--run", nothing), 2, str(nothing))
    assert_one_line(evaluate(questions, "--index", small, "--output", questions), 2, str(questions))
    assert_one_line(evaluate(STARTER, "--index", small), 3, "'q001'", "in all")


def test_results_of_other_questions_are_not_compared(questions: Path, tmp_path: Path) -> None:
    run, result = ranked(tmp_path / "my.run", 3), tmp_path / "result"
    assert evaluate(questions, "--run", run, "--output", result).exit_code == 0
    other = questions.rename(tmp_path / "other.jsonl")
    assert_one_line(
        evaluate(other, "--run", run, "--against", result, "--output", tmp_path / "second"), 2, "same questions"
    )
    assert not (tmp_path / "second").exists()


def test_that_is_said_before_anything_is_asked(small: Path, questions: Path, tmp_path: Path) -> None:
    result = tmp_path / "result"
    assert evaluate(questions, "--run", ranked(tmp_path / "my.run", 3), "--output", result).exit_code == 0
    questions.write_text(questions.read_text().replace('"q6"', '"q7"').replace('"1790"', '"not there"'))
    # Asking would end with the gold that is not there.
    assert_one_line(evaluate(questions, "--index", small, "--against", result), 2, "same questions", "'small'")


def test_without_a_place_to_write_it_finds_one(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.evaluation.output.project_folder", lambda: tmp_path / "project")
    run = ranked(tmp_path / "my.run", 3)
    for _ in range(2):
        assert evaluate(questions, "--run", run).exit_code == 0
    folders = list((tmp_path / "project" / "var" / "evaluations").iterdir())
    assert len(folders) == 2
    assert {read_evaluation(folder).source for folder in folders} == {str(run)}


def test_ctrl_c_leaves_nothing(index: Path, tmp_path: Path) -> None:
    many = tmp_path / "many.jsonl"
    line = {"question": "What is this and what was that, and who said so?", "answers": []}
    many.write_text("".join(json.dumps({"id": str(n), **line}) + "\n" for n in range(50_000)))
    command = [*IBIDEM, "evaluate", str(many), "--index", str(index), "--output", str(tmp_path / "out" / "result")]
    # What runs the tests may have SIGINT ignored, as for a command in the background, and that is inherited.
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, preexec_fn=heeding) as process:
        time.sleep(5)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error == "ibidem: stopped\n"
    assert not (tmp_path / "out").exists()


def test_the_script_is_the_same_command(questions: Path, tmp_path: Path) -> None:
    run = ranked(tmp_path / "my.run", 6)
    script = ROOT / "scripts" / "evaluate.py"
    command = [sys.executable, str(script), str(questions), "--run", str(run), "--output", "result"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert (result.returncode, result.stderr) == (0, "")
    assert read_evaluation(tmp_path / "result").sets[0].figures["Success@1"].value == 1
