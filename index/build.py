"""Building a generation: articles in, a published index out.

folders → files that changed → articles, cut (in processes of their own) → vectors (only of new texts)
        → the files of a generation → verified → current

What was read and what was embedded is kept beside the generations; a build that is stopped at any moment loses next to
nothing of it. If nothing changed, no generation is made.
"""

from __future__ import annotations

import gc
import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from corpus.errors import DamagedGeneration, IbidemError, NoArticles
from corpus.formats.registry import SUFFIXES
from corpus.listing import Rejection, SourceFile
from index import cache, encoders, generation, model, readings, store, writing
from index.cache import VectorCache
from index.cross_encoder import CrossEncoder
from index.earlier import Earlier, open_earlier
from index.embedding import Embedding
from index.encoder import Encoder, Measure
from index.generation import Manifest
from index.intake import Found, Intake
from index.readings import Readings
from index.report import Report, lines, report
from index.search import Engine, LocalEngine
from index.store import Store

Progress = Callable[[str, int, int | None], None]
"""Called with the step, how much of it is done, and how much there is (``None`` while that isn't known)."""

Gate = Callable[[Engine, Callable[[], Engine], Progress], Mapping[str, Any]]
"""Judges a generation before it is published. Called with its engine, with what opens the current generation (raises an
``IbidemError`` if there is none, or if it can't be opened), and with the progress; what it returns is kept in the
manifest as JSON, and what it raises keeps the generation from being published."""

Calibrating = Callable[[Mapping[str, Any] | None, str], Mapping[str, Any] | None]
"""Says what a new generation's confidence goes by, as JSON. Called with what that of the current one goes by, if it has
the same encoder, and with the name of the model."""


@dataclass(frozen=True, slots=True)
class _Current:
    """The generation that is current before a build: the digests of its articles by id, and for each article that there
    was so far the last generation that had it. ``manifest`` is ``None`` if there is none whose texts are whole."""

    folder: Path
    manifest: Manifest | None
    digests: Mapping[str, str]
    last_seen: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Archive:
    """What was found in the folders: articles by order of their ids, and what is none; ``source`` is a hash of it all,
    and of the encoder."""

    articles: tuple[Found, ...]
    rejected: tuple[Rejection, ...]
    source: str


def _unchanged(calibration: Mapping[str, Any] | None, model_name: str) -> Mapping[str, Any] | None:
    return calibration


def build(
    folders: Sequence[Path],
    index: Path,
    model_name: str,
    progress: Progress,
    gate: Gate | None = None,
    cross_encoder: CrossEncoder | None = None,
    calibrating: Calibrating = _unchanged,
    dry_run: bool = False,
) -> Report:
    """Builds a generation of all articles in ``folders`` and makes it current, if the ``gate`` lets it pass.

    The gate's engines have the ``cross_encoder``, as those that serve have. ``calibrating`` says what confidence goes
    by. If that, the articles and the model are what the current generation has, and it is whole, it stays. With
    ``dry_run`` files that changed are read, and nothing else is done.

    Up to its last step the index is what it was, whatever happens. Raises ``BuildInProgress``, ``NoArticles``,
    ``EncoderUnavailable``, or what the gate does.
    """
    judge = _Judge(gate, cross_encoder)

    def once() -> Report:
        with ExitStack() as stack:
            bench = _Bench(index, stack.enter_context(generation.building(index)), model_name, progress, stack)
            return _build(bench, folders, calibrating, None if dry_run else judge)

    with generation.exclusive(index):
        try:
            return once()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # The disk is full, or the like: nothing is damaged.
                raise
            # What is kept beside the generations only saves time; damaged, it is worth nothing.
            cache.remove(index)
            readings.remove(index)
            return once()


@dataclass(frozen=True, slots=True)
class _Judge:
    """What decides whether a generation is published."""

    gate: Gate | None
    cross_encoder: CrossEncoder | None


