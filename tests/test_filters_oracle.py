"""Whatever is filtered by: what is found is what scoring every passage by the formula, in plain words, gives.

The filters decide which passages there are to find, and then the ranking is that of these alone: the nearest among
them are the candidates, and scores are scaled over these. Two figures stay those of the whole archive: how rare a word
is, and how rare a word piece. So a filtered ranking is neither a part of the unfiltered one, nor that of a smaller
archive, and the formula itself has to be the oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from typing import Any

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import search
from index.encoder import QuestionVectors, Vectors
from index.filters import Filters
from index.generation import current_generation, generation_folder
from index.lexical import LexicalIndex
from index.pieces import PieceIndex
from index.search import Hit, LocalEngine
from index.store import Excerpt, Store
from index.vectors import PASSAGES_FILE, RANGES_FILE, SENTENCES_FILE
from tests.conftest import MakeIndex

VOCABULARY = """
    moon rover crew fuel orbit budget minister harbour bridge river bell tower engineer doctor garden market wheat rice
    winter storm island treaty court judge election ballot museum painter violin theatre teacher school library paper
    copper glass furnace tunnel railway engine signal antenna telescope comet desert camel mountain glacier whale reef
    fisher net anchor sailor captain lantern cellar baker oven bread honey
"""
PUBLISHERS = ["The Paper", "THE PAPER", "Moon Daily", "Wire", None]
LANGUAGES = ["en", "en-GB", "de", None]
AUTHORS = ["Ada Writer", "Ben Author", "Zoé"]
TAGS = ["space", "law", "Money"]
PUBLISHED = [None, None, "2024", "2025", "2024-02", "2024-11", "2025-03", "2024-02-29", "2024-12-31", "2025-03-04"]
ARTICLES, COPIES = 135, 15
DEPTH = 10

Key = tuple[str, int]
"""An article's id, and where a passage begins in it."""


@dataclass(frozen=True)
class Figures:
    """Of one question: the figures of every passage and every sentence, by their ids."""

    vectors: QuestionVectors
    passage: list[float]
    sentence: list[float]
    bm25: list[float]
    closeness: list[float]


class Archive:
    """An index, what each of its articles was written with, by id, and the figures of each question."""

    def __init__(self, folder: Path, written: dict[str, dict[str, Any]]) -> None:
        self.engine, self.written = LocalEngine(folder), written
        texts = Store(folder)
        self.passages = texts.excerpts(range(texts.passages))
        ranges = np.load(folder / RANGES_FILE, allow_pickle=False).tolist()
        self.sentences = [range(first, end) for first, end in ranges]
        self.figures = {question: measured(self.engine, folder, question) for question in QUESTIONS}


def made_up() -> dict[str, dict[str, Any]]:
    """Articles of random words, all different, but for some that are word for word the text of another."""
    random, words = Random(7), VOCABULARY.split()
    written: dict[str, dict[str, Any]] = {}
    for number in range(ARTICLES + COPIES):
        sentences = [
            " ".join(random.choices(words, k=9)).capitalize()
            for _ in range(random.choice([1, 1, 1, 2, 2, 2, 2, 3, 3, 24]))
        ]
        text = {"title": " ".join(random.choices(words, k=2)), "text": ". ".join(sentences) + "."}
        if number >= ARTICLES:
            text = {"title": "Copied", "text": random.choice(list(written.values()))["text"]}
        written[f"{random.choice(['old', 'new'])}/{number:03}"] = text | {
            "publisher": random.choice(PUBLISHERS),
            "language": random.choice(LANGUAGES),
            "published": random.choice(PUBLISHED),
            "authors": random.sample(AUTHORS, random.randrange(3)),
            "tags": random.sample(TAGS, random.randrange(3)),
        }
    return written


def markdown(values: dict[str, Any]) -> str:
    lines = [f"{name}: {value}" for name, value in values.items() if value is not None and name != "text"]
    return "\n".join(["---", *lines, "---", "", values["text"], ""]).replace("'", '"')


