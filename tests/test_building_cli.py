"""The index and the archive in step: what a build embeds, copies, forgets and reports; and the command that does it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from index import model, pieces, vectors
from index.build import build
from index.cache import FILE as CACHE_FILE
from index.generation import current_generation, generation_folder, read_manifest
from index.readings import FILE as READINGS_FILE
from index.report import Report
from index.search import LocalEngine
from qa.cli import main
from tests.conftest import no_progress, write_articles

STORIES = {
    "a.md": "# Boats\n\nBoats float on water. Some of them have sails.\n",
    "b.md": "# Clouds\n\nClouds are made of drops. They bring us rain.\n",
    "in/c.md": "# Dunes\n\nDunes are made of sand. Wind moves them about.\n",
}
ARRAYS = (vectors.PASSAGES_FILE, vectors.SENTENCES_FILE)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    write_articles(tmp_path / "archive", STORIES)
    settle(tmp_path / "archive")
    return tmp_path / "archive"


def settle(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, ns=(10**18 + path.stat().st_size, 10**18 + path.stat().st_size))


def built(index: Path, *folders: Path, dry_run: bool = False) -> Report:
    return build(folders, index, model.PACKAGED_MODEL, no_progress, dry_run=dry_run)


def folder_of(index: Path) -> Path:
    return generation_folder(index, current_generation(index))


def rows(index: Path) -> list[np.ndarray]:
    """All vectors of the current generation."""
    folder = folder_of(index)
    found: list[np.ndarray] = [pieces.read_rows(folder)[0].copy()]
    for name in ARRAYS:
        with vectors.open_rows(folder / name) as opened:
            found.append(opened.copy())
    return found


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def everything(folder: Path) -> dict[str, bytes]:
    """What is in an index, but for what is kept beside the generations."""
    kept = (READINGS_FILE, CACHE_FILE)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(kept) and path.name != "model.onnx"
    }


def test_a_life_of_an_archive(new_index: Path, archive: Path) -> None:
    first = built(new_index, archive)
    assert (first.new, first.read, first.embedded) == (3, 3, 12)
    (archive / "a.md").write_text(STORIES["a.md"].replace("have sails", "have engines"))
    settle(archive)
    changed = built(new_index, archive)
    assert (changed.read, changed.changed, changed.unchanged, changed.embedded) == (1, 1, 2, 2)

    for path in archive.rglob("*.md"):
        os.utime(path, ns=(10**18 + 77, 10**18 + 77))
    touched = built(new_index, archive)
    assert (touched.read, touched.published, touched.generation) == (3, False, changed.generation)

    (archive / "in").rename(archive / "out")
    renamed = built(new_index, archive)
    assert (renamed.new, renamed.removed, renamed.embedded, renamed.published) == (1, 1, 0, True)
    assert renamed.generation
    assert read_manifest(folder_of(new_index)).removed["in/c"] == changed.generation

    (archive / "b.md").unlink()
    assert built(new_index, archive).removed == 1
    assert read_manifest(folder_of(new_index)).removed["b"] == renamed.generation
    with sqlite3.connect(new_index / READINGS_FILE) as kept:
        texts = kept.execute("SELECT text FROM readings WHERE text IS NOT NULL")
        assert sorted(text.split("\n")[0] for (text,) in texts) == ["Boats", "Dunes"]
    kept.close()

    write_articles(archive, {"b.md": STORIES["b.md"]})
    back = built(new_index, archive)
    assert (back.new, back.embedded) == (1, 0)
    assert "b" not in read_manifest(folder_of(new_index)).removed


def test_vectors_that_are_copied_are_those_of_the_cache(new_index: Path, archive: Path, tmp_path: Path) -> None:
    built(new_index, archive)
    write_articles(
        archive, {"aa.md": "# Eggs\n\nEggs break when they fall.\n", "b.md": STORIES["b.md"] + "\nThe end.\n"}
    )
    (archive / "a.md").unlink()
    built(new_index, archive)
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(new_index / CACHE_FILE, other / CACHE_FILE)
    shutil.copytree(new_index / "encoders", other / "encoders", copy_function=os.link)
    again = built(other, archive)
    assert (again.embedded, again.new) == (0, 3)
    assert same(rows(new_index), rows(other))


def test_a_damaged_generation_is_not_copied_from(new_index: Path, archive: Path) -> None:
    built(new_index, archive)
    right = rows(new_index)
    path = folder_of(new_index) / vectors.PASSAGES_FILE
    content = bytearray(path.read_bytes())
    content[-300:] = bytes(300)
    path.unlink()
    path.write_bytes(content)
    assert not same(rows(new_index), right)
    report = built(new_index, archive)
    assert (report.published, report.embedded, report.unchanged) == (True, 0, 3)
    assert same(rows(new_index), right)


@pytest.mark.parametrize("damage", ["gone", "pages", "no database"])
def test_a_damaged_cache_costs_time_and_nothing_else(new_index: Path, archive: Path, damage: str) -> None:
    built(new_index, archive)
    before = rows(new_index)
    path = new_index / CACHE_FILE
    if damage == "gone":
        path.unlink()
    elif damage == "pages":
        size = path.stat().st_size
        with path.open("r+b") as file:
            for place in range(4 * 4096, size, 4096):
                file.seek(place)
                file.write(b"\xff" * 4096)
    else:
        path.write_bytes(b"\xff" * 9000)
    write_articles(archive, {"z.md": "# Eggs\n\nEggs break when they fall.\n"})
    report = built(new_index, archive)
    assert (report.unchanged, report.new) == (3, 1)
    assert report.embedded >= (3 if damage == "pages" else 15)
    engine = LocalEngine(folder_of(new_index))
    assert engine.search("What floats?", engine.encode(["What floats on water?"])[0], 1)[0].excerpt.article.id == "a"
    after = rows(new_index)
    assert all(
        np.allclose(a, b[: len(a)], atol=1.01 if a.dtype == np.int8 else 1e-5)
        for a, b in zip(before, after, strict=True)
    )


def test_a_dry_run_tells_what_a_build_would_do_and_does_nothing(new_index: Path, archive: Path) -> None:
    built(new_index, archive)
    write_articles(archive, {"a.md": STORIES["a.md"].replace("sails", "oars"), "e.md": STORIES["b.md"], "bad.md": ""})
    (archive / "b.md").unlink()
    before = everything(new_index)
    dry = built(new_index, archive, dry_run=True)
    assert everything(new_index) == before
    report = built(new_index, archive)
    assert report.published
    assert not dry.published
    names = (
        "articles",
        "passages",
        "sentences",
        "unchanged",
        "new",
        "changed",
        "removed",
        "embedded",
        "rejected",
        "lines",
    )
    assert {name: getattr(dry, name) for name in names} == {name: getattr(report, name) for name in names}
    assert (report.changed, report.new, report.removed, report.embedded) == (1, 1, 1, 2)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["build", *map(str, arguments)])


def test_the_command_says_what_it_did_and_writes_a_line_an_article(new_index: Path, archive: Path, alone: Path) -> None:
    write_articles(archive, {"bad.md": ""})
    where = ("--articles", archive, "--index", new_index)
    dry = run(*where, "--dry-run")
    assert (dry.exit_code, "nothing was built (dry run)" in dry.output) == (0, True)
    assert "3 passages, 9 sentences; 12 texts to embed" in dry.output
    first = run(*where, "--report", alone / "lines.jsonl")
    assert first.exit_code == 0, first.output
    assert f"rejected {archive / 'bad.md'}: empty" in first.output
    assert "3 passages, 9 sentences; 12 texts embedded" in first.output
    lines = [json.loads(line) for line in (alone / "lines.jsonl").read_text().splitlines()]
    of_new = [line for line in lines if line["outcome"] == "new"]
    assert [line["id"] for line in of_new] == ["a", "b", "in/c"]
    assert of_new[0] == {
        "outcome": "new",
        "id": "a",
        "title": "Boats",
        "reason": None,
        "passages": 1,
        "sentences": 3,
        "characters": of_new[0]["characters"],
    }
    assert lines[-1]["outcome"] == "rejected"
    assert lines[-1]["reason"].startswith("empty")
    second = json.loads(run(*where, "--json").stdout)
    assert (second["published"], second["unchanged"], second["embedded"]) == (False, 3, 0)
    assert not second.get("lines")
    assert "nothing changed; generation" in run(*where).output


def test_watching_and_a_dry_run_exclude_each_other(alone: Path) -> None:
    found = run("--watch", "--dry-run")
    assert found.exit_code == 2
    assert "give one of them" in found.output
