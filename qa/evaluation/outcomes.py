"""From what questions got to their outcomes, and to the result of a set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qa.evaluation import measures, spans
from qa.evaluation.gold import GoldFinder, Span, passages_with, sentence_around
from qa.evaluation.questions import Question, QuestionSet
from qa.evaluation.result import Evaluation, Failure, Figure, Gold, Outcome, Ranked, SetResult
from qa.evaluation.spans import FIRST, Slice
from qa.evaluation.statistics import mean_figures
from qa.evaluation.trec import Judgements, Rankings, encode, passage_id

Golds = Mapping[str, tuple[Gold, ...]]
"""What each question should find, by the question's id."""

Passages = Mapping[str, Sequence[Span]]
"""The passages of articles, by the article's id."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one question got, best first. ``documents`` are the ids of all, ``shown`` the first of them, their
    relevance not yet known. ``passages`` are the first five and ``highlights`` what is highlighted in each, ``None``
    where that isn't known."""

    question: Question
    documents: tuple[str, ...]
    shown: tuple[Ranked, ...]
    passages: tuple[Slice, ...]
    highlights: tuple[tuple[Slice, ...], ...] | None
    confidence: float | None
    answered: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """The result of a set with its whole rankings, and what they were judged by."""

    result: SetResult
    rankings: Rankings
    judgements: Judgements


@dataclass(frozen=True, slots=True)
class Asked:
    """An evaluation with the whole rankings of each of its sets."""

    evaluation: Evaluation
    judged: tuple[Judged, ...]


class Judge:
    """Judges what the questions of a set got. ``golds`` has the gold of every question.

    ``passages`` has those of every article in which there are quotes to be found; ``complete`` says that these are all
    the passages that there are, so that a quote which none of them holds was cut.
    """

    def __init__(
        self,
        questions: QuestionSet,
        golds: Golds,
        finder: GoldFinder | None,
        passages: Passages | None = None,
        complete: bool = True,
    ) -> None:
        self.questions = questions
        self._golds = golds
        self._finder = finder
        self._passages = _index_passages(golds, finder) if passages is None else passages
        self._complete = complete
        self.judgements = {one.id: self._relevances(one) for one in questions.questions if one.answerable}

    def outcomes(self, batch: Sequence[Found]) -> Iterator[Outcome]:
        """The outcome of each question."""
        answerable = [found for found in batch if found.question.answerable]
        by_question = measures.by_question(
            {found.question.id: self.judgements[found.question.id] for found in answerable},
            {found.question.id: found.documents for found in answerable},
        )
        for found in batch:
            yield self._outcome(found, by_question.get(found.question.id, {}))

    def _outcome(self, found: Found, by_name: dict[str, float]) -> Outcome:
        question = found.question
        relevances = self.judgements.get(question.id, {})
        gold_ranks = [rank for rank, one in enumerate(found.documents, 1) if relevances.get(one, 0) > 0]
        first_rank = gold_ranks[0] if gold_ranks else None
        if question.quotes and self.questions.layout == "quotes":
            by_name |= self._span_measures(found, first_rank)
        return Outcome(
            id=question.id,
            question=question.text,
            gold=self._golds[question.id],
            ranking=tuple(_kept(rank, one, relevances) for rank, one in enumerate(found.shown, 1)),
            first_rank=first_rank,
            failure=self._failure(found, first_rank) if question.answerable else None,
            confidence=found.confidence,
            answered=found.answered,
            measures=by_name,
        )

    def _failure(self, found: Found, first_rank: int | None) -> Failure | None:
        golds = self._golds[found.question.id]
        if first_rank is not None and first_rank <= FIRST:
            return None
        if self.questions.layout == "quotes":
            if self._is_cut(golds):
                return "gold cut"
            if {one.article for one in found.passages} & {gold.article for gold in golds}:
                return "wrong passage"
        return "not retrieved" if first_rank is None else "ranked low"

    def _is_cut(self, golds: Sequence[Gold]) -> bool:
        located = [gold for gold in golds if gold.start is not None]
        return self._complete and bool(located) and not any(passages_with(located, self._passages))

    def _relevances(self, question: Question) -> dict[str, int]:
        """The relevance of documents. A quote that is not in the index stands for itself, which no ranking has, so that
        whoever calculates with it counts it as not found; so do quotes of which no passage holds any whole."""
        if self.questions.layout == "articles":
            return {encode(article): relevance for article, relevance in question.articles.items()}
        golds = self._golds[question.id]
        held = [passage_id(*passage) for passage in passages_with(golds, self._passages)]
        unlocated = [_own_id(gold) for gold in golds if gold.start is None]
        return dict.fromkeys([*held, *unlocated] or map(_own_id, golds), 1)

    def _span_measures(self, found: Found, first_rank: int | None) -> dict[str, float]:
        golds = [Slice(gold.article, *span) for gold in self._golds[found.question.id] if (span := _place(gold))]
        by_name = spans.characters("characters", golds, found.passages)
        if found.highlights is None or self._finder is None:
            return by_name
        sentences = [self._sentence(gold, self._finder) for gold in golds]
        seen = first_rank is not None and first_rank <= FIRST
        highlighted = found.highlights[first_rank - 1] if seen and first_rank else ()
        return {
            **by_name,
            **spans.characters("highlights", golds, [one for several in found.highlights for one in several]),
            spans.SENTENCE: spans.sentence_overlap(sentences, highlighted),
        }

    def _sentence(self, gold: Slice, finder: GoldFinder) -> Slice:
        return Slice(gold.article, *sentence_around((gold.start, gold.end), finder.spans(gold.article)))


def judge_all(judge: Judge, batches: Iterable[Sequence[Found]]) -> Judged:
    """The result of a set, from what all of its questions got."""
    outcomes: list[Outcome] = []
    rankings: dict[str, tuple[str, ...]] = {}
    lengths: list[int] = []
    for batch in batches:
        outcomes += judge.outcomes(batch)
        rankings |= {found.question.id: found.documents for found in batch}
        lengths += [one.end - one.start for found in batch for one in found.passages if found.highlights is not None]
    questions = judge.questions
    result = SetResult(
        name=questions.name,
        layout=questions.layout,
        part=questions.part,
        outcomes=tuple(outcomes),
        figures=_figures([outcome for outcome in outcomes if outcome.answerable]),
        passage_characters=sum(lengths) / len(lengths) if lengths else None,
    )
    return Judged(result, rankings, judge.judgements)


def _figures(outcomes: Sequence[Outcome]) -> Mapping[str, Figure]:
    if not outcomes:
        return {}
    return mean_figures({name: [one.measures[name] for one in outcomes] for name in outcomes[0].measures})


def _kept(rank: int, one: Ranked, relevances: Mapping[str, int]) -> Ranked:
    """A document of a ranking with its relevance. Titles and sentences are most of a result, and past the first five
    only those of gold are ever looked at."""
    relevance = relevances.get(one.document, 0)
    if rank > FIRST and not relevance:
        return replace(one, title=None, sentence=None)
    return replace(one, relevance=relevance)


def _index_passages(golds: Golds, finder: GoldFinder | None) -> Passages:
    """The passages of the articles in which quotes were located."""
    located = {gold.article for several in golds.values() for gold in several if gold.start is not None}
    return {article: finder.spans(article).passages for article in located} if finder else {}


def _own_id(gold: Gold) -> str:
    place = _place(gold)
    return passage_id(gold.article, *place) if place else encode(gold.article)


def _place(gold: Gold) -> Span | None:
    return None if gold.start is None or gold.end is None else (gold.start, gold.end)
