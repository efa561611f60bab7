"""The application: the HTTP interface and the pages, around what is served."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from apiflask import APIFlask
from flask import Flask, Response, request

from index.history import History
from qa.api.articles import add_articles
from qa.api.asking import add_asking
from qa.api.checking import add_checking
from qa.api.description import add_description, complete
from qa.api.operations import add_operations
from qa.delivery import allow_origins, compress
from qa.live import Live
from qa.pages.article import add_article
from qa.pages.asking import add_asking as add_asking_page
from qa.problems import respond
from qa.service import Service
from qa.settings import DEFAULT_POLICY, Policy
from qa.telemetry import Telemetry
from qa.tracing import trace

MAX_BODY_BYTES = 65_536

_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What pages may load: nothing of another host, and no script or style but in files."""


def create_app(
    live: Live, shared_metrics: bool = False, policy: Policy = DEFAULT_POLICY, cors_origins: Sequence[str] = ()
) -> APIFlask:
    """The application that answers from what ``live`` serves. It starts nothing and reads no settings.

    ``shared_metrics`` is for ``Telemetry``, ``cors_origins`` for ``qa.delivery.allow_origins``.
    """
    app = APIFlask(
        __name__, title="Ibidem", version=version("ibidem"), spec_path=None, docs_path=None, json_errors=False
    )
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["AUTO_404_RESPONSE"] = False  # it has another shape than Problem
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    service = Service(live, History(live.index), Telemetry(shared_metrics), policy)
    trace(app)
    compress(app)
    allow_origins(app, cors_origins)
    _protect(app)
    _count(app, service.telemetry)
    for add_to in (add_asking, add_checking, add_articles, add_operations, add_asking_page, add_article):
        add_to(app, service)
    app.register_error_handler(Exception, respond)
    app.spec_processor(complete)
    add_description(app)
    return app


def _protect(app: Flask) -> None:
    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _CONTENT_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


def _count(app: Flask, telemetry: Telemetry) -> None:
    @app.after_request
    def count(response: Response) -> Response:
        telemetry.count_request(request.url_rule.rule if request.url_rule else "none", response.status_code)
        return response
