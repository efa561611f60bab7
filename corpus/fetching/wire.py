"""One request over HTTP/1.1 and its response, byte for byte as they went over the wire.

h11 is used by itself, without a client around it: what is kept are the bytes, the connection goes to an IP address that
was checked before, and there is a limit to everything. Nothing is read from the environment, so no proxy.
"""

from __future__ import annotations

import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import certifi
import h11

from corpus.errors import NotFetched
from corpus.fetching.addresses import WebAddress

MEBIBYTE = 2**20

_HEAD_BYTES = 64 * 1024
_AT_ONCE = 64 * 1024
_MOST_CONNECTIONS = 4
"""How many IP addresses of a host are tried."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds until there is a connection, between two pieces of a response, and for all of it; and its bytes."""

    connect: float = 10
    read: float = 20
    total: float = 60
    bytes: int = 30 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class Head:
    """What a response begins with; the names of headers are in lower case."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str | None:
        """The first header of that name, without white space around it."""
        return next((value.strip() for found, value in self.headers if found == name), None)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and its response.

    ``request`` and ``response`` are the messages in full; ``payload`` is where in ``response`` the payload begins.
    ``body`` is the payload without its transfer coding (chunks), still compressed if it came so. ``ip`` is what was
    connected to, ``began`` when.
    """

    address: WebAddress
    ip: str
    began: datetime
    head: Head
    request: bytes
    response: bytes
    payload: int
    body: bytes


Connect = Callable[[str, int, float], socket.socket]
"""Connects to an IP address and a port within some seconds; raises ``OSError``."""

Admit = Callable[[Head], None]
"""Looks at a response before its body comes; raises ``NotFetched`` if that isn't wanted."""


def connect(ip: str, port: int, seconds: float) -> socket.socket:
    """A connection over TCP."""
    return socket.create_connection((ip, port), seconds)


def system_certificates() -> ssl.SSLContext:
    """Checks servers by the system's certificates, or by certifi's where the system has none."""
    context = ssl.create_default_context()
    if ssl.get_default_verify_paths().cafile is None and not context.cert_store_stats()["x509_ca"]:
        context.load_verify_locations(certifi.where())
    return context


@dataclass(frozen=True, kw_only=True)
class Network:
    """How servers are reached, and how much is taken from them."""

    connect: Connect
    certificates: ssl.SSLContext
    limits: Limits = Limits()

    def exchange(self, address: WebAddress, ips: Sequence[str], headers: Mapping[str, str], admit: Admit) -> Exchange:
        """Asks one of the IP addresses, all of which may be connected to, for what is at an address.

        Raises ``NotFetched``.
        """
        deadline = time.monotonic() + self.limits.total
        began = datetime.now(UTC)
        try:
            with self._connection(address, ips, deadline) as (ip, connection):
                conversation = _Conversation(connection, deadline, self.limits)
                request = conversation.ask(address, headers)
                head = conversation.head()
                admit(head)
                body = conversation.body(head)
        except TimeoutError:
            raise NotFetched(f"{address.host} takes too long to answer") from None
        except ssl.SSLCertVerificationError as error:
            raise NotFetched(f"the certificate of {address.host} isn't right: {error.verify_message}") from None
        except OSError as error:
            raise NotFetched(f"{address.host} can't be reached ({error.strerror or error})") from None
        except h11.ProtocolError as error:
            raise NotFetched(f"{address.host} doesn't speak HTTP as it should ({error})") from None
        return Exchange(
            address=address,
            ip=ip,
            began=began,
            head=head,
            request=request,
            response=conversation.response(),
            payload=conversation.payload,
            body=body,
        )

    @contextmanager
    def _connection(
        self, address: WebAddress, ips: Sequence[str], deadline: float
    ) -> Iterator[tuple[str, socket.socket]]:
        ip, plain = self._first(address, ips, deadline)
        with plain:
            if address.scheme == "http":
                yield ip, plain
                return
            plain.settimeout(min(self.limits.connect, _left(deadline)))
            with self.certificates.wrap_socket(plain, server_hostname=address.host) as encrypted:
                yield ip, encrypted

    def _first(self, address: WebAddress, ips: Sequence[str], deadline: float) -> tuple[str, socket.socket]:
        """The first of the IP addresses that answers, and a connection to it."""
        failed: OSError | None = None
        for ip in ips[:_MOST_CONNECTIONS]:
            try:
                return ip, self.connect(ip, address.port, min(self.limits.connect, _left(deadline)))
            except OSError as error:
                failed = error
        raise failed or OSError("it has no IP address")


