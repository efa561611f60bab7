"""The description of the interface in machine form: OpenAPI 3.1."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from flask import Response
from pydantic import BaseModel

from qa.api.feedback import FeedbackAddress, FeedbackBody, UnansweredAddress
from qa.api.responses import GIVEN, conditional
from qa.api.schemas import components, field_docs
from qa.given import MAX_CITATIONS, Given
from qa.problems import Problem
from qa.requests import AskAddress, AskBody, BatchBody, ListAddress, PlaceAddress, QuotesBody
from qa.shapes import Feedback, FullArticle, UnansweredQuestion

EXAMPLES = Path(__file__).with_name("examples.json")
"""For each operation a request, and what it gives with the index of the starter archive; a test asks them all."""

_ABOUT = """\
Answers questions from an archive of articles with the archive's own words: the passages that answer best, each with a
citation that anyone can check, down to the character. Offsets count code points of an article's canonical text from 0,
half-open. What is not known is null or empty, never invented. Every error has one shape (RFC 9457)."""

_TAGS = {
    "questions": "Asking the archive, and how far its confidence can be trusted.",
    "articles": "What is in the archive.",
    "citations": "Citing, and checking what is cited.",
    "feedback": "What users say of answers, and what the archive did not answer; 403 where that is not kept.",
    "operations": "For those who run the service.",
}

_BODIES: Mapping[str, type[BaseModel]] = {
    "ask": AskBody,
    "ask_several": BatchBody,
    "verify_quotes": QuotesBody,
    "give_feedback": FeedbackBody,
}
_ADDRESSES: Mapping[str, type[BaseModel]] = {
    "ask_by_address": AskAddress,
    "list_articles": ListAddress,
    "cite": PlaceAddress,
    "list_feedback": FeedbackAddress,
    "list_unanswered": UnansweredAddress,
}
"""What operations take in the body and in the address, by their ids."""

_PLACES = {
    "article_id": field_docs(FullArticle)["id"],
    "feedback_id": field_docs(Feedback)["id"],
    "question_id": field_docs(UnansweredQuestion)["id"],
}
"""What stands in paths."""


def _reference(kind: str, of: str = "schemas") -> dict[str, str]:
    return {"$ref": f"#/components/{of}/{kind}"}


_ANSWER = {
    "type": "object",
    "description": "An answer, whose passages' citations are taken.",
    "properties": {
        "passages": {
            "type": "array",
            "description": "The passages of an answer.",
            "items": {
                "type": "object",
                "properties": {"citation": _reference("Given") | {"description": "Its citation."}},
                "required": ["citation"],
            },
        }
    },
    "required": ["passages"],
}
_GIVEN = {"anyOf": [_reference("Given"), _reference("GivenAnswer")]}
_GIVEN_LIST = {"type": "array", "description": "Citations or answers.", "items": _GIVEN, "maxItems": MAX_CITATIONS}
_CITATIONS = {
    "anyOf": [
        *_GIVEN["anyOf"],
        _GIVEN_LIST,
        {
            "type": "object",
            "description": "The same by name.",
            "properties": {"citations": _GIVEN_LIST},
            "required": ["citations"],
            "additionalProperties": False,
        },
    ]
}

_HEADERS = {
    "X-Request-ID": {
        "description": "The request's id: the one that it came with, or one that was made for it.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
    },
    "Server-Timing": {
        "description": "Milliseconds that it took: `app`, all of it; of questions also `encode`, `search` and `total`.",
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "Stays as long as the same would be answered; to be sent back in `If-None-Match`.",
        "schema": {"type": "string", "pattern": '^W/"[0-9a-f]{32}"$'},
    },
    "Location": {
        "description": "Where what was made can be read.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
}
_SENT = {
    "RequestId": {
        "name": "X-Request-ID",
        "in": "header",
        "description": "An id for the request, which comes back: 1 to 128 letters, digits, `.`, `_`, `:` and `-`."
        " Anything else is passed over.",
        "schema": {"type": "string"},
    },
    "KnownTag": {
        "name": "If-None-Match",
        "in": "header",
        "description": "Entity tags of what is known already; if the answer has one of them it is not sent again.",
        "schema": {"type": "string"},
    },
}


def add_description(app: APIFlask) -> None:
    """Adds the route of the description, which is made when it is first asked for."""
    app.description, app.servers = _ABOUT, [{"url": "/"}]
    app.tags = [{"name": name, "description": description} for name, description in _TAGS.items()]
    operations = {
        (re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule), method.lower()): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    app.spec_processor(lambda spec: _completed(spec, operations))

    @cache
    def description() -> tuple[bytes, str]:
        content = json.dumps(app.spec, ensure_ascii=False, separators=(",", ":")).encode()
        return content, sha256(content).hexdigest()

    @app.get("/openapi.json")
    @app.doc(hide=True)
    def openapi() -> Response:
        content, digest = description()
        return conditional(lambda: Response(content, content_type="application/json"), digest)


def _completed(spec: Any, operations: Mapping[tuple[str, str], str]) -> Any:
    """The description with what APIFlask doesn't know. It would with its ``input``, which for pydantic ignores the
    content type and repeated parameters; and it would have every schema once for each that uses it."""
    kinds = sorted({*GIVEN, Problem, Given, *_BODIES.values()}, key=lambda kind: kind.__name__)
    spec["components"] = {
        "schemas": components(kinds) | {"GivenAnswer": _ANSWER},
        "headers": _HEADERS,
        "parameters": _SENT,
    }
    examples = json.loads(EXAMPLES.read_bytes())
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            name = operations[path, method]
            _complete(operation, name, spec["components"]["schemas"])
            _illustrate(operation, examples.get(name, {}))
    return spec


def _complete(operation: dict[str, Any], name: str, schemas: Mapping[str, Any]) -> None:
    operation["operationId"] = name
    operation["summary"] = operation["summary"].rstrip(".")
    operation["description"] = " ".join(operation.get("description", "").split()) or f"{operation['summary']}."
    operation["parameters"] = list(_parameters(operation, name))
    if name in _BODIES or name == "verify_citations":
        schema = _reference(_BODIES[name].__name__) if name in _BODIES else _CITATIONS
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    is_conditional = "304" in operation["responses"]
    for status, response in operation["responses"].items():
        headers = ["X-Request-ID", "Server-Timing"]
        headers += ["ETag"] if is_conditional and status in ("200", "304") else []
        headers += ["Location"] if status == "201" else []
        response["headers"] = {header: _reference(header, "headers") for header in headers}
        for content in response.get("content", {}).values() if status in ("200", "201") else ():
            kind = content["schema"].get("$ref", "").rpartition("/")[2]
            response["description"] = schemas.get(kind, response)["description"]


def _parameters(operation: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    for parameter in operation.get("parameters", ()):
        yield parameter | {"description": _PLACES[parameter["name"]]}
    if name in _ADDRESSES:
        schema = components([_ADDRESSES[name]])[_ADDRESSES[name].__name__]
        for field, described in schema["properties"].items():
            yield _parameter(field, described, required=field in schema.get("required", ()))
    if "304" in operation["responses"]:
        yield _reference("KnownTag", "parameters")
    yield _reference("RequestId", "parameters")


def _parameter(name: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    """A field as a parameter of the address, where there is no null: it is left out."""
    description = schema.pop("description")
    if "anyOf" in schema:
        (schema,) = [one for one in schema["anyOf"] if one != {"type": "null"}]
    return {"name": name, "in": "query", "description": description, "required": required, "schema": schema}


def _illustrate(operation: dict[str, Any], example: dict[str, Any]) -> None:
    """Adds a request and its response."""
    for parameter in operation["parameters"]:
        if parameter.get("name") in example.get("given", {}):
            parameter["example"] = example["given"][parameter["name"]]
    if "body" in example:
        operation["requestBody"]["content"]["application/json"]["example"] = example["body"]
    for content in operation["responses"].get(str(example.get("status")), {}).get("content", {}).values():
        content["example"] = example["response"]
