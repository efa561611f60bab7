"""Fetching: redirects, limits and bad servers; what is kept of a page, and where."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

from corpus.errors import NoArticles, NotFetched
from corpus.fetching import places, snapshots
from corpus.fetching.addresses import Guard, parse
from corpus.fetching.fetcher import Fetched, Fetcher, Wanted
from corpus.fetching.pace import LONGEST_GAP, Pace
from corpus.fetching.pages import Keeper, folder_below
from corpus.fetching.robots import Robots
from corpus.fetching.robots import parse as rules
from corpus.fetching.wire import Limits, Network, connect
from tests.web import PUBLIC, Request, Site, Web, certificate, redirect, response, serve, zipped

PAGE = "<!doctype html><title>Bridge opens</title><p>The bridge at Orlam opened on Monday.</p>"


@pytest.fixture
def site() -> Iterator[Site]:
    with serve({"/": response(body=PAGE)}) as found:
        yield found


@pytest.fixture
def web(site: Site) -> Web:
    """A web with one public name, site.example, which leads to the server."""
    found = Web()
    found.name("site.example", [PUBLIC], site=site)
    return found


def fetch(web: Web, url: str = "http://site.example/", limits: Limits | None = None) -> Fetched:
    return web.fetcher(limits=limits).fetch(parse(url), Wanted())


def keeper(web: Web, folder: Path, limits: Limits | None = None) -> Keeper:
    return Keeper(folder=folder, fetcher=web.fetcher(limits=limits), may=lambda address: None)


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


def drip(first: bytes, piece: bytes, pause: float) -> Iterator[bytes]:
    yield first
    for _ in range(round(5 / pause)):
        time.sleep(pause)
        yield piece


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


# Pace


class Clock:
    def __init__(self) -> None:
        self.now, self.slept = 100.0, list[float]()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


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


# robots.txt

TEXT = """\
User-agent: *
Disallow: /all

