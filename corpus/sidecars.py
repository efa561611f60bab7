"""Sidecars: what the archive's owner knows better than a file, in TOML beside it.

    reports/flood.pdf
    reports/flood.meta.toml     title = "…", published = "2025-03", publisher = "" (which is: unknown)

A sidecar's name is that of the article, or of a file of several, with ``.meta.toml`` in place of the suffix. What it
says goes before all else. ``excluded = true`` leaves the article out; a table ``[columns]`` says for an export which
column or key is what.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from corpus.errors import UnreadableArticle
from corpus.statements import NAMES, Said, strictly

SUFFIX = ".meta.toml"
EXCLUDED = "excluded"
COLUMNS = "columns"
MAX_BYTES = 2**20
_COLUMN_NAMES = ("id", "text", "format", *NAMES)


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """What is said of an article or a file of several; ``unknown`` are the names of values that are not known, whatever
    the file says; ``columns`` the names of columns or keys, by what they mean."""

    said: Said = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    excluded: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)

    def over(self, said: Said) -> Said:
        """What is known, if without the sidecar ``said`` were."""
        return {name: value for name, value in said.items() if name not in self.unknown} | {**self.said}

    def on(self, outer: Sidecar) -> Sidecar:
        """This one of an article, together with the ``outer`` one of the file that the article is in."""
        return Sidecar(
            said=self.over(outer.said),
            unknown=self.unknown | outer.unknown,
            excluded=self.excluded or outer.excluded,
            columns=outer.columns,
        )


NOTHING = Sidecar()


def read(path: Path) -> Sidecar:
    """The sidecar in a file. Raises ``UnreadableArticle`` with what is wrong in it, or ``OSError``."""
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    try:
        if len(content) > MAX_BYTES:
            raise UnreadableArticle("it is larger than 1 MiB")
        return _sidecar(tomllib.loads(content.decode()))
    except (UnreadableArticle, ValueError, RecursionError) as error:
        raise UnreadableArticle(f"its sidecar {path.name} can't be read: {error}; mend or remove it") from None


def _sidecar(values: dict[str, object]) -> Sidecar:
    for name in values:
        if name not in (*NAMES, EXCLUDED, COLUMNS):
            raise UnreadableArticle(f"it has {name!r}, which is none of {', '.join((*NAMES, EXCLUDED, COLUMNS))}")
    given = {name: _plain(value) for name, value in values.items() if name in NAMES}
    said = strictly(given, "sidecar", "it")
    return Sidecar(
        said=said,
        unknown=frozenset(given) - frozenset(said),
        excluded=_truth(values.get(EXCLUDED, False)),
        columns=_columns(values.get(COLUMNS, {})),
    )


def _plain(value: object) -> object:
    """TOML's own dates as texts."""
    is_date = hasattr(value, "isoformat")
    return value.isoformat() if is_date else value  # type: ignore[attr-defined]


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnreadableArticle(f"'{EXCLUDED}' must be true or false")
    return value


def _columns(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(column, str) for column in value.values()):
        raise UnreadableArticle(f'[{COLUMNS}] must be a table of texts, as in title = "headline"')
    for name in value:
        if name not in _COLUMN_NAMES:
            raise UnreadableArticle(f"[{COLUMNS}] has {name!r}, which is none of {', '.join(_COLUMN_NAMES)}")
    return value
