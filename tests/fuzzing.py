"""What a schema can't say of requests, for Schemathesis, which loads this by SCHEMATHESIS_HOOKS.

Where a request is as the schema says and is refused all the same, one of these has to hold of it: they look at the
request itself, and not at what the service says of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.openapi.checks import RejectedPositiveData

DATES = {"published_from", "published_to", "as_of", "published", "updated", "retrieved"}
LONGEST_ADDRESS = 8000
"""In bytes, about: what is longer may be refused before anybody reads it."""

IN_THE_ARCHIVE = {"POST /v1/feedback", "GET /v1/citations"}
"""What these take must be in the archive."""


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Whether a failure counts."""
    if response.status_code == 414:
        return len(response.request.url or "") < LONGEST_ADDRESS
    return not (isinstance(failure, RejectedPositiveData) and response.status_code == 422 and _is_explained(case))


def _is_explained(case: Case[Any]) -> bool:
    sent = [part for part in (case.query, case.body) if isinstance(part, dict | list)]
    return (
        any(not _is_date(value) for name, value in _strings(sent) if name in DATES)
        or any(map(_ends_before_it_begins, _objects(sent)))
        or case.operation.label in IN_THE_ARCHIVE
        or any(name == "cursor" for name, _ in _strings(sent))
        or (case.path == "/v1/ask/batch" and _passages(case.body) > 2560)
        or (case.path == "/v1/citations/verify" and not list(_citations(case.body)))
    )


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)


def _strings(value: Any) -> Iterator[tuple[str, str]]:
    """Every text that a name has in a value."""
    return ((name, text) for one in _objects(value) for name, text in one.items() if isinstance(text, str))


def _is_date(value: str) -> bool:
    try:
        return bool(date.fromisoformat(value + "-01" * (2 - value.count("-"))))
    except ValueError:
        return False


def _ends_before_it_begins(value: dict[str, Any]) -> bool:
    """Whether a period or a span does: dates of unequal length are compared as far as both go."""
    first, last = value.get("published_from"), value.get("published_to")
    if isinstance(first, str) and isinstance(last, str):
        shared = min(len(first), len(last))
        return first[:shared] > last[:shared]
    start, end = value.get("start"), value.get("end")
    return isinstance(start, int | float) and isinstance(end, int | float) and end <= start


def _passages(body: Any) -> int:
    return int(sum(question.get("top_k", 5) for question in body["questions"]))


def _citations(body: Any) -> Iterator[Any]:
    """The citations in a body; an answer without passages and an empty list have none."""
    return (one for one in _objects(body) if "sha256" in one)