class _Bench:
    """What one build works with, most of it opened only when it is needed: if nothing changed, next to nothing is.

    ``folder`` is where a new generation is written. All is closed with the ``stack``.
    """

    def __init__(self, index: Path, folder: Path, model_name: str, progress: Progress, stack: ExitStack) -> None:
        self.index, self.folder, self.progress = index, folder, progress
        self._model_name, self._source, self._stack = model_name, model.locate(model_name), stack
        self.identity = model.identity(self._source)
        self.readings = Readings(index)
        stack.callback(self.readings.close)
        self._encoder: Future[Encoder] | None = None

    @cached_property
    def encoder_folder(self) -> Path:
        """The folder, once the encoder's files are in it."""
        self.progress("Preparing the encoder", 0, None)
        encoders.bring(self.index, self._model_name, self._source, self.identity, self.folder)
        return self.folder

    @cached_property
    def measure(self) -> Measure:
        """The encoder's word pieces."""
        return Measure(self.encoder_folder)

    @cached_property
    def cache(self) -> VectorCache:
        """The vectors of all texts so far."""
        found = VectorCache(self.index, self.identity, self.measure.description.dimension)
        self._stack.callback(found.close)
        return found

    @cached_property
    def embedding(self) -> Embedding:
        """What embeds."""
        return Embedding(self.load_encoder, self.cache, self.readings, self.progress)

    def load_encoder(self) -> Future[Encoder]:
        """The encoder, which a thread of its own loads from when it is first called for."""
        if self._encoder is None:
            thread = self._stack.enter_context(ThreadPoolExecutor(1))
            self._encoder = thread.submit(Encoder, self.encoder_folder, for_batches=True)
        return self._encoder

    def unload_encoder(self) -> None:
        """Gives its memory back, some hundred megabytes."""
        self._encoder = None


def _build(bench: _Bench, folders: Sequence[Path], calibrating: Calibrating, judge: _Judge | None) -> Report:
    """See ``build``; without a judge nothing is embedded or written."""
    begun = time.monotonic()
    current = _current(bench.index)
    intake = Intake(folders, bench.readings, bench.identity)
    unread = intake.unread()
    _take_in(intake, unread, bench, embed=judge is not None)
    archive = _archive(intake, folders, bench.identity)
    figures: dict[str, Any] = {"read": len(unread), "embedded": 0, "evaluation": None}
    manifest, seconds = current.manifest, {"encoding": 0.0}
    calibration = _calibration(current, bench, calibrating)
    if manifest is None or not _is_same(manifest, current.folder, archive, calibration):
        missing = [one for one in archive.articles if one.embedded != bench.cache.identity]
        if judge is None:
            figures["embedded"] = _count_missing(bench, missing)
        else:
            wanted = ((one.id, one.reading) for one in missing)
            for number, (key, prepared) in enumerate(bench.readings.articles(wanted), 1):
                bench.embedding.add(key, prepared, 1.0 if unread else number / len(missing))
            bench.embedding.flush()
            bench.unload_encoder()
            manifest = _publish(bench, archive, current, calibration, judge)
            figures |= {"embedded": bench.embedding.done, "evaluation": manifest.evaluation}
            seconds["encoding"] = bench.embedding.seconds
    became = lines(archive.articles, archive.rejected, current.digests, bench.readings)
    return report(
        became,
        archive.rejected,
        generation=None if manifest is None else manifest.generation,
        published=manifest is not current.manifest,
        seconds={"total": time.monotonic() - begun, **seconds},
        **figures,
    )


def _take_in(intake: Intake, unread: Sequence[SourceFile], bench: _Bench, *, embed: bool) -> None:
    """Reads what is not read yet, and embeds it as it comes."""
    if not unread:
        return
    if embed:
        bench.load_encoder()  # while the processes start
    for read in intake.read(unread, bench.encoder_folder):
        bench.progress("Reading", round(read.share * len(unread)), len(unread))
        if embed:
            bench.embedding.add(read.reading, read.prepared, read.share)


def _archive(intake: Intake, folders: Sequence[Path], encoder: str) -> _Archive:
    """What was found. Raises ``NoArticles`` if there is no article."""
    outcomes = [*intake.outcomes()]
    found = sorted((one for one in outcomes if isinstance(one, Found)), key=lambda one: one.id)
    rejected = tuple(one for one in outcomes if isinstance(one, Rejection))
    if not found:
        raise NoArticles(_nothing_to_index(folders, rejected))
    digest = hashlib.sha256(encoder.encode())
    for one in found:
        digest.update(repr((one.id, one.digest, one.cuts)).encode())
    digest.update(repr([(str(one.path), one.reason) for one in rejected]).encode())
    return _Archive(tuple(found), rejected, digest.hexdigest())


def _nothing_to_index(folders: Sequence[Path], rejected: Sequence[Rejection]) -> str:
    where = ", ".join(map(str, folders))
    if not rejected:
        return f"there are no articles in {where}; files named {', '.join(SUFFIXES)} are read"
    first = rejected[0]
    return f"none of the {len(rejected)} files in {where} can be read; the first, {first.path}: {first.reason}"


