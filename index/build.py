"""Building a generation: articles in, a published index out.

folders → articles → sentences and passages → vectors (only of new texts) → files → verified → current
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.archive import read_archive
from corpus.article import Article
from corpus.errors import DamagedGeneration, IbidemError, NoArticles
from corpus.listing import Rejection
from index import copies, generation, lexical, model, pieces, store, vectors
from index import encoder as encoding
from index.cache import VectorCache
from index.copies import CopyFinder
from index.cross_encoder import CrossEncoder
from index.encoder import Encoder, Vectors
from index.generation import Manifest
from index.lexical import LexicalWriter
from index.passages import context, cut
from index.search import Engine, LocalEngine
from index.store import Entry, Store, StoreWriter

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
class Report:
    """What a build did.

    ``unchanged``, ``new``, ``changed`` and ``removed`` count articles, against the generation that was
    current before. ``embedded`` counts the texts (passages and sentences) that had to be encoded. ``evaluation`` is
    what the gate found, ``None`` without one.
    """

    generation: str
    articles: int
    passages: int
    sentences: int
    unchanged: int
    new: int
    changed: int
    removed: int
    embedded: int
    rejected: tuple[Rejection, ...]
    evaluation: Mapping[str, Any] | None


@dataclass(slots=True)
class _Texts:
    """What is encoded: the cache's keys of passages and of sentences, in order of their ids; each passage's
    sentences, half-open; and the texts, by key."""

    passages: list[bytes] = field(default_factory=list)
    sentences: list[bytes] = field(default_factory=list)
    ranges: list[tuple[int, int]] = field(default_factory=list)
    by_key: dict[bytes, str] = field(default_factory=dict)


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
) -> Report:
    """Builds a generation of all articles in ``folders`` and makes it current, if the ``gate`` lets it pass.

    The gate's engines have the ``cross_encoder``, as those that serve have. ``calibrating`` says what confidence goes
    by.

    Up to its last step the index is what it was, whatever happens. Raises ``BuildInProgress``, ``NoArticles``,
    ``EncoderUnavailable``, or what the gate does.
    """
    with generation.exclusive(index), generation.building(index) as folder:
        before, last_seen = _before(index)
        texts_writer = StoreWriter(folder)
        rejected = _read(folders, texts_writer, progress)
        after = {entry.id: entry for entry in texts_writer.catalogue()}
        if not after:
            raise NoArticles(_nothing_to_index(folders, rejected))
        encoder = _encoder(model_name, index, folder, progress)
        embedded = _write_index(index, folder, texts_writer, encoder, progress)
        manifest = generation.write_manifest(
            folder,
            _files(folder),
            encoder=encoder.identity,
            model=encoder.description.model,
            articles=len(after),
            passages=texts_writer.passages,
            sentences=texts_writer.sentences,
            rejected=tuple((str(rejection.path), rejection.reason) for rejection in rejected),
            calibration=calibrating(_calibration(index, encoder.identity), encoder.description.model),
            removed={article: seen for article, seen in last_seen.items() if article not in after},
        )
        progress("Verifying", 0, None)
        engine = _try_out(folder, cross_encoder)
        if gate:
            evaluation = gate(engine, lambda: _open_current(index, cross_encoder), progress)
            manifest = generation.keep_evaluation(folder, manifest, evaluation)
        generation.publish(index, folder, manifest.generation)
    return _report(manifest, before, after, embedded, rejected)


def _report(
    manifest: Manifest,
    before: Mapping[str, Entry],
    after: Mapping[str, Entry],
    embedded: int,
    rejected: Sequence[Rejection],
) -> Report:
    same = [entry_id for entry_id in after if entry_id in before]
    unchanged = sum(after[entry_id] == before[entry_id] for entry_id in same)
    return Report(
        generation=manifest.generation,
        articles=manifest.articles,
        passages=manifest.passages,
        sentences=manifest.sentences,
        unchanged=unchanged,
        new=len(after) - len(same),
        changed=len(same) - unchanged,
        removed=len(before) - len(same),
        embedded=embedded,
        rejected=tuple(rejected),
        evaluation=manifest.evaluation,
    )


def _before(index: Path) -> tuple[dict[str, Entry], dict[str, str]]:
    """The catalogue of the current generation, and for each article that there was so far the last generation that had
    it, both by article id; empty if there is no current one whose texts are whole."""
    try:
        folder = generation.generation_folder(index, generation.current_generation(index))
        manifest = generation.read_manifest(folder)
        if generation.file_sha256(folder / store.FILE) != manifest.files.get(store.FILE):
            return {}, {**manifest.removed}
        entries = {entry.id: entry for entry in Store(folder).catalogue()}
    except (IbidemError, OSError):
        return {}, {}
    return entries, {**manifest.removed, **dict.fromkeys(entries, manifest.generation)}


def _calibration(index: Path, encoder: str) -> Mapping[str, Any] | None:
    """The calibration of the current generation, if that has this encoder."""
    try:
        manifest = generation.read_manifest(generation.generation_folder(index, generation.current_generation(index)))
    except IbidemError:
        return None
    return manifest.calibration if manifest.encoder == encoder else None


def _read(folders: Sequence[Path], writer: StoreWriter, progress: Progress) -> list[Rejection]:
    rejected = []
    for number, found in enumerate(read_archive(folders), 1):
        if isinstance(found, Article):
            writer.add_article(found)
        else:
            rejected.append(found)
        progress("Reading", number, None)
    return rejected


def _nothing_to_index(folders: Sequence[Path], rejected: Sequence[Rejection]) -> str:
    where = ", ".join(map(str, folders))
    if not rejected:
        return f"there are no articles (.md or .txt files) in {where}"
    first = rejected[0]
    return f"none of the {len(rejected)} files in {where} can be read; the first, {first.path}: {first.reason}"


def _encoder(model_name: str, index: Path, folder: Path, progress: Progress) -> Encoder:
    """The model's encoder, in ``folder``: taken from an earlier generation where one has it, or exported."""
    progress("Preparing the encoder", 0, None)
    source = model.locate(model_name)
    if not _reuse_encoder(model.identity(source), index, folder):
        model.export(model_name, source, folder)
    return Encoder(folder)


