"""The archive and what is known of it stay in step: what changed is read, nothing else is, and nothing is missed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

import corpus
from corpus.archive import read_archive
from corpus.article import Article
from corpus.listing import Rejection
from index import intake
from index.generation import current_generation, generation_folder
from index.intake import Found, Intake
from index.readings import FILE, Readings
from tests import archives
from tests.conftest import ROOT, write_articles

LONG_AGO = 10**18


@dataclass(frozen=True)
class Look:
    """What came of looking at an archive: the files of which something was not known, the articles that were read, and
    what there is, with reasons by the names of files."""

    unread: set[str]
    read: set[str]
    found: dict[str, Found]
    rejected: dict[str, str]
    order: list[Found | Rejection]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with word pieces that are words."""
    index = tmp_path_factory.mktemp("encoder")
    archives.publish(index, [])
    return generation_folder(index, current_generation(index))


@pytest.fixture
def index(tmp_path: Path) -> Path:
    (tmp_path / "index").mkdir()
    return tmp_path / "index"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "archive").mkdir()
    return tmp_path / "archive"


def settle(folder: Path) -> None:
    """Makes files that were just written so old that their times can be trusted."""
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_mtime_ns > LONG_AGO + 10**17:
            os.utime(path, ns=(LONG_AGO, LONG_AGO))


def look(index: Path, encoder: Path, *folders: Path, settled: bool = True) -> Look:
    """Looks at an archive, and reads what has to be."""
    for folder in folders if settled else ():
        settle(folder)
    readings = Readings(index)
    found = Intake(folders, readings, "encoder")
    unread = found.unread()
    read = {one.prepared.article.id for one in found.read(unread, encoder)}
    order = list(found.outcomes())
    readings.close()
    return Look(
        {file.path.name for file in unread},
        read,
        {one.id: one for one in order if isinstance(one, Found)},
        {relative(one.path, folders): one.reason for one in order if isinstance(one, Rejection)},
        order,
    )


def relative(path: Path, folders: Sequence[Path]) -> str:
    return next(path.relative_to(folder).as_posix() for folder in folders if path.is_relative_to(folder))


def text(index: Path, found: Found) -> str:
    """The text of an article that was found."""
    return article(index, found).text


def article(index: Path, found: Found) -> Article:
    readings = Readings(index)
    ((_, prepared),) = readings.articles([(found.id, found.reading)])
    readings.close()
    return prepared.article


def story(number: int | str) -> str:
    return f"# Story {number}\n\nThe ferry number {number} left the quay before dawn.\n"


def write_zip(path: Path, files: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)


def write_lines(path: Path, texts: dict[str, str]) -> None:
    lines = (json.dumps({"id": key, "title": f"Of {key}", "text": value}) + "\n" for key, value in texts.items())
    path.write_text("".join(lines), encoding="utf-8")


def test_what_did_not_change_is_not_even_opened(index: Path, archive: Path, encoder: Path) -> None:
    write_articles(archive, {"a.md": story(1), "b.txt": "A tug waited by the quay."})
    write_zip(archive / "z.zip", {"one.md": story(3), "two.md": story(4)})
    first = look(index, encoder, archive)
    assert first.unread == {"a.md", "b.txt", "z.zip"}
    assert first.read == set(first.found) == {"a", "b", "z/one", "z/two"}
    # Another text of the same size and time: whoever opened the file would see it.
    write_articles(archive, {"a.md": story(9)})
    (archive / "z.zip").write_bytes(bytes((archive / "z.zip").stat().st_size))
    second = look(index, encoder, archive)
    assert (second.unread, second.read, second.order) == (set(), set(), first.order)
    assert "number 1 left" in text(index, second.found["a"])


def test_a_file_that_was_touched_is_looked_into_but_not_read_again(index: Path, archive: Path, encoder: Path) -> None:
    write_articles(archive, {"a.md": story(1), "b.md": story(2)})
    first = look(index, encoder, archive)
    os.utime(archive / "a.md", ns=(LONG_AGO + 1, LONG_AGO + 1))
    second = look(index, encoder, archive)
    assert (second.unread, second.read, second.order) == ({"a.md"}, set(), first.order)
    assert look(index, encoder, archive).unread == set()


