"""A build does what it reports, embeds only what is new, and changes nothing unless it succeeds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus.errors import BuildInProgress, EncoderUnavailable, IbidemError, NoArticles, NoIndex, WorseGeneration
from index import encoder as encoding
from index import encoders, model, pieces, store
from index.build import Progress, build
from index.cache import FILE as CACHE_FILE
from index.encoder import Encoder
from index.generation import FORMAT, current_generation, exclusive, generation_folder, list_generations, read_manifest
from index.passages import context
from index.readings import FILE as READINGS_FILE
from index.report import Report
from index.search import Engine, LocalEngine
from index.store import Store
from tests.conftest import ARTICLES, ROOT, no_progress, write_articles


def article(title: str, *sentences: str, more: str = "") -> str:
    """One paragraph: as many texts to embed as sentences, and one for the passage."""
    return f"---\ntitle: {title}\n{more}---\n\n{' '.join(sentences)}\n"


APPLES = article("Apples", "Apples grow on trees.", "They are picked in autumn.")
BOATS = article("Boats", "Boats float on water.", "Some of them have sails.")
CLOUDS = article("Clouds", "Clouds are made of drops.", "They bring us rain.")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder of three articles."""
    write_articles(tmp_path / "articles", {"a.md": APPLES, "b.md": BOATS, "deep/c.md": CLOUDS})
    return tmp_path / "articles"


def built(index: Path, *folders: Path) -> Report:
    return build(folders, index, model.PACKAGED_MODEL, no_progress)


def current_folder(index: Path) -> Path:
    return generation_folder(index, current_generation(index))


def excerpts_of(folder: Path) -> list[store.Excerpt]:
    opened = Store(folder)
    return opened.excerpts(range(opened.passages))


def state(index: Path) -> tuple[str, list[str]]:
    return current_generation(index), sorted(path.name for path in (index / "generations").iterdir())


def counts(report: Report) -> dict[str, int]:
    names = ("unchanged", "new", "changed", "removed", "embedded")
    found = {name: getattr(report, name) for name in names} | {"rejected": len(report.rejected)}
    return {name: count for name, count in found.items() if count}


def test_a_report_counts_exactly_what_was_done(new_index: Path, archive: Path) -> None:
    def after(**files: str | None) -> dict[str, int]:
        for name, content in files.items():
            path = archive / f"{name}.md"
            if content is None:
                path.unlink()
            else:
                path.write_text(content, encoding="utf-8")
        return counts(built(new_index, archive))

    starter = read_manifest(current_folder(new_index)).articles
    assert after() == {"new": 3, "removed": starter, "embedded": 9}
    assert after() == {"unchanged": 3}
    assert after(d=article("Dunes", "Dunes are made of sand.", "Wind moves them.")) == {
        "unchanged": 3,
        "new": 1,
        "embedded": 3,
    }
    longer = APPLES.replace("in autumn", "in late autumn")
    assert after(a=longer) == {"unchanged": 3, "changed": 1, "embedded": 2}
    assert after(b=BOATS.replace("title: Boats", "title: Ships")) == {"unchanged": 3, "changed": 1, "embedded": 1}
    assert after(a=None, renamed=longer) == {"unchanged": 3, "new": 1, "removed": 1}
    assert after(copy=longer) == {"unchanged": 4, "new": 1}
    assert after(d=None, copy=None) == {"unchanged": 3, "removed": 2}
    assert after(b=article("Ships", "Boats float on water.", "Some of them have sails.", more="publisher: P\n")) == {
        "unchanged": 2,
        "changed": 1,
    }
    assert after(empty="", blank="---\ntitle: Blank\n---\n") == {"unchanged": 3, "rejected": 2}
    assert after(empty=None, blank=None, a=APPLES) == {"unchanged": 3, "new": 1}


