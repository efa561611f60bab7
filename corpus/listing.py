"""Which files of a folder are articles, and why each of the others is not.

Names that begin with a dot, and editors' backups (names that end with ``~``), are passed over in silence;
everything else is either listed or rejected with a reason. A file called README.md is an article like any
other: an exception for it would be a file dropped in silence.
"""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corpus.errors import NoArticles
from corpus.formats.registry import CONTAINERS, SUFFIXES, format_of, suffix, too_large
from corpus.sidecars import SUFFIX as SIDECAR

_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that no id may hold: an id goes into URLs, JSON and lines of output."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file or folder that is not read.

    ``path`` is as it was found, with characters that can't be printed escaped; ``reason`` says in one line
    what is wrong and what to do about it.
    """

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that is to be read, as one article or as several; its content hasn't been looked at yet.

    ``id`` is that of its article, or what those of its articles begin with. ``size`` is in bytes, ``modified`` in
    nanoseconds since 1970.
    """

    id: str
    path: Path
    format: str
    size: int
    modified: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Listing:
    """What is in some folders: the files that are to be read and those that are not, by order of the folders and then
    of the ids; and the sidecars, by folder and by the id of what they are about."""

    items: tuple[SourceFile | Rejection, ...]
    sidecars: Mapping[tuple[Path, str], Path]


@dataclass(frozen=True, slots=True)
class _Found:
    """Something in the ``number``-th folder of articles; ``inode`` is None if it is rejected already."""

    number: int
    id: str
    item: SourceFile | Rejection
    inode: tuple[int, int] | None
    through_link: bool

    @property
    def place(self) -> tuple[int, str, str]:
        return self.number, self.id, self.item.path.name


def list_files(folders: Sequence[Path]) -> Listing:
    """What is in the folders, each with all below it, by order of the folders and then of the ids.

    Links are followed. What can be reached in two ways is listed once: where it really is rather than
    through a link, else at the first place; so a new link changes no id. Of two files that would have the
    same id, the first is listed (of ``a.md`` and ``a.txt`` that is ``a.md``). The others are rejected.
    Raises ``NoArticles`` if one of the folders is missing or can't be listed.
    """
    walk = _Walk(folders)
    walk.through_folders()
    walk.through_links()
    items = sorted(_without_repeats(walk.found), key=lambda found: found.place)
    return Listing(tuple(found.item for found in items), walk.sidecars)


def printable(path: Path) -> str:
    """The path, with control characters and bytes that aren't UTF-8 escaped as Python does."""
    if (plain := str(path)).isprintable():
        return plain
    return "".join(
        character.encode("unicode_escape").decode() if unicodedata.category(character) in _UNPRINTABLE else character
        for character in plain
    )


def trouble(path: Path, error: OSError) -> str:
    """What the operating system's error means for a file that was listed, and what to do about it."""
    if error.errno == errno.ELOOP:
        return "a link that leads in a circle; remove it"
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        return "a link to something that doesn't exist; mend or remove it"
    if isinstance(error, FileNotFoundError):
        return "it was there when the folder was listed and is gone; build again"
    if isinstance(error, PermissionError):
        return "no permission to read it; give it to the user that builds"
    return f"can't be read ({error.strerror})"


