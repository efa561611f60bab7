"""How long ago something was, in words."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60))


def ago(moment: str) -> str:
    """How long ago a moment in ISO 8601 was: in the largest unit of which it is at least one, two days or more."""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()
    for name, length in _UNITS:
        count = int(seconds // length)
        if count:
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


def minute(moment: str) -> str:
    """A moment in ISO 8601, in UTC, to the minute, for readers."""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
