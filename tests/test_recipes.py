"""docs/recipes.md is right: each program runs as the page has it, against a service, and quotes to the character."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

import ibidem
from tests.conftest import ROOT, MakeIndex, Service, run_service

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext  # type: ignore[import-not-found,unused-ignore]

PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8080"
QUESTION = "When will the first Pakistani astronaut fly to the Chinese station?"
FACT = "The first Pakistani astronaut will fly to the Chinese space station in late 2026."
OTHER = "Which cheese is the Moon made of?"
NOTHING = "Not answered: No passage is near this question."

_BLOCK = re.compile(r"(?:^`(?P<file>[^`\n]+)`:\n\n)?^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.M | re.S)

BLOCKS = [*_BLOCK.finditer(PAGE)]
FILES = {block["file"]: block["body"] for block in BLOCKS if block["file"]}
CONSOLES = [block["body"] for block in BLOCKS if block["kind"] == "console"]

needs_curl = pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")


@pytest.fixture(scope="module")
def service(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(tmp_path_factory.mktemp("service"), index) as service:
        yield service


@pytest.fixture
def desk(service: Service, tmp_path: Path) -> Path:
    """A folder with the programs of the page, which ask the service."""
    return set_up(tmp_path / "desk", service)


def set_up(folder: Path, service: Service) -> Path:
    folder.mkdir()
    for name, body in FILES.items():
        (folder / name).write_text(body.replace(ADDRESS, service.address), encoding="utf-8")
    return folder


@pytest.fixture
def client(service: Service) -> Iterator[ibidem.Client]:
    with ibidem.Client(service.address) as client:
        yield client


def run(desk: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=desk, capture_output=True, text=True, timeout=60, env={**settings(), **environment}
    )


def settings() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


def test_every_program_of_the_page_is_run_here() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    assert len(FILES) == 7
    for name in FILES:
        assert f'"{Path(name).stem}' in tested or f'"{name}"' in tested
    others = [block for block in BLOCKS if not block["file"] and block["kind"] != "console"]
    assert len(others) == 1  # the line of a crontab


# A shell


@needs_curl
def test_what_is_typed_prints_what_the_page_says(desk: Path, service: Service) -> None:
    typed = "".join(CONSOLES).replace(ADDRESS, service.address)
    parts = re.split(r"^\$ (.*)\n", typed, flags=re.M)[1:]
    assert len(parts) == 12
    for command, expected in zip(parts[::2], parts[1::2], strict=True):
        result = run(desk, "bash", "-c", command)
        assert (result.returncode, result.stderr) == (0, ""), command
        output = result.stdout.rstrip("\n")
        pattern = re.escape(expected.rstrip("\n")).replace("…", "(?s:.)*?")
        assert re.fullmatch(pattern, output), (command, output)


@needs_curl
def test_all_articles_are_printed_page_by_page(desk: Path, client: ibidem.Client) -> None:
    result = run(desk, "sh", "articles.sh")
    assert (result.returncode, result.stderr) == (0, "")
    expected = [f"{entry.published}\t{entry.title}" for entry in client.articles(sort="published")]
    assert result.stdout.splitlines() == expected
    assert len(expected) == 20


@needs_curl
def test_a_page_that_can_not_be_had_ends_it(desk: Path, service: Service) -> None:
    (desk / "articles.sh").write_text(FILES["articles.sh"].replace(ADDRESS, f"{service.address}/nowhere"))
    assert run(desk, "sh", "articles.sh").returncode == 22


def test_links_in_styles_begin_with_what_a_proxy_hands_on(service: Service) -> None:
    headers = {"Host": "archive.example", "X-Forwarded-Proto": "https"}
    request = urllib.request.Request(
        f"{service.address}/v1/ask?question=Who+commanded+Ax-4&cite=plain", headers=headers
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        cited = json.load(response)["passages"][0]["cited"]
    assert "\nhttps://archive.example/articles/2025/ax-4-returns?" in cited


# Python


def about(answer: ibidem.Answer, client: ibidem.Client) -> list[str]:
    citation = answer.passages[0].citation
    return [
        f"“{FACT}”",
        f"— {citation.title}, {citation.publisher}, {citation.published}",
        client.link(citation),
        f"{citation.article_id} {citation.start}-{citation.end} sha256:{citation.sha256}",
    ]


@pytest.mark.parametrize(("name", "lines"), [("quote.py", 4), ("quote_plain.py", 3)])
def test_a_quote_is_printed_with_its_source(desk: Path, client: ibidem.Client, name: str, lines: int) -> None:
    result = run(desk, sys.executable, name, QUESTION)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == about(client.ask(QUESTION, narrow=True), client)[:lines]


@pytest.mark.parametrize("name", ["quote.py", "quote_plain.py"])
def test_without_an_answer_no_quote_is_printed(desk: Path, name: str) -> None:
    result = run(desk, sys.executable, name, OTHER)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"{NOTHING}\n")


# JavaScript

ROCKETS = "\N{ROCKET}\N{ROCKET} Rockets of the \N{MATHEMATICAL BOLD CAPITAL A} class stood ready. "
GROWN = "The lunar greenhouse in Reykjavik grows cress \N{SEEDLING}."
MADE = f"# Cress on the \N{FIRST QUARTER MOON SYMBOL}\n\n{ROCKETS}{GROWN} Then all left.\n"
CRESS = "What does the lunar greenhouse in Reykjavik grow?"


class Node:
    """Runs JavaScript in Node.js, in which UrlFetchApp is done by curl."""

    FETCH = """