def _calibration(current: _Current, bench: _Bench, calibrating: Calibrating) -> Mapping[str, Any] | None:
    """What the confidence of a new generation goes by."""
    if current.manifest is not None and current.manifest.encoder == bench.identity:
        return calibrating(current.manifest.calibration, current.manifest.model)
    return calibrating(None, bench.measure.description.model)


def _is_same(manifest: Manifest, folder: Path, archive: _Archive, calibration: Mapping[str, Any] | None) -> bool:
    """Whether a generation is whole, and what would be made now."""
    return (
        manifest.source == archive.source
        and json.dumps(manifest.calibration, sort_keys=True) == json.dumps(calibration, sort_keys=True)
        and generation.is_untouched(folder, manifest)
    )


def _count_missing(bench: _Bench, articles: Sequence[Found]) -> int:
    """How many texts of articles would have to be embedded."""
    keys: set[bytes] = set()
    for _, prepared in bench.readings.articles((one.id, one.reading) for one in articles):
        texts = [*prepared.sentence_texts(), *prepared.passage_texts()]
        keys.update(bench.cache.missing(dict.fromkeys(map(bench.cache.key, texts))))
    return len(keys)


def _publish(
    bench: _Bench,
    archive: _Archive,
    current: _Current,
    calibration: Mapping[str, Any] | None,
    judge: _Judge,
) -> Manifest:
    """Writes a generation, tries it out, and makes it current."""
    folder, ids = bench.folder, {one.id for one in archive.articles}
    earlier = _earlier(current, bench.identity)
    with _uncollected():
        counts = writing.write(
            folder, archive.articles, bench.readings, bench.cache, bench.measure, earlier, bench.progress
        )
    bench.progress("Verifying", 0, None)
    manifest = generation.write_manifest(
        folder,
        writing.files(folder),
        encoder=bench.identity,
        model=bench.measure.description.model,
        articles=counts.articles,
        passages=counts.passages,
        sentences=counts.sentences,
        rejected=tuple((str(rejection.path), rejection.reason) for rejection in archive.rejected),
        calibration=calibration,
        removed={article: seen for article, seen in current.last_seen.items() if article not in ids},
        source=archive.source,
    )
    engine = _try_out(folder, judge.cross_encoder, manifest)
    if judge.gate:
        evaluation = judge.gate(engine, lambda: _open_current(bench.index, judge.cross_encoder), bench.progress)
        manifest = generation.keep_evaluation(folder, manifest, evaluation)
    generation.publish(bench.index, folder, manifest.generation)
    bench.readings.keep_only([one.reading for one in archive.articles])
    return manifest


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for objects that refer to one another: there are next to none in what a generation is written
    from, and looking takes a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _current(index: Path) -> _Current:
    folder = generation.generation_folder(index, "")
    try:
        folder = generation.generation_folder(index, generation.current_generation(index))
        manifest = generation.read_manifest(folder)
        if generation.file_sha256(folder / store.FILE) != manifest.files.get(store.FILE):
            return _Current(folder, None, {}, {**manifest.removed})
        digests = Store(folder).digests()
    except (IbidemError, OSError):
        return _Current(folder, None, {}, {})
    return _Current(folder, manifest, digests, {**manifest.removed, **dict.fromkeys(digests, manifest.generation)})


def _earlier(current: _Current, encoder: str) -> Earlier | None:
    """The current generation, if vectors can be taken from it."""
    manifest = current.manifest
    if manifest is None or manifest.encoder != encoder or not generation.is_untouched(current.folder, manifest):
        return None
    return open_earlier(current.folder)


def _open_current(index: Path, cross_encoder: CrossEncoder | None) -> Engine:
    """The engine of the current generation. Raises as ``LocalEngine`` does, or ``NoIndex``."""
    return LocalEngine(generation.generation_folder(index, generation.current_generation(index)), cross_encoder)


def _try_out(folder: Path, cross_encoder: CrossEncoder | None, manifest: Manifest) -> Engine:
    """Opens the generation as the service would, and asks it a question."""
    engine = LocalEngine(folder, cross_encoder, manifest)
    if not engine.search("What is this?", engine.encode(["What is this?"])[0], 1):
        raise DamagedGeneration("the new generation answers nothing; the old one stays current")
    return engine
