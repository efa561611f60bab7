"""Work in processes of its own, so that what crashes or hangs ends nothing but itself.

Each task gets some time to compute, and all together no more memory than was said; a process that dies is replaced.
"""

from __future__ import annotations

import os
import resource
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as TimedOut
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

Task = TypeVar("Task")
Result = TypeVar("Result")

CPU_SECONDS = 60
"""So long may one task compute."""

WALL_SECONDS = 300
"""So long may one task take, waiting included: for what sleeps, or on a machine that is very busy."""

MEMORY_BYTES = 3 * 2**29
"""So much memory may one process have."""

_NICENESS = 5
"""The encoder goes before: whatever is read ahead of it only waits."""


class Died(Exception):
    """A task whose process died. ``lasting`` says whether it would again: not if somebody else ended it."""

    def __init__(self, reason: str, *, lasting: bool) -> None:
        super().__init__(reason)
        self.lasting = lasting


class Workers(Generic[Task, Result]):
    """Processes that do ``function`` for tasks, after each did ``prepare`` with its arguments once."""

    def __init__(
        self, processes: int, function: Callable[[Task], Result], prepare: Callable[..., None], *arguments: Any
    ) -> None:
        # Not forked from here: this process has threads, and libraries that don't survive a fork. They are forked from
        # one that has none, and has loaded what each needs; it stays for the next workers, and ends with this process.
        context = get_context("forkserver")
        context.set_forkserver_preload([function.__module__])
        self._pool = ProcessPool(
            max_workers=processes,
            context=context,
            initializer=_begin,
            initargs=(prepare, *arguments),
        )
        self._function = function

    def results(
        self, tasks: Iterable[tuple[Any, Task]], at_once: int, size: Callable[[Task], int], bytes_at_once: int
    ) -> Iterator[tuple[Any, Result | Died]]:
        """What comes of tasks, each given with what it is for, in order; tasks are taken as results are asked for, so
        that no more than ``at_once``, and of no more than ``bytes_at_once``, are waiting or done and not asked for."""
        waiting: deque[tuple[Any, int, Any]] = deque()
        held = 0
        for purpose, task in tasks:
            while waiting and (len(waiting) >= at_once or held + size(task) > bytes_at_once):
                held -= waiting[0][1]
                yield self._first(waiting)
            future = self._pool.schedule(_bounded, args=[self._function, task], timeout=WALL_SECONDS)
            waiting.append((purpose, size(task), future))
            held += size(task)
        while waiting:
            yield self._first(waiting)

    def _first(self, waiting: deque[tuple[Any, int, Any]]) -> tuple[Any, Result | Died]:
        purpose, _, future = waiting.popleft()
        try:
            return purpose, future.result()
        except TimedOut:
            return purpose, Died(f"it takes more than {WALL_SECONDS} seconds", lasting=False)
        except MemoryError:
            return purpose, Died(f"it takes more than {MEMORY_BYTES // 2**20} MiB of memory", lasting=True)
        except ProcessExpired as error:
            return purpose, _death(error.exitcode or 0)

    def stop(self) -> None:
        """Ends the processes, whatever they are at."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


@contextmanager
def workers(
    processes: int, function: Callable[[Task], Result], prepare: Callable[..., None], *arguments: Any
) -> Iterator[Workers[Task, Result]]:
    """Workers, which are ended at the end."""
    found: Workers[Task, Result] = Workers(processes, function, prepare, *arguments)
    try:
        yield found
    finally:
        found.stop()


def _death(exit_code: int) -> Died:
    if -exit_code in (signal.SIGXCPU, signal.SIGPROF):
        return Died(f"it takes more than {CPU_SECONDS} seconds of computing", lasting=True)
    if exit_code == -signal.SIGKILL:
        return Died("what was reading it was killed", lasting=False)
    return Died(f"what was reading it crashed (exit code {exit_code})", lasting=True)


def _begin(prepare: Callable[..., None], *arguments: Any) -> None:
    """In each process, before its first task."""
    # Ctrl-C goes to all processes of a terminal; the one that has this pool says when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prepare(*arguments)


def _bounded(function: Callable[[Any], Any], task: Any) -> Any:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
    # The limit is for the process as a whole; its default end, unlike an exception, reaches into code in C.
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    return function(task)
