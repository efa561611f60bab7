"""What is wrong with an index: its current generation, the others, what builds left, and the disk that it is on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from corpus.errors import DamagedGeneration, IbidemError, NoIndex, UnsupportedFormat
from index import generation, pieces
from index.encoder import Measure
from index.passages import context
from qa.catalogue import Catalogue
from qa.findings import EXAMPLES, Finding, Findings, about

KEPT = 3
"""So many generations are kept by ``ibidem generations prune`` unless it is told otherwise."""

_BATCH = 500
_GIB = 2**30
_LEFTOVERS = (".building-*", ".discarded-*")


def check_current(index: Path) -> Findings:
    """What keeps the current generation from being opened: every file is compared with its checksum."""
    try:
        generation.verify_files(generation.generation_folder(index, generation.current_generation(index)))
    except NoIndex as error:
        yield _broken("no-index", str(error), "build the index with 'ibidem build', or name it with --index")
    except UnsupportedFormat as error:
        yield _broken("unsupported-format", str(error), "build again with 'ibidem build'; nothing is lost")
    except IbidemError as error:
        do = "build again with 'ibidem build', or go back with 'ibidem generations rollback'"
        yield _broken("damaged-generation", str(error), do)


def check_others(index: Path) -> Findings:
    """What is found beside the current generation."""
    locked = _is_locked(index)
    if locked:
        yield Finding("locked", "note", 1, "a build or clean-up is running now", "wait for its end, and look again")
    yield from _old_generations(index)
    if not locked:
        yield from _leftovers(index)
    yield from _space(index)


def check_passages(catalogue: Catalogue, folder: Path) -> Findings:
    """The articles with passages that the encoder doesn't take as a whole. Raises ``DamagedGeneration``."""
    measure = Measure(folder)
    prompt = measure.description.passage_prompt
    room = measure.limit - measure.special
    try:
        starts = np.load(folder / pieces.STARTS_FILE, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise DamagedGeneration(f"the word pieces in {folder} can't be read: {error}") from error
    # What is cut off fills the encoder; so only passages that fill it are measured, which are next to none.
    full = np.flatnonzero(np.diff(starts) >= room - len(measure.piece_starts([prompt])[0])).tolist()
    long = [
        excerpt.article.id
        for first in range(0, len(full), _BATCH)
        for excerpt in catalogue.store.excerpts(full[first : first + _BATCH])
        if len(measure.piece_starts([f"{prompt}{context(excerpt.article.title, measure)}\n{excerpt.text}"])[0]) > room
    ]
    yield from about(
        "passage-too-long",
        "error",
        list(dict.fromkeys(long)),
        f"with passages of more than the {measure.limit} word pieces that the encoder takes: the rest isn't found",
        "build again with 'ibidem build'; if that doesn't help, report it with the article",
    )


def _broken(code: str, what: str, do: str) -> Finding:
    return Finding(code, "error", 1, what, do)


def _is_locked(index: Path) -> bool:
    if not (index / generation.LOCK_FILE).exists():
        return False
    # Who may not write here can't lock either, and can't know.
    with suppress(OSError):
        try:
            with FileLock(index / generation.LOCK_FILE, timeout=0):
                return False
        except Timeout:
            return True
    return False


def _old_generations(index: Path) -> Findings:
    names = generation.list_generations(index)
    broken = [name for name in names if not _is_readable(generation.generation_folder(index, name))]
    if broken:
        yield Finding(
            "old-generation-unreadable",
            "warning",
            len(broken),
            "generations that can't be opened: citations of them can't be checked against them",
            "'ibidem generations list' says why; 'ibidem generations prune' removes old ones",
            tuple(broken[:EXAMPLES]),
        )
    if len(names) > KEPT:
        old = names[:-KEPT]
        freed = _size(index, *old) - _shared(index, old)
        yield Finding(
            "old-generations",
            "note",
            len(old),
            f"there are {len(names)} generations; the {len(old)} oldest take {_bytes(freed)}",
            f"'ibidem generations prune --keep {KEPT}' removes them; citations of them can't be checked then",
            tuple(old[:EXAMPLES]),
        )


def _is_readable(folder: Path) -> bool:
    try:
        generation.read_manifest(folder)
    except IbidemError:
        return False
    return True


def _leftovers(index: Path) -> Findings:
    found = sorted(chain.from_iterable((index / generation.GENERATIONS).glob(pattern) for pattern in _LEFTOVERS))
    if found:
        size = sum(dict(_files(*found)).values())
        yield Finding(
            "leftovers",
            "warning",
            len(found),
            f"builds that were killed left {_bytes(size)}",
            "the next 'ibidem build' removes them",
            tuple(path.name for path in found[:EXAMPLES]),
        )


def _space(index: Path) -> Findings:
    """A build needs about as much as the current generation has, and what is new of the vectors."""
    with suppress(IbidemError, OSError):
        needed = _size(index, generation.current_generation(index))
        free = shutil.disk_usage(index).free
        if free < 2 * needed:
            yield Finding(
                "disk-nearly-full",
                "warning",
                1,
                f"{_bytes(free)} are free on the disk of {index}, and the current generation has {_bytes(needed)}:"
                " the next build may not fit",
                "make room, as with 'ibidem generations prune'",
            )


def _size(index: Path, *names: str) -> int:
    """How many bytes generations take together; a file that several share counts once."""
    return sum(dict(_files(*(generation.generation_folder(index, name) for name in names))).values())


def _shared(index: Path, old: list[str]) -> int:
    """How many bytes of old generations stay because newer ones share the files."""
    newer = [name for name in generation.list_generations(index) if name not in old]
    return _size(index, *old) + _size(index, *newer) - _size(index, *old, *newer)


def _files(*folders: Path) -> Iterator[tuple[tuple[int, int], int]]:
    """What tells a file from all others, and its size."""
    for folder in folders:
        for path in folder.rglob("*"):
            with suppress(OSError):
                status = path.stat()
                if path.is_file():
                    yield (status.st_dev, status.st_ino), status.st_size


def _bytes(size: int) -> str:
    return f"{size / _GIB:.1f} GiB" if size >= _GIB / 10 else f"{size / 2**20:.1f} MiB"
