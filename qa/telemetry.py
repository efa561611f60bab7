"""What the service tells its operator: Prometheus metrics and a log on standard error."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from index.generation import Manifest
from qa.answering import Took
from qa.tracing import WithRequest

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
        seconds = Histogram(
            "ibidem_answer_seconds",
            "Time to answer a question, by stage.",
            ["stage"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._stages = [seconds.labels(stage) for stage in ("encode", "search", "total")]

    def count_request(self, route: str, status: int) -> None:
        """Counts a request to a route that was answered with an HTTP status."""
        self._requests.labels(route, str(status)).inc()

    def time_answer(self, took: Took) -> None:
        """Records how long the stages of an answer took."""
        for stage, milliseconds in zip(self._stages, (took.encode, took.search, took.total), strict=True):
            stage.observe(milliseconds / 1000)

    def exposition(self, manifest: Manifest) -> tuple[bytes, str]:
        """The metrics in Prometheus's text format, with their content type."""
        registry = self._registry
        if self._shared:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + generate_latest(_Served(manifest)), CONTENT_TYPE_LATEST


class _Served:
    """What this process serves at the moment, as a registry of one gauge; nothing of earlier generations stays."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """See prometheus_client."""
        what = "Articles, passages and sentences of the generation that is served."
        gauge = GaugeMetricFamily("ibidem_generation", what, labels=["generation", "of"])
        for of in ("articles", "passages", "sentences"):
            gauge.add_metric([self._manifest.generation, of], getattr(self._manifest, of))
        yield gauge


def configure_log() -> None:
    """Sends Ibidem's log to standard error, one line a message, with the time in UTC and the id of the request."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(WithRequest())
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(request)s%(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    log = logging.getLogger("ibidem")
    log.handlers = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
