"""What the OpenAPI description says beside what APIFlask finds out itself."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from typing import Any, Literal

from apiflask import APIFlask
from flask import Response
from pydantic import BaseModel, TypeAdapter

from qa.api.feedback import FeedbackAddress, FeedbackBody, UnansweredAddress
from qa.api.responses import conditional
from qa.given import MAX_CITATIONS, Given
from qa.problems import Problem
from qa.requests import AskAddress, AskBody, BatchBody, ListAddress, PlaceAddress, QuotesBody


def add_description(app: APIFlask) -> None:
    """Adds the route of the description, which is made when it is first asked for."""

    @cache
    def description() -> tuple[bytes, str]:
        content = json.dumps(app.spec, ensure_ascii=False, separators=(",", ":")).encode()
        return content, sha256(content).hexdigest()

    @app.get("/openapi.json")
    @app.doc(hide=True)
    def openapi() -> Response:
        content, digest = description()
        return conditional(lambda: Response(content, content_type="application/json"), digest)


def complete(spec: Any) -> Any:
    """Adds what routes take, and the shape of errors, to the OpenAPI description.

    APIFlask would do it with its ``input``, which for pydantic ignores the content type and repeated parameters.
    """
    schemas = spec["components"]["schemas"]
    operations = spec["paths"]["/v1/ask"]
    operations["post"]["requestBody"] = _body(_reference(schemas, AskBody))
    spec["paths"]["/v1/ask/batch"]["post"]["requestBody"] = _body(_reference(schemas, BatchBody))
    operations["get"]["parameters"] = _parameters(AskAddress)
    spec["paths"]["/v1/citations"]["get"]["parameters"] = _parameters(PlaceAddress)
    spec["paths"]["/v1/quotes/verify"]["post"]["requestBody"] = _body(_reference(schemas, QuotesBody))
    spec["paths"]["/v1/articles"]["get"]["parameters"] = _parameters(ListAddress)
    spec["paths"]["/v1/feedback"]["post"]["requestBody"] = _body(_reference(schemas, FeedbackBody))
    spec["paths"]["/v1/feedback"]["get"]["parameters"] = _parameters(FeedbackAddress)
    spec["paths"]["/v1/unanswered"]["get"]["parameters"] = _parameters(UnansweredAddress)
    given = _reference(schemas, Given)
    _reference(schemas, Problem)
    citations = {"anyOf": [given, {"type": "array", "items": given, "maxItems": MAX_CITATIONS}]}
    spec["paths"]["/v1/citations/verify"]["post"]["requestBody"] = _body(citations)
    return spec


def _parameters(kind: type[BaseModel]) -> list[dict[str, Any]]:
    """The fields of a kind as parameters of an address."""
    flat = kind.model_json_schema()
    return [
        {"name": name, "in": "query", "required": name in flat.get("required", ()), "schema": field}
        for name, field in flat["properties"].items()
    ]


def _reference(schemas: dict[str, Any], kind: type) -> dict[str, str]:
    """A reference to a kind's schema, which is added with all that it is made of."""
    mode: Literal["validation", "serialization"] = "validation" if issubclass(kind, BaseModel) else "serialization"
    schema = TypeAdapter(kind).json_schema(mode=mode, ref_template="#/components/schemas/{model}")
    schemas |= {**schema.pop("$defs", {}), kind.__name__: schema}
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}
