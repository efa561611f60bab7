"""Importing the client loads what reads an answer, and nothing of what makes one; and it brings its types along."""

from __future__ import annotations

import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

import ibidem
from tests.conftest import ROOT
from tests.test_imports import MODULES, import_strictly, imported

HEAVY = {"faiss", "flask", "apiflask", "numpy", "onnxruntime", "rapidfuzz", "regex", "tantivy", "tokenizers", "torch"}


def test_it_loads_nothing_of_what_makes_an_answer(tmp_path: Path) -> None:
    loaded = import_strictly(tmp_path, "ibidem")
    assert {"httpx", "pydantic", "qa"} <= loaded
    assert loaded & HEAVY == set()


def test_nothing_of_the_service_needs_the_client() -> None:
    for path in MODULES:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        packages = {found.partition(".")[0] for found in imported(path.read_text(encoding="utf-8"), name)}
        assert "ibidem" not in packages, name


@pytest.mark.parametrize("name", ibidem.__all__)
def test_what_it_names_is_there_and_says_what_it_is(name: str) -> None:
    found = getattr(ibidem, name)
    assert found.__doc__
    if is_dataclass(found):
        assert fields(found)


def test_types_come_along() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packaged = settings["tool"]["setuptools"]["package-data"]
    packages = {getattr(ibidem, name).__module__.partition(".")[0] for name in ibidem.__all__}
    assert packages == {"corpus", "ibidem", "qa"}
    for package in (*packages, "index"):  # whose types are named by those of the others
        assert (ROOT / package / "py.typed").is_file()
        assert "py.typed" in packaged[package]
