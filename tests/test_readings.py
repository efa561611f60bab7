"""What was read comes back as it was, or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus.article import Article, Page, Provenance
from index.encoder import Measure
from index.prepared import Prepared, prepare
from index.readings import FILE, Readings

ARTICLE = Article(
    id="reports/flood",
    title="The flood",
    title_inferred=False,
    authors=("Ada Writer", "Ben Author"),
    published="2025-03",
    tags=("rivers",),
    provenance={"title": Provenance("document"), "published": Provenance("sidecar", "month")},
    pages=(Page(1, "i", 0, 22), Page(2, "1", 22, 50)),
    text="The river rose at six. By noon the bridge was shut.",
)
KEY = b"k" * 32


@pytest.fixture(scope="module")
def prepared(encoder_folder: Path) -> Prepared:
    return prepare(ARTICLE, Measure(encoder_folder))


def kept(index: Path, prepared: Prepared) -> None:
    with closing(Readings(index)) as readings:
        readings.add(KEY, prepared)


def test_an_article_comes_back_with_all_that_is_known_of_it(tmp_path: Path, prepared: Prepared) -> None:
    kept(tmp_path, prepared)
    with closing(Readings(tmp_path)) as readings:
        ((key, found),) = readings.articles([("another/id", KEY)])
        assert (key, found.article) == (KEY, replace(ARTICLE, id="another/id"))
        assert (found.digest, found.cuts) == (prepared.digest, prepared.cuts)
        assert (found.sentence_texts(), found.passage_texts()) == (prepared.sentence_texts(), prepared.passage_texts())
        for name in ("sentences", "passages", "pieces", "piece_counts", "sketches"):
            assert np.array_equal(getattr(found, name), getattr(prepared, name)), name
        size = readings.sizes()[KEY]
        assert (size.title, size.passages, size.sentences, size.characters) == ("The flood", 1, 2, len(ARTICLE.text))


def test_digests_tell_what_is_said_from_how_it_is_cut(prepared: Prepared, encoder_folder: Path) -> None:
    measure = Measure(encoder_folder)
    moved = prepare(replace(ARTICLE, id="elsewhere"), measure)
    assert (moved.digest, moved.cuts) == (prepared.digest, prepared.cuts)
    for change in ({"title": "Floods"}, {"published": "2025"}, {"pages": ()}, {"text": ARTICLE.text + "!"}):
        assert prepare(replace(ARTICLE, **change), measure).digest != prepared.digest, change
    assert prepare(replace(ARTICLE, text=ARTICLE.text.replace(". ", ", ")), measure).cuts != prepared.cuts


def test_a_text_that_was_altered_on_the_disk_is_damage(tmp_path: Path, prepared: Prepared) -> None:
    kept(tmp_path, prepared)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        connection.execute("UPDATE readings SET text = replace(text, 'six', 'ten')")
    with closing(Readings(tmp_path)) as readings, pytest.raises(sqlite3.DatabaseError, match="another/id is damaged"):
        list(readings.articles([("another/id", KEY)]))


def test_what_is_not_kept_is_forgotten_but_why_something_is_no_article(tmp_path: Path, prepared: Prepared) -> None:
    kept(tmp_path, prepared)
    with closing(Readings(tmp_path)) as readings:
        readings.refuse(b"r" * 32, "empty")
        readings.keep_only([])
        assert readings.outcome(KEY) is None
    with closing(Readings(tmp_path)) as readings:
        assert readings.outcome(KEY) is None
        refused = readings.outcome(b"r" * 32)
        assert refused is not None
        assert refused.refused == "empty"
