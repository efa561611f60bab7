"""docs/client.md is right: its examples run against a service and give what the page says, and its tables are whole."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ibidem
from tests.conftest import ROOT, Service, run_service

PAGE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8080"

BLOCKS = re.findall(r"^```pycon\n(.*?)^```$", PAGE, re.M | re.S)


@pytest.fixture
def service(new_index: Path, tmp_path: Path) -> Iterator[Service]:
    """A service of which nobody else asks anything, so that its feedback is what the page says."""
    with run_service(tmp_path, new_index) as service:
        yield service


def test_the_examples_give_what_the_page_says(service: Service) -> None:
    text = "\n".join(BLOCKS).replace(ADDRESS, service.address)
    examples = doctest.DocTestParser().get_doctest(text, {}, "docs/client.md", None, None)
    assert len(examples.examples) > 25
    wrong: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(examples, out=wrong.append, clear_globs=False)
    examples.globs["client"].close()
    assert "".join(wrong) == ""


def rows(head: str) -> list[str]:
    """What a table has code of in its first column, by the head of that column."""
    table = re.search(rf"^\| {re.escape(head)} \|.*\n\|.*\n((?:\|.*\n)+)", PAGE, re.M)
    assert table
    return re.findall(r"^\| `([^`]+)`", table[1], re.M)


def test_every_method_is_named_with_its_parameters() -> None:
    methods = {name: found for name, found in inspect.getmembers(ibidem.Client, callable) if not name.startswith("_")}
    named = {row.partition("(")[0]: re.findall(r"\w+", row.partition("(")[2]) for row in rows("method")}
    assert named.keys() == methods.keys()
    for name, method in methods.items():
        assert set(named[name]) <= set(inspect.signature(method).parameters)


def test_every_parameter_is_named_with_its_default() -> None:
    parameters = inspect.signature(ibidem.Client).parameters
    assert rows("parameter of `Client`") == [*parameters]
    table = PAGE[PAGE.index("| parameter of `Client` |") :]
    for name, shown in (("address", "`{}`"), ("timeout", "{:g}"), ("retries", "{}")):
        assert f"| `{name}` | {shown.format(parameters[name].default)} |" in table


def test_every_error_is_in_the_tree() -> None:
    classes = [found for name in ibidem.__all__ if inspect.isclass(found := getattr(ibidem, name))]
    tree = [found.__name__ for found in classes if issubclass(found, ibidem.Error)]
    drawn = re.search(r"^    ibidem\.Error.*?\n\n", PAGE, re.M | re.S)
    assert drawn
    assert sorted(re.findall(r"(\w+)  ", drawn[0])) == sorted(tree)
