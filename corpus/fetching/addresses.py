"""Addresses of pages on the web: how one may be written, and which hosts may be connected to.

An address that comes from outside, typed, in a feed or in a redirect, must not lead into the network that Ibidem runs
in. So what decides is the IP addresses that a host's name stands for now, all of them, and the connection is made to
one of those that were looked at: a name that means something else a moment later changes nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

import idna

from corpus.errors import InvalidSetting, NotFetched
from corpus.fetching.networks import not_public

MAX_LENGTH = 4096
"""Code points of an address."""

PORTS = {"http": 80, "https": 443}

_NOT_FOR_THE_WEB = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)
"""Ports of other services, from 1024 on, that no browser connects to (https://fetch.spec.whatwg.org/#port-blocking)."""

_PARTS = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.S)  # RFC 3986, appendix B
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNQUOTED = "%!$&'()*+,;=:@/-._~"
_LONGEST_NAME = 253

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An http or https address in one way of writing, without its fragment.

    ``host`` is in lower case and ASCII, an IPv6 address without brackets; ``target`` is the path and the query.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def place(self) -> str:
        """The host and the port, as in the setting ``fetch_private``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def authority(self) -> str:
        """The host, and the port unless it is the scheme's own."""
        return self.place.removesuffix(f":{PORTS[self.scheme]}")

    def __str__(self) -> str:
        """As a browser shows it."""
        return f"{self.scheme}://{self.authority}{self.target}"


class Resolver(Protocol):
    """Gives the IP addresses that a name stands for, one at least; raises ``OSError`` if there are none."""

    def __call__(self, host: str, port: int, /) -> Sequence[str]:
        """The addresses, in the order in which to try them."""


def resolve(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def parse(url: str) -> WebAddress:
    """The address that a text is. Raises ``NotFetched`` for one that isn't http or https, or is written to deceive."""
    if len(url) > MAX_LENGTH:
        raise NotFetched(f"an address of more than {MAX_LENGTH} characters")
    if any(character.isspace() or not character.isprintable() or character == "\\" for character in url):
        raise NotFetched("an address may have no white space, control characters or backslashes")
    scheme, authority, path, query = _split(url)
    host, port = _host_and_port(authority, scheme)
    target = quote(_without_dots(path), safe=_UNQUOTED)
    if query is not None:
        target += "?" + quote(query, safe=_UNQUOTED + "?")
    return WebAddress(scheme, host, port, target)


def _split(url: str) -> tuple[str, str, str, str | None]:
    match = _PARTS.fullmatch(url)
    scheme, authority, path, query = match.groups() if match else (None, None, "", None)
    if scheme is None or scheme.lower() not in PORTS:
        given = "this has no scheme" if scheme is None else f"not {scheme[:20]}"
        raise NotFetched(f"only addresses that begin with http:// or https:// are fetched; {given}")
    if not authority:
        raise NotFetched("an address without a host")
    if "@" in authority:
        raise NotFetched("an address with a user's name or a password in it; leave out what stands before the @")
    return scheme.lower(), authority, path, query


def _host_and_port(authority: str, scheme: str) -> tuple[str, int]:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise NotFetched(f"{authority!r} is no host with a port")
    port = int(match[2]) if match[2] else PORTS[scheme]
    if match[1].startswith("["):
        return _ipv6(match[1][1:-1]), port
    return _host(match[1]), port


def _ipv6(text: str) -> str:
    try:
        found = ipaddress.IPv6Address(text)
    except ValueError:
        raise NotFetched(f"[{text}] is no IPv6 address") from None
    if found.scope_id is not None:
        raise NotFetched("an IPv6 address with a zone; it is of one's own network only")
    return found.compressed


def _host(text: str) -> str:
    """A host's name or an IPv4 address, in the one way of writing it."""
    try:
        # The mapping of UTS 46 is what browsers go by: it makes digits of circled ones and full stops of ideographic.
        name = text.lower() if text.isascii() else idna.encode(text, uts46=True).decode()
    except idna.IDNAError as error:
        raise NotFetched(f"{text!r} can't be the name of a host: {error}") from None
    labels = name.removesuffix(".").split(".")
    if len(name) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise NotFetched(f"{text!r} can't be the name of a host")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(text)
    return ".".join(labels)


def _ipv4(text: str) -> str:
    """A name that ends in a number is an IPv4 address or nothing (https://url.spec.whatwg.org/#ends-in-a-number-checker).

    Octal, hexadecimal, shortened and circled ones serve to deceive only, so none of them is read.
    """
    try:
        return str(ipaddress.IPv4Address(text if text.isascii() else ""))
    except ValueError:
        raise NotFetched(f"{text!r} is an IP address in an unusual form; write it as four decimal numbers") from None


def _without_dots(path: str) -> str:
    """The path with ``.`` and ``..`` taken out, and at least ``/``."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        plain = segment.lower().replace("%2e", ".")
        if plain == "..":
            kept[-1:] = []
        elif plain != ".":
            kept.append(segment)
    if segments and segments[-1].lower().replace("%2e", ".") in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


class Guard:
    """Says which IP addresses may be connected to for an address; some hosts are let in, whatever theirs are."""

    def __init__(self, let_in: Iterable[str] = (), resolver: Resolver = resolve) -> None:
        """``let_in`` are texts like ``127.0.0.1:8000``. Raises ``InvalidSetting`` if one isn't."""
        self._let_in = frozenset(map(_let_in, let_in))
        self._resolver = resolver

    def check(self, address: WebAddress) -> None:
        """Raises ``NotFetched`` if the address itself says that nothing may be fetched from it."""
        if address.place in self._let_in:
            return
        _check_port(address)
        if address.host == "localhost" or address.host.endswith(".localhost"):
            raise NotFetched(_inside(f"{address.host} is this machine"))
        literal = _literal(address.host)
        if literal is not None:
            _check_ip(address.host, literal)

    def ip_addresses(self, address: WebAddress) -> list[str]:
        """The IP addresses of a host, one at least, each of which may be connected to.

        Raises ``NotFetched`` if any of them may not, or there are none.
        """
        self.check(address)
        try:
            found = list(dict.fromkeys(self._resolver(address.host, address.port)))
        except OSError as error:
            raise NotFetched(f"the host {address.host} isn't found ({error.strerror or error})") from None
        if address.place not in self._let_in:
            for text in found:
                _check_ip(address.host, ipaddress.ip_address(text))
        if not found:
            raise NotFetched(f"the host {address.host} has no IP address")
        return found


def _let_in(text: str) -> str:
    try:
        if re.search(r":[0-9]+$", text) and (address := parse(f"http://{text}")).target == "/":
            return address.place
    except NotFetched:
        pass
    raise InvalidSetting(f"the setting 'fetch_private' is wrong: {text!r} is no host:port, as 127.0.0.1:8000 is")


def _check_port(address: WebAddress) -> None:
    port = address.port
    if port in PORTS.values() or (1024 <= port <= 65535 and port not in _NOT_FOR_THE_WEB):
        return
    raise NotFetched(f"no pages are fetched from port {port}; 80, 443 and those from 1024 on may be")


def _literal(host: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _check_ip(host: str, found: IPAddress) -> None:
    what = not_public(found)
    if what:
        named = host if host == str(found) else f"{host} leads to {found}, which"
        raise NotFetched(_inside(f"{named} is {what}"))


def _inside(what: str) -> str:
    return f"{what}; only what is public is fetched, and what the setting 'fetch_private' names"
