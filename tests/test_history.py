"""What earlier generations had, as long as they are there and whole."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index import generation
from index.history import History
from tests.texts import article, publish

OLD, NEW = article("a", "The text as it was."), article("a", "The text as it is.")
OTHER = article("b", "Another text.")


@pytest.fixture
def made(tmp_path: Path) -> tuple[str, str, str]:
    """Three generations: with the old text of a; with its new text, and b; with neither."""
    first, second, third = (publish(tmp_path, articles) for articles in ([OLD], [NEW, OTHER], [article("c", "C")]))
    return first.manifest.generation, second.manifest.generation, third.manifest.generation


def test_each_text_of_an_article_is_found_where_it_was(tmp_path: Path, made: tuple[str, str, str]) -> None:
    history = History(tmp_path)
    assert history.article_with("a", OLD.sha256) == (made[0], OLD)
    assert history.article_with("a", NEW.sha256) == (made[1], NEW)
    assert history.article_with("b", OLD.sha256) is None
    assert history.article_with("a", "0" * 64) is None


def test_the_newest_of_several_is_given(tmp_path: Path) -> None:
    publish(tmp_path, [OLD])
    newest = publish(tmp_path, [OLD]).manifest.generation
    history = History(tmp_path)
    assert history.article_with("a", OLD.sha256) == (newest, OLD)
    later = publish(tmp_path, [OLD, OTHER]).manifest.generation
    assert history.article_with("a", OLD.sha256) == (later, OLD)


def test_the_last_generation_is_found_by_id_or_by_text(tmp_path: Path, made: tuple[str, str, str]) -> None:
    history = History(tmp_path)
    assert history.last_with("a", OLD.sha256) == history.last_with("a", "0" * 64) == made[1]
    assert history.last_with("renamed", OLD.sha256) == made[0]
    assert history.last_with("renamed", "0" * 64) is None


def test_a_generation_is_asked_for_a_text_of_an_article(tmp_path: Path, made: tuple[str, str, str]) -> None:
    history = History(tmp_path)
    assert history.has(made[0], "a", OLD.sha256) is True
    assert history.has(made[0], "a", NEW.sha256) is False
    assert history.has(made[1], "b", NEW.sha256) is False
    for name in ("20200101T000000Z-000000", "", ".", "..", f"../generations/{made[0]}", "\0"):
        assert history.has(name, "a", OLD.sha256) is None


def test_what_is_pruned_is_not_there_any_more(tmp_path: Path, made: tuple[str, str, str]) -> None:
    history = History(tmp_path)
    assert history.article_with("a", OLD.sha256) is not None
    with generation.exclusive(tmp_path):
        assert generation.prune(tmp_path, 1) == [*made[:2]]
    assert history.article_with("a", OLD.sha256) is None
    assert history.last_with("b", "0" * 64) is None
    assert history.has(made[0], "a", OLD.sha256) is None


def _damage_texts(folder: Path) -> None:
    content = (folder / "texts.sqlite").read_bytes()
    (folder / "texts.sqlite").write_bytes(content.replace(b"The text as it was.", b"The text as it\nwas."))


def _replace_by_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_bytes(b"")


def _change_format(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": generation.FORMAT - 1}))


@pytest.mark.parametrize(
    "damage",
    [
        _damage_texts,
        _change_format,
        lambda folder: (folder / "texts.sqlite").unlink(),
        lambda folder: (folder / "texts.sqlite").write_bytes(b""),
        lambda folder: (folder / "manifest.json").write_bytes(b"{"),
        lambda folder: (folder / "manifest.json").unlink(),
        _replace_by_file,
    ],
    ids=["a character", "format", "no texts", "empty texts", "manifest", "no manifest", "a file"],
)
def test_a_generation_that_is_not_whole_counts_as_not_there(tmp_path: Path, damage: object) -> None:
    broken = publish(tmp_path, [OLD]).manifest.generation
    whole = publish(tmp_path, [OTHER]).manifest.generation
    assert callable(damage)
    damage(generation.generation_folder(tmp_path, broken))
    history = History(tmp_path)
    assert history.article_with("a", OLD.sha256) is None
    assert history.last_with("a", OLD.sha256) is None
    assert history.has(broken, "a", OLD.sha256) is None
    assert history.article_with("b", OTHER.sha256) == (whole, OTHER)


def test_an_index_without_generations_has_no_history(tmp_path: Path) -> None:
    history = History(tmp_path / "nowhere")
    assert history.article_with("a", OLD.sha256) is None
    assert history.last_with("a", OLD.sha256) is None


def test_eight_threads_find_the_same(tmp_path: Path, made: tuple[str, str, str]) -> None:
    history = History(tmp_path)

    def ask(number: int) -> bool:
        text = (OLD, NEW)[number % 2]
        found = history.article_with("a", text.sha256)
        return found == (made[number % 2], text) and history.last_with("b", "0" * 64) == made[1]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(200)))
