"""The application: the HTTP interface and the pages, around what is served."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from apiflask import APIFlask
from flask import Flask, Response, request

from index.history import History
from qa.api.articles import add_articles
from qa.api.asking import add_asking
from qa.api.changes import add_changes
from qa.api.checking import add_checking
from qa.api.description import add_description
from qa.api.feedback import add_feedback
from qa.api.manual import add_manual
from qa.api.operations import add_operations
from qa.delivery import allow_origins, compress
from qa.feedback import FeedbackStore
from qa.live import Live
from qa.pages.archive import add_archive
from qa.pages.article import add_article
from qa.pages.asking import add_asking as add_asking_page
from qa.pages.checking import add_checking as add_checking_pages
from qa.pages.feedback import add_feedback_pages
from qa.pages.rendering import add_filters
from qa.problems import respond
from qa.service import Service
from qa.settings import DEFAULT_POLICY, Policy
from qa.telemetry import Telemetry
from qa.tracing import trace

MAX_BODY_BYTES = 65_536

_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What pages may load: nothing of another host, and no script or style but in files."""


def create_app(
    live: Live,
    shared_metrics: bool = False,
    policy: Policy = DEFAULT_POLICY,
    folders: Sequence[Path] = (),
    feedback: Path | None = None,
    cors_origins: Sequence[str] = (),
) -> APIFlask:
    """The application that answers from what ``live`` serves. It starts nothing and reads no settings.

    ``shared_metrics`` is for ``Telemetry``; ``folders`` are those of the articles, for what was fetched, ``feedback``
    is the file for what users say of answers, without which nothing is kept; ``cors_origins`` is for
    ``qa.delivery.allow_origins``.
    """
    app = APIFlask(
        __name__, title="Ibidem", version=version("ibidem"), spec_path=None, docs_path=None, json_errors=False
    )
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["AUTO_404_RESPONSE"] = False  # it has another shape than Problem
    app.url_map.merge_slashes = False  # an address with two slashes is no other article's
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    store = FeedbackStore(feedback) if feedback else None
    service = Service(live, History(live.index), Telemetry(shared_metrics), policy, tuple(folders), store)
    trace(app)
    compress(app)
    allow_origins(app, cors_origins)
    _protect(app)
    _count(app, service.telemetry)
    for add_to in (add_asking, add_checking, add_articles, add_changes, add_feedback, add_operations):
        add_to(app, service)
    add_filters(app, keeps_feedback=store is not None)
    for add_to in (add_asking_page, add_article, add_archive, add_checking_pages, add_feedback_pages):
        add_to(app, service)
    app.register_error_handler(Exception, respond)
    add_description(app)
    add_manual(app)
    return app


def _protect(app: Flask) -> None:
    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _CONTENT_POLICY)  # some pages have their own
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"  # with none at all, browsers say of forms no origin either
        return response


def _count(app: Flask, telemetry: Telemetry) -> None:
    @app.after_request
    def count(response: Response) -> Response:
        telemetry.count_request(request.url_rule.rule if request.url_rule else "none", response.status_code)
        return response
