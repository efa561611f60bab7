"""Following feeds: of each, the pages of its new entries are kept.

What is new goes into the list of those that wait as soon as the feed was read, and out of it when its page is kept; so
a run may stop anywhere, and the next one goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from corpus.errors import NotFetched
from corpus.fetching import feed_state, feeds
from corpus.fetching.addresses import WebAddress, parse
from corpus.fetching.feed_state import FeedState, State, Waiting
from corpus.fetching.fetcher import Fetched, Wanted, described
from corpus.fetching.pages import Keeper, Outcome
from corpus.fetching.wire import Head, decoded

MOST_TRIES = 5
"""How often the page of an entry is tried, once a run."""

MOST_A_RUN = 200
"""How many entries of one feed are looked at in a run; the others wait for the next."""

_LOCK = ".feeds.lock"
_ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"


@dataclass(frozen=True, slots=True)
class FeedOutcome:
    """What became of a feed: it was ``read``, with so many ``new`` entries, or is ``unchanged``, or is ``gone`` for
    good, or was ``refused`` for a ``reason``. ``moved`` is its new address, if it has one."""

    url: str
    status: Literal["read", "unchanged", "gone", "refused"]
    title: str | None = None
    new: int = 0
    reason: str | None = None
    moved: str | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """What is known of a feed: when it was read last, and how many of its pages were kept, and wait."""

    url: str
    title: str | None
    checked: str | None
    kept: int
    waiting: int
    problem: str | None


def followed(folder: Path, urls: tuple[str, ...]) -> list[Followed]:
    """What is known of these feeds, and of all others that were read."""
    known = feed_state.load(folder).feeds
    keys = dict.fromkeys([*map(_key, urls), *known])
    return [
        Followed(url, feed.title, feed.checked, feed.kept, len(feed.waiting), feed.problem)
        for url in keys
        for feed in [known.get(url, FeedState())]
    ]


def follow(keeper: Keeper, urls: tuple[str, ...]) -> Iterator[FeedOutcome | Outcome]:
    """Reads feeds one after the other; says what became of each, and then of the pages of its entries.

    Raises ``NotFetched`` if another run is on its way.
    """
    keeper.folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(keeper.folder / _LOCK, timeout=0):
            run = _Run(keeper)
            for url in dict.fromkeys(map(_key, urls)):
                yield from run.follow(url)
    except Timeout:
        raise NotFetched("feeds are being read already; wait until that is done") from None


def _key(url: str) -> str:
    try:
        return str(parse(url))
    except NotFetched:
        return url


class _Run:
    """One run; what it learns is remembered at once."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._pace = keeper.fetcher.pace
        state = feed_state.load(keeper.folder)
        self._feeds = dict(state.feeds)
        now = datetime.now(UTC)
        self._pace.stops.update({host: until for host, until in state.stops.items() if until > now})

    def follow(self, url: str) -> Iterator[FeedOutcome | Outcome]:
        outcome = self._read(url)
        yield outcome
        if outcome.status in ("read", "unchanged"):
            yield from self._keep_waiting(url)

    def _read(self, url: str) -> FeedOutcome:
        """Reads a feed, and puts what is new in it on the list of those that wait."""
        known = self._feeds.get(url, FeedState())
        try:
            address = parse(url)
            fetched = self._keeper.fetcher.fetch(address, _wanted(address, known))
            return self._taken(url, known, fetched)
        except NotFetched as error:
            self._remember(url, replace(known, problem=str(error)))
            return FeedOutcome(url, "refused", known.title, reason=str(error))

    def _taken(self, url: str, known: FeedState, fetched: Fetched) -> FeedOutcome:
        head = fetched.last.head
        now = datetime.now(UTC).isoformat(timespec="seconds")
        moved = str(fetched.moved) if fetched.moved else None
        if head.status == 410:
            reason = "gone for good, says its server; take it out of the settings"
            self._remember(url, replace(known, problem=reason))
            return FeedOutcome(url, "gone", known.title, reason=reason)
        if head.status == 304:
            self._remember(url, replace(known, checked=now, problem=None))
            return FeedOutcome(url, "unchanged", known.title, moved=moved)
        content = decoded(fetched.last, feeds.MOST_BYTES)
        feed = feeds.read(content, fetched.last.address, head.header("content-type"))
        urls = {entry.url for entry in feed.entries}
        new = {
            entry.url: Waiting(said={**entry.said, "feed": url})
            for entry in feed.entries
            if entry.url not in known.done and entry.url not in known.waiting
        }
        state = replace(
            known,
            title=feed.title,
            etag=head.header("etag"),
            modified=head.header("last-modified"),
            checked=now,
            # Of what a feed doesn't name any more nothing needs to be known: the list stays as long as the feed.
            done=tuple(done for done in known.done if done in urls),
            waiting={**known.waiting, **new},
            problem=None,
        )
        self._remember(url, state)
        return FeedOutcome(url, "read", feed.title, new=len(new), moved=moved)

    def _keep_waiting(self, url: str) -> Iterator[Outcome]:
        """Keeps the pages of the entries that wait, but for those of hosts that asked to be left alone."""
        for page, waiting in list(self._feeds[url].waiting.items())[:MOST_A_RUN]:
            if self._may_ask(page):
                outcome = self._keeper.keep(page, said=waiting.said)
                yield self._counted(url, page, waiting, outcome)

    def _may_ask(self, page: str) -> bool:
        try:
            self._pace.check(parse(page).host)
        except NotFetched:
            return False
        return True

    def _counted(self, url: str, page: str, waiting: Waiting, outcome: Outcome) -> Outcome:
        state = self._feeds[url]
        rest = {other: entry for other, entry in state.waiting.items() if other != page}
        if outcome.status != "refused":
            kept = state.kept + (outcome.status == "kept")
            self._remember(url, replace(state, waiting=rest, done=(*state.done, page), kept=kept))
            return outcome
        tries = waiting.tries + 1
        if tries >= MOST_TRIES:
            self._remember(url, replace(state, waiting=rest, done=(*state.done, page)))
            return replace(outcome, reason=f"{outcome.reason} (given up after {tries} tries)")
        self._remember(url, replace(state, waiting={**rest, page: replace(waiting, tries=tries)}))
        return outcome

    def _remember(self, url: str, feed: FeedState) -> None:
        self._feeds[url] = feed
        feed_state.save(self._keeper.folder, State(feeds=self._feeds, stops=self._pace.stops))


def _wanted(address: WebAddress, known: FeedState) -> Wanted:
    """What is asked of a feed. Its robots.txt isn't: a feed is made for programs, and a person named this one."""
    validators = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    headers = {name: value for name, value in validators.items() if value and value.isascii() and value.isprintable()}
    return Wanted(accept=_ACCEPT, headers=headers, admit=_admit)


def _admit(head: Head) -> None:
    if head.status not in (200, 304, 410):
        raise NotFetched(described(head))
