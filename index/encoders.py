"""The encoders that an index has exported so far, kept beside its generations, which link to their files.

    INDEX/encoders/
      <identity>/      the files of one encoder, and SHA256SUMS of them (see sha256sum(1))

An export takes half a minute; a first build that was killed need not do it again.
"""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from corpus.errors import EncoderUnavailable
from index import generation, model
from index.encoder import FILES
from index.pool import undisturbed

FOLDER = "encoders"
SUMS_FILE = "SHA256SUMS"
_UNFINISHED = ".building-"


def bring(index: Path, model_name: str, source: Path, identity: str, target: Path) -> None:
    """Links the files of the encoder into ``target``, exported from the model in ``source`` if there are none, or
    none that are whole. Only under ``generation.exclusive``. Raises as ``model.export`` does."""
    folder = index / FOLDER / identity
    if not _is_whole(folder):
        _export(model_name, source, folder)
    for name in FILES:
        generation.link(folder / name, target / name)


def _is_whole(folder: Path) -> bool:
    try:
        return (folder / SUMS_FILE).read_text(encoding="utf-8") == _sums(folder)
    except (OSError, UnicodeDecodeError):
        return False


def _export(model_name: str, source: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in [*folder.parent.glob(f"{_UNFINISHED}*"), folder]:
        shutil.rmtree(left, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    try:
        _export_elsewhere(model_name, source, unfinished)
        (unfinished / SUMS_FILE).write_text(_sums(unfinished), encoding="utf-8")
        for path in [*unfinished.iterdir(), unfinished]:
            generation.sync(path)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    generation.sync(folder.parent)


def _export_elsewhere(model_name: str, source: Path, target: Path) -> None:
    """Exports in a process of its own, whose end gives back the gigabyte that torch takes."""
    process = ProcessPool(1, context=get_context("spawn"))
    try:
        with undisturbed():
            export = process.schedule(model.export, args=[model_name, source, target])
        export.result()
    except (ProcessExpired, BrokenProcessPool):
        raise EncoderUnavailable(
            f"the export of the model {model_name} was ended from outside, maybe for want of memory: build again"
        ) from None
    finally:
        process.stop()  # type: ignore[no-untyped-call]
        process.join()


def _sums(folder: Path) -> str:
    return "".join(f"{generation.file_sha256(folder / name)}  {name}\n" for name in FILES)
