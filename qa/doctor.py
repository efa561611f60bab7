"""Examining an archive: its settings, its folders, its index and its articles; nothing is changed.

What comes of it are findings, the most serious first, each with a code that stays the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import NoArticles
from corpus.listing import Listing, list_files
from index.generation import generation_folder
from qa.catalogue import Catalogue, open_catalogue
from qa.doctor_articles import check_articles
from qa.doctor_folders import check_rejected, check_sidecars, check_stale, stale
from qa.doctor_index import check_current, check_others, check_passages
from qa.findings import Finding, Findings
from qa.settings import Settings

_NOT_THERE = "setting-names-nothing"
_GRAVEST_FIRST = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found; ``generation`` is that which was examined, ``None`` if there is none that can be opened, and
    ``articles`` how many it has."""

    index: Path
    generation: str | None
    articles: int
    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether there are no errors."""
        return all(finding.severity != "error" for finding in self.findings)


def examine(settings: Settings) -> Examination:
    """Everything that is found wrong with the archive that the settings name."""
    findings = list(_check_settings(settings))
    broken = list(check_current(settings.index))
    catalogue = None if broken else open_catalogue(settings.index)
    findings += [*broken, *check_others(settings.index)]
    try:
        listing = list_files(settings.articles)
        findings += check_sidecars(listing, catalogue)
    except NoArticles as error:
        listing = None
        what, _, do = str(error).partition("; ")
        findings.append(Finding(_NOT_THERE, "error", 1, what, do))
    if catalogue:
        findings += _check_catalogue(settings.index, catalogue, listing)
    return Examination(
        settings.index,
        catalogue.manifest.generation if catalogue else None,
        len(catalogue.entries) if catalogue else 0,
        tuple(sorted(findings, key=lambda finding: _GRAVEST_FIRST.index(finding.severity))),
    )


def _check_catalogue(index: Path, catalogue: Catalogue, listing: Listing | None) -> Findings:
    yield from check_passages(catalogue, generation_folder(index, catalogue.manifest.generation))
    yield from check_rejected(catalogue.manifest.rejected)
    if listing:
        yield from check_stale(stale(listing, catalogue))
    yield from check_articles(catalogue)


def _check_settings(settings: Settings) -> Findings:
    """The settings that name something that isn't there."""
    for name, path in _named(settings):
        if not path.expanduser().exists():
            what = f"the setting '{name}' names {path}, which doesn't exist"
            yield Finding(_NOT_THERE, "error", 1, what, "correct the setting, or put there what it names")


def _named(settings: Settings) -> Iterator[tuple[str, Path]]:
    for questions in settings.gate:
        yield "gate", questions
    for name, value in (("model", settings.model), ("cross_encoder", settings.cross_encoder)):
        # Anything else may be a name on the hub.
        if value and value.startswith(("/", "./", "../", "~")):
            yield name, Path(value)
