"""How soon an answer is seen in a browser, and how much is loaded for it.

    python -m benchmarks.page [--index DIR] [--questions FILE]

A service is started, and Chromium asks it distinct questions: each in a browser that has kept nothing of the service's
yet, then in one that has. What is timed is from the moment the address is opened until the answer is painted and the
page is whole. Prints JSON; times are in milliseconds, sizes in bytes as they are transferred and as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from qa.settings import load_settings
from scripts.screenshots import CHROMIUM, OPTIONS

_SHOWN = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    while (!performance.getEntriesByName("first-contentful-paint").length) await frame();
    const [opened] = performance.getEntriesByType("navigation");
    const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
    const loaded = [opened, ...performance.getEntriesByType("resource")];
    const sum = name => loaded.reduce((total, entry) => total + entry[name], 0);
    return { shown: Math.max(painted, opened.domContentLoadedEventEnd), server: opened.responseStart,
             transferred: sum("transferSize"), plain: sum("decodedBodySize"),
             passages: document.querySelectorAll(".passage").length };
}"""


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", type=Path, help="the index to serve (default: that of the settings)")
    parser.add_argument("--questions", type=Path, default=Path(__file__).parent.parent / "corpus" / "questions.jsonl")
    options = parser.parse_args()
    index = load_settings({"index": options.index}).index
    questions = [json.loads(line)["question"] for line in options.questions.read_text(encoding="utf-8").splitlines()]
    with _service(index) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        first = _ask(browser, address, questions[:1])
        new = [found for question in questions for found in _ask(browser, address, [question])]
        again = _ask(browser, address, questions)
        browser.close()
    print(
        json.dumps(
            {"questions": len(questions), "first": first[0]["shown"], "new": _sum(new), "again": _sum(again)}, indent=1
        )
    )


@contextmanager
def _service(index: Path) -> Iterator[str]:
    """A service that keeps no feedback."""
    command = [sys.executable, "-m", "qa.cli", "serve", "--index", str(index), "--port", "0"]
    silent = {**os.environ, "IBIDEM_FEEDBACK": ""}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=silent) as service:
        try:
            assert service.stdout is not None
            found = re.search(r"http://\S+", service.stdout.readline())
            assert found
            yield found[0]
        finally:
            service.terminate()


def _ask(browser: Browser, address: str, questions: list[str]) -> list[dict[str, Any]]:
    """What was measured of each question, in a new context of the browser."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    measured = []
    for question in questions:
        page.goto(f"{address}/?{urlencode({'question': question})}")
        measured.append(page.evaluate(_SHOWN))
    context.close()
    return measured


def _sum(measured: list[dict[str, Any]]) -> dict[str, float]:
    shown = [found["shown"] for found in measured]
    return {
        "median": round(float(np.median(shown)), 1),
        "p95": round(float(np.percentile(shown, 95)), 1),
        "worst": round(max(shown), 1),
        "server_median": round(float(np.median([found["server"] for found in measured])), 1),
        "transferred_most": max(found["transferred"] for found in measured),
        "plain_most": max(found["plain"] for found in measured),
    }


if __name__ == "__main__":
    main()
