"""Embedding what articles have to be embedded: every text once, and in batches of like length."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy as np

from index import pieces
from index.cache import VectorCache
from index.encoder import Encoder, Vectors
from index.prepared import Prepared
from index.readings import Readings
from index.vectors import Ids

WINDOW = 1024
"""So many texts are sorted by length and encoded together: enough that batches are of like length, and few enough that
little is lost if the build is killed."""


class Embedding:
    """Embeds the texts of articles, as far as the ``cache`` lacks them, and keeps their vectors there. The ``encoder``
    is called for only if there are any.

    ``done`` counts the texts that were encoded, which took ``seconds``.
    """

    def __init__(
        self,
        encoder: Callable[[], Future[Encoder]],
        cache: VectorCache,
        readings: Readings,
        progress: Callable[[str, int, int | None], None],
    ) -> None:
        self._encoder, self._cache, self._readings, self._progress = encoder, cache, readings, progress
        self._sentences: dict[bytes, str] = {}
        self._passages: dict[bytes, str] = {}
        self._articles: list[bytes] = []
        self._share = 1.0
        self.done, self.seconds = 0, 0.0

    @property
    def expected(self) -> int:
        """How many texts will have been encoded in the end, if the articles to come are like those so far."""
        return round((self.done + len(self._sentences) + len(self._passages)) / max(self._share, 1e-9))

    def add(self, reading: bytes, prepared: Prepared, share: float) -> None:
        """Takes an article, by the key of its reading; with it there is that ``share`` of all, above 0 to 1."""
        self._share = share
        self._articles.append(reading)
        for waiting, texts in (
            (self._sentences, prepared.sentence_texts()),
            (self._passages, prepared.passage_texts()),
        ):
            by_key = {self._cache.key(text): text for text in texts}
            waiting.update((key, by_key[key]) for key in self._cache.missing(by_key))
        if len(self._sentences) + len(self._passages) >= WINDOW:
            self.flush()

    def flush(self) -> None:
        """Embeds what is waiting; its articles then count as embedded."""
        self._encode(self._passages, with_pieces=True)
        self._encode(self._sentences, with_pieces=False)
        self._readings.embedded(self._articles, self._cache.identity)
        self._articles = []

    def _encode(self, waiting: dict[bytes, str], *, with_pieces: bool) -> None:
        if not waiting:
            return
        encoder = self._encoder().result()
        begun, keys = time.monotonic(), list(waiting)

        def keep(numbers: Ids, found: Vectors, rows: Sequence[Vectors]) -> None:
            batch = [keys[number] for number in numbers.tolist()]
            self._cache.add(batch, found, [*map(_kept, rows)] if with_pieces else None)
            for key in batch:
                del waiting[key]
            self.done += len(batch)
            self._progress("Embedding", self.done, self.expected)

        encoder.encode_passages(list(waiting.values()), keep)
        self.seconds += time.monotonic() - begun


def _kept(rows: Vectors) -> pieces.Pieces:
    """A passage's word pieces as they are kept; one of zeros for a passage that the tokenizer has no piece for."""
    return pieces.quantize(rows if len(rows) else np.zeros((1, rows.shape[1]), np.float32))
