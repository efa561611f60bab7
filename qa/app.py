"""The HTTP service: routes, what they take and give, and one shape for every error (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from apiflask import APIFlask
from flask import Response, render_template, request
from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

from corpus.article import Article
from corpus.errors import IbidemError, InvalidQuestion, UnknownArticle
from index.store import Entry
from qa.answering import DEFAULT_PASSAGES, MAX_CHARACTERS, MAX_PASSAGES, Answer, AnsweringPassage, answer
from qa.live import Live
from qa.settings import THRESHOLD
from qa.telemetry import Telemetry

log = logging.getLogger("ibidem")

MAX_BODY_BYTES = 65_536
PROBLEM_TYPE = "application/problem+json"

_CONTENT_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

STATUSES: Mapping[type[IbidemError], HTTPStatus] = {
    InvalidQuestion: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownArticle: HTTPStatus.NOT_FOUND,
    IbidemError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The status for each error that can reach a client; the first class in this order that fits."""


_DETAILS: Mapping[HTTPStatus, str] = {
    HTTPStatus.NOT_FOUND: "there is nothing at this address; /openapi.json lists what there is",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address does not take that method; the header Allow lists those it takes",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"a request may have {MAX_BODY_BYTES} bytes: make it shorter",
}
"""What to change, for the errors that werkzeug finds before any code here."""


class Question(BaseModel):
    """What ``/v1/ask`` takes."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, Field(description=f"What to ask, 1 to {MAX_CHARACTERS} characters.")]
    top_k: Annotated[int, Field(ge=1, le=MAX_PASSAGES, description="How many passages to return.")] = DEFAULT_PASSAGES


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request; ``field`` is empty if it is the whole."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as RFC 9457 has it: ``detail`` says what to change, ``errors`` the same by field."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...]


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
class Readiness:
    """That a generation is open and has answered a question; ``problem`` says why a newer one is not served."""

    status: str
    generation: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """That the process lives."""

    status: str


def create_app(live: Live, shared_metrics: bool = False, threshold: float = THRESHOLD) -> APIFlask:
    """The application that answers from what ``live`` serves. It starts nothing and reads no settings.

    ``shared_metrics`` is for ``Telemetry``; ``threshold`` is the confidence below which nothing is answered.
    """
    app = APIFlask(__name__, title="Ibidem", version=version("ibidem"), docs_path=None, json_errors=False)
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["AUTO_404_RESPONSE"] = False  # it has another shape than Problem
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    telemetry = Telemetry(shared_metrics)
    _add_api(app, live, telemetry, threshold)
    _add_operations(app, live, telemetry)
    _add_pages(app, live, telemetry, threshold)
    app.register_error_handler(Exception, _handle_error)
    app.spec_processor(_complete_description)

    @app.after_request
    def finish(response: Response) -> Response:
        telemetry.count_request(request.url_rule.rule if request.url_rule else "none", response.status_code)
        response.headers["Content-Security-Policy"] = _CONTENT_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return app


def _add_api(app: APIFlask, live: Live, telemetry: Telemetry, threshold: float) -> None:
    def respond(question: Question) -> Response:
        found = answer(live.engine, question.question, question.top_k, threshold)
        telemetry.time_answer(found.took_ms)
        return _json(found)

    @app.post("/v1/ask")
    @app.output(_schema(Answer))
    @app.doc(summary="Ask the archive a question", responses=_problems(400, 413, 415, 422))
    def ask() -> Response:
        return respond(_question_of_body())

    @app.get("/v1/ask")
    @app.output(_schema(Answer))
    @app.doc(summary="Ask the archive a question", responses=_problems(400, 422))
    def ask_by_address() -> Response:
        return respond(_question_of_address())

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


def _add_pages(app: APIFlask, live: Live, telemetry: Telemetry, threshold: float) -> None:
    @app.get("/")
    @app.doc(hide=True)
    def page() -> str:
        engine = live.engine
        question = request.args.get("question", "").strip()
        found = answer(engine, question, threshold=threshold) if question else None
        if found:
            telemetry.time_answer(found.took_ms)
        return render_template("ask.html", question=question, answer=found, manifest=engine.manifest)

    @app.get("/articles/<path:article_id>")
    @app.doc(hide=True)
    def article_page(article_id: str) -> str:
        engine = live.engine
        article = engine.article(article_id)
        start, end = _marked(article)
        parts = article.text[:start], article.text[start:end], article.text[end:]
        return render_template("article.html", article=article, parts=parts, manifest=engine.manifest)

    app.add_template_filter(_marked_parts, "marked_parts")


def _question_of_body() -> Question:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("send the question as JSON, with Content-Type: application/json")
    try:
        return Question.model_validate_json(request.get_data(), strict=True)
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise BadRequest(f"the body is not JSON: {error.errors()[0]['msg']}") from None
        raise


def _question_of_address() -> Question:
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        raise BadRequest("the address has bytes that are not UTF-8: write it in UTF-8, percent-encoded") from None
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise BadRequest(f"{twice[0]} is given more than once: give it once")
    return Question.model_validate(request.args.to_dict())


def _marked(article: Article) -> tuple[int, int]:
    """The passage that the address of an article's page names, or nothing at the text's end."""
    end_of_text = len(article.text)
    start = request.args.get("start", -1, int)
    end = request.args.get("end", -1, int)
    return (start, end) if 0 <= start <= end <= end_of_text else (end_of_text, end_of_text)


def _marked_parts(passage: AnsweringPassage) -> tuple[str, str, str]:
    """A passage's text before, in and behind its highlighted sentence."""
    offset, highlight = passage.citation.start, passage.highlights[0]
    start, end = highlight.start - offset, highlight.end - offset
    return passage.text[:start], passage.text[start:end], passage.text[end:]


