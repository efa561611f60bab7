"""The numbers behind the report's plots: counted from outcomes here, drawn by ``qa/templates/charts.html``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from qa.evaluation.result import Abstention, Evaluation, Outcome, Rate
from qa.evaluation.statistics import rate

BINS = 20
"""So many bars has each row of the distribution of scores."""

SOURCES = 15
"""So many rows has the breakdown by source at most."""

_FEW_ARTICLES = 40
"""The breakdown by source is by article up to so many, and by folder past it."""

_CURVE_POINTS = 150
_RANKS = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 100))
_RIGHT = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a histogram; ``share`` is of all that were counted, ``right`` whether it holds what is wanted."""

    label: str
    count: int
    share: float
    right: bool


@dataclass(frozen=True, slots=True)
class Row:
    """How many outcomes of one kind have a score in each bin; ``shares`` add up to 1, or are all 0."""

    label: str
    style: str
    total: int
    counts: tuple[int, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Distribution:
    """How scores are spread over ``BINS`` bins of equal width from ``low`` to ``high``, both closed.

    ``measure`` names the score; ``without`` is how many outcomes have none, as their ranking is empty.
    """

    measure: str
    low: float
    high: float
    rows: tuple[Row, ...]
    without: int


@dataclass(frozen=True, slots=True)
class Part:
    """A row of a breakdown: how many of its questions have gold among the first five."""

    label: str
    note: str
    found: Rate


@dataclass(frozen=True, slots=True)
class Sources:
    """The breakdown by source, worst first; ``kind`` is what a source is, ``left_out`` how many rows are not shown."""

    kind: str
    parts: tuple[Part, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the answered-versus-error curve: the share of questions answered, and of answers that are wrong."""

    threshold: float
    answered: float
    wrong: float


def found(outcome: Outcome) -> bool:
    """Whether one of the first five documents is gold."""
    return outcome.answerable and outcome.failure is None


def ranks(outcomes: Sequence[Outcome]) -> tuple[Bar, ...]:
    """How many answerable questions have their first gold at which rank, the ones without gold in the last bar."""
    firsts = [outcome.first_rank for outcome in outcomes if outcome.answerable]
    last = _RANKS[-1][1]
    counts = [
        (str(low) if low == high else f"{low}–{high}", sum(low <= (rank or 0) <= high for rank in firsts), high)
        for low, high in _RANKS
    ]
    beyond = sum((rank or 0) > last for rank in firsts)
    if beyond:
        counts.append((f"{last + 1}+", beyond, last + 1))
    counts.append(("none", firsts.count(None), last + 1))
    return tuple(Bar(label, count, count / max(1, len(firsts)), high <= _RIGHT) for label, count, high in counts)


def distribution(evaluation: Evaluation) -> Distribution:
    """The confidence of the questions answered right, of those answered wrong, and of those without an answer.

    Where an outcome has no confidence, it is the score of the first document of each ranking.
    """
    outcomes = all_outcomes(evaluation)
    confident = all(outcome.confidence is not None for outcome in outcomes)
    scored = [(outcome, score) for outcome in outcomes if (score := _score(outcome, confident)) is not None]
    low, high = (0.0, 1.0) if confident else _range([score for _, score in scored])
    kinds: tuple[tuple[str, str, Callable[[Outcome], bool]], ...] = (
        ("right in the first five", "right", found),
        ("not in the first five", "wrong", lambda outcome: outcome.answerable and not found(outcome)),
        ("not answered by the archive", "other", lambda outcome: not outcome.answerable),
    )
    rows = (
        _row(label, style, [(score - low) / (high - low) for outcome, score in scored if belongs(outcome)])
        for label, style, belongs in kinds
    )
    measure = "confidence" if confident else "score of the first document"
    return Distribution(measure, low, high, tuple(row for row in rows if row.total), len(outcomes) - len(scored))


def curve(abstention: Abstention) -> tuple[Point, ...]:
    """The answered-versus-error curve, threshold ascending, thinned to what a drawing can show."""
    points = [Point(point.threshold, point.answered, point.wrong) for point in abstention.curve if point.answered > 0]
    step = max(1, -(-len(points) // _CURVE_POINTS))
    thinned = points[::step]
    return tuple(thinned if not points or thinned[-1] == points[-1] else [*thinned, points[-1]])


def operating_point(evaluation: Evaluation, threshold: float) -> Point:
    """Where the threshold in use stands on that curve, by the outcomes themselves."""
    outcomes = all_outcomes(evaluation)
    answered = [outcome for outcome in outcomes if outcome.answered]
    wrong = sum(not found(outcome) for outcome in answered)
    return Point(threshold, len(answered) / max(1, len(outcomes)), wrong / max(1, len(answered)))


def by_source(outcomes: Sequence[Outcome]) -> Sources | None:
    """Found or not by the article of the gold, or by its folder where there are many articles.

    A question with gold in several sources counts for each. ``None`` where most sources have but one question.
    """
    answerable = [outcome for outcome in outcomes if outcome.answerable]
    titles = {gold.article: gold.title for outcome in answerable for gold in outcome.gold}
    folders = {article.partition("/")[0] for article in titles if "/" in article}
    by_folder = len(titles) > _FEW_ARTICLES and len(folders) > 1
    groups: dict[str, list[bool]] = {}
    for outcome in answerable:
        for source in {_folder(gold.article) if by_folder else gold.article: None for gold in outcome.gold}:
            groups.setdefault(source, []).append(found(outcome))
    if not groups or 2 * len(groups) > len(answerable):
        return None
    worst_first = sorted(groups, key=lambda source: (sum(groups[source]) / len(groups[source]), source))
    parts = tuple(_source(source, titles.get(source), groups[source]) for source in worst_first[:SOURCES])
    return Sources("folder" if by_folder else "article", parts, len(groups) - len(parts))


def by_words(outcomes: Sequence[Outcome]) -> tuple[Part, ...]:
    """Found or not by the number of words in the question, in up to four groups of like size."""
    answerable = [outcome for outcome in outcomes if outcome.answerable]
    return _quarters([len(outcome.question.split()) for outcome in answerable], answerable)


def by_quote(outcomes: Sequence[Outcome]) -> tuple[Part, ...]:
    """Found or not by the code points of the shortest gold quote, in up to four groups; empty without quotes."""
    quoted = [(min(lengths), outcome) for outcome in outcomes if (lengths := _quote_lengths(outcome))]
    return _quarters([length for length, _ in quoted], [outcome for _, outcome in quoted])


def all_outcomes(evaluation: Evaluation) -> list[Outcome]:
    """The outcomes of all sets, in their order."""
    return [outcome for result in evaluation.sets for outcome in result.outcomes]


def _quote_lengths(outcome: Outcome) -> list[int]:
    return [len(gold.quote) for gold in outcome.gold if gold.quote is not None]


def _score(outcome: Outcome, confident: bool) -> float | None:
    if confident:
        return outcome.confidence
    return outcome.ranking[0].score if outcome.ranking else None


def _range(scores: Sequence[float]) -> tuple[float, float]:
    """From the lowest to the highest score, never empty."""
    low, high = min(scores, default=0.0), max(scores, default=1.0)
    return (low, high) if low < high else (low - 0.5, low + 0.5)


def _row(label: str, style: str, places: Sequence[float]) -> Row:
    """From where scores stand between the lowest bin's lower end, 0, and the highest bin's upper end, 1."""
    bins = [min(BINS - 1, max(0, int(place * BINS))) for place in places]
    counts = tuple(bins.count(number) for number in range(BINS))
    return Row(label, style, len(bins), counts, tuple(count / max(1, len(bins)) for count in counts))


def _folder(article: str) -> str:
    folder, slash, _ = article.partition("/")
    return folder if slash else article


def _source(source: str, title: str | None, hits: Sequence[bool]) -> Part:
    return Part(title or source, source if title else "", rate(sum(hits), len(hits)))


def _quarters(sizes: Sequence[int], outcomes: Iterable[Outcome]) -> tuple[Part, ...]:
    """Parts by size, ascending; equal sizes are never parted, so that there may be fewer than four."""
    if not sizes:
        return ()
    ordered = sorted(sizes)
    starts = sorted({ordered[len(ordered) * quarter // 4] for quarter in range(4)})
    groups: dict[int, list[tuple[int, bool]]] = {start: [] for start in starts}
    for size, outcome in zip(sizes, outcomes, strict=True):
        groups[max(start for start in starts if start <= size)].append((size, found(outcome)))
    return tuple(_part(group) for group in groups.values())


def _part(group: Sequence[tuple[int, bool]]) -> Part:
    low, high = min(size for size, _ in group), max(size for size, _ in group)
    label = f"{low:,}" if low == high else f"{low:,}–{high:,}"
    return Part(label, "", rate(sum(hit for _, hit in group), len(group)))
