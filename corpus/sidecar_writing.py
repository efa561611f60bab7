"""Changing sidecars: what is not changed stays as its owner wrote it, with comments, in its order.

A new sidecar is written aside, read as a build would, and only then takes the place of the old one, in one step.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from corpus import sidecars
from corpus.errors import UnreadableArticle, WrongUse
from corpus.sidecars import EXCLUDED
from corpus.statements import Value, strictly


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What is to change in a sidecar: values that are ``said``, names of values that are ``unknown``, and names about
    which it is to say nothing any more, so that what the file says counts again; ``excluded`` leaves the article out.

    Each name may be in one of them only; see ``edit``, which checks that.
    """

    said: Mapping[str, Value] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    excluded: bool = False


def edit(given: Mapping[str, object], unknown: tuple[str, ...], restored: tuple[str, ...]) -> Edit:
    """The change that somebody asks for, with the values given by name.

    Raises ``WrongUse`` for a value that can't be, a blank one, and a name that two things are asked of.
    """
    try:
        said = strictly(given, "sidecar", "what is given")
    except UnreadableArticle as error:
        raise WrongUse(str(error)) from None
    for name in given:
        if name not in said:
            raise WrongUse(f"'{name}' is blank; to say that it is not known give --unknown {name}")
    names = [*said, *dict.fromkeys(unknown), *dict.fromkeys(restored)]
    for name in names:
        if names.count(name) > 1:
            raise WrongUse(f"'{name}' can't be changed in two ways at once")
    return Edit(said={name: found.value for name, found in said.items()}, unknown=unknown, restored=restored)


EXCLUSION = Edit(excluded=True)
"""Leaves an article out."""


def change(path: Path, wanted: Edit) -> str:
    """Changes the sidecar at ``path``, which is made if need be, and removed when nothing is left in it; what it says
    now, empty if it is gone.

    Raises ``UnreadableArticle`` for one that isn't TOML or would be refused by a build; then nothing changes.
    """
    before = path.read_bytes() if path.exists() else b""
    after = _changed(path, before, wanted)
    if after.strip():
        if after.encode() != before:
            _put(path, after.encode())
    elif before:
        path.unlink()
    return after


def _changed(path: Path, before: bytes, wanted: Edit) -> str:
    try:
        document = tomlkit.parse(before.decode())
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise UnreadableArticle(f"the sidecar {path} is not TOML: {error}; mend or remove it") from None
    for name in wanted.restored:
        if name in document:
            document.remove(name)
    for name in wanted.unknown:
        document[name] = ""
    for name, value in wanted.said.items():
        document[name] = [*value] if isinstance(value, tuple) else value
    if wanted.excluded:
        document[EXCLUDED] = True
    return tomlkit.dumps(document)


def _put(path: Path, content: bytes) -> None:
    """Makes ``content`` that of the file, at once or not at all; it has the permissions that the old one had."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Hidden, so that a build at the same time passes it over.
    new = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        with new.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _check(path, new)
        if path.exists():
            new.chmod(path.stat().st_mode & 0o777)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _check(path: Path, new: Path) -> None:
    try:
        sidecars.read(new)
    except UnreadableArticle as error:
        raise UnreadableArticle(f"{path} stays as it is: {str(error).replace(new.name, path.name)}") from None
