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
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver, get_context, parent_process, resource_tracker
from threading import Thread
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

from corpus.fault import fault

Task = TypeVar("Task")
Result = TypeVar("Result")

_NICENESS = 5
"""The encoder goes before: whatever is read ahead of it only waits."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a task may take: so long to compute; so long in all, for what sleeps, or on a very busy machine; and so much
    memory may its process have."""

    cpu_seconds: int = 60
    wall_seconds: float = 300
    memory_bytes: int = 3 * 2**29


@dataclass(frozen=True, slots=True)
class Died:
    """A task that came to nothing, and why. ``lasting`` says whether it would again: not if somebody else ended its
    process."""

    reason: str
    lasting: bool


@contextmanager
def undisturbed() -> Iterator[None]:
    """Processes that are started here don't heed Ctrl-C, which goes to all of a terminal: whoever started them ends
    them."""
    # Started together with others, this one would let Ctrl-C through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_to_load(function: Callable[..., Any]) -> None:
    """Starts what workers are forked from, if it is not there yet, and doesn't wait until it has loaded all that the
    function needs; it stays for the next workers, and ends with this process."""
    # Not forked from here: this process has threads, and libraries that don't survive a fork.
    get_context("forkserver").set_forkserver_preload([function.__module__])
    with undisturbed():
        forkserver.ensure_running()


class Workers(Generic[Task, Result]):
    """Processes that do ``function`` for tasks, after each did ``prepare`` with its arguments once."""

    def __init__(
        self,
        processes: int,
        function: Callable[[Task], Result],
        prepare: Callable[..., None],
        *arguments: Any,
        limits: Limits,
    ) -> None:
        begin_to_load(function)
        self._pool = ProcessPool(
            max_workers=processes,
            context=get_context("forkserver"),
            initializer=_begin,
            initargs=(limits, prepare, *arguments),
        )
        self._function, self._limits = function, limits

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
            future = self._pool.schedule(
                _bounded, args=[self._limits, self._function, task], timeout=self._limits.wall_seconds
            )
            waiting.append((purpose, size(task), future))
            held += size(task)
        while waiting:
            yield self._first(waiting)

    def _first(self, waiting: deque[tuple[Any, int, Any]]) -> tuple[Any, Result | Died]:
        purpose, _, future = waiting.popleft()
        try:
            return purpose, future.result()
        except TimedOut:
            return purpose, _too_much(f"{self._limits.wall_seconds:g} seconds", lasting=False)
        except MemoryError:
            return purpose, _too_much(f"{self._limits.memory_bytes // 2**20} MiB of memory", lasting=True)
        except ProcessExpired as error:
            return purpose, self._death(error.exitcode or 0)
        except BrokenProcessPool:  # One ended that had no task.
            return purpose, Died("what was to read it was ended; build again", lasting=False)

    def _death(self, exit_code: int) -> Died:
        if exit_code == -signal.SIGXCPU:
            return _too_much(f"{self._limits.cpu_seconds} seconds of computing", lasting=True)
        if exit_code == -signal.SIGKILL:
            return Died("what was reading it was killed; build again", lasting=False)
        return Died(f"what was reading it crashed (exit code {exit_code}); save it in another format", lasting=True)

    def stop(self) -> None:
        """Ends the processes, whatever they are at."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


@contextmanager
def workers(
    processes: int,
    function: Callable[[Task], Result],
    prepare: Callable[..., None],
    *arguments: Any,
    limits: Limits = Limits(),
) -> Iterator[Workers[Task, Result]]:
    """Workers, which are ended at the end."""
    found: Workers[Task, Result] = Workers(processes, function, prepare, *arguments, limits=limits)
    try:
        yield found
    finally:
        found.stop()


def _too_much(what: str, *, lasting: bool) -> Died:
    return Died(f"it takes more than {what} to read it; split it, or save it in another format", lasting=lasting)


def _begin(limits: Limits, prepare: Callable[..., None], *arguments: Any) -> None:
    """In each process, before its first task."""
    Thread(target=_end_with_parent, daemon=True).start()
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_DATA, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prepare(*arguments)


def _end_with_parent() -> None:
    """A process at work wouldn't notice that the one which has this pool was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)


def _bounded(limits: Limits, function: Callable[[Any], Any], task: Any) -> Any:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + limits.cpu_seconds
    # The limit is for the process as a whole; its default end, unlike an exception, reaches into code in C.
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    try:
        return function(task)
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, only this task comes to nothing
        return Died(fault(error), lasting=True)
