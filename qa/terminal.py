"""What the command line shows: answers for reading, and progress while a build runs."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import click
from rich import progress
from rich.console import Console
from rich.text import Text

from qa.answers import Answer, AnsweringPassage

if TYPE_CHECKING:
    from index.build import Progress
    from qa.calibration import Calibration

_WIDTH_ELSEWHERE = 100
"""Columns where the output goes to a file or another program."""


class _Output(Console):
    """Standard output; when nobody reads it any more, that is for the command line to handle, not for rich."""

    def on_broken_pipe(self) -> None:
        """See rich."""
        raise  # the error that rich has caught when it calls this


def open_output() -> Console:
    """What prints on standard output."""
    return _Output(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_ELSEWHERE)


NOT_ANSWERED = "The archive does not seem to answer this."


def print_answer(answer: Answer) -> None:
    """Prints passages and their citations on standard output; the highlighted sentences stand out."""
    console = open_output()
    if not answer.answered:
        why = f" {answer.reason.sentence}" if answer.reason else ""
        console.print(Text(f"{NOT_ANSWERED}{why} What comes nearest:\n", style="bold"))
    for passage in answer.passages:
        for line in _passage(passage):
            console.print(line, soft_wrap=line.no_wrap or False)
        console.print()
    for entry in answer.timeline:
        console.print(Text(f"{entry.published}  passage {entry.rank}, {entry.article_id}", style="dim"))
    sure = "" if answer.confidence is None else f"confidence {answer.confidence:.2f}, "
    console.print(Text(f"{sure}generation {answer.generation}, {answer.took_ms.total:.1f} ms", style="dim"))


def print_cited(answer: Answer) -> None:
    """Prints the citations in the style that was asked for, and nothing else, so that they can be pasted.

    That the archive does not answer goes to standard error.
    """
    if not answer.answered:
        click.echo(NOT_ANSWERED, err=True)
    click.echo("\n\n".join(passage.cited or "" for passage in answer.passages))


def print_calibration(calibration: Calibration) -> None:
    """Prints on what confidence was fitted, and how well it does."""
    for sample in calibration.fitted_on:
        asked = f"{sample.answerable} answered by it and {sample.unanswerable} not"
        click.echo(f"fitted on {sample.questions}, asked of {sample.archive}: {asked}")
    found = calibration.reliability
    click.echo(f"expected calibration error {found.expected_calibration_error:.3f}, AUROC {found.auroc.value:.3f}")
    for what, error in (
        ("answered, though the archive does not", found.answered_wrongly),
        ("not answered, though the archive does", found.refused_wrongly),
    ):
        share = f"{error.share.value:.1%} ({error.share.low:.1%} to {error.share.high:.1%})"
        click.echo(f"at the threshold {found.threshold:g} {what}: {error.count} of {error.total}, {share}")


def _passage(passage: AnsweringPassage) -> Iterator[Text]:
    citation = passage.citation
    inferred = " (title inferred)" if citation.title_inferred else ""
    yield Text(f"{passage.rank}. {citation.title}{inferred}", style="bold")
    source = [", ".join(citation.authors), citation.publisher, citation.published, citation.url]
    if any(source):
        yield Text(" · ".join(filter(None, source)), style="dim")
    text = Text(passage.text)
    for highlight in passage.highlights:
        text.stylize("bold yellow", highlight.start - passage.start, highlight.end - passage.start)
        for word in highlight.words:
            text.stylize("underline", word.start - passage.start, word.end - passage.start)
    yield text
    for copy in passage.also_in:
        yield Text(
            " · ".join(filter(None, [f"also in {copy.article_id}", copy.publisher, copy.published])), style="dim"
        )
    where = f"{citation.article_id} [{citation.start}:{citation.end}] sha256 {citation.sha256}"
    yield Text(where, style="dim cyan", no_wrap=True)


def seconds_to_go(elapsed: float, done: float, total: float) -> float:
    """How long it will take until ``total`` is done, if ``done`` took ``elapsed`` seconds, at the same speed."""
    return elapsed * max(0.0, total - done) / done if done else math.inf


class _TimeToGo(progress.ProgressColumn):
    """By the speed from the start on: that of the last seconds, which is rich's own, jumps with the length of texts."""

    def render(self, task: progress.Task) -> Text:
        """See rich."""
        if not task.total or not task.completed or task.elapsed is None:
            return Text("")
        left = round(seconds_to_go(task.elapsed, task.completed, task.total))
        return Text(f"{timedelta(seconds=left)} to go" if left else "", style="progress.remaining")


@contextmanager
def show_progress() -> Iterator[Progress]:
    """Shows the progress of something long on standard error, if that is a terminal; says nothing elsewhere."""
    console = Console(stderr=True)
    with progress.Progress(
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        _TimeToGo(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as bars:
        tasks = {}

        def update(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield update
