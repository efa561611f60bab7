"""An archive as a whole: all articles of its folders, each with its id and with the sidecars that are about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus import reading, sidecars
from corpus.article import Article
from corpus.document import Member, Refusal
from corpus.errors import UnreadableArticle
from corpus.listing import Listing, Rejection, SourceFile, list_files, trouble
from corpus.sidecars import NOTHING, Sidecar

EXCLUDED = "left out by its sidecar"


class Sidecars:
    """The sidecars of a listing, each read when it is asked for first; knows those that nobody asked for."""

    def __init__(self, listing: Listing) -> None:
        self._paths = listing.sidecars
        self._unused = {*listing.sidecars}
        self._read: dict[Path, Sidecar | UnreadableArticle] = {}

    def of_file(self, file: SourceFile) -> Sidecar:
        """What is said of a file. Raises ``UnreadableArticle``."""
        return self._of(file.folder, file.id)

    def of_member(self, file: SourceFile, name: str) -> Sidecar:
        """What is said of a member of a file, by its own sidecar and by the file's. Raises ``UnreadableArticle``."""
        if not name:
            return self.of_file(file)
        return self._of(file.folder, member_id(file, name)).on(self.of_file(file))

    def _of(self, folder: Path, article_id: str) -> Sidecar:
        path = self._paths.get((folder, article_id))
        if path is None:
            return NOTHING
        self._unused.discard((folder, article_id))
        if path not in self._read:
            self._read[path] = _sidecar(path)
        found = self._read[path]
        if isinstance(found, UnreadableArticle):
            raise found
        return found

    def unused(self) -> list[Rejection]:
        """Those that are about nothing, once all articles were looked at."""
        return [
            Rejection(self._paths[key], f"a sidecar of {key[1]}, which there is not; rename or remove it")
            for key in sorted(self._unused, key=str)
        ]


def _sidecar(path: Path) -> Sidecar | UnreadableArticle:
    try:
        return sidecars.read(path)
    except UnreadableArticle as error:
        return error
    except OSError as error:
        return UnreadableArticle(f"its sidecar {path.name}: {trouble(path, error)}")


def member_id(file: SourceFile, name: str) -> str:
    """The id of the article in a file's member of that name."""
    return f"{file.id}/{name}" if name else file.id


def place(file: SourceFile, name: str) -> Path:
    """How a member is called where it is rejected."""
    return file.path / name if name else file.path


def read_archive(folders: Sequence[Path]) -> Iterator[Article | Rejection]:
    """Every article of the folders: by order of the folders, in each by order of the files' ids, then as the file has
    them.

    The folders are listed at once; each file is read, once, when its turn comes, so that only one article is in memory.
    Nothing is left out but hidden files and editors' backups: what isn't an article is a ``Rejection``. Raises
    ``NoArticles`` if a folder is missing or can't be listed.
    """
    return _read(list_files(folders))


def _read(listing: Listing) -> Iterator[Article | Rejection]:
    about = Sidecars(listing)
    ids: dict[str, Path] = {}
    for item in listing.items:
        if isinstance(item, Rejection):
            yield item
            continue
        for name, found in _members(item, about):
            if isinstance(found, Rejection):
                yield found
                continue
            yield unless_taken(item, name, ids) or _article(item, found, about)
    yield from about.unused()


def unless_taken(file: SourceFile, name: str, ids: dict[str, Path]) -> Rejection | None:
    """Takes a member's id into ``ids``; the rejection of one whose id another article has."""
    article_id, where = member_id(file, name), place(file, name)
    first = ids.setdefault(article_id, where)
    return None if first == where else Rejection(where, f"it has the same id, {article_id}, as {first}; rename one")


def _members(file: SourceFile, about: Sidecars) -> Iterator[tuple[str, Member | Rejection]]:
    try:
        for found in reading.members(file, about.of_file(file)):
            if isinstance(found, Refusal):
                yield found.name, Rejection(place(file, found.name), found.reason)
            else:
                yield found.name, found
    except UnreadableArticle as error:
        yield "", Rejection(file.path, str(error))
    except OSError as error:
        yield "", Rejection(file.path, trouble(file.path, error))


def _article(file: SourceFile, member: Member, about: Sidecars) -> Article | Rejection:
    try:
        sidecar = about.of_member(file, member.name)
        if sidecar.excluded:
            return Rejection(place(file, member.name), EXCLUDED)
        return reading.read(member, member_id(file, member.name), sidecar)
    except UnreadableArticle as error:
        return Rejection(place(file, member.name), str(error))
