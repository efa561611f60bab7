"""Watching folders of articles for changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from watchfiles import Change, watch

from corpus.errors import NoArticles

SETTLED_MS = 1_000
"""Changes are acted on once there were none for so long,"""

MOST_MS = 30_000
"""or, in folders that never rest, once so long has gone by."""


def changes(folders: Sequence[Path]) -> Iterator[None]:
    """Comes once at the start, and then each time that something in the folders changed and has settled.

    What changes meanwhile is not missed. Hidden files and editors' backups don't count, as they are no articles. What
    is only reached through a link is not watched. Raises ``NoArticles`` if a folder is missing.
    """
    for folder in folders:
        if not folder.is_dir():
            raise NoArticles(f"the folder of articles {folder} can't be watched; name a folder that exists")
    seen = watch(
        *folders,
        watch_filter=_matters,
        step=SETTLED_MS,
        debounce=MOST_MS,
        rust_timeout=SETTLED_MS,
        yield_on_timeout=True,
        raise_interrupt=True,
    )
    # The first one comes when nothing happened for a while: from then on every change is seen.
    next(seen)
    yield
    for found in seen:
        if found:
            yield


def _matters(_: Change, path: str) -> bool:
    name = Path(path).name
    return not name.startswith(".") and not name.endswith("~")
