"""What the command line shows: answers for reading, and progress while a build runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import progress
from rich.console import Console
from rich.text import Text

from qa.answering import Answer, AnsweringPassage

if TYPE_CHECKING:
    from index.build import Progress

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


NOT_ANSWERED = "The archive does not seem to answer this. What comes nearest:"


def print_answer(answer: Answer) -> None:
    """Prints passages and their citations on standard output; the highlighted sentences stand out."""
    console = open_output()
    if not answer.answered:
        console.print(Text(f"{NOT_ANSWERED} (confidence {answer.confidence:.2f})\n", style="bold"))
    for passage in answer.passages:
        for line in _passage(passage):
            console.print(line, soft_wrap=line.no_wrap or False)
        console.print()
    sure = "" if answer.confidence is None else f"confidence {answer.confidence:.2f}, "
    console.print(Text(f"{sure}generation {answer.generation}, {answer.took_ms.total:.1f} ms", style="dim"))


def _passage(passage: AnsweringPassage) -> Iterator[Text]:
    citation = passage.citation
    inferred = " (title inferred)" if citation.title_inferred else ""
    yield Text(f"{passage.rank}. {citation.title}{inferred}", style="bold")
    source = [", ".join(citation.authors), citation.publisher, citation.published, citation.url]
    if any(source):
        yield Text(" · ".join(filter(None, source)), style="dim")
    text = Text(passage.text)
    for highlight in passage.highlights:
        text.stylize("bold yellow", highlight.start - citation.start, highlight.end - citation.start)
    yield text
    where = f"{citation.article_id} [{citation.start}:{citation.end}] sha256 {citation.sha256}"
    yield Text(where, style="dim cyan", no_wrap=True)


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
