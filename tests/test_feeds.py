"""Feeds: what they say, and following them from one run to the next."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from filelock import FileLock
from warcio.archiveiterator import ArchiveIterator

from corpus.errors import NotFetched
from corpus.fetching import feed_state, feeds
from corpus.fetching.addresses import parse
from corpus.fetching.following import MOST_TRIES, FeedOutcome, follow, followed
from corpus.fetching.pages import Keeper, Outcome
from corpus.fetching.robots import Robots
from tests.conftest import ROOT
from tests.web import PUBLIC, Request, Site, Web, redirect, response, serve

FIXTURES = ROOT / "tests" / "fixtures" / "fetching"
FEED = "http://site.example/feed.xml"
PAGE = "<!doctype html><title>Tides</title><p>The tide was high at noon.</p>"


@pytest.fixture
def site() -> Iterator[Site]:
    with serve({"/robots.txt": response("404 Not Found")}) as found:
        yield found


def rss(*pages: str, title: str = "Tide tables") -> bytes:
    items = "".join(f"<item><title>Page {page}</title><link>http://site.example/{page}</link></item>" for page in pages)
    return response(
        body=f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>',
        kind="application/rss+xml",
    )


def run(web: Web, folder: Path, *urls: str) -> list[FeedOutcome | Outcome]:
    """One run, with what is known from earlier ones only from the folder."""
    fetcher = web.fetcher()
    return list(follow(Keeper(folder=folder, fetcher=fetcher, may=Robots(fetcher).check), urls or (FEED,)))


def statuses(outcomes: list[FeedOutcome | Outcome]) -> list[tuple[str, str]]:
    return [(outcome.url.rpartition("/")[2], outcome.status) for outcome in outcomes]


# What a feed says


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.expected.json")), ids=lambda path: path.name)
def test_what_feeds_say(path: Path) -> None:
    content = path.with_name(path.name.removesuffix(".expected.json")).read_bytes()
    found = feeds.read(content, parse("https://site.example/feed.xml"))
    assert json.loads(json.dumps(asdict(found))) == json.loads(path.read_text(encoding="utf-8"))


def test_there_are_fixtures() -> None:
    assert len(list(FIXTURES.glob("*.expected.json"))) >= 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\x00\xff" * 50,
        b"/etc/passwd",
        b"https://127.0.0.1/feed",
        b"<html><body>Hello</body></html>",
        b"<rs",
    ],
)
def test_what_is_no_feed_is_refused(content: bytes) -> None:
    with pytest.raises(NotFetched, match="not a feed"):
        feeds.read(content, parse(FEED))


def test_a_feed_is_never_taken_for_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "feed").write_bytes((FIXTURES / "harbour.rss").read_bytes())
    with pytest.raises(NotFetched, match="not a feed"):
        feeds.read(str(tmp_path / "feed").encode(), parse(FEED))


def test_a_page_that_names_a_feed_is_told_apart() -> None:
    page = b'<html><head><link rel="alternate" type="application/rss+xml" href="/all.xml"></head><body>x</body></html>'
    with pytest.raises(NotFetched, match=r"the page names one: http://site\.example/all\.xml"):
        feeds.read(page, parse(FEED), "text/html")


def test_entities_do_not_explode_and_no_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("do not tell")
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    head = f'<!DOCTYPE r [<!ENTITY a0 "ha">{entities}<!ENTITY f SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    found = feeds.read(
        f'<?xml version="1.0"?>{head}<rss version="2.0"><channel><title>T&a11;&f;</title></channel></rss>'.encode(),
        parse(FEED),
    )
    assert "do not tell" not in str(found)
    assert len(found.title or "") < 1000


def test_a_feed_that_is_cut_off_gives_what_it_has() -> None:
    whole = rss("a", "b", "c").partition(b"\r\n\r\n")[2]
    found = feeds.read(whole[: whole.index(b"<item><title>Page c") + 30], parse(FEED))
    assert [entry.url[-1] for entry in found.entries] == ["a", "b"]


# Following


def test_new_entries_are_kept_with_what_the_feed_said_and_only_once(site: Site, web: Web, tmp_path: Path) -> None:
    site.answers |= {"/feed.xml": rss("a", "b"), "/a": response(body=PAGE), "/b": response(body=PAGE)}
    first = run(web, tmp_path)
    assert first[0] == FeedOutcome(FEED, "read", "Tide tables", new=2)
    assert statuses(first[1:]) == [("a", "kept"), ("b", "kept")]
    assert isinstance(first[1], Outcome)
    assert first[1].path
    with first[1].path.open("rb") as file:
        [said] = [record.content_stream().read() for record in ArchiveIterator(file) if record.rec_type == "metadata"]
    assert json.loads(said) == {"title": "Page a", "feed": FEED}
    site.answers["/feed.xml"] = rss("c", "a", "b")
    site.answers["/c"] = response(body=PAGE)
    assert statuses(run(web, tmp_path)) == [("feed.xml", "read"), ("c", "kept")]
    assert site.targets.count("/a") == 1


def test_what_was_not_changed_is_not_sent_again(site: Site, web: Web, tmp_path: Path) -> None:
    def answer(request: Request) -> bytes:
        if request.headers.get("if-none-match") == '"v1"':
            assert request.headers["if-modified-since"] == "Sat, 01 Nov 2025 10:00:00 GMT"
            return response("304 Not Modified", content_length="")
        head, _, body = rss("a").partition(b"\r\n\r\n")
        return head + b'\r\nETag: "v1"\r\nLast-Modified: Sat, 01 Nov 2025 10:00:00 GMT\r\n\r\n' + body

    site.answers |= {"/feed.xml": answer, "/a": response(body=PAGE)}
    assert statuses(run(web, tmp_path)) == [("feed.xml", "read"), ("a", "kept")]
    assert statuses(run(web, tmp_path)) == [("feed.xml", "unchanged")]
    [known] = followed(tmp_path, (FEED,))
    assert (known.title, known.kept, known.waiting, known.problem) == ("Tide tables", 1, 0, None)
    assert known.checked


def test_a_page_that_failed_is_tried_again_so_many_times(site: Site, web: Web, tmp_path: Path) -> None:
    site.answers |= {"/feed.xml": rss("a", "b"), "/b": response(body=PAGE)}
    assert statuses(run(web, tmp_path)) == [("feed.xml", "read"), ("a", "refused"), ("b", "kept")]
    for _ in range(MOST_TRIES - 2):
        assert statuses(run(web, tmp_path)) == [("feed.xml", "read"), ("a", "refused")]
    last = run(web, tmp_path)[1]
    assert isinstance(last, Outcome)
    assert last.reason == f"404 Not Found (given up after {MOST_TRIES} tries)"
    assert statuses(run(web, tmp_path)) == [("feed.xml", "read")]
    assert site.targets.count("/a") == MOST_TRIES
    assert site.targets.count("/b") == 1


def test_one_that_failed_once_is_kept_the_next_time(site: Site, web: Web, tmp_path: Path) -> None:
    site.answers["/feed.xml"] = rss("a")
    run(web, tmp_path)
    site.answers["/feed.xml"] = response("500 Oops")
    assert statuses(run(web, tmp_path)) == [("feed.xml", "refused")]
    site.answers |= {"/feed.xml": rss(), "/a": response(body=PAGE)}
    assert statuses(run(web, tmp_path)) == [("feed.xml", "read"), ("a", "kept")]


def test_robots_are_respected_for_pages(site: Site, web: Web, tmp_path: Path) -> None:
    site.answers |= {
        "/feed.xml": rss("a", "b"),
        "/a": response(body=PAGE),
        "/b": response(body=PAGE),
        "/robots.txt": response(body="User-agent: *\nDisallow: /a\nDisallow: /feed.xml"),
    }
    outcomes = run(web, tmp_path)
    assert statuses(outcomes) == [("feed.xml", "read"), ("a", "refused"), ("b", "kept")]
    assert "robots.txt" in str(outcomes[1].reason)
    assert "/a" not in site.targets


def test_a_host_that_says_stop_is_left_alone_also_by_the_next_run(site: Site, web: Web, tmp_path: Path) -> None:
    site.answers |= {
        "/feed.xml": rss("a", "b", "c"),
        "/a": response(body=PAGE),
        "/b": response("429 Too Many", retry_after="900"),
        "/c": response(body=PAGE),
    }
    assert statuses(run(web, tmp_path)) == [("feed.xml", "read"), ("a", "kept"), ("b", "refused")]
    asked = len(site.requests)
    again = run(web, tmp_path)
    assert statuses(again) == [("feed.xml", "refused")]
    assert "asked to be left alone until" in str(again[0].reason)
    assert len(site.requests) == asked
    state = feed_state.load(tmp_path)
    assert {page[-1]: entry.tries for page, entry in state.feeds[FEED].waiting.items()} == {"b": 1, "c": 0}


def test_a_feed_that_moved_or_is_gone(site: Site, web: Web, tmp_path: Path) -> None:
    site.answers |= {"/feed.xml": redirect("/new.xml", "301 Moved"), "/new.xml": rss()}
    [moved] = run(web, tmp_path)
    assert moved == FeedOutcome(FEED, "read", "Tide tables", moved="http://site.example/new.xml")
    site.answers["/feed.xml"] = redirect("/new.xml", "302 Found")
    assert run(web, tmp_path)[0] == FeedOutcome(FEED, "read", "Tide tables")
    site.answers["/feed.xml"] = response("410 Gone")
    [gone] = run(web, tmp_path)
    assert gone.status == "gone"
    assert followed(tmp_path, ())[0].problem == gone.reason


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (response("404 Not Found"), "404 Not Found"),
        (response(body=PAGE), "not a feed"),
        (redirect("http://127.0.0.1/feed"), "this machine"),
        (response(body=gzip.compress(b"<rss>" + b" " * 6_000_000), content_encoding="gzip"), "larger than 5120 KiB"),
        (response(body=b"not gzip", content_encoding="gzip"), "damaged"),
    ],
)
def test_feeds_that_can_not_be_read(site: Site, web: Web, tmp_path: Path, answer: bytes, says: str) -> None:
    site.answers["/feed.xml"] = answer
    [refused] = run(web, tmp_path)
    assert (refused.status, says in str(refused.reason)) == ("refused", True)


def test_other_feeds_are_read_all_the_same(site: Site, web: Web, tmp_path: Path) -> None:
    site.answers |= {"/feed.xml": rss("a"), "/a": response(body=PAGE)}
    outcomes = run(web, tmp_path, "http://127.0.0.1/x", "nonsense", FEED, f"{FEED}#again")
    assert statuses(outcomes) == [("x", "refused"), ("nonsense", "refused"), ("feed.xml", "read"), ("a", "kept")]


def test_entries_lead_nowhere_inside(site: Site, web: Web, tmp_path: Path) -> None:
    body = rss("a").replace(b"http://site.example/a", b"http://127.0.0.1:80/").partition(b"\r\n\r\n")[2]
    site.answers["/feed.xml"] = response(body=body)
    outcomes = run(web, tmp_path)
    assert "this machine" in str(outcomes[1].reason)
    assert web.connected == [(PUBLIC, 80)]


def test_a_run_that_was_stopped_is_gone_on_with(site: Site, web: Web, tmp_path: Path) -> None:
    site.answers |= {f"/{page}": response(body=PAGE) for page in "abc"} | {"/feed.xml": rss("a", "b", "c")}
    fetcher = web.fetcher()
    stopped = follow(Keeper(folder=tmp_path, fetcher=fetcher, may=Robots(fetcher).check), (FEED,))
    assert statuses([next(stopped), next(stopped)]) == [("feed.xml", "read"), ("a", "kept")]
    with pytest.raises(KeyboardInterrupt):
        stopped.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert len(feed_state.load(tmp_path).feeds[FEED].waiting) == 2
    assert statuses(run(web, tmp_path)) == [("feed.xml", "read"), ("b", "kept"), ("c", "kept")]
    assert site.targets.count("/a") == 1


def test_one_run_at_a_time(web: Web, tmp_path: Path) -> None:
    with FileLock(tmp_path / ".feeds.lock"), pytest.raises(NotFetched, match="being read already"):
        run(web, tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 2}', '{"format": 1, "feeds": {"a": {}}, "stops": {}}'])
def test_a_state_that_is_broken_is_named(web: Web, tmp_path: Path, content: str) -> None:
    (tmp_path / feed_state.FILE).write_text(content)
    with pytest.raises(NotFetched, match=r"\.feeds\.json can't be read"):
        run(web, tmp_path)


def test_the_state_is_whole_after_a_crash(
    site: Site, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.answers |= {"/feed.xml": rss("a"), "/a": response(body=PAGE)}
    run(web, tmp_path)
    before = (tmp_path / feed_state.FILE).read_bytes()

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("corpus.fetching.feed_state.os.fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            run(web, tmp_path)
    assert (tmp_path / feed_state.FILE).read_bytes() == before
    assert list(tmp_path.glob("*.part")) == []
