"""Fetching: what is asked and what comes, where connections and redirects go, limits and bad servers."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from corpus.errors import NotFetched
from corpus.fetching.addresses import Guard, parse
from corpus.fetching.fetcher import Fetcher, Wanted
from corpus.fetching.pace import Pace
from corpus.fetching.wire import Limits, Network, connect
from tests.web import PAGE, PUBLIC, Request, Site, Web, certificate, drip, fetch, redirect, response, serve

# The request and the response


def test_what_is_asked_and_what_comes(site: Site, web: Web) -> None:
    site.answers["/a?b=%C3%A9"] = response("200 Fine", PAGE, X_Note="yes")
    found = fetch(web, "http://site.example/a?b=é").last
    assert (found.head.status, found.head.header("x-note"), found.body.decode()) == (200, "yes", PAGE)
    assert found.response == response("200 Fine", PAGE, X_Note="yes")
    assert found.response[found.payload :] == found.body
    assert found.ip == PUBLIC
    assert datetime.now(UTC) - found.began < timedelta(seconds=5)
    [asked] = site.requests
    assert found.request.startswith(b"GET /a?b=%C3%A9 HTTP/1.1\r\nHost: site.example\r\n")
    assert asked.headers["user-agent"].startswith("Ibidem/")
    assert asked.headers["accept-encoding"] == "gzip"
    assert asked.headers["connection"] == "close"
    assert not {"cookie", "referer", "authorization"} & set(asked.headers)


def test_chunks_and_what_stands_before_and_behind_a_response(site: Site, web: Web) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    site.answers["/"] = lambda request: [hints + head[:50], head[50:] + chunks + b"HTTP/1.1 200 OK\r\n\r\nmore"]
    found = fetch(web).last
    assert (found.body, found.response) == (b"one two", head + chunks)


def test_a_body_may_end_with_the_connection(site: Site, web: Web) -> None:
    site.answers["/"] = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end"
    assert fetch(web).last.body == b"until the end"


def test_no_proxy_is_taken_from_the_environment(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch(web).last.body.decode() == PAGE


# Where a connection goes


def test_the_connection_goes_to_the_address_that_was_looked_at(site: Site, web: Web) -> None:
    web.name("turning.example", [PUBLIC], ["127.0.0.1"])
    assert fetch(web, "http://turning.example/").last.body.decode() == PAGE
    assert (web.resolved, web.connected) == (["turning.example"], [(PUBLIC, 80)])
    with pytest.raises(NotFetched, match=r"turning\.example leads to 127\.0\.0\.1, which is this machine"):
        fetch(web, "http://turning.example/")
    assert len(web.connected) == 1


def test_another_address_of_the_same_host_is_tried(site: Site, web: Web) -> None:
    web.name("two.example", ["93.184.216.99", PUBLIC])
    assert fetch(web, "http://two.example/").last.ip == PUBLIC
    web.name("none.example", ["93.184.216.98", "93.184.216.99"])
    with pytest.raises(NotFetched, match=r"none\.example can't be reached \(Connection refused\)"):
        fetch(web, "http://none.example/")


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("http://127.0.0.1/", "this machine"),
        ("//127.0.0.1/", "this machine"),
        ("http://10.0.0.1/", "a private address"),
        ("http://169.254.169.254/latest/meta-data/", "a cloud's metadata"),
        ("http://[::ffff:10.0.0.1]/", "IPv4 address within"),
        ("http://inside.example/", r"leads to 192\.168\.0\.7, which is a private address"),
        ("http://localhost/", "this machine"),
        ("http://0x7f.1/", "unusual form"),
        ("http://user@site.example/", "before the @"),
        ("http://site.example:22/", "port 22"),
        ("file:///etc/passwd", "not file"),
        ("javascript:alert(1)", "not javascript"),
        ("data:text/html,hello", "not data"),
        ("http:\\\\127.0.0.1/", "backslashes"),
        ("http://127.0.0.1\\@site.example/", "backslashes"),
        ("ht\ttp://127.0.0.1/", "control characters"),
        ("http://[::1", "broken"),
        ("http://" + "a" * 5000, "too long"),
        ("/", "in a circle"),
        ("http://SITE.example:80/#again", "in a circle"),
    ],
)
def test_redirects_are_checked_like_what_was_given(site: Site, web: Web, location: str, says: str) -> None:
    web.name("inside.example", ["192.168.0.7"])
    site.answers["/"] = redirect(location)
    with pytest.raises(NotFetched, match=says):
        fetch(web)
    assert web.connected == [(PUBLIC, 80)]


def test_from_a_server_that_is_let_in_a_redirect_leads_nowhere_else(site: Site) -> None:
    with serve({"/": response(body="secret")}) as other:
        network = Network(connect=connect, certificates=ssl.create_default_context())
        fetcher = Fetcher(Guard([site.place]), network, Pace(gap=0))
        assert fetcher.fetch(parse(site.url), Wanted()).last.body.decode() == PAGE
        for location in (other.url, "http://10.0.0.1/", f"http://localhost:{site.port}/", "http://[::1]/"):
            site.answers["/away"] = redirect(location)
            with pytest.raises(NotFetched, match="fetch_private"):
                fetcher.fetch(parse(f"{site.url}/away"), Wanted())
        site.answers["/on"] = redirect("/")
        assert fetcher.fetch(parse(f"{site.url}/on"), Wanted()).last.body.decode() == PAGE
        assert other.requests == []


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_redirects_are_followed_and_remembered(site: Site, web: Web, status: str) -> None:
    site.answers["/old"] = redirect("/a b/é?c=d".encode().decode("latin-1"), status)
    site.answers["/a%20b/%C3%A9?c=d"] = response(body=PAGE)
    found = fetch(web, "http://site.example/old")
    assert [hop.head.status for hop in found.hops] == [int(status[:3]), 200]
    assert str(found.last.address) == "http://site.example/a%20b/%C3%A9?c=d"
    assert (found.moved is not None) == (status[:3] in ("301", "308"))


def test_ten_redirects_are_followed_and_no_more(site: Site, web: Web) -> None:
    for number in range(12):
        site.answers[f"/{number}"] = redirect(f"/{number + 1}")
    site.answers["/10"] = response(body=PAGE)
    assert len(fetch(web, "http://site.example/0").hops) == 11
    site.answers["/10"], site.answers["/11"] = redirect("/11"), response(body=PAGE)
    with pytest.raises(NotFetched, match="more than 10"):
        fetch(web, "http://site.example/0")


def test_only_what_was_moved_for_good_all_the_way_has_a_new_address(site: Site, web: Web) -> None:
    site.answers |= {"/a": redirect("/b", "301 Moved"), "/b": redirect("/c", "302 Found"), "/c": redirect("/", "301 M")}
    assert str(fetch(web, "http://site.example/a").moved) == "http://site.example/b"


def test_a_redirect_that_says_nothing(site: Site, web: Web) -> None:
    site.answers["/"] = redirect("")
    with pytest.raises(NotFetched, match="302 Found, but it doesn't say where to"):
        fetch(web)


# Bad servers


def test_a_server_that_drips_is_left(site: Site, web: Web) -> None:
    limits = Limits(connect=1, read=0.3, total=0.6, bytes=2**20)
    site.answers["/head"] = lambda request: drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05)
    site.answers["/body"] = lambda request: drip(response(body=PAGE, content_length="100000"), b"x", 0.05)
    site.answers["/silent"] = lambda request: drip(b"", b"", 0.1)
    for target in ("/head", "/body", "/silent"):
        start = time.monotonic()
        with pytest.raises(NotFetched, match=r"site\.example takes too long"):
            fetch(web, f"http://site.example{target}", limits)
        assert time.monotonic() - start < 1.5


def test_what_is_too_large_is_left_where_it_is(site: Site, web: Web) -> None:
    limits = Limits(bytes=2**20)
    asked: list[bytes] = []

    def endless(request: Request) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        while True:
            asked.append(b"")
            yield b"10000\r\n" + b"x" * 65536 + b"\r\n"

    site.answers["/says"] = lambda request: [response(content_length=str(2**20 + 1))]
    site.answers["/lies"] = endless
    site.answers["/head"] = lambda request: iter([b"HTTP/1.1 200 OK\r\n"] + [b"X: " + b"y" * 5000 + b"\r\n"] * 50)
    for target, says in (("/says", "larger than 1 MiB"), ("/lies", "larger than 1 MiB"), ("/head", "speak HTTP")):
        with pytest.raises(NotFetched, match=says):
            fetch(web, f"http://site.example{target}", limits)
    assert len(asked) < 200


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Header: \x00\r\n\r\n",
        b"HTTP/1.1 200",
        b"\x16\x03\x01\x02\x00\x01\x00" * 20,
    ],
)
def test_what_is_not_http_is_refused(site: Site, web: Web, answer: bytes) -> None:
    site.answers["/"] = answer
    with pytest.raises(NotFetched, match=r"site\.example (doesn't speak HTTP|can't be reached)") as refused:
        fetch(web)
    assert "\n" not in str(refused.value)


# TLS


def test_a_server_must_prove_its_name(tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path, "site.example", PUBLIC)
    with serve({"/": response(body=PAGE), "/down": redirect("http://site.example/")}, server) as site:
        web = Web()
        for name in ("site.example", "other.example", PUBLIC):
            web.name(name, [PUBLIC], site=site)
        fetcher = web.fetcher(certificates=trusting)
        for host in ("site.example", PUBLIC):
            assert fetcher.fetch(parse(f"https://{host}/"), Wanted()).last.body.decode() == PAGE
        with pytest.raises(NotFetched, match=r"the certificate of other\.example isn't right: Hostname mismatch"):
            fetcher.fetch(parse("https://other.example/"), Wanted())
        with pytest.raises(NotFetched, match=r"the certificate of site\.example isn't right: self-signed"):
            web.fetcher().fetch(parse("https://site.example/"), Wanted())
        with pytest.raises(NotFetched, match="redirected from https to http://site"):
            fetcher.fetch(parse("https://site.example/down"), Wanted())


def test_a_server_without_tls_at_an_https_address(web: Web) -> None:
    with pytest.raises(NotFetched, match=r"site\.example (can't be reached|takes too long)"):
        fetch(web, "https://site.example/", Limits(connect=1, total=1))
