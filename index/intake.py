"""From folders to articles made ready: each file that changed is read once, in processes of its own.

Files are read in an order that has nothing to do with where they lie: so those that were read are at any time a sample
of them all, by which the rest can be estimated.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import corpus
from corpus import reading
from corpus.archive import EXCLUDED, Sidecars, member_id, place, unless_taken
from corpus.document import Member
from corpus.errors import UnreadableArticle
from corpus.formats.registry import CONTAINERS
from corpus.listing import Listing, Rejection, SourceFile, list_files, trouble
from corpus.sidecars import Sidecar
from index import passages, wording
from index.encoder import Measure
from index.pool import Died, Workers, begin_to_load, workers
from index.prepared import Prepared, prepare
from index.readings import Part, Readings, key, part

AHEAD = 256
"""So many members are read ahead of the one whose turn it is, at most."""

AHEAD_BYTES = 128 * 2**20

_COMMIT_SECONDS = 1.0

_LIBRARIES = (
    *("charset-normalizer", "ftfy", "lxml", "markdown-it-py", "pypandoc_binary", "pypdf", "python-frontmatter"),
    *("regex", "sentencex", "trafilatura", "warcio"),
)
"""What a text that is read can depend on, beside the code here."""


@dataclass(frozen=True, slots=True)
class Read:
    """An article that was read or had been read: the key of its reading, and how far through the files that is.

    ``share`` is that of all bytes that there were to read, from 0 to 1.
    """

    reading: bytes
    prepared: Prepared
    share: float


@dataclass(frozen=True, slots=True)
class Found:
    """An article of the archive: its id, the key of its reading, the digests of what the index says of it and of its
    cuts, and the vector cache that has its vectors, if one has."""

    id: str
    reading: bytes
    digest: str
    cuts: str
    embedded: str | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A member that is not read yet."""

    reading: bytes
    member: Member
    article_id: str
    sidecar: Sidecar
    bytes_done: int


