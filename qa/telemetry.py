"""What the service tells its operator: Prometheus metrics and a log on standard error."""

from __future__ import annotations

import logging
import sys
import time

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from index.generation import Manifest
from qa.answering import Took

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Telemetry:
    """The metrics of one application.

    ``shared`` says that the service has several processes, whose figures are added up; each then keeps its own
    in the folder that prometheus_client was told of before it was imported (see ``qa.server``).
    """

    def __init__(self, shared: bool) -> None:
        self._shared = shared
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "ibidem_requests", "Requests, by route and status.", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "ibidem_answer_seconds",
            "Time to answer a question, by stage.",
            ["stage", "generation"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._generation = Gauge(
            "ibidem_generation",
            "Articles, passages and sentences of the generation that is served.",
            ["generation", "of"],
            registry=self._registry,
            multiprocess_mode="mostrecent",
        )

    def count_request(self, route: str, status: int) -> None:
        """Counts a request to a route that was answered with an HTTP status."""
        self._requests.labels(route, str(status)).inc()

    def time_answer(self, generation: str, took: Took) -> None:
        """Records how long the stages of an answer took."""
        for stage, milliseconds in (("encode", took.encode), ("search", took.search), ("total", took.total)):
            self._seconds.labels(stage, generation).observe(milliseconds / 1000)

    def exposition(self, manifest: Manifest) -> tuple[bytes, str]:
        """The metrics in Prometheus's text format, with their content type."""
        if not self._shared:
            self._generation.clear()
        for of in ("articles", "passages", "sentences"):
            self._generation.labels(manifest.generation, of).set(getattr(manifest, of))
        registry = self._registry
        if self._shared:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST


def configure_log() -> None:
    """Sends Ibidem's log to standard error, one line a message, with the time in UTC."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    log = logging.getLogger("ibidem")
    log.handlers = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
