"""The values that an evaluation is made of, from one question's ranking to the whole result and a comparison.

They are plain and frozen, so that ``result.json`` is what ``pydantic.TypeAdapter(Evaluation)`` makes of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FORMAT = 1
"""The version of the layout of ``result.json``."""

SHOWN = 10
"""So many documents of each ranking are kept in a result."""

PRIMARY = "nDCG@10"
"""The measure that a comparison's verdict and a build's gate go by."""

Layout = Literal["articles", "quotes"]
"""What a set's gold is: whole articles (BEIR), or quotes anchored in articles."""

Failure = Literal["gold cut", "wrong passage", "ranked low", "not retrieved"]
"""Why the first five hold no gold: no passage holds it whole; one of the first five is of the right article; it is
further down; it is not in the ranking. The first that applies."""

Verdict = Literal["better", "worse", "no difference shown"]


@dataclass(frozen=True, slots=True)
class Gold:
    """What a question should find: an article, and for an anchored quote where it stands, code points of the
    canonical text, half-open, with the text of its sentence. ``title`` is ``None`` where there is no index."""

    article: str
    title: str | None
    quote: str | None
    start: int | None
    end: int | None
    sentence: str | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """One document of a ranking. ``document`` is its id in run and qrels files: an article's id, or for a passage
    ``ARTICLE#char=START,END`` (RFC 5147). ``relevance`` is 0 for what isn't gold. ``sentence`` is the highlighted one,
    cut at 200 code points. Past the first five, only gold has its title and sentence; titles, spans and sentences are
    ``None`` where a run file was evaluated."""

    document: str
    score: float
    article: str
    relevance: int = 0
    title: str | None = None
    start: int | None = None
    end: int | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question. ``gold`` and ``measures`` are empty for one that the archive does not answer.

    ``first_rank`` is that of the first document that is gold, from 1, ``None`` if none was found. ``failure`` is
    ``None`` where one of the first five is gold, and for a question that the archive does not answer.
    """

    id: str
    question: str
    gold: tuple[Gold, ...]
    ranking: tuple[Ranked, ...]
    first_rank: int | None
    failure: Failure | None
    confidence: float | None
    answered: bool
    measures: Mapping[str, float]

    @property
    def answerable(self) -> bool:
        """Whether the archive answers it, by its gold."""
        return bool(self.gold)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95% interval."""

    value: float
    """The figure."""
    low: float
    """The lower end of the interval."""
    high: float
    """Its upper end."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of all, and the share of them."""

    count: int
    """How many."""
    total: int
    """Of how many."""
    share: Figure
    """The share, with its 95% interval (Wilson)."""


@dataclass(frozen=True, slots=True)
class SetResult:
    """One set of questions. ``figures`` are means over all its answerable questions (empty if there are none), by
    ir-measures' names and for quotes by those of ``qa.evaluation.spans`` as well. ``passage_characters`` is the mean
    length of the first five passages, ``None`` for a run file."""

    name: str
    layout: Layout
    part: str | None
    outcomes: tuple[Outcome, ...]
    figures: Mapping[str, Figure]
    passage_characters: float | None


@dataclass(frozen=True, slots=True)
class Operating:
    """What a threshold would do: the share of all questions that are answered at it, the share of the answered ones
    that are wrong (the archive does not answer them, or the first five hold no gold), the share of unanswerable
    questions that are answered, and the share of answerable ones that are not."""

    threshold: float
    answered: float
    wrong: float
    answered_wrongly: float
    refused_wrongly: float


@dataclass(frozen=True, slots=True)
class Abstention:
    """How well confidence tells answerable questions from others, over all sets of the evaluation.

    ``auroc`` is the chance that an answerable question has more confidence than an unanswerable one, ties counted
    half. The rates are those at ``threshold``. ``curve`` ascends by threshold.
    """

    auroc: Figure
    threshold: float
    answered_wrongly: Rate
    refused_wrongly: Rate
    curve: tuple[Operating, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The whole result. ``source`` names the generation, or the run file. ``created`` is a UTC time in ISO 8601.
    ``cross_encoder`` is the one that ordered the best passages anew, ``None`` without one. ``abstention`` is ``None``
    without unanswerable questions, or without answerable ones, or for a run file."""

    format: int
    created: str
    source: str
    model: str | None
    cross_encoder: str | None
    sets: tuple[SetResult, ...]
    abstention: Abstention | None

    @property
    def title(self) -> str:
        """The source, with the cross-encoder if there was one: what a comparison calls it."""
        return f"{self.source} with cross-encoder {self.cross_encoder}" if self.cross_encoder else self.source


@dataclass(frozen=True, slots=True)
class Test:
    """A paired comparison of one measure over the questions of one set (``None``: over those of all sets).

    ``difference`` is after minus before, with a bootstrap interval; ``p`` is two-sided, of a paired randomisation
    test. ``detectable`` is the smallest true difference that would be found in four of five such comparisons; ``None``
    where all questions changed by the same (such as not at all), which says nothing about that.
    """

    set: str | None
    measure: str
    before: float
    after: float
    difference: Figure
    p: float
    detectable: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose primary measure changed, with both outcomes."""

    set: str
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Comparison:
    """An evaluation beside an earlier one of the same questions. ``primary`` is what the verdict goes by; ``lost``
    and ``won`` begin with the largest change."""

    before: str
    after: str
    verdict: Verdict
    primary: Test
    tests: tuple[Test, ...]
    lost: tuple[Change, ...]
    won: tuple[Change, ...]