QUESTIONS = [
    "Which crew drove the rover on the moon?",
    "the minister's budget for a bridge",
    "Who bakes bread?",
    "storm glacier whale reef court",
    "nothingofthekind",
    "🚀",
]


@pytest.fixture(scope="module")
def archive(make_index: MakeIndex) -> Iterator[Archive]:
    """With a smaller ``DEPTH``, so that passages are left out of the candidates."""
    written = made_up()
    index = make_index({f"{article_id}.md": markdown(values) for article_id, values in written.items()})
    found = Archive(generation_folder(index, current_generation(index)), written)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "DEPTH", DEPTH)
        yield found


def measured(engine: LocalEngine, folder: Path, question: str) -> Figures:
    """Those of BM25 and of word pieces are by the formula, as tests/test_lexical.py and tests/test_pieces.py hold."""
    (vectors,) = engine.encode([question])
    passage, sentence = (np.vecdot(rows(folder / name), vectors.whole) for name in (PASSAGES_FILE, SENTENCES_FILE))
    ids, scores = LexicalIndex(folder).search(question, len(passage))
    bm25 = np.zeros(len(passage), np.float32)
    bm25[ids] = scores
    closeness = PieceIndex(folder).closeness(vectors, np.arange(len(passage)))
    return Figures(vectors, passage.tolist(), sentence.tolist(), bm25.tolist(), closeness.tolist())


def rows(path: Path) -> Vectors:
    flat = faiss.read_index(str(path))
    found: Vectors = flat.reconstruct_n(0, flat.ntotal)
    return found


def first_day(published: str) -> str:
    return (published + "-01-01")[:10]


def last_day(published: str) -> str:
    month = {"2024-02": "2024-02-29", "2024-11": "2024-11-30"}.get(published, f"{published}-31")
    return {4: f"{published}-12-31", 7: month, 10: published}[len(published)]


def meets(article_id: str, values: dict[str, Any], filters: Filters) -> bool:
    """Whether an article meets all filters but those by date."""

    def among(wanted: tuple[str, ...], held: list[str]) -> bool:
        return not wanted or bool({one.lower() for one in wanted} & {one.lower() for one in held})

    tag = f"{values['language']}-".lower()
    return (
        among(filters.publishers, [values["publisher"] or ""])
        and among(filters.authors, values["authors"])
        and among(filters.tags, values["tags"])
        and (not filters.languages or any(tag.startswith(f"{wanted.lower()}-") for wanted in filters.languages))
        and (not filters.articles or any(fnmatchcase(article_id, pattern) for pattern in filters.articles))
    )


def in_period(published: str | None, filters: Filters) -> bool:
    """Whether all days of a date are; a date that isn't known is in none."""
    begin, *ends = filters.published_from, filters.published_to, filters.as_of
    if not begin and not any(ends):
        return True
    return (
        published is not None
        and first_day(published) >= first_day(begin or "0001")
        and all(last_day(published) <= last_day(end) for end in ends if end)
    )


def left(archive: Archive, filters: Filters) -> set[str]:
    """The ids of the articles that meet all filters."""
    return {
        article_id
        for article_id, values in archive.written.items()
        if meets(article_id, values, filters) and in_period(values["published"], filters)
    }


def shown(archive: Archive, filters: Filters) -> set[str]:
    """Those, and of copies only the one that was published first, or last; else the first by id."""
    articles = left(archive, filters)
    if filters.copies == "all":
        return articles
    chosen: dict[str, tuple[Any, ...]] = {}
    for article_id in articles:
        published = archive.written[article_id]["published"]
        day = 0
        if published is not None:
            earliest = int(first_day(published).replace("-", ""))
            day = earliest if filters.copies == "earliest" else -int(last_day(published).replace("-", ""))
        key = (published is None, day, article_id)
        text = archive.written[article_id]["text"]
        chosen[text] = min(chosen.get(text, key), key)
    return {key[-1] for key in chosen.values()}


