"""Responses in JSON, and how the description of the interface speaks of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from hashlib import blake2b
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask import Response, request
from pydantic import BaseModel, RootModel, TypeAdapter

from qa.problems import PROBLEM_TYPE, Problem
from qa.shapes import FieldError


def json_response(value: object) -> Response:
    """A value of any of our dataclasses as JSON."""
    kind: Any = type(value)
    return Response(_adapter(kind).dump_json(value), content_type="application/json")


def conditional(make: Callable[[], Response], *depends: object) -> Response:
    """What ``make`` gives, with an entity tag; if the client has that already, 304 without making it.

    The tag is made of the request's address, the version of Ibidem and ``depends``, which are all that the content
    depends on. It is weak: the same answer takes another time, and travels compressed or not. What is wrong with the
    request must have been said before, as an error is the same however it is asked for (RFC 9110, 13.2.1).
    """
    tag = _tag(request.host_url, request.path, request.query_string, _version(), *depends)
    known = request.if_none_match.contains_weak(tag)
    response = Response(status=HTTPStatus.NOT_MODIFIED) if known else make()
    response.set_etag(tag, weak=True)
    response.cache_control.no_cache = True
    return response


def _tag(*depends: object) -> str:
    return blake2b(repr(depends).encode(), digest_size=16).hexdigest()


@cache
def _version() -> str:
    return version("ibidem")


GIVEN: set[type] = set()
"""The kinds that routes give."""


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@cache
def schema(kind: type) -> type[BaseModel]:
    """The kind's name in the description, in the form in which APIFlask takes one; see ``qa.api.schemas``."""
    GIVEN.add(kind)
    return type(kind.__name__, (RootModel[kind],), {"__doc__": kind.__doc__})  # type: ignore[valid-type]


UNCHANGED: dict[int, Any] = {HTTPStatus.NOT_MODIFIED.value: {"description": "What has the tag sent is the same still."}}
"""That a route answers as ``conditional`` does, for its description."""

_MEANINGS = {
    HTTPStatus.BAD_REQUEST: "The body is not JSON, or the address not UTF-8 or says something twice.",
    HTTPStatus.FORBIDDEN: "Feedback is turned off.",
    HTTPStatus.NOT_FOUND: "There is no such thing.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The address is too long.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not declared as JSON.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field is missing, unknown, or can't be what it is.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "A fault of the service; its log says more.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The file that feedback is kept in can't be used at the moment.",
}
_EXAMPLE_ID = "5b1f1c9e6f3b4a0f8f6d2a7f0f7c9d11"
_DETAILS = {
    HTTPStatus.BAD_REQUEST: "top_k is given more than once: give it once",
    HTTPStatus.FORBIDDEN: "feedback is turned off here: the setting 'feedback' names no file",
    HTTPStatus.NOT_FOUND: "there is no article '2027/none' in this generation",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "a request to this address may have 65536 bytes: make it shorter",
    HTTPStatus.REQUEST_URI_TOO_LONG: "the address and its method have more than 8190 bytes: ask with POST, in the body",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "send JSON, with Content-Type: application/json",
    HTTPStatus.UNPROCESSABLE_ENTITY: "top_k: Input should be less than or equal to 100",
    HTTPStatus.INTERNAL_SERVER_ERROR: "an unexpected error; the service's log has it",
    HTTPStatus.SERVICE_UNAVAILABLE: "the feedback in var/feedback.sqlite can't be used: others are using it: try again",
}
"""For each status an example of what is said."""


def problems(*statuses: int) -> dict[int, Any]:
    """The errors that a route may answer with, a fault of the service among them, for its description."""
    return {status.value: _problem(status) for status in map(HTTPStatus, (*statuses, HTTPStatus.INTERNAL_SERVER_ERROR))}


def _problem(status: HTTPStatus) -> dict[str, Any]:
    detail = _DETAILS[status]
    field, _, message = detail.partition(": ")
    errors = (FieldError(field, message),) if status == HTTPStatus.UNPROCESSABLE_ENTITY else ()
    example = Problem("about:blank", status.phrase, status.value, detail, errors, _EXAMPLE_ID)
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": asdict(example)}
    return {"description": _MEANINGS[status], "content": {PROBLEM_TYPE: content}}
