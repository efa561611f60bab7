"""What a user can set, and what happens to a setting that is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from corpus.errors import InvalidSetting
from qa.settings import FILE, Settings, load_settings
from tests.conftest import ARTICLES, ROOT

pytestmark = pytest.mark.usefixtures("alone")


def test_defaults_are_those_of_the_design() -> None:
    assert load_settings({}).model_dump() == {
        "articles": (ARTICLES,),
        "index": ROOT / "var" / "index",
        "model": "all-MiniLM-L6-v2",
        "cross_encoder": None,
        "feedback": ROOT / "var" / "index.feedback.sqlite",
        "gate": (),
        "feeds": (),
        "fetch_private": (),
        "host": "127.0.0.1",
        "port": 8080,
        "cors_origins": (),
        "workers": 1,
        "threshold": 0.5,
        "diversity": True,
        "threads": 8,
    }


@pytest.mark.parametrize(
    ("name", "toml", "environment", "given", "values"),
    [
        ("port", "port = 1001", "1002", 1003, (8080, 1001, 1002, 1003)),
        ("host", 'host = "127.0.0.2"', "127.0.0.3", "127.0.0.4", ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")),
        ("index", 'index = "a"', "b", Path("c"), (ROOT / "var" / "index", Path("a"), Path("b"), Path("c"))),
        (
            "articles",
            'articles = ["a", "b"]',
            '["c"]',
            (Path("d"),),
            ((ARTICLES,), (Path("a"), Path("b")), (Path("c"),), (Path("d"),)),
        ),
    ],
)
def test_command_line_goes_over_environment_over_file_over_default(
    name: str,
    toml: str,
    environment: str,
    given: object,
    values: tuple[object, ...],
    alone: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def value(of: dict[str, Any]) -> object:
        return getattr(load_settings(of), name)

    found = [value({})]
    (alone / FILE).write_text(toml)
    found.append(value({}))
    monkeypatch.setenv(f"IBIDEM_{name.upper()}", environment)
    found.append(value({}))
    found.append(value({name: given}))
    assert tuple(found) == values


def test_what_was_not_given_on_the_command_line_leaves_the_environment_its_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IBIDEM_THREADS", "3")
    assert load_settings({"threads": None, "workers": None}).threads == 3


WRONG = [
    ("port", "ten"),
    ("port", "-1"),
    ("port", "65536"),
    ("workers", "0"),
    ("workers", "65"),
    ("threads", "0"),
    ("threads", "257"),
    ("threads", "1.5"),
    ("threshold", "-0.1"),
    ("threshold", "1.1"),
    ("diversity", "perhaps"),
    ("host", ""),
    ("model", ""),
]


def assert_refused(name: str, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting) as caught:
        load_settings(given)
    message = str(caught.value)
    assert name in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_refused_by_name_from_everywhere(
    name: str, value: str, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_refused(name, {name: value})
    (alone / FILE).write_text(f'{name} = "{value}"')
    assert_refused(name, {})
    (alone / FILE).unlink()
    monkeypatch.setenv(f"IBIDEM_{name.upper()}", value)
    assert_refused(name, {})


@pytest.mark.parametrize(
    "origin",
    [
        *("", "example.org", "http://", "http://example.org/", "http://example.org/a", "ftp://example.org", "null"),
        *("http://EXAMPLE.org", "http://exämple.org", "http://*.example.org", "http://a:99999999", "http://a b", "**"),
        *("http://example.org:80", "https://example.org:443", "http://example.org:", "http://example.org\n", "*\n"),
        *("http://user@example.org", "http://example.org?", "http://[::1", ".*", "http://.*"),
    ],
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    assert_refused("cors_origins", {"cors_origins": ("http://example.org", origin)})


def test_origins_are_taken_as_they_are() -> None:
    origins = ("*", "http://localhost:3000", "https://a-1.example.org", "http://[::1]:8080", "http://127.0.0.1")
    assert load_settings({"cors_origins": origins}).cors_origins == origins


@pytest.mark.parametrize("name", ["articles", "gate"])
@pytest.mark.parametrize("value", ["corpus/articles", '["a"', "[1]", "{}", '"a"'])
def test_folders_and_files_in_the_environment_must_be_a_json_list(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"IBIDEM_{name.upper()}", value)
    assert_refused(name, {})


@pytest.mark.parametrize(
    ("toml", "name"),
    [
        (b"prot = 80", "prot"),
        (b'[service]\nport = 80\nhost = "x"', "service"),
        (b"port = ", FILE),
        (b"port 80", FILE),
        (b"port = 1\nport = 2", FILE),
        (b'host = "\xff"', FILE),
        (b"port = []", "port"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_what_is_wrong_in_it(toml: bytes, name: str, alone: Path) -> None:
    (alone / FILE).write_bytes(toml)
    assert_refused(name, {})


def test_settings_stay_what_they_are() -> None:
    settings = load_settings({})
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_nothing_is_read_at_import(alone: Path) -> None:
    (alone / FILE).write_text("this is not TOML")
    imports = "import qa.settings, qa.cli, qa.app, qa.server"
    result = subprocess.run(
        [sys.executable, "-c", imports],
        env={**os.environ, "IBIDEM_PORT": "ten", "IBIDEM_ARTICLES": "["},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")
