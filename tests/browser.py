"""What tests in a real browser share: a service, pages that notice what goes wrong, and what is measured on them.

Chromium by Playwright; where one of them is missing, the fixtures of ``conftest`` skip their tests.
"""

from __future__ import annotations

import json
import logging
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from flask import Flask
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from playwright.sync_api import (  # type: ignore[import-not-found,unused-ignore]
        Browser,
        BrowserContext,
        Dialog,
        Page,
        Request,
        Response,
    )

QUESTION = "When will the first Pakistani astronaut fly to the Chinese station?"
FACT = "The first Pakistani astronaut will fly to the Chinese space station in late 2026."
UNANSWERED = "Who painted the ceiling of the old opera house?"

TOO_WIDE = """[...document.querySelectorAll("body *")].filter(element => {
    const {left, right, width} = element.getBoundingClientRect();
    if (!width || element.closest(".unseen, .skip, .toast, dialog, option")) return false;
    const scrolls = element.matches("input, textarea");
    return right > innerWidth + 0.5 || left < -0.5 || !scrolls && element.scrollWidth > innerWidth;
}).map(element => element.outerHTML.slice(0, 160))"""
"""The elements that reach past the sides of the screen."""


QUOTE = """() => {
    const marks = document.querySelectorAll(".text mark");
    const range = document.createRange();
    range.setStartBefore(marks[0]);
    range.setEndAfter(marks[marks.length - 1]);
    return range.toString();
}"""
"""What is marked on an article's page, with what stands between its blocks."""


@dataclass(frozen=True)
class Served:
    """A service that answers at an address."""

    address: str

    def get(self, path: str) -> tuple[int, str]:
        """The status and the body of what is at a path."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def json(self, path: str) -> Any:
        """What is at a path, which must be there."""
        status, body = self.get(path)
        assert status == 200, body
        return json.loads(body)


PROBLEM = r"responded with a status of 4|^4\d\d: "
"""What is complained of on the page of a problem."""

_OPENED = {"viewport": {"width": 1000, "height": 700}, "reduced_motion": "reduce"}
"""So pages are opened if nothing else is asked for: what is scrolled to is there at once."""


@contextmanager
def serve_app(app: Flask) -> Iterator[Served]:
    """Serves an application on a free port, in a thread of its own, until the end."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Pages:
    """Opens pages, each in a context of its own, and notices what is complained of and which hosts are asked."""

    def __init__(self, browser: Browser, service: Served) -> None:
        self.browser, self._service = browser, service
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []
        self._requests: list[Request] = []

    def open(self, *, expected: str = "$^", **options: Any) -> Page:
        """An empty page; what matches the pattern that is ``expected`` is nothing to complain of.

        The other options are Playwright's, of a context. Addresses may be given from the service's root on.
        """
        given = {**_OPENED, "base_url": self._service.address, **options}
        context = self.browser.new_context(**given)
        self._contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        self._listen(page, expected)
        return page

    def _listen(self, page: Page, expected: str) -> None:
        def complain(of: str) -> None:
            if not re.search(expected, of):
                self.complaints.append(of)

        def look_at(response: Response) -> None:
            if response.status >= 400:
                complain(f"{response.status}: {response.url}")

        def fail(request: Request) -> None:
            if request.failure != "net::ERR_ABORTED":  # so it says of what is ended by the next page
                complain(f"{request.failure}: {request.url}")

        def dismiss(dialog: Dialog) -> None:
            complain(f"{dialog.type}: {dialog.message}")
            dialog.dismiss()

        page.on("console", lambda message: complain(message.text))
        page.on("pageerror", lambda error: complain(str(error)))
        page.on("dialog", dismiss)
        page.on("requestfailed", fail)
        page.on("response", look_at)
        page.on("request", lambda request: self._requests.append(request))

    def close(self) -> None:
        """Ends all; nothing may have been complained of, and no other host asked."""
        hosts = {urlsplit(request.url).netloc for request in self._requests if request.failure != "csp"}
        for context in self._contexts:
            context.close()
        assert self.complaints == []
        assert hosts <= {urlsplit(self._service.address).netloc}


def asked(question: str, *more: tuple[str, str]) -> str:
    """The address of an answer."""
    return f"/?{urlencode([('question', question), *more])}"


def until(page: Page, condition: str, argument: Any = None) -> None:
    """Waits until something is so; Playwright's own way would need the page to allow what it forbids."""
    for _ in range(250):
        if page.evaluate(condition, argument):
            return
        page.wait_for_timeout(20)
    raise AssertionError(condition)


def contrast(page: Page, selector: str) -> float:
    """The contrast ratio of an element's text with what is behind it (WCAG 2.2)."""
    return float(
        page.evaluate(
            """selector => {
                const element = document.querySelector(selector);
                const parse = colour => colour.match(/[\\d.]+/g).map(Number);
                let behind = element;
                while (parse(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
                const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
                const [a, b] = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor]
                    .map(parse).map(light).sort((x, y) => y - x);
                return (a + 0.05) / (b + 0.05);
            }""",
            selector,
        )
    )