class _Conversation:
    """What is said over a connection: one request, then one response."""

    def __init__(self, connection: socket.socket, deadline: float, limits: Limits) -> None:
        self._connection = connection
        self._deadline = deadline
        self._limits = limits
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
        self._received = bytearray()
        self._start = 0
        self.payload = 0

    def ask(self, address: WebAddress, headers: Mapping[str, str]) -> bytes:
        """Sends a request; gives its bytes."""
        given = [("Host", address.authority), *headers.items(), ("Connection", "close")]
        request = h11.Request(method="GET", target=address.target, headers=given)
        sent = (self._state.send(request) or b"") + (self._state.send(h11.EndOfMessage()) or b"")
        self._connection.settimeout(min(self._limits.read, _left(self._deadline)))
        self._connection.sendall(sent)
        return sent

    def head(self) -> Head:
        """Waits for what the response begins with; what goes before it (as "103 Early Hints" does) is no part of it."""
        while isinstance(event := self._next(), h11.InformationalResponse):
            self._start = self._consumed()
        if not isinstance(event, h11.Response):
            raise h11.RemoteProtocolError("no response")
        self.payload = self._consumed() - self._start
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
        return Head(event.status_code, event.reason.decode("latin-1"), headers)

    def body(self, head: Head) -> bytes:
        """Waits for the rest."""
        length = head.header("content-length")
        if length and length.isdecimal() and int(length) > self._limits.bytes:
            raise self._too_large()
        pieces = []
        while isinstance(event := self._next(), h11.Data):
            pieces.append(bytes(event.data))
        return b"".join(pieces)

    def response(self) -> bytes:
        """The bytes of the response, without what came behind its end."""
        return bytes(self._received[self._start : self._consumed()])

    def _consumed(self) -> int:
        return len(self._received) - len(self._state.trailing_data[0])

    def _next(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while (event := self._state.next_event()) is h11.NEED_DATA:
            self._connection.settimeout(min(self._limits.read, _left(self._deadline)))
            received = self._connection.recv(_AT_ONCE)
            self._received += received
            if len(self._received) > self._limits.bytes + _HEAD_BYTES:
                raise self._too_large()
            self._state.receive_data(received)
        return event

    def _too_large(self) -> NotFetched:
        return NotFetched(f"larger than {self._limits.bytes // MEBIBYTE} MiB")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def decoded(exchange: Exchange, most: int) -> bytes:
    """The body as it was before it was compressed. Raises ``NotFetched`` if that is more than ``most`` bytes."""
    coding = (exchange.head.header("content-encoding") or "identity").lower()
    if coding == "identity":
        found = exchange.body
    elif coding in ("gzip", "x-gzip"):
        found = _inflated(exchange.body, most)
    else:
        raise NotFetched(f"compressed as {coding!r}, which was not asked for")
    if len(found) > most:
        raise NotFetched(f"larger than {most // 1024} KiB")
    return found


def _inflated(body: bytes, most: int) -> bytes:
    """Of gzip, the first member; and no more than one byte too many."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        found = inflater.decompress(body, most + 1)
    except zlib.error:
        raise NotFetched("compressed as gzip, and damaged") from None
    if not inflater.eof and len(found) <= most:
        raise NotFetched("compressed as gzip, and cut off")
    return found