def best(values: dict[int, float], count: int) -> set[int]:
    """The keys of the ``count`` highest values, and of all that tie with the last of these."""
    last = sorted(values.values(), reverse=True)[:count][-1:]
    return {key for key, value in values.items() if value >= last[0]} if last else set()


def scaled(values: dict[int, float]) -> dict[int, float]:
    """From 0, the least, to 1, the greatest; 1 if they are equal."""
    least, most = min(values.values()), max(values.values())
    return {key: (value - least) / (most - least) if most > least else 1.0 for key, value in values.items()}


def matching(figures: Figures, allowed: list[int], depth: int) -> dict[int, float]:
    """The allowed passages of highest BM25; it counts for no others."""
    scores = {passage: figures.bm25[passage] for passage in allowed if figures.bm25[passage] > 0}
    return {passage: scores[passage] for passage in best(scores, depth)}


def near(archive: Archive, figures: Figures, allowed: list[int], depth: int) -> set[int]:
    """The nearest of the allowed passages, and those of them that hold the nearest of their sentences."""
    held = {number for passage in allowed for number in archive.sentences[passage]}
    sentences = best({number: figures.sentence[number] for number in held}, depth)
    holders = {passage for passage in allowed if sentences & set(archive.sentences[passage])}
    return best({passage: figures.passage[passage] for passage in allowed}, depth) | holders


def ranking(archive: Archive, figures: Figures, allowed: list[int], depth: int) -> list[tuple[float, int]]:
    """Score and passage, best first: the documented formula over the candidates."""
    bm25 = matching(figures, allowed, depth)
    found = sorted(near(archive, figures, allowed, depth) | bm25.keys())
    if not found:
        return []
    share, highest = search.SENTENCE_WEIGHT, max(bm25.values(), default=1.0)
    dense = scaled(
        {
            passage: (1 - share) * figures.passage[passage]
            + share * max(figures.sentence[number] for number in archive.sentences[passage])
            for passage in found
        }
    )
    share = search.DENSE_WEIGHT
    scores = {
        passage: round(share * dense[passage] + (1 - share) * bm25.get(passage, 0.0) / highest, 6) for passage in found
    }
    close = scaled({passage: figures.closeness[passage] for passage in best(scores, search.RERANKED)})
    share = search.PIECE_WEIGHT
    scores = {
        passage: round((1 - share) * score + share * close.get(passage, 0.0), 6) for passage, score in scores.items()
    }
    return sorted((-score, passage) for passage, score in scores.items())


def key(excerpt: Excerpt) -> Key:
    return excerpt.article.id, excerpt.start


def compare(archive: Archive, question: str, top_k: int, filters: Filters) -> list[Hit]:
    """Asks, and compares all of the hits with what the formula gives; the hits."""
    figures = archive.figures[question]
    hits = archive.engine.search(question, figures.vectors, top_k, filters)
    articles = shown(archive, filters)
    allowed = [number for number, excerpt in enumerate(archive.passages) if excerpt.article.id in articles]
    expected = ranking(archive, figures, allowed, max(DEPTH, top_k))[:top_k]
    assert [hit.passage for hit in hits] == [passage for _, passage in expected]
    assert [hit.score for hit in hits] == pytest.approx([-score for score, _ in expected], abs=2e-6)
    assert len(hits) == min(top_k, len(allowed))
    for hit in hits:
        assert hit.excerpt == archive.passages[hit.passage]
        sentences = sorted(archive.sentences[hit.passage], key=lambda number: -figures.sentence[number])
        assert [one.cosine for one in hit.sentences] == [figures.sentence[number] for number in sentences]
    return hits


