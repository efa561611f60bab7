"""Errors as clients see them: one shape for all (RFC 9457), or a page for a browser that asks for one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Response, render_template, request
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException

from corpus.errors import (
    FeedbackOff,
    FeedbackUnavailable,
    IbidemError,
    InvalidCitation,
    InvalidFeedback,
    InvalidField,
    InvalidPlace,
    InvalidQuestion,
    InvalidQuote,
    NotJson,
    UnknownArticle,
    UnknownFeedback,
)
from qa.shapes import FieldError
from qa.tracing import request_id, written_path

log = logging.getLogger("ibidem")

PROBLEM_TYPE = "application/problem+json"

STATUSES: Mapping[type[IbidemError], HTTPStatus] = {
    InvalidQuestion: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidField: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotJson: HTTPStatus.BAD_REQUEST,
    InvalidCitation: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidPlace: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidQuote: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownArticle: HTTPStatus.NOT_FOUND,
    InvalidFeedback: HTTPStatus.UNPROCESSABLE_ENTITY,
    FeedbackOff: HTTPStatus.FORBIDDEN,
    UnknownFeedback: HTTPStatus.NOT_FOUND,
    FeedbackUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    IbidemError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The status for each error that can reach a client; the first class in this order that fits."""

_DETAILS: Mapping[HTTPStatus, str] = {
    HTTPStatus.NOT_FOUND: "there is nothing at this address; /openapi.json lists what there is",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address does not take that method; the header Allow lists those it takes",
}
"""What to change, for the errors that werkzeug finds before any code here."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as RFC 9457 has it."""

    type: str
    """``about:blank``: the status says it all."""
    title: str
    """The status in words."""
    status: int
    """The HTTP status."""
    detail: str
    """What was wrong, and what to change."""
    errors: tuple[FieldError, ...]
    """The same by field, where there are fields."""
    request_id: str
    """What the service's log has of it."""


_PROBLEM = TypeAdapter(Problem)


def written(problem: Problem) -> bytes:
    """The problem in JSON."""
    return _PROBLEM.dump_json(problem)


def respond(error: Exception) -> Response:
    """The response for an error of any kind."""
    problem, headers = problem_of(error), _headers(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s %s failed", request.method, written_path(), exc_info=error)
    if request.accept_mimetypes.best_match([PROBLEM_TYPE, "text/html"]) == "text/html":
        response = Response(render_template("problem.html", problem=problem), content_type="text/html; charset=utf-8")
    else:
        response = Response(written(problem), content_type=PROBLEM_TYPE)
    response.status_code = problem.status
    response.headers.update(headers)
    return response


def problem_of(error: Exception) -> Problem:
    """An error as a problem."""
    if isinstance(error, ValidationError):
        errors = tuple(_field_error(details) for details in error.errors())
        detail = "; ".join(f"{found.field}: {found.message}" if found.field else found.message for found in errors)
        return _of_status(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors)
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        return _of_status(status, _detail(status) or error.description or status.description)
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            return _of_status(status, str(error), _errors_by_field(error))
    return _of_status(HTTPStatus.INTERNAL_SERVER_ERROR, "an unexpected error; the service's log has it")


def _headers(error: Exception) -> dict[str, str]:
    """The headers that go with an error."""
    found = error.get_headers() if isinstance(error, HTTPException) else []
    return {name: value for name, value in found if name == "Allow"}


def _errors_by_field(error: IbidemError) -> tuple[FieldError, ...]:
    if isinstance(error, InvalidField):
        return (FieldError(error.field, error.problem),)
    return (FieldError("question", str(error)),) if isinstance(error, InvalidQuestion) else ()


def _detail(status: HTTPStatus) -> str | None:
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return f"a request to this address may have {request.max_content_length} bytes: make it shorter"
    return _DETAILS.get(status)


def _field_error(details: ErrorDetails) -> FieldError:
    field = ".".join(map(str, details["loc"]))
    if details["type"] == "extra_forbidden":
        return FieldError(field, "there is no such field; /openapi.json lists those there are")
    if details["type"] == "missing":
        return FieldError(field, "is missing, and is needed")
    if details["type"] == "value_error":
        return FieldError(field, str(details["ctx"]["error"]))
    return FieldError(field, details["msg"])


def _of_status(status: HTTPStatus, detail: str, errors: tuple[FieldError, ...] = ()) -> Problem:
    return Problem("about:blank", status.phrase, status.value, detail, errors, request_id())
