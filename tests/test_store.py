"""What is stored comes back as it was, and reading writes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from corpus.article import Article, Provenance
from corpus.errors import DamagedGeneration, UnknownArticle
from index.passages import Passage, Sentence
from index.store import CONTEXT_CHARACTERS, FILE, Store, StoreWriter

FULL = Article(
    id="2026/پاکستان 🚀",
    title="A \"title\" with 'quotes', 空间站 and a \U0001f468\u200d\U0001f680",
    title_inferred=True,
    authors=("Ayesha Ch.", "", "محمد", 'He "Q" said'),
    publisher="Ibidem\nWire",
    url="https://example.org/a?b=c&d=%20#é",
    published="2026-01-31",
    updated="2026-02",
    retrieved="2026",
    tags=("a tag", "", 'a "quoted", tag', "空"),
    provenance={
        "published": Provenance("front matter", "day"),
        "updated": Provenance("page", "month"),
        "retrieved": Provenance("file", "year"),
    },
    language="ur",
    licence="CC-BY-4.0",
    sources=("one", "two, with a comma"),
    text="\U0001f680\U0001f680 It flew. e\u0301 \x7f And 空 landed \U0001f1f5\U0001f1f0.\n\nThe end" + " 🚀 on" * 40,
)
BARE = Article(id="2025/bare", title="", title_inferred=False, text="Nothing but text.")
EMPTY_STRINGS = Article(
    id="z", title="z", title_inferred=False, publisher="", url="", language="", licence="", text="z"
)


def written(folder: Path, articles: Sequence[Article]) -> Store:
    """Passages of two sentences of ten code points each, but for the last of an article."""
    writer = StoreWriter(folder)
    for article in sorted(articles, key=lambda article: article.id):
        add(writer, article)
    writer.close()
    return Store(folder)


def add(writer: StoreWriter, article: Article) -> None:
    sentences, passages = parts(article)
    writer.add(
        article,
        f"digest of {article.id}",
        "cuts",
        *([(one.start, one.end) for one in of] for of in (sentences, passages)),
    )


def parts(article: Article) -> tuple[list[Sentence], list[Passage]]:
    ends = [min(start + 10, len(article.text)) for start in range(0, len(article.text), 10)]
    sentences = [Sentence(end - ((end - 1) % 10 + 1), end) for end in ends]
    firsts = range(0, len(sentences), 2)
    pairs = [(first, min(first + 2, len(sentences))) for first in firsts]
    return sentences, [Passage(sentences[a].start, sentences[b - 1].end, a, b) for a, b in pairs]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return written(tmp_path, [FULL, EMPTY_STRINGS, BARE])


@pytest.mark.parametrize("article", [FULL, BARE, EMPTY_STRINGS], ids=["full", "bare", "empty strings"])
def test_every_field_comes_back_as_it_was(store: Store, article: Article) -> None:
    found = store.article(article.id)
    assert found == article
    assert found.sha256 == article.sha256
    (entry,) = [entry for entry in store.catalogue() if entry.id == article.id]
    expected = asdict(article)
    del expected["text"]
    assert asdict(entry) == {**expected, "sha256": article.sha256}


def test_articles_are_numbered_by_id_whatever_order_they_came_in(store: Store, tmp_path: Path) -> None:
    ids = sorted([FULL.id, BARE.id, EMPTY_STRINGS.id])
    assert [entry.id for entry in store.catalogue()] == ids
    counts = {article.id: len(parts(article)[1]) for article in (FULL, BARE, EMPTY_STRINGS)}
    expected = [article_id for article_id in ids for _ in range(counts[article_id])]
    found = store.excerpts(range(store.passages))
    assert [excerpt.article.id for excerpt in found] == expected
    keys = [(excerpt.article.id, excerpt.start) for excerpt in found]
    assert keys == sorted(keys)
    assert (store.articles, store.passages) == (3, len(expected))


def test_excerpts_are_exact_slices_in_code_points(store: Store) -> None:
    for excerpt in store.excerpts(range(store.passages)):
        text = store.article(excerpt.article.id).text
        assert excerpt.text == text[excerpt.start : excerpt.end]
        assert excerpt.prefix == text[max(0, excerpt.start - CONTEXT_CHARACTERS) : excerpt.start]
        assert excerpt.suffix == text[excerpt.end : excerpt.end + CONTEXT_CHARACTERS]


def test_excerpts_and_sentences_come_in_the_order_asked_for(store: Store) -> None:
    ids = [5, 0, 3, 5, 1]
    every, spans = store.excerpts(range(store.passages)), store.sentence_spans(range(store.sentences))
    assert store.excerpts(ids) == [every[number] for number in ids]
    assert store.sentence_spans(ids) == [spans[number] for number in ids]
    assert store.excerpts([]) == []
    assert store.sentence_spans([]) == []


def test_sentences_are_numbered_through_all_articles_by_id(store: Store) -> None:
    articles = sorted((FULL, BARE, EMPTY_STRINGS), key=lambda article: article.id)
    expected = [sentence for article in articles for sentence in parts(article)[0]]
    assert store.sentence_spans(range(store.sentences)) == expected


def test_spans_are_those_of_the_article_alone(store: Store) -> None:
    for article in (FULL, BARE, EMPTY_STRINGS):
        sentences, passages = parts(article)
        found = store.spans(article.id)
        assert found.sentences == tuple((s.start, s.end) for s in sentences)
        assert found.passages == tuple((p.start, p.end) for p in passages)


@pytest.mark.parametrize("article_id", ["", "nothing", "2025/Bare", "%", "2025/bare/"])
def test_an_article_that_is_not_there_is_unknown(store: Store, article_id: str) -> None:
    with pytest.raises(UnknownArticle, match="there is no article "):
        store.article(article_id)
    with pytest.raises(UnknownArticle, match="there is no article "):
        store.spans(article_id)


def test_passages_know_the_place_of_their_article_in_the_catalogue(store: Store) -> None:
    places = store.passage_articles()
    catalogue = store.catalogue()
    found = [catalogue[place].id for place in places.tolist()]
    assert found == [excerpt.article.id for excerpt in store.excerpts(range(store.passages))]
    assert len(set(found)) == 3


def test_an_article_without_passages_keeps_its_place(tmp_path: Path) -> None:
    writer = StoreWriter(tmp_path)
    for article in (BARE, FULL, EMPTY_STRINGS):
        if article is FULL:
            writer.add(FULL, "digest", "cuts", [], [])
        else:
            add(writer, article)
    writer.close()
    assert Store(tmp_path).passage_articles().tolist() == [0] * len(parts(BARE)[1]) + [2] * len(parts(EMPTY_STRINGS)[1])


def test_articles_are_found_by_the_hash_of_their_text(tmp_path: Path) -> None:
    twin = replace(BARE, id="2024/twin", title="Another title")
    store = written(tmp_path, [FULL, BARE, twin])
    assert store.by_sha256(BARE.sha256) == ("2024/twin", "2025/bare")
    assert store.by_sha256(FULL.sha256) == (FULL.id,)
    assert store.by_sha256("0" * 64) == ()
    assert store.by_sha256(BARE.sha256[:-1]) == ()


def test_whether_there_is_an_article(store: Store) -> None:
    assert store.has(FULL.id)
    assert not any(store.has(article_id) for article_id in ("", "2025/Bare", "2025/bar%", "2025/bare/"))


def test_an_id_can_be_taken_only_once(tmp_path: Path) -> None:
    writer = StoreWriter(tmp_path)
    add(writer, BARE)
    with pytest.raises(sqlite3.IntegrityError):
        add(writer, BARE)


def test_digests_are_kept_by_id(store: Store) -> None:
    assert store.digests()[FULL.id] == f"digest of {FULL.id}"
    assert len(store.digests()) == store.articles


def test_eight_threads_read_the_same(store: Store) -> None:
    every = store.excerpts(range(store.passages))

    def read(number: int) -> bool:
        ids = [(number + step) % store.passages for step in range(4)]
        right = store.excerpts(ids) == [every[one] for one in ids]
        return right and store.article(FULL.id) == FULL and len(store.catalogue()) == 3

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(400)))


def test_reading_writes_nothing(store: Store, tmp_path: Path) -> None:
    before = (tmp_path / FILE).read_bytes(), (tmp_path / FILE).stat().st_mtime_ns
    other = Store(tmp_path)
    for reader in (store, other):
        reader.excerpts([0, 1])
        reader.article(BARE.id)
    assert ((tmp_path / FILE).read_bytes(), (tmp_path / FILE).stat().st_mtime_ns) == before
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "100% of? it #1 پاک"
    folder.mkdir()
    assert written(folder, [BARE]).article(BARE.id) == BARE


@pytest.mark.parametrize("content", [None, b"", b"not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 4_000])
def test_a_file_that_cannot_be_read_is_damage(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(DamagedGeneration, match=r"^the texts in .* can't be read: .+$"):
        Store(tmp_path)
    assert content is not None or not (tmp_path / FILE).exists()