def reader_identity() -> str:
    """A hash of all that a reading depends on beside what is read: the code that reads and cuts, and its libraries."""
    digest = hashlib.sha256()
    folder = Path(corpus.__file__).parent
    code = sorted([*folder.glob("*.py"), *folder.glob("formats/*.py")])
    for path in [*code, Path(passages.__file__), Path(wording.__file__)]:
        digest.update(path.name.encode() + path.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\n".encode())
    return digest.hexdigest()


class Intake:
    """The articles of some folders, as far as they are known from ``readings``, and reading those that are not.

    ``encoder`` is the identity of the encoder by whose word pieces articles are cut. Raises ``NoArticles`` if a folder
    can't be listed.
    """

    def __init__(self, folders: Sequence[Path], readings: Readings, encoder: str) -> None:
        self._readings = readings
        self._reader = hashlib.sha256(f"{reader_identity()} {encoder}".encode()).hexdigest()
        self._started = time.time_ns()
        begin_to_load(_prepared)  # while the folders are looked through
        self.listing: Listing = list_files(folders)
        self._about = Sidecars(self.listing)
        self._broken: dict[Path, str] = {}
        self._died: dict[bytes, str] = {}
        self._keys: dict[tuple[Path, Part], bytes] = {}

    @property
    def files(self) -> list[SourceFile]:
        """The files that are read or were."""
        return [item for item in self.listing.items if isinstance(item, SourceFile)]

    def unread(self) -> list[SourceFile]:
        """The files of which something was never read, in no order that means anything."""
        found = [file for file in self.files if not self._is_read(file)]
        return sorted(found, key=lambda file: hashlib.sha256(str(file.path).encode()).digest())

    def _is_read(self, file: SourceFile) -> bool:
        parts = self._parts(file)
        return parts is not None and all(one.refused is not None or self._is_known(file, one) for one in parts)

    def _is_known(self, file: SourceFile, one: Part) -> bool:
        try:
            sidecar = self._about.of_member(file, one.name)
        except UnreadableArticle:
            return True
        return sidecar.excluded or self._readings.outcome(self._key(file, one, sidecar)) is not None

    def _parts(self, file: SourceFile) -> list[Part] | None:
        return self._readings.parts(file, self._taken_apart_by(file))

    def _taken_apart_by(self, file: SourceFile) -> str:
        try:
            columns = self._about.of_file(file).columns
        except UnreadableArticle as error:
            return f"{self._reader} {error}"
        return f"{self._reader} {file.format} {sorted(columns.items())}"

    def _key(self, file: SourceFile, one: Part, sidecar: Sidecar) -> bytes:
        found = self._keys.get((file.path, one))
        if found is None:
            found = key(self._reader, one, reading.named(member_id(file, one.name)), sidecar)
            self._keys[file.path, one] = found
        return found

    def read(self, unread: Sequence[SourceFile], encoder_folder: Path) -> Iterator[Read]:
        """Reads the files, and gives each article as it is read. All of it is kept; whoever stops in between finds it
        when this is done again."""
        wanted = self._wanted(unread)
        first = next(wanted, None)
        if first is None:
            self._readings.commit()
            return
        total = max(1, sum(file.size for file in unread))
        several = any(file.format in CONTAINERS for file in unread)
        processes = len(os.sched_getaffinity(0)) if several else min(len(os.sched_getaffinity(0)), len(unread))
        committed = time.monotonic()
        with workers(processes, _prepared, _open_measure, encoder_folder) as pool:
            for reading_key, bytes_done, result in _results(pool, chain([first], wanted)):
                if isinstance(result, Prepared):
                    self._readings.add(reading_key, result)
                    yield Read(reading_key, result, bytes_done / total)
                elif isinstance(result, Died) and not result.lasting:
                    self._died[reading_key] = result.reason
                else:
                    self._readings.refuse(reading_key, result.reason if isinstance(result, Died) else result)
                if time.monotonic() - committed > _COMMIT_SECONDS:
                    self._readings.commit()
                    committed = time.monotonic()
        self._readings.commit()

    def _wanted(self, unread: Sequence[SourceFile]) -> Iterator[_Wanted]:
        """The members of files that were never read."""
        done, asked = 0, set[bytes]()
        for file in unread:
            self._readings.forget_file(file.path)
            for member, reading_key, sidecar in self._taken_apart(file):
                if reading_key not in asked:
                    asked.add(reading_key)
                    yield _Wanted(reading_key, member, member_id(file, member.name), sidecar, done + file.size)
            done += file.size

    def _taken_apart(self, file: SourceFile) -> Iterator[tuple[Member, bytes, Sidecar]]:
        """The members of a file of which no reading is kept; what the file is made of is."""
        number = -1
        try:
            for number, member in enumerate(reading.members(file, self._about.of_file(file))):
                one = part(member)
                self._readings.add_part(file.path, number, one)
                if isinstance(member, Member) and not self._is_known(file, one):
                    sidecar = self._about.of_member(file, member.name)
                    yield member, self._key(file, one, sidecar), sidecar
        except UnreadableArticle as error:
            # Not a refusal of a member: it is the file that can't be read, or not read on.
            self._readings.add_part(file.path, number + 1, Part("", None, None, None, "{}", str(error)))
        except OSError as error:
            self._broken[file.path] = trouble(file.path, error)
            return
        self._readings.add_file(file, self._taken_apart_by(file), self._started)

    def outcomes(self) -> Iterator[Found | Rejection]:
        """Every article and every rejection, once all was read: by order of the folders, then of the files' ids, then
        as the files have them."""
        ids: dict[str, Path] = {}
        for item in self.listing.items:
            if isinstance(item, Rejection):
                yield item
            elif item.path in self._broken:
                yield Rejection(item.path, self._broken[item.path])
            else:
                for one in self._remembered(item):
                    yield self._outcome(item, one, ids)
        yield from self._about.unused()

    def _remembered(self, file: SourceFile) -> list[Part]:
        # A file that was only just modified is remembered, but not taken to be the same when it is looked at next.
        return (
            self._readings.parts(file, self._taken_apart_by(file))
            or self._readings.parts(replace(file, modified=-1), self._taken_apart_by(file))
            or []
        )

    def _outcome(self, file: SourceFile, one: Part, ids: dict[str, Path]) -> Found | Rejection:
        where = place(file, one.name)
        if one.refused is not None:
            return Rejection(where, one.refused)
        taken = unless_taken(file, one.name, ids)
        if taken:
            return taken
        try:
            sidecar = self._about.of_member(file, one.name)
        except UnreadableArticle as error:
            return Rejection(where, str(error))
        if sidecar.excluded:
            return Rejection(where, EXCLUDED)
        reading_key = self._key(file, one, sidecar)
        outcome = self._readings.outcome(reading_key)
        if outcome is None or outcome.digest is None or outcome.cuts is None:
            reason = self._died.get(reading_key) if outcome is None else outcome.refused
            return Rejection(where, reason or "it changed while it was read; build again")
        return Found(member_id(file, one.name), reading_key, outcome.digest, outcome.cuts, outcome.embedded)


def _results(
    pool: Workers[_Wanted, Prepared | str], wanted: Iterable[_Wanted]
) -> Iterator[tuple[bytes, int, Prepared | str | Died]]:
    # What waits keeps no bytes of its own: they are sent to the process at once.
    tasks = (((one.reading, one.bytes_done), one) for one in wanted)
    for (reading_key, bytes_done), result in pool.results(
        tasks, AHEAD, lambda one: len(one.member.content), AHEAD_BYTES
    ):
        yield reading_key, bytes_done, result


_measures: dict[str, Measure] = {}
"""The word pieces of the encoder, in each process that reads."""


def _open_measure(encoder_folder: Path) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    _measures[""] = Measure(encoder_folder)


def _prepared(wanted: _Wanted) -> Prepared | str:
    """The article in a member, ready for the index; or why there is none."""
    try:
        article = reading.read(wanted.member, wanted.article_id, wanted.sidecar)
        return prepare(article, _measures[""])
    except UnreadableArticle as error:
        return str(error)
    except RecursionError:
        return "it is nested too deeply; flatten it"
