"""The routes for those who run the service."""

from __future__ import annotations

from dataclasses import dataclass

from apiflask import APIFlask
from flask import Response

from qa.api.responses import json_response, problems, schema
from qa.service import Service
from qa.shapes import Readiness


@dataclass(frozen=True, slots=True)
class Health:
    """That the process lives."""

    status: str
    """``alive``."""


def add_operations(app: APIFlask, service: Service) -> None:
    """Adds the routes."""
    live = service.live

    @app.get("/healthz")
    @app.output(schema(Health))
    @app.doc(tags=["operations"], responses=problems())
    def healthz() -> Response:
        """Say that the process lives."""
        return json_response(Health("alive"))

    @app.get("/readyz")
    @app.output(schema(Readiness))
    @app.doc(tags=["operations"], responses=problems())
    def readyz() -> Response:
        """Say that questions are answered, and from which index."""
        return json_response(Readiness("ready", live.engine.manifest.generation, live.problem))

    @app.get("/metrics")
    @app.doc(summary="Figures for Prometheus", hide=True)
    def metrics() -> Response:
        content, content_type = service.telemetry.exposition(live.engine.manifest)
        return Response(content, content_type=content_type)