def _reuse_encoder(identity: str, index: Path, folder: Path) -> bool:
    """Links the encoder of the newest generation that has this one undamaged; whether there was any."""
    for earlier in reversed(generation.list_generations(index)):
        source = generation.generation_folder(index, earlier)
        try:
            manifest = generation.read_manifest(source)
            files = {name: source / name for name in encoding.FILES}
            if manifest.encoder == identity and all(
                generation.file_sha256(path) == manifest.files[name] for name, path in files.items()
            ):
                for name, path in files.items():
                    generation.link(path, folder / name)
                return True
        except (IbidemError, OSError, KeyError):
            continue
    return False


def _write_index(index: Path, folder: Path, writer: StoreWriter, encoder: Encoder, progress: Progress) -> int:
    """Writes texts, lexical index and vectors to ``folder``; how many texts had to be encoded."""
    cache = VectorCache(index, encoder.identity, encoder.dimension)
    try:
        texts = _cut(folder, writer, encoder, cache, progress)
        embedded = _embed(texts, encoder, cache, progress)
        progress("Writing", 0, None)
        ranges: NDArray[np.int64] = np.array(texts.ranges, np.int64)
        vectors.write(folder, cache.vectors(texts.passages), cache.vectors(texts.sentences), ranges)
        dimension = encoder.piece_dimension
        counts = cache.piece_counts(texts.passages, dimension)
        frequencies = encoder.piece_frequencies(texts.by_key[key] for key in texts.passages)
        pieces.write(folder, counts, cache.pieces(texts.passages, dimension), dimension, frequencies)
        return embedded
    finally:
        cache.close()


def _cut(folder: Path, writer: StoreWriter, encoder: Encoder, cache: VectorCache, progress: Progress) -> _Texts:
    texts = _Texts()
    lexical_writer = LexicalWriter(folder)
    finder = CopyFinder()

    def keep(text: str) -> bytes:
        key = cache.key(text)
        texts.by_key[key] = text
        return key

    for number, article in enumerate(writer.articles(), 1):
        sentences, passages = cut(article, encoder)
        first = writer.sentences
        writer.add_passages(article, sentences, passages)
        finder.add(article.text, [(passage.start, passage.end) for passage in passages])
        title = context(article.title, encoder)
        for passage in passages:
            text = article.text[passage.start : passage.end]
            lexical_writer.add(article.title, text)
            # The title in front says what the passage is about where its own words don't.
            texts.passages.append(keep(f"{title}\n{text}"))
            texts.ranges.append((first + passage.first_sentence, first + passage.end_sentence))
        texts.sentences += [keep(article.text[s.start : s.end]) for s in sentences]
        progress("Cutting passages", number, None)
    writer.close()
    lexical_writer.close()
    copies.write(folder, finder.find(progress))
    return texts


def _embed(texts: _Texts, encoder: Encoder, cache: VectorCache, progress: Progress) -> int:
    """Encodes the texts that aren't in the cache, and keeps them there; how many they were."""
    sentences, passages = (cache.missing(dict.fromkeys(keys)) for keys in (texts.sentences, texts.passages))
    done = 0

    def keep(keys: Sequence[bytes], found: Vectors, found_pieces: Sequence[pieces.Pieces] | None) -> None:
        nonlocal done
        cache.add(keys, found, found_pieces)
        done += len(keys)
        progress("Embedding", done, len(sentences) + len(passages))

    encoder.encode_passages(
        [texts.by_key[key] for key in sentences],
        lambda numbers, found, _: keep([sentences[number] for number in numbers], found, None),
    )
    encoder.encode_passages(
        [texts.by_key[key] for key in passages],
        lambda numbers, found, rows: keep([passages[number] for number in numbers], found, [*map(_kept, rows)]),
    )
    return done


def _kept(rows: Vectors) -> pieces.Pieces:
    """A passage's word pieces as they are kept; one of zeros for a passage that the tokenizer has no piece for."""
    return pieces.quantize(rows if len(rows) else np.zeros((1, rows.shape[1]), np.float32))


def _files(folder: Path) -> list[str]:
    return [*encoding.FILES, *vectors.FILES, *pieces.FILES, *copies.FILES, store.FILE, *lexical.files(folder)]


def _open_current(index: Path, cross_encoder: CrossEncoder | None) -> Engine:
    """The engine of the current generation. Raises as ``LocalEngine`` does, or ``NoIndex``."""
    return LocalEngine(generation.generation_folder(index, generation.current_generation(index)), cross_encoder)


def _try_out(folder: Path, cross_encoder: CrossEncoder | None) -> Engine:
    """Opens the generation as the service would, and asks it a question."""
    engine = LocalEngine(folder, cross_encoder)
    if not engine.search("What is this?", engine.encode(["What is this?"])[0], 1):
        raise DamagedGeneration("the new generation answers nothing; the old one stays current")
    return engine