def test_a_report_and_the_manifest_agree_with_what_is_there(new_index: Path, archive: Path) -> None:
    (archive / "picture.png").write_bytes(b"\x89PNG")
    (archive / "empty.md").touch()
    report = built(new_index, archive)
    manifest, texts = read_manifest(current_folder(new_index)), Store(current_folder(new_index))
    assert report.generation == manifest.generation == current_generation(new_index)
    expected = (3, 3, 6)
    assert (report.articles, report.passages, report.sentences) == expected
    assert (manifest.articles, manifest.passages, manifest.sentences) == expected
    assert (texts.articles, texts.passages, texts.sentences) == expected
    assert {rejection.path.name for rejection in report.rejected} == {"picture.png", "empty.md"}
    assert manifest.rejected == tuple((str(rejection.path), rejection.reason) for rejection in report.rejected)
    assert (manifest.encoder, manifest.model) == (
        model.identity(model.locate(model.PACKAGED_MODEL)),
        model.PACKAGED_MODEL,
    )


def test_only_distinct_texts_are_embedded(new_index: Path, archive: Path) -> None:
    texts = {
        text
        for one in (("Apples", "Apples grow on trees.", "They are picked in autumn."), ("Eggs", "They bring us rain."))
        for text in (f"{one[0]}\n{' '.join(one[1:])}", *one[1:])
    }
    write_articles(archive, {"a2.md": APPLES, "e.md": article("Eggs", "They bring us rain.")})
    report = built(new_index, archive)
    assert report.embedded == 9 + len(texts) - 4
    assert (report.passages, report.sentences) == (5, 9)


def passage_texts(folder: Path, encoder: Encoder) -> list[str]:
    """Every passage of a generation as it is encoded."""
    return [f"{context(excerpt.article.title, encoder)}\n{excerpt.text}" for excerpt in excerpts_of(folder)]


def word_pieces(folder: Path) -> list[list[list[int]]]:
    """Those of every passage of a generation, by its id."""
    rows, starts = np.load(folder / pieces.PIECES_FILE), np.load(folder / pieces.STARTS_FILE)
    return [rows[start:end].tolist() for start, end in pairwise(starts)]


def test_a_generation_holds_the_word_pieces_of_every_passage_and_how_many_have_each(
    index: Path, encoder: Encoder
) -> None:
    folder = current_folder(index)
    questions = encoder.encode_questions(passage_texts(folder, encoder))
    found = word_pieces(folder)
    assert [len(rows) for rows in found] == [len(question.pieces) for question in questions]
    for rows, question in zip(found, questions, strict=True):
        # Batches of other texts change the last bits, and those can change a whole number by one.
        assert np.abs(np.array(rows) - np.clip(254 * question.pieces, -127, 127)).max() < 0.52
    counted = Counter(piece for question in questions for piece in set(question.piece_ids.tolist()))
    frequencies = np.load(folder / pieces.FREQUENCIES_FILE)
    assert {piece: count for piece, count in enumerate(frequencies.tolist()) if count} == counted


def test_what_did_not_change_keeps_its_word_pieces(new_index: Path, archive: Path) -> None:
    built(new_index, archive)
    before = word_pieces(current_folder(new_index))
    write_articles(archive, {"b.md": BOATS.replace("have sails", "have no sails at all")})
    assert counts(built(new_index, archive)) == {"unchanged": 2, "changed": 1, "embedded": 2}
    after = word_pieces(current_folder(new_index))
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, True]
    assert len(after[1]) == len(before[1]) + 3


# 120 sentences, and 60 passages after them.
@pytest.mark.parametrize("embedded", [1, 70, 130])
def test_a_build_that_was_killed_goes_on_where_it_was(new_index: Path, tmp_path: Path, embedded: int) -> None:
    articles = tmp_path / "articles"
    write_articles(
        articles,
        {
            f"{number}.md": article(f"Note {number}", f"Tower {number}.", f"It has {number} bells.")
            for number in range(60)
        },
    )
    code = (
        "import os, pathlib, signal, sys\n"
        "from index import build, model\n"
        "articles, index, last = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])\n"
        "def progress(step, done, total):\n"
        "    if step == 'Embedding':\n"
        "        print(done, flush=True)\n"
        "        if done >= last:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "build.build([articles], index, model.PACKAGED_MODEL, progress)\n"
    )
    command = [sys.executable, "-c", code, str(articles), str(new_index), str(embedded)]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert killed.returncode == -9, killed.stderr
    done = int(killed.stdout.split()[-1])
    assert embedded <= done < 180
    report = built(new_index, articles)
    assert (report.articles, report.passages, report.embedded) == (60, 60, 180 - done)
    found = word_pieces(current_folder(new_index))
    encoder = Encoder(current_folder(new_index))
    questions = encoder.encode_questions(passage_texts(current_folder(new_index), encoder))
    assert [len(rows) for rows in found] == [len(question.pieces) for question in questions]
    for name in (CACHE_FILE, "CURRENT"):
        (new_index / name).unlink()
    assert built(new_index, articles).embedded == 180
    for rows, again in zip(found, word_pieces(current_folder(new_index)), strict=True):
        assert np.abs(np.array(rows) - np.array(again)).max() <= 1


