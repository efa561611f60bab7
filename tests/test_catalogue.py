"""Listing, counting and showing the articles of an index."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from corpus.article import Article, Provenance
from corpus.errors import InvalidFilter, NoIndex, UnknownArticle
from corpus.statements import NAMES
from index.filters import Filters
from qa.catalogue import Catalogue, Count, count, details, listed, open_catalogue
from tests.archives import publish, write
from tests.texts import FULL

ALL = Filters(copies="all")


def article(article_id: str, **values: object) -> Article:
    plain = Article(id=article_id, title=article_id.title(), title_inferred=False, text=f"The text of {article_id}.")
    return replace(plain, **values)  # type: ignore[arg-type]


ARTICLES = [
    article("weir", publisher="The Ferry Post", published="2025-03-04", language="en", title="The weir holds"),
    article("wharf", publisher="The Ferry Post", published="2025-03", language="en-GB", title="a wharf reopens"),
    article("tram", publisher="Hill Gazette", published="2024", language="en", title="Tram"),
    article("lamp", publisher="Hill Gazette", published="2025-04-01", title="Lamp"),
    article("note", title_inferred=True),
]
CLUSTERS = [0, 1, 2, 1, 3]
"""By id: lamp, note, tram, weir, wharf; note and weir are copies."""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    index = tmp_path_factory.mktemp("catalogue") / "index"
    publish(index, ARTICLES, clusters=CLUSTERS)
    return index


@pytest.fixture(scope="module")
def catalogue(index: Path) -> Catalogue:
    return open_catalogue(index)


def ids(catalogue: Catalogue, filters: Filters = ALL, **how: object) -> list[str]:
    return [entry.id for entry in listed(catalogue, filters, **how).articles]  # type: ignore[arg-type]


def test_all_are_listed_by_id(catalogue: Catalogue) -> None:
    assert ids(catalogue) == ["lamp", "note", "tram", "weir", "wharf"]


def test_titles_sort_without_regard_to_case(catalogue: Catalogue) -> None:
    titles = [entry.title for entry in listed(catalogue, ALL, sort="title").articles]
    assert titles == ["a wharf reopens", "Lamp", "Note", "The weir holds", "Tram"]


def test_the_latest_come_first_and_the_undated_last(catalogue: Catalogue) -> None:
    # March 2025 ends after the fourth of it.
    assert ids(catalogue, sort="published") == ["lamp", "wharf", "weir", "tram", "note"]


def test_a_limit_leaves_the_total(catalogue: Catalogue) -> None:
    found = listed(catalogue, ALL, limit=2)
    assert (found.total, [entry.id for entry in found.articles]) == (5, ["lamp", "note"])


def test_filters_are_those_of_questions(catalogue: Catalogue) -> None:
    assert ids(catalogue, replace(ALL, publishers=("the ferry post",))) == ["weir", "wharf"]
    assert ids(catalogue, replace(ALL, languages=("en",), published_from="2025")) == ["weir", "wharf"]
    assert ids(catalogue, replace(ALL, articles=("w*",))) == ["weir", "wharf"]
    with pytest.raises(InvalidFilter, match="as_of"):
        ids(catalogue, replace(ALL, as_of="soon"))


def test_of_copies_the_earliest_or_the_latest_is_listed(catalogue: Catalogue) -> None:
    assert ids(catalogue, Filters(copies="earliest")) == ["lamp", "tram", "weir", "wharf"]
    both = Filters(copies="latest", articles=("weir", "note"))
    assert ids(catalogue, both) == ["weir"]
    assert ids(catalogue, replace(both, copies="earliest", articles=("note",))) == ["note"]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (["published"], ["note"]),
        (["title"], ["note"]),
        (["language"], ["lamp", "note"]),
        (["published", "language"], ["lamp", "note"]),
        (["authors"], ["lamp", "note", "tram", "weir", "wharf"]),
    ],
)
def test_those_that_lack_something_are_listed(catalogue: Catalogue, missing: list[str], expected: list[str]) -> None:
    assert ids(catalogue, missing=missing) == expected


def test_everything_that_can_be_said_can_be_missing(catalogue: Catalogue) -> None:
    assert all(isinstance(ids(catalogue, missing=[name]), list) for name in NAMES)
    assert set(count(catalogue, ALL).unknown) == set(NAMES)


def test_articles_are_counted_with_the_unknown_last(catalogue: Catalogue) -> None:
    found = count(catalogue, ALL)
    assert found.articles == 5
    assert found.publishers == (Count("Hill Gazette", 2), Count("The Ferry Post", 2), Count(None, 1))
    assert found.years == (Count("2025", 3), Count("2024", 1), Count(None, 1))
    assert found.languages == (Count("en", 2), Count("en-GB", 1), Count(None, 2))
    assert (found.unknown["published"], found.unknown["title"], found.unknown["url"]) == (1, 1, 5)


def test_counts_are_of_what_filters_leave(catalogue: Catalogue) -> None:
    found = count(catalogue, replace(ALL, publishers=("Hill Gazette",)))
    assert (found.articles, found.years) == (2, (Count("2025", 1), Count("2024", 1)))


def test_an_article_is_shown_with_where_it_lies(catalogue: Catalogue, tmp_path: Path) -> None:
    write(tmp_path, {"weir.txt": "The weir holds.", "weir.meta.toml": 'publisher = "The Ferry Post"'})
    found = details(catalogue, "weir", [tmp_path])
    assert (found.file, found.sidecar) == (tmp_path / "weir.txt", tmp_path / "weir.meta.toml")
    assert (found.passages, found.copies) == (1, ("note",))
    assert found.article.sha256 == ARTICLES[0].sha256


@pytest.mark.parametrize("there", [True, False])
def test_an_article_is_shown_without_its_folder(catalogue: Catalogue, tmp_path: Path, there: bool) -> None:
    found = details(catalogue, "tram", [tmp_path if there else tmp_path / "nowhere"])
    assert (found.file, found.sidecar, found.copies) == (None, None, ())


def test_what_is_not_there_is_said(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(UnknownArticle, match="'quay' in the index"):
        details(catalogue, "quay", [tmp_path])
    with pytest.raises(NoIndex):
        open_catalogue(tmp_path / "none")


def test_every_value_comes_back(tmp_path: Path) -> None:
    provenance = {"title": Provenance("sidecar"), **FULL.provenance}
    publish(tmp_path / "index", [replace(FULL, text="A book.", provenance=provenance)])
    (entry,) = listed(open_catalogue(tmp_path / "index"), ALL).articles
    assert (entry.authors, entry.updated, entry.provenance) == (FULL.authors, "2025-04", provenance)
