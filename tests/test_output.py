"""The folder of a result: whole or not there, and what can't be read as one."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import ir_measures
import pytest

from corpus.errors import InvalidResult
from qa.evaluation import output
from qa.evaluation.measures import NAMES
from qa.evaluation.outcomes import Asked
from qa.evaluation.output import check_folder, default_folder, read_evaluation, write
from qa.evaluation.questions import Question, QuestionSet
from qa.evaluation.runs import ask_run
from qa.evaluation.trec import Run

BEIR = QuestionSet(
    "my set", "articles", None, tuple(Question(f"q {n}", f"No {n}?", (), {f"d{n}": 1}) for n in range(4))
)


@pytest.fixture
def asked() -> Asked:
    rankings = {"q%200": (("d0", 2.0),), "q%201": (("x", 2.0), ("d1", 1.5)), "q%202": (("x", 1.0),)}
    return ask_run(Run(Path("given.run"), rankings), [BEIR], None)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_everything_is_there_and_can_be_read_again(asked: Asked, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "result"
    write(folder, asked, None)
    assert names(folder) == ["my set.qrels", "my set.run", "report.html", "result.json"]
    assert names(folder.parent) == ["result"]
    assert read_evaluation(folder) == read_evaluation(folder / "result.json") == asked.evaluation
    assert "<!doctype html>" in (folder / "report.html").read_text().lower()


def test_other_tools_calculate_the_same_figures_from_the_files(asked: Asked, tmp_path: Path) -> None:
    write(tmp_path / "result", asked, None)
    measures = [ir_measures.parse_measure(name) for name in NAMES]
    qrels = list(ir_measures.read_trec_qrels(str(tmp_path / "result" / "my set.qrels")))
    run = list(ir_measures.read_trec_run(str(tmp_path / "result" / "my set.run")))
    found = {str(name): value for name, value in ir_measures.calc_aggregate(measures, qrels, run).items()}
    figures = asked.evaluation.sets[0].figures
    assert found == pytest.approx({name: figures[name].value for name in NAMES})
    assert found["Success@1"] == 0.25


def test_a_result_is_replaced_whole(asked: Asked, tmp_path: Path) -> None:
    folder = tmp_path / "result"
    write(folder, asked, None)
    other = replace(asked, evaluation=replace(asked.evaluation, source="other"), judged=())
    write(folder, other, None)
    assert names(folder) == ["report.html", "result.json"]
    assert read_evaluation(folder).source == "other"
    assert names(tmp_path) == ["result"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupted_writing_leaves_what_was_there(
    error: type[BaseException], asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    write(tmp_path / "result", asked, None)
    monkeypatch.setattr(output, "write_qrels", fail)
    for folder in ("result", "fresh"):
        with pytest.raises(error):
            write(tmp_path / folder, replace(asked, evaluation=replace(asked.evaluation, source="other")), None)
    assert names(tmp_path) == ["result"]
    assert read_evaluation(tmp_path / "result") == asked.evaluation


def test_a_replacing_that_fails_half_way_puts_the_old_result_back(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError("no")
        return rename(path, target)

    write(tmp_path / "result", asked, None)
    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="no"):
        write(tmp_path / "result", replace(asked, judged=()), None)
    assert names(tmp_path) == ["result"]
    assert "my set.run" in names(tmp_path / "result")


def test_a_folder_that_is_no_result_is_left_alone(asked: Asked, tmp_path: Path) -> None:
    write(tmp_path / "mixed", asked, None)
    (tmp_path / "mixed" / "thesis.txt").write_text("mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "my.run").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.rglob("*"))
    for name in ("mixed", "other", "file", "link"):
        with pytest.raises(InvalidResult, match=re.escape(str(tmp_path / name))):
            check_folder(tmp_path / name)
        with pytest.raises(InvalidResult):
            write(tmp_path / name, asked, None)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_may_be_used(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty", asked, None)
    assert read_evaluation(tmp_path / "empty") == asked.evaluation


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: "", "JSON"),
        (lambda text: text[:-20], "JSON"),
        (lambda text: "[]", "not the result"),
        (lambda text: "{}", "format"),
        (lambda text: text.replace('"format":1', '"format":99'), "format 99"),
        (lambda text: text.replace('"question":"No 1?"', '"question":7'), "sets.0.outcomes.1.question"),
    ],
)
def test_what_is_no_result_says_so_in_one_line(change: object, says: str, asked: Asked, tmp_path: Path) -> None:
    write(tmp_path / "result", asked, None)
    file = tmp_path / "result" / "result.json"
    assert callable(change)
    file.write_text(change(file.read_text()))
    with pytest.raises(InvalidResult) as caught:
        read_evaluation(tmp_path / "result")
    assert says in str(caught.value)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_result_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(InvalidResult, match="no result"):
            read_evaluation(path)


def test_two_evaluations_get_folders_of_their_own() -> None:
    folders = [default_folder() for _ in range(3)]
    assert len(set(folders)) == 3
    assert {folder.parent.name for folder in folders} == {"evaluations"}


def test_the_json_is_plain(asked: Asked, tmp_path: Path) -> None:
    write(tmp_path / "result", asked, None)
    values = json.loads((tmp_path / "result" / "result.json").read_bytes())
    assert (values["format"], values["sets"][0]["outcomes"][1]["first_rank"]) == (1, 2)
