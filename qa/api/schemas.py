"""The schemas of what the interface takes and gives, with what docstrings say of each field."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from corpus.dates import PATTERN as DATE
from qa.answers import Citation
from qa.given import Given

REFERENCE = "#/components/schemas/{model}"

_Rule = Mapping[str, Any]

_SHARE: _Rule = {"minimum": 0, "maximum": 1}
_COUNT: _Rule = {"minimum": 0}
_ORDINAL: _Rule = {"minimum": 1}
_NUMBERS: Mapping[str, _Rule] = {
    **dict.fromkeys(("start", "end", "total", "count", "articles", "undated", "asked"), _COUNT),
    **dict.fromkeys(("answerable", "unanswerable", "independent_sources", "folds", "encode", "search"), _COUNT),
    **dict.fromkeys(("rank", "number", "id"), _ORDINAL),
    **dict.fromkeys(("score", "confidence", "answered", "threshold", "value", "low", "high"), _SHARE),
    "expected_calibration_error": _SHARE,
    "status": {"minimum": 400, "maximum": 599},
}
_DATE: _Rule = {"pattern": DATE, "examples": ["2025-03-04", "2025-03", "2025"]}
_TIME: _Rule = {"format": "date-time"}
_TEXTS: Mapping[str, _Rule] = {
    **dict.fromkeys(("published", "updated", "retrieved", "as_of"), _DATE),
    **dict.fromkeys(("made", "first_asked", "last_asked"), _TIME),
    "created": {"format": "date"},
    "sha256": {"pattern": "^[0-9a-f]{64}$"},
    "link": {"format": "uri-reference"},
    "request_id": {"pattern": "^[A-Za-z0-9._:-]{1,128}$"},
}
_RULES = {"integer": _NUMBERS, "number": _NUMBERS, "string": _TEXTS}
"""What holds of a field wherever it is given, by its JSON type and its name: the same word is the same idea."""

_OF_MODULES = re.compile(r" \(see `(corpus|index|qa)\.[\w.]+`\)|, see `\w+`")


class Documented(GenerateJsonSchema):
    """Makes schemas that say of each field what its docstring says, and what holds of it."""

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> dict[str, Any]:
        """See pydantic: of a value that is given, where every field is."""
        kind: type = schema["cls"]
        found = super().dataclass_schema(schema)
        for name, field in found["properties"].items():
            field.pop("default", None)
            _restrict(field, name)
        return _described(found, field_docs(kind))

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        """See pydantic: of what is taken. A citation that is given back has the fields of one that was given."""
        kind: type = schema["cls"]
        return _described(super().model_schema(schema), field_docs(Citation if kind is Given else kind))

    def field_title_should_be_set(self, schema: Any) -> bool:
        """See pydantic: a title would be the name once more."""
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        """See pydantic: of what is given, nothing is left out."""
        return self.mode == "serialization" or super().field_is_required(field, total)


def components(kinds: Iterable[type]) -> dict[str, Any]:
    """The schemas of these kinds, by name, with all that they are made of."""
    adapters = [(kind, _mode(kind), TypeAdapter[Any](kind)) for kind in kinds]
    _, found = TypeAdapter.json_schemas(adapters, schema_generator=Documented, ref_template=REFERENCE)
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _mode(kind: type) -> Literal["validation", "serialization"]:
    return "validation" if issubclass(kind, BaseModel) else "serialization"


@cache
def field_docs(kind: type) -> Mapping[str, str]:
    """The docstrings of a class's fields, inherited ones among them (PEP 257: attribute docstrings)."""
    docs: dict[str, str] = {}
    for base in reversed(kind.__mro__[:-1]):
        docs |= _own_docs(base)
    return docs


def _own_docs(kind: type) -> dict[str, str]:
    docs = {}
    for pair in pairwise(_classes(kind.__module__).get(kind.__name__, [])):
        match pair:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                docs[name] = _written(text)
    return docs


@cache
def _classes(module: str) -> Mapping[str, list[ast.stmt]]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {statement.name: statement.body for statement in tree.body if isinstance(statement, ast.ClassDef)}


def _restrict(field: dict[str, Any], name: str) -> None:
    """Adds what holds of a field of that name, also where it may be null."""
    for one in (field, *field.get("anyOf", ())):
        one |= _RULES.get(one.get("type", ""), {}).get(name, {})


def _described(schema: dict[str, Any], docs: Mapping[str, str]) -> dict[str, Any]:
    """The schema with what its fields are."""
    for name, field in schema.get("properties", {}).items():
        field["description"] = docs.get(name, "")
    return schema | {"description": _written(schema["description"])}


def _written(text: str) -> str:
    """A docstring as readers of JSON want it: CommonMark, null for None, and no module named."""
    return _OF_MODULES.sub("", " ".join(text.split()).replace("``", "`").replace("`None`", "`null`"))