def test_the_same_archive_gives_the_same_index_from_nothing(
    index: Path, new_index: Path, questions: list[str], engine: LocalEngine
) -> None:
    (new_index / CACHE_FILE).unlink()
    (new_index / READINGS_FILE).unlink()
    (new_index / "CURRENT").unlink()
    report = built(new_index, ARTICLES)
    assert (report.unchanged, report.new, report.changed, report.removed) == (0, report.articles, 0, 0)
    assert report.embedded > report.passages
    assert excerpts_of(current_folder(new_index)) == excerpts_of(current_folder(index))
    again = LocalEngine(current_folder(new_index))
    for question in questions[::5]:
        vector = engine.encode([question])[0]
        assert again.search(question, vector, 20) == engine.search(question, vector, 20)


def test_every_article_of_the_archive_is_there_as_it_was_read(index: Path) -> None:
    texts = Store(current_folder(index))
    assert [entry.id for entry in texts.catalogue()] == sorted(
        path.relative_to(ARTICLES).with_suffix("").as_posix() for path in ARTICLES.rglob("*.md")
    )
    covered: dict[str, set[int]] = {}
    for excerpt in texts.excerpts(range(texts.passages)):
        covered.setdefault(excerpt.article.id, set()).update(range(excerpt.start, excerpt.end))
    for entry in texts.catalogue():
        text = texts.article(entry.id).text
        assert {place for place, character in enumerate(text) if not character.isspace()} <= covered[entry.id]


def test_passages_are_numbered_by_article_id_and_start_whatever_folder_they_came_from(
    new_index: Path, tmp_path: Path
) -> None:
    long = " ".join(f"Sentence number {number} is one of a long article." for number in range(80))
    write_articles(tmp_path / "one", {"z.md": article("Z", long), "m/a.md": BOATS, "é.md": CLOUDS})
    write_articles(
        tmp_path / "two", {"m.md": article("M", long), "A.md": APPLES, "\U0001f680.md": BOATS, "n.md": BOATS}
    )
    report = built(new_index, tmp_path / "one", tmp_path / "two")
    assert (report.articles, report.rejected) == (7, ())
    keys = [(excerpt.article.id, excerpt.start) for excerpt in excerpts_of(current_folder(new_index))]
    assert len(keys) > 12
    assert keys == sorted(set(keys))


def test_an_id_that_is_in_two_folders_is_indexed_once_and_reported(new_index: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "one", {"a.md": APPLES})
    write_articles(tmp_path / "two", {"a.md": BOATS, "b.md": CLOUDS})
    report = built(new_index, tmp_path / "one", tmp_path / "two")
    assert report.articles == 2
    assert [rejection.path for rejection in report.rejected] == [tmp_path / "two" / "a.md"]
    assert Store(current_folder(new_index)).article("a").title == "Apples"


@pytest.mark.parametrize("archive_is", ["empty", "missing", "rejected"])
def test_without_articles_nothing_changes(new_index: Path, tmp_path: Path, archive_is: str) -> None:
    folder = tmp_path / "nothing"
    if archive_is != "missing":
        folder.mkdir()
    if archive_is == "rejected":
        (folder / "first.md").touch()
        (folder / "picture.png").touch()
    before = state(new_index)
    with pytest.raises(NoArticles, match=str(folder)) as caught:
        built(new_index, folder)
    assert "\n" not in str(caught.value)
    assert state(new_index) == before
    LocalEngine(current_folder(new_index))


