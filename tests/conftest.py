"""What several tests share: the real model, exported once, and a small index built once with it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient

from index import model
from index.build import build
from index.encoder import Encoder
from index.generation import current_generation, generation_folder
from index.report import Report
from index.search import LocalEngine
from qa.app import create_app
from qa.live import Live
from scripts.screenshots import CHROMIUM, OPTIONS
from tests import changing
from tests.browser import Pages, Served, serve_app
from tests.web import PAGE, PUBLIC, Site, Web, response
from tests.web import serve as serve_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page  # type: ignore[import-not-found,unused-ignore]

os.environ["HF_HUB_OFFLINE"] = "1"

ROOT = Path(__file__).resolve().parent.parent
ARTICLES = ROOT / "corpus" / "articles"

IBIDEM = (sys.executable, "-m", "qa.cli")

MakeIndex = Callable[[dict[str, str]], Path]
Serve = Callable[..., "Service"]


def no_progress(step: str, done: int, total: int | None) -> None:
    """Says nothing."""


@pytest.fixture(scope="session")
def encoder_folder(built: tuple[Path, Report]) -> Path:
    """A folder that holds the packaged model, exported. Not to be changed."""
    index, _ = built
    return generation_folder(index, current_generation(index))


@pytest.fixture(scope="session")
def encoder(encoder_folder: Path) -> Encoder:
    return Encoder(encoder_folder)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """The index of the starter archive, and what its build reported. Not to be changed."""
    index = tmp_path_factory.mktemp("index")
    return index, build([ARTICLES], index, model.PACKAGED_MODEL, no_progress)


@pytest.fixture(scope="session")
def index(built: tuple[Path, Report]) -> Path:
    return built[0]


@pytest.fixture(scope="session")
def engine(built: tuple[Path, Report]) -> LocalEngine:
    index, _ = built
    return LocalEngine(generation_folder(index, current_generation(index)))


@pytest.fixture
def new_index(index: Path, tmp_path: Path) -> Path:
    """An index of a test's own that starts with the starter archive's generation, its files linked."""
    target = tmp_path / "index"
    _link_tree(index, target)
    return target


@pytest.fixture(scope="session")
def make_index(index: Path, tmp_path_factory: pytest.TempPathFactory) -> MakeIndex:
    """Builds an index of a few articles, given by file name; its encoder is the starter archive's."""

    def make(files: dict[str, str]) -> Path:
        folder = tmp_path_factory.mktemp("made")
        _link_tree(index, folder / "index")
        write_articles(folder / "articles", files)
        build([folder / "articles"], folder / "index", model.PACKAGED_MODEL, no_progress)
        return folder / "index"

    return make


@pytest.fixture(scope="session")
def changed_index(make_index: MakeIndex) -> Path:
    """The index of ``tests.changing``, built before it changed and after; its articles lie beside it."""
    index = make_index(changing.first_files())
    changing.change(index.parent / "articles")
    build([index.parent / "articles"], index, model.PACKAGED_MODEL, no_progress)
    return index


@pytest.fixture(scope="session")
def live(index: Path) -> Live:
    """What serves the starter archive's index; it doesn't look for newer generations."""
    return Live(index)


@pytest.fixture
def client(live: Live) -> FlaskClient:
    """Talks to an application of its own that serves the starter archive."""
    return create_app(live).test_client()


@pytest.fixture(scope="session")
def questions() -> list[str]:
    """The questions of the starter archive's evaluation, those that it doesn't answer among them."""
    lines = (ROOT / "corpus" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and no settings in the environment."""
    for name in [name for name in os.environ if name.startswith("IBIDEM_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "alone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@dataclass(frozen=True)
class Service(Served):
    """A service that runs in processes of its own; ``log`` is its standard error."""

    process: subprocess.Popen[str]
    log: Path


@pytest.fixture
def serve(alone: Path) -> Iterator[Serve]:
    """Starts services on free ports of this machine, given the index and further options; ends them."""
    with ExitStack() as services:
        yield lambda index, *options: services.enter_context(run_service(alone, index, *options))


@contextmanager
def run_service(folder: Path, index: Path, *options: str) -> Iterator[Service]:
    """A service that runs in a folder, with its log there, until the end."""
    log = folder / "log"
    command = [*IBIDEM, "serve", "--index", str(index), "--host", "127.0.0.1", "--port", "0", *options]
    with (
        log.open("w") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, cwd=folder) as process,
    ):
        try:
            assert process.stdout
            address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert address, log.read_text()
            yield Service(address[0], process, log)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; tests that need it are skipped where it or Playwright is missing."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The starter archive, served in a thread of this process, with a file of its own for feedback."""
    app = create_app(live, feedback=tmp_path_factory.mktemp("service") / "feedback.sqlite")
    with serve_app(app) as served:
        yield served


@pytest.fixture
def pages(browser: Browser, service: Served) -> Iterator[Pages]:
    """Opens pages of the service."""
    opened = Pages(browser, service)
    yield opened
    opened.close()


@pytest.fixture
def page(pages: Pages) -> Page:
    """An empty page of the service's."""
    return pages.open()


def get(client: FlaskClient, path: str) -> Any:
    """The JSON at a path, which must be there."""
    response = client.get(path)
    assert (response.status_code, response.content_type) == (200, "application/json")
    return json.loads(response.data)


def write_articles(folder: Path, files: dict[str, str]) -> None:
    """Writes the files of an archive."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def _link_tree(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        copy = target / path.relative_to(source)
        if path.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        elif path.name == "model.onnx":
            copy.hardlink_to(path)  # 90 MB
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


@pytest.fixture
def site() -> Iterator[Site]:
    with serve_site({"/": response(body=PAGE)}) as found:
        yield found


@pytest.fixture
def web(site: Site) -> Web:
    """A web with one public name, site.example, which leads to the server."""
    found = Web()
    found.name("site.example", [PUBLIC], site=site)
    return found