def test_a_file_of_the_same_size_but_another_time_is_read(index: Path, archive: Path, encoder: Path) -> None:
    write_articles(archive, {"a.md": story(1)})
    first = look(index, encoder, archive)
    write_articles(archive, {"a.md": story(2)})
    os.utime(archive / "a.md", ns=(LONG_AGO - 1, LONG_AGO - 1))
    second = look(index, encoder, archive)
    assert second.read == {"a"}
    assert "number 2 left" in text(index, second.found["a"])
    assert second.found["a"].digest != first.found["a"].digest


def test_a_file_that_was_only_just_modified_is_looked_into_again(index: Path, archive: Path, encoder: Path) -> None:
    write_articles(archive, {"a.md": story(1)})
    assert look(index, encoder, archive, settled=False).read == {"a"}
    before = (archive / "a.md").stat()
    write_articles(archive, {"a.md": story(2)})
    os.utime(archive / "a.md", ns=(before.st_atime_ns, before.st_mtime_ns))
    second = look(index, encoder, archive, settled=False)
    assert second.read == {"a"}
    assert "number 2 left" in text(index, second.found["a"])
    assert look(index, encoder, archive, settled=False).unread == {"a.md"}


def test_what_was_renamed_is_not_read_again(index: Path, archive: Path, encoder: Path) -> None:
    write_articles(archive, {"a.md": story(1), "in/b.md": story(2)})
    write_zip(archive / "in" / "z.zip", {"one.md": story(3)})
    first = look(index, encoder, archive)
    (archive / "a.md").rename(archive / "c.md")
    (archive / "in").rename(archive / "out")
    second = look(index, encoder, archive)
    assert (second.unread, second.read) == ({"c.md", "b.md", "z.zip"}, set())
    new = {"a": "c", "in/b": "out/b", "in/z/one": "out/z/one"}
    assert {new[key]: found.reading for key, found in first.found.items()} == {
        key: found.reading for key, found in second.found.items()
    }
    assert article(index, second.found["out/b"]).id == "out/b"


def test_a_name_that_says_a_day_is_part_of_what_is_read(index: Path, archive: Path, encoder: Path) -> None:
    write_articles(archive, {"a.md": story(1)})
    look(index, encoder, archive)
    (archive / "a.md").rename(archive / "2025-03-04-a.md")
    second = look(index, encoder, archive)
    assert second.read == {"2025-03-04-a"}
    assert article(index, second.found["2025-03-04-a"]).published == "2025-03-04"


def test_a_sidecar_that_changed_reads_what_it_is_about(index: Path, archive: Path, encoder: Path) -> None:
    write_articles(archive, {"a.md": story(1), "b.md": story(2), "a.meta.toml": 'publisher = "The Gull"'})
    write_lines(archive / "desk.jsonl", {"one": "A crane fell.", "two": "It was mended."})
    look(index, encoder, archive)
    write_articles(archive, {"a.meta.toml": 'publisher = "The Tern"', "desk/two.meta.toml": 'publisher = "Both"'})
    second = look(index, encoder, archive)
    assert second.read == {"a", "desk/two"}
    assert [article(index, second.found[key]).publisher for key in ("a", "desk/two")] == ["The Tern", "Both"]
    (archive / "a.meta.toml").unlink()
    third = look(index, encoder, archive)
    assert (third.read, article(index, third.found["a"]).publisher) == ({"a"}, None)
    write_articles(archive, {"desk.meta.toml": '[columns]\ntitle = "id"'})
    assert look(index, encoder, archive).read == {"desk/one", "desk/two"}


