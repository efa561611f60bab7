"""The questions that went wrong, grouped by how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qa.evaluation.charts import found
from qa.evaluation.result import Evaluation, Failure, Outcome

LISTED = 100
"""So many questions of each kind are listed; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A question that went wrong, with the name of its set."""

    set: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Kind:
    """The questions that went wrong in one way, at most ``LISTED`` of ``total``, those with most confidence first.

    ``name`` fits an address, ``title`` and ``meaning`` are for people.
    """

    name: str
    title: str
    meaning: str
    total: int
    listed: tuple[Failed, ...]


_FAILURES: dict[Failure, tuple[str, str]] = {
    "not retrieved": ("Not found at all", "Nothing in the whole ranking is gold."),
    "ranked low": ("Found, but ranked low", "The ranking holds the gold, but further down than fifth."),
    "wrong passage": (
        "Right article, wrong passage",
        "One of the first five is of the right article, but the gold stands elsewhere in that article.",
    ),
    "gold cut": ("Gold cut in two", "No passage holds the gold whole: a border between two passages runs through it."),
}

_ANSWERED = (
    "Answered, though the archive does not answer",
    "Nothing in the archive answers these questions, yet the confidence reached the threshold.",
)
_REFUSED = (
    "Not answered, though the archive does answer",
    "The confidence stayed below the threshold. Questions whose gold was in the first five come first.",
)


def kinds(evaluation: Evaluation) -> list[Kind]:
    """Every way in which a question went wrong here, the one with most questions first.

    A question may be in two: what was not found may also have been refused. Without confidence nothing can be
    said of answering or refusing.
    """
    outcomes = [Failed(result.name, outcome) for result in evaluation.sets for outcome in result.outcomes]
    kinds = [
        _kind(failure.replace(" ", "-"), words, [one for one in outcomes if one.outcome.failure == failure])
        for failure, words in _FAILURES.items()
    ]
    confident = [one for one in outcomes if one.outcome.confidence is not None]
    answered = [one for one in confident if one.outcome.answered and not one.outcome.answerable]
    refused = [one for one in confident if one.outcome.answerable and not one.outcome.answered]
    kinds.append(_kind("answered-wrongly", _ANSWERED, answered))
    kinds.append(_kind("refused-wrongly", _REFUSED, refused, lambda one: found(one.outcome)))
    return sorted((kind for kind in kinds if kind.total), key=lambda kind: -kind.total)


def _kind(
    name: str, words: tuple[str, str], members: list[Failed], first: Callable[[Failed], bool] = lambda _: False
) -> Kind:
    members = sorted(members, key=lambda one: (not first(one), -(one.outcome.confidence or 0)))
    return Kind(name, *words, len(members), tuple(members[:LISTED]))
