"""The texts of all generations on disk: what the archive held before, and may not hold any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from corpus.article import Article
from corpus.errors import IbidemError
from index.generation import file_sha256, generation_folder, list_generations, read_manifest
from index.store import FILE, Store


class History:
    """The generations in ``index``. Safe to use from several threads at once.

    Only their texts are opened and compared with their checksum, when they are asked for; a generation whose texts are
    damaged, or that has another format, counts as not there. What was pruned is let go.
    """

    def __init__(self, index: Path) -> None:
        self._index = index
        self._lock = threading.Lock()
        self._opened: dict[str, Store | None] = {}

    def has(self, generation: str, article_id: str, sha256: str) -> bool | None:
        """Whether a generation has that article with that text; ``None`` if it isn't there to be asked."""
        store = self.texts(generation)
        return None if store is None else article_id in store.by_sha256(sha256)

    def article_with(self, article_id: str, sha256: str) -> tuple[str, Article] | None:
        """The newest generation that has that article with that text, and the article; ``None`` if there is none."""
        for generation, store in self._stores():
            if article_id in store.by_sha256(sha256):
                return generation, store.article(article_id)
        return None

    def last_with(self, article_id: str, sha256: str) -> str | None:
        """The newest generation that has an article of that id, or one with that text."""
        for generation, store in self._stores():
            if store.has(article_id) or store.by_sha256(sha256):
                return generation
        return None

    def texts(self, generation: str) -> Store | None:
        """The texts of a generation; ``None`` if it isn't there to be asked."""
        return self._open(generation) if generation in list_generations(self._index) else None

    def before(self, generation: str) -> str | None:
        """The generation that was made before that one and is still there."""
        earlier = [name for name in list_generations(self._index) if name < generation]
        return earlier[-1] if earlier else None

    def _stores(self) -> Iterator[tuple[str, Store]]:
        """Each generation's texts, newest first."""
        listed = list_generations(self._index)
        with self._lock:
            self._opened = {generation: store for generation, store in self._opened.items() if generation in listed}
        for generation in reversed(listed):
            store = self._open(generation)
            if store:
                yield generation, store

    def _open(self, generation: str) -> Store | None:
        with self._lock:
            if generation not in self._opened:
                self._opened[generation] = _read(generation_folder(self._index, generation))
            return self._opened[generation]


def _read(folder: Path) -> Store | None:
    """The texts in ``folder``, ``None`` unless they are what was written."""
    try:
        whole = file_sha256(folder / FILE) == read_manifest(folder).files.get(FILE)
        return Store(folder) if whole else None
    except (IbidemError, OSError):
        return None
