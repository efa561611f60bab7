"""The documentation names every command, option, setting, variable and route, and its links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from flask.testing import FlaskClient

from qa.cli import main
from qa.settings import Settings
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ALL = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?: \"[^\"]*\")?\)|!\[[^\]]*\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)", re.M)
_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.M | re.S)


def commands(group: click.Group, path: str = "ibidem") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


COMMANDS = dict(commands(main))
OPTIONS = sorted(
    {
        option
        for command in COMMANDS.values()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    }
)


def test_there_is_what_a_reader_looks_for() -> None:
    assert {"README.md", "architecture.md", "decisions.md", "http-api.md"} <= {page.name for page in PAGES}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"{re.escape(command)}\b", ALL)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_documented(option: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", ALL)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_and_its_variable_are_documented(name: str) -> None:
    assert re.search(rf"`{name}`", ALL)
    assert re.search(rf"\bIBIDEM_{name.upper()}\b", ALL)


def test_no_variable_is_documented_that_is_not_there() -> None:
    named = set(re.findall(r"\bIBIDEM_([A-Z_]+)\b", ALL))
    assert named == {name.upper() for name in Settings.model_fields}


def test_every_route_is_documented(client: FlaskClient) -> None:
    text = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("http-api.md", "page.md"))
    routes = [
        (method, re.sub("<[^>]*>", "{id}", rule.rule))
        for rule in client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith("/static")
    ]
    assert len(routes) >= 10
    missing = [f"{method} {path}" for method, path in routes if not re.search(rf"{method}\W+{re.escape(path)}", text)]
    assert missing == []


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = _CODE.sub(lambda match: match[0] if match[1] is None else "", page.read_text(encoding="utf-8"))
    found = re.findall(r"^#+ +(.+?) *#*$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    broken = []
    for match in _LINK.finditer(text):
        link = next(filter(None, match.groups()))
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in headings(target)):
            broken.append(link)
    assert broken == []


def test_the_changelog_begins_with_what_is_not_released() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", text, re.M)
    assert sections[0].strip("[] ").startswith("Unreleased")
    assert len(set(sections)) == len(sections)


def test_no_page_names_a_file_that_is_not_there() -> None:
    named = set(
        re.findall(r"`((?:qa|index|corpus|scripts|tests|benchmarks|docs)/[\w./-]+\.(?:py|md|sh|jsonl|toml))`", ALL)
    )
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_module_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:corpus|index|qa)(?:\.\w+)+)`", ALL))
    assert len(named) > 20
    assert [name for name in sorted(named) if not is_there(name)] == []


def is_there(name: str) -> bool:
    """Whether a dotted name is that of a module, or of something in one."""
    path, of = ROOT / name.replace(".", "/"), ROOT / name.rpartition(".")[0].replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module = of.with_suffix(".py")
    return module.is_file() and re.search(rf"\b{name.rpartition('.')[2]}\b", module.read_text("utf-8")) is not None


def test_every_module_of_a_format_is_named() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    modules = [path.stem for path in (ROOT / "corpus" / "formats").glob("*.py") if path.stem != "__init__"]
    assert [name for name in sorted(modules) if not re.search(rf"`(corpus\.formats\.)?{name}`", text)] == []
