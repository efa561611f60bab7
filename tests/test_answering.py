"""From a question to its answer: what is in it, and what can't be asked."""

from __future__ import annotations

import dataclasses
from time import perf_counter

import pytest

from corpus.errors import InvalidQuestion
from index.filters import Filters
from index.search import LocalEngine
from qa.answering import DEFAULT_PASSAGES, MAX_CHARACTERS, MAX_PASSAGES, Query, answer, check
from qa.answers import Answer, AnsweringPassage, Searched
from qa.live import open_current
from qa.settings import THRESHOLD, Policy
from tests.conftest import MakeIndex

ROCKET = "\N{ROCKET}"


@pytest.fixture(scope="module")
def answers(engine: LocalEngine, questions: list[str]) -> list[Answer]:
    return [answer(engine, Query(question, 10)) for question in questions]


def test_there_are_many_questions(answers: list[Answer]) -> None:
    assert len(answers) >= 150


def test_an_answer_names_its_question_and_its_generation(
    engine: LocalEngine, questions: list[str], answers: list[Answer]
) -> None:
    assert [found.question for found in answers] == questions
    assert {found.generation for found in answers} == {engine.manifest.generation}


def test_what_has_the_confidence_is_answered(answers: list[Answer]) -> None:
    for found in answers:
        assert found.confidence is not None
        assert 0 <= found.confidence <= 1
        assert found.answered == (found.confidence >= THRESHOLD)
    assert {found.answered for found in answers} == {True, False}


def test_ranks_count_from_one_and_without_diversity_scores_descend(engine: LocalEngine, questions: list[str]) -> None:
    for question in questions[::10]:
        found = answer(engine, Query(question, 10), Policy(diversity=False))
        assert [passage.rank for passage in found.passages] == list(range(1, 11))
        order = [(-p.score, p.citation.article_id, p.start) for p in found.passages]
        assert order == sorted(order)
        assert all(0 <= passage.score <= 1 for passage in found.passages)


def test_with_diversity_the_same_passages_come_and_the_best_stays_first(
    engine: LocalEngine, answers: list[Answer]
) -> None:
    differ = 0
    for found in answers:
        plain = answer(engine, Query(found.question, 10), Policy(diversity=False))
        assert {places(one) for one in found.passages} == {places(one) for one in plain.passages}
        assert found.passages[0] == plain.passages[0]
        assert (found.confidence, found.independent_sources) == (plain.confidence, plain.independent_sources)
        differ += [places(one) for one in found.passages] != [places(one) for one in plain.passages]
    assert differ


def places(passage: AnsweringPassage) -> tuple[str, int, int]:
    return passage.citation.article_id, passage.start, passage.end


def test_no_passage_comes_twice(answers: list[Answer]) -> None:
    for found in answers:
        places = [(p.citation.article_id, p.citation.start, p.citation.end) for p in found.passages]
        assert len(set(places)) == len(places)


def test_highlights_lie_inside_their_passage_and_hold_words(answers: list[Answer]) -> None:
    for found in answers:
        for passage in found.passages:
            assert passage.highlights
            for highlight in passage.highlights:
                start, end = passage.start, passage.end
                assert start <= highlight.start < highlight.end <= end
                assert passage.text[highlight.start - start : highlight.end - start].strip()
                for word in highlight.words:
                    assert highlight.start <= word.start < word.end <= highlight.end
                    assert passage.text[word.start - start : word.end - start].strip()


def test_highlights_differ_with_the_question(engine: LocalEngine) -> None:
    """Two facts of one passage are each highlighted by the question about them."""
    signed = answer(engine, Query("Who looked on with Lin Xiqiang at the signing at the Prime Minister's office?", 3))
    first = answer(engine, Query("Which country's citizen is to be the first visitor from abroad?", 3))
    marked = {
        found.passages[0].text[
            found.passages[0].highlights[0].start - found.passages[0].citation.start : found.passages[0]
            .highlights[0]
            .end
            - found.passages[0].citation.start
        ]
        for found in (signed, first)
    }
    assert len(marked) == 2


