"""The routes that ask questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from itertools import starmap

from apiflask import APIFlask
from flask import Response, request

from index.search import Engine
from qa.answering import Query
from qa.answers import Answer, Took
from qa.api.responses import conditional, json_response, problems, schema
from qa.calibration import calibration_of
from qa.requests import AskAddress, AskBody, BatchBody, read_address, read_body
from qa.service import Service
from qa.shapes import Batch, Calibrated
from qa.tracing import TIMING_HEADER, timing

MAX_BATCH_BYTES = 2**20
"""The largest body of several questions."""


def add_asking(app: APIFlask, service: Service) -> None:
    """Adds the routes."""

    def respond_to(engine: Engine, query: Query) -> Response:
        answers = service.ask(engine, [query])
        return _timed(json_response(answers[0]), answers)

    @app.post("/v1/ask")
    @app.output(schema(Answer))
    @app.doc(summary="Ask the archive a question", responses=problems(400, 413, 415, 422))
    def ask() -> Response:
        return respond_to(service.live.engine, read_body(AskBody).query())

    @app.get("/v1/ask")
    @app.output(schema(Answer))
    @app.doc(summary="Ask the archive a question", responses=problems(400, 422))
    def ask_by_address() -> Response:
        query = read_address(AskAddress).query()
        engine = service.live.engine
        depends = engine.manifest.generation, engine.cross_encoder, service.policy
        return conditional(lambda: respond_to(engine, query), *depends)

    @app.post("/v1/ask/batch")
    @app.output(schema(Batch))
    @app.doc(summary="Ask the archive several questions", responses=problems(400, 413, 415, 422))
    def ask_several() -> Response:
        request.max_content_length = MAX_BATCH_BYTES
        queries = read_body(BatchBody).queries()
        engine = service.live.engine
        answers = service.ask(engine, queries)
        return _timed(json_response(Batch(engine.manifest.generation, answers)), answers)

    @app.get("/v1/calibration")
    @app.output(schema(Calibrated))
    @app.doc(summary="On what confidence was fitted, and how far it can be trusted")
    def calibration() -> Response:
        manifest = service.live.engine.manifest
        made = Calibrated(manifest.generation, calibration_of(manifest))
        return conditional(lambda: json_response(made), manifest.generation)


def _timed(response: Response, answers: Sequence[Answer]) -> Response:
    """The response with how long its answers took, in all."""
    took = {stage.name: sum(getattr(answer.took_ms, stage.name) for answer in answers) for stage in fields(Took)}
    response.headers[TIMING_HEADER] = ", ".join(starmap(timing, took.items()))
    return response
