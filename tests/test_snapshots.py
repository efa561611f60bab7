"""What is kept of a page that was fetched, and where."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

from corpus.errors import NoArticles
from corpus.fetching import places, snapshots
from corpus.fetching.addresses import parse
from corpus.fetching.pages import Keeper, folder_below
from corpus.fetching.wire import Limits
from tests.web import PAGE, PUBLIC, Site, Web, drip, fetch, redirect, response, zipped


def keeper(web: Web, folder: Path, limits: Limits | None = None) -> Keeper:
    return Keeper(folder=folder, fetcher=web.fetcher(limits=limits), may=lambda address: None)


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
