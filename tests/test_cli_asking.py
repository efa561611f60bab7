"""The commands that ask and check: filters, styles, calibrating, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from index.generation import current_generation
from qa.cli import main
from qa.styles import STYLES
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("alone")

QUESTION = "When will the first Pakistani astronaut fly to the Chinese station?"
STARTER = ROOT / "corpus" / "questions.jsonl"


def ibidem(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="ibidem")


def test_filters_hold_on_the_command_line_as_over_http(index: Path) -> None:
    options = ["--publisher", "ibidem wire", "--published-from", "2025-03", "--as-of", "2025-12-31", "--language", "en"]
    found = json.loads(ibidem("ask", QUESTION, "--index", index, "--json", "--top-k", "50", *options).stdout)
    assert 0 < found["searched"]["articles"] < 20
    assert found["passages"]
    for passage in found["passages"]:
        assert passage["citation"]["publisher"] == "Ibidem Wire"
        assert "2025-03" <= passage["citation"]["published"] <= "2025-12-31"
    either = json.loads(
        ibidem(
            "ask", QUESTION, "--index", index, "--json", "--article", "2026/*", "--article", "2025/ax-4-returns"
        ).stdout
    )
    assert {p["citation"]["article_id"] for p in either["passages"]} > {"2026/two-pakistani-astronauts-selected"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--as-of", "2026-02-30"], "as_of: must be a date"),
        (["--published-from", "2026", "--published-to", "2025"], "published_from: 2026 is after published_to"),
        (["--publisher", " "], "publishers: a value is blank"),
        (["--copies", "newest"], "earliest"),
        (["--cite", "vancouver"], "apa"),
    ],
)
def test_filters_that_can_not_be_are_wrong_use(index: Path, options: list[str], says: str) -> None:
    result = ibidem("ask", "Who?", "--index", index, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


@pytest.mark.parametrize("style", STYLES)
def test_citations_are_printed_in_a_style_and_nothing_else(index: Path, style: str) -> None:
    options: list[str | Path] = ["--index", index, "--top-k", "2", "--narrow", "--cite", style]
    result = ibidem("ask", QUESTION, *options)
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(ibidem("ask", QUESTION, *options, "--json").stdout)
    cited = [passage["cited"] for passage in found["passages"]]
    assert result.stdout_bytes.decode() == "\n\n".join(cited) + "\n"
    # What stands here has no sign that any of the styles would write otherwise.
    assert "The first Pakistani astronaut will fly to the Chinese space station in late 2026" in cited[0]


def test_that_nothing_answers_does_not_get_into_what_is_pasted(index: Path) -> None:
    result = ibidem("ask", "Who won the football world cup?", "--index", index, "--cite", "plain")
    assert "does not seem to answer" in result.stderr
    assert "does not seem to answer" not in result.stdout


def test_checked_citations_and_the_exit_code(index: Path, tmp_path: Path) -> None:
    answer = ibidem("ask", QUESTION, "--index", index, "--json").stdout
    (tmp_path / "answer.json").write_text(answer)
    assert ibidem("verify", tmp_path / "answer.json", "--index", index).exit_code == 0
    (tmp_path / "tampered.json").write_text(answer.replace("late 2026", "late 2027"))
    result = ibidem("verify", tmp_path / "tampered.json", "--index", index)
    assert result.exit_code == 1
    assert "2027" in result.stdout
    (tmp_path / "none.json").write_text("{}")
    for file in ("none.json", "missing.json"):
        assert ibidem("verify", tmp_path / file, "--index", index).exit_code == 2


def test_calibrating_publishes_a_generation_that_says_so(new_index: Path) -> None:
    before = current_generation(new_index)
    result = ibidem("calibrate", STARTER, "--part", "tuning", "--index", new_index)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "64 answered by it and 24 not" in result.stdout
    assert "expected calibration error" in result.stdout
    assert current_generation(new_index) > before
    few = ibidem("calibrate", STARTER, "--part", "nothing", "--index", new_index)
    assert few.exit_code == 2
