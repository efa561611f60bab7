"""The command line: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from filelock import FileLock
from flask.testing import FlaskClient

from index.generation import LOCK_FILE, current_generation, generation_folder, list_generations, make_current
from qa.cli import main
from tests.conftest import IBIDEM, ROOT, MakeIndex, write_articles

pytestmark = pytest.mark.usefixtures("alone")

QUESTION = "When will the first Pakistani astronaut fly to the Chinese station?"
BUILD_SCRIPT = ROOT / "scripts" / "build_index.py"


def ibidem(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="ibidem")


def assert_one_line(result: Result, exit_code: int, says: str) -> None:
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("ibidem: ")
    assert result.stderr.count("\n") == 1
    assert says in result.stderr


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))


COMMANDS = dict(commands(main))


def test_the_commands_are_these() -> None:
    assert {" ".join(path) for path in COMMANDS if path} >= {
        "build",
        "ask",
        "serve",
        "generations",
        "generations list",
        "generations rollback",
        "generations prune",
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_its_options(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    for option in ("--help", "-h"):
        result = ibidem(*path, option)
        assert (result.exit_code, result.stderr) == (0, "")
        assert command.help
        assert " ".join(command.help.split())[:40] in " ".join(result.stdout.split())
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help
            assert parameter.opts[0] in result.stdout


def test_the_version_is_that_of_the_distribution() -> None:
    assert re.fullmatch(r"ibidem, version \d+\.\d+\.\d+\n", ibidem("--version").stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["ask"],
        ["ask", "Who?", "When?"],
        ["ask", "Who?", "--top-k", "0"],
        ["ask", "Who?", "--top-k", "101"],
        ["ask", "Who?", "--top-k", "ten"],
        ["ask", "Who?", "--nonsense"],
        ["serve", "--port", "ten"],
        ["build", "folder"],
        ["generations", "nonsense"],
        ["generations", "prune", "--keep", "0"],
        ["generations", "rollback", "one", "two"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2_and_says_how_to_get_help(arguments: list[str]) -> None:
    result = ibidem(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: ibidem ")
    assert "--help" in result.stderr or "-h" in result.stderr
    assert "Error: " in result.stderr


@pytest.mark.parametrize("arguments", [["ask", "Who?"], ["generations", "list"], ["build"]])
def test_a_setting_that_is_wrong_ends_with_2(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBIDEM_PORT", "ten")
    assert_one_line(ibidem(*arguments), 2, "port")


@pytest.mark.parametrize(
    "arguments", [["ask", "Who?"], ["generations", "list"], ["generations", "rollback"], ["generations", "prune"]]
)
def test_without_an_index_all_end_with_3_and_say_how_to_build_one(arguments: list[str], tmp_path: Path) -> None:
    index = tmp_path / "nothing"
    assert_one_line(ibidem(*arguments, "--index", index), 3, f"ibidem build --index {index}")


def test_ask_prints_passages_with_their_citations(index: Path) -> None:
    result = ibidem("ask", QUESTION, "--index", index, "--top-k", "3")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line[0] for line in lines if re.match(r"\d\. ", line)] == ["1", "2", "3"]
    assert "1. Pakistan has its two astronauts; the first is to fly in late 2026" in lines
    assert "Ibidem Wire desk · Ibidem Wire · 2026-05-04" in lines
    assert "The first Pakistani astronaut will fly to the Chinese space station in late 2026." in " ".join(lines)
    places = [line for line in lines if re.fullmatch(r"\S+ \[\d+:\d+\] sha256 [0-9a-f]{64}", line)]
    assert len(places) == 3
    assert current_generation(index) in lines[-1]


def test_ask_prints_as_json_what_the_service_answers(index: Path, client: FlaskClient) -> None:
    result = ibidem("ask", QUESTION, "--index", index, "--top-k", "7", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    printed = json.loads(result.stdout)
    answered = json.loads(client.post("/v1/ask", json={"question": QUESTION, "top_k": 7}).data)
    assert list(printed) == list(answered)
    assert list(printed.pop("took_ms")) == list(answered.pop("took_ms"))
    assert printed == answered
    assert json.dumps(printed) == json.dumps(answered)  # the order of all keys


@pytest.mark.parametrize(("question", "says"), [("", "empty"), (" \n", "empty"), ("x" * 2001, "2000")])
def test_a_question_that_can_not_be_asked_ends_with_2(question: str, says: str, index: Path) -> None:
    assert_one_line(ibidem("ask", question, "--index", index), 2, says)


@pytest.fixture
def small(make_index: MakeIndex) -> Path:
    """An index of its own, of two articles, after the generation of the starter archive."""
    return make_index({"a.md": "# A\n\nThe cat sat on the mat.", "b.md": "# B\n\nThe dog lay in the hall."})


def build(index: Path, *options: str | Path) -> Result:
    return ibidem("build", "--index", index, "--articles", index.parent / "articles", *options)


def test_build_prints_what_it_did_and_names_the_files_it_rejected(small: Path) -> None:
    articles = small.parent / "articles"
    write_articles(articles, {"a.md": "# A\n\nThe cat sat on the roof.", "c.md": "# C\n\nNew.", "empty.md": ""})
    write_articles(articles, {"broken.md": "---\ntitle: [\n---\n\nText.", "picture.png": "x"})
    result = build(small)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    rejected = [line.removeprefix(f"rejected {articles}/").split(": ")[0] for line in lines[:3]]
    assert sorted(rejected) == ["broken.md", "empty.md", "picture.png"]
    assert lines[3] == "3 articles (1 unchanged, 1 new, 1 changed), 0 removed, 3 rejected"
    assert re.fullmatch(r"3 passages, \d+ sentences; [1-9]\d* texts embedded", lines[4])
    assert lines[5:] == [f"generation {current_generation(small)} is current in {small}"]
    assert build(small).stdout.splitlines()[4].endswith("; 0 texts embedded")


def test_build_counts_what_was_removed_also_as_json(small: Path) -> None:
    (small.parent / "articles" / "b.md").unlink()
    report = json.loads(build(small, "--json").stdout)
    assert report.pop("sentences") > 0
    assert 0 <= report["seconds"].pop("encoding") < report["seconds"].pop("total")
    assert report.pop("read") in (0, 1), "a file that was only just written is looked at again"
    assert report == {
        "generation": current_generation(small),
        "published": True,
        "seconds": {},
        "articles": 1,
        "passages": 1,
        "unchanged": 1,
        "new": 0,
        "changed": 0,
        "removed": 1,
        "embedded": 0,
        "rejected": [],
        "evaluation": None,
    }


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [("--articles", "nowhere", "nowhere"), ("--articles", "", "no articles"), ("--model", "./no-model", "no-model")],
)
def test_a_build_that_can_not_be_done_ends_with_3_and_changes_nothing(
    option: str, value: str, says: str, small: Path, alone: Path
) -> None:
    before = current_generation(small), list_generations(small)
    (alone / "empty").mkdir()
    assert_one_line(build(small, option, value) if option == "--model" else ibidem(
        "build", "--index", small, option, value or alone / "empty"
    ), 3, says)  # fmt: skip
    assert (current_generation(small), list_generations(small)) == before


def test_an_index_that_can_not_be_written_ends_with_3(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert_one_line(ibidem("build", "--index", tmp_path / "file" / "index"), 3, "Not a directory")


def test_a_build_that_is_stopped_ends_with_130_and_changes_nothing(small: Path) -> None:
    before = current_generation(small)
    with subprocess.Popen(
        [*IBIDEM, "build", "--articles", str(ROOT / "corpus" / "articles"), "--index", str(small)],
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background lets them ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        deadline = time.monotonic() + 60
        while not list((small / "generations").glob(".building-*")) and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert said == "ibidem: stopped\n"
    assert process.returncode == 130
    assert current_generation(small) == before
    assert not list((small / "generations").glob(".building-*"))


def test_of_two_builders_at_once_the_second_ends_with_3(small: Path) -> None:
    with FileLock(small / LOCK_FILE):
        assert_one_line(build(small), 3, "another build")
        assert_one_line(ibidem("generations", "rollback", "--index", small), 3, "another build")
        assert_one_line(ibidem("generations", "prune", "--index", small), 3, "another build")
    assert build(small).exit_code == 0


def test_two_builders_that_are_processes_don_t_meet(small: Path) -> None:
    command = [*IBIDEM, "build", "--index", str(small), "--articles", str(small.parent / "articles")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as first:
        while first.poll() is None and not list((small / "generations").glob(".building-*")):
            time.sleep(0.001)
        second = build(small)
        out, err = first.communicate(timeout=60)
    assert (first.returncode, err) == (0, "")
    assert "2 articles (2 unchanged" in out
    assert_one_line(second, 3, "another build")


def test_generations_are_listed_newest_first_and_the_current_one_has_a_star(small: Path) -> None:
    old, new = list_generations(small)
    result = ibidem("generations", "list", "--index", small)
    assert result.stdout.splitlines()[0] == f"* {new}  2 articles, 2 passages, all-MiniLM-L6-v2"
    assert result.stdout.splitlines()[1].startswith(f"  {old}  20 articles, ")
    listed = json.loads(ibidem("generations", "list", "--index", small, "--json").stdout)
    assert [(entry["generation"], entry["current"], entry["problem"]) for entry in listed] == [
        (new, True, None),
        (old, False, None),
    ]
    assert [entry["articles"] for entry in listed] == [2, 20]


def test_a_damaged_generation_is_listed_as_such(small: Path) -> None:
    old, _ = list_generations(small)
    (generation_folder(small, old) / "manifest.json").write_text("{")
    result = ibidem("generations", "list", "--index", small)
    assert result.exit_code == 0
    assert f"  {old}  the manifest of generation {old} can't be read" in result.stdout


def test_rollback_goes_back_one_or_to_the_one_named(small: Path) -> None:
    old, new = list_generations(small)
    result = ibidem("generations", "rollback", "--index", small)
    assert (result.exit_code, result.stdout) == (0, f"generation {old} is current\n")
    assert current_generation(small) == old
    assert_one_line(ibidem("generations", "rollback", "--index", small), 3, "no generation before")
    assert ibidem("generations", "rollback", new, "--index", small).exit_code == 0
    assert current_generation(small) == new
    assert_one_line(ibidem("generations", "rollback", "20200101T000000Z-000000", "--index", small), 3, "20200101T")


def test_rollback_to_a_damaged_generation_is_refused(small: Path) -> None:
    old, new = list_generations(small)
    path = generation_folder(small, old) / "texts.sqlite"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert_one_line(ibidem("generations", "rollback", "--index", small), 3, "texts.sqlite")
    assert current_generation(small) == new


def test_prune_keeps_the_newest_and_never_removes_the_current_one(small: Path) -> None:
    old, middle = list_generations(small)
    assert build(small).exit_code == 0
    new = current_generation(small)
    make_current(small, old)
    result = ibidem("generations", "prune", "--keep", "1", "--index", small)
    assert (result.exit_code, result.stdout) == (0, f"generations removed: 1\n  {middle}\n")
    assert list_generations(small) == [old, new]
    assert ibidem("generations", "prune", "--index", small).stdout == "generations removed: 0\n"
    assert {path.name for path in (small / "generations").iterdir()} == {old, new}


def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload,no-any-return]


def test_output_that_nobody_reads_to_its_end_is_no_error(index: Path) -> None:
    program = Path(sys.executable).with_name("ibidem")
    for tail in ("", "--json"):
        command = f'set -o pipefail; "{program}" ask "Who signed?" --top-k 100 --index "{index}" {tail} | head -1'
        result = run(["bash", "-c", command])
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.count("\n") == 1


def test_the_build_script_is_the_build_command_from_any_folder(small: Path, tmp_path: Path) -> None:
    script = [sys.executable, str(BUILD_SCRIPT)]
    helped = run([*script, "--help"], cwd=tmp_path)
    assert (helped.returncode, helped.stderr) == (0, "")
    expected = ibidem("build", "--help").stdout.replace("ibidem build", "build_index.py")
    assert "".join(helped.stdout.split()) == "".join(expected.split())  # but for where lines break
    built = run([*script, "--index", str(small), "--articles", str(small.parent / "articles")], cwd=tmp_path)
    assert (built.returncode, built.stderr) == (0, "")
    assert f"generation {current_generation(small)} is current in {small}" in built.stdout
    failed = run([*script, "--index", str(small), "--articles", "nowhere"], cwd=tmp_path)
    assert (failed.returncode, failed.stdout) == (3, "")
    assert re.fullmatch(r"ibidem: .*nowhere.*\n", failed.stderr)
    wrong = run([*script, "--nonsense"], cwd=tmp_path)
    assert wrong.returncode == 2


def test_a_program_says_no_more_than_its_one_line(index: Path, alone: Path) -> None:
    """In a process of its own, where libraries might print."""
    environment = {**os.environ, "IBIDEM_INDEX": str(index)}
    asked = run([*IBIDEM, "ask", QUESTION], env=environment)
    assert (asked.returncode, asked.stderr) == (0, "")
    failed = run([*IBIDEM, "ask", QUESTION, "--index", str(alone)])
    assert (failed.returncode, failed.stdout) == (3, "")
    assert failed.stderr.count("\n") == 1
