"""The routes that ask questions."""

from __future__ import annotations

from apiflask import APIFlask
from flask import Response, request

from qa.answering import Answer, Query
from qa.api.responses import json_response, problems, schema
from qa.calibration import calibration_of
from qa.requests import AskAddress, AskBody, BatchBody, read_address, read_body
from qa.service import Service
from qa.shapes import Batch, Calibrated

MAX_BATCH_BYTES = 2**20
"""The largest body of several questions."""


def add_asking(app: APIFlask, service: Service) -> None:
    """Adds the routes."""

    def respond_to(query: Query) -> Response:
        return json_response(service.ask(service.live.engine, [query])[0])

    @app.post("/v1/ask")
    @app.output(schema(Answer))
    @app.doc(summary="Ask the archive a question", responses=problems(400, 413, 415, 422))
    def ask() -> Response:
        return respond_to(read_body(AskBody).query())

    @app.get("/v1/ask")
    @app.output(schema(Answer))
    @app.doc(summary="Ask the archive a question", responses=problems(400, 422))
    def ask_by_address() -> Response:
        return respond_to(read_address(AskAddress).query())

    @app.post("/v1/ask/batch")
    @app.output(schema(Batch))
    @app.doc(summary="Ask the archive several questions", responses=problems(400, 413, 415, 422))
    def ask_several() -> Response:
        request.max_content_length = MAX_BATCH_BYTES
        queries = read_body(BatchBody).queries()
        engine = service.live.engine
        return json_response(Batch(engine.manifest.generation, service.ask(engine, queries)))

    @app.get("/v1/calibration")
    @app.output(schema(Calibrated))
    @app.doc(summary="On what confidence was fitted, and how far it can be trusted")
    def calibration() -> Response:
        manifest = service.live.engine.manifest
        return json_response(Calibrated(manifest.generation, calibration_of(manifest)))
