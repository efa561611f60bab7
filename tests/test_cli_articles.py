"""The commands by which an archive's owner looks after its articles."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import Result

from corpus.archive import read_archive
from corpus.article import Article
from qa.articles_output import columns
from qa.catalogue import open_catalogue
from tests.archives import build, commands, ibidem, publish, write
from tests.conftest import ROOT
from tests.test_cli import commands as walk

pytestmark = pytest.mark.usefixtures("alone")

FILES = {
    "2025/weir.md": """\
---
title: The weir holds
author: Ottilie Lock
publisher: The Ferry Post
published: 2025-03-04
language: en
---
The weir above the ferry held on Tuesday, though the river stood higher than in any spring since the mill closed.
""",
    "2025/tram.md": "---\ntitle: The tram is late\npublisher: Hill Gazette\n---\nThe tram was late again on Friday.\n",
    "2025-02-11-lamp.txt": "The lamp at the quay was lit again on Tuesday evening, after two winters in the dark.\n",
    "desk.jsonl": """\
{"id": "one", "title": "A bench for the quay", "text": "The council has bought a bench for the quay."}
{"id": "two", "title": "No bench after all", "text": "The bench that the council bought was too long."}
""",
    "bad.md": "---\ntitle: Undated\npublished: last week\n---\nThe mill will be sold.\n",
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write(tmp_path / "archive", FILES)


@pytest.fixture
def index(archive: Path, tmp_path: Path) -> Path:
    build(archive, tmp_path / "index")
    return tmp_path / "index"


def owner(archive: Path, *arguments: str | Path) -> Result:
    """What came of a command on articles that is given the folder."""
    command, *rest = arguments
    return ibidem("articles", command, "--articles", archive, *rest)


def assert_refused(result: Result, exit_code: int, says: str) -> None:
    assert (result.exit_code, result.stdout) == (exit_code, ""), result.output
    assert result.stderr.startswith("ibidem: ")
    assert result.stderr.count("\n") == 1
    assert says in result.stderr


def test_the_list_is_a_line_an_article_parted_by_tabs(index: Path) -> None:
    result = ibidem("articles", "list", "--index", index)
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line.split("\t") for line in result.stdout.splitlines()] == [
        ["2025-02-11-lamp", "The lamp at the quay was lit again on Tuesday evening, after two winters in the dark.",
         "unknown", "2025-02-11"],
        ["2025/tram", "The tram is late", "Hill Gazette", "unknown"],
        ["2025/weir", "The weir holds", "The Ferry Post", "2025-03-04"],
        ["desk/one", "A bench for the quay", "unknown", "unknown"],
        ["desk/two", "No bench after all", "unknown", "unknown"],
    ]  # fmt: skip


def test_on_a_terminal_the_list_is_in_columns() -> None:
    rows = [
        ("2025/weir", "The weir above the ferry holds", "The Ferry Post", "2025-03-04"),
        ("a-rather-long-id-of-something", "空间站的新闻", "The Society for Weirs, Locks and Quays", "unknown"),
    ]
    assert [*columns(rows, 90)] == [
        "2025/weir                      The weir above the f…  The Ferry Post            2025-03-04",
        "a-rather-long-id-of-something  空间站的新闻           The Society for Weirs, …  unknown",
    ]
    assert [*columns(rows[:1], 90)] == ["2025/weir  The weir above the ferry holds  The Ferry Post  2025-03-04"]
    assert [*columns([], 90)] == []


def test_copies_are_listed_and_counted_unless_told_otherwise(archive: Path, tmp_path: Path) -> None:
    found = [one for one in read_archive([archive]) if isinstance(one, Article)]
    publish(tmp_path / "copies", found, clusters=[0, 1, 2, 2, 2])
    assert len(listed(tmp_path / "copies")) == 5
    assert "5 articles" in ibidem("articles", "--index", tmp_path / "copies").stdout
    one_each = listed(tmp_path / "copies", "--copies", "earliest")
    assert one_each == ["2025-02-11-lamp", "2025/tram", "2025/weir"]


def listed(index: Path, *options: str) -> list[str]:
    result = ibidem("articles", "list", "--index", index, *options)
    assert result.exit_code == 0, result.output
    return [line.split("\t")[0] for line in result.stdout.splitlines()]


def test_the_list_is_filtered_and_ordered(index: Path) -> None:
    assert listed(index, "--publisher", "hill gazette") == ["2025/tram"]
    assert listed(index, "--article", "desk/*") == ["desk/one", "desk/two"]
    assert listed(index, "--missing", "published") == ["2025/tram", "desk/one", "desk/two"]
    assert listed(index, "--missing", "title", "--missing", "published", "--article", "2025*") == [
        "2025-02-11-lamp",
        "2025/tram",
    ]
    assert listed(index, "--published-from", "2025-03") == ["2025/weir"]
    assert listed(index, "--sort", "published", "--limit", "2") == ["2025/weir", "2025-02-11-lamp"]


def test_that_there_are_more_is_said_aside(index: Path) -> None:
    result = ibidem("articles", "list", "--index", index, "--limit", "2")
    assert result.stdout.count("\n") == 2
    assert "2 of 5" in result.stderr
    found = json.loads(ibidem("articles", "list", "--index", index, "--limit", "2", "--json").stdout)
    assert (found["total"], [one["id"] for one in found["articles"]]) == (5, ["2025-02-11-lamp", "2025/tram"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--missing", "date"], "published"),
        (["--sort", "size"], "title"),
        (["--limit", "0"], "--limit"),
        (["--as-of", "soon"], "as_of"),
    ],
)
def test_a_list_that_can_not_be_is_wrong_use(index: Path, options: list[str], says: str) -> None:
    result = ibidem("articles", "list", "--index", index, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


@pytest.mark.parametrize("command", [(), ("counts",)])
def test_without_a_command_articles_are_counted(index: Path, command: tuple[str, ...]) -> None:
    result = ibidem("articles", *command, "--index", index)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("5 articles in generation 2")
    assert "       3  unknown" in lines[lines.index("by publisher") : lines.index("by year")]
    assert "       2  2025" in lines[lines.index("by year") :]
    assert "       4  language" in lines[lines.index("not known") :]
    assert all(f"'{name}'" in lines[-1] for name in ("ibidem articles list", "show", "edit", "remove"))


def test_counts_are_json_too(index: Path) -> None:
    found = json.loads(ibidem("articles", "--index", index, "--json").stdout)
    assert (found["articles"], found["unknown"]["published"]) == (5, 3)
    assert found["years"] == [{"value": "2025", "articles": 2}, {"value": None, "articles": 3}]


def test_an_article_is_shown_with_where_each_value_is_from(archive: Path, index: Path) -> None:
    owner(archive, "edit", "2025/weir", "--updated", "2025-04", "--unknown", "publisher")
    build(archive, index)
    result = owner(archive, "show", "2025/weir", "--index", index)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert "published   2025-03-04  (front matter, to the day)" in lines
    assert "updated     2025-04  (sidecar, to the month)" in lines
    assert "publisher   unknown" in lines
    assert f"file        {archive / '2025' / 'weir.md'}" in lines
    assert f"sidecar     {archive / '2025' / 'weir.meta.toml'}" in lines
    assert {"passages    1", "copies      none"} <= {*lines}
    found = json.loads(owner(archive, "show", "2025/weir", "--index", index, "--json").stdout)
    assert found["article"]["provenance"]["updated"] == {"origin": "sidecar", "precision": "month"}
    assert found["file"] == str(archive / "2025" / "weir.md")


def test_a_text_is_printed_to_the_byte(index: Path) -> None:
    for entry in open_catalogue(index).entries:
        printed = ibidem("articles", "show", entry.id, "--text", "--index", index).stdout_bytes
        assert hashlib.sha256(printed).hexdigest() == entry.sha256


def test_what_is_not_in_the_index_is_not_shown(archive: Path, index: Path) -> None:
    for options in ([], ["--text"], ["--json"]):
        assert_refused(ibidem("articles", "show", "bad", "--index", index, *options), 3, "'bad'")


def test_an_edit_is_taken_in_by_the_next_build(archive: Path, index: Path) -> None:
    values = {
        "--title": "The weir held", "--publisher": "Ferry Post", "--url": "https://ferry.example/weir",
        "--published": "2025-03", "--updated": "2025-04-01", "--retrieved": "2026", "--language": "en-GB",
        "--licence": "CC BY 4.0",
    }  # fmt: skip
    lists = ["--author", "O. Lock", "--author", "B. Quay", "--tag", "river", "--source", "the lock's log"]
    result = owner(archive, "edit", "2025/weir", *[part for pair in values.items() for part in pair], *lists)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{archive / '2025' / 'weir.meta.toml'} says of 2025/weir:\n")
    assert result.stdout.endswith("the next 'ibidem build' takes it in\n")
    build(archive, index)
    found = json.loads(owner(archive, "show", "2025/weir", "--index", index, "--json").stdout)["article"]
    assert {option: found[option.removeprefix("--")] for option in values} == values
    assert (found["authors"], found["tags"], found["sources"]) == (
        ["O. Lock", "B. Quay"],
        ["river"],
        ["the lock's log"],
    )
    assert {one["origin"] for one in found["provenance"].values()} == {"sidecar"}
    restored = [part for name in (*values, "--authors", "--tags", "--sources") for part in ("--restore", name[2:])]
    result = owner(archive, "edit", "2025/weir", *restored)
    assert "no sidecar says anything of 2025/weir" in result.stdout
    assert not (archive / "2025" / "weir.meta.toml").exists()


def test_an_article_that_is_rejected_can_be_edited(archive: Path) -> None:
    result = owner(archive, "edit", "bad", "--published", "2025-01")
    assert result.exit_code == 0
    assert (archive / "bad.meta.toml").read_text() == 'published = "2025-01"\n'


def test_that_an_article_would_still_be_left_out_is_said(archive: Path) -> None:
    write(archive, {"empty.md": "---\ntitle: Nothing\n---\n"})
    result = owner(archive, "edit", "empty", "--published", "2025-01")
    assert "takes it in, but would leave the article out: empty" in result.stdout


def test_an_article_in_a_file_of_several_has_a_sidecar_of_its_own(archive: Path, index: Path) -> None:
    assert owner(archive, "edit", "desk", "--publisher", "The Desk", "--language", "en").exit_code == 0
    result = owner(archive, "edit", "desk/two", "--publisher", "Hill Gazette")
    assert result.stdout.startswith(f"{archive / 'desk' / 'two.meta.toml'} says of desk/two")
    build(archive, index)
    entries = {entry.id: entry for entry in open_catalogue(index).entries}
    assert (entries["desk/one"].publisher, entries["desk/two"].publisher) == ("The Desk", "Hill Gazette")
    assert (entries["desk/one"].language, entries["desk/two"].language) == ("en", "en")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "say what to change"),
        (["--published", "last week"], "'published' in what is given must be a date"),
        (["--title", ""], "--unknown title"),
        (["--title", "x", "--restore", "title"], "two ways"),
    ],
)
def test_an_edit_that_can_not_be_changes_nothing(archive: Path, options: list[str], says: str) -> None:
    assert_refused(owner(archive, "edit", "2025/weir", *options), 2, says)
    assert not [*archive.rglob("*.toml")]


def test_an_article_that_is_nowhere_is_said(archive: Path) -> None:
    assert_refused(owner(archive, "edit", "2025/quay", "--title", "x"), 3, "'2025/quay'")
    assert_refused(owner(archive, "remove", "2025/weir", "2025/quay", "--yes"), 3, "'2025/quay'")
    assert (archive / "2025" / "weir.md").exists()
    assert_refused(owner(archive / "none", "edit", "2025/weir", "--title", "x"), 3, "none")


def test_removing_takes_the_file_and_its_sidecar(archive: Path, index: Path) -> None:
    owner(archive, "edit", "2025/weir", "--tag", "river")
    result = owner(archive, "remove", "2025/weir", "2025-02-11-lamp", "--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    for name in ("2025/weir.md", "2025/weir.meta.toml", "2025-02-11-lamp.txt"):
        assert f"delete     {archive / name}" in result.stdout
        assert not (archive / name).exists()
    assert (archive / "2025" / "tram.md").exists()
    assert "2025/weir" in listed(index)
    build(archive, index)
    assert listed(index) == ["2025/tram", "desk/one", "desk/two"]


def test_removing_one_of_several_leaves_the_file(archive: Path, index: Path) -> None:
    owner(archive, "edit", "desk/two", "--tag", "bench")
    result = owner(archive, "remove", "desk/two", "--yes")
    assert "leave out  desk/two of " in result.stdout
    build(archive, index)
    assert listed(index, "--article", "desk/*") == ["desk/one"]
    owner(archive, "edit", "desk/two", "--restore", "excluded")
    build(archive, index)
    assert listed(index, "--tag", "bench") == ["desk/two"]


def test_removing_a_file_of_several_takes_what_is_said_of_each(archive: Path) -> None:
    owner(archive, "edit", "desk", "--tag", "bench")
    owner(archive, "edit", "desk/two", "--tag", "long")
    write(archive, {"desk/own.md": "Its own.", "desk/own.meta.toml": 'title = "x"'})
    result = owner(archive, "remove", "desk", "desk/one", "--yes")
    assert f"delete     {archive / 'desk.jsonl'}, with all its articles" in result.stdout
    left = sorted(str(path.relative_to(archive)) for path in archive.glob("desk*/*"))
    assert left == ["desk/own.md", "desk/own.meta.toml"]
    assert not [*archive.glob("desk.*")]


def test_what_is_said_of_another_files_articles_stays(archive: Path) -> None:
    write(archive, {"desk/old.jsonl": '{"id": "one", "text": "An old bench."}\n'})
    owner(archive, "edit", "desk/old/one", "--tag", "bench")
    owner(archive, "remove", "desk", "--yes")
    assert (archive / "desk" / "old" / "one.meta.toml").exists()


def test_the_folder_of_sidecars_goes_with_them(archive: Path) -> None:
    owner(archive, "edit", "desk/two", "--tag", "long")
    owner(archive, "remove", "desk", "--yes")
    assert not [*archive.glob("desk*")]


def test_of_a_link_the_link_goes(archive: Path, tmp_path: Path) -> None:
    target = write(tmp_path / "elsewhere", {"quay.md": "The quay is long."}) / "quay.md"
    (archive / "quay.md").symlink_to(target)
    assert owner(archive, "remove", "quay", "--yes").exit_code == 0
    assert target.exists()
    assert not (archive / "quay.md").is_symlink()


def test_nothing_is_deleted_behind_a_link(archive: Path, tmp_path: Path) -> None:
    elsewhere = write(tmp_path / "elsewhere", {"quay.md": "The quay is long."})
    (archive / "linked").symlink_to(elsewhere)
    assert_refused(owner(archive, "remove", "linked/quay", "2025/weir", "--yes"), 2, "outside of")
    assert (elsewhere / "quay.md").exists()
    assert (archive / "2025" / "weir.md").exists()


def test_that_another_file_takes_the_place_is_said(archive: Path) -> None:
    write(archive, {"2025/weir.txt": "The weir, once more."})
    assert "2025/weir is still there" in owner(archive, "remove", "2025/weir", "--yes").stdout


def test_where_nobody_can_be_asked_nothing_is_removed(archive: Path) -> None:
    assert_refused(owner(archive, "remove", "2025/weir"), 2, "--yes")
    assert (archive / "2025" / "weir.md").exists()


@pytest.mark.parametrize(("answer", "exit_code"), [("y", 0), ("n", 1), ("", 1)])
def test_on_a_terminal_it_is_asked_first(archive: Path, answer: str, exit_code: int) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    command = ["-c", "from qa.cli_articles import articles; articles()", "remove", "2025/weir"]
    result = subprocess.run(
        [sys.executable, *command, "--articles", str(archive)],
        stdin=theirs, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    assert (result.returncode, (archive / "2025" / "weir.md").exists()) == (exit_code, exit_code != 0), result.stderr
    assert "Remove? [y/N]" in result.stdout + result.stderr


def test_every_command_explains_itself() -> None:
    for path, command in walk(commands, ()):
        if path:
            result = ibidem(*path, "--help")
            assert (result.exit_code, result.stderr) == (0, "")
            options = [one for one in command.params if isinstance(one, click.Option)]
            assert all(one.help and one.opts[0] in result.stdout for one in options)


PAGE = (ROOT / "docs" / "archive.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```console\n(.*?)^```", PAGE, re.M | re.S)


def shown(text: str) -> list[tuple[str, str]]:
    """The commands of an example, each with what it prints."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.M)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def test_the_page_on_looking_after_an_archive_prints_what_it_says(
    archive: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBIDEM_ARTICLES", json.dumps([str(archive)]))
    monkeypatch.setenv("IBIDEM_INDEX", str(index))
    assert len(EXAMPLES) >= 5
    for command, printed in [pair for example in EXAMPLES for pair in shown(example)]:
        _, *arguments = shlex.split(command)
        if arguments[0] == "build":
            build(archive, index)
            continue
        result = ibidem(*arguments)
        output = result.output.replace(str(archive), "articles").replace(str(index), "var/index")
        output = re.sub(r"\b\d{8}T\d{6}Z-\d{6}\b", "20261121T090000Z-000000", output)
        assert output == printed, command
