"""From a question to its answer: what is in it, and what can't be asked."""

from __future__ import annotations

import dataclasses
from time import perf_counter

import pytest

from corpus.errors import InvalidQuestion
from index.search import LocalEngine
from qa.answering import DEFAULT_PASSAGES, MAX_CHARACTERS, MAX_PASSAGES, Answer, answer, check
from qa.settings import THRESHOLD

ROCKET = "\N{ROCKET}"


@pytest.fixture(scope="module")
def answers(engine: LocalEngine, questions: list[str]) -> list[Answer]:
    return [answer(engine, question, 10) for question in questions]


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


def test_ranks_count_from_one_and_scores_descend_from_one_to_zero(answers: list[Answer]) -> None:
    for found in answers:
        assert [passage.rank for passage in found.passages] == list(range(1, 11))
        scores = [passage.score for passage in found.passages]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)


def test_equal_scores_are_ordered_by_article_and_start(answers: list[Answer]) -> None:
    for found in answers:
        order = [(-p.score, p.citation.article_id, p.citation.start) for p in found.passages]
        assert order == sorted(order)


def test_no_passage_comes_twice(answers: list[Answer]) -> None:
    for found in answers:
        places = [(p.citation.article_id, p.citation.start, p.citation.end) for p in found.passages]
        assert len(set(places)) == len(places)


def test_highlights_lie_inside_their_passage_and_hold_words(answers: list[Answer]) -> None:
    for found in answers:
        for passage in found.passages:
            (highlight,) = passage.highlights
            start, end = passage.citation.start, passage.citation.end
            assert start <= highlight.start < highlight.end <= end
            assert passage.text[highlight.start - start : highlight.end - start].strip()


def test_highlights_differ_with_the_question(engine: LocalEngine) -> None:
    """Two facts of one passage are each highlighted by the question about them."""
    signed = answer(engine, "Who looked on with Lin Xiqiang at the signing at the Prime Minister's office?", 3)
    first = answer(engine, "Which country's citizen is to be the first visitor from abroad?", 3)
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


def test_the_time_of_the_stages_is_within_the_whole_and_the_whole_within_the_clock(engine: LocalEngine) -> None:
    for question in ("Who signed the agreement?", "What is Tiangong? " * 100):
        start = perf_counter()
        took = answer(engine, question).took_ms
        elapsed = (perf_counter() - start) * 1000
        assert took.encode > 0
        assert took.search > 0
        assert took.encode + took.search <= took.total + 0.002  # each is rounded to a microsecond
        assert took.total <= elapsed + 0.001


def test_the_same_question_has_the_same_answer(engine: LocalEngine, answers: list[Answer]) -> None:
    for found in answers[::20]:
        again = answer(engine, found.question, 10)
        assert dataclasses.replace(again, took_ms=found.took_ms) == found


@pytest.mark.parametrize("top_k", [1, 5, 20])
def test_fewer_passages_are_the_first_of_more(engine: LocalEngine, top_k: int) -> None:
    question = "When will the first Pakistani astronaut fly?"
    assert answer(engine, question, top_k).passages == answer(engine, question, 30).passages[:top_k]


def test_five_passages_come_unless_told_otherwise(engine: LocalEngine) -> None:
    assert len(answer(engine, "Who signed?").passages) == DEFAULT_PASSAGES == 5


def test_what_is_not_there_can_not_be_returned(engine: LocalEngine) -> None:
    found = answer(engine, "Who signed the agreement?", MAX_PASSAGES)
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
    assert len(answer(engine, question).passages) == DEFAULT_PASSAGES


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
        answer(engine, question)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("top_k", [0, -1, MAX_PASSAGES + 1, 10**30])
def test_top_k_out_of_bounds_is_refused(engine: LocalEngine, top_k: int) -> None:
    with pytest.raises(InvalidQuestion, match="1 to 100"):
        answer(engine, "Who?", top_k)


@pytest.mark.parametrize("question", ["x" * MAX_CHARACTERS, ROCKET * MAX_CHARACTERS, "a\uffffb"])
def test_characters_are_counted_as_code_points(question: str) -> None:
    assert len(question) <= MAX_CHARACTERS == 2000
    check(question, 1)
    check(question, MAX_PASSAGES)
