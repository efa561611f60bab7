"""The commands add and feeds, and that the examples in their documentation run."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from corpus.archive import read_archive
from corpus.article import Article
from corpus.fetching import running
from qa.cli_fetching import add, feeds
from tests.conftest import ROOT
from tests.web import PUBLIC, Request, Site, Web, certificate, response, serve

PAGE = "The ferry is back in service. It sails on the hour.\n"
COMMANDS = {"add": add, "feeds": feeds}
DOCS = (ROOT / "docs" / "fetching.md").read_text(encoding="utf-8")


@pytest.fixture
def site(alone: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server of this machine that is let in, and an empty folder of articles that is set."""
    monkeypatch.setattr("corpus.fetching.pace.GAP", 0)
    (alone / "articles").mkdir()
    with serve({"/a": response(body=PAGE, kind="text/plain"), "/b": response(body=PAGE, kind="text/plain")}) as found:
        (alone / "ibidem.toml").write_text(f'articles = ["articles"]\nfetch_private = ["{found.place}"]\n')
        yield found


def ibidem(command: str, *arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(COMMANDS[command], arguments, input=given, prog_name=f"ibidem {command}")


def test_each_page_has_a_line_and_what_follows_is_said(site: Site) -> None:
    result = ibidem("add", f"{site.url}/a", f"{site.url}/missing", f"{site.url}/a", "file:///etc/passwd")
    assert (result.exit_code, result.stderr) == (1, "")
    kept, missing, other, total = result.stdout.splitlines()
    assert re.fullmatch(rf"kept {site.url}/a → articles/fetched/127\.0\.0\.1\+{site.port}/a~\w{{10}}\.warc\.gz", kept)
    assert missing == f"refused {site.url}/missing: 404 Not Found"
    assert other.startswith("refused file:///etc/passwd: only addresses that begin with http")
    assert total == "1 kept, 2 refused; 'ibidem build' takes what was kept into the index"
    again = ibidem("add", f"{site.url}/a")
    assert (again.exit_code, again.stdout.splitlines()[1]) == (0, "0 kept, 0 refused")
    assert again.stdout.startswith(f"already there {site.url}/a → {kept.partition(' → ')[2]} since ")
    assert site.targets == ["/a", "/missing"]


def test_as_json(site: Site) -> None:
    result = ibidem("add", f"{site.url}/a", "ftp://x.example/", "--json")
    assert result.exit_code == 1
    kept, refused = json.loads(result.stdout)
    assert {**kept, "path": None} == {"url": f"{site.url}/a", "status": "kept", "path": None, "reason": None}
    assert Path(kept["path"]).is_file()
    assert refused["status"] == "refused"


def test_a_list_from_standard_input_respects_robots_and_a_person_s_address_does_not_ask(site: Site) -> None:
    site.answers["/robots.txt"] = response(body="User-agent: ibidem\nDisallow: /a")
    result = ibidem("add", "-", given=f"\n{site.url}/a\n  {site.url}/b\n")
    assert result.exit_code == 1
    assert "robots.txt" in result.stdout
    assert site.targets == ["/robots.txt", "/b"]
    assert ibidem("add", f"{site.url}/a").exit_code == 0


def test_again_keeps_what_changed(site: Site) -> None:
    ibidem("add", f"{site.url}/a")
    assert ibidem("add", "--again", f"{site.url}/a").stdout.startswith("unchanged ")
    site.answers["/a"] = response(body=PAGE + "Or nearly.", kind="text/plain")
    changed = ibidem("add", "--again", f"{site.url}/a")
    assert re.search(r"kept .*@\d{4}-\d\d-\d\d\.warc\.gz\n", changed.stdout)
    texts = [found.text for found in read_archive([Path("articles")]) if isinstance(found, Article)]
    assert [text.endswith("Or nearly.") for text in sorted(texts)] == [False, True]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_is_not_there(site: Site, command: str) -> None:
    result = ibidem(command, f"{site.url}/a", "--articles", "nowhere")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "there is no folder nowhere" in result.stderr


def test_another_folder(site: Site, tmp_path: Path) -> None:
    assert ibidem("add", f"{site.url}/a", "--articles", str(tmp_path)).exit_code == 0
    assert list((tmp_path / "fetched").rglob("*.warc.gz"))


def test_what_is_not_let_in_is_refused(site: Site, alone: Path) -> None:
    (alone / "ibidem.toml").write_text('articles = ["articles"]\n')
    result = ibidem("add", f"{site.url}/a", f"http://localhost:{site.port}/a")
    assert result.exit_code == 1
    assert result.stdout.count("this machine; only what is public is fetched") == 2
    assert site.requests == []
    (alone / "ibidem.toml").write_text('articles = ["articles"]\nfetch_private = ["127.0.0.1"]\n')
    wrong = ibidem("add", f"{site.url}/a")
    assert (wrong.exit_code, "fetch_private" in wrong.stderr) == (2, True)


def test_what_a_server_says_does_not_drive_the_terminal(site: Site) -> None:
    site.answers["/a"] = response(body="x", kind="image/\x9b31m\x85red")
    site.answers["/b"] = b"HTTP/1.1 302 \r\nLocation: http://\x9bx.example/\r\n\r\n"
    result = ibidem("add", f"{site.url}/a", f"{site.url}/b", "http://x\x1b[31m.example/")
    assert result.exit_code == 1
    assert all(line.isprintable() for line in result.stdout.split("\n"))


FEED = """<rss version="2.0"><channel><title>Selmouth Courier</title>{}</channel></rss>"""


def feed(*urls: str) -> bytes:
    items = "".join(f"<item><title>T</title><link>{url}</link></item>" for url in urls)
    return response(body=FEED.format(items), kind="application/rss+xml")


def test_feeds_that_are_set_and_feeds_that_are_named(site: Site, alone: Path) -> None:
    none = ibidem("feeds")
    assert (none.exit_code, "there are no feeds" in none.stderr) == (2, True)
    assert ibidem("feeds", "--list").stdout == "no feeds are set, and none was read\n"
    with (alone / "ibidem.toml").open("a") as file:
        file.write(f'feeds = ["{site.url}/feed"]\n')
    assert ibidem("feeds", "--list").stdout == f"{site.url}/feed: never read\n"
    site.answers["/feed"] = feed(f"{site.url}/a", f"{site.url}/missing")
    result = ibidem("feeds")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == f"feed {site.url}/feed: 2 new"
    assert lines[1].startswith(f"kept {site.url}/a → ")
    assert lines[2:] == [
        f"refused {site.url}/missing: 404 Not Found",
        "1 kept, 1 refused; 'ibidem build' takes what was kept into the index",
    ]
    listed = ibidem("feeds", "--list").stdout
    assert re.fullmatch(rf"{site.url}/feed \(Selmouth Courier\): read \S+, 1 kept, 1 waiting\n", listed)
    [known] = json.loads(ibidem("feeds", "--list", "--json").stdout)
    assert (known["url"], known["kept"], known["waiting"]) == (f"{site.url}/feed", 1, 1)
    site.answers["/other"] = feed(f"{site.url}/b")
    other = ibidem("feeds", f"{site.url}/other", "--json")
    assert [(found["status"], found["url"]) for found in json.loads(other.stdout)] == [
        ("read", f"{site.url}/other"),
        ("kept", f"{site.url}/b"),
    ]
    assert other.exit_code == 0


def test_feeds_that_moved_or_are_gone_are_named(site: Site) -> None:
    site.answers |= {"/new": feed(), "/old": response("308 Moved", location="/new"), "/gone": response("410 Gone")}
    result = ibidem("feeds", f"{site.url}/old", f"{site.url}/gone")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[:3] == [
        f"feed {site.url}/old: 0 new",
        f"feed {site.url}/old: moved for good to {site.url}/new; change the settings",
        f"feed {site.url}/gone: gone for good, says its server; take it out of the settings",
    ]
    assert "last time: gone for good" in ibidem("feeds", "--list").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_stopping_with_ctrl_c_leaves_nothing_half(site: Site, alone: Path, command: str) -> None:
    def slow(request: Request) -> Iterator[bytes]:
        yield response(body=PAGE, kind="text/plain", content_length="100000")
        time.sleep(20)
        yield b""

    site.answers |= {"/slow": slow, "/feed": feed(f"{site.url}/slow")}
    url = f"{site.url}/{'slow' if command == 'add' else 'feed'}"
    code = f"import corpus.fetching.pace as p; p.GAP = 0; from qa.cli_fetching import {command}; {command}()"
    with subprocess.Popen(
        [sys.executable, "-c", code, url],
        cwd=alone,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What runs in the background has it ignored, and hands that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        deadline = time.monotonic() + 20
        while "/slow" not in site.targets and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=10)
    assert (process.returncode, stderr) == (130, "ibidem: stopped\n")
    assert not [path for path in alone.rglob("*") if path.name.endswith((".warc.gz", ".part"))]


# The examples of the documentation


@pytest.fixture
def courier(alone: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """What the documentation speaks of: a site on the public web, by https; only the network's edge is made up."""
    server, trusting = certificate(alone, "courier.example")
    monkeypatch.setattr("corpus.fetching.pace.GAP", 0)
    (alone / "articles").mkdir()
    (alone / "ibidem.toml").write_text('articles = ["articles"]\nfeeds = ["https://courier.example/feed.xml"]\n')
    pages = [f"/news/{name}" for name in ("ferry", "pier", "lighthouse")]
    with serve({page: response(body=f"{page} {PAGE}", kind="text/plain") for page in pages}, server) as site:
        site.answers["/feed.xml"] = feed(*(f"https://courier.example{page}" for page in pages))
        web = Web()
        web.name("courier.example", [PUBLIC], site=site)
        monkeypatch.setattr(running, "connect", web.connect)
        monkeypatch.setattr(running, "system_certificates", lambda: trusting)
        monkeypatch.setattr("corpus.fetching.addresses.socket.getaddrinfo", only_public)
        yield site


ASK = socket.getaddrinfo


def only_public(host: str, *arguments: Any, **options: Any) -> Any:
    return ASK(PUBLIC if host.endswith(".example") else host, *arguments, **options)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS, re.S)


def plain(text: str) -> str:
    """Without the time and the day, which differ."""
    return re.sub(r"\d{4}-\d\d-\d\d(T[\d:]+\+00:00)?", "DAY", text)


@pytest.mark.usefixtures("courier")
def test_the_commands_of_the_documentation_print_what_stands_there() -> None:
    commands = re.findall(r"^\$ ibidem (\w+) ?(.*)\n((?:(?!\$ ).*\n)*)", "".join(blocks("console")), re.M)
    assert len(commands) == 4
    for command, arguments, printed in commands:
        result = ibidem(command, *arguments.split())
        assert (result.exit_code, plain(result.stdout)) == (0, plain(printed))


@pytest.mark.usefixtures("courier")
def test_the_recipe_proves_a_citation_and_finds_out_forgery(capsys: pytest.CaptureFixture[str]) -> None:
    [recipe] = blocks("python")
    names: dict[str, Any] = {}
    exec(compile(recipe, "docs/fetching.md", "exec"), names)
    prove: Callable[[dict[str, Any], Path], None] = names["prove"]
    url = "https://courier.example/news/ferry"
    ibidem("add", url)
    [article] = read_archive([Path("articles")])
    assert isinstance(article, Article)
    assert (article.id, article.url) == ("fetched/courier.example/news/ferry", url)
    assert article.retrieved == f"{datetime.now(UTC):%Y-%m-%d}"
    start = article.text.index("It sails")
    quote = article.text[start:]
    citation = {
        "article_id": article.id, "sha256": article.sha256, "start": start, "end": start + len(quote), "quote": quote
    }  # fmt: skip
    prove(citation, Path("articles"))
    assert capsys.readouterr().out.startswith(f"{url} {article.retrieved}T")
    with pytest.raises(AssertionError):
        prove({**citation, "quote": quote.replace("hour", "day")}, Path("articles"))
    forge(Path("articles") / f"{article.id}.warc.gz", b"on the hour", b"on the half")
    with pytest.raises(Exception, match="digest failed"):
        prove(citation, Path("articles"))


def forge(path: Path, old: bytes, new: bytes) -> None:
    with gzip.open(path) as file:
        content = file.read()
    assert old in content
    # As good a forgery as one that keeps the digests: each record is compressed by itself, as it was.
    records = re.split(rb"(?=WARC/1\.1\r\n)", content.replace(old, new))
    path.write_bytes(b"".join(map(gzip.compress, filter(None, records))))


def test_the_settings_of_the_documentation_are_settings(alone: Path) -> None:
    from corpus.fetching.addresses import Guard
    from qa.settings import load_settings

    (alone / "ibidem.toml").write_text("\n".join(blocks("toml")))
    settings = load_settings({})
    assert len(settings.feeds) == 1
    assert len(settings.fetch_private) == 2
    Guard(settings.fetch_private)


def test_every_option_is_documented() -> None:
    for name, command in COMMANDS.items():
        options = [one for parameter in command.params if isinstance(parameter, click.Option) for one in parameter.opts]
        assert [option for option in options if f"`{option}" not in DOCS and f" {option}" not in DOCS] == [], name
