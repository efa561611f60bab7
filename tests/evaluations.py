"""Evaluations made by hand, for the tests of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from qa.evaluation.result import (
    Abstention,
    Change,
    Comparison,
    Evaluation,
    Failure,
    Figure,
    Gold,
    Operating,
    Outcome,
    Ranked,
    Rate,
    SetResult,
    Test,
    Verdict,
)

ARTICLES = {
    "coast/fastnet": "The rock and its light",
    "coast/bell-rock": "Building on a reef that drowns twice a day",
    "inland/mills": "Water mills of the upper valley",
    "inland/locks": "How a flight of locks is worked",
}
SENTENCE = "The lamp was lit on 1 February 1811, after four summers of work between the tides."
QUOTE = "1 February 1811"


def gold(article: str = "coast/bell-rock", quote: str | None = QUOTE, sentence: str | None = SENTENCE) -> Gold:
    start = 1204 if quote is not None else None
    return Gold(article, ARTICLES.get(article), quote, start, start and start + len(quote or ""), sentence)


def ranked(number: int, relevance: int = 0, article: str = "inland/mills") -> Ranked:
    start = 700 * number
    sentence = f"Sentence {number} tells of wheels, of water, and of the men who kept both in order through the winter."
    document = f"{article}#char={start},{start + 640}"
    score = 0.95 - number / 20
    return Ranked(document, score, article, relevance, ARTICLES.get(article), start, start + 640, sentence)


def outcome(
    number: int,
    first_rank: int | None = 1,
    failure: Failure | None = None,
    confidence: float | None = 0.9,
    golds: Sequence[Gold] | None = None,
    **changes: Any,
) -> Outcome:
    """A question with ten documents of which the one at ``first_rank`` is gold."""
    golds = (gold(list(ARTICLES)[number % 4]),) if golds is None else tuple(golds)
    where = golds[0].article if golds else "inland/mills"
    ranking = tuple(
        ranked(rank, 1, where) if golds and rank == first_rank else ranked(rank, 0, list(ARTICLES)[rank % 4])
        for rank in range(1, 11)
    )
    gain = 0.0 if first_rank is None or first_rank > 10 else 1 / first_rank
    measures = {"nDCG@10": gain, "Success@5": float(failure is None)} if golds else {}
    values: dict[str, Any] = {
        "id": f"q{number:03}",
        "question": f"On which day was lamp number {number} lit, and who was there?",
        "gold": golds,
        "ranking": ranking,
        "first_rank": first_rank if golds else None,
        "failure": failure,
        "confidence": confidence,
        "answered": confidence is None or confidence >= 0.5,
        "measures": measures,
    }
    return Outcome(**{**values, **changes})


def outcomes() -> list[Outcome]:
    """44 questions: 40 with gold, of which 33 have it in the first five; 3 are refused, 1 of those with gold there;
    4 without gold, of which 1 is answered."""
    first = [1] * 24 + [2] * 5 + [3] * 2 + [5] * 2
    right = [outcome(number, rank, confidence=0.99 - number / 100) for number, rank in enumerate(first)]
    right[32] = replace(right[32], confidence=0.41, answered=False)
    wrong = [
        outcome(33, 7, "ranked low", 0.71),
        outcome(34, 42, "ranked low", 0.66),
        outcome(35, None, "not retrieved", 0.45),
        outcome(36, None, "not retrieved", 0.38),
        outcome(37, None, "not retrieved", 0.83),
        outcome(38, 9, "wrong passage", 0.62),
        outcome(39, None, "gold cut", 0.77),
    ]
    without = [outcome(40 + number, None, None, score, ()) for number, score in enumerate((0.8, 0.3, 0.2, 0.1))]
    return [*right, *wrong, *without]


def abstention() -> Abstention:
    curve = tuple(
        Operating(step / 20, 1 - step / 21, 0.3 * (1 - step / 20), 1 - step / 20, step / 40) for step in range(21)
    )
    return Abstention(
        Figure(0.912, 0.841, 0.966),
        0.5,
        Rate(1, 4, Figure(0.25, 0.046, 0.699)),
        Rate(3, 40, Figure(0.075, 0.026, 0.199)),
        curve,
    )


def evaluation(
    results: Sequence[Outcome] | None = None, silence: Abstention | None = None, **changes: Any
) -> Evaluation:
    """An evaluation of one set of quotes."""
    results = outcomes() if results is None else results
    figures = {
        "nDCG@10": Figure(0.7414, 0.6381, 0.8372),
        "Success@1": Figure(0.6, 0.45, 0.75),
        "Success@5": Figure(0.825, 0.7, 0.925),
    }
    answerable = any(result.answerable for result in results)
    one = SetResult("lights", "quotes", "held", tuple(results), figures if answerable else {}, 611.6)
    values: dict[str, Any] = {
        "format": 1,
        "created": "2026-01-31T12:05:09+00:00",
        "source": "20260131T115501Z-031415",
        "model": "all-MiniLM-L6-v2",
        "cross_encoder": None,
        "sets": (one,),
        "abstention": silence,
    }
    return Evaluation(**{**values, **changes})


def comparison(verdict: Verdict = "worse", changes: int = 3) -> Comparison:
    primary = Test("lights", "nDCG@10", 0.7614, 0.7414, Figure(-0.02, -0.0371, -0.0042), 0.0124, 0.0231)
    other = Test("lights", "Success@5", 0.8, 0.825, Figure(0.025, 0.0, 0.05), 0.0000999, 0.0)
    lost = [Change("lights", outcome(number), outcome(number, 7, "ranked low")) for number in range(changes)]
    won = [Change("lights", outcome(90, None, "not retrieved"), outcome(90, 2))]
    before, after = "20260130T080000Z-000001", "20260131T115501Z-031415"
    return Comparison(before, after, verdict, primary, (primary, other), tuple(lost), tuple(won))
