"""A build that is killed at any moment leaves a whole index, and the next one needs no help."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from index import model
from index.build import build
from index.generation import GENERATIONS, current_generation, generation_folder, list_generations
from index.search import LocalEngine
from qa.answering import Query, answer
from tests.conftest import IBIDEM, MakeIndex, no_progress, write_articles

QUESTION = "How many bells hang in the tower?"


@pytest.fixture(scope="module")
def tower(make_index: MakeIndex) -> Path:
    index = make_index({f"{number}.md": f"# Notes\n\nNote {number} is about tower {number}." for number in range(20)})
    assert answered(index)
    return index


def bells(number: int) -> str:
    """An article that is new each time, so that there is something to encode."""
    return f"# The tower\n\nIn all {number} bells hang in the tower.\n\n" + "\n\n".join(
        f"Bell {bell} of the {number} weighs {bell * number + 100} kilograms and was cast by founder {bell}."
        for bell in range(1, 40)
    )


def start(index: Path, number: int) -> subprocess.Popen[bytes]:
    """A build with another article, just after it began to write a generation."""
    articles = index.parent / "articles"
    write_articles(articles, {"tower.md": bells(number)})
    command = [*IBIDEM, "build", "--index", str(index), "--articles", str(articles)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not unfinished(index):
        time.sleep(0.001)
    return process


def unfinished(index: Path) -> list[str]:
    return [path.name for path in (index / GENERATIONS).iterdir() if path.name.startswith(".")]


def answered(index: Path) -> str:
    """The text of the first passage that the current generation finds."""
    engine = LocalEngine(generation_folder(index, current_generation(index)))
    return answer(engine, Query(QUESTION, 1)).passages[0].text


@pytest.fixture(scope="module")
def seconds(tower: Path) -> float:
    """How long a build takes, from its first file on, that is not killed."""
    with start(tower, 7) as process:
        begin = time.monotonic()
        assert process.wait(60) == 0
    assert "In all 7 bells" in answered(tower)
    return time.monotonic() - begin


def test_a_build_that_is_killed_at_any_moment_leaves_a_whole_index_and_the_next_needs_no_help(
    tower: Path, seconds: float
) -> None:
    ends = []
    for number in range(8):
        before, old = current_generation(tower), answered(tower)
        with start(tower, 100 + number) as process:
            time.sleep(seconds * number / 8)
            process.kill()
            process.wait(10)
        ends.append((process.returncode, bool(unfinished(tower))))
        assert answered(tower) == old or current_generation(tower) != before
        LocalEngine(generation_folder(tower, list_generations(tower)[-1]))
        if number in (0, 3, 5, 7):
            build_again(tower)
            assert f"In all {100 + number} bells" in answered(tower)
    assert sum(end == (-9, True) for end in ends) >= 4, ends


def build_again(index: Path) -> None:
    report = build([index.parent / "articles"], index, model.PACKAGED_MODEL, no_progress)
    assert current_generation(index) == report.generation
    assert unfinished(index) == []
    kept = {"CURRENT", "lock", "generations", "encoders", "readings.sqlite", "vectors.sqlite"}
    assert {path.name for path in index.iterdir()} == kept
