"""Hostile addresses, forms and headers: each gets an answer of ours, and leads nowhere else."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient

from qa.app import create_app
from qa.live import Live
from tests.browser import QUESTION, asked
from tests.conftest import get
from tests.hostile import EMOJI, MARKS, OVERRIDE, SCRIPTS
from tests.test_pages import Page

HTML = {"Accept": "text/html"}
NUMBERS = ("-1", "0", "1e9", "NaN", "9" * 4000, "1" * 19, "0x10", "１", "", " ", "\0", "1;drop", "true")
TEXTS = (
    *SCRIPTS,
    "\0",
    "\x1b[31m",
    "\ud800",
    OVERRIDE,
    MARKS,
    EMOJI,
    "%",
    "%zz",
    "../" * 20,
    "/etc/passwd",
    "\r\nX-Evil: 1",
)
ADDRESSES = {
    "/": ("question", "top_k", "as_of", "published_from", "publishers", "authors", "copies", "narrow", "cite", "nope"),
    "/articles": ("publishers", "tags", "published_to", "as_of", "cursor", "copies", "sort", "limit", "question"),
    "/articles/2025/ax-4-returns": ("start", "end", "sha256"),
    "/cite": ("article_id", "start", "end", "sha256", "cite", "nope"),
    "/verify": ("text",),
    "/new": ("since",),
    "/feedback": ("cursor",),
    "/unanswered": ("cursor",),
}
NEEDED = {
    "/": {"question": QUESTION},
    "/cite": {"article_id": "2025/ax-4-returns", "start": "0", "end": "9"},
    "/articles/2025/ax-4-returns": {"start": "0", "end": "9"},
}


@pytest.fixture(scope="module")
def client(live: Live, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return create_app(live, feedback=tmp_path_factory.mktemp("hostile") / "feedback.sqlite").test_client()


def encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def assert_harmless(html: str) -> None:
    """One script, ours; nothing that runs by itself or leads elsewhere."""
    shown = Page(html)
    assert [str(script["src"]).partition("?")[0] for script in shown.all("script")] == ["/static/page.js"]
    assert not {tag for tag, _ in shown.elements} & {"img", "iframe", "style", "base", "object", "embed", "math"}
    names = {name for _, attributes in shown.elements for name in attributes}
    assert not {name for name in names if name.startswith("on") or name in ("style", "srcdoc", "ping")}
    assert all(link.startswith(("/", "#", "https://")) and not link.startswith("//") for link in shown.links())
    forms = shown.all("form")
    assert all(form.get("action") is None or str(form["action"]).startswith("/") for form in forms)


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in ADDRESSES.items() for name in names])
def test_whatever_is_in_an_address_is_text_or_refused(client: FlaskClient, path: str, name: str) -> None:
    for value in (*TEXTS, *NUMBERS):
        given = [f"{other}={quote(one)}" for other, one in NEEDED.get(path, {}).items() if other != name]
        response = client.get(f"{path}?{'&'.join([*given, f'{name}={encoded(value)}'])}", headers=HTML)
        assert response.status_code in (200, 400, 404, 422), (value, response.text)
        assert response.content_type == "text/html; charset=utf-8"
        assert "X-Evil" not in response.headers
        assert_harmless(response.text)


@pytest.mark.parametrize("prefix", ["/articles/", "/snapshots/", "/v1/articles/", "/static/", "/"])
def test_a_path_leads_to_nothing_but_articles(client: FlaskClient, prefix: str) -> None:
    for text in (
        *TEXTS,
        "..%2f..%2fetc%2fpasswd",
        "..\\..\\etc",
        ".",
        "..",
        "2025/../../../etc/passwd",
        "//evil.example",
    ):
        response = client.get(prefix + encoded(text), headers=HTML)
        assert response.status_code in (200, 301, 308, 404), (text, response.status_code)
        if response.status_code == 200:  # what is left of such a path once it is made shorter
            assert prefix == "/"
        if "Location" in response.headers:
            assert response.headers["Location"].startswith("/")
            assert not response.headers["Location"].startswith("//")
        assert "root:" not in response.text
        if response.content_type == "text/html; charset=utf-8" and "<!doctype html>\n<html lang" in response.text:
            assert_harmless(response.text)
        response.close()


ELSEWHERE = (
    "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "javascript:alert(1)",
    "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/\r\nLocation: //evil.example",
    "/\r\nSet-Cookie: evil=1", "data:text/html,x", "/.//evil.example", "/\0/evil.example", "/\u2028/evil.example",
    "http:/evil.example", "///evil.example", "/%09/evil.example", "/%5cevil.example", "", "#", "?", "evil.example",
    "//[", "/\ud800", "//user@evil.example:80",
)  # fmt: skip


@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_form_leads_back_to_the_service_alone(client: FlaskClient, place: str) -> None:
    for back in (place, f"{place}/?question=Who", f"{place}?question=Who", f"/?question=Who&x={place}#{place}"):
        body = urlencode({"back": back, "answers": "true"}, errors="surrogatepass")
        response = client.post("/feedback", data=body, headers=HTML, content_type="application/x-www-form-urlencoded")
        assert response.status_code in (303, 422), response.text
        location = response.headers.get("Location", "/")
        assert location[0] == "/"
        assert location[1:2] not in ("/", "\\", "\t", "\n", "\r")
        assert "evil" not in response.headers.get("Set-Cookie", "")


def test_hostile_words_are_kept_as_they_are(client: FlaskClient) -> None:
    """But for NUL, which no comment may hold: that is refused."""
    texts = [text.strip() for text in TEXTS if text != "\ud800"]
    for text in texts:
        response = client.post(
            "/feedback", data={"back": asked(QUESTION), "answers": "true", "comment": text}, headers=HTML
        )
        assert response.status_code == (422 if text == "\0" else 303)
    said = get(client, "/v1/feedback")["feedback"]
    kept = [text for text in texts if text != "\0"]
    assert [one["comment"] for one in said[: len(kept)]] == kept[::-1]
    assert_harmless(client.get("/feedback", headers=HTML).text)


@pytest.mark.parametrize("field", ["article_id", "start", "end", "sha256", "answers", "comment"])
def test_a_form_with_nonsense_is_refused(client: FlaskClient, field: str) -> None:
    form = {"back": asked(QUESTION), "answers": "true", "article_id": "2025/ax-4-returns", "start": "0", "end": "9"}
    sha256 = get(client, "/v1/articles/2025/ax-4-returns")["sha256"]
    for value in (SCRIPTS[0], "-1", "9" * 4000, "x" * 2001, "\0"):
        response = client.post("/feedback", data=form | {"sha256": sha256, field: value}, headers=HTML)
        if field == "comment" and response.status_code == 303:
            continue
        assert response.status_code == 422, (value, response.text)
        assert_harmless(response.text)


@pytest.mark.parametrize(
    "host", ["evil.example", 'a"><script>alert(1)</script>', "evil.example:99999", "[", "a b", "\xff"]
)
def test_a_hostile_host_changes_no_page(client: FlaskClient, host: str) -> None:
    for path in (asked(QUESTION), "/cite?article_id=2025/ax-4-returns&start=0&end=9&cite=html"):
        response = client.get(path, headers={**HTML, "Host": host})
        assert response.status_code in (200, 400)
        assert_harmless(response.text)


def test_what_is_pasted_is_text(client: FlaskClient) -> None:
    for text in TEXTS:
        body = urlencode({"text": text}, errors="surrogatepass")
        response = client.post("/verify", data=body, headers=HTML, content_type="application/x-www-form-urlencoded")
        assert response.status_code in (200, 422)
        assert_harmless(response.text)