def test_a_broken_sidecar_rejects_what_it_is_about_until_it_is_mended(
    index: Path, archive: Path, encoder: Path
) -> None:
    write_articles(archive, {"a.md": story(1), "a.meta.toml": "publisher = "})
    write_lines(archive / "desk.jsonl", {"one": "A crane fell.", "two": "It was mended."})
    write_articles(archive, {"desk/two.meta.toml": "tilte = 'x'"})
    first = look(index, encoder, archive)
    assert set(first.found) == {"desk/one"}
    assert "its sidecar a.meta.toml can't be read: " in first.rejected["a.md"]
    assert "its sidecar two.meta.toml can't be read: it has 'tilte'" in first.rejected["desk.jsonl/two"]
    write_articles(archive, {"a.meta.toml": "publisher = 'P'", "desk/two.meta.toml": "title = 'x'"})
    second = look(index, encoder, archive)
    assert (set(second.found), second.rejected) == ({"a", "desk/one", "desk/two"}, {})
    write_articles(archive, {"a.meta.toml": "publisher = 1", "desk.meta.toml": "columns = 1"})
    third = look(index, encoder, archive)
    assert set(third.found) == set()
    assert third.rejected.keys() == {"a.md", "desk.jsonl", "desk/two.meta.toml"}
    (archive / "a.meta.toml").unlink()
    (archive / "desk.meta.toml").unlink()
    assert set(look(index, encoder, archive).found) == {"a", "desk/one", "desk/two"}


@pytest.mark.parametrize("container", ["zip", "jsonl"])
def test_of_a_file_of_several_only_what_changed_is_read(
    index: Path, archive: Path, encoder: Path, container: str
) -> None:
    def write(texts: dict[str, str]) -> None:
        if container == "zip":
            write_zip(archive / "desk.zip", {f"{name}.txt": content for name, content in texts.items()})
        else:
            write_lines(archive / "desk.jsonl", texts)

    before = {"one": "A crane fell.", "two": "It was mended.", "three": "Nobody was hurt."}
    write(before)
    assert look(index, encoder, archive).read == {"desk/one", "desk/two", "desk/three"}
    write({"four": "A fourth came.", **before, "two": "It was not mended."})
    second = look(index, encoder, archive)
    assert second.read == {"desk/two", "desk/four"}
    assert second.found.keys() == {"desk/one", "desk/two", "desk/three", "desk/four"}
    write({"three": before["three"]})
    third = look(index, encoder, archive)
    assert (third.read, set(third.found)) == (set(), {"desk/three"})


