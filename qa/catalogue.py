"""The catalogue of the current generation, as the archive's owner looks at it: listed, counted, one article shown.

Only the texts are opened, and no model; so it takes no longer than reading the catalogue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from corpus.article import Entry
from corpus.dates import first_day, last_day
from corpus.errors import DamagedGeneration, IbidemError, UnknownArticle
from corpus.listing import list_files
from corpus.locating import find, sidecar_of
from corpus.statements import NAMES
from index.copies import read as read_copies
from index.filters import FilterColumns, Filters
from index.generation import Manifest, current_generation, generation_folder, read_manifest
from index.store import Store

Sort = Literal["id", "title", "published"]

_TITLE_CHARACTERS = 200
"""So many of a title decide its place: a cursor has them, and has to fit into an address."""


@dataclass(frozen=True)
class Catalogue:
    """The articles of a generation by id; ``clusters`` has for each the number of the copies that it is one of."""

    manifest: Manifest
    entries: Sequence[Entry]
    clusters: Sequence[int]
    store: Store


@dataclass(frozen=True, slots=True)
class Count:
    """How many articles have a value; ``None`` are those of which it is not known."""

    value: str | None
    articles: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many articles there are, by what; and of how many each value is not known, by its name."""

    generation: str
    articles: int
    publishers: tuple[Count, ...]
    years: tuple[Count, ...]
    languages: tuple[Count, ...]
    unknown: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Listed:
    """Articles of a generation; ``total`` is how many there are, which may be more than are listed."""

    generation: str
    total: int
    articles: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Details:
    """All that there is to know of an article: its entry; the ``file`` that it is in now and the sidecar about it, if
    there are such; how many passages it is cut into; the ids of its copies."""

    generation: str
    article: Entry
    file: Path | None
    sidecar: Path | None
    passages: int
    copies: tuple[str, ...]


def open_catalogue(index: Path) -> Catalogue:
    """The catalogue of the current generation. Raises ``NoIndex``, or as ``index.generation.read_manifest`` does."""
    folder = generation_folder(index, current_generation(index))
    manifest, store = read_manifest(folder), Store(folder)
    entries, clusters = store.catalogue(), read_copies(folder).clusters
    if len(entries) != len(clusters):
        raise DamagedGeneration(f"the parts of generation {folder.name} don't agree on articles: build again")
    return Catalogue(manifest, entries, clusters.tolist(), store)


def listed(
    catalogue: Catalogue, filters: Filters, missing: Sequence[str] = (), sort: Sort = "id", limit: int | None = None
) -> Listed:
    """The articles that meet the filters; if ``missing`` names values, those of them of which one of these is unknown.

    Those published last come first, those of unknown date last; of equals the first by id. Raises ``InvalidFilter``.
    """
    found = _select(catalogue, filters)
    if missing:
        found = [entry for entry in found if not all(is_known(entry, name) for name in missing)]
    ordered = sorted(found, key=ORDERS[sort])
    return Listed(catalogue.manifest.generation, len(ordered), tuple(ordered[:limit]))


def is_known(entry: Entry, name: str) -> bool:
    """Whether a value of ``corpus.statements.NAMES`` is known; a title that was taken from the text is not."""
    return bool(getattr(entry, name)) and not (name == "title" and entry.title_inferred)


def count(catalogue: Catalogue, filters: Filters) -> Counts:
    """Counts the articles that meet the filters. Raises ``InvalidFilter``."""
    entries = _select(catalogue, filters)
    return Counts(
        generation=catalogue.manifest.generation,
        articles=len(entries),
        publishers=_most_first(entry.publisher for entry in entries),
        years=_latest_first(entry.published and entry.published[:4] for entry in entries),
        languages=_most_first(entry.language for entry in entries),
        unknown={name: sum(not is_known(entry, name) for entry in entries) for name in NAMES},
    )


def details(catalogue: Catalogue, article_id: str, folders: Sequence[Path]) -> Details:
    """An article of the catalogue, and where it is in the folders. Raises ``UnknownArticle``."""
    number = {entry.id: number for number, entry in enumerate(catalogue.entries)}.get(article_id)
    if number is None:
        raise UnknownArticle(
            f"there is no article {article_id!r} in the index; 'ibidem articles list' says which there are"
        )
    file, sidecar = _source(folders, article_id)
    return Details(
        generation=catalogue.manifest.generation,
        article=catalogue.entries[number],
        file=file,
        sidecar=sidecar,
        passages=len(catalogue.store.spans(article_id).passages),
        copies=_copies(catalogue, number),
    )


def clusters(catalogue: Catalogue) -> list[list[int]]:
    """The places in the catalogue of the articles that are copies of one another: all clusters of at least two."""
    members: dict[int, list[int]] = {}
    for number, cluster in enumerate(catalogue.clusters):
        members.setdefault(cluster, []).append(number)
    return [found for found in members.values() if len(found) > 1]


def _select(catalogue: Catalogue, filters: Filters) -> list[Entry]:
    numbers = np.flatnonzero(FilterColumns(catalogue.entries).select(filters).articles).tolist()
    if filters.copies == "all":
        return [catalogue.entries[number] for number in numbers]
    shown: dict[int, Entry] = {}
    for number in sorted(numbers, key=lambda number: age(catalogue.entries[number], filters.copies == "latest")):
        shown.setdefault(catalogue.clusters[number], catalogue.entries[number])
    return list(shown.values())


def age(entry: Entry, latest_first: bool) -> tuple[bool, int, str]:
    """Sorts by date of publication, those of unknown date last, of equals by id."""
    if entry.published is None:
        return True, 0, entry.id
    day = -last_day(entry.published).toordinal() if latest_first else first_day(entry.published).toordinal()
    return False, day, entry.id


ORDERS: Mapping[Sort, Callable[[Entry], tuple[Any, ...]]] = {
    "id": lambda entry: (entry.id,),
    "title": lambda entry: (entry.title.casefold()[:_TITLE_CHARACTERS], entry.id),
    "published": lambda entry: age(entry, latest_first=True),
}
"""What articles are sorted by; no two have the same."""


def _most_first(values: Iterable[str | None]) -> tuple[Count, ...]:
    found = Counter(values)
    ordered = sorted((value for value in found if value), key=lambda value: (-found[value], value))
    return tuple(Count(value, found[value]) for value in [*ordered, *_unknown(found)])


def _latest_first(values: Iterable[str | None]) -> tuple[Count, ...]:
    found = Counter(values)
    ordered = sorted(filter(None, found), reverse=True)
    return tuple(Count(value, found[value]) for value in [*ordered, *_unknown(found)])


def _unknown(found: Counter[str | None]) -> list[None]:
    return [None] if None in found else []


def _copies(catalogue: Catalogue, number: int) -> tuple[str, ...]:
    cluster = catalogue.clusters[number]
    same = [entry.id for entry, own in zip(catalogue.entries, catalogue.clusters, strict=True) if own == cluster]
    return tuple(article_id for article_id in same if article_id != catalogue.entries[number].id)


def _source(folders: Sequence[Path], article_id: str) -> tuple[Path | None, Path | None]:
    """The file that an article is in and the sidecar about it, if there are such."""
    try:
        listing = list_files(folders)
        place = find(listing, article_id)
        sidecar = sidecar_of(listing, place)
    except IbidemError:
        # The folders may be elsewhere by now; the index knows the article all the same.
        return None, None
    return place.file.path, sidecar if sidecar.exists() else None
