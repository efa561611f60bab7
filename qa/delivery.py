"""How responses travel: compressed, and to the pages of other origins if that is allowed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Flask, Response, request
from flask_compress import Compress
from flask_cors import CORS

from qa.problems import PROBLEM_TYPE
from qa.tracing import ID_HEADER, TIMING_HEADER

_COMPRESSED = (
    *("application/json", "application/x-ndjson", "application/jsonl", PROBLEM_TYPE),
    *("text/html", "text/css", "text/javascript", "text/plain"),
)
_ALGORITHMS = ["zstd", "br", "gzip"]

_SHARED = re.compile(r"/v1/|/openapi\.json\Z")
_SHARED_WITH_ANY = re.compile(r"/v1/(?!feedback|unanswered)|/openapi\.json\Z")
"""The paths that pages of other origins may ask, if these are allowed: named ones, or any. What readers said is not for
any page that somebody opens to read or to delete."""

_PREFLIGHT_SECONDS = 600


def compress(app: Flask) -> None:
    """Compresses responses for clients that say they can read it.

    The levels take 0.04 ms (zstd), 0.14 ms (Brotli) and 0.09 ms (gzip) for an answer of five passages, 15 kB, and leave
    a quarter of it; higher ones take longer and leave hardly less.
    """
    app.config |= {
        "COMPRESS_MIMETYPES": _COMPRESSED,
        "COMPRESS_ALGORITHM": _ALGORITHMS,
        "COMPRESS_ALGORITHM_STREAMING": _ALGORITHMS,
        "COMPRESS_ZSTD_LEVEL": 3,
        "COMPRESS_BR_LEVEL": 5,
        "COMPRESS_LEVEL": 6,
        "COMPRESS_EVALUATE_CONDITIONAL_REQUEST": False,  # done before the work, by those that can
    }
    Compress(app)

    @app.after_request
    def prepare(response: Response) -> Response:
        # A strong tag is of certain bytes, and what is sent may be other bytes, which say the same.
        tag, is_weak = response.get_etag()
        if tag and not is_weak:
            response.set_etag(tag, weak=True)
        # A file is read and closed here; what compresses streams would leave it open.
        if response.direct_passthrough and response.mimetype in _COMPRESSED:
            response.direct_passthrough = False
            response.make_sequence()
        return response


def allow_origins(app: Flask, origins: Sequence[str]) -> None:
    """Lets pages of these origins, or of any if one is ``*``, use the API, without credentials; of none if there are
    none (the Fetch standard's CORS protocol)."""
    if not origins:
        return
    any_origin = "*" in origins
    shared = _SHARED_WITH_ANY if any_origin else _SHARED
    CORS(
        app,
        resources=[shared],
        # As expressions, since an IPv6 address in brackets would be taken for one.
        origins="*" if any_origin else [re.compile(rf"{re.escape(origin)}\Z") for origin in origins],
        send_wildcard=any_origin,
        always_send=False,
        vary_header=False,
        methods=["GET", "HEAD", "POST", "DELETE"],
        allow_headers=["Content-Type", "If-None-Match", ID_HEADER],
        expose_headers=["ETag", ID_HEADER, TIMING_HEADER],
        max_age=_PREFLIGHT_SECONDS,
        allow_private_network=False,
        intercept_exceptions=False,
    )

    @app.after_request
    def vary(response: Response) -> Response:
        # Also where no origin was sent, or none that is allowed: a cache must not give that to one that is.
        if shared.match(request.path):
            response.vary.add("Origin")
        return response
