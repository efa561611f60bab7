"""Fetching what is at an address: at a polite pace, through redirects, each of which is checked like the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urljoin

from corpus.errors import NotFetched
from corpus.fetching.addresses import MAX_LENGTH, Guard, WebAddress, parse
from corpus.fetching.pace import Pace
from corpus.fetching.wire import Exchange, Head, Network

USER_AGENT = "Ibidem/0.1 (keeps single pages in an archive of articles, so that they can be cited)"

MOST_REDIRECTS = 10

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_STOP = frozenset({429, 503})


def _anything(_: object) -> None:
    """Wants all that comes."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for: the types of content, further headers; ``may`` raises ``NotFetched`` for an address, be it one
    that a redirect leads to, that must not be asked, ``admit`` for a response that isn't wanted."""

    accept: str = "*/*"
    headers: Mapping[str, str] = field(default_factory=dict)
    may: Callable[[WebAddress], None] = _anything
    admit: Callable[[Head], None] = _anything


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave: redirects, if there were some, and behind them the response, whatever its status."""

    hops: tuple[Exchange, ...]

    @property
    def last(self) -> Exchange:
        """The one that isn't a redirect."""
        return self.hops[-1]

    @property
    def moved(self) -> WebAddress | None:
        """Where what was asked for is from now on, if the server says so."""
        found = None
        for hop, following in zip(self.hops, self.hops[1:], strict=False):
            if hop.head.status not in _FOR_GOOD:
                break
            found = following.address
        return found


class Fetcher:
    """Fetches one address after the other, in one run."""

    def __init__(self, guard: Guard, network: Network, pace: Pace, user_agent: str = USER_AGENT) -> None:
        self.pace = pace
        self._guard = guard
        self._network = network
        self._user_agent = user_agent

    def fetch(self, address: WebAddress, wanted: Wanted) -> Fetched:
        """What is at an address. Raises ``NotFetched``; also if the server asks to be left alone."""
        hops: list[Exchange] = []
        while True:
            hops.append(self._exchange(address, wanted))
            following = _redirect(hops[-1])
            if following is None:
                return Fetched(tuple(hops))
            if following in {hop.address for hop in hops}:
                raise NotFetched(f"redirects lead in a circle, back to {following}")
            if len(hops) > MOST_REDIRECTS:
                raise NotFetched(f"more than {MOST_REDIRECTS} redirects")
            if (address.scheme, following.scheme) == ("https", "http"):
                raise NotFetched(f"it is redirected from https to {following}, which anyone on the way could change")
            address = following

    def _exchange(self, address: WebAddress, wanted: Wanted) -> Exchange:
        self._guard.check(address)
        self.pace.check(address.host)
        wanted.may(address)
        self.pace.wait(address.host)
        headers = {"User-Agent": self._user_agent, "Accept": wanted.accept, "Accept-Encoding": "gzip", **wanted.headers}

        def admit(head: Head) -> None:
            if head.status in _STOP:
                self.pace.stop(address.host, head.header("retry-after"))
                raise NotFetched(f"{described(head)}: {address.host} asks to be left alone for now")
            if head.status not in _REDIRECTS:
                wanted.admit(head)

        return self._network.exchange(address, self._guard.ip_addresses(address), headers, admit)


def described(head: Head) -> str:
    """A status as people know it: ``404 Not Found``."""
    try:
        return f"{head.status} {HTTPStatus(head.status).phrase}"
    except ValueError:
        return str(head.status)


def _redirect(exchange: Exchange) -> WebAddress | None:
    """Where a response leads to, if it is a redirect."""
    if exchange.head.status not in _REDIRECTS:
        return None
    location = exchange.head.header("location")
    if location is None:
        raise NotFetched(f"{described(exchange.head)}, but it doesn't say where to")
    try:
        return parse(_joined(exchange.address, location))
    except NotFetched as error:
        raise NotFetched(f"a redirect that is not followed: {error}") from None


def _joined(address: WebAddress, location: str) -> str:
    """The whole address, given one that may be relative; spaces, which servers do send, as browsers write them."""
    try:
        text = location.encode("latin-1").decode()
    except UnicodeDecodeError:
        text = location
    text = text.replace(" ", "%20")
    # Checked before they are joined, as that takes line breaks out in silence.
    if len(text) > MAX_LENGTH or not text.isprintable() or "\\" in text:
        raise NotFetched("its address has control characters or backslashes, or is too long")
    try:
        return urljoin(str(address), text)
    except ValueError as error:
        raise NotFetched(f"its address is broken ({error})") from None