MANY: Callable[[list[Any]], Any] = lambda values: st.lists(st.sampled_from(values), max_size=2).map(tuple)  # noqa: E731
DATES = st.none() | st.none() | st.sampled_from(["2023", "2024", "2024-02", "2024-02-29", "2024-12-31", "2025-03"])
PATTERNS = ["old/*", "new/*", "*", "*/0?[13579]", "new/1[0-4]?", "*7", "*/00*", "nothing", "OLD/*"]
FILTERS = st.builds(
    Filters,
    publishers=MANY(["the paper", "Moon Daily", "WIRE", "Paper"]),
    authors=MANY(["ada writer", "Zoé", "ZOÉ", "Nobody"]),
    languages=MANY(["en", "EN-gb", "de", "e"]),
    tags=MANY(["SPACE", "law", "money", "other"]),
    articles=MANY(PATTERNS),
    published_from=st.sampled_from([None, "2023", "2024", "2024-02", "2024-02-02"]),
    published_to=st.sampled_from([None, None, "2024-12", "2025-03-04", "2025"]),
    as_of=DATES,
    copies=st.sampled_from(["earliest", "latest", "all"]),
)
FEW = st.builds(Filters, articles=MANY(PATTERNS), as_of=DATES, copies=st.sampled_from(["earliest", "latest", "all"]))


# What near-ties there are is up to the model, so that the same examples are taken each time.
@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.sampled_from(QUESTIONS), st.integers(1, 40), FILTERS | FEW)
def test_hits_are_those_of_the_formula_among_what_the_filters_leave(
    archive: Archive, question: str, top_k: int, filters: Filters
) -> None:
    if filters.published_from and filters.published_to:
        assert filters.published_from <= filters.published_to
    hits = compare(archive, question, top_k, filters)
    articles = left(archive, filters)
    for hit in hits:
        copies = {excerpt.article.id for excerpt in hit.copies}
        text = archive.written[hit.excerpt.article.id]["text"]
        others = {one for one in articles if archive.written[one]["text"] == text} - {hit.excerpt.article.id}
        assert copies == others
    dated = filters.by_date
    undated = [
        article_id
        for article_id, values in archive.written.items()
        if dated and values["published"] is None and meets(article_id, values, filters)
    ]
    assert archive.engine.scope(filters).undated == len(undated)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("top_k", [1, 5, 100])
def test_one_article_of_all_is_found_whatever_is_asked(archive: Archive, question: str, top_k: int) -> None:
    for article_id in list(archive.written)[::15]:
        passages = sum(excerpt.article.id == article_id for excerpt in archive.passages)
        hits = compare(archive, question, top_k, Filters(articles=(article_id,)))
        assert len(hits) == min(top_k, passages)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(publishers=("Nobody",)),
        Filters(as_of="1900"),
        Filters(articles=("nothing",)),
        Filters(published_from="2025-03-05", published_to="2025-03-06"),
        Filters(languages=("de",), tags=("law",), articles=("new/0*",), published_to="2024-02-28"),
    ],
)
def test_where_nothing_is_left_nothing_is_found(archive: Archive, filters: Filters) -> None:
    assert not left(archive, filters)
    for question in QUESTIONS:
        assert compare(archive, question, 5, filters) == []


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("top_k", [1, 7, 40, 1_000])
def test_filters_that_leave_all_change_nothing(archive: Archive, question: str, top_k: int) -> None:
    for copies in ("earliest", "latest", "all"):
        every = Filters(copies=copies)
        hits = compare(archive, question, top_k, every)
        for filters in (
            Filters(articles=("old/*", "new/*"), copies=every.copies),
            Filters(articles=("*",), copies=every.copies),
        ):
            assert compare(archive, question, top_k, filters) == hits


def test_fewer_hits_are_the_first_of_more(archive: Archive) -> None:
    """As long as no more are asked for than are candidates from each index."""
    filters = Filters(languages=("en",), as_of="2025")
    for question in QUESTIONS:
        most = compare(archive, question, DEPTH, filters)
        assert len(most) == DEPTH
        for top_k in range(1, DEPTH):
            assert compare(archive, question, top_k, filters) == most[:top_k]
