"""Asking an engine, and judging what comes: the real model, on an archive whose answers are known."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from corpus.errors import InvalidQuestions, UnlocatedGold
from index.filters import Filters
from index.generation import current_generation, generation_folder
from index.search import LocalEngine
from qa.answering import MAX_CHARACTERS, MAX_PASSAGES, Query, answer
from qa.evaluation.asking import BATCH, ask, evaluate
from qa.evaluation.measures import NAMES
from qa.evaluation.outcomes import Asked
from qa.evaluation.questions import Question, QuestionSet, Quote, read_questions, read_unanswerable
from qa.evaluation.result import SHOWN, Outcome
from qa.evaluation.spans import FIRST
from qa.evaluation.trec import passage_id
from qa.settings import DEFAULT_POLICY
from tests.conftest import ROOT, MakeIndex, no_progress

STARTER = ROOT / "corpus" / "questions.jsonl"
SPAN_NAMES = (
    *(f"{what} {measure}@5" for what in ("characters", "highlights") for measure in ("R", "P", "IoU")),
    "sentence IoU",
)

LIGHTS = "The lamp of Bell Rock was lit in 1811. Its tower was built by Robert Stevenson.\n"
MILLS = "Grain was ground at the mill of Ash. The miller paid his rent in eels.\n"


@pytest.fixture(scope="module")
def held(engine: LocalEngine) -> Asked:
    return ask(engine, [read_questions(STARTER, "held")], DEFAULT_POLICY, no_progress)


@pytest.fixture(scope="module")
def small(make_index: MakeIndex) -> LocalEngine:
    index = make_index({"coast/bell rock.txt": LIGHTS, "mills.txt": MILLS})
    return LocalEngine(generation_folder(index, current_generation(index)))


def quotes(*questions: Question) -> QuestionSet:
    return QuestionSet("small", "quotes", None, questions)


def outcomes(engine: LocalEngine, questions: QuestionSet) -> tuple[Outcome, ...]:
    return evaluate(engine, [questions], DEFAULT_POLICY, no_progress).sets[0].outcomes


def test_the_starter_archive_answers_as_well_as_it_did(held: Asked) -> None:
    """Floors some way below what was measured, which ``ibidem evaluate`` prints."""
    result = held.evaluation.sets[0]
    figures = {name: figure.value for name, figure in result.figures.items()}
    assert figures["nDCG@10"] >= 0.79
    assert figures["Success@1"] >= 0.62
    assert figures["Success@5"] >= 0.92
    assert figures["sentence IoU"] >= 0.52
    assert result.passage_characters is not None
    assert result.passage_characters <= 1000


def test_every_question_has_an_outcome_and_every_answerable_one_all_measures(held: Asked) -> None:
    questions = read_questions(STARTER, "held").questions
    result = held.evaluation.sets[0]
    assert [(one.id, one.question, one.answerable) for one in result.outcomes] == [
        (one.id, one.text, one.answerable) for one in questions
    ]
    for outcome in result.outcomes:
        assert list(outcome.measures) == ([*NAMES, *SPAN_NAMES] if outcome.answerable else [])
        assert all(0 <= value <= 1 for value in outcome.measures.values())
        assert len(outcome.ranking) == SHOWN
    assert (result.name, result.layout, result.part) == ("corpus", "quotes", "held")


def test_figures_are_means_over_the_answerable_questions(held: Asked) -> None:
    result = held.evaluation.sets[0]
    answerable = [outcome for outcome in result.outcomes if outcome.answerable]
    assert list(result.figures) == [*NAMES, *SPAN_NAMES]
    for name, figure in result.figures.items():
        assert figure.value == pytest.approx(sum(one.measures[name] for one in answerable) / len(answerable))
        assert figure.low <= figure.value <= figure.high


def test_what_is_judged_is_what_the_same_answer_call_gives(engine: LocalEngine, held: Asked) -> None:
    outcome = held.evaluation.sets[0].outcomes[0]
    answered = answer(engine, Query(outcome.question, MAX_PASSAGES, Filters(copies="all")))
    places = [(p.citation.article_id, p.citation.start, p.citation.end) for p in answered.passages]
    assert held.judged[0].rankings[outcome.id] == tuple(passage_id(*place) for place in places)
    assert [(one.article, one.start, one.end) for one in outcome.ranking] == places[:SHOWN]
    assert [one.score for one in outcome.ranking] == [passage.score for passage in answered.passages[:SHOWN]]
    assert (outcome.confidence, outcome.answered) == (answered.confidence, answered.answered)


def test_titles_and_sentences_are_kept_of_the_first_five_and_of_gold(engine: LocalEngine, held: Asked) -> None:
    outcomes = held.evaluation.sets[0].outcomes
    for rank, one in ((rank, one) for outcome in outcomes for rank, one in enumerate(outcome.ranking, 1)):
        if rank > FIRST and not one.relevance:
            assert one.title is one.sentence is None
            continue
        assert one.title
        assert one.sentence
        assert one.sentence.removesuffix("…") in engine.article(one.article).text[one.start : one.end]
    sentences = [one.sentence for outcome in outcomes for one in outcome.ranking if one.sentence]
    assert max(map(len, sentences)) <= 200
    assert sum(sentence.endswith("…") for sentence in sentences) in range(1, len(sentences) // 2)
    assert any(one.relevance for outcome in outcomes for one in outcome.ranking[FIRST:])


def test_a_passage_is_gold_if_it_holds_a_quote_whole(engine: LocalEngine, held: Asked) -> None:
    for outcome in held.evaluation.sets[0].outcomes:
        for one in outcome.ranking:
            assert one.start is not None
            assert one.end is not None
            text = engine.article(one.article).text[one.start : one.end]
            holds = any(gold.article == one.article and gold.quote and gold.quote in text for gold in outcome.gold)
            assert holds == (one.relevance == 1)
        ranks = [rank for rank, one in enumerate(outcome.ranking, 1) if one.relevance]
        assert outcome.first_rank == (ranks[0] if ranks else None) or (outcome.first_rank or 0) > SHOWN


def test_an_article_ranks_where_its_best_passage_does(engine: LocalEngine) -> None:
    article = engine.catalogue()[3].id
    question = Question("q", "Which astronauts were selected?", (), {article: 1})
    asked = ask(engine, [QuestionSet("beir", "articles", None, (question,))], DEFAULT_POLICY, no_progress)
    passages = answer(engine, Query(question.text, MAX_PASSAGES, Filters(copies="all"))).passages
    ranking = list(dict.fromkeys(passage.citation.article_id for passage in passages))
    assert asked.judged[0].rankings["q"] == tuple(ranking)
    assert asked.judged[0].judgements == {"q": {article: 1}}
    (outcome,) = asked.evaluation.sets[0].outcomes
    assert outcome.first_rank == ranking.index(article) + 1
    assert list(outcome.measures) == list(NAMES)
    assert outcome.gold[0].title == engine.article(article).title


def test_ids_in_files_hold_no_white_space(small: LocalEngine) -> None:
    question = Question("q 1", "When was the lamp lit?", (Quote("coast/bell rock", "1811"),), {})
    asked = ask(small, [quotes(question)], DEFAULT_POLICY, no_progress)
    document = f"coast/bell%20rock#char=0,{len(LIGHTS) - 1}"
    assert asked.judged[0].judgements == {"q 1": {document: 1}}
    assert asked.judged[0].rankings["q 1"][0] == document
    (outcome,) = asked.evaluation.sets[0].outcomes
    assert (outcome.first_rank, outcome.ranking[0].article) == (1, "coast/bell rock")
    assert outcome.gold[0].sentence == "The lamp of Bell Rock was lit in 1811."
    assert outcome.measures["sentence IoU"] == 1
    assert outcome.measures["characters R@5"] == 1
    assert outcome.measures["characters P@5"] == pytest.approx(4 / (len(LIGHTS) + len(MILLS) - 2))


def test_a_quote_that_no_passage_holds_counts_0_and_says_so(engine: LocalEngine) -> None:
    article, start, end = next(
        (entry.id, one[1] - 10, other[0] + 10)
        for entry in engine.catalogue()
        for one, other in pairwise(engine.spans(entry.id).passages)
        if one[1] <= other[0]
    )
    text = engine.article(article).text
    quote = Quote(article, text[start:end], text[start - 32 : start], text[end : end + 32])
    asked = ask(engine, [quotes(Question("q", quote.quote, (quote,), {}))], DEFAULT_POLICY, no_progress)
    (found,) = asked.evaluation.sets[0].outcomes
    assert (found.failure, found.first_rank) == ("gold cut", None)
    assert {found.measures[name] for name in NAMES} == {0.0}
    assert found.measures["characters R@5"] > 0.9
    assert asked.judged[0].judgements == {"q": {f"{article}#char={start},{end}": 1}}


def test_a_question_that_is_too_long_counts_0(small: LocalEngine) -> None:
    quote = Quote("mills", "eels")
    long = Question("long", "eels " * MAX_CHARACTERS, (quote,), {})
    found = outcomes(small, quotes(long, Question("short", "What rent did the miller pay?", (quote,), {})))
    assert (found[0].ranking, found[0].failure, found[0].answered, found[0].confidence) == (
        (),
        "not retrieved",
        False,
        0,
    )
    assert set(found[0].measures.values()) == {0.0}
    assert set(found[0].measures) == set(found[1].measures)
    assert found[1].first_rank == 1


def test_questions_of_another_archive_have_no_gold_and_no_measures(engine: LocalEngine, tmp_path: Path) -> None:
    sets = [read_questions(STARTER, "held"), QuestionSet("other", "quotes", None, read_unanswerable(STARTER).questions)]
    evaluation = evaluate(engine, sets, DEFAULT_POLICY, no_progress)
    other = evaluation.sets[1]
    assert {(one.gold, one.failure, one.first_rank, len(one.measures)) for one in other.outcomes} == {
        ((), None, None, 0)
    }
    assert other.figures == {}
    assert len(other.outcomes) == 176


def test_gold_that_is_missing_stops_before_anything_is_asked(small: LocalEngine) -> None:
    said: list[str] = []
    missing = Question("q", "Who?", (Quote("nobody", "x"), Quote("mills", "eels")), {})
    with pytest.raises(UnlocatedGold, match="nobody"):
        ask(small, [quotes(missing)], DEFAULT_POLICY, lambda step, done, total: said.append(step))
    assert said == []
    (found,) = ask(small, [quotes(missing)], DEFAULT_POLICY, no_progress, unlocated=True).evaluation.sets[0].outcomes
    assert [gold.title is None for gold in found.gold] == [True, False]
    only = Question("q", "Who?", (Quote("nobody", "x"),), {})
    (found,) = ask(small, [quotes(only)], DEFAULT_POLICY, no_progress, unlocated=True).evaluation.sets[0].outcomes
    assert (found.failure, set(found.measures.values())) == ("not retrieved", {0.0})


def test_progress_is_told_a_batch_at_a_time(small: LocalEngine) -> None:
    told: list[tuple[str, int, int | None]] = []
    many = tuple(Question(str(n), f"What of {n}?", (), {}) for n in range(BATCH + 3))
    sets = [quotes(*many), QuestionSet("second", "quotes", None, many[:2])]
    evaluate(small, sets, DEFAULT_POLICY, lambda *step: told.append(step))
    total = BATCH + 5
    assert told == [("Asking", BATCH, total), ("Asking", BATCH + 3, total), ("Asking", total, total)]


def test_sets_of_one_name_are_refused(small: LocalEngine) -> None:
    with pytest.raises(InvalidQuestions, match="small"):
        ask(small, [quotes(), quotes()], DEFAULT_POLICY, no_progress)