def test_matching_words_are_marked_inflected_or_not(engine: LocalEngine) -> None:
    passage = answer(engine, Query("Which two astronauts were selected by Pakistan?", 1)).passages[0]
    words = [passage.text[w.start - passage.start : w.end - passage.start] for h in passage.highlights for w in h.words]
    assert words
    assert {word.lower()[:6] for word in words} <= {"two", "astron", "select", "pakist"}


def test_a_citation_can_be_narrowed_to_the_sentence(engine: LocalEngine, questions: list[str]) -> None:
    for question in questions[::30]:
        wide, narrow = (answer(engine, Query(question, narrow=narrow)) for narrow in (False, True))
        for passage, narrowed in zip(wide.passages, narrow.passages, strict=True):
            assert (narrowed.text, narrowed.start, narrowed.end) == (passage.text, passage.start, passage.end)
            nearest, citation = passage.highlights[0], narrowed.citation
            assert (citation.start, citation.end) == (nearest.start, nearest.end)
            text = engine.article(citation.article_id).text
            assert citation.quote == text[citation.start : citation.end]
            assert text[: citation.start].endswith(citation.prefix)
            assert text[citation.end :].startswith(citation.suffix)


def test_filters_say_what_was_searched(engine: LocalEngine) -> None:
    question = "Who signed the agreement?"
    assert answer(engine, Query(question)).searched == Searched(20, 0)
    filters = Filters(published_to="2025-03", publishers=("ibidem wire",))
    found = answer(engine, Query(question, 100, filters))
    assert 0 < found.searched.articles < 20
    assert {passage.citation.publisher for passage in found.passages} == {"Ibidem Wire"}
    assert {passage.citation.published < "2025-04" for passage in found.passages if passage.citation.published} == {
        True
    }
    nothing = answer(engine, Query(question, 100, Filters(as_of="1957")))
    assert (nothing.passages, nothing.timeline, nothing.searched) == ((), (), Searched(0, 0))
    assert (nothing.answered, nothing.independent_sources) == (False, 0)
    assert nothing.reason is not None


def test_what_is_answered_has_a_source_and_what_is_not_may_have_none(answers: list[Answer]) -> None:
    for found in answers:
        assert found.independent_sources is not None
        assert found.independent_sources <= len({passage.citation.article_id for passage in found.passages})
        assert not found.answered or found.independent_sources >= 1
    assert {found.independent_sources for found in answers} > {1, 2}


def test_copies_are_named_and_count_as_one_source(make_index: MakeIndex) -> None:
    text = "The ferry between the two islands stopped running on Monday because its engine had broken down. " * 2
    more = (
        "Repairs are expected to take about three weeks, said the harbour master, and boats have been hired meanwhile."
    )
    folder = make_index(
        {
            "paper/b.md": f"---\ntitle: Ferry halted\npublisher: Paper\npublished: 2025-03-02\n---\n{text}{more}",
            "agency/a.md": f"---\ntitle: Ferry stops\npublisher: Agency\npublished: 2025-03-01\n---\n{text}{more}",
            "own/c.md": "---\ntitle: Islanders\n---\nThe ferry of the islands is broken, so we went by rowing boat.",
        }
    )
    engine = open_current(folder)
    found = answer(engine, Query("Why did the ferry between the islands stop running?"))
    assert [passage.citation.article_id for passage in found.passages] == ["agency/a", "own/c"]
    (copy,) = found.passages[0].also_in
    assert (copy.article_id, copy.publisher, copy.published) == ("paper/b", "Paper", "2025-03-02")
    assert copy.link.startswith(f"/articles/paper/b?start={copy.start}&end={copy.end}&sha256=")
    assert engine.article(copy.article_id).text[copy.start : copy.end] == found.passages[0].text
    assert found.independent_sources in {1, 2}
    latest = answer(engine, Query("Why did the ferry stop?", filters=Filters(copies="latest")))
    assert [passage.citation.article_id for passage in latest.passages] == ["paper/b", "own/c"]
    every = answer(engine, Query("Why did the ferry between the islands stop running?", filters=Filters(copies="all")))
    assert {passage.citation.article_id for passage in every.passages} == {"agency/a", "paper/b", "own/c"}
    assert every.independent_sources == found.independent_sources