import { execFileSync } from "node:child_process";
const UrlFetchApp = {
  fetch(url, { method, contentType, payload, muteHttpExceptions }) {
    const command = ["-s", "-X", method.toUpperCase(), "-H", `Content-Type: ${contentType}`, "--data-binary", "@-"];
    const said = execFileSync("curl", [...command, "-w", "\\n%{http_code}", url], { input: payload }).toString();
    const [, text, code] = said.match(/^([^]*)\\n(\\d+)$/);
    if (!muteHttpExceptions && Number(code) >= 400) throw new Error(`UrlFetchApp: ${code}`);
    return { getResponseCode: () => Number(code), getContentText: () => text };
  },
};
"""

    def __init__(self, desk: Path) -> None:
        self._desk = desk

    def module(self, call: str, address: str) -> Any:
        """What a call of what quote.mjs exports gives."""
        return self._run(f'import {{ quoteFor }} from "./quote.mjs";\nconst found = await {call};')

    def sheet(self, call: str) -> Any:
        """What a call of what Code.gs defines gives."""
        return self._run(f"{self.FETCH}\n{(self._desk / 'Code.gs').read_text(encoding='utf-8')}\nconst found = {call};")

    def _run(self, source: str) -> Any:
        (self._desk / "run.mjs").write_text(f"{source}\nconsole.log(JSON.stringify(found));", encoding="utf-8")
        result = run(self._desk, "node", "run.mjs")
        if result.returncode:
            raise RuntimeError(result.stderr)
        return json.loads(result.stdout)


class Chromium:
    """Runs JavaScript in Chromium, on a page of the service, in which UrlFetchApp is a synchronous request."""

    MODULE = """async ([source, call]) => {
        const { quoteFor } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
        return await eval(call);
    }"""
    SHEET = """([source, call]) => {
        const UrlFetchApp = {
            fetch(url, { method, contentType, payload, muteHttpExceptions }) {
                const request = new XMLHttpRequest();
                request.open(method, url, false);
                request.setRequestHeader("Content-Type", contentType);
                request.send(payload);
                if (!muteHttpExceptions && request.status >= 400) throw new Error(`UrlFetchApp: ${request.status}`);
                return { getResponseCode: () => request.status, getContentText: () => request.responseText };
            },
        };
        return new Function("UrlFetchApp", `${source}\\nreturn ${call};`)(UrlFetchApp);
    }"""

    def __init__(self, desk: Path, context: BrowserContext, address: str) -> None:
        self._desk = desk
        self._page = context.new_page()
        self._page.goto(f"{address}/healthz")

    def module(self, call: str, address: str) -> Any:
        """What a call of what quote.mjs exports gives."""
        return self._page.evaluate(self.MODULE, [(self._desk / "quote.mjs").read_text(encoding="utf-8"), call])

    def sheet(self, call: str) -> Any:
        """What a call of what Code.gs defines gives."""
        return self._page.evaluate(self.SHEET, [(self._desk / "Code.gs").read_text(encoding="utf-8"), call])


Machine = Callable[[Path, str], Node | Chromium]


@pytest.fixture(params=["node", "chromium"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """What runs JavaScript: each of these that is there."""
    if request.param == "node":
        if not shutil.which("node"):
            pytest.skip("Node.js is not installed")
        yield lambda desk, address: Node(desk)
        return
    browser: Browser = request.getfixturevalue("browser")
    with browser.new_context(bypass_csp=True) as context:
        yield lambda desk, address: Chromium(desk, context, address)


@pytest.fixture(scope="module")
def rockets(make_index: MakeIndex, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose texts are full of what takes two UTF-16 units."""
    with run_service(tmp_path_factory.mktemp("rockets"), make_index({"cress.md": MADE})) as service:
        yield service


