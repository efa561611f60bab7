"""What crashes, hangs or eats memory in a process of the pool ends nothing but itself."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.pool import Died, Limits, Workers, workers
from tests.conftest import ROOT

LIMITS = Limits(cpu_seconds=1, wall_seconds=60, memory_bytes=400 * 2**20)
BYTES_AT_ONCE = 100


class Strange(Exception):
    """An error that can't be sent to another process."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__("strange")
        self.lock = lambda: (one, other)


_prepared: list[str] = []


def prepare(word: str) -> None:
    _prepared.append(word)


def do(task: str) -> str:  # noqa: C901 - a list of what may happen
    """What a task says that it does."""
    match task:
        case "abort":
            os.abort()
        case "segfault":
            ctypes.string_at(0)
        case "exit":
            os._exit(3)
        case "sys.exit":
            sys.exit(4)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "compute":
            while True:
                pass
        case "compute in C":
            return str(re.match("(a|a?)+$", 60 * "a" + "b"))
        case "sleep":
            time.sleep(1000)
        case "memory":
            return str(len([bytearray(2**26) for _ in range(100)]))
        case "raise":
            raise KeyError("a very\nodd key")
        case "strange":
            raise Strange(1, 2)
        case "nested":
            return do_deeply(0)
        case "pid":
            return str(os.getpid())
    return f"{_prepared} {task}"


def do_deeply(depth: int) -> str:
    return do_deeply(depth + 1)


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers[str, str]]:
    with workers(2, do, prepare, "ready", limits=LIMITS) as found:
        yield found


def results(pool: Workers[str, str], *tasks: str) -> list[tuple[str, str | Died]]:
    return list(pool.results(((task, task) for task in tasks), 8, len, BYTES_AT_ONCE))


def test_whatever_happens_to_a_task_has_a_reason_and_the_others_are_done_in_order(pool: Workers[str, str]) -> None:
    ends = {
        "abort": "what was reading it crashed (exit code -6); save it in another format",
        "segfault": "what was reading it crashed (exit code -11); save it in another format",
        "exit": "what was reading it crashed (exit code 3); save it in another format",
        "killed": "what was reading it was killed; build again",
        "compute": "it takes more than 1 seconds of computing to read it; split it, or save it in another format",
        "compute in C": "it takes more than 1 seconds of computing to read it; split it, or save it in another format",
        "memory": "it takes more than 400 MiB of memory to read it; split it, or save it in another format",
    }
    tasks = [task for number, bad in enumerate(ends) for task in (f"before {number}", bad, f"after {number}")]
    found = results(pool, *tasks)
    assert [purpose for purpose, _ in found] == tasks
    assert {task: end.reason for task, end in found if isinstance(end, Died)} == ends
    assert {task for task, end in found if isinstance(end, Died) and not end.lasting} == {"killed"}
    assert all(end == f"['ready'] {task}" for task, end in found if task not in ends)


def test_a_task_that_sleeps_is_ended() -> None:
    with workers(1, do, prepare, "ready", limits=Limits(wall_seconds=0.5)) as pool:
        reason = "it takes more than 0.5 seconds to read it; split it, or save it in another format"
        assert results(pool, "sleep", "next") == [
            ("sleep", Died(reason, lasting=False)),
            ("next", "['ready'] next"),
        ]


def test_an_error_that_nobody_expected_ends_one_task_and_says_where_it_was(pool: Workers[str, str]) -> None:
    for task, end in results(pool, "raise", "strange", "nested"):
        assert isinstance(end, Died), task
        assert end.lasting
        assert end.reason.startswith("reading it failed (index/pool.py, line ")
        assert end.reason.endswith("save it in another format, and report it")
        assert "\n" not in end.reason


def test_a_task_that_ends_its_process_politely_ends_no_other(pool: Workers[str, str]) -> None:
    (_, first), (_, second) = results(pool, "sys.exit", "next")
    assert isinstance(first, Died)
    assert second == "['ready'] next"


def test_many_crashes_one_after_the_other_are_all_told(pool: Workers[str, str]) -> None:
    found = results(pool, *["abort", "fine"] * 6)
    assert [isinstance(end, Died) for _, end in found] == [True, False] * 6


@pytest.mark.parametrize(("size", "most"), [(1, 8), (30, 3), (1000, 1)])
def test_tasks_are_taken_as_results_are_asked_for(pool: Workers[str, str], size: int, most: int) -> None:
    taken = 0

    def tasks() -> Iterator[tuple[int, str]]:
        nonlocal taken
        for number in range(20):
            taken += 1
            yield number, f"{number}"

    for asked, (purpose, end) in enumerate(pool.results(tasks(), 8, lambda _: size, BYTES_AT_ONCE), 1):
        assert (purpose, end) == (asked - 1, f"['ready'] {purpose}")
        # One more is looked at to see whether there is room for it.
        assert taken <= asked + most
    assert taken == 20


def test_without_tasks_there_are_no_results(pool: Workers[str, str]) -> None:
    assert results(pool) == []


STARTED = """
import sys, os
from index.pool import workers
from tests.test_pool import do, prepare
if __name__ == "__main__":
    with workers(2, do, prepare, "ready") as pool:
        tasks = ((task, task) for task in ["pid", "pid", "compute", "sleep"])
        for _, pid in pool.results(tasks, 4, len, 100):
            print(pid, flush=True)
"""


@pytest.mark.parametrize("end", ["Ctrl-C", "killed"])
def test_whoever_has_the_pool_ends_it_and_no_process_is_left(tmp_path: Path, end: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(STARTED)
    command = [sys.executable, str(script)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
        # What runs in the background has it ignored, and hands that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout
        for _ in range(2):
            process.stdout.readline()
        until(lambda: len(session(process.pid)) >= 3, 10)
        if end == "Ctrl-C":
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.kill()
        process.wait(20)
        until(lambda: not session(process.pid), 5)
        assert session(process.pid) == []


def session(leader: int) -> list[int]:
    """The processes that live of the session that a process leads."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, number = path.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(number) == leader and state != "Z":
            found.append(int(path.parent.name))
    return found


def until(holds: Callable[[], bool], seconds: float) -> None:
    """Waits until something holds, or until so much time has gone by."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
