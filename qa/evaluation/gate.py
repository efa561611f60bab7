"""A gate in front of publishing: a new generation that answers significantly worse than the current one is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from corpus.errors import IbidemError, InvalidQuestions, NoIndex, WorseGeneration
from index.build import Gate, Progress
from index.search import Engine
from qa.evaluation.asking import evaluate
from qa.evaluation.comparison import compare
from qa.evaluation.judgement import Judgement, to_json
from qa.evaluation.questions import QuestionSet
from qa.evaluation.result import PRIMARY, Comparison, Evaluation
from qa.evaluation.statistics import mean_figure
from qa.settings import Policy

_NAMED = 3
"""So many of the questions that were lost are named."""


def gate(sets: Sequence[QuestionSet], policy: Policy, force: bool) -> Gate:
    """What ``build`` calls to judge a generation by these sets: a ``Judgement`` as JSON.

    It raises ``WorseGeneration`` if the verdict is worse, unless it is to ``force`` it, and ``UnlocatedGold`` for gold
    that the new generation doesn't have. This raises ``InvalidQuestions`` where no question has gold.
    """
    if not any(question.answerable for one in sets for question in one.questions):
        raise InvalidQuestions(
            "the gate's questions have none that the archive answers: give it some that have answers"
        )

    def judge(new: Engine, open_current: Callable[[], Engine], progress: Progress) -> Mapping[str, Any]:
        after = evaluate(new, sets, policy, _named("the new generation", progress))
        try:
            current = open_current()
        except NoIndex:
            return to_json(_judgement(after, force, alone="it is the first generation"))
        except (IbidemError, OSError) as error:
            return to_json(_judgement(after, force, alone=f"the current generation can't be opened: {error}"))
        before = evaluate(current, sets, policy, _named("the current one", progress), unlocated=True)
        compared = compare(before, after)
        if compared.verdict == "worse" and not force:
            raise WorseGeneration(_refusal(compared))
        return to_json(_judgement(after, force, compared=compared, unlocated=_unlocated(before)))

    return judge


def _judgement(
    after: Evaluation, forced: bool, alone: str | None = None, compared: Comparison | None = None, unlocated: int = 0
) -> Judgement:
    values = [outcome.measures[PRIMARY] for one in after.sets for outcome in one.outcomes if outcome.answerable]
    return Judgement(
        measure=PRIMARY,
        questions=len(values),
        figure=mean_figure(values),
        sets={one.name: one.figures for one in after.sets},
        against=compared.before if compared else None,
        alone=alone,
        verdict=compared.verdict if compared else None,
        test=compared.primary if compared else None,
        unlocated=unlocated,
        forced=forced,
        cross_encoder=after.cross_encoder,
    )


def _refusal(compared: Comparison) -> str:
    test = compared.primary
    lost = ", ".join(f"{change.after.id} ({change.set})" for change in compared.lost[:_NAMED])
    return (
        f"the new generation was not published, as it is worse than {compared.before}: {test.measure} fell from"
        f" {test.before:.3f} to {test.after:.3f} (p {test.p:.4f}), most for the questions {lost};"
        " give --force to publish it all the same"
    )


def _unlocated(before: Evaluation) -> int:
    """How many questions have gold that the generation doesn't have."""
    outcomes = (outcome for one in before.sets for outcome in one.outcomes)
    return sum(any(gold.title is None for gold in outcome.gold) for outcome in outcomes)


def _named(which: str, progress: Progress) -> Progress:
    """Tells the steps of two evaluations apart."""
    return lambda step, done, total: progress(f"{step}, {which}", done, total)
