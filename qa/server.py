"""The service's processes: gunicorn with threads, around one application a process."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

from corpus.errors import IbidemError, PortInUse
from index.generation import current_generation, generation_folder, verify_files
from qa.settings import Settings

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that tells prometheus_client, when it is imported, where processes share figures."""


MAX_LINE_BYTES = 8190
"""The longest first line of a request, method and address, that gunicorn can have: questions stand there."""

_REFUSED: Mapping[type[ParseException], tuple[HTTPStatus, str]] = {
    LimitRequestLine: (
        HTTPStatus.REQUEST_URI_TOO_LONG,
        f"the address and its method have more than {MAX_LINE_BYTES} bytes: ask with POST, in the body",
    ),
    LimitRequestHeaders: (HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too many, or one is too long"),
    ParseException: (HTTPStatus.BAD_REQUEST, "what was sent is no HTTP request: see RFC 9112"),
}
"""What is said of requests that don't get as far as the application; the first class in this order that fits."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker with threads. What it refuses itself is a problem like all others (see ``qa.problems``), and a
    line of the log that has nothing of what was sent."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """See gunicorn."""
        for kind, (status, detail) in _REFUSED.items():
            if isinstance(exc, kind):
                _refuse(client, status, detail)
                return
        super().handle_error(req, client, addr, exc)


def _refuse(client: socket.socket, status: HTTPStatus, detail: str) -> None:
    from qa.problems import PROBLEM_TYPE, Problem, written
    from qa.tracing import ID_HEADER, log, new_id

    problem = Problem("about:blank", status.phrase, status.value, detail, (), new_id())
    content = written(problem)
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type: {PROBLEM_TYPE}\r\n"
        f"Content-Length: {len(content)}\r\n{ID_HEADER}: {problem.request_id}\r\n\r\n"
    )
    log.info("[%s] refused with %d: %s", problem.request_id, status.value, detail)
    with suppress(OSError):  # who sent that may be gone by now
        client.sendall(head.encode() + content)


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, told what to do by the settings and not by its own command line or environment.

    ``listening`` is the descriptor of a socket that listens, which becomes gunicorn's to close.
    """

    def __init__(self, settings: Settings, listening: int) -> None:
        self._settings = settings
        self._listening = listening
        super().__init__()

    def load_config(self) -> None:
        """See gunicorn: sets its options."""
        options: dict[str, Any] = {
            "bind": f"fd://{self._listening}",
            "worker_class": Worker,
            "workers": self._settings.workers,
            "threads": self._settings.threads,
            "keepalive": 75,
            "limit_request_line": MAX_LINE_BYTES,
            "graceful_timeout": 10,
            "loglevel": "warning",
            "proc_name": "ibidem",
            "control_socket_disable": True,
        }
        if self._settings.workers > 1:
            options |= {"child_exit": _forget_worker, "on_exit": _forget_all}
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """See gunicorn: makes the application, in each process."""
        return _load(self._settings)


def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serves until it is stopped; ``ready`` is called with the service's address just before it listens.

    Raises ``PortInUse``, or what is wrong with the index.
    """
    # Looked at here first, so that what is wrong is one line and not a worker's death.
    verify_files(generation_folder(settings.index, current_generation(settings.index)))
    if settings.cross_encoder:
        from index.model import locate

        locate(settings.cross_encoder)
    listening = _listen(settings.host, settings.port)
    host, port = listening.getsockname()[:2]
    ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")
    if settings.workers > 1:
        os.environ[MULTIPROCESS_FOLDER] = tempfile.mkdtemp(prefix="ibidem-metrics-")
    Server(settings, listening.detach()).run()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        raise PortInUse(
            f"can't listen on {host} port {port}: {error.strerror}; choose another with --host or --port"
        ) from error
    # Without it the second part of an answer waits for the first to be acknowledged, 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _load(settings: Settings) -> Flask:
    # Imported in the process that needs it: libraries with threads of their own don't survive a fork.
    from index.cross_encoder import open_cross_encoder
    from qa.app import create_app
    from qa.live import Live
    from qa.telemetry import configure_log

    configure_log()
    log = logging.getLogger("ibidem")
    try:
        live = Live(settings.index, open_cross_encoder(settings.cross_encoder))
    except IbidemError as error:
        log.error("%s", error)
        sys.exit(error.exit_code)
    if settings.cross_encoder:
        log.info("the cross-encoder %s orders the best passages anew", settings.cross_encoder)
    live.start()
    app = create_app(
        live, settings.workers > 1, settings.policy, settings.articles, settings.feedback, settings.cors_origins
    )
    # What is loaded now stays to the end: the garbage collector need not look at it again.
    gc.freeze()
    return app


# These two are called in the first process only; a worker ends by an exception that no `with` may catch.


def _forget_all(server: object) -> None:
    """Removes the folder of shared metrics."""
    shutil.rmtree(os.environ[MULTIPROCESS_FOLDER], ignore_errors=True)


def _forget_worker(server: object, worker: Any) -> None:
    """Drops the files of a worker that ended from the shared metrics."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
