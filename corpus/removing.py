"""Taking articles out of the folders: the file goes, with what is said beside it; an article in a file of several is
left out by a sidecar, as the others stay."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import WrongUse
from corpus.formats.registry import CONTAINERS
from corpus.listing import Listing, SourceFile
from corpus.locating import Place, find, prefixes, sidecar_of
from corpus.sidecar_writing import EXCLUSION, change


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What it takes to remove an article: files to ``delete``, the article's own first; or, of an article in a file of
    several, the sidecar that is to ``exclude`` it."""

    place: Place
    delete: tuple[Path, ...] = ()
    exclude: Path | None = None


def plan(listing: Listing, article_ids: Sequence[str]) -> list[Removal]:
    """How to remove articles, or files of several with all their articles.

    Raises ``UnknownArticle``; or ``WrongUse`` for a file that lies outside of the folders, behind a link.
    """
    found = [_plan(listing, article_id) for article_id in dict.fromkeys(article_ids)]
    deleted = {path for removal in found for path in removal.delete}
    return [removal for removal in found if removal.delete or removal.place.file.path not in deleted]


def _plan(listing: Listing, article_id: str) -> Removal:
    place = find(listing, article_id)
    if place.name:
        return Removal(place=place, exclude=sidecar_of(listing, place))
    paths = (place.file.path, *_sidecars(listing, place))
    for path in paths:
        _check_inside(place.file.folder, path)
    return Removal(place=place, delete=paths)


def carry_out(removal: Removal) -> None:
    """Removes what was planned; of a link, the link."""
    if removal.exclude:
        change(removal.exclude, EXCLUSION)
    for path in removal.delete:
        path.unlink(missing_ok=True)
    for folder in sorted(_emptied(removal), reverse=True):
        # Held nothing but the sidecars of a file of several.
        with suppress(OSError):
            folder.rmdir()


def _emptied(removal: Removal) -> set[Path]:
    """The folders below the file's own that something was deleted in."""
    own = removal.place.file.path.parent
    return {folder for path in removal.delete for folder in path.parents if own in folder.parents}


def _sidecars(listing: Listing, place: Place) -> Sequence[Path]:
    """The sidecars about a file, and about articles in it that no other file can have."""
    file, sidecars = place.file, listing.sidecars
    found = [sidecars[key] for key in [(file.folder, file.id)] if key in sidecars]
    if place.is_several:
        others = [item for item in listing.items if isinstance(item, SourceFile) and item != file]
        ids, several = {other.id for other in others}, {other.id for other in others if other.format in CONTAINERS}
        found += [
            path
            for (folder, article_id), path in sorted(sidecars.items(), key=str)
            if folder == file.folder
            and article_id.startswith(f"{file.id}/")
            and article_id not in ids
            and several.isdisjoint(prefixes(article_id))
        ]
    return found


def _check_inside(folder: Path, path: Path) -> None:
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise WrongUse(f"{path} lies outside of {folder}, behind a link; remove the file there, or the link")
