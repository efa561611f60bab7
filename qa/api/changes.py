"""The route that says what is new."""

from __future__ import annotations

from apiflask import APIFlask
from flask import Response

from qa.api.responses import json_response, problems, schema
from qa.changes import changes
from qa.service import Service
from qa.shapes import Changes


def add_changes(app: APIFlask, service: Service) -> None:
    """Adds the route."""

    @app.get("/v1/changes")
    @app.output(schema(Changes))
    @app.doc(tags=["articles"], responses=problems())
    def list_changes() -> Response:
        """Say what is new since the last index."""
        return json_response(changes(service.live.engine, service.history))
