"""What several tests share: the real model, exported once, and a small index built once with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from index import model
from index.build import Report, build
from index.encoder import Encoder
from index.generation import generation_folder
from index.search import LocalEngine

os.environ["HF_HUB_OFFLINE"] = "1"

ROOT = Path(__file__).resolve().parent.parent
ARTICLES = ROOT / "corpus" / "articles"


def no_progress(step: str, done: int, total: int | None) -> None:
    """Says nothing."""


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged model, exported."""
    folder = tmp_path_factory.mktemp("encoder")
    model.export(model.PACKAGED_MODEL, model.locate(model.PACKAGED_MODEL), folder)
    return folder


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
    index, report = built
    return LocalEngine(generation_folder(index, report.generation))


@pytest.fixture
def new_index(index: Path, tmp_path: Path) -> Path:
    """An index of a test's own that starts with the starter archive's generation, its files linked."""
    target = tmp_path / "index"
    _link_tree(index, target)
    return target


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
