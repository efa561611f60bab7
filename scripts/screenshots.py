"""Makes the pictures of the page that the README shows, anew, of the starter archive.

    .venv/bin/python scripts/screenshots.py

They lie in docs/screenshots, beside a hash of what they were made from: the page's own files and the archive. A test
compares that, so that a picture of a page that has changed since doesn't stay.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
STAMP = FOLDER / "made-from.txt"
CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MADE_FROM = ("qa/templates/*.html", "qa/static/*", "qa/pages/*.py", "corpus/articles/**/*.md")


class Picture(NamedTuple):
    """A picture: its name, the page's address, the window's size in CSS pixels, and the colours."""

    name: str
    address: str
    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"


PICTURES = (
    Picture("answer", "/?question=When+will+the+first+Pakistani+astronaut+fly+to+the+Chinese+station%3F", 1200, 860),
    Picture("article", "/articles/2025/pakistan-astronaut-agreement?start=0&end=680#passage", 1200, 860, "dark"),
    Picture("phone", "/?question=Who+commanded+Ax-4%3F&publishers=Ibidem+Wire", 375, 760),
    Picture("no-answer", "/?question=What+grows+in+the+lunar+greenhouse%3F", 375, 760, "dark"),
)


def main() -> None:
    """Makes all of them."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    with _service() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        for picture in PICTURES:
            size = {"width": picture.width, "height": picture.height}
            page = browser.new_page(viewport=size, color_scheme=picture.scheme)  # type: ignore[arg-type,unused-ignore]
            page.goto(address + picture.address)
            page.screenshot(path=FOLDER / f"{picture.name}.png")
            page.close()
        browser.close()
    STAMP.write_text(f"{made_from()}\n", encoding="utf-8")


def made_from() -> str:
    """A hash of all that the pictures show."""
    digest = hashlib.sha256()
    for pattern in MADE_FROM:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@contextmanager
def _service() -> Iterator[str]:
    """A service of the starter archive, with an index and feedback of its own; its address."""
    with tempfile.TemporaryDirectory() as folder:
        index = str(Path(folder) / "index")
        command = [sys.executable, "-m", "qa.cli"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("IBIDEM_")}
        subprocess.run([*command, "build", "--index", index], check=True, cwd=ROOT, env=kept)
        serving = [*command, "serve", "--index", index, "--port", "0"]
        with subprocess.Popen(serving, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=kept) as service:
            try:
                assert service.stdout is not None
                found = re.search(r"http://\S+", service.stdout.readline())
                assert found is not None
                yield found[0]
            finally:
                service.terminate()


if __name__ == "__main__":
    main()
