"""Citations that somebody gives to be checked: what they may look like, and reading them from JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from corpus import dates
from corpus.errors import InvalidCitation, NotJson

MAX_CITATIONS = 1000
"""So many citations are checked in one request."""

_LAST_OFFSET = 2**53 - 1
"""The greatest whole number that every reader of JSON has exactly (RFC 8259)."""


def _date(value: str) -> str:
    if dates.parse(value) != value:
        raise ValueError("a date is written 2025, 2025-03 or 2025-03-04")
    return value


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

Date = Annotated[str, AfterValidator(_date), Field(json_schema_extra={"pattern": dates.PATTERN})]
WHOLE = BeforeValidator(_whole)
"""Takes whole numbers however JSON writes them: 5.0 is one too (JSON Schema 2020-12, 6.1.1)."""

Offset = Annotated[int, Field(ge=0, le=_LAST_OFFSET), WHOLE]


class Given(BaseModel):
    """A citation as an answer gave it (see ``qa.answers.Citation``), whole or in part: what is left out is not
    compared, and what is ``null`` is compared with what the archive doesn't know either."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    article_id: str
    start: Offset
    end: Offset
    quote: Annotated[str, Field(min_length=1)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    title: str = ""
    title_inferred: bool = False
    authors: list[str] = []
    publisher: str | None = None
    url: str | None = None
    published: Date | None = None
    updated: Date | None = None
    retrieved: Date | None = None
    provenance: dict[str, dict[str, str | None]] = {}
    language: str | None = None
    page: str | None = None
    prefix: str = ""
    suffix: str = ""
    generation: str = ""
    link: str = ""
    source_link: str | None = None

    @field_validator("end")
    @classmethod
    def _behind_start(cls, end: int, info: ValidationInfo) -> int:
        if end <= info.data.get("start", -1):
            raise ValueError(f"end is {end} and start {info.data['start']}: the end stands behind the start")
        return end


def read_citations(data: bytes, most: int | None = None) -> list[Given]:
    """The citations in JSON or JSON lines, in order.

    Each value is a citation; an answer, whose passages' citations are taken; a list of these; or ``{"citations": …}``
    with such a list. Raises ``NotJson``, or ``InvalidCitation`` for one that can't be checked, for none at all, and for
    more than ``most``.
    """
    found = [citation for value in _values(data) for citation in _citations(value)]
    if not found:
        raise InvalidCitation("there is no citation to check: give one, a list of them, or an answer that has some")
    if most is not None and len(found) > most:
        raise InvalidCitation(f"there are {len(found)} citations, and at most {most} are checked at a time: give fewer")
    return [_given(number, citation) for number, citation in enumerate(found, 1)]


def _values(data: bytes) -> Iterator[Any]:
    """The JSON values in ``data``, with white space between them: one, or one a line."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise NotJson(f"the citations are not JSON in UTF-8: {error}") from None
    end = _space(text, 0)
    if end == len(text):
        raise NotJson("the citations are not JSON: there is nothing at all")
    while end < len(text):
        start = end
        try:
            value, end = _DECODER.raw_decode(text, start)
            if _SURROGATE.search(text, start, end):
                json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise NotJson(f"{_line(text, start)} has broken characters (lone surrogates)") from None
        except RecursionError:
            raise NotJson(f"{_line(text, start)} is nested too deep") from None
        except ValueError as error:
            raise NotJson(f"{_line(text, start)} is not JSON: {error}") from None
        yield value
        end = _space(text, end)


def _space(text: str, start: int) -> int:
    """Where white space that begins at ``start``, if there is any, ends."""
    while start < len(text) and text[start] in " \t\r\n":
        start += 1
    return start


def _line(text: str, start: int) -> str:
    line = text.count("\n", 0, start) + 1
    return f"what begins in line {line} of the citations"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("an object has the same name twice")
    return values


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no value")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant)


def _citations(value: Any) -> Iterator[Any]:
    """What should be citations, of a citation, an answer, or a list of these."""
    if isinstance(value, dict) and "citations" in value:
        _refuse_others(value, "citations")
        value = value["citations"]
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, dict) and isinstance(part.get("passages"), list):
            yield from (passage.get("citation") if isinstance(passage, dict) else None for passage in part["passages"])
        else:
            yield part


def _refuse_others(value: dict[str, Any], name: str) -> None:
    others = sorted(value.keys() - {name})
    if others:
        raise InvalidCitation(f"{others[0]}: there is no such field beside {name}")


def _given(number: int, value: Any) -> Given:
    try:
        return Given.model_validate(value)
    except ValidationError as error:
        raise InvalidCitation(f"citation {number}: {'; '.join(map(_problem, error.errors()))}") from None


def _problem(details: ErrorDetails) -> str:
    field = ".".join(map(str, details["loc"]))
    match details["type"]:
        case "missing":
            return f"{field} is missing, and is needed"
        case "extra_forbidden":
            return f"there is no field {field}; there are {', '.join(Given.model_fields)}"
        case "model_type":
            return "it is not an object with the fields of a citation"
        case "string_pattern_mismatch":
            return f"{field} is not 64 hexadecimal digits in lower case"
        case "value_error":
            return f"{field}: {details['ctx']['error']}"
        case _:
            return f"{field}: {details['msg']}"
