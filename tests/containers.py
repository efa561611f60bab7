"""Files of several articles for the tests: taken apart, read, and compared with what a person wrote down."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from corpus.document import Document, Member, Refusal
from corpus.errors import UnreadableArticle
from corpus.formats import registry

FIXTURES = Path(__file__).parent / "fixtures"


def parts(content: bytes, format_name: str, columns: Mapping[str, str] | None = None) -> list[Member | Refusal]:
    return list(registry.members(format_name, io.BytesIO(content), columns or {}))


def before_the_end(content: bytes, format_name: str) -> tuple[list[Member | Refusal], str]:
    """What comes out of a file that breaks off, and why it does."""
    found: list[Member | Refusal] = []
    with pytest.raises(UnreadableArticle) as caught:
        found.extend(registry.members(format_name, io.BytesIO(content), {}))
    assert "\n" not in str(caught.value)
    return found, str(caught.value)


def only(found: list[Member | Refusal]) -> Member:
    (member,) = found
    assert isinstance(member, Member), member
    return member


def names(found: list[Member | Refusal]) -> list[str]:
    return [part.name for part in found if isinstance(part, Member)]


def refusals(found: list[Member | Refusal]) -> dict[str, str]:
    """The reasons by name; each is one line."""
    refused = {part.name: part.reason for part in found if isinstance(part, Refusal)}
    assert not any("\n" in reason for reason in refused.values())
    return refused


def values(document: Document) -> dict[str, object]:
    return {name: statement.value for name, statement in document.said.items()}


def expected(path: Path) -> tuple[str, object]:
    """What a person wrote down of a fixture: the text, and what is said of it."""
    return (
        path.with_name(f"{path.name}.expected.txt").read_text(encoding="utf-8").removesuffix("\n"),
        json.loads(path.with_name(f"{path.name}.expected.json").read_text(encoding="utf-8")),
    )


def described(found: Iterator[Member | Refusal] | list[Member | Refusal]) -> tuple[str, object]:
    """The texts, each below its name, and what is said of each, in the form of ``expected``."""
    texts: list[str] = []
    said: dict[str, object] = {}
    for part in found:
        if isinstance(part, Refusal):
            said[part.name] = {"refused": part.reason}
            continue
        document = registry.read(part)
        texts.append(f"== {part.name}\n{document.text}")
        statements = {**part.said, **document.said}
        said[part.name] = {name: [_plain(one.value), one.origin] for name, one in statements.items()}
    return "\n\n".join(texts), said


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def fixtures(folder: str) -> list[Path]:
    return sorted(path for path in (FIXTURES / folder).iterdir() if ".expected." not in path.name)
