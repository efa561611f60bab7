"""What robots.txt allows."""

from __future__ import annotations

import gzip
import time

import pytest

from corpus.errors import NotFetched
from corpus.fetching.addresses import parse
from corpus.fetching.fetcher import Wanted
from corpus.fetching.pace import Pace
from corpus.fetching.robots import Robots
from corpus.fetching.robots import parse as rules
from tests.web import PUBLIC, Clock, Site, Web, redirect, response, zipped

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
