"""Cursors: where a page of a listing ends, as an opaque text that stays good when the listing changes.

A cursor has the order it belongs to and the sort key of the last one shown, and nothing of a place or a generation: the
next page begins behind that key, whatever was added or taken away before it.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from corpus.errors import InvalidField

PATTERN = "^[A-Za-z0-9_-]+$"
"""What every cursor looks like; not everything that looks so is one."""

Key = tuple[Any, ...]
"""What a listing is sorted by: texts, whole numbers and truth values."""


def write(order: str, key: Key) -> str:
    """The cursor of a place in an order: letters, digits, ``-`` and ``_``."""
    content = json.dumps([order, *key], ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(content.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def read(cursor: str, order: str, kinds: tuple[type, ...]) -> Key:
    """The key in a cursor, which has values of these kinds. Raises ``InvalidField`` for what ``write`` did not give,
    or not for this order."""
    try:
        found, *key = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, RecursionError):
        raise _not_one() from None
    if not isinstance(found, str) or write(found, tuple(key)) != cursor:
        raise _not_one()
    if found != order:
        raise InvalidField("cursor", f"is of the order {found[:20]!r}, not of {order!r}: begin without a cursor")
    if tuple(map(type, key)) != kinds:
        raise _not_one()
    return tuple(key)


def _not_one() -> InvalidField:
    return InvalidField("cursor", "must be 'next' of an earlier page, as it was given")
