"""Responses in JSON, and how the description of the interface speaks of them."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

from flask import Response
from pydantic import BaseModel, RootModel, TypeAdapter

from qa.problems import PROBLEM_TYPE


def json_response(value: object) -> Response:
    """A value of any of our dataclasses as JSON."""
    kind: Any = type(value)
    return Response(_adapter(kind).dump_json(value), content_type="application/json")


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@cache
def schema(kind: type) -> type[BaseModel]:
    """The kind's JSON schema, in the form in which APIFlask takes one for /openapi.json."""
    return type(kind.__name__, (RootModel[kind],), {"__doc__": kind.__doc__})  # type: ignore[valid-type]


def problems(*statuses: int) -> dict[int, Any]:
    """The errors that a route may answer with, for its description."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }
