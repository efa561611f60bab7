"""A small web for tests: servers on this machine that answer with the very bytes a test gives, and names for them."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from corpus.fetching.addresses import Guard, parse
from corpus.fetching.fetcher import Fetched, Fetcher, Wanted
from corpus.fetching.pace import Pace
from corpus.fetching.wire import Limits, Network

PUBLIC = "93.184.216.34"
"""An address that is public; in these tests, what is connected to instead is the server."""

PAGE = "<!doctype html><title>Bridge opens</title><p>The bridge at Orlam opened on Monday.</p>"


@dataclass(frozen=True)
class Request:
    """What a server was asked; the names of headers in lower case."""

    target: str
    headers: Mapping[str, str]


Answer = bytes | Callable[[Request], bytes | Iterable[bytes]]


def response(status: str = "200 OK", body: bytes | str = b"", kind: str = "text/html", **headers: str) -> bytes:
    """The bytes of a response; ``retry_after`` is the header Retry-After."""
    content = body.encode() if isinstance(body, str) else body
    given = {"Content-Type": kind, "Content-Length": str(len(content))}
    given |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in given.items() if value)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


def redirect(location: str, status: str = "302 Found") -> bytes:
    return response(status, location=location)


def zipped(body: str) -> bytes:
    return response(body=gzip.compress(body.encode(), mtime=0), content_encoding="gzip")


NOT_FOUND = response("404 Not Found", "nothing here")


@dataclass
class Site:
    """A server; ``answers`` by target, which a test may change; ``requests`` in order, as they came."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.requests]


@contextmanager
def serve(answers: Mapping[str, Answer] | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """A server on a free port of 127.0.0.1, until the end."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                if tls is None:
                    _answer(self.request, site)
                    return
                with tls.wrap_socket(self.request, server_side=True) as encrypted:
                    _answer(encrypted, site)
                    encrypted.unwrap()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        site = Site(server.server_address[1], dict(answers or {}))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def _answer(connection: socket.socket, site: Site) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return
        received += piece
    first, *lines = received.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    request = Request(first.split(" ")[1], headers)
    site.requests.append(request)
    answer = site.answers.get(request.target, NOT_FOUND)
    given = answer(request) if callable(answer) else answer
    for piece in [given] if isinstance(given, bytes) else given:
        connection.sendall(piece)


class Web:
    """Names and what they lead to: IP addresses, by a resolver; and the servers at those, by what connects."""

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.servers: dict[str, Site] = {}
        self.resolved: list[str] = []
        self.connected: list[tuple[str, int]] = []

    def name(self, host: str, *answers: list[str], site: Site | None = None) -> None:
        """What a name stands for, the first time that it is asked for, and so on; and what is at the first of it."""
        self.names[host] = list(answers)
        if site:
            self.servers[answers[0][0]] = site

    def resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append(host)
        answers = self.names.get(host)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def connect(self, ip: str, port: int, seconds: float) -> socket.socket:
        self.connected.append((ip, port))
        site = self.servers.get(ip)
        if site is None:
            raise ConnectionRefusedError(111, "Connection refused")
        return socket.create_connection(("127.0.0.1", site.port), seconds)

    def fetcher(
        self, pace: Pace | None = None, limits: Limits | None = None, certificates: ssl.SSLContext | None = None
    ) -> Fetcher:
        network = Network(
            connect=self.connect,
            certificates=certificates or ssl.create_default_context(),
            limits=limits or Limits(connect=2, read=2, total=5, bytes=2**20),
        )
        return Fetcher(Guard((), self.resolve), network, pace or Pace(gap=0))


def certificate(folder: Path, *hosts: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side that is certified to be these hosts, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    names = [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "both.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())


def fetch(web: Web, url: str = "http://site.example/", limits: Limits | None = None) -> Fetched:
    return web.fetcher(limits=limits).fetch(parse(url), Wanted())


def drip(first: bytes, piece: bytes, pause: float) -> Iterator[bytes]:
    yield first
    for _ in range(round(5 / pause)):
        time.sleep(pause)
        yield piece


class Clock:
    def __init__(self) -> None:
        self.now, self.slept = 100.0, list[float]()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds
