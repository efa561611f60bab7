"""What a site says that programs may fetch: robots.txt by RFC 9309, and how it asks for time between requests.

The standard library's parser takes the first rule that fits and knows no wildcards; by the RFC the longest rule counts,
and ``*`` and ``$`` have to be understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, unquote_to_bytes

from corpus.errors import NotFetched
from corpus.fetching.addresses import WebAddress
from corpus.fetching.fetcher import Fetcher, Wanted, described
from corpus.fetching.wire import MEBIBYTE, decoded

PRODUCT = "ibidem"
"""How rules name us, in lower case."""

MOST_BYTES = 500 * 1024
"""What is read of one; the RFC wants that much at least."""

MOST_INFLATED = 30 * MEBIBYTE

_DELAY = re.compile(r"\d{1,6}(?:\.\d+)?", re.ASCII)
_TOKEN = re.compile(r"[a-z_-]+|\*")


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for us: patterns of paths, and whether they allow; ``delay`` in seconds."""

    rules: tuple[tuple[str, bool], ...] = ()
    delay: float | None = None

    def allow(self, target: str) -> bool:
        """Whether a path with its query may be fetched: by the longest rule that fits, and by one that allows of two
        that are as long."""
        path = _plain(target).replace("*", "%2A").replace("$", "%24")
        fitting = [(len(pattern), allows) for pattern, allows in self.rules if _fits(pattern, path)]
        return max(fitting, default=(0, True))[1]


def parse(text: str) -> Rules:
    """What the text of a robots.txt says to us; what can't be understood is passed over, as the RFC wants."""
    groups: dict[str, list[tuple[str, str]]] = {}
    named: list[str] = []
    in_rules = False
    for key, value in _lines(text):
        if key == "user-agent":
            named = [] if in_rules else named
            in_rules = False
            token = _TOKEN.match(value.lower())
            if token:
                named.append(token[0])
                groups.setdefault(token[0], [])
        elif key in ("allow", "disallow", "crawl-delay"):
            in_rules = True
            for name in dict.fromkeys(named):
                groups[name].append((key, value))
    return _rules(groups.get(PRODUCT, groups.get("*", [])))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.removeprefix("\ufeff").splitlines():
        key, _, value = line.partition("#")[0].partition(":")
        yield key.strip().lower(), value.strip()


def _rules(lines: list[tuple[str, str]]) -> Rules:
    delays = [float(value) for key, value in lines if key == "crawl-delay" and _DELAY.fullmatch(value)]
    paths = [(_plain(value), key == "allow") for key, value in lines if key != "crawl-delay" and value]
    return Rules(tuple(paths), max(delays, default=None))


def _plain(path: str) -> str:
    """A path or a pattern with everything percent-encoded that has to be, in one way."""
    pieces = re.split(r"(%2[Ff5]|%2[Aa]|%24)", path)  # an encoded slash, percent, star and dollar stay what they are
    return "".join(
        piece.upper() if index % 2 else quote_from_bytes(unquote_to_bytes(piece), safe="/*$?=&:;,@!'()+")
        for index, piece in enumerate(pieces)
    )


def _fits(pattern: str, path: str) -> bool:
    """Whether a path begins with what a pattern says; in time that is linear but for one search for each ``*``."""
    whole = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    position = len(first)
    for number, part in enumerate(rest, 1):
        last = number == len(rest)
        found = path.rfind(part, position) if whole and last else path.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return position == len(path) if whole else True


class Robots:
    """The rules of all hosts that are asked in one run; those of each are fetched once."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._known: dict[tuple[str, str], Rules | NotFetched] = {}

    def check(self, address: WebAddress) -> None:
        """Raises ``NotFetched`` if a page is not for programs to fetch, or the rules can't be had."""
        site = (address.scheme, address.place)
        if site not in self._known:
            self._known[site] = self._rules(address)
        found = self._known[site]
        if isinstance(found, NotFetched):
            raise found
        if address.target != "/robots.txt" and not found.allow(address.target):
            raise NotFetched(f"the robots.txt of {address.host} doesn't allow programs to fetch it")

    def _rules(self, address: WebAddress) -> Rules | NotFetched:
        try:
            rules = self._fetched(WebAddress(address.scheme, address.host, address.port, "/robots.txt"))
        except NotFetched as error:
            # By the RFC: as long as nobody can say what is allowed, nothing is.
            return NotFetched(f"the robots.txt of {address.host} can't be had ({error}); try again later")
        if rules.delay is not None:
            self._fetcher.pace.slow_down(address.host, rules.delay)
        return rules

    def _fetched(self, address: WebAddress) -> Rules:
        exchange = self._fetcher.fetch(address, Wanted(accept="text/plain, */*;q=0.1")).last
        if exchange.head.status >= 500:
            raise NotFetched(described(exchange.head))
        if exchange.head.status != 200:
            return Rules()
        return parse(decoded(exchange, MOST_INFLATED)[:MOST_BYTES].decode(errors="replace"))
