"""A newer generation is taken up while questions are answered; one that is not whole is not."""

from __future__ import annotations

import gc
import json
import logging
import shutil
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from corpus.errors import DamagedGeneration, NoIndex, UnknownGeneration, UnsupportedFormat
from index import model
from index.build import build
from index.generation import CURRENT_FILE, MANIFEST_FILE, current_generation, generation_folder, make_current
from qa.answering import Query, answer
from qa.app import create_app
from qa.live import Live, open_current
from tests.conftest import MakeIndex, no_progress, write_articles

QUESTION = "What is the colour of the flag?"
RED, BLUE = "The colour of the flag is red.", "The colour of the flag is blue, and not what it was."


@dataclass(frozen=True)
class Flags:
    """An index of two generations, in which the flag has another colour."""

    index: Path
    red: str
    blue: str


@pytest.fixture(scope="module")
def flags(make_index: MakeIndex) -> Flags:
    index = make_index({"flag.md": f"# The flag\n\n{RED}"})
    red = current_generation(index)
    write_articles(index.parent / "articles", {"flag.md": f"# The flag\n\n{BLUE}"})
    build([index.parent / "articles"], index, model.PACKAGED_MODEL, no_progress)
    return Flags(index, red, current_generation(index))


@pytest.fixture
def live(flags: Flags) -> Iterator[Live]:
    """Serves the red flag at first, and looks for what is newer."""
    make_current(flags.index, flags.red)
    live = Live(flags.index)
    live.start()
    yield live
    live.stop()


def wait_until(true: Callable[[], object], seconds: float = 2) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.01)


def serves(live: Live, generation: str) -> Callable[[], bool]:
    return lambda: live.engine.manifest.generation == generation


def told(live: Live) -> str:
    return answer(live.engine, Query(QUESTION, 1)).passages[0].text


def test_a_newer_generation_is_served_within_two_seconds(flags: Flags, live: Live) -> None:
    assert RED in told(live)
    make_current(flags.index, flags.blue)
    wait_until(serves(live, flags.blue))
    assert BLUE in told(live)
    assert live.problem is None
    metrics = create_app(live).test_client().get("/metrics").text
    assert flags.blue in metrics
    assert flags.red not in metrics


def test_a_rollback_is_served_as_well(flags: Flags, live: Live) -> None:
    make_current(flags.index, flags.blue)
    wait_until(serves(live, flags.blue))
    make_current(flags.index, flags.red)
    wait_until(serves(live, flags.red))
    assert RED in told(live)


def test_the_old_engine_answers_while_the_new_one_is_opened(flags: Flags, live: Live) -> None:
    make_current(flags.index, flags.blue)
    seen: list[str] = []
    longest = 0.0
    while flags.blue not in seen:
        start = time.monotonic()
        seen.append(answer(live.engine, Query(QUESTION, 1)).generation)
        longest = max(longest, time.monotonic() - start)
        assert len(seen) < 100_000
    assert seen.count(flags.red) > 10
    assert longest < 1


def test_what_is_started_later_serves_what_is_current_then(flags: Flags, live: Live) -> None:
    make_current(flags.index, flags.blue)
    assert open_current(flags.index).manifest.generation == flags.blue


def test_a_generation_that_was_replaced_is_let_go(flags: Flags, live: Live) -> None:
    old = weakref.ref(live.engine)
    make_current(flags.index, flags.blue)
    wait_until(serves(live, flags.blue))
    gc.collect()
    assert old() is None


def test_whoever_has_an_engine_keeps_it(flags: Flags, live: Live) -> None:
    pinned = live.engine
    make_current(flags.index, flags.blue)
    wait_until(serves(live, flags.blue))
    found = answer(pinned, Query(QUESTION, 1))
    assert found.generation == flags.red
    assert RED in found.passages[0].text
    assert RED in pinned.article("flag").text


def test_nothing_is_opened_while_nothing_changes(flags: Flags, live: Live) -> None:
    engine = live.engine
    time.sleep(0.6)
    assert live.engine is engine
    make_current(flags.index, flags.red)  # a new file, of the same generation
    time.sleep(0.6)
    assert live.engine is engine


def flip_a_byte(folder: Path) -> None:
    path = folder / "passages.faiss"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def shorten(folder: Path) -> None:
    path = folder / "texts.sqlite"
    path.write_bytes(path.read_bytes()[:-100])


