"""The application: the HTTP interface and the pages, around what is served."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from apiflask import APIFlask
from flask import Response, request

from index.history import History
from qa.api.articles import add_articles
from qa.api.asking import add_asking
from qa.api.checking import add_checking
from qa.api.description import complete
from qa.api.feedback import add_feedback
from qa.api.operations import add_operations
from qa.feedback import FeedbackStore
from qa.live import Live
from qa.pages.article import add_article
from qa.pages.asking import add_asking as add_asking_page
from qa.problems import respond
from qa.service import Service
from qa.settings import DEFAULT_POLICY, Policy
from qa.telemetry import Telemetry

MAX_BODY_BYTES = 65_536

_CONTENT_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def create_app(
    live: Live, shared_metrics: bool = False, policy: Policy = DEFAULT_POLICY, feedback: Path | None = None
) -> APIFlask:
    """The application that answers from what ``live`` serves. It starts nothing and reads no settings.

    ``shared_metrics`` is for ``Telemetry``. ``feedback`` is the file for what users say of answers; without one nothing
    is kept.
    """
    app = APIFlask(__name__, title="Ibidem", version=version("ibidem"), docs_path=None, json_errors=False)
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["AUTO_404_RESPONSE"] = False  # it has another shape than Problem
    app.url_map.merge_slashes = False  # an address with two slashes is no other article's
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    store = FeedbackStore(feedback) if feedback else None
    service = Service(live, History(live.index), Telemetry(shared_metrics), policy, store)
    routes = (add_asking, add_checking, add_articles, add_feedback, add_operations, add_asking_page, add_article)
    for add_to in routes:
        add_to(app, service)
    app.register_error_handler(Exception, respond)
    app.spec_processor(complete)

    @app.after_request
    def finish(response: Response) -> Response:
        service.telemetry.count_request(request.url_rule.rule if request.url_rule else "none", response.status_code)
        response.headers["Content-Security-Policy"] = _CONTENT_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return app