def test_a_passage_is_cut_by_code_points(machine: Machine, rockets: Service, tmp_path: Path) -> None:
    desk = set_up(tmp_path / "desk", rockets)
    found = machine(desk, rockets.address).module(f"quoteFor({json.dumps(CRESS)})", rockets.address)
    with ibidem.Client(rockets.address) as client:
        answer = client.ask(CRESS, top_k=1)
        (passage,) = answer.passages
        assert found["link"] == client.link(passage.citation)
    assert found["answered"] is True
    assert "".join(part["text"] for part in found["parts"]) == passage.text
    marked = [part["text"] for part in found["parts"] if part["marked"]]
    spans = sorted((near.start - passage.start, near.end - passage.start) for near in passage.highlights)
    assert marked == [passage.text[start:end] for start, end in spans]
    assert GROWN in marked
    assert found["sha256"] == passage.citation.sha256


def test_javascript_says_why_there_is_no_answer(machine: Machine, desk: Path, service: Service) -> None:
    found = machine(desk, service.address).module(f"quoteFor({json.dumps(OTHER)})", service.address)
    assert found == {"answered": False, "reason": "No passage is near this question."}
    with pytest.raises(Exception, match="422 Unprocessable Entity: question: the question is empty"):
        machine(desk, service.address).module('quoteFor(" ")', service.address)


# Google Sheets


def test_a_cell_gets_a_quote_and_its_source(
    machine: Machine, desk: Path, service: Service, client: ibidem.Client
) -> None:
    citation = client.ask(QUESTION, narrow=True).passages[0].citation
    source = f"{citation.title}, {citation.publisher}, {citation.published}"
    row = [FACT, source, client.link(citation), citation.sha256]
    none = [NOTHING, "", "", ""]
    blank = [""] * 4
    sheet = machine(desk, service.address).sheet
    assert sheet(f"IBIDEM({json.dumps(QUESTION)})") == [row]
    column = [[OTHER], [""], [QUESTION], [None], ["  "], [QUESTION]]
    assert sheet(f"IBIDEM({json.dumps(column)})") == [none, blank, row, blank, blank, row]
    assert sheet('IBIDEM([[""]])') == [blank]
    with pytest.raises(Exception, match="may have 2000"):
        sheet('IBIDEM("x".repeat(2001))')


