"""How fast one host is asked: never more than one request a second, slower if it says so, no more once it says stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from corpus.errors import NotFetched

GAP = 1.0
"""Seconds from one request to a host to the next, at least."""

LONGEST_GAP = 30.0
"""Seconds; a host that wants more between two requests is asked every so many all the same."""

LONGEST_STOP = timedelta(days=7)
WITHOUT_A_WORD = timedelta(hours=1)
"""For how long a host is left alone that says stop, but not until when."""


class Pace:
    """The pace of one run; ``stops`` are the hosts that said stop, and until when."""

    def __init__(
        self,
        gap: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.stops: dict[str, datetime] = {}
        self._gap = GAP if gap is None else gap
        self._gaps: dict[str, float] = {}
        self._next: dict[str, float] = {}
        self._clock, self._sleep = clock, sleep

    def wait(self, host: str) -> None:
        """Waits until the host may be asked again. Raises ``NotFetched`` if it may not in this run."""
        self.check(host)
        left = self._next.get(host, 0.0) - self._clock()
        if left > 0:
            self._sleep(left)
        self._next[host] = self._clock() + self._gaps.get(host, self._gap)

    def check(self, host: str) -> None:
        """Raises ``NotFetched`` if the host said stop."""
        until = self.stops.get(host)
        if until is not None and until > datetime.now(UTC):
            when = until.strftime("%Y-%m-%d %H:%M UTC")
            raise NotFetched(f"{host} has asked to be left alone until {when}; try again then")

    def slow_down(self, host: str, seconds: float) -> None:
        """Takes in that a host wants so many seconds between requests."""
        before = self._gaps.get(host, self._gap)
        self._gaps[host] = min(max(seconds, self._gap), LONGEST_GAP)
        if host in self._next:
            self._next[host] += self._gaps[host] - before

    def stop(self, host: str, retry_after: str | None) -> None:
        """Takes in that a host says stop; ``retry_after`` is that header, seconds or a date."""
        now = datetime.now(UTC)
        until = _moment(retry_after, now) or now + WITHOUT_A_WORD
        self.stops[host] = min(until, now + LONGEST_STOP)


def _moment(retry_after: str | None, now: datetime) -> datetime | None:
    if retry_after is None:
        return None
    if retry_after.isdecimal() and len(retry_after) < 10:
        return now + timedelta(seconds=int(retry_after))
    try:
        found = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
