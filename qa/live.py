"""The generation that is being served, and its replacement by a newer one while questions are answered.

Whoever answers a question takes ``engine`` once and uses it to the end; an engine that was replaced goes when
the last one that has it is done.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from corpus.errors import IbidemError
from index.cross_encoder import CrossEncoder
from index.generation import CURRENT_FILE, current_generation, generation_folder
from index.search import Engine, LocalEngine
from qa.calibration import calibration_of

log = logging.getLogger("ibidem")

POLL_SECONDS = 0.25
_WARMING_QUESTIONS = (
    "What is this?",
    "Who said when and where that it would be so, and why did they say it?",
)


class Live:
    """Serves the current generation of the index in ``index``; raises what ``LocalEngine`` does, or ``NoIndex``.

    Each generation is served with the cross-encoder that was given, if one was.
    ``problem`` says why a newer generation is not being served, if there is one that could not be opened.
    """

    def __init__(self, index: Path, cross_encoder: CrossEncoder | None = None) -> None:
        self.index = index
        self._cross_encoder = cross_encoder
        self._seen = self._mark()
        self.engine: Engine = open_current(index, cross_encoder)
        self.problem: str | None = None
        self._stopped = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="ibidem-watch", daemon=True)

    def start(self) -> None:
        """Begins to look for newer generations, every ``POLL_SECONDS``, until ``stop``."""
        self._watcher.start()

    def stop(self) -> None:
        """Ends the looking."""
        self._stopped.set()
        if self._watcher.is_alive():
            self._watcher.join()

    def _watch(self) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            mark = self._mark()
            if mark != self._seen:
                self._seen = mark
                self._replace()

    def _mark(self) -> tuple[int, int] | None:
        """Changes whenever ``CURRENT`` is replaced."""
        try:
            status = (self.index / CURRENT_FILE).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _replace(self) -> None:
        """Opens, verifies and warms what is current, and only then serves it; a failure changes nothing."""
        try:
            if current_generation(self.index) != self.engine.manifest.generation:
                self.engine = open_current(self.index, self._cross_encoder)
                log.info("serving generation %s", self.engine.manifest.generation)
            self.problem = None
        except IbidemError as error:
            self._report(str(error))
        except Exception as error:  # noqa: BLE001 - the old generation must go on being served, whatever this was
            self._report(f"unexpected error: {error!r}")

    def _report(self, problem: str) -> None:
        self.problem = problem
        log.error("still serving generation %s: %s", self.engine.manifest.generation, problem)


def open_current(index: Path, cross_encoder: CrossEncoder | None = None) -> Engine:
    """The engine of the current generation, verified and warmed by answering questions."""
    engine = LocalEngine(generation_folder(index, current_generation(index)), cross_encoder)
    calibration_of(engine.manifest)  # One that can't be used shows now, and not when somebody asks.
    for question in _WARMING_QUESTIONS:
        engine.search(question, engine.encode([question])[0], 1)
    return engine