def lose_a_file(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def lose_the_manifest(folder: Path) -> None:
    (folder / MANIFEST_FILE).unlink()


def break_the_manifest(folder: Path) -> None:
    path = folder / MANIFEST_FILE
    path.write_bytes(path.read_bytes()[:50])


def change_the_format(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    (folder / MANIFEST_FILE).write_text(json.dumps({**manifest, "format": 999}))


DAMAGES = [flip_a_byte, shorten, lose_a_file, lose_the_manifest, break_the_manifest, change_the_format]


@pytest.fixture
def damaged(flags: Flags) -> Iterator[str]:
    """The id of a copy of the blue generation, to be damaged."""
    name = "99991231T235959Z-bad000"
    folder = generation_folder(flags.index, name)
    shutil.copytree(generation_folder(flags.index, flags.blue), folder)
    yield name
    shutil.rmtree(folder)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_generation_is_not_served_and_shows_until_a_good_one_comes(
    damage: Callable[[Path], None], damaged: str, flags: Flags, live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    client = create_app(live).test_client()
    damage(generation_folder(flags.index, damaged))
    with caplog.at_level(logging.INFO, "ibidem"):
        make_current(flags.index, damaged)
        wait_until(lambda: live.problem)
        assert RED in told(live)
        ready = client.get("/readyz")
        assert ready.status_code == 200
        assert json.loads(ready.data) == {"status": "ready", "generation": flags.red, "problem": live.problem}
        assert damaged in str(live.problem)
        (record,) = [record for record in caplog.records if record.name == "ibidem"]
        assert record.levelname == "ERROR"
        assert f"still serving generation {flags.red}" in record.getMessage()
        assert damaged in record.getMessage()

        make_current(flags.index, flags.blue)
        wait_until(serves(live, flags.blue))
        wait_until(lambda: live.problem is None)
        assert json.loads(client.get("/readyz").data)["problem"] is None
        messages = [record.getMessage() for record in caplog.records if record.name == "ibidem"]
        assert messages[-1] == f"serving generation {flags.blue}"


@pytest.mark.parametrize("content", [b"", b"nothing-of-that-name\n", b"../../etc\n", b"\xff\xfe"])
def test_nonsense_in_the_file_current_changes_nothing(content: bytes, flags: Flags, live: Live) -> None:
    new = flags.index / "nonsense"
    new.write_bytes(content)
    new.replace(flags.index / CURRENT_FILE)
    wait_until(lambda: live.problem)
    assert RED in told(live)
    make_current(flags.index, flags.red)  # what is served already: nothing to open, and the problem is gone
    wait_until(lambda: live.problem is None)


def test_an_index_that_goes_away_goes_on_being_served(flags: Flags, live: Live) -> None:
    (flags.index / CURRENT_FILE).unlink()
    wait_until(lambda: live.problem)
    assert RED in told(live)
    assert "no index" in str(live.problem)
    make_current(flags.index, flags.blue)
    wait_until(serves(live, flags.blue))


def test_to_start_a_whole_generation_is_needed(flags: Flags, damaged: str, tmp_path: Path) -> None:
    with pytest.raises(NoIndex):
        Live(tmp_path)
    folder = generation_folder(flags.index, damaged)
    make_current(flags.index, damaged)
    change_the_format(folder)
    with pytest.raises(UnsupportedFormat, match="999"):
        Live(flags.index)
    shutil.copy(generation_folder(flags.index, flags.blue) / MANIFEST_FILE, folder)
    flip_a_byte(folder)
    with pytest.raises(DamagedGeneration, match=r"passages\.faiss"):
        Live(flags.index)
    make_current(flags.index, "nothing")
    with pytest.raises(UnknownGeneration, match="nothing"):
        Live(flags.index)


def test_every_answer_is_of_one_generation_while_they_change(flags: Flags, live: Live) -> None:
    app = create_app(live)
    stop = threading.Event()
    wrong: list[object] = []
    seen: dict[str, int] = {flags.red: 0, flags.blue: 0}
    words = {flags.red: RED, flags.blue: BLUE}

    def ask() -> None:
        client = app.test_client()
        while not stop.is_set():
            found = client.get("/v1/ask", query_string={"question": QUESTION})
            answered = json.loads(found.data)
            if found.status_code != 200 or words[answered["generation"]] not in answered["passages"][0]["text"]:
                wrong.append(answered)
            article = json.loads(client.get("/v1/articles/flag").data)
            if words[article["generation"]] not in article["text"]:
                wrong.append(article)
            seen[answered["generation"]] += 1

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for generation in [flags.blue, flags.red] * 2:
            make_current(flags.index, generation)
            wait_until(serves(live, generation), 10)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert min(seen.values()) > 10


def test_stopping_ends_the_looking(flags: Flags) -> None:
    make_current(flags.index, flags.red)
    live = Live(flags.index)
    live.stop()  # was never started
    live = Live(flags.index)
    live.start()
    live.stop()
    make_current(flags.index, flags.blue)
    time.sleep(0.5)
    assert live.engine.manifest.generation == flags.red
    assert "ibidem-watch" not in [thread.name for thread in threading.enumerate()]
