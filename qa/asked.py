"""A question as it was asked, for what is kept of it: what it is compared by, and of which articles it was asked."""

from __future__ import annotations

import json
from dataclasses import fields
from unicodedata import normalize

from index.filters import Filters
from qa.shapes import Narrowing

_ELSEWHERE = {"as_of", "copies"}


def fold(question: str) -> str:
    """The question without regard to case, to forms of letters (NFKC), and to how much white space parts its words."""
    return " ".join(normalize("NFKC", normalize("NFKC", question).casefold()).split())


def narrowing(filters: Filters) -> Narrowing:
    """The filters that were given, but for ``as_of``."""
    values = {field.name: getattr(filters, field.name) for field in fields(Filters) if field.name not in _ELSEWHERE}
    return {name: value for name, value in values.items() if value}


def to_json(filters: Narrowing, as_of: str | None) -> str:
    """Of which articles a question was asked, ``{}`` if of all; equal texts for equal filters in any order."""
    lists = {name: value if isinstance(value, str) else sorted(set(value)) for name, value in filters.items()}
    return json.dumps(lists | ({"as_of": as_of} if as_of else {}), sort_keys=True)


def from_json(text: str) -> tuple[Narrowing, str | None]:
    """What ``to_json`` wrote down: the filters, and ``as_of``."""
    values = json.loads(text)
    as_of = values.pop("as_of", None)
    return {name: value if isinstance(value, str) else tuple(value) for name, value in values.items()}, as_of