# A chat

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
DOCUMENTED = (
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    "&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    "%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
"""Slack's own example, in "Verifying requests from Slack", with the secret above."""


def sign(body: str, sent: int) -> dict[str, str]:
    """The headers with which Slack sends a body."""
    signature = hmac.new(SECRET.encode(), f"v0:{sent}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(sent), "X-Slack-Signature": f"v0={signature}"}


def test_signatures_are_those_that_slack_documents() -> None:
    signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert sign(DOCUMENTED, 1531420618)["X-Slack-Signature"] == signature


def now() -> int:
    return int(time.time())


def command(question: str) -> str:
    return urlencode({"command": "/archive", "text": question, "user_name": "roadrunner"})


def post(address: str, body: str, headers: Mapping[str, str]) -> tuple[int, Any]:
    request = urllib.request.Request(f"{address}/slack", body.encode(), dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, None


@pytest.fixture
def start_bot(desk: Path) -> Iterator[Callable[[str], str]]:
    """Starts the bot, given the archive's address; its own address."""
    running: list[subprocess.Popen[str]] = []

    def start(archive: str) -> str:
        environment = {**settings(), "SLACK_SIGNING_SECRET": SECRET, "ARCHIVE_ADDRESS": archive}
        flask = [sys.executable, "-m", "flask", "--app", "bot", "run", "--port", "0"]
        process = subprocess.Popen(flask, cwd=desk, env=environment, stderr=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stderr
        said = ""
        for line in process.stderr:
            said += line
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                return found[0]
        raise AssertionError(said)

    yield start
    for process in running:
        process.terminate()
        process.communicate(timeout=10)


def test_a_signed_command_is_answered_with_quotes(
    start_bot: Callable[[str], str], service: Service, client: ibidem.Client
) -> None:
    bot = start_bot(service.address)
    body = command(QUESTION)
    status, reply = post(bot, body, sign(body, now()))
    citations = [passage.citation for passage in client.ask(QUESTION, top_k=3, narrow=True).passages]
    assert (status, reply["response_type"]) == (200, "in_channel")
    assert [block["type"] for block in reply["blocks"]] == ["rich_text"] * 3
    for block, citation in zip(reply["blocks"], citations, strict=True):
        quote, source = block["elements"]
        assert quote == {"type": "rich_text_quote", "elements": [{"type": "text", "text": citation.quote}]}
        assert source["elements"][0] == {"type": "link", "url": client.link(citation), "text": citation.title}
        assert citation.sha256[:12] in source["elements"][1]["text"]
    assert citations[0].quote == FACT

    body = command(OTHER)
    assert post(bot, body, sign(body, now())) == (200, {"response_type": "ephemeral", "text": NOTHING})
    status, reply = post(bot, DOCUMENTED, sign(DOCUMENTED, now()))
    assert (status, reply["response_type"]) == (200, "ephemeral")
    assert "the question is empty" in reply["text"]


def test_what_slack_did_not_send_is_refused(start_bot: Callable[[str], str], service: Service) -> None:
    bot = start_bot(service.address)
    body = command(QUESTION)
    good = sign(body, now())
    bad: list[Mapping[str, str]] = [
        {},
        {"X-Slack-Request-Timestamp": good["X-Slack-Request-Timestamp"]},
        {"X-Slack-Signature": good["X-Slack-Signature"]},
        {**good, "X-Slack-Signature": good["X-Slack-Signature"][:-1] + "x"},
        {**good, "X-Slack-Signature": "v0=\xff"},
        {**good, "X-Slack-Request-Timestamp": "soon"},
        {**good, "X-Slack-Request-Timestamp": "²"},
        sign(f"{body}&more=1", now()),
        sign(body, now() - 301),
        sign(body, now() + 400),
    ]
    assert [post(bot, body, headers)[0] for headers in bad] == [401] * len(bad)
    assert post(bot, DOCUMENTED, sign(DOCUMENTED, 1531420618))[0] == 401
    assert post(bot, body, good)[0] == 200


def test_the_chat_hears_of_an_archive_that_is_away(start_bot: Callable[[str], str]) -> None:
    bot = start_bot("http://127.0.0.1:9")
    body = command(QUESTION)
    status, reply = post(bot, body, sign(body, now()))
    assert (status, reply["response_type"]) == (200, "ephemeral")
    assert "can't be asked" in reply["text"]


# Every night


def test_a_file_of_questions_becomes_a_table(desk: Path, client: ibidem.Client) -> None:
    (desk / "questions.txt").write_text(f"{QUESTION}\n\n{OTHER}\n", encoding="utf-8")
    result = run(desk, sys.executable, "nightly.py", "questions.txt", "answers.csv")
    assert (result.returncode, result.stderr) == (0, "")
    with (desk / "answers.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    citation = client.ask(QUESTION, narrow=True).passages[0].citation
    assert (first["question"], first["answered"], first["quote"]) == (QUESTION, "True", FACT)
    assert (first["link"], first["sha256"]) == (client.link(citation), citation.sha256)
    assert (first["start"], first["end"], first["reason"]) == (str(citation.start), str(citation.end), "")
    assert (second["question"], second["answered"], second["quote"]) == (OTHER, "False", "")
    assert second["reason"] == "No passage is near this question."


def test_a_night_that_fails_leaves_the_old_table(desk: Path, service: Service) -> None:
    (desk / "answers.csv").write_text("old")
    (desk / "questions.txt").write_text(f"{QUESTION}\n{'x' * 2001}\n")
    for address, said in ((service.address, r"questions\.1\.question"), ("http://127.0.0.1:9", "refused")):
        arguments = ("nightly.py", "questions.txt", "answers.csv")
        result = run(desk, sys.executable, *arguments, ARCHIVE_ADDRESS=address)
        assert result.returncode == 1
        assert re.search(rf"{said}.*\(request [0-9a-f]{{32}}\)", result.stderr)
        assert (desk / "answers.csv").read_text() == "old"
