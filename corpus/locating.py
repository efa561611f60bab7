"""Finding an article's file by the article's id, in what is listed of the folders; no index is needed.

An article that is rejected is found as well, as it may be rejected for what its owner wants to mend.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from corpus import reading
from corpus.archive import EXCLUDED, Sidecars, member_id
from corpus.document import Member, Refusal
from corpus.errors import UnknownArticle, UnreadableArticle, WrongUse
from corpus.formats.registry import CONTAINERS, suffix
from corpus.listing import Listing, SourceFile, printable
from corpus.sidecars import SUFFIX

_LONGEST_NAME = 255
"""In bytes: the most that the usual file systems take."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article is: its file, and its ``name`` in that; an empty name is the file as a whole."""

    file: SourceFile
    name: str

    @property
    def article_id(self) -> str:
        """The id of the article; of a file of several as a whole, what the ids of its articles begin with."""
        return member_id(self.file, self.name)

    @property
    def is_several(self) -> bool:
        """Whether it is a file of several articles as a whole."""
        return not self.name and self.file.format in CONTAINERS


def find(listing: Listing, article_id: str) -> Place:
    """Where the article of that id is; the id of a file of several articles is that file as a whole.

    Files of several are read as far as it takes to know that they have the article. Raises ``UnknownArticle``, or
    ``UnreadableArticle`` if a file that may have it can't be read.
    """
    wanted = normalize("NFC", article_id)
    files = {item.id: item for item in listing.items if isinstance(item, SourceFile)}
    if wanted in files:
        return Place(files[wanted], "")
    for prefix in prefixes(wanted):
        file = files.get(prefix)
        if file and file.format in CONTAINERS:
            for found in _members(listing, file):
                if normalize("NFC", member_id(file, found.name)) == wanted:
                    return Place(file, found.name)
    raise UnknownArticle(f"there is no article {article_id!r} in the folders of articles")


def sidecar_of(listing: Listing, place: Place) -> Path:
    """Where the sidecar about an article is, or would be. Raises ``WrongUse`` if its id can't be a file's name."""
    file, name = place.file, place.name
    found = listing.sidecars.get((file.folder, place.article_id))
    if found:
        return found
    base = file.path.with_name(file.path.name.removesuffix(suffix(file.path.name) or ""))
    path = base / f"{name}{SUFFIX}" if name else base.with_name(f"{base.name}{SUFFIX}")
    if name and not _is_listed(name):
        raise WrongUse(f"the id {place.article_id!r} can't be a file's name, so no sidecar can be about the article")
    return path


def problem(listing: Listing, place: Place) -> str | None:
    """Why the next build won't take an article in, as its file and sidecars are now; ``None`` if it will.

    Of a file of several as a whole, only what is wrong with its sidecar.
    """
    about = Sidecars(listing)
    try:
        if about.of_member(place.file, place.name).excluded:
            return EXCLUDED
        return None if place.is_several else _problem(about, place)
    except UnreadableArticle as error:
        return str(error)


def _problem(about: Sidecars, place: Place) -> str | None:
    for member in reading.members(place.file, about.of_file(place.file)):
        if member.name == place.name:
            if isinstance(member, Refusal):
                return member.reason
            reading.read(member, place.article_id, about.of_member(place.file, place.name))
            return None
    return f"{place.file.path} doesn't have it any more"


def prefixes(article_id: str) -> Iterator[str]:
    """What stands before each ``/`` of an id, the longest first."""
    while "/" in article_id:
        article_id = article_id.rpartition("/")[0]
        yield article_id


def _members(listing: Listing, file: SourceFile) -> Iterator[Member | Refusal]:
    try:
        yield from reading.members(file, Sidecars(listing).of_file(file))
    except UnreadableArticle as error:
        raise UnreadableArticle(f"{file.path}: {error}") from None


def _is_listed(name: str) -> bool:
    """Whether a sidecar of that name, below a folder, would be found under that very name: see ``corpus.listing``."""
    path = f"{name}{SUFFIX}"
    return printable(Path(path)) == path == normalize("NFC", path) and all(
        part and not part.startswith(".") and not part.endswith("~") and len(os.fsencode(part)) <= _LONGEST_NAME
        for part in path.split("/")
    )
