"""The file of feedback: many who write at once, processes that are killed, and what happens when it can't be used."""

from __future__ import annotations

import logging
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from corpus.errors import FeedbackUnavailable
from qa.feedback import FeedbackStore
from qa.feedback_file import FeedbackFile
from tests.conftest import ROOT
from tests.test_feedback import SAID
from tests.test_feedback_unanswered import ask, counts

WRITE = """if True:
    import sys
    from pathlib import Path
    from qa.feedback import FeedbackStore
    from tests.test_feedback import SAID
    from tests.test_feedback_unanswered import ask
    store = FeedbackStore(Path(sys.argv[1]))
    sys.stdin.readline()
    for number in range(int(sys.argv[2])):
        ask(store.unanswered, f"What is {number % 5}?")
        print(store.add(SAID).id, flush=True)
"""


def writer(path: Path, times: int) -> subprocess.Popen[str]:
    """A process that keeps feedback and records questions when it is told to, and prints the numbers it was given."""
    command = [sys.executable, "-c", WRITE, str(path), str(times)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT)


def whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_two_threads_and_two_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "feedback.sqlite"
    store, own = FeedbackStore(path), list[int]()

    def write() -> None:
        for number in range(100):
            ask(store.unanswered, f"What is {number % 5}?")
            own.append(store.add(SAID).id)

    processes = [writer(path, 100) for _ in range(2)]
    threads = [Thread(target=write) for _ in range(2)]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    theirs = []
    for process in processes:
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        theirs += [int(line) for line in output.splitlines()]
    assert sorted(own + theirs) == list(range(1, 401))
    assert store.page(1).total == 400
    assert counts(store.unanswered) == {f"What is {number}?": 80 for number in range(5)}
    assert whole(path)


def test_many_that_begin_at_once_make_one_file(tmp_path: Path) -> None:
    for attempt in range(30):
        stores = [FeedbackStore(tmp_path / str(attempt) / "feedback.sqlite") for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(lambda store: store.add(SAID).id, stores)) == [1, 2, 3, 4, 5, 6]


def test_a_process_that_is_killed_leaves_all_that_it_had_written(tmp_path: Path) -> None:
    path, moments = tmp_path / "feedback.sqlite", random.Random(7)
    kept = set[int]()
    for _ in range(6):
        process = writer(path, 100_000)
        assert process.stdin
        assert process.stdout
        process.stdin.write("go\n")
        process.stdin.flush()
        lines = [process.stdout.readline()]
        time.sleep(moments.random() / 5)
        process.kill()
        lines += process.stdout.readlines()
        process.communicate(timeout=60)
        kept |= {int(line) for line in lines if line.endswith("\n")}
        assert whole(path)
    store = FeedbackStore(path)
    there = {one.id for one in store.page(10**6).feedback}
    assert kept <= there
    assert len(there) - len(kept) <= 6  # of each at most one that was written and not yet printed
    assert store.add(SAID).id > max(there)


def spoil_all(path: Path) -> None:
    path.write_bytes(b"This is no database. " * 1000)


