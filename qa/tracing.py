"""What is told of each request: an id, one line in the log, and how long it took."""

from __future__ import annotations

import logging
import re
from time import perf_counter
from urllib.parse import quote
from uuid import uuid4

from flask import Flask, Response, g, has_request_context, request

log = logging.getLogger("ibidem.requests")

ID_HEADER = "X-Request-ID"
TIMING_HEADER = "Server-Timing"

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def trace(app: Flask) -> None:
    """Gives each request the id that its client sent, or one of its own, and each response that id and how long it
    took. The line in the log has the path without its query: questions stay out of it.

    Comes before everything else that looks at responses, so that it is asked last and times all of it.
    """

    @app.before_request
    def begin() -> None:
        g.begun = perf_counter()
        given = request.headers.get(ID_HEADER, "")
        g.request_id = given if _ID.fullmatch(given) else new_id()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[ID_HEADER] = g.request_id
        milliseconds = (perf_counter() - g.begun) * 1000
        earlier = response.headers.get(TIMING_HEADER)
        response.headers[TIMING_HEADER] = ", ".join(filter(None, (earlier, timing("app", milliseconds))))
        log.info("%s %s %d %.1f ms", request.method, written_path(), response.status_code, milliseconds)
        return response


def timing(stage: str, milliseconds: float) -> str:
    """How long a stage took, as the header ``Server-Timing`` has it (W3C)."""
    return f"{stage};dur={milliseconds:.3f}"


def new_id() -> str:
    """An id for a request that came without one."""
    return uuid4().hex


def request_id() -> str:
    """The id of the request that is being answered; empty outside of one."""
    return str(g.get("request_id", "")) if has_request_context() else ""


def written_path() -> str:
    """The request's path as an address has it, in which nothing can pass for another line of the log."""
    return quote(request.path)


class WithRequest(logging.Filter):
    """Gives records ``request``: the id of the request in which they were written, in brackets, and a space."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging."""
        found = request_id()
        record.request = f"[{found}] " if found else ""
        return True
