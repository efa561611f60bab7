"""The HTTP service: its routes, and what they give."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Literal

from apiflask import APIFlask
from flask import Response, request
from pydantic import BaseModel, RootModel, TypeAdapter

from index.history import History
from index.store import Entry
from qa.answering import Answer, Query, answer
from qa.calibration import Calibration, calibration_of
from qa.given import MAX_CITATIONS, Given, read_citations
from qa.live import Live
from qa.pages import add_pages
from qa.problems import PROBLEM_TYPE, Problem, respond
from qa.requests import AskAddress, AskBody, read_address, read_body, read_json_bytes
from qa.settings import DEFAULT_POLICY, Policy
from qa.telemetry import Telemetry
from qa.verification import Checks, verify

MAX_BODY_BYTES = 65_536
MAX_CITATIONS_BYTES = 4 * 2**20
"""The largest body of citations to be checked."""

_CONTENT_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Articles:
    """Every article of a generation, by id, without its text."""

    generation: str
    articles: list[Entry]


@dataclass(frozen=True, kw_only=True)
class FullArticle(Entry):
    """An article with its canonical text, whose code points every citation counts."""

    generation: str
    text: str


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The calibration that a generation's answers go by; ``None`` if their confidence is not known."""

    generation: str
    calibration: Calibration | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """That a generation is open and has answered a question; ``problem`` says why a newer one is not served."""

    status: str
    generation: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """That the process lives."""

    status: str


def create_app(live: Live, shared_metrics: bool = False, policy: Policy = DEFAULT_POLICY) -> APIFlask:
    """The application that answers from what ``live`` serves. It starts nothing and reads no settings.

    ``shared_metrics`` is for ``Telemetry``.
    """
    app = APIFlask(__name__, title="Ibidem", version=version("ibidem"), docs_path=None, json_errors=False)
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["AUTO_404_RESPONSE"] = False  # it has another shape than Problem
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    telemetry = Telemetry(shared_metrics)
    history = History(live.index)
    _add_asking(app, live, telemetry, policy)
    _add_checking(app, live, history)
    _add_articles(app, live)
    _add_operations(app, live, telemetry)
    add_pages(app, live, history, telemetry, policy)
    app.register_error_handler(Exception, respond)
    app.spec_processor(_complete_description)

    @app.after_request
    def finish(response: Response) -> Response:
        telemetry.count_request(request.url_rule.rule if request.url_rule else "none", response.status_code)
        response.headers["Content-Security-Policy"] = _CONTENT_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return app


def _add_asking(app: APIFlask, live: Live, telemetry: Telemetry, policy: Policy) -> None:
    def respond_to(query: Query) -> Response:
        found = answer(live.engine, query, policy)
        telemetry.time_answer(found.took_ms)
        return _json(found)

    @app.post("/v1/ask")
    @app.output(_schema(Answer))
    @app.doc(summary="Ask the archive a question", responses=_problems(400, 413, 415, 422))
    def ask() -> Response:
        return respond_to(read_body(AskBody).query())

    @app.get("/v1/ask")
    @app.output(_schema(Answer))
    @app.doc(summary="Ask the archive a question", responses=_problems(400, 422))
    def ask_by_address() -> Response:
        return respond_to(read_address(AskAddress).query())

    @app.get("/v1/calibration")
    @app.output(_schema(Calibrated))
    @app.doc(summary="On what confidence was fitted, and how far it can be trusted")
    def calibration() -> Response:
        manifest = live.engine.manifest
        return _json(Calibrated(manifest.generation, calibration_of(manifest)))


def _add_checking(app: APIFlask, live: Live, history: History) -> None:
    @app.post("/v1/citations/verify")
    @app.output(_schema(Checks))
    @app.doc(summary="Check citations against the archive", responses=_problems(400, 413, 415, 422))
    def verify_citations() -> Response:
        request.max_content_length = MAX_CITATIONS_BYTES
        given = read_citations(read_json_bytes(), MAX_CITATIONS)
        return _json(verify(live.engine, given, history))


def _add_articles(app: APIFlask, live: Live) -> None:
    @app.get("/v1/articles")
    @app.output(_schema(Articles))
    @app.doc(summary="List the articles")
    def list_articles() -> Response:
        engine = live.engine
        return _json(Articles(engine.manifest.generation, engine.catalogue()))

    @app.get("/v1/articles/<path:article_id>")
    @app.output(_schema(FullArticle))
    @app.doc(summary="Read an article", responses=_problems(404))
    def read_article(article_id: str) -> Response:
        engine = live.engine
        article = engine.article(article_id)
        known = {field.name: getattr(article, field.name) for field in fields(Entry)}
        return _json(FullArticle(**known, generation=engine.manifest.generation, text=article.text))


def _add_operations(app: APIFlask, live: Live, telemetry: Telemetry) -> None:
    @app.get("/healthz")
    @app.output(_schema(Health))
    @app.doc(summary="Whether the process lives")
    def healthz() -> Response:
        return _json(Health("alive"))

    @app.get("/readyz")
    @app.output(_schema(Readiness))
    @app.doc(summary="Whether questions are answered, and from which generation")
    def readyz() -> Response:
        return _json(Readiness("ready", live.engine.manifest.generation, live.problem))

    @app.get("/metrics")
    @app.doc(summary="Figures for Prometheus", hide=True)
    def metrics() -> Response:
        content, content_type = telemetry.exposition(live.engine.manifest)
        return Response(content, content_type=content_type)


def _complete_description(spec: Any) -> Any:
    """Adds what routes take, and the shape of errors, to the OpenAPI description.

    APIFlask would do it with its ``input``, which for pydantic ignores the content type and repeated parameters.
    """
    schemas = spec["components"]["schemas"]
    operations = spec["paths"]["/v1/ask"]
    operations["post"]["requestBody"] = _body(_reference(schemas, AskBody))
    flat = AskAddress.model_json_schema()
    operations["get"]["parameters"] = [
        {"name": name, "in": "query", "required": name in flat["required"], "schema": field}
        for name, field in flat["properties"].items()
    ]
    given = _reference(schemas, Given)
    _reference(schemas, Problem)
    citations = {"anyOf": [given, {"type": "array", "items": given, "maxItems": MAX_CITATIONS}]}
    spec["paths"]["/v1/citations/verify"]["post"]["requestBody"] = _body(citations)
    return spec


def _reference(schemas: dict[str, Any], kind: type) -> dict[str, str]:
    """A reference to a kind's schema, which is added with all that it is made of."""
    mode: Literal["validation", "serialization"] = "validation" if issubclass(kind, BaseModel) else "serialization"
    schema = TypeAdapter(kind).json_schema(mode=mode, ref_template="#/components/schemas/{model}")
    schemas |= {**schema.pop("$defs", {}), kind.__name__: schema}
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _json(value: object) -> Response:
    kind: Any = type(value)
    return Response(_adapter(kind).dump_json(value), content_type="application/json")


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@cache
def _schema(kind: type) -> type[BaseModel]:
    """The kind's JSON schema, in the form in which APIFlask takes one for /openapi.json."""
    return type(kind.__name__, (RootModel[kind],), {"__doc__": kind.__doc__})  # type: ignore[valid-type]


def _problems(*statuses: int) -> dict[int, Any]:
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }
