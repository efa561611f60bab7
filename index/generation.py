"""Generations on disk: complete, immutable indexes, one of which is current.

    INDEX/
      CURRENT                    the id of the current generation, one line
      lock                       held by whoever builds, rolls back or prunes
      readings.sqlite            what was read of every file so far (see index.readings)
      vectors.sqlite             the vectors of every text encoded so far (see index.cache)
      encoders/                  the encoders exported so far (see index.encoders)
      generations/
        20260131T120000Z-012345/ manifest.json, and the files whose checksums it lists
        .building-…/             what a builder is writing, or left when it was killed

A generation is written to a folder of another name, synced, verified by opening it, renamed, and only then
made current by replacing ``CURRENT``, which is one atomic rename. Whatever a crash leaves, ``CURRENT`` names
a whole generation.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from corpus.errors import BuildInProgress, DamagedGeneration, NoIndex, UnknownGeneration, UnsupportedFormat

FORMAT = 4
"""The version of the layout of a generation; one of another version is not opened."""

CURRENT_FILE = "CURRENT"
LOCK_FILE = "lock"
MANIFEST_FILE = "manifest.json"
GENERATIONS = "generations"
_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
_UNFINISHED = ".building-"
_DISCARDED = ".discarded-"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation says of itself.

    ``created`` is a UTC time in ISO 8601, ``encoder`` the encoder's identity, ``model`` its name. ``rejected``
    pairs each file that was left out with the reason; ``files`` maps each file of the generation to its
    SHA-256 in hexadecimal. ``evaluation`` is what a gate found before the generation was published, ``None`` if
    it was built without one. ``removed`` maps the id of every article that is not there any more to the last
    generation that had it, as far as that is known. ``calibration`` is what `ibidem calibrate` found for this archive,
    ``None`` if it never ran (see ``qa.calibration``). ``source`` is a hash of all that the generation was made from.
    """

    format: int
    generation: str
    created: str
    encoder: str
    model: str
    articles: int
    passages: int
    sentences: int
    rejected: tuple[tuple[str, str], ...]
    files: Mapping[str, str]
    evaluation: Mapping[str, Any] | None
    removed: Mapping[str, str]
    calibration: Mapping[str, Any] | None
    source: str


def generation_folder(index: Path, generation: str) -> Path:
    """Where a generation of that id is, or would be."""
    return index / GENERATIONS / generation


def current_generation(index: Path) -> str:
    """The id of the current generation. Raises ``NoIndex`` if nothing was ever published."""
    try:
        generation = (index / CURRENT_FILE).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise NoIndex(f"there is no index in {index}: build it with 'ibidem build --index {index}'") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedGeneration(f"{index / CURRENT_FILE} can't be read: {error}") from error
    if not _NAME.fullmatch(generation):
        raise DamagedGeneration(f"{index / CURRENT_FILE} names no generation: build again or roll back")
    return generation


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the generation in ``folder``.

    Raises ``UnknownGeneration``, ``DamagedGeneration``, or ``UnsupportedFormat`` for another version.
    """
    try:
        values = json.loads((folder / MANIFEST_FILE).read_bytes())
        version = values["format"]
    except FileNotFoundError:
        raise UnknownGeneration(f"there is no generation {folder.name} in {folder.parent}") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DamagedGeneration(f"the manifest of generation {folder.name} can't be read: {error}") from error
    if version != FORMAT:
        raise UnsupportedFormat(
            f"generation {folder.name} has format {version}, and this version of Ibidem reads format"
            f" {FORMAT}: build the index again"
        )
    try:
        return Manifest(**values | _typed(**values))
    except (TypeError, KeyError) as error:
        raise DamagedGeneration(f"the manifest of generation {folder.name} is not complete: {error}") from error


def _typed(*, rejected: Any, files: Any, evaluation: Any, removed: Any, calibration: Any, **_: Any) -> dict[str, Any]:
    """The values that JSON has another type for; raises ``TypeError`` for what they can't be."""
    return {
        "rejected": tuple(map(tuple, rejected)),
        "files": {**files},
        "evaluation": None if evaluation is None else {**evaluation},
        "removed": {**removed},
        "calibration": None if calibration is None else {**calibration},
    }


def verify_files(folder: Path) -> Manifest:
    """The manifest, once every file it lists is there with its checksum. Raises as ``read_manifest`` does."""
    manifest = read_manifest(folder)
    for name, sha256 in manifest.files.items():
        try:
            found = file_sha256(folder / name)
        except OSError as error:
            raise _damaged(folder, name, error.strerror or "unreadable") from error
        if found != sha256:
            raise _damaged(folder, name, "not what was written")
    return manifest


def is_untouched(folder: Path, manifest: Manifest) -> bool:
    """Whether every file is there and as it was when the manifest was written, as far as times and, where these tell
    nothing, checksums say: for a glance; what serves verifies all."""
    try:
        written = (folder / MANIFEST_FILE).stat().st_mtime_ns
        return all(
            (folder / name).stat().st_mtime_ns <= written or file_sha256(folder / name) == sha256
            for name, sha256 in manifest.files.items()
        )
    except OSError:
        return False


def _damaged(folder: Path, name: str, what: str) -> DamagedGeneration:
    return DamagedGeneration(
        f"generation {folder.name} is damaged: {name}: {what}; build again, or roll back to an earlier one"
    )


def list_generations(index: Path) -> list[str]:
    """The ids of all finished generations, oldest first."""
    folder = index / GENERATIONS
    return sorted(path.name for path in folder.iterdir() if path.name[0] != ".") if folder.is_dir() else []


@contextmanager
def exclusive(index: Path) -> Iterator[None]:
    """Holds the index's lock, which the system frees if the process dies.

    Raises ``BuildInProgress`` at once if another process has it.
    """
    index.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(index / LOCK_FILE, timeout=0):
            yield
    except Timeout:
        raise BuildInProgress(f"another build or clean-up of {index} is running: wait for its end") from None


@contextmanager
def building(index: Path) -> Iterator[Path]:
    """A new folder to write a generation to; removed at the end, unless ``publish`` has taken it.

    What killed builders left is removed first. Only under ``exclusive``.
    """
    generations = index / GENERATIONS
    generations.mkdir(exist_ok=True)
    _remove_leftovers(generations)
    try:
        yield Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=generations))
    finally:
        # Also finds the folder of a builder that was stopped before it knew its name.
        _remove_leftovers(generations)


def _remove_leftovers(generations: Path) -> None:
    for pattern in (f"{_UNFINISHED}*", f"{_DISCARDED}*"):
        for left in generations.glob(pattern):
            shutil.rmtree(left, ignore_errors=True)


def write_manifest(
    folder: Path, files: Sequence[str], calibration: Mapping[str, Any] | None = None, **values: Any
) -> Manifest:
    """Lists and syncs the files of ``folder``, and adds its manifest; ``values`` are those of ``Manifest``
    that are not about files. The id is the time to the microsecond, so that ids sort as they were made."""
    with ThreadPoolExecutor() as threads:
        found = threads.map(file_sha256, [folder / name for name in sorted(files)])
        checksums = dict(zip(sorted(files), found, strict=True))
    generation, created = _new_name()
    manifest = Manifest(
        format=FORMAT,
        generation=generation,
        created=created,
        files=checksums,
        evaluation=None,
        calibration=calibration,
        **values,
    )
    _write_synced(folder, manifest)
    return manifest


def _new_name() -> tuple[str, str]:
    """A generation's id, and when it was created."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%SZ-%f}", now.isoformat(timespec="seconds")


def _write_synced(folder: Path, manifest: Manifest) -> None:
    """Adds the manifest to a folder, and makes sure that all of it is on the disk."""
    _write(folder, manifest)
    for path in [*folder.rglob("*"), folder]:
        sync(path)


def republish(index: Path, calibration: Mapping[str, Any]) -> Manifest:
    """Publishes the current generation once more, with a calibration; the new manifest.

    No other file changes: they are linked, and their checksums compared. Only under ``exclusive``. Raises ``NoIndex``,
    or as ``verify_files`` does.
    """
    current = generation_folder(index, current_generation(index))
    generation, created = _new_name()
    with building(index) as folder:
        manifest = replace(verify_files(current), generation=generation, created=created, calibration=calibration)
        for name in manifest.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            link(current / name, folder / name)
        _write_synced(folder, manifest)
        verified = verify_files(folder)
        publish(index, folder, verified.generation)
    return verified


def link(source: Path, target: Path) -> None:
    """Gives a file that never changes a second name, or copies it where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def keep_evaluation(folder: Path, manifest: Manifest, evaluation: Mapping[str, Any]) -> Manifest:
    """Adds what a gate found to the manifest of a generation that isn't published yet, and syncs it; the manifest, as
    it is read back."""
    _write(folder, replace(manifest, evaluation=evaluation))
    sync(folder / MANIFEST_FILE)
    return read_manifest(folder)


def _write(folder: Path, manifest: Manifest) -> None:
    content = json.dumps(asdict(manifest), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / MANIFEST_FILE).write_text(content, encoding="utf-8")


def publish(index: Path, folder: Path, generation: str) -> None:
    """Renames a folder that was written, synced and verified to its generation's id, and makes it current."""
    folder.chmod(0o755)
    folder.rename(generation_folder(index, generation))
    sync(index / GENERATIONS)
    make_current(index, generation)


def make_current(index: Path, generation: str) -> None:
    """Makes a whole generation the current one, atomically."""
    new = index / f"{CURRENT_FILE}.new"
    new.write_text(f"{generation}\n", encoding="utf-8")
    sync(new)
    new.replace(index / CURRENT_FILE)
    sync(index)


def prune(index: Path, keep: int) -> list[str]:
    """Removes all but the ``keep`` newest generations and the current one; the ids of those removed.

    Only under ``exclusive``.
    """
    kept = {current_generation(index), *list_generations(index)[::-1][:keep]}
    removed = [generation for generation in list_generations(index) if generation not in kept]
    for generation in removed:
        # Renamed first, so that no half-removed generation is ever seen.
        discarded = generation_folder(index, f"{_DISCARDED}{generation}")
        generation_folder(index, generation).rename(discarded)
        shutil.rmtree(discarded)
    return removed


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Makes sure that a file's or a folder's content is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
