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
from qa.api.responses import UNCHANGED, conditional, json_response, problems, schema
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
    @app.doc(tags=["questions"], responses=problems(400, 413, 415, 422))
    def ask() -> Response:
        """Ask the archive a question.

        Gives the passages that answer it best, each with a citation, and says how sure it is and whether the archive
        answers at all. Nothing is written by the service: every text is the archive's own, word for word.
        """
        return respond_to(service.live.engine, read_body(AskBody).query())

    @app.get("/v1/ask")
    @app.output(schema(Answer))
    @app.doc(tags=["questions"], responses=UNCHANGED | problems(400, 414, 422))
    def ask_by_address() -> Response:
        """Ask the archive a question by its address.

        As `POST /v1/ask`, with the filters beside the other fields; those that are lists may be given more than once.
        Who sends the entity tag of an earlier answer gets 304 if it would be the same.
        """
        query = read_address(AskAddress).query()
        engine = service.live.engine
        depends = engine.manifest.generation, engine.cross_encoder, service.policy
        return conditional(lambda: respond_to(engine, query), *depends)

    @app.post("/v1/ask/batch")
    @app.output(schema(Batch))
    @app.doc(tags=["questions"], responses=problems(400, 413, 415, 422))
    def ask_several() -> Response:
        """Ask the archive several questions.

        They are embedded together, which is faster, and answered from one index. Their `top_k` may add up to 2,560.
        If one can't be asked, none is.
        """
        request.max_content_length = MAX_BATCH_BYTES
        queries = read_body(BatchBody).queries()
        engine = service.live.engine
        answers = service.ask(engine, queries)
        return _timed(json_response(Batch(engine.manifest.generation, answers)), answers)

    @app.get("/v1/calibration")
    @app.output(schema(Calibrated))
    @app.doc(tags=["questions"], responses=UNCHANGED | problems())
    def calibration() -> Response:
        """Say on what confidence was fitted, and how far it can be trusted."""
        manifest = service.live.engine.manifest
        made = Calibrated(manifest.generation, calibration_of(manifest))
        return conditional(lambda: json_response(made), manifest.generation)


def _timed(response: Response, answers: Sequence[Answer]) -> Response:
    """The response with how long its answers took, in all."""
    took = {stage.name: sum(getattr(answer.took_ms, stage.name) for answer in answers) for stage in fields(Took)}
    response.headers[TIMING_HEADER] = ", ".join(starmap(timing, took.items()))
    return response