@dataclass
class _Walk:
    """A walk through all the folders: real ones first, then what only links lead to."""

    folders: Sequence[Path]
    found: list[_Found] = field(default_factory=list)
    sidecars: dict[tuple[Path, str], Path] = field(default_factory=dict)
    _directories: dict[tuple[int, int], Path] = field(default_factory=dict)
    _links: deque[tuple[int, Path, os.stat_result]] = field(default_factory=deque)

    def through_folders(self) -> None:
        for number, folder in enumerate(self.folders):
            try:
                status = folder.stat()
                next(folder.iterdir(), None)
            except OSError as error:
                raise NoArticles(
                    f"the folder of articles {printable(folder)} can't be listed ({error.strerror}); "
                    "name a folder that exists and may be read"
                ) from error
            self._below(number, folder, status, through_link=False)

    def through_links(self) -> None:
        while self._links:
            self._below(*self._links.popleft(), through_link=True)

    def _below(self, number: int, top: Path, status: os.stat_result, *, through_link: bool) -> None:
        """Takes in everything below a directory; a loop, because folders may be nested without limit."""
        pending = [(top, status)]
        while pending:
            directory, status = pending.pop()
            first = self._directories.get(_inode(status))
            if first is not None:
                self._reject(number, directory, f"a folder that is read already, as {printable(first)}")
                continue
            self._directories[_inode(status)] = directory
            for path, child in self._children(number, directory):
                if not stat.S_ISDIR(child.st_mode):
                    self._take(number, path, child, through_link=through_link or path.is_symlink())
                elif path.is_symlink():
                    self._links.append((number, path, child))
                else:
                    pending.append((path, child))

    def _children(self, number: int, directory: Path) -> Iterator[tuple[Path, os.stat_result]]:
        """What is in a directory, by name, with its status; links are followed."""
        try:
            paths = sorted(directory.iterdir())
        except OSError as error:
            self._reject(number, directory, trouble(directory, error))
            return
        for path in paths:
            if path.name.startswith(".") or path.name.endswith("~"):
                continue
            if printable(path) != str(path):
                self._reject(number, path, "its name isn't printable UTF-8; rename it")
                continue
            try:
                status = path.stat()
            except OSError as error:
                self._reject(number, path, trouble(path, error))
            else:
                yield path, status

    def _take(self, number: int, path: Path, status: os.stat_result, *, through_link: bool) -> None:
        if not stat.S_ISREG(status.st_mode):
            self._reject(number, path, "not a regular file (a pipe, socket or device); remove it")
        elif path.name.endswith(SIDECAR):
            folder = self.folders[number]
            self.sidecars[folder, _relative(folder, path).removesuffix(SIDECAR)] = path
        elif (format_name := format_of(path.name)) is None:
            self._reject(number, path, f"not a format that is read; {', '.join(SUFFIXES)} are")
        elif format_name not in CONTAINERS and (reason := too_large(format_name, status.st_size)):
            self._reject(number, path, reason)
        else:
            folder = self.folders[number]
            file = SourceFile(_id(folder, path), path, format_name, status.st_size, status.st_mtime_ns, folder)
            self.found.append(_Found(number, file.id, file, _inode(status), through_link))

    def _reject(self, number: int, path: Path, reason: str) -> None:
        rejection = Rejection(Path(printable(path)), reason)
        self.found.append(_Found(number, _id(self.folders[number], path), rejection, None, False))


def _inode(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _id(folder: Path, path: Path) -> str:
    return _relative(folder, path).removesuffix(suffix(path.name) or path.suffix)


def _relative(folder: Path, path: Path) -> str:
    return unicodedata.normalize("NFC", path.relative_to(folder).as_posix())


def _without_repeats(found: Sequence[_Found]) -> Iterator[_Found]:
    """All that was found, with a rejection in place of each file that repeats an earlier one."""
    inodes: dict[tuple[int, int], Path] = {}
    ids: dict[str, Path] = {}
    for one in sorted(found, key=lambda one: (one.through_link, one.place)):
        if one.inode is None:
            yield one
            continue
        path = one.item.path
        first = inodes.setdefault(one.inode, path)
        namesake = ids.setdefault(one.id, path) if first == path else path
        if first != path:
            yield _repeat(one, f"the same file as {first}, which is read; remove one of them")
        elif namesake != path:
            yield _repeat(one, f"it has the same id, {one.id}, as {namesake}, which is read; rename one")
        else:
            yield one


def _repeat(found: _Found, reason: str) -> _Found:
    return _Found(found.number, found.id, Rejection(found.item.path, reason), None, found.through_link)
