"""Asking an engine sets of questions, and judging what comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from index.build import Progress
from index.filters import Filters
from index.search import Engine
from qa.answering import MAX_PASSAGES, Query, answer_all
from qa.answers import Answer, AnsweringPassage
from qa.evaluation.abstention import abstention
from qa.evaluation.gold import GoldFinder
from qa.evaluation.outcomes import Asked, Found, Judge, judge_all
from qa.evaluation.questions import Question, QuestionSet, check_names
from qa.evaluation.result import FORMAT, SHOWN, Evaluation, Layout, Ranked
from qa.evaluation.spans import FIRST, Slice
from qa.evaluation.trec import encode, passage_id
from qa.settings import Policy

BATCH = 256
"""So many questions are embedded together."""

_SENTENCE_CHARACTERS = 200

# Gold may be in any of them; an answer shows one and names the others.
_ALL_COPIES = Filters(copies="all")


def evaluate(
    engine: Engine, sets: Sequence[QuestionSet], policy: Policy, progress: Progress, unlocated: bool = False
) -> Evaluation:
    """What ``ask`` finds, without the whole rankings."""
    return ask(engine, sets, policy, progress, unlocated).evaluation


def ask(
    engine: Engine, sets: Sequence[QuestionSet], policy: Policy, progress: Progress, unlocated: bool = False
) -> Asked:
    """How well an engine answers sets of questions, each asked for as many passages as can be.

    A question that is too long to be asked gets no result and the confidence 0. Raises ``UnlocatedGold`` before
    anything is asked, unless ``unlocated`` gold is to count as not found, and ``InvalidQuestions`` for sets of the
    same name.
    """
    check_names(sets)
    finder = GoldFinder(engine)
    judges = [Judge(one, finder.find(one.questions, unlocated), finder) for one in sets]
    total = sum(len(one.questions) for one in sets)
    done = 0

    def count(number: int) -> None:
        nonlocal done
        done += number
        progress("Asking", done, total)

    judged = tuple(judge_all(judge, _found(engine, judge.questions, policy, count)) for judge in judges)
    outcomes = [outcome for one in judged for outcome in one.result.outcomes]
    evaluation = Evaluation(
        format=FORMAT,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        source=engine.manifest.generation,
        model=engine.manifest.model,
        cross_encoder=engine.cross_encoder,
        sets=tuple(one.result for one in judged),
        abstention=abstention(outcomes, policy.threshold),
    )
    return Asked(evaluation, judged)


def _found(
    engine: Engine, questions: QuestionSet, policy: Policy, count: Callable[[int], None]
) -> Iterator[list[Found]]:
    """What each question of a set got, in batches; ``count`` is told how many it were."""
    for begun in range(0, len(questions.questions), BATCH):
        batch = questions.questions[begun : begun + BATCH]
        askable = [question for question in batch if question.askable]
        answers = answer_all(engine, [Query(question.text, MAX_PASSAGES, _ALL_COPIES) for question in askable], policy)
        found = {
            question.id: _found_by(questions.layout, question, answer)
            for question, answer in zip(askable, answers, strict=True)
        }
        yield [found.get(question.id) or _refused(question) for question in batch]
        count(len(batch))


def _found_by(layout: Layout, question: Question, answer: Answer) -> Found:
    by_document: dict[str, AnsweringPassage] = {}
    for passage in answer.passages:
        by_document.setdefault(_document(layout, passage), passage)
    first = answer.passages[:FIRST]
    return Found(
        question=question,
        documents=tuple(by_document),
        shown=tuple(_ranked(*entry) for entry in islice(by_document.items(), SHOWN)),
        passages=tuple(Slice(p.citation.article_id, p.citation.start, p.citation.end) for p in first),
        highlights=tuple(_highlighted(passage) for passage in first),
        confidence=answer.confidence,
        answered=answer.answered,
    )


def _refused(question: Question) -> Found:
    """Of a question that is too long: what the service, too, would answer nothing to."""
    return Found(question, (), (), (), (), 0.0, answered=False)


def _document(layout: Layout, passage: AnsweringPassage) -> str:
    """The id in a run file; an article's rank is that of its best passage."""
    citation = passage.citation
    if layout == "articles":
        return encode(citation.article_id)
    return passage_id(citation.article_id, citation.start, citation.end)


def _ranked(document: str, passage: AnsweringPassage) -> Ranked:
    citation = passage.citation
    best = passage.highlights[0]
    sentence = passage.text[best.start - passage.start : best.end - passage.start]
    return Ranked(
        document=document,
        score=passage.score,
        article=citation.article_id,
        title=citation.title,
        start=citation.start,
        end=citation.end,
        sentence=_shortened(sentence),
    )


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= _SENTENCE_CHARACTERS else f"{sentence[: _SENTENCE_CHARACTERS - 1].rstrip()}…"


def _highlighted(passage: AnsweringPassage) -> tuple[Slice, ...]:
    return tuple(Slice(passage.citation.article_id, one.start, one.end) for one in passage.highlights)
