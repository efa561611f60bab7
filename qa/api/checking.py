"""The routes that check what is cited."""

from __future__ import annotations

from apiflask import APIFlask
from flask import Response, request

from qa.api.responses import json_response, problems, schema
from qa.given import MAX_CITATIONS, read_citations
from qa.requests import read_json_bytes
from qa.service import Service
from qa.verification import Checks, verify

MAX_CITATIONS_BYTES = 4 * 2**20
"""The largest body of citations to be checked."""


def add_checking(app: APIFlask, service: Service) -> None:
    """Adds the routes."""

    @app.post("/v1/citations/verify")
    @app.output(schema(Checks))
    @app.doc(summary="Check citations against the archive", responses=problems(400, 413, 415, 422))
    def verify_citations() -> Response:
        request.max_content_length = MAX_CITATIONS_BYTES
        given = read_citations(read_json_bytes(), MAX_CITATIONS)
        return json_response(verify(service.live.engine, given, service.history))
