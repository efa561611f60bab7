"""What is remembered of feeds from one run to the next, in one file of JSON that is replaced as a whole."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from corpus.errors import NotFetched

FILE = ".feeds.json"
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """An entry whose page isn't kept yet: what the feed said of it, and how often it was tried."""

    said: Mapping[str, Any]
    tries: int = 0


@dataclass(frozen=True, kw_only=True)
class FeedState:
    """One feed: its validators for conditional requests, when it was read last (ISO 8601, UTC), how many of its pages
    were kept in all, which of its entries are dealt with, and which wait; ``problem`` is why it wasn't read last time.
    """

    title: str | None = None
    etag: str | None = None
    modified: str | None = None
    checked: str | None = None
    kept: int = 0
    done: tuple[str, ...] = ()
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class State:
    """All feeds by their addresses, and the hosts that asked to be left alone, until when."""

    feeds: Mapping[str, FeedState] = field(default_factory=dict)
    stops: Mapping[str, datetime] = field(default_factory=dict)


def load(folder: Path) -> State:
    """What is remembered in a folder of fetched pages; nothing before the first run. Raises ``NotFetched``."""
    path = folder / FILE
    try:
        found = json.loads(path.read_bytes())
        if found["format"] != FORMAT:
            raise ValueError(f"it has format {found['format']}")
        return State(
            feeds={url: _feed(values) for url, values in found["feeds"].items()},
            stops={host: datetime.fromisoformat(until) for host, until in found["stops"].items()},
        )
    except FileNotFoundError:
        return State()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotFetched(f"{path} can't be read ({error}); remove it, and all feeds are read anew") from None


def _feed(values: dict[str, Any]) -> FeedState:
    waiting = {url: Waiting(**entry) for url, entry in values["waiting"].items()}
    return FeedState(**{**values, "done": tuple(values["done"]), "waiting": waiting})


def save(folder: Path, state: State) -> None:
    """Remembers a state; after a crash it is there, or the one before is."""
    content = {
        "format": FORMAT,
        "feeds": {url: asdict(feed) for url, feed in state.feeds.items()},
        "stops": {host: until.isoformat() for host, until in state.stops.items()},
    }
    temporary = folder / f"{FILE}.part"
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / FILE)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
