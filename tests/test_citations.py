"""A citation leads to the exact characters of its article, and says nothing that the source doesn't."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import fields
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from corpus.article import Article, Entry, Page
from index.generation import current_generation, generation_folder
from index.search import LocalEngine
from index.store import Excerpt
from qa.answering import Query, answer
from qa.answers import AnsweringPassage, Citation
from qa.citations import cite
from tests.conftest import MakeIndex

UNICODE = """---
title: "\N{ROCKET} بازگشت به خانه"
authors: ["Zoë Ångström", "李雷"]
url: https://example.org/\N{ROCKET}?a=1&b=<2>
published: 2024-02-29
---

\N{ROCKET}\N{ROCKET} The capsule Zwölf-\N{MATHEMATICAL DOUBLE-STRUCK CAPITAL A} landed near Łódź at dusk. \
فضانورد به خانه بازگشت. The \N{FAMILY} crew of e\u0301tranges voyageurs waved.

""" + "\n\n".join(
    f"Paragraph {number} \N{SATELLITE} says that orbit {number} of the capsule took {90 + number} minutes, "
    f"\N{GRINNING FACE} and that the crew slept for {number} hours while station {number} listened."
    for number in range(1, 40)
)


@pytest.fixture(scope="module")
def unicode_engine(make_index: MakeIndex) -> LocalEngine:
    index = make_index({"räume/\N{ROCKET} 100% a+b #1?&c.md": UNICODE, "plain.txt": "A capsule is a small spacecraft."})
    return LocalEngine(generation_folder(index, current_generation(index)))


def cited(engine: LocalEngine, questions: list[str]) -> Iterator[tuple[Article, AnsweringPassage]]:
    for question in questions:
        for passage in answer(engine, Query(question, 10)).passages:
            yield engine.article(passage.citation.article_id), passage


def assert_exact(article: Article, passage: AnsweringPassage) -> None:
    citation = passage.citation
    start, end = citation.start, citation.end
    assert article.text[start:end] == citation.quote == passage.text
    assert citation.prefix == article.text[max(0, start - 32) : start]
    assert citation.suffix == article.text[end : end + 32]
    assert citation.sha256 == hashlib.sha256(article.text.encode("utf-8")).hexdigest()


def test_every_citation_of_the_starter_archive_is_exact(engine: LocalEngine, questions: list[str]) -> None:
    found = list(cited(engine, questions))
    assert len(found) == 10 * len(questions)
    for article, passage in found:
        assert_exact(article, passage)


def test_offsets_count_code_points_past_astral_and_combining_characters(unicode_engine: LocalEngine) -> None:
    found = list(cited(unicode_engine, ["Where did the capsule land?", "How long did orbit 30 take?"]))
    assert any(passage.citation.start > 500 for _, passage in found)
    assert any("\N{SATELLITE}" in passage.text for _, passage in found)
    for article, passage in found:
        assert_exact(article, passage)


def test_a_citation_says_what_its_article_says(engine: LocalEngine, questions: list[str]) -> None:
    for article, passage in cited(engine, questions[:40]):
        citation = passage.citation
        assert citation.article_id == article.id
        for name in (
            *("title", "title_inferred", "authors", "publisher", "url", "published", "updated", "retrieved"),
            *("provenance", "language", "sha256"),
        ):
            assert getattr(citation, name) == getattr(article, name)


def test_metadata_arrives_as_it_was_written(unicode_engine: LocalEngine) -> None:
    citation = answer(unicode_engine, Query("Where did the capsule Zwölf land, near Łódź?")).passages[0].citation
    assert citation.article_id == "räume/\N{ROCKET} 100% a+b #1?&c"
    assert citation.title == "\N{ROCKET} بازگشت به خانه"
    assert citation.title_inferred is False
    assert citation.authors == ("Zoë Ångström", "李雷")
    assert citation.url == "https://example.org/\N{ROCKET}?a=1&b=<2>"
    assert citation.published == "2024-02-29"


def test_what_is_not_known_is_null_and_a_title_from_the_text_says_so(unicode_engine: LocalEngine) -> None:
    passages = answer(unicode_engine, Query("What is a small spacecraft?", 100)).passages
    (citation,) = [passage.citation for passage in passages if passage.citation.article_id == "plain"]
    assert (citation.publisher, citation.url, citation.published, citation.authors) == (None, None, None, ())
    assert citation.title_inferred is True
    assert citation.title == "A capsule is a small spacecraft."
    assert (citation.prefix, citation.suffix) == ("", "")


def excerpt(article_id: str) -> Excerpt:
    entry = Entry(id=article_id, title="T", title_inferred=False, sha256="0" * 64)
    return Excerpt(entry, "before twelve chars behind", 7, 19)


@pytest.mark.parametrize(
    "article_id",
    [
        "a",
        "2026/deep/er/path",
        "with space",
        "100%",
        "%2F",
        "a?start=1&end=2#x",
        "q;v=1+1",
        "räume/\N{ROCKET}",
        "e\u0301",
        "<script>'\"",
        "back\\slash",
        "dots/..a",
    ],
)
def test_the_link_leads_to_the_article_at_the_passage_whatever_its_id(article_id: str) -> None:
    link = cite(excerpt(article_id), "G").link
    parts = urlsplit(link)
    assert unquote(parts.path) == f"/articles/{article_id}"
    assert parse_qs(parts.query) == {"start": ["7"], "end": ["19"], "sha256": ["0" * 64]}
    assert (parts.scheme, parts.netloc, parts.fragment) == ("", "", "passage")
    assert link.isascii()
    assert not set(link) & set(" <>\"'\\")


def test_a_citation_can_be_made_by_hand() -> None:
    """Every field of the interface, in its order (which ``test_contract`` holds)."""
    citation = cite(excerpt("a/b"), "G")
    assert len(fields(Citation)) == 21
    assert citation == Citation(
        "a/b", "T", False, (), None, None, None, None, None, {}, None, None, 7, 19, "twelve chars", "before ",
        " behind", "0" * 64, "G", f"/articles/a/b?start=7&end=19&sha256={'0' * 64}#passage", None,
    )  # fmt: skip


PAGES = (Page(1, "xiv", 0, 12), Page(2, "1", 12, 12), Page(3, "1", 12, 30), Page(4, "2", 30, 40))


@pytest.mark.parametrize(
    ("start", "end", "page", "number"),
    [
        (0, 12, "xiv", 1),
        (0, 13, "xiv–1", 1),
        (11, 35, "xiv–2", 1),
        (12, 30, "1", 3),
        (29, 31, "1–2", 3),
        (30, 40, "2", 4),
    ],
)
def test_a_citation_says_the_pages_that_it_touches_and_links_to_the_first(
    start: int, end: int, page: str, number: int
) -> None:
    entry = Entry(
        id="a", title="T", title_inferred=False, sha256="0" * 64, url="https://example.org/a.pdf?b=c", pages=PAGES
    )
    citation = cite(Excerpt(entry, "x" * 40, start, end), "G")
    assert citation.page == page
    assert citation.source_link == f"https://example.org/a.pdf?b=c#page={number}"


def test_an_address_with_a_fragment_keeps_it() -> None:
    url = "https://example.org/a.pdf#nameddest=tides"
    entry = Entry(id="a", title="T", title_inferred=False, sha256="0" * 64, url=url, pages=PAGES)
    assert cite(Excerpt(entry, "x" * 40, 0, 9), "G").source_link == url
