"""The commands for what users said of answers: list, export, remove; and for what the archive did not answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.errors import FeedbackOff
from qa.options import HELP_OPTIONS, Commands, Function, index_option, json_option, print_json
from qa.settings import Settings, load_settings

if TYPE_CHECKING:
    from qa.feedback import FeedbackStore

_ALL = 10**9
_STANDARD_OUTPUT = "-"


@click.group(cls=Commands, context_settings=HELP_OPTIONS)
def feedback() -> None:
    """List, export or remove what users said of answers, and list the questions that were not answered."""


def _file_options(function: Function) -> Function:
    """Adds ``--feedback``, and ``--index``, beside which the file is if nothing else is said."""
    path = click.Path(dir_okay=False, path_type=Path)
    text = "The file of feedback, if it is another than the settings say."
    return click.option("--feedback", "file", type=path, help=text)(index_option(function))


def _open(settings: Settings) -> FeedbackStore:
    from qa.feedback import FeedbackStore

    path = settings.feedback
    if path is None:
        raise FeedbackOff("no feedback is kept, as the setting 'feedback' is empty: name a file with --feedback")
    if not path.exists():
        click.echo(f"there is no feedback: {path} is made when there is some", err=True)
    return FeedbackStore(path)


@feedback.command("list", context_settings=HELP_OPTIONS)
@_file_options
@json_option
def list_feedback(file: Path | None, index: Path | None, as_json: bool) -> None:
    """List what users said, the newest first: whether a passage answers their question, or whether the archive does."""
    from qa.feedback_output import print_feedback

    found = _open(load_settings({"feedback": file, "index": index})).page(_ALL)
    if as_json:
        print_json(found.feedback)
    else:
        print_feedback(found.feedback)


@feedback.command(context_settings=HELP_OPTIONS)
@_file_options
@json_option
def unanswered(file: Path | None, index: Path | None, as_json: bool) -> None:
    """List the questions that the service was asked and did not answer, those asked most often first."""
    from qa.feedback_output import print_unanswered

    found = _open(load_settings({"feedback": file, "index": index})).unanswered.page(_ALL)
    if as_json:
        print_json(found.unanswered)
    else:
        print_unanswered(found.unanswered)


@feedback.command(context_settings=HELP_OPTIONS)
@click.argument("target", metavar="[FILE]", default=_STANDARD_OUTPUT)
@_file_options
def export(target: str, file: Path | None, index: Path | None) -> None:
    """Write the questions that were judged to FILE, as a set for 'ibidem evaluate'; - or nothing is standard output.

    The passages that answer them are looked up in the index; what it does not have any more is left out, and counted on
    standard error.
    """
    from index.generation import current_generation, generation_folder
    from index.history import History
    from index.search import LocalEngine
    from qa import own_questions

    settings = load_settings({"feedback": file, "index": index})
    store = _open(settings)
    engine = LocalEngine(generation_folder(settings.index, current_generation(settings.index)))
    found = list(own_questions.export(store.by_question(), engine, History(settings.index)))
    lines = [own_questions.as_line(one.line) for one in found if one.line]
    _write(target, b"".join(lines))
    left_out, lost = len(found) - len(lines), sum(one.lost for one in found)
    click.echo(f"questions: {len(lines)}, left out: {left_out}; passages that are not there any more: {lost}", err=True)


def _write(target: str, content: bytes) -> None:
    """Writes a file at once or not at all."""
    if target == _STANDARD_OUTPUT:
        click.echo(content, nl=False)
        return
    path = Path(target)
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


@feedback.command(context_settings=HELP_OPTIONS)
@click.argument("numbers", metavar="ID ...", nargs=-1, required=True, type=click.IntRange(1))
@_file_options
def remove(numbers: tuple[int, ...], file: Path | None, index: Path | None) -> None:
    """Remove feedback by the numbers that 'ibidem feedback list' shows; if one isn't there, nothing is removed."""
    _open(load_settings({"feedback": file, "index": index})).remove(numbers)
    click.echo(f"removed: {len(set(numbers))}")
