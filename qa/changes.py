"""What is new in a generation, against the one before it."""

from __future__ import annotations

from functools import lru_cache

from index.history import History
from index.search import Engine
from index.store import Store
from qa.catalogue import age
from qa.shapes import ChangedArticles, Changes

MOST = 100
"""So many articles of each kind are listed."""

_KEPT = 4


def changes(engine: Engine, history: History) -> Changes:
    """What is new in the engine's generation."""
    generation = engine.manifest.generation
    return _changes(history, generation, history.before(generation))


# What is in a generation never changes.
@lru_cache(maxsize=_KEPT)
def _changes(history: History, generation: str, since: str | None) -> Changes:
    now = history.texts(generation)
    then = history.texts(since) if since else None
    if now is None or then is None:
        nothing = ChangedArticles(0, ())
        return Changes(generation, None, nothing, nothing, nothing)
    digests, earlier = now.digests(), then.digests()
    return Changes(
        generation=generation,
        since=since,
        added=_listed(now, digests.keys() - earlier.keys()),
        changed=_listed(now, {name for name, digest in digests.items() if earlier.get(name, digest) != digest}),
        removed=_listed(then, earlier.keys() - digests.keys()),
    )


def _listed(store: Store, article_ids: set[str]) -> ChangedArticles:
    if not article_ids:
        return ChangedArticles(0, ())
    found = (entry for entry in store.catalogue() if entry.id in article_ids)
    entries = sorted(found, key=lambda entry: age(entry, latest_first=True))
    return ChangedArticles(len(entries), tuple(entries[:MOST]))
