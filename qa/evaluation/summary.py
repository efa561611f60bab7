"""An evaluation in short: for reading on a terminal, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from qa.evaluation.result import Abstention, Comparison, Evaluation, Figure, Outcome, Rate, SetResult, Test, Verdict

EXIT_CODES: Mapping[Verdict, int] = {"better": 0, "worse": 1, "no difference shown": 2}
"""The exit code that tells a verdict."""

_ANSWERED_WRONGLY = "answered though the archive does not answer"
_REFUSED_WRONGLY = "not answered though the archive answers"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many questions of a set there are, how many of them the archive answers, how many of these got no result
    (and count as 0), and how many failed in each way."""

    questions: int
    answerable: int
    without_result: int
    failures: Mapping[str, int]


def count(result: SetResult) -> Counts:
    """The counts of a set."""
    answerable = [outcome for outcome in result.outcomes if outcome.answerable]
    failures = Counter(outcome.failure for outcome in answerable if outcome.failure)
    return Counts(
        questions=len(result.outcomes),
        answerable=len(answerable),
        without_result=sum(not outcome.ranking for outcome in answerable),
        failures=dict(failures.most_common()),
    )


def as_json_values(evaluation: Evaluation, comparison: Comparison | None, folder: Path) -> dict[str, Any]:
    """The figures and what they come from, without the single questions; ``folder`` has those."""
    abstention = asdict(evaluation.abstention) if evaluation.abstention else None
    if abstention:
        del abstention["curve"]
    return {
        "source": evaluation.source,
        "created": evaluation.created,
        "model": evaluation.model,
        "cross_encoder": evaluation.cross_encoder,
        "folder": str(folder),
        "sets": [_set_json(result) for result in evaluation.sets],
        "abstention": abstention,
        "comparison": _comparison_json(comparison) if comparison else None,
    }


def _set_json(result: SetResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "layout": result.layout,
        "part": result.part,
        **asdict(count(result)),
        "passage_characters": result.passage_characters,
        "figures": {name: asdict(figure) for name, figure in result.figures.items()},
    }


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "before": comparison.before,
        "after": comparison.after,
        "verdict": comparison.verdict,
        "primary": asdict(comparison.primary),
        "tests": [asdict(test) for test in comparison.tests],
        "lost": [change.after.id for change in comparison.lost],
        "won": [change.after.id for change in comparison.won],
    }


def print_summary(console: Console, evaluation: Evaluation, comparison: Comparison | None) -> None:
    """Prints a table for each set, what is to be said of abstention, and the comparison."""
    if evaluation.cross_encoder:
        console.print(Text(f"cross-encoder: {evaluation.cross_encoder}\n"))
    for result in evaluation.sets:
        console.print(_heading(result))
        if result.figures:
            console.print(_figures(result.figures))
        for line in _remarks(result):
            console.print(line)
        console.print()
    for line in _abstention(evaluation):
        console.print(line)
    if comparison:
        console.print()
        _print_comparison(console, comparison)


def _heading(result: SetResult) -> Text:
    counts = count(result)
    part = f", part {result.part}" if result.part else ""
    without = counts.questions - counts.answerable
    more = f" and {without:,} that the archive does not answer" if without else ""
    return Text(f"{result.name}{part}: {counts.answerable:,} questions with gold{more}", style="bold")


def _figures(figures: Mapping[str, Figure]) -> Table:
    table = _table("measure", "mean", "95% interval")
    for name, figure in figures.items():
        table.add_row(name, f"{figure.value:.4f}", f"{figure.low:.4f} to {figure.high:.4f}")
    return table


def _remarks(result: SetResult) -> Iterator[str]:
    counts = count(result)
    if counts.answerable:
        ways = ", ".join(f"{number:,} {failure}" for failure, number in counts.failures.items())
        yield f"no gold in the first five: {sum(counts.failures.values()):,} questions" + (f" ({ways})" if ways else "")
    if counts.without_result:
        yield f"no result, counted as 0: {counts.without_result:,} questions"
    if result.passage_characters is not None:
        yield f"mean length of the first five passages: {result.passage_characters:.0f} characters"


def _abstention(evaluation: Evaluation) -> Iterator[str]:
    found = evaluation.abstention
    if found is None:
        yield f"no figures for abstention: {_why_none(evaluation)}"
        return
    yield f"abstention: AUROC {_interval(found.auroc)}"
    for what, rate in _rates(found):
        yield f"at the threshold {found.threshold:g}, {what}: {rate.count:,} of {rate.total:,}, {_interval(rate.share)}"


def _rates(found: Abstention) -> Sequence[tuple[str, Rate]]:
    return (_ANSWERED_WRONGLY, found.answered_wrongly), (_REFUSED_WRONGLY, found.refused_wrongly)


def _why_none(evaluation: Evaluation) -> str:
    outcomes: list[Outcome] = [outcome for result in evaluation.sets for outcome in result.outcomes]
    if all(outcome.answerable for outcome in outcomes):
        return "the archive answers all of these questions; give others with --unanswerable"
    if not any(outcome.answerable for outcome in outcomes):
        return "the archive answers none of these questions"
    return "a run file has no confidence" if evaluation.model is None else "the answers have no confidence"


def _print_comparison(console: Console, comparison: Comparison) -> None:
    test = comparison.primary
    console.print(Text(f"{comparison.verdict}: {comparison.after} against {comparison.before}", style="bold"))
    console.print(
        f"by {test.measure} of all questions: {test.before:.4f} before, {test.after:.4f} after, difference"
        f" {_interval(test.difference, '+.4f')}, p {test.p:.4f}; {len(comparison.won):,} questions won,"
        f" {len(comparison.lost):,} lost"
    )
    if comparison.verdict == "no difference shown" and test.detectable is not None:
        console.print(f"the smallest difference that these questions would show: {test.detectable:.4f}")
    console.print(_tests(comparison.tests))


def _tests(tests: Sequence[Test]) -> Table:
    table = _table("set", "measure", "before", "after", "difference", "95% interval", "p")
    for test in tests:
        difference = test.difference
        interval = f"{difference.low:+.4f} to {difference.high:+.4f}"
        figures = (f"{test.before:.4f}", f"{test.after:.4f}", f"{difference.value:+.4f}", interval, f"{test.p:.4f}")
        table.add_row(test.set or "", test.measure, *figures)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        words = column in ("set", "measure")
        table.add_column(column, justify="left" if words else "right", overflow="fold" if words else "ellipsis")
    return table


def _interval(figure: Figure, form: str = ".4f") -> str:
    return f"{figure.value:{form}} ({figure.low:{form}} to {figure.high:{form}})"