def test_other_code_or_another_library_or_encoder_reads_all_anew(
    index: Path, archive: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_articles(archive, {"a.md": story(1)})
    write_lines(archive / "desk.jsonl", {"one": "A crane fell."})
    look(index, encoder, archive)
    own = intake.reader_identity()
    with monkeypatch.context() as patched:
        patched.setattr(intake, "version", lambda name: "0" if name == "ftfy" else metadata.version(name))
        assert intake.reader_identity() != own
        assert look(index, encoder, archive).read == {"a", "desk/one"}
    assert intake.reader_identity() == own
    assert look(index, encoder, archive).read == set()
    readings = Readings(index)
    assert {file.path.name for file in Intake([archive], readings, "another").unread()} == {"a.md", "desk.jsonl"}
    readings.close()


def test_every_module_that_reads_or_cuts_is_part_of_the_readers_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {intake.reader_identity()}
    copy = tmp_path / "corpus"
    for path in (ROOT / "corpus").rglob("*.py"):
        (copy / path.relative_to(ROOT / "corpus")).parent.mkdir(parents=True, exist_ok=True)
        (copy / path.relative_to(ROOT / "corpus")).write_bytes(path.read_bytes())
    monkeypatch.setattr(corpus, "__file__", str(copy / "__init__.py"))
    assert {intake.reader_identity()} == seen
    for name in ("cleaning.py", "statements.py", "formats/html.py", "formats/zipped.py"):
        (copy / name).write_text((copy / name).read_text() + "\n# changed\n")
        seen.add(intake.reader_identity())
    assert len(seen) == 5


def messy(one: Path, two: Path) -> None:
    """Two folders with all that may be wrong with how files lie together."""
    write_articles(one, {"a.md": story(1), "a.txt": "Two.", "desk/one.md": story(2), "x.meta.toml": "title = 'x'"})
    write_lines(one / "desk.jsonl", {"one": "A crane fell.", "two": "It was mended.", "three": "Nobody was hurt."})
    write_articles(one, {"desk/two.meta.toml": "excluded = true", "desk/nine.meta.toml": "title = 'x'"})
    write_articles(one, {"out.md": story(3), "out.meta.toml": "excluded = true", "empty.md": "", "picture.png": "x"})
    write_articles(one, {"bad.md": story(4), "bad.meta.toml": "published = 'soon'"})
    (one / "gone.md").symlink_to(one / "nowhere.md")
    (one / "none.jsonl").touch()
    write_articles(two, {"a.md": story(5), "z.md": story(6)})
    write_zip(two / "desk.zip", {"one.md": story(7), "two.md": story(8), "b.exe": "x", "four.md": ""})


def test_what_there_is_in_order_is_what_reading_all_of_it_gives(
    index: Path, archive: Path, encoder: Path, tmp_path: Path
) -> None:
    messy(archive, tmp_path / "two")
    first = look(index, encoder, archive, tmp_path / "two")
    expected = list(read_archive([archive, tmp_path / "two"]))
    assert [item if isinstance(item, Rejection) else item.id for item in first.order] == [
        item if isinstance(item, Rejection) else item.id for item in expected
    ]
    assert len(first.rejected) == 13
    for one in expected:
        if isinstance(one, Article):
            assert article(index, first.found[one.id]) == one
    again = look(index, encoder, archive, tmp_path / "two")
    assert (again.unread, again.read, again.order) == (set(), set(), first.order)


def test_reasons_name_what_is_wrong(index: Path, archive: Path, encoder: Path, tmp_path: Path) -> None:
    messy(archive, tmp_path / "two")
    rejected = look(index, encoder, archive, tmp_path / "two").rejected
    assert rejected["desk/nine.meta.toml"] == "a sidecar of desk/nine, which there is not; rename or remove it"
    assert rejected["x.meta.toml"] == "a sidecar of x, which there is not; rename or remove it"
    assert rejected["out.md"] == rejected["desk.jsonl/two"] == "left out by its sidecar"
    assert rejected["desk/one.md"].endswith("desk.jsonl/one; rename one")
    assert rejected["desk.zip"].startswith("it has the same id, desk, as ")


def test_an_article_that_is_left_out_no_longer_comes_back_without_being_read(
    index: Path, archive: Path, encoder: Path
) -> None:
    write_articles(archive, {"a.md": story(1)})
    first = look(index, encoder, archive)
    write_articles(archive, {"a.meta.toml": "excluded = true"})
    assert look(index, encoder, archive).rejected == {"a.md": "left out by its sidecar"}
    (archive / "a.meta.toml").unlink()
    third = look(index, encoder, archive)
    assert (third.read, third.order) == (set(), first.order)


def test_refusals_are_remembered(index: Path, archive: Path, encoder: Path) -> None:
    write_articles(archive, {"a.md": story(1), "empty.md": "", "broken.pdf": "%PDF-1.7 and no more"})
    write_lines(archive / "desk.jsonl", {"one": "A crane fell.", "two": ""})
    (archive / "torn.zip").write_bytes(b"PK\x03\x04torn")
    first = look(index, encoder, archive)
    assert first.rejected.keys() == {"empty.md", "broken.pdf", "desk.jsonl/two", "torn.zip"}
    second = look(index, encoder, archive)
    assert (second.unread, second.rejected) == (set(), first.rejected)
    write_articles(archive, {"empty.md": story(2)})
    third = look(index, encoder, archive)
    assert (third.read, set(third.rejected)) == ({"empty"}, first.rejected.keys() - {"empty.md"})


def test_deaths_that_may_not_happen_again_are_not_remembered(
    index: Path, archive: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_articles(archive, {"killed.md": story("killed"), "crash.md": story("crash"), "a.md": story(1)})
    with monkeypatch.context() as patched:
        patched.setattr(intake, "_prepared", _deadly)
        first = look(index, encoder, archive)
    assert first.found.keys() == {"a"}
    assert first.rejected == {
        "killed.md": "what was reading it was killed; build again",
        "crash.md": "what was reading it crashed (exit code 7); save it in another format",
    }
    second = look(index, encoder, archive)
    assert (second.read, set(second.rejected)) == ({"killed"}, {"crash.md"})


_read = intake._prepared


def _deadly(wanted: intake._Wanted) -> object:
    if wanted.article_id == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if wanted.article_id == "crash":
        os._exit(7)
    return _read(wanted)


def test_a_file_that_cannot_be_opened_is_tried_again(index: Path, archive: Path, encoder: Path) -> None:
    write_articles(archive, {"a.md": story(1), "b.md": story(2)})
    settle(archive)
    readings = Readings(index)
    found = Intake([archive], readings, "encoder")
    (archive / "b.md").rename(archive / ".hidden")
    assert {one.prepared.article.id for one in found.read(found.unread(), encoder)} == {"a"}
    reasons = [one.reason for one in found.outcomes() if isinstance(one, Rejection)]
    assert reasons == ["it was there when the folder was listed and is gone; build again"]
    readings.close()
    (archive / ".hidden").rename(archive / "b.md")
    assert look(index, encoder, archive).read == {"b"}


@pytest.mark.parametrize("damage", ["no database", "a torn page", "another version"])
def test_what_was_read_starts_anew_if_its_file_is_damaged(
    index: Path, archive: Path, encoder: Path, damage: str
) -> None:
    write_articles(archive, {"a.md": story(1)})
    first = look(index, encoder, archive)
    path = index / FILE
    if damage == "no database":
        path.write_bytes(b"\xff" * 8192)
    elif damage == "a torn page":
        path.write_bytes(path.read_bytes()[:100] + b"\xff" * 4000)
    else:
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    second = look(index, encoder, archive)
    assert (second.read, second.order) == ({"a"}, first.order)


KILLED = """
import os, pathlib, signal, sys, time
from index.intake import Intake
from index.readings import Readings
if __name__ == "__main__":
    archive, index, encoder = map(pathlib.Path, sys.argv[1:])
    intake = Intake([archive], Readings(index), "encoder")
    for number, _ in enumerate(intake.read(intake.unread(), encoder)):
        time.sleep(0.2)
        if number == 12:
            os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_read_before_a_build_was_killed_is_not_read_again(
    index: Path, archive: Path, encoder: Path, tmp_path: Path
) -> None:
    write_articles(archive, {f"{number}.md": story(number) for number in range(30)})
    write_lines(archive / "desk.jsonl", {"one": "A crane fell.", "two": "It was mended."})
    settle(archive)
    (tmp_path / "script.py").write_text(KILLED)
    command = [sys.executable, str(tmp_path / "script.py"), str(archive), str(index), str(encoder)]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    second = look(index, encoder, archive)
    assert 10 <= len(second.read) <= 32 - 5
    assert len(second.found) == 32
    assert second.rejected == {}
    assert look(index, encoder, archive).unread == set()


def test_a_text_that_is_there_twice_is_read_once(index: Path, archive: Path, encoder: Path) -> None:
    write_articles(archive, {"a.md": story(1), "b.md": story(1), "in/c.md": story(1)})
    first = look(index, encoder, archive)
    assert len(first.read) == 1
    assert first.found.keys() == {"a", "b", "in/c"}
    assert len({one.reading for one in first.found.values()}) == 1


def test_looking_at_what_is_known_takes_no_time_worth_the_name(index: Path, archive: Path, encoder: Path) -> None:
    write_lines(archive / "desk.jsonl", {f"{number}": f"Crane {number} fell." for number in range(300)})
    assert len(look(index, encoder, archive).read) == 300
    begun = time.monotonic()
    assert look(index, encoder, archive).unread == set()
    assert time.monotonic() - begun < 2