def test_the_time_of_the_stages_is_within_the_whole_and_the_whole_within_the_clock(engine: LocalEngine) -> None:
    for question in ("Who signed the agreement?", "What is Tiangong? " * 100):
        start = perf_counter()
        took = answer(engine, Query(question)).took_ms
        elapsed = (perf_counter() - start) * 1000
        assert took.encode > 0
        assert took.search > 0
        assert took.encode + took.search <= took.total + 0.002  # each is rounded to a microsecond
        assert took.total <= elapsed + 0.001


def test_the_same_question_has_the_same_answer(engine: LocalEngine, answers: list[Answer]) -> None:
    for found in answers[::20]:
        again = answer(engine, Query(found.question, 10))
        assert dataclasses.replace(again, took_ms=found.took_ms) == found


@pytest.mark.parametrize("top_k", [1, 5, 20])
def test_fewer_passages_are_the_first_of_more(engine: LocalEngine, top_k: int) -> None:
    question = "When will the first Pakistani astronaut fly?"
    assert answer(engine, Query(question, top_k)).passages == answer(engine, Query(question, 30)).passages[:top_k]


def test_five_passages_come_unless_told_otherwise(engine: LocalEngine) -> None:
    assert len(answer(engine, Query("Who signed?")).passages) == DEFAULT_PASSAGES == 5


def test_what_is_not_there_can_not_be_returned(engine: LocalEngine) -> None:
    found = answer(engine, Query("Who signed the agreement?", MAX_PASSAGES, Filters(copies="all")))
    assert len(found.passages) == min(engine.manifest.passages, MAX_PASSAGES)


@pytest.mark.parametrize(
    "question",
    [
        "x",
        "?",
        'title:"',
        "+-&&||!(){}[]^~*:\\/ AND OR NOT",
        "خلا میں پہلا پاکستانی کون ہو گا؟",
        "谁将首次飞行?",
        "e" + "\u0301" * 500,
        ROCKET * MAX_CHARACTERS,
        "word " * 400,
        "\t\n  Who?  \r\n",
        "\ufeff\u200b",
    ],
)
def test_every_text_can_be_asked(engine: LocalEngine, question: str) -> None:
    assert len(answer(engine, Query(question)).passages) == DEFAULT_PASSAGES


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("", "empty"),
        (" ", "empty"),
        ("\t\r\n\u2003\u00a0\u3000", "empty"),
        ("x" * (MAX_CHARACTERS + 1), "2001"),
        (ROCKET * (MAX_CHARACTERS + 1), "2001"),
        ("a\0b", "NUL"),
        ("a\ud800b", "surrogates"),
        ("\udfff", "surrogates"),
    ],
)
def test_a_question_that_can_not_be_asked_is_refused_with_the_reason(
    engine: LocalEngine, question: str, word: str
) -> None:
    with pytest.raises(InvalidQuestion, match=word) as caught:
        answer(engine, Query(question))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("top_k", [0, -1, MAX_PASSAGES + 1, 10**30])
def test_top_k_out_of_bounds_is_refused(engine: LocalEngine, top_k: int) -> None:
    with pytest.raises(InvalidQuestion, match="1 to 100"):
        answer(engine, Query("Who?", top_k))


@pytest.mark.parametrize("question", ["x" * MAX_CHARACTERS, ROCKET * MAX_CHARACTERS, "a\uffffb"])
def test_characters_are_counted_as_code_points(question: str) -> None:
    assert len(question) <= MAX_CHARACTERS == 2000
    check(question, 1)
    check(question, MAX_PASSAGES)
