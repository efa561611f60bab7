"""What is said of citations: verified, moved, changed, gone, unknown, and never verified wrongly."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from rich.console import Console

from corpus.article import Article, Entry
from index import generation
from index.history import History
from index.search import Engine
from index.store import Excerpt
from qa.answers import Citation
from qa.checks import Check, Checks, Word
from qa.citations import cite
from qa.given import Given
from qa.verification import verify
from qa.verification_output import print_checks
from tests.texts import article, publish

FIRST = "The keeper wrote every evening. In May 2025 he counted 41 ships, most of them small."
SECOND = "In June there were 38. The lamp failed twice, and was repaired by the engineer."
THIRD = "No ship was lost. The keeper retired in autumn, and nobody followed him."
BOOK = article("notes/keeper", f"{FIRST}\n\n{SECOND}\n\n{THIRD}")
TIDES = article("notes/tides", "The tide came in twice a day.\n\nIt went out as often, as it always had.")


def cited(engine: Engine, text: Article, quote: str) -> dict[str, Any]:
    """The citation of a quote as an answer has it."""
    entry = Entry(**{field.name: getattr(text, field.name) for field in fields(Entry)})
    start = text.text.index(quote)
    citation = cite(Excerpt(entry, text.text, start, start + len(quote)), engine.manifest.generation)
    values: dict[str, Any] = TypeAdapter(Citation).dump_python(citation, mode="json")
    return values


class Archive:
    """An index whose articles are changed in a test, and what is said of citations after each change."""

    def __init__(self, index: Path, *articles: Article) -> None:
        self.index = index
        self.publish(*articles)

    def publish(self, *articles: Article, removed: dict[str, str] | None = None) -> str:
        self.engine = publish(self.index, articles, removed)
        return self.engine.manifest.generation

    def cite(self, text: Article, quote: str) -> dict[str, Any]:
        return cited(self.engine, text, quote)

    def check(self, citation: dict[str, Any]) -> Check:
        (check,) = self.check_all([citation]).results
        assert check.generation == self.engine.manifest.generation
        assert check.article_id == citation["article_id"]
        assert check.explanation.endswith(".")
        assert "\n" not in check.explanation
        return check

    def check_all(self, citations: list[dict[str, Any]]) -> Checks:
        return verify(self.engine, [Given.model_validate(citation) for citation in citations], History(self.index))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path, BOOK, TIDES)


def differing(check: Check) -> set[str]:
    return {difference.field for difference in check.differences}


def test_what_an_answer_cites_is_verified(archive: Archive) -> None:
    for quote in (FIRST, SECOND, THIRD, BOOK.text, "4", "\n"):
        citation = archive.cite(BOOK, quote)
        check = archive.check(citation)
        assert (check.status, check.differences, check.words, check.last_generation) == ("verified", (), (), None)
        assert TypeAdapter(Citation | None).dump_python(check.citation, mode="json") == citation


def test_what_is_left_out_is_not_compared(archive: Archive) -> None:
    whole = archive.cite(BOOK, SECOND)
    needed = {name: whole[name] for name in ("article_id", "start", "end", "quote", "sha256")}
    assert archive.check(needed).status == "verified"
    for name in whole.keys() - needed.keys():
        assert archive.check({**needed, name: whole[name]}).status == "verified"
        assert archive.check({key: value for key, value in whole.items() if key != name}).status == "verified"


TAMPERED: dict[str, Any] = {
    "title": "The keeper’s book",
    "title_inferred": True,
    "authors": ["Bo Reader", "Ada Writer"],
    "publisher": None,
    "url": "https://example.org/keeper?page=2",
    "published": "2025-03",
    "updated": "2025-04-01",
    "retrieved": None,
    "provenance": {"published": {"origin": "page", "precision": "day"}},
    "language": "en-GB",
    "page": "14",
    "prefix": "",
    "suffix": "\n\nNo ship was lost. The keeper.",
    "link": "/articles/notes/keeper",
    "source_link": "https://example.org/keeper",
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_field_that_the_archive_has_otherwise_is_named(archive: Archive, name: str) -> None:
    citation = archive.cite(BOOK, SECOND)
    check = archive.check({**citation, name: TAMPERED[name]})
    assert (check.status, check.words) == ("changed", ())
    ((field, wrong, right),) = [(d.field, d.cited, d.archive) for d in check.differences]
    assert (field, wrong, right) == (name, TAMPERED[name], citation[name])
    assert name.replace("_", " ") in check.explanation
    assert check.citation is not None
    assert check.citation.quote == SECOND


def test_every_field_of_a_citation_can_be_given_and_all_but_one_are_compared() -> None:
    assert set(Given.model_fields) == {field.name for field in fields(Citation)}
    assert {*TAMPERED, "article_id", "start", "end", "quote", "sha256", "generation"} == set(Given.model_fields)


def test_offsets_that_are_wrong_are_put_right(archive: Archive) -> None:
    citation = archive.cite(BOOK, SECOND)
    for start, end in ((1, 1), (-1, 0), (0, 5), (-30, -30), (10**6, 10**6), (0, -1)):
        check = archive.check({**citation, "start": citation["start"] + start, "end": citation["end"] + end})
        assert check.status == "moved"
        assert check.citation is not None
        assert (check.citation.start, check.citation.end) == (citation["start"], citation["end"])
        assert differing(check) == {name for name, by in (("start", start), ("end", end)) if by}
        assert f"at {citation['start']} to {citation['end']}" in check.explanation


def test_an_end_behind_the_end_of_the_text_is_wrong(archive: Archive) -> None:
    citation = archive.cite(BOOK, THIRD)
    without_link = {name: value for name, value in citation.items() if name != "link"}
    check = archive.check({**without_link, "end": citation["end"] + 1})
    assert (check.status, differing(check)) == ("moved", {"end"})


def test_an_article_that_was_edited_elsewhere_has_moved_the_quote(archive: Archive) -> None:
    before, behind = archive.cite(BOOK, SECOND), archive.cite(BOOK, THIRD)
    new = "It was dark when he began.\n\n"
    edited = article(BOOK.id, BOOK.text.replace(SECOND, new + SECOND).replace("autumn", "spring"))
    archive.publish(edited, TIDES)
    check = archive.check(before)
    assert check.status == "moved"
    assert check.citation is not None
    assert (check.citation.start, check.citation.sha256) == (before["start"] + len(new), edited.sha256)
    assert differing(check) == {"start", "end", "sha256", "prefix", "link"}
    check = archive.check(behind)
    assert check.status == "changed"
    assert [word for word in check.words if word.operation != "equal"] == [
        Word("delete", " autumn"), Word("insert", " spring")
    ]  # fmt: skip


def test_a_quote_that_stands_where_it_did_in_a_text_that_has_changed_has_moved_nowhere(archive: Archive) -> None:
    citation = archive.cite(BOOK, FIRST)
    archive.publish(article(BOOK.id, BOOK.text + " The end."))
    check = archive.check(citation)
    assert (check.status, differing(check)) == ("moved", {"sha256", "link"})
    assert "where it is cited" in check.explanation


def test_an_article_with_another_id_is_found_by_its_text(archive: Archive) -> None:
    citation = archive.cite(BOOK, SECOND)
    archive.publish(replace(BOOK, id="moved/keeper", title="A keeper’s book"), TIDES)
    check = archive.check(citation)
    assert check.status == "moved"
    assert check.citation is not None
    assert check.citation.article_id == "moved/keeper"
    assert differing(check) == {"article_id", "title", "link"}
    assert "moved/keeper" in check.explanation
    assert "another title" in check.explanation


def test_of_several_places_the_one_with_the_cited_context_is_taken(archive: Archive) -> None:
    text = "He rose. He ate. He rose. He slept. He rose. He wrote."
    archive.publish(thrice := article("thrice", text))
    citation = archive.cite(thrice, "He rose.")
    middle = {**citation, "start": 50, "end": 58, "prefix": "He ate. ", "suffix": " He slept."}
    check = archive.check(middle)
    assert check.citation is not None
    assert (check.status, check.citation.start) == ("moved", 17)
    without = {key: value for key, value in middle.items() if key not in ("prefix", "suffix")}
    check = archive.check(without)
    assert check.citation is not None
    assert (check.status, check.citation.start) == ("moved", 36)  # of equals the nearest
    check = archive.check({**without, "start": 20, "end": 28})
    assert check.citation is not None
    assert check.citation.start == 17


def test_a_quote_that_stands_everywhere_is_looked_at_near_its_place_only(archive: Archive) -> None:
    archive.publish(many := article("many", "ha " * 100_000))
    citation = {**archive.cite(many, "ha"), "start": 150_001, "end": 150_003, "prefix": "x", "suffix": "y"}
    check = archive.check(citation)
    assert check.citation is not None
    assert (check.status, check.citation.start) == ("moved", 150_000)


@pytest.mark.parametrize(
    ("quote", "deleted", "inserted"),
    [
        (SECOND.replace("38", "39"), " 39", " 38"),
        (SECOND.replace("failed", "broke"), " broke", " failed"),
        (SECOND.replace("June", "Jun\N{CYRILLIC SMALL LETTER IE}"), " Jun\N{CYRILLIC SMALL LETTER IE}", " June"),
        (SECOND.replace(" twice", ""), "", " twice"),
        (SECOND.replace("failed", "failed once or"), " once or", ""),
        (SECOND.replace(" lamp", "  lamp"), "  lamp", " lamp"),
    ],
)
def test_a_quote_with_a_word_changed_comes_with_that_word(
    archive: Archive, quote: str, deleted: str, inserted: str
) -> None:
    check = archive.check({**archive.cite(BOOK, SECOND), "quote": quote})
    assert check.status == "changed"
    assert check.citation is not None
    assert check.citation.quote == SECOND
    assert "".join(word.text for word in check.words if word.operation == "delete") == deleted
    assert "".join(word.text for word in check.words if word.operation == "insert") == inserted


def test_of_a_quote_that_nothing_is_like_nothing_is_given(archive: Archive) -> None:
    check = archive.check({**archive.cite(BOOK, SECOND), "quote": "Bananas ripen next to apples, every cook knows."})
    assert (check.status, check.citation, check.words, check.differences) == ("changed", None, (), ())
    assert "nor does anything like it" in check.explanation


def test_another_article_s_hash_or_id_does_not_verify(archive: Archive) -> None:
    citation = archive.cite(BOOK, SECOND)
    check = archive.check({**citation, "sha256": TIDES.sha256})
    assert (check.status, differing(check)) == ("moved", {"sha256", "generation"})
    assert "the generation that it names has no such text" in check.explanation
    check = archive.check({**citation, "article_id": TIDES.id})
    assert (check.status, differing(check)) == ("moved", {"article_id", "generation"})
    tides = archive.cite(TIDES, TIDES.text)
    check = archive.check({**citation, "article_id": TIDES.id, "sha256": TIDES.sha256})
    assert (check.status, check.citation) == ("changed", None)
    assert archive.check({**tides, "quote": TIDES.text[:-1]}).status == "moved"


def test_a_generation_that_is_there_must_have_what_is_cited(archive: Archive) -> None:
    old = archive.engine.manifest.generation
    archive.publish(edited := article(BOOK.id, BOOK.text + " The end."))
    citation = archive.cite(edited, SECOND)
    assert archive.check(citation).status == "verified"
    check = archive.check({**citation, "generation": old})
    assert (check.status, differing(check)) == ("changed", {"generation"})
    with generation.exclusive(archive.index):
        generation.prune(archive.index, 1)
    assert archive.check({**citation, "generation": old}).status == "verified"


def test_an_article_that_was_removed_is_gone(archive: Archive) -> None:
    citation, had = archive.cite(BOOK, SECOND), archive.engine.manifest.generation
    archive.publish(TIDES)
    check = archive.check(citation)
    assert (check.status, check.last_generation, check.citation) == ("gone", had, None)
    assert had in check.explanation
    assert archive.check({**citation, "sha256": "0" * 64}).last_generation == had


def test_what_the_manifest_remembers_is_gone_even_when_its_generation_was_pruned(archive: Archive) -> None:
    citation, had = archive.cite(BOOK, SECOND), archive.engine.manifest.generation
    archive.publish(TIDES, removed={BOOK.id: had})
    with generation.exclusive(archive.index):
        assert generation.prune(archive.index, 1) == [had]
    check = archive.check(citation)
    assert (check.status, check.last_generation) == ("gone", had)
    assert archive.check({**citation, "article_id": "never/there"}).status == "unknown"


def test_what_only_a_later_generation_has_is_gone_too(archive: Archive) -> None:
    earlier = archive.engine
    later = archive.publish(BOOK, TIDES, new := article("new", "It has just come in."))
    citation = archive.cite(new, "It has just come in.")
    generation.make_current(archive.index, earlier.manifest.generation)
    archive.engine = earlier
    check = archive.check(citation)
    assert (check.status, check.last_generation) == ("gone", later)
    assert "newer" in check.explanation


def test_what_never_was_is_unknown(archive: Archive) -> None:
    archive.publish(TIDES)
    citation = archive.cite(TIDES, "It went out")
    check = archive.check({**citation, "article_id": "never/there", "sha256": "0" * 64})
    assert (check.status, check.last_generation, check.citation) == ("unknown", None, None)


def test_results_come_in_the_order_of_the_citations(archive: Archive) -> None:
    quotes = [(BOOK, THIRD), (TIDES, "It went out"), (BOOK, FIRST), (TIDES, "The tide"), (BOOK, SECOND)]
    citations = [archive.cite(text, quote) for text, quote in quotes]
    citations[2]["title"] = "Another"
    checks = archive.check_all(citations)
    assert checks.generation == archive.engine.manifest.generation
    assert [check.status for check in checks.results] == ["verified", "verified", "changed", "verified", "verified"]
    assert [check.citation.quote for check in checks.results if check.citation] == [quote for _, quote in quotes]


def test_the_command_line_shows_what_is_not_verified_and_how_many(archive: Archive) -> None:
    citation = archive.cite(BOOK, SECOND)
    checks = archive.check_all(
        [
            citation,
            {**citation, "quote": SECOND.replace("38", "\x1b[31m39")},
            {**citation, "title": "Another"},
            {**citation, "article_id": "no\x1b[2Jsuch", "sha256": "0" * 64},
        ]
    )
    console = Console(width=100, record=True, force_terminal=False)
    with console.capture() as capture:
        print_checks(console, checks)
    lines = capture.get().splitlines()
    assert lines[0] == "2. changed notes/keeper: " + checks.results[1].explanation
    assert lines[1] == "   In June there were[-  [31m39-]{+ 38+}. The lamp failed twice, and was repaire…"
    assert lines[2].startswith("3. changed notes/keeper: The quote stands where it is cited, but")
    assert lines[3] == "   title: cited 'Another', in the archive \"The keeper's book\""
    assert lines[4].startswith("4. unknown no [2Jsuch: ")
    assert lines[-1] == f"4 citations in generation {checks.generation}: 1 verified, 2 changed, 1 unknown"
    assert "\x1b" not in capture.get()


def test_checks_are_json(archive: Archive) -> None:
    citation = archive.cite(BOOK, SECOND)
    checks = archive.check_all([citation, {**citation, "quote": SECOND.replace("38", "39"), "authors": []}])
    values = json.loads(TypeAdapter(Checks).dump_json(checks))
    assert list(values) == ["generation", "results"]
    first, second = values["results"]
    assert list(first) == [
        *("status", "article_id", "generation", "explanation", "citation", "differences", "words", "last_generation")
    ]
    assert first["citation"] == citation
    assert second["differences"] == [{"field": "authors", "cited": [], "archive": ["Ada Writer", "Bo Reader"]}]
    assert second["words"][1:3] == [
        {"operation": "delete", "text": " 39"}, {"operation": "insert", "text": " 38"}
    ]  # fmt: skip