User-Agent: OtherBot
User-agent: Ibidem/2.0   # with a version, which is passed over
Disallow: /private
Allow: /private/open
Disallow: /*.cgi$
Disallow: /a*c/d
Disallow:
Sitemap: /sitemap.xml
Crawl-delay: 2.5

user-agent: IBIDEM
disallow: /more%2Fone
disallow: /caf\u00e9
allow: /$
disallow: /page?print
disallow: /same
allow: /same
"""


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("/", True),
        ("/all", True),
        ("/private", False),
        ("/private/shut", False),
        ("/privateer", False),
        ("/private/open/door", True),
        ("/Private", True),
        ("/x/y.cgi", False),
        ("/x/y.cgi?z", True),
        ("/abc/d/e", False),
        ("/abd/d", True),
        ("/more%2fone", False),
        ("/more/one", True),
        ("/caf%C3%A9/menu", False),
        ("/page?print=1", False),
        ("/page?other", True),
        ("/same", True),
    ],
)
def test_the_longest_rule_of_all_our_groups_counts(target: str, allowed: bool) -> None:
    found = rules(TEXT)
    assert found.allow(target) is allowed
    assert found.delay == 2.5


@pytest.mark.parametrize(
    "text", ["", "<html>Not found</html>", "Disallow: /", "User-agent: Other\nDisallow: /", "\x00:"]
)
def test_what_is_not_said_to_us_forbids_nothing(text: str) -> None:
    assert rules(text).allow("/any")


def test_a_star_in_a_path_is_only_a_star() -> None:
    found = rules("\ufeffUser-agent: *\r\nDisallow: /a%2Ab\nDisallow: /c$d\n")
    assert [found.allow(target) for target in ("/a*b", "/a%2ab", "/axb", "/c")] == [False, False, True, True]


def test_hostile_rules_take_no_time() -> None:
    found = rules("User-agent: *\n" + ("Disallow: /" + "*a" * 2000 + "$\n") * 50)
    start = time.monotonic()
    assert found.allow("/" + "a" * 1900 + "b")
    assert time.monotonic() - start < 1


def test_robots_are_asked_once_for_each_site_and_respected(site: Site, web: Web) -> None:
    site.answers |= {
        "/robots.txt": zipped("User-agent: *\nDisallow: /shut\nCrawl-delay: 0"),
        "/away": redirect("http://other.example/shut"),
    }
    web.name("other.example", [PUBLIC])
    fetcher = web.fetcher()
    wanted = Wanted(may=Robots(fetcher).check)
    for _ in range(2):
        fetcher.fetch(parse("http://site.example/"), wanted)
    with pytest.raises(NotFetched, match=r"the robots\.txt of site\.example doesn't allow"):
        fetcher.fetch(parse("http://site.example/shut"), wanted)
    assert site.targets == ["/robots.txt", "/", "/"]
    with pytest.raises(NotFetched, match=r"the robots\.txt of other\.example doesn't allow"):
        fetcher.fetch(parse("http://site.example/away"), wanted)
    assert site.targets[3:] == ["/away", "/robots.txt"]


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [
        (response("404 Not Found"), True),
        (response("403 Forbidden", "User-agent: *\nDisallow: /"), True),
        (response("500 Oops"), False),
        (response("503 Busy"), False),
        (b"", False),
        (redirect("/robots.txt"), False),
        (redirect("http://127.0.0.1/robots.txt"), False),
        (response(body=gzip.compress(b"User-agent: *")[:-9], content_encoding="gzip"), False),
        (response(body=gzip.compress(b"#" * 40_000_000), content_encoding="gzip"), False),
        (response(body="#" * 500 * 1024 + "\nUser-agent: *\nDisallow: /"), True),
    ],
)
def test_what_counts_where_there_are_no_rules(site: Site, web: Web, answer: bytes, allowed: bool) -> None:
    site.answers["/robots.txt"] = answer
    robots = Robots(web.fetcher())
    if allowed:
        robots.check(parse("http://site.example/a"))
    else:
        for _ in range(2):
            with pytest.raises(NotFetched, match=r"robots\.txt of site\.example can't be had"):
                robots.check(parse("http://site.example/a"))
    assert site.targets == ["/robots.txt"]


def test_a_crawl_delay_sets_the_pace(site: Site, web: Web) -> None:
    site.answers["/robots.txt"] = response(body="User-agent: *\nCrawl-delay: 7")
    clock = Clock()
    fetcher = web.fetcher(Pace(1, clock, clock.sleep))
    wanted = Wanted(may=Robots(fetcher).check)
    for _ in range(2):
        fetcher.fetch(parse("http://site.example/"), wanted)
    assert clock.slept == [7, 7]


# What is kept


def records(path: Path) -> list[tuple[str, dict[str, str], bytes]]:
    """Type, headers and content of each record, whose digests are right; the content is decoded."""
    found = []
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            content = record.content_stream().read()
            found.append((record.rec_type, dict(record.rec_headers.headers), content))
    return found


def test_a_page_is_kept_byte_for_byte(site: Site, web: Web, tmp_path: Path) -> None:
    body = gzip.compress(PAGE.encode())
    wire = b"HTTP/1.1 200  ok\r\ncontent-TYPE:text/html\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire += b"%x;note\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(body), body)
    site.answers |= {"/old": redirect("/new"), "/new": wire}
    outcome = keeper(web, tmp_path).keep("http://site.example/old", said={"title": "Brücke", "tags": ["a"]})
    assert outcome.status == "kept"
    assert outcome.path
    found = records(outcome.path)
    assert [kind for kind, _, _ in found] == [
        "warcinfo", "response", "request", "response", "request", "metadata"
    ]  # fmt: skip
    _, first, _ = found[1]
    assert first["WARC-Target-URI"] == "http://site.example/old"
    _, headers, content = found[3]
    assert (headers["WARC-Target-URI"], content.decode()) == ("http://site.example/new", PAGE)
    assert headers["WARC-IP-Address"] == PUBLIC
    assert headers["WARC-Date"].startswith(f"{datetime.now(UTC):%Y-%m-%dT}")
    assert headers["WARC-Payload-Digest"] == sha256(wire[wire.index(b"\r\n\r\n") + 4 :])
    assert headers["WARC-Block-Digest"] == sha256(wire)
    assert found[4][1]["WARC-Concurrent-To"] == found[5][1]["WARC-Concurrent-To"] == headers["WARC-Record-ID"]
    assert (found[5][1]["Content-Type"], json.loads(found[5][2])) == (
        "application/json",
        {"title": "Brücke", "tags": ["a"]},
    )
    assert wire in gunzipped(outcome.path)
    assert b"GET /new HTTP/1.1\r\nHost: site.example\r\n" in gunzipped(outcome.path)


def sha256(content: bytes) -> str:
    return "sha256:" + base64.b32encode(hashlib.sha256(content).digest()).decode()


def gunzipped(path: Path) -> bytes:
    with gzip.open(path) as file:
        return file.read()


def test_a_page_that_is_there_is_not_fetched_again(site: Site, web: Web, tmp_path: Path) -> None:
    pages = keeper(web, tmp_path)
    first = pages.keep("http://site.example/#top")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    second = pages.keep("HTTP://site.example:80")
    assert (second.status, second.path, second.reason) == ("there", first.path, f"since {today}")
    assert site.targets == ["/"]


def test_again_keeps_what_changed_beside_what_was(site: Site, web: Web, tmp_path: Path) -> None:
    pages = keeper(web, tmp_path)
    first = pages.keep("http://site.example/")
    site.answers["/"] = zipped(PAGE)  # the same page, in another way over the wire
    same = pages.keep("http://site.example/", again=True)
    assert (same.status, same.path) == ("unchanged", first.path)
    paths = [first.path]
    for change in ("closed", "opened", "closed"):
        site.answers["/"] = response(body=PAGE.replace("opened", change))
        outcome = pages.keep("http://site.example/", again=True)
        assert outcome.status == "kept"
        paths.append(outcome.path)
    assert len(set(paths)) == 4
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert first.path
    stem = first.path.name.removesuffix(".warc.gz")
    assert paths[1] == first.path.with_name(f"{stem}@{today}.warc.gz")
    assert paths == places.snapshots(first.path)
    assert pages.keep("http://site.example/").path == paths[-1]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (response("404 Not Found", PAGE), "404 Not Found"),
        (response("410 Gone"), "410 Gone"),
        (response("500 Oops", PAGE), "500 Internal Server Error"),
        (response("204 No Content", content_length=""), "204 No Content"),
        (response("206 Partial", PAGE), "206 Partial Content"),
        (response("304 Not Modified", content_length=""), "304 Not Modified"),
        (response("999 Denied", PAGE), "999"),
        (response(body=b"\x89PNG", kind="image/png"), "not an article (sent as 'image/png')"),
        (response(body="{}", kind="application/json"), "not an article (sent as 'application/json')"),
        (response(body="PAGE", kind=""), "not an article (sent without a type)"),
        (response(body=b"\x89PNG", kind="text/html"), "not an article (sent as 'text/html')"),
        (response(body=b"\x00", kind="application/octet-stream"), "not an article (sent as 'application/octet"),
        (response(body=""), "an empty page"),
        (response(body=" \n"), "an empty page"),
        (response(body=gzip.compress(PAGE.encode())[:-9], content_encoding="gzip"), "cut off"),
        (response(body=gzip.compress(b" " * 101 * 2**20, 1), content_encoding="gzip"), "larger than 102400 KiB"),
        (response(body=PAGE, content_encoding="br"), "compressed as 'br', which was not asked for"),
    ],
)
def test_what_is_no_article_is_not_kept(site: Site, web: Web, tmp_path: Path, answer: bytes, says: str) -> None:
    site.answers["/"] = answer
    outcome = keeper(web, tmp_path).keep("http://site.example/")
    assert (outcome.status, outcome.path) == ("refused", None)
    assert says in (outcome.reason or "")
    assert list(tmp_path.rglob("*")) == []


def test_the_type_is_looked_at_before_the_body_comes(site: Site, web: Web, tmp_path: Path) -> None:
    site.answers["/"] = lambda request: drip(response(kind="video/mp4", content_length="99999"), b"x", 0.2)
    start = time.monotonic()
    assert "video/mp4" in (keeper(web, tmp_path).keep("http://site.example/").reason or "")
    assert time.monotonic() - start < 1


@pytest.mark.parametrize(
    "kind", ["text/html; charset=utf-8", "TEXT/HTML", "application/pdf", "text/plain", "", "application/octet-stream"]
)
def test_what_articles_come_as(site: Site, web: Web, tmp_path: Path, kind: str) -> None:
    site.answers["/"] = response(body=PAGE, kind=kind)
    assert keeper(web, tmp_path).keep("http://site.example/").status == "kept"


def test_a_crash_leaves_nothing_half(site: Site, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in ("write_record", "replace"):
        with monkeypatch.context() as broken:
            if step == "replace":
                broken.setattr(Path, "replace", crash)
            else:
                broken.setattr(WARCWriter, "write_record", crash)
            with pytest.raises(KeyboardInterrupt):
                keeper(web, tmp_path).keep("http://site.example/")
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert keeper(web, tmp_path).keep("http://site.example/").status == "kept"


def crash(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_snapshot_that_is_broken_is_named(site: Site, web: Web, tmp_path: Path) -> None:
    pages = keeper(web, tmp_path)
    path = pages.keep("http://site.example/").path
    assert path
    path.write_bytes(b"nothing of the kind")
    outcome = pages.keep("http://site.example/")
    assert outcome.status == "refused"
    assert f"the snapshot {path} can't be read" in (outcome.reason or "")


def test_pages_need_a_folder_of_articles(tmp_path: Path) -> None:
    with pytest.raises(NoArticles, match="there is no folder"):
        folder_below(tmp_path / "missing")
    assert folder_below(tmp_path) == tmp_path / "fetched"


# Where it is kept


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://example.org", "example.org/index"),
        ("https://example.org/news/2025/flood", "example.org/news/2025/flood"),
        ("https://example.org/news/2025/", "example.org/news/2025/index"),
        ("https://example.org/report-3.pdf", "example.org/report-3.pdf"),
        ("https://example.org:8443/a", "example.org+8443/a"),
        ("https://[2606:4700::1]/a", "[2606-4700--1]/a"),
        ("https://example.org/story?id=7", "example.org/story~#"),
        ("https://example.org/?", "example.org/index~#"),
        ("http://example.org/a", "example.org/a~#"),
        ("https://example.org/index", "example.org/index~#"),
        ("https://example.org/Über uns/Ort".replace(" ", "%20"), "example.org/über-uns/ort~#"),
        ("https://example.org/日本", "example.org/日本~#"),
        ("https://example.org/a//b", "example.org/a/b~#"),
        ("https://example.org/.hidden", "example.org/hidden~#"),
        ("https://example.org/..%2f..%2fetc/passwd", "example.org/etc/passwd~#"),
        ("https://example.org/a~", "example.org/a~#"),
        ("https://example.org/a@2026-01-01", "example.org/a-2026-01-01~#"),
        ("https://example.org/a.warc.gz/b", "example.org/a.warc.gz/b~#"),
        ("https://example.org/%00%0a", "example.org/index~#"),
        ("https://example.org/" + "x" * 70, "example.org/" + "x" * 60 + "~#"),
        ("https://example.org/" + "a/" * 20, "example.org/" + "a/" * 7 + "a~#"),
    ],
)
def test_a_page_lies_where_a_person_looks_for_it(url: str, place: str) -> None:
    address = parse(url)
    digest = hashlib.sha256(str(address).encode()).hexdigest()[:10]
    found = places.place(Path("/f"), address)
    assert found == Path("/f") / (place.replace("#", digest) + ".warc.gz")


def test_places_are_short_and_one_for_each_address() -> None:
    urls = [
        "https://example.org/a/b", "https://example.org/a-b", "https://example.org/A/b", "https://example.org/a/b/",
        "https://example.org/a/b?", "https://example.org/a/b?c", "https://example.org/a/b?d", "http://example.org/a/b",
        "https://example.org/a%2Fb", "https://example.org/a//b", "https://example.org/a/b/index", "https://a.example/b",
        "https://example.org/a/b%20", "https://example.org/" + "文" * 300, "https://example.org/" + "文" * 301,
    ]  # fmt: skip
    found = [places.place(Path(), parse(url)) for url in urls]
    assert len({str(path).lower() for path in found}) == len(urls)
    assert all(len(part.encode()) <= 220 for path in found for part in path.parts)


def test_the_content_is_compared_however_it_came(tmp_path: Path, site: Site, web: Web) -> None:
    path = tmp_path / "a.warc.gz"
    snapshots.write(path, fetch(web))
    site.answers["/"] = lambda request: (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(PAGE), PAGE.encode())
    )
    assert snapshots.same_page(path, fetch(web))
    site.answers["/"] = response(body=PAGE + " ")
    assert not snapshots.same_page(path, fetch(web))
