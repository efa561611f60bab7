"""Cutting what is many into requests that the service takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a request as JSON, and what it weighs: the passages that a question asks for."""

    content: bytes
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may have: parts, bytes in all of them, and their weight."""

    parts: int
    content: int
    weight: int = 0


QUESTIONS = Limits(256, 2**16, 2560)
"""As the service has them, but for the bytes, of which it takes sixteen times as many: short questions are not fewer by
that, and very long ones are answered within seconds."""

CITATIONS = Limits(1000, 4 * 2**20 - 1024)
QUOTES = Limits(100, 4 * 2**20 - 1024)
"""As the service has them, less what is around the parts."""


def batches(parts: Iterable[Part], most: Limits) -> Iterator[list[Part]]:
    """The parts in order, in as few lists as the limits allow; each is taken when it is needed, and not before.

    A part that is too large goes by itself, so that the service says what is wrong with it.
    """
    batch: list[Part] = []
    content = weight = 0
    for part in parts:
        content += len(part.content) + 1
        weight += part.weight
        if batch and (len(batch) == most.parts or content > most.content or weight > most.weight):
            yield batch
            batch, content, weight = [], len(part.content) + 1, part.weight
        batch.append(part)
    if batch:
        yield batch


def as_json(value: Any) -> bytes:
    """A value in JSON; broken characters stay, so that the service says what is wrong with them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


def listed(parts: Iterable[Part]) -> bytes:
    """The parts as one list in JSON."""
    return b"[" + b",".join(part.content for part in parts) + b"]"
