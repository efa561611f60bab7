"""How often a host is asked, and what it says about that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from corpus.errors import NotFetched
from corpus.fetching.addresses import parse
from corpus.fetching.fetcher import Wanted
from corpus.fetching.pace import LONGEST_GAP, Pace
from tests.web import Clock, Site, Web, response


def test_a_host_is_asked_once_a_second_others_meanwhile() -> None:
    clock = Clock()
    pace = Pace(1, clock, clock.sleep)
    for host in ("a.example", "b.example", "a.example", "a.example"):
        pace.wait(host)
    assert clock.slept == [1, 1]
    clock.now += 5
    pace.wait("a.example")
    assert clock.slept == [1, 1]
    pace.slow_down("a.example", 4)
    pace.slow_down("a.example", 4)
    pace.wait("a.example")
    assert clock.slept[2:] == [4]
    pace.slow_down("b.example", 86400)
    pace.wait("b.example")
    pace.wait("b.example")
    assert clock.slept[-1] == LONGEST_GAP


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("120", 120),
        (None, 3600),
        ("soon", 3600),
        ("9" * 30, 3600),
        ("99999999", 7 * 86400),
        ("in two hours", 7200),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
    ],
)
def test_for_how_long_a_host_is_left_alone(retry_after: str | None, seconds: int) -> None:
    pace = Pace()
    if retry_after == "in two hours":  # As a date, counted from when the test runs.
        retry_after = f"{datetime.now(UTC) + timedelta(hours=2):%a, %d %b %Y %H:%M:%S GMT}"
    pace.stop("a.example", retry_after)
    left = (pace.stops["a.example"] - datetime.now(UTC)).total_seconds()
    assert min(left, 0) if not seconds else abs(left - seconds) < 60
    if seconds:
        with pytest.raises(NotFetched, match=r"a\.example has asked to be left alone until"):
            pace.wait("a.example")


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_host_that_says_stop_is_not_asked_again(site: Site, web: Web, status: str) -> None:
    site.answers["/busy"] = response(status, retry_after="60")
    fetcher = web.fetcher()
    with pytest.raises(NotFetched, match=rf"{status}: site\.example asks to be left alone"):
        fetcher.fetch(parse("http://site.example/busy"), Wanted())
    with pytest.raises(NotFetched, match="has asked to be left alone until"):
        fetcher.fetch(parse("http://site.example/"), Wanted())
    assert site.targets == ["/busy"]