def spoil_pages(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def spoil_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def spoil_by_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def spoil_by_other(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE feedback (id)")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_all, "not a database"),
        (spoil_pages, "malformed"),
        (spoil_by_folder, "unable to open"),
        (spoil_by_newer, "newer Ibidem"),
        (spoil_by_other, "another database"),
    ],
)
def test_a_file_that_can_not_be_used_is_an_error_and_no_answer_s_matter(
    spoil: Callable[[Path], None], says: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "feedback.sqlite"
    before = FeedbackStore(path)
    before.add(SAID)
    before.unanswered.page(1)
    del before  # the last that has it open leaves one file
    spoil(path)
    content = path.read_bytes() if path.is_file() else b""
    store = FeedbackStore(path)
    for use in (
        lambda: store.add(SAID),
        lambda: store.page(5),
        lambda: store.remove([1]),
        lambda: list(store.by_question()),
    ):
        with pytest.raises(FeedbackUnavailable, match=says) as caught:
            use()
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    for number in range(3):
        ask(store.unanswered, f"What is {number}?")
    (line,) = caplog.records
    assert (line.levelno, says in line.getMessage()) == (logging.ERROR, True)
    assert (path.read_bytes() if path.is_file() else b"") == content
    # When it is out of the way all goes on, without a restart.
    path.rmdir() if path.is_dir() else path.unlink()
    assert store.add(SAID).id == 1
    ask(store.unanswered, "What is 3?")
    assert counts(store.unanswered) == {"What is 3?": 1}
    assert len(caplog.records) == 1


def test_a_place_where_nothing_can_be_written_is_an_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    store = FeedbackStore(tmp_path / "file" / "feedback.sqlite")
    with pytest.raises(FeedbackUnavailable, match="Not a directory"):
        store.add(SAID)
    with pytest.raises(FeedbackUnavailable, match="Not a directory"):
        store.page(1)
    ask(store.unanswered, "Who?")
    ask(store.unanswered, "Who?", answered=True)
    assert len(caplog.records) == 1


FULL = """if True:
    import logging, resource, sys
    from pathlib import Path
    from corpus.errors import FeedbackUnavailable
    from qa.feedback import FeedbackStore
    from tests.test_feedback import SAID
    from tests.test_feedback_unanswered import ask
    logging.basicConfig(stream=sys.stderr)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
    store, kept = FeedbackStore(Path(sys.argv[1])), 0
    try:
        while kept < 10_000:
            store.add(SAID)
            kept += 1
    except FeedbackUnavailable as error:
        print(kept, error)
    for number in range(100):
        ask(store.unanswered, "What is this? " * 100 + str(number))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(store.page(1).total, store.add(SAID).id)
"""


def test_a_disk_that_is_full_is_an_error_and_what_was_kept_stays(tmp_path: Path) -> None:
    path = tmp_path / "feedback.sqlite"
    result = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr
    full, after = result.stdout.splitlines()
    kept = int(full.split()[0])
    assert 50 < kept < 10_000
    assert "can't be used" in full
    assert after == f"{kept} {kept + 1}"
    assert result.stderr.count("questions without an answer are not recorded") == result.stderr.count("\n") == 1
    assert whole(path)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_whoever_holds_the_file_keeps_no_answer_waiting(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "feedback.sqlite"
    store = FeedbackStore(path)
    ask(store.unanswered, "Who?")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        start = time.monotonic()
        ask(store.unanswered, "Who?")
        ask(store.unanswered, "Who?")
        assert time.monotonic() - start < 2
        with FeedbackFile(path, 0.01).reading() as connection:  # who only reads is not kept out
            assert connection.execute("SELECT asked FROM unanswered").fetchall() == [(1,)]
        with pytest.raises(FeedbackUnavailable, match="locked"), FeedbackFile(path, 0.01).writing():
            pytest.fail("two write at once")
    assert len(caplog.records) == 1
    ask(store.unanswered, "Who?")
    assert counts(store.unanswered) == {"Who?": 2}


def test_another_file_in_its_place_is_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "var" / "feedback.sqlite"
    store = FeedbackStore(path)
    for _ in range(3):
        store.add(SAID)
    shutil.rmtree(path.parent)
    assert store.page(5).total == 0
    assert store.add(SAID).id == 1
    assert FeedbackStore(path).page(5).total == 1


def test_what_fails_within_leaves_nothing_half_done(tmp_path: Path) -> None:
    file = FeedbackFile(tmp_path / "feedback.sqlite")
    insert = "INSERT INTO unanswered (folded, filters, question, asked, first_asked, last_asked, generation)"

    def fail() -> None:
        with file.writing() as connection:
            connection.execute(f"{insert} VALUES ('a', '', 'a', 1, '', '', '')")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with file.reading() as connection:
        assert connection.execute("SELECT count(*) FROM unanswered").fetchone() == (0,)