def _handle_error(error: Exception) -> Response:
    """Every error as a problem, or as a page for a browser that asks for one."""
    problem, headers = _problem(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s %s failed", request.method, request.path, exc_info=error)
    if request.accept_mimetypes.best_match([PROBLEM_TYPE, "text/html"]) == "text/html":
        response = Response(render_template("problem.html", problem=problem), content_type="text/html; charset=utf-8")
    else:
        response = _json(problem)
        response.content_type = PROBLEM_TYPE
    response.status_code = problem.status
    response.headers.update(headers)
    return response


def _problem(error: Exception) -> tuple[Problem, dict[str, str]]:
    """An error as a problem, and the headers that go with it."""
    if isinstance(error, ValidationError):
        errors = tuple(_field_error(details) for details in error.errors())
        detail = "; ".join(f"{found.field}: {found.message}" if found.field else found.message for found in errors)
        return _of_status(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors), {}
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        headers = {name: value for name, value in error.get_headers() if name == "Allow"}
        return _of_status(status, _DETAILS.get(status) or error.description or status.description), headers
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            errors = (FieldError("question", str(error)),) if kind is InvalidQuestion else ()
            return _of_status(status, str(error), errors), {}
    return _of_status(HTTPStatus.INTERNAL_SERVER_ERROR, "an unexpected error; the service's log has it"), {}


def _field_error(details: ErrorDetails) -> FieldError:
    field = ".".join(map(str, details["loc"]))
    if details["type"] == "extra_forbidden":
        return FieldError(field, f"there is no such field; there are {', '.join(Question.model_fields)}")
    if details["type"] == "missing":
        return FieldError(field, "is missing, and is needed")
    return FieldError(field, details["msg"])


def _of_status(status: HTTPStatus, detail: str, errors: tuple[FieldError, ...] = ()) -> Problem:
    return Problem("about:blank", status.phrase, status.value, detail, errors)


def _complete_description(spec: Any) -> Any:
    """Adds what ``/v1/ask`` takes, and the shape of errors, to the OpenAPI description.

    APIFlask would do it with its ``input``, which for pydantic ignores the content type and repeated parameters.
    """
    problem = _adapter(Problem).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    spec["components"]["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
    schema = Question.model_json_schema()
    operations = spec["paths"]["/v1/ask"]
    operations["post"]["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    operations["get"]["parameters"] = [
        {"name": name, "in": "query", "required": name in schema["required"], "schema": field}
        for name, field in schema["properties"].items()
    ]
    return spec


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
