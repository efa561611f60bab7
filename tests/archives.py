"""Generations that have everything that looking after an archive needs, and no model: made in a moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from click.testing import CliRunner, Result
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from corpus.archive import read_archive
from corpus.article import Article
from index import copies, encoder, generation, pieces, store
from index.copies import Copies
from index.store import StoreWriter
from qa.cli_articles import articles
from qa.cli_doctor import doctor
from qa.options import Commands

LIMIT = 200
"""In words, which are the word pieces here."""

DIMENSION = 2


@click.group(cls=Commands)
def commands() -> None:
    """The commands for an archive's owner."""


commands.add_command(articles)
commands.add_command(doctor)


def ibidem(*arguments: str | Path) -> Result:
    """What came of a command."""
    return CliRunner().invoke(commands, [str(argument) for argument in arguments], prog_name="ibidem")


def build(folder: Path, index: Path, model: str = "all-MiniLM-L6-v2") -> str:
    """Publishes what is in a folder of articles; the generation's id."""
    found = list(read_archive([folder]))
    rejected = [(str(item.path), item.reason) for item in found if not isinstance(item, Article)]
    return publish(index, [item for item in found if isinstance(item, Article)], rejected=rejected, model=model)


def publish(
    index: Path,
    found: Sequence[Article],
    *,
    clusters: Sequence[int] | None = None,
    rejected: Sequence[tuple[str, str]] = (),
    model: str = "all-MiniLM-L6-v2",
) -> str:
    """Makes a generation of these articles current, each a passage by itself; its id."""
    ordered = sorted(found, key=lambda article: article.id)
    with generation.exclusive(index), generation.building(index) as folder:
        writer = StoreWriter(folder)
        for article in ordered:
            writer.add(article, article.sha256, article.sha256, [], [(0, len(article.text))])
        writer.close()
        numbers = np.arange(len(ordered), dtype=np.int32)
        own = numbers if clusters is None else np.array(clusters, np.int32)
        copies.write(folder, Copies(numbers, own))
        _write_encoder(folder, model)
        _write_pieces(folder, ordered)
        manifest = generation.write_manifest(
            folder,
            [store.FILE, *copies.FILES, pieces.STARTS_FILE, encoder.TOKENIZER_FILE, encoder.DESCRIPTION_FILE],
            encoder="none",
            model=model,
            articles=len(ordered),
            passages=len(ordered),
            sentences=0,
            rejected=tuple(rejected),
            removed={},
            source="",
        )
        generation.publish(index, folder, manifest.generation)
    return manifest.generation


def _write_encoder(folder: Path, model: str) -> None:
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / encoder.TOKENIZER_FILE))
    description = encoder.Description("none", model, DIMENSION, DIMENSION, LIMIT)
    values = {name: getattr(description, name) for name in description.__slots__}
    (folder / encoder.DESCRIPTION_FILE).write_text(json.dumps(values))


def _write_pieces(folder: Path, found: Sequence[Article]) -> None:
    """Of the word pieces only where those of each passage start, which says how many they are."""
    measure = encoder.Measure(folder)
    texts = measure.piece_starts([f"{article.title}\n{article.text}" for article in found])
    np.save(folder / pieces.STARTS_FILE, np.cumsum([0, *(min(len(one), LIMIT) for one in texts)]))


def write(folder: Path, files: dict[str, str]) -> Path:
    """Writes the files of an archive; the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder
