"""Judging a TREC run file, whatever made it, as if an engine had given its rankings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from corpus.errors import InvalidQuestions, InvalidRun, WrongUse
from index.search import Engine
from qa.evaluation.gold import GoldFinder, gold_without_index
from qa.evaluation.outcomes import Asked, Found, Golds, Judge, Judged, judge_all
from qa.evaluation.questions import Question, QuestionSet, check_names
from qa.evaluation.result import FORMAT, SHOWN, Evaluation, Layout, Ranked
from qa.evaluation.spans import FIRST, Slice
from qa.evaluation.trec import Run, decode, encode, parse_passage

_NAMED = 5


def needs_index(run: Run, sets: Sequence[QuestionSet]) -> bool:
    """Whether the run ranks passages for a set of quotes, which only an index can locate."""
    return any(_layout(run, one) == "quotes" for one in sets)


def ask_run(run: Run, sets: Sequence[QuestionSet], engine: Engine | None) -> Asked:
    """How good a run's rankings are; a question that it doesn't have counts as one that found nothing.

    Where it ranks articles for a set of quotes, the articles that the quotes are from are what should be found.
    Raises ``InvalidRun`` for a run that has other questions, and ``UnlocatedGold``.
    """
    check_names(sets)
    _check_questions(run, sets)
    finder = GoldFinder(engine) if engine else None
    judged = tuple(_judged(run, one, finder) for one in sets)
    evaluation = Evaluation(
        format=FORMAT,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        source=str(run.path),
        model=None,
        cross_encoder=None,
        sets=tuple(one.result for one in judged),
        abstention=None,
    )
    return Asked(evaluation, judged)


def _judged(run: Run, questions: QuestionSet, finder: GoldFinder | None) -> Judged:
    judge = _judge(run, questions, finder)
    return judge_all(judge, [[_found(run, question) for question in judge.questions.questions]])


def _judge(run: Run, questions: QuestionSet, finder: GoldFinder | None) -> Judge:
    if _layout(run, questions) == "articles":
        golds = {question.id: gold_without_index(question) for question in questions.questions}
        return Judge(_of_articles(questions), golds, None)
    if finder is None:
        raise WrongUse(f"{run.path} ranks passages: give the index that the quotes of {questions.name!r} are from")
    golds = finder.find(questions.questions)
    own = _foreign_passages(run, golds, finder)
    return Judge(questions, golds, finder, own, complete=own is None)


def _of_articles(questions: QuestionSet) -> QuestionSet:
    """The set with the articles of its quotes as what should be found."""
    changed = (
        replace(one, quotes=(), articles={**one.articles, **{quote.article: 1 for quote in one.quotes}})
        for one in questions.questions
    )
    return replace(questions, layout="articles", questions=tuple(changed))


def _foreign_passages(run: Run, golds: Golds, finder: GoldFinder) -> Mapping[str, list[tuple[int, int]]] | None:
    """The run's passages of the articles in which there is gold, if it cuts them otherwise than the index does."""
    passages: dict[str, list[tuple[int, int]]] = {gold.article: [] for several in golds.values() for gold in several}
    for document in sorted({document for ranking in run.rankings.values() for document, _ in ranking}):
        passage = parse_passage(document)
        if passage and passage[0] in passages:
            passages[passage[0]].append(passage[1:])
    foreign = any(set(spans) - set(finder.spans(article).passages) for article, spans in passages.items())
    return passages if foreign else None


def _found(run: Run, question: Question) -> Found:
    ranking = run.rankings.get(encode(question.id), ())
    return Found(
        question=question,
        documents=tuple(document for document, _ in ranking),
        shown=tuple(_ranked(*entry) for entry in ranking[:SHOWN]),
        passages=tuple(_slice(document) for document, _ in ranking[:FIRST]),
        highlights=None,
        confidence=None,
        answered=bool(ranking),
    )


def _ranked(document: str, score: float) -> Ranked:
    return Ranked(document, score, _slice(document).article)


def _slice(document: str) -> Slice:
    return Slice(*(parse_passage(document) or (decode(document), 0, 0)))


def _layout(run: Run, questions: QuestionSet) -> Layout:
    """Whether the run ranks articles for a set, as it must for one whose gold is articles, or passages."""
    if questions.layout == "articles":
        return "articles"
    rankings = [run.rankings.get(encode(question.id), ()) for question in questions.questions]
    passages = {parse_passage(document) is not None for ranking in rankings for document, _ in ranking}
    if len(passages) > 1:
        raise InvalidRun(f"{run.path} ranks both passages and articles for {questions.name!r}: it must be one of them")
    return "quotes" if True in passages else "articles"


def _check_questions(run: Run, sets: Sequence[QuestionSet]) -> None:
    known: dict[str, str] = {}
    for one in sets:
        for question in one.questions:
            if known.setdefault(encode(question.id), one.name) != one.name:
                raise InvalidQuestions(
                    f"question {question.id!r} is in {known[encode(question.id)]!r} and in {one.name!r}: a run can't"
                    " tell them apart; evaluate one set at a time"
                )
    unknown = [name for name in run.rankings if name not in known]
    if unknown:
        named = ", ".join(unknown[:_NAMED]) + (", …" if len(unknown) > _NAMED else "")
        raise InvalidRun(f"{run.path} has {len(unknown)} questions that are not in the sets given: {named}")
