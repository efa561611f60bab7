"""What is found wrong with an archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
"""An ``error`` is certainly wrong and shows in answers or citations, or keeps the service from working; a ``warning``
is something missing or probably wrong; with a ``note`` nothing is wrong."""

EXAMPLES = 5
"""So many of those that a finding is about are named."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was found, by a ``code`` that stays the same: of how many, the first of them, ``what`` is wrong in
    one sentence, and what to ``do`` about it in another."""

    code: str
    severity: Severity
    count: int
    what: str
    do: str
    examples: tuple[str, ...] = ()


Findings = Iterator[Finding]


def about(code: str, severity: Severity, found: Sequence[str], what: str, do: str) -> Findings:
    """The finding about some articles, none if there are none; ``what`` goes on behind how many they are."""
    if found:
        yield Finding(
            code, severity, len(found), f"{counted(len(found), 'article')} {what}", do, tuple(found[:EXAMPLES])
        )


def counted(number: int, what: str) -> str:
    """So many of something, as in ``3 files``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
