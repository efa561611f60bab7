"""Web archives: written by the library that others write theirs with, and read back."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import zlib
from pathlib import Path
from time import process_time

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from corpus.archive import read_archive
from corpus.article import Article
from corpus.document import Member
from corpus.errors import UnreadableArticle
from corpus.formats import payload, warc
from corpus.formats.web_names import WebNames, slug
from corpus.formats.web_types import format_of
from corpus.statements import Statement
from tests.containers import before_the_end, described, expected, fixtures, names, only, parts, refusals

URL = "https://desk.example/2025/osk-ferry.html"
PAGE = b"<!doctype html><title>Ferry</title><article><p>The ferry to Osk sailed on Monday.</p></article>"
TIME = "2026-11-21T10:15:00Z"
HTML = "text/html; charset=utf-8"


class Web:
    """A web archive that is being written."""

    def __init__(self, *, compressed: bool = True) -> None:
        self.file = io.BytesIO()
        self.writer = WARCWriter(self.file, gzip=compressed)

    def add(
        self,
        content: bytes = PAGE,
        url: str = URL,
        content_type: str | None = HTML,
        *,
        kind: str = "response",
        status: str = "200 OK",
        time: str = TIME,
        http: dict[str, str] | None = None,
        warc: dict[str, str] | None = None,
    ) -> str:
        fields = list((http or {}).items()) + ([("Content-Type", content_type)] if content_type else [])
        record = self.writer.create_warc_record(
            url,
            kind,
            payload=io.BytesIO(content),
            http_headers=StatusAndHeaders(status, fields, protocol="HTTP/1.1") if kind == "response" else None,
            warc_content_type=(content_type or "") if kind != "response" else "",
            warc_headers_dict={"WARC-Date": time, **(warc or {})},
        )
        self.writer.write_record(record)
        record.raw_stream.close()
        return str(record.rec_headers.get_header("WARC-Record-ID"))

    def add_statements(self, about: str, said: object, content_type: str = "application/json") -> None:
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.add(content, URL, content_type, kind="metadata", warc={"WARC-Concurrent-To": about})

    @property
    def content(self) -> bytes:
        return self.file.getvalue()

    def parts(self) -> list[object]:
        return list(parts(self.content, "warc"))


def one(**given: object) -> Web:
    web = Web()
    web.add(**given)  # type: ignore[arg-type]
    return web


def member(**given: object) -> Member:
    return only(parts(one(**given).content, "warc"))


@pytest.mark.parametrize("path", fixtures("warc"), ids=lambda path: path.name)
def test_fixtures(path: Path) -> None:
    assert described(parts(path.read_bytes(), "warc")) == expected(path)


@pytest.mark.parametrize("compressed", [True, False])
def test_a_page_that_is_alone_is_the_file(compressed: bool) -> None:
    web = Web(compressed=compressed)
    web.add(b"GET /2025/osk-ferry.html HTTP/1.1\r\nHost: desk.example\r\n\r\n", URL, "application/http", kind="request")
    web.add()
    web.add(b"GIF89a", "https://desk.example/x.gif", "image/gif")
    assert only(parts(web.content, "warc")) == Member(
        name="",
        format="html",
        content=PAGE,
        charset="utf-8",
        said={"url": Statement(URL, "fetch"), "retrieved": Statement("2026-11-21", "fetch")},
    )


def test_statements_behind_a_page_are_about_it() -> None:
    said = {"title": "Ferry again", "authors": ["Ida Lund"], "published": "2025-03-04", "url": "https://x.example/"}
    web = Web()
    first = web.add()
    web.add_statements(first, {**said, "id": 5, "updated": "soon"})
    web.add_statements("<urn:uuid:another>", {"title": "Not this"})
    found = only(parts(web.content, "warc"))
    assert {name: one.value for name, one in found.said.items()} == {
        "title": "Ferry again", "authors": ("Ida Lund",), "published": "2025-03-04",
        "url": URL, "retrieved": "2026-11-21",
    }  # fmt: skip
    assert {one.origin for one in found.said.values()} == {"fetch"}
    second = web.add(PAGE, "https://desk.example/other")
    web.add_statements(second, b"title: Plain\r\nfetchTimeMs: 12\r\ntags: a\r\ntags: b\r\n", "application/warc-fields")
    titles = [part.said["title"].value for part in parts(web.content, "warc") if isinstance(part, Member)]
    assert titles == ["Ferry again", "Plain"]


@pytest.mark.parametrize("said", [b"{", b"[1]", b"\xff", b"[" * 60_000, b'"x"'])
def test_statements_that_are_none(said: bytes) -> None:
    web = Web()
    web.add_statements(web.add(), said)
    assert set(only(parts(web.content, "warc")).said) == {"url", "retrieved"}


def test_several_pages_are_called_by_their_addresses() -> None:
    web = Web()
    for url in (URL, "http://Desk.example:8080/a%20b/", "https://desk.example/", "https://desk.example/?p=3"):
        web.add(PAGE, url)
    assert names(parts(web.content, "warc")) == [
        "desk.example/2025/osk-ferry", "desk.example:8080/a b", "desk.example", "desk.example-238b12e4",
    ]  # fmt: skip


def test_names_stay_when_pages_are_added_behind() -> None:
    web, before = Web(), list[str]()
    for url, time in [
        (URL, TIME), ("https://x.example/", TIME), (URL, TIME), (URL, TIME), (URL, TIME),
        (URL, "2027-01-01T00:00:00Z"), (URL.removesuffix(".html"), TIME), (URL.removesuffix(".html"), TIME),
    ]:  # fmt: skip
        web.add(PAGE, url, time=time)
        now = names(parts(web.content, "warc"))
        assert len(now) < 3 or now[:-1] == before
        before = now
    page = "desk.example/2025/osk-ferry"
    other = now[-2]
    assert now == [
        page, "x.example", f"{page}@2026-11-21", f"{page}@2026-11-21T101500Z", f"{page}@2026-11-21T101500Z-2",
        f"{page}@2027-01-01", other, f"{other}@2026-11-21",
    ]  # fmt: skip
    assert other.startswith(f"{page}-")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.example/../../etc/passwd", "x.example/etc/passwd"),
        ("https://x.example/%2e%2e/%2fa%00b", "x.example/ab"),
        ("https://u:p@x.example/a#part", "x.example/a"),
        ("https://x.example//a//b.PDF", "x.example/a/b"),
        ("https://[::1/a", "page-3cbd1cb9"),
    ],
)
def test_names_are_safe(url: str, name: str) -> None:
    assert slug(url) == name or (name.startswith("page-") and slug(url).startswith("page-"))
    assert WebNames().name(url, "") == slug(url)


GZIPPED = gzip.compress(PAGE, mtime=0)
CHUNKED = b"10\r\n" + PAGE[:16] + b"\r\n" + f"{len(PAGE) - 16:x};x=y\r\n".encode() + PAGE[16:] + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("content", "http"),
    [
        (GZIPPED, {"Content-Encoding": "gzip"}),
        (GZIPPED, {"Content-Encoding": "X-GZIP"}),
        (gzip.compress(PAGE[:20]) + gzip.compress(PAGE[20:]) + b"\0\0", {"content-encoding": "gzip"}),
        (zlib.compress(PAGE), {"Content-Encoding": "deflate"}),
        (zlib.compress(PAGE)[2:-4], {"Content-Encoding": "deflate"}),
        (gzip.compress(zlib.compress(PAGE)), {"Content-Encoding": "deflate, gzip"}),
        (CHUNKED, {"Transfer-Encoding": "chunked"}),
        (
            b"%x\r\n" % len(GZIPPED) + GZIPPED + b"\r\n0\r\n\r\n",
            {"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"},
        ),
        (PAGE, {"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}),
        (PAGE, {"Content-Encoding": "identity"}),
    ],
)
def test_codings_are_undone(content: bytes, http: dict[str, str]) -> None:
    assert member(content=content, http=http).content == PAGE


@pytest.mark.parametrize(
    ("content", "http", "reason"),
    [
        (b"\x1f\x8bnonsense", {"Content-Encoding": "gzip"}, "can't be decompressed"),
        (GZIPPED[:-12], {"Content-Encoding": "gzip"}, "truncated"),
        (b"\x8b\x00", {"Content-Encoding": "br"}, "'br'"),
        (CHUNKED[:60], {"Transfer-Encoding": "chunked"}, "truncated"),
        (b"", {}, "empty"),
    ],
)
def test_pages_that_can_not_be_decoded_are_refused(content: bytes, http: dict[str, str], reason: str) -> None:
    web = one(content=content, http=http)
    assert reason in refusals(parts(web.content, "warc"))[""]
    web.add(PAGE, "https://desk.example/good")
    assert names(parts(web.content, "warc")) == ["desk.example/good"]


def test_pictures_that_can_not_be_decoded_are_none() -> None:
    web = one(content=b"x", content_type="image/webp", http={"Content-Encoding": "br"})
    web.add()
    assert names(parts(web.content, "warc")) == [""]


@pytest.mark.parametrize(
    ("given", "is_read"),
    [
        ({"status": "404 Not Found"}, False),
        ({"status": "301 Moved"}, False),
        ({"status": "204 No Content"}, False),
        ({"status": "203 Other"}, True),
        ({"content_type": "text/css"}, False),
        ({"content_type": "application/json"}, False),
        ({"url": "https://x.example/robots.txt", "content_type": "text/plain"}, False),
        ({"url": "dns:x.example", "kind": "resource", "content_type": "text/dns"}, False),
        ({"kind": "resource"}, True),
        ({"kind": "conversion"}, False),
        ({"content_type": None}, True),
        ({"content_type": "application/octet-stream"}, True),
        ({"content": b"\x89PNG", "content_type": HTML}, False),
        ({"content": b"\x89PNG", "content_type": None}, False),
    ],
)
def test_which_records_are_articles(given: dict[str, object], is_read: bool) -> None:
    web = one(**given)
    web.add(b"Plain words.", "https://desk.example/plain", "text/plain")
    assert len(parts(web.content, "warc")) == 1 + is_read


def test_what_was_found_unchanged_is_passed_over() -> None:
    web = one()
    record = web.writer.create_revisit_record(URL, "sha1:X", URL, TIME)
    web.writer.write_record(record)
    assert names(parts(web.content, "warc")) == [""]


@pytest.mark.parametrize(
    ("content_type", "content", "url", "wanted"),
    [
        ("text/html", b"<p>x", URL, "html"),
        ("application/xhtml+xml; charset=x", b"<p>x", URL, "html"),
        ("text/html", b"%PDF-1.7", URL, "pdf"),
        ("text/plain", b" <!-- a --> <HTML><p>", URL, "html"),
        ("text/plain", b"words", URL, "text"),
        ("application/octet-stream", b"%PDF-1.7", URL, "pdf"),
        ("application/octet-stream", b"\0\1\2", "https://x.example/file", None),
        ("application/octet-stream", b"PK\x03\x04", "https://x.example/a.docx", "docx"),
        ("application/epub+zip", b"PK\x03\x04", URL, "epub"),
        ("application/zip", b"PK\x03\x04", "https://x.example/a.zip", None),
        ("", b"words", "https://x.example/a.TXT", "text"),
        ("", b"words", "https://[", None),
        ("application/pdf", b"<html>Log in", URL, "html"),
        ("text/rtf", b"{\\rtf1", URL, "rtf"),
        ("image/jpeg", b"<html>", URL, None),
    ],
)
def test_formats_are_known_by_type_and_content(content_type: str, content: bytes, url: str, wanted: str | None) -> None:
    assert format_of(content_type, content, url) == wanted


@pytest.mark.parametrize("charset", ["utf-8", '"utf-8"', "'UTF-8' "])
def test_the_charset_is_what_the_head_says(charset: str) -> None:
    assert str(member(content_type=f"text/html;x=1; Charset={charset}").charset).lower() == "utf-8"
    assert member(content_type="text/html").charset is None
    assert member(content_type="text/html; charset=").charset is None


def digest(algorithm: str, content: bytes) -> bytes:
    return hashlib.new(algorithm, content).digest()


@pytest.mark.parametrize(
    ("label", "is_read"),
    [
        ("sha1:" + base64.b32encode(digest("sha1", PAGE)).decode(), True),
        ("sha256:" + digest("sha256", PAGE).hex(), True),
        ("md5:" + base64.b64encode(digest("md5", PAGE)).decode(), True),
        ("sha1:" + base64.b32encode(digest("sha1", CHUNKED)).decode(), True),
        ("sha1:" + base64.b32encode(digest("sha1", PAGE + b" ")).decode(), False),
        ("sha256:00", False),
        ("blake9:00", True),
        ("nonsense", True),
    ],
)
def test_digests(label: str, is_read: bool) -> None:
    web = Web(compressed=False)
    web.add(CHUNKED, http={"Transfer-Encoding": "chunked"})
    found = parts(re.sub(rb"(?<=Payload-Digest: )\S+", label.encode(), web.content), "warc")
    assert (names(found) == [""]) is is_read
    assert is_read or "doesn't match its digest" in refusals(found)[""]


def test_a_changed_byte_is_seen() -> None:
    web = Web(compressed=False)
    web.add()
    web.add(PAGE, "https://desk.example/two")
    changed = web.content.replace(b"sailed on Monday", b"sailed on Friday", 1)
    found = parts(changed, "warc")
    assert names(found) == ["desk.example/two"]
    assert "digest" in refusals(found)["desk.example/2025/osk-ferry"]


def test_parts_of_pages_are_refused() -> None:
    found = parts(one(status="206 Partial Content").content, "warc")
    assert "only a part" in refusals(found)[""]
    found = parts(one(warc={"WARC-Truncated": "length"}).content, "warc")
    assert "truncated" in refusals(found)[""]


@pytest.mark.parametrize("compressed", [True, False])
def test_a_file_that_breaks_off(compressed: bool) -> None:
    web = Web(compressed=compressed)
    for number in range(3):
        web.add(PAGE * 50, f"https://desk.example/{number}")
    found, reason = before_the_end(web.content[:-60], "warc")
    assert names(found)[:2] == ["desk.example/0", "desk.example/1"]
    assert "truncated" in reason
    single = one(content=PAGE * 50)
    single.add_statements("x", {"title": "x" * 500})
    found, reason = before_the_end(single.content[:-20], "warc")
    assert names(found) == [""]
    assert "truncated" in reason


def test_one_compressed_piece_for_all_records() -> None:
    web = Web(compressed=False)
    web.add()
    web.add(PAGE, "https://x.example/")
    assert len(names(parts(gzip.compress(web.content), "warc"))) == 2


def test_damage_in_the_middle() -> None:
    web = Web()
    web.add()
    end = len(web.content)
    web.add(PAGE, "https://x.example/")
    data = bytearray(web.content)
    data[end + 40 : end + 60] = b"\xff" * 20
    found, reason = before_the_end(bytes(data), "warc")
    assert names(found) == [""]
    assert "damaged" in reason
    assert "\n" not in reason


RECORD = (
    "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nContent-Type: application/http\r\n"
    "{more}\r\n{block}\r\n\r\n"
)


def raw(block: str, url: str = URL, more: str | None = None) -> bytes:
    more = f"Content-Length: {len(block)}\r\n" if more is None else more
    return RECORD.format(url=url, more=more, block=block).encode("latin-1")


@pytest.mark.parametrize(
    "block",
    [
        "",
        "\r\n\r\n",
        "HTTP/1.0\r\n\r\nx",
        "garbage\r\nmore\r\n\r\n<html>",
        "HTTP/1.1 abc OK\r\n\r\nx",
        "HTTP/1.1 999999 OK\r\nContent-Type: text/html\r\n\r\nx",
        "<html>no head at all",
    ],
)
def test_responses_that_are_none(block: str) -> None:
    found = parts(raw(block) + raw(GOOD), "warc")
    assert names(found) == [""]


GOOD = "HTTP/1.0 200\nno colon\nX: a\n continued\nContent-Type:\ttext/html\n: x\n\n<html>Words."


def test_heads_that_break_the_rules() -> None:
    (found,) = parts(raw(GOOD, url="<https://x.example/a>"), "warc")
    assert isinstance(found, Member)
    assert found.content == b"<html>Words."
    assert found.said["url"].value == "https://x.example/a"
    assert "retrieved" not in found.said


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\r\n\r\n", "empty"),
        (b"<html>a page</html>", "no WARC file"),
        (b"\x1f\x8b\x08\x00", "truncated"),
        (b"\x1f\x8bxxxxxxxxxxxx", "damaged"),
        (b"x" * 3_000_000, "no WARC file"),
        (b"WARC/1.0\r\n" + b"a: b\r\n" * 300_000, "no WARC file"),
        (gzip.compress(b"WARC/1.0\r\na:" + b"b" * 50_000_000), "no WARC file"),
        (raw(GOOD, more=""), "how long"),
        (raw(GOOD, more="Content-Length: -5\r\n"), "how long"),
        (raw(GOOD, more="Content-Length: many\r\n"), "how long"),
        (raw("HTTP/1.1 404 No\r\n\r\n"), "empty: no page"),
    ],
)
def test_what_is_no_web_archive(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableArticle, match=reason):
        parts(content, "warc")


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    wrong = raw(GOOD, url="https://x.example/a b") + raw(GOOD, more="Content-Length: 20\r\n")
    with pytest.raises(UnreadableArticle, match="its record 3 has no head"):
        parts(wrong, "warc")
    assert capfd.readouterr() == ("", "")


def test_bombs(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(b"0" * 30_000_000)
    monkeypatch.setattr(payload, "MOST_CONTENT", 20_000_000)
    web = one(content=bomb, http={"Content-Encoding": "gzip"})
    web.add(b"word " * 2_500_000, "https://desk.example/large", "text/plain")
    web.add(PAGE, "https://desk.example/good")
    found = parts(web.content, "warc")
    assert names(found) == ["desk.example/good"]
    assert "a bomb" in refusals(found)["desk.example/2025/osk-ferry"]
    assert "larger than 10 MiB" in refusals(found)["desk.example/large"]
    monkeypatch.setattr(warc, "HARMLESS", 10_000_000)
    found, reason = before_the_end(web.content, "warc")
    assert "a bomb" in reason


def test_a_head_of_a_million_lines_takes_little_time() -> None:
    begun = process_time()
    with pytest.raises(UnreadableArticle, match="a record's head has no end"):
        parts(raw(GOOD, more=" and on\r\n" * 1_000_000), "warc")
    assert process_time() - begun < 5


def test_records_that_are_too_large_are_not_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    web = one(content=b"<p>" + b"x" * 5000)
    web.add(b"x" * 5000, "https://desk.example/p.png", "image/png")
    web.add(PAGE, "https://desk.example/good")
    monkeypatch.setattr(warc, "MOST_PAYLOAD", 2000)
    found = parts(web.content, "warc")
    assert names(found) == ["desk.example/good"]
    assert list(refusals(found)) == ["desk.example/2025/osk-ferry"]


def test_a_page_from_the_archive(tmp_path: Path) -> None:
    web = Web()
    web.add_statements(web.add(b"Six lamps were lit.\n", content_type="text/plain"), {"title": "Lamps"})
    folder = tmp_path / "fetched" / "desk.example"
    folder.mkdir(parents=True)
    (folder / "osk.warc.gz").write_bytes(web.content)
    (article,) = read_archive([tmp_path])
    assert isinstance(article, Article)
    assert (article.id, article.title, article.url) == ("fetched/desk.example/osk", "Lamps", URL)
    assert article.text == "Six lamps were lit."
    assert {one.origin for one in article.provenance.values()} == {"fetch"}