def test_without_articles_no_index_comes_to_be(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    with pytest.raises(NoArticles, match=r"there are no articles in .*; files named .md, .*, .warc.gz are read"):
        built(tmp_path / "index", tmp_path / "articles")
    with pytest.raises(NoIndex):
        current_generation(tmp_path / "index")
    assert list_generations(tmp_path / "index") == []


def test_a_model_that_cannot_be_had_changes_nothing(new_index: Path, archive: Path) -> None:
    before = state(new_index)
    with pytest.raises(EncoderUnavailable):
        build([archive], new_index, "nobody/no-such-model", no_progress)
    assert state(new_index) == before


def test_a_second_builder_is_refused_and_changes_nothing(new_index: Path, archive: Path) -> None:
    before = state(new_index)
    with exclusive(new_index), pytest.raises(BuildInProgress):
        built(new_index, archive)
    assert state(new_index) == before


def test_generations_link_to_one_encoder(new_index: Path, archive: Path) -> None:
    before = current_folder(new_index)
    built(new_index, archive)
    after = current_folder(new_index)
    assert after != before
    exported = new_index / encoders.FOLDER / read_manifest(after).encoder
    for name in encoding.FILES:
        assert (after / name).stat().st_ino == (exported / name).stat().st_ino


def test_a_damaged_encoder_is_exported_anew(new_index: Path, archive: Path) -> None:
    identity = model.identity(model.locate(model.PACKAGED_MODEL))
    damaged = new_index / encoders.FOLDER / identity / encoding.MODEL_FILE
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.unlink()
    damaged.write_bytes(content)
    built(new_index, archive)
    found = current_folder(new_index) / encoding.MODEL_FILE
    assert found.read_bytes() != content
    engine = LocalEngine(current_folder(new_index))
    assert engine.search("What floats?", engine.encode(["What floats on water?"])[0], 1)[0].excerpt.article.id == "b"


@pytest.mark.parametrize("damage", ["no manifest", "bad manifest", "no texts", "bad texts", "one page of the texts"])
def test_a_current_generation_that_cannot_be_read_is_built_over(new_index: Path, archive: Path, damage: str) -> None:
    built(new_index, archive)
    manifest, texts = (current_folder(new_index) / name for name in ("manifest.json", store.FILE))
    content = texts.read_bytes()
    match damage:
        case "no manifest":
            manifest.unlink()
        case "bad manifest":
            manifest.write_text("[")
        case "no texts":
            texts.unlink()
        case "bad texts":
            texts.write_bytes(b"\xff" * len(content))
        case "one page of the texts":
            texts.write_bytes(content[:4096] + b"\xff" * 4096 + content[8192:])
    assert counts(built(new_index, archive)) == {"new": 3}
    LocalEngine(current_folder(new_index))


@pytest.mark.parametrize("name", ["passages.faiss", "pieces.npy"])
def test_a_damaged_part_that_no_build_reads_is_not_taken_over(new_index: Path, archive: Path, name: str) -> None:
    damaged = built(new_index, archive).generation
    (current_folder(new_index) / name).write_bytes(b"damaged")
    report = built(new_index, archive)
    assert counts(report) == {"unchanged": 3}
    assert report.generation != damaged
    LocalEngine(current_folder(new_index))


def test_a_generation_holds_what_its_manifest_lists_and_no_pickle(index: Path) -> None:
    folder = current_folder(index)
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    unlisted = files.keys() - read_manifest(folder).files.keys()
    assert {name for name in unlisted if not name.endswith(".lock")} == {"manifest.json"}
    assert read_manifest(folder).files.keys() <= files.keys()
    for name, path in files.items():
        assert path.suffix not in (".pkl", ".pickle", ".joblib", ".pt", ".bin"), name
        content = path.read_bytes()
        assert (content[:1], content[-1:]) != (b"\x80", b"."), f"{name} begins and ends as a pickle does"
    types = {name: np.load(folder / name, allow_pickle=False).dtype.str for name in files if name.endswith(".npy")}
    assert types == {
        "article_clusters.npy": "<i4",
        "passage_groups.npy": "<i4",
        "ranges.npy": "<i8",
        "pieces.npy": "|i1",
        "piece_starts.npy": "<i8",
        "piece_frequencies.npy": "<i8",
    }


def test_the_manifest_is_json_that_a_person_can_read(index: Path) -> None:
    content = (current_folder(index) / "manifest.json").read_text(encoding="utf-8")
    assert json.loads(content)["model"] == model.PACKAGED_MODEL
    assert len(content.splitlines()) > 15


def test_progress_goes_step_by_step_up_to_what_there_is(new_index: Path, archive: Path) -> None:
    calls: list[tuple[str, int, int | None]] = []
    report = build([archive], new_index, model.PACKAGED_MODEL, lambda *call: calls.append(call))
    steps = list(dict.fromkeys(step for step, _, _ in calls))
    assert steps == ["Preparing the encoder", "Reading", "Embedding", "Writing", "Verifying"]
    assert [call for call in calls if call[0] == "Embedding"][-1] == ("Embedding", report.embedded, report.embedded)
    assert [call for call in calls if call[0] == "Reading"] == [("Reading", number, 3) for number in (1, 2, 3)]
    assert [call for call in calls if call[0] == "Writing"] == [("Writing", number, 3) for number in (1, 2, 3)]


def test_if_nothing_changed_the_generation_stays(new_index: Path, archive: Path) -> None:
    settle(archive)
    first = built(new_index, archive)
    before = state(new_index)
    second = built(new_index, archive)
    assert state(new_index) == before
    assert (first.published, second.published) == (True, False)
    nothing: dict[str, Any] = {"published": False, "unchanged": 3, "new": 0, "removed": 0, "read": 0, "embedded": 0}
    lines = tuple(replace(line, outcome="unchanged") for line in first.lines if line.outcome == "new")
    assert second == replace(first, **nothing, seconds=second.seconds, lines=lines)


def settle(folder: Path) -> None:
    """Makes the files of a folder so old that their times can be trusted."""
    for number, path in enumerate(sorted(folder.rglob("*"))):
        os.utime(path, ns=(10**18 + number, 10**18 + number))


def test_a_gate_sees_both_generations_and_what_it_found_is_in_the_manifest(new_index: Path, archive: Path) -> None:
    before = current_generation(new_index)
    seen: list[object] = []

    def gate(new: Engine, open_current: Callable[[], Engine], progress: Progress) -> dict[str, Any]:
        seen.extend([new.manifest.articles, open_current().manifest.generation, current_generation(new_index)])
        progress("Judging", 1, 1)
        return {"figure": 0.5, "against": before}

    steps: list[str] = []
    report = build([archive], new_index, model.PACKAGED_MODEL, lambda step, *_: steps.append(step), gate)
    assert seen == [3, before, before]
    assert steps[-2:] == ["Verifying", "Judging"]
    assert current_generation(new_index) == report.generation != before
    engine = LocalEngine(current_folder(new_index))
    assert engine.manifest.evaluation == report.evaluation == {"figure": 0.5, "against": before}


def test_what_a_gate_refuses_is_not_published_and_not_embedded_again(new_index: Path, archive: Path) -> None:
    before = state(new_index)

    def refuse(*_: object) -> dict[str, Any]:
        raise WorseGeneration("worse")

    with pytest.raises(WorseGeneration):
        build([archive], new_index, model.PACKAGED_MODEL, no_progress, refuse)
    assert state(new_index) == before
    report = built(new_index, archive)
    assert (report.new, report.embedded, report.evaluation) == (3, 0, None)


def test_a_gate_is_told_that_nothing_can_be_opened(new_index: Path, archive: Path) -> None:
    def gate(new: Engine, open_current: Callable[[], Engine], progress: Progress) -> dict[str, Any]:
        with pytest.raises(IbidemError) as caught:
            open_current()
        return {"problem": type(caught.value).__name__}

    def problem() -> object:
        evaluation = build([archive], new_index, model.PACKAGED_MODEL, no_progress, gate).evaluation
        return evaluation and evaluation["problem"]

    (current_folder(new_index) / "passages.faiss").write_bytes(b"damaged")
    assert problem() == "DamagedGeneration"
    manifest = current_folder(new_index) / "manifest.json"
    manifest.write_text(manifest.read_text().replace(f'"format": {FORMAT}', '"format": 1'))
    assert problem() == "UnsupportedFormat"
    (new_index / "CURRENT").unlink()
    assert problem() == "NoIndex"
