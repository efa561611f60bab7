"""docs/articles.md is right: its examples run and print what the page says, and its tables are the code's."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import pytest
from click.testing import CliRunner

from corpus.article import Origin
from corpus.formats.columns import ALIASES
from corpus.formats.registry import MEBIBYTE, READERS, SUFFIXES
from corpus.front_matter import _ALIASES as KEYS
from corpus.statements import NAMES
from index.pool import Limits
from qa.cli import main
from tests import archives
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "articles.md").read_text(encoding="utf-8")

_SECTION = re.compile(r"^#{2,3} (.+)\n((?:(?!#{2,3} )(?:```.*\n(?:(?!```).*\n)*```\n|.*\n))*)", re.M)
_BLOCK = re.compile(r"(?:^`(?P<file>[^`\n]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Step:
    """What a reader of an example does: writes a file, runs Python, or runs a command that prints what is shown."""

    kind: Literal["file", "python", "command"]
    does: str
    content: str = ""


def sections() -> dict[str, str]:
    return dict(_SECTION.findall(PAGE))


def steps(section: str) -> Iterator[Step]:
    for block in _BLOCK.finditer(section):
        if block["file"]:
            yield Step("file", block["file"], block["body"])
        elif block["kind"] == "python":
            yield Step("python", block["body"])
        elif block["kind"] == "console":
            parts = re.split(r"^\$ (.*)\n", block["body"], flags=re.M)[1:]
            yield from (Step("command", *pair) for pair in zip(parts[::2], parts[1::2], strict=True))


EXAMPLES = {title: [*steps(text)] for title, text in sections().items() if [*steps(text)]}


def printed(command: str) -> str:
    """What a command prints, as the page shows it: its last line ended, elsewhere, and at another time."""
    output = re.sub(r"\b\d{8}T\d{6}Z-\d{6}\b", "20261121T090000Z-000000", done(command))
    output = output.replace(f"{Path.cwd()}/", "")
    return output if output.endswith("\n") or not output else f"{output}\n"


def done(command: str) -> str:
    """What a command prints; 'ibidem' runs in this process, all else, and what is piped into, in a shell."""
    if not command.startswith("ibidem "):
        return shell(command)
    command, _, rest = command.partition(" | ")
    _, *arguments = shlex.split(command)
    result = CliRunner().invoke(main, arguments, prog_name="ibidem")
    assert result.exit_code == 0, (result.output, result.exception)
    return shell(rest, result.stdout) if rest else result.stdout


def shell(command: str, given: str = "") -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        command, shell=True, input=given, text=True, capture_output=True, timeout=60, env={**os.environ, "PATH": path}
    )
    assert (result.returncode, result.stderr) == (0, ""), (command, result.stderr)
    return result.stdout


def run(example: list[Step], index: Path) -> Iterator[tuple[Step, str]]:
    """Does the steps in the current folder; the commands, each with what it prints.

    Before 'ibidem articles' looks at something new, the index is built; without vectors, which it doesn't need.
    """
    is_built = False
    for step in example:
        is_built = is_built and step.does.startswith("ibidem articles")
        if step.kind == "file":
            path = Path(step.does)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.content, encoding="utf-8")
        elif step.kind == "python":
            exec(compile(step.does, "docs/articles.md", "exec"), {})
        else:
            if step.does.startswith("ibidem articles") and not is_built:
                archives.build(Path("articles"), index)
                is_built = True
            yield step, printed(step.does)


@pytest.fixture
def folder(alone: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: with the checkout's tests in it, as in a checkout, and no articles."""
    (alone / "tests").symlink_to(ROOT / "tests")
    (alone / "articles").mkdir()
    monkeypatch.setenv("IBIDEM_ARTICLES", json.dumps(["articles"]))
    monkeypatch.setenv("IBIDEM_INDEX", str(alone / "var" / "index"))
    return alone


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_prints_what_the_page_says(title: str, folder: Path, request: pytest.FixtureRequest) -> None:
    index = folder / "var" / "index"
    if any(step.does.startswith("ibidem build") for step in EXAMPLES[title]):
        # The export of the encoder is the same for all indexes, and takes half a minute.
        made: Path = request.getfixturevalue("index")
        shutil.copytree(made / "encoders", index / "encoders", copy_function=os.link)
    for step, output in run(EXAMPLES[title], index):
        assert output == step.content, step.does


def test_each_format_has_an_example() -> None:
    made = " ".join(step.does + step.content for example in EXAMPLES.values() for step in example)
    others = {".markdown", ".htm", ".xhtml", ".ndjson", ".tsv", ".warc.gz"}
    for suffix in SUFFIXES.keys() - others:
        assert re.search(rf"{re.escape(suffix)}\b", made) or f'"{suffix[1:]}"' in made, suffix
    assert len(EXAMPLES) >= 12


def rows(title: str, number: int = 0) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    tables: list[str] = re.findall(r"(?:^\|.*\n)+", sections()[title], re.M)
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in tables[number].splitlines()[2:]]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_tables_are_those_of_the_code() -> None:
    head = PAGE[: PAGE.index("\n## ")]
    named = [suffix for line in head.splitlines() if line.startswith("| `") for suffix in code(line.split(" | ")[0])]
    assert sorted(named) == sorted(SUFFIXES)
    assert [*code(" ".join(row[0] for row in rows("What is said of an article")))] == [*NAMES]
    assert {code(row[0])[0] for row in rows("What is said of an article", 1)} == {*get_args(Origin)}
    columns = {code(name)[0]: tuple(aliases.split(", ")) for name, aliases in rows("Exports")}
    assert columns == ALIASES


def test_all_other_keys_of_front_matter_are_named() -> None:
    assert set(KEYS) <= set(code(sections()["Markdown"]))


def test_the_limits_are_those_of_the_code() -> None:
    limits = dict(rows("What is rejected"))
    sizes = {
        "Markdown, plain text, web page, record of an export": most("markdown", "text", "html", "record"),
        "message": most("message"),
        "PDF, Word, OpenDocument, rich text, EPUB": most("pdf", "docx", "odt", "rtf", "epub"),
    }
    for what, size in sizes.items():
        assert limits[what] == f"{size} MiB"
    workers = Limits()
    assert limits["time to read one article"] == (
        f"{workers.cpu_seconds} seconds of computing, {workers.wall_seconds} in all"
    )
    assert limits["memory"] == f"{workers.memory_bytes / 2**30} GiB a process"


def most(*formats: str) -> int:
    """The one limit of some formats, in MiB."""
    (size,) = {READERS[name][1] for name in formats}
    return size // MEBIBYTE
