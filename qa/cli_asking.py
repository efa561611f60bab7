"""The commands that ask questions: ask, evaluate, calibrate; and the one that checks what was answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import click

from qa.options import HELP_OPTIONS, Command, Function, cross_encoder_option, index_option, json_option, print_json
from qa.settings import load_settings
from qa.styles import STYLES, Style


def filter_options(function: Function) -> Function:
    """Adds the options that say which articles may answer; they come as the fields of ``Filters``."""
    dates = {
        "--published-from": "Only what was published on that date or later: 2025-03-04, 2025-03 or 2025.",
        "--published-to": "Only what was published on that date or earlier.",
        "--as-of": "Answer as the archive stood on that date: only what was published by then.",
    }
    values = {
        "--publisher": "Only articles of this publisher",
        "--author": "Only articles by this author",
        "--language": "Only articles in this language (en has en-GB among it)",
        "--article": "Only the article of this id, or those that a pattern such as 'wire/*' fits",
        "--tag": "Only articles with this tag",
    }
    for name, text in reversed(dates.items()):
        function = click.option(name, metavar="DATE", help=text)(function)
    for name, text in reversed(values.items()):
        help_text = f"{text}; may be given more than once, any will do."
        function = click.option(name, f"{name[2:]}s", multiple=True, help=help_text)(function)
    copies = click.Choice(["earliest", "latest", "all"])
    return click.option(
        "--copies", type=copies, default="earliest", show_default=True, help="Which of an article's copies to show."
    )(function)


def unanswerable_option(function: Function) -> Function:
    """Adds ``--unanswerable``."""
    return click.option(
        "--unanswerable",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Further questions, which this archive does not answer; may be given more than once.",
    )(function)


@click.command(cls=Command, context_settings=HELP_OPTIONS)
@click.argument("question")
@index_option
@click.option("--top-k", type=click.IntRange(1, 100), default=5, show_default=True, help="How many passages to print.")
@filter_options
@click.option("--narrow", is_flag=True, help="Cite the nearest sentence of each passage, not all of it.")
@click.option("--cite", type=click.Choice(STYLES), help="Print citations in this style, ready to paste.")
@cross_encoder_option
@json_option
def ask(
    question: str,
    index: Path | None,
    top_k: int,
    narrow: bool,
    cite: Style | None,
    cross_encoder: str | None,
    as_json: bool,
    **filters: Any,
) -> None:
    """Print the passages that answer QUESTION best, with their citations."""
    from index.cross_encoder import open_cross_encoder
    from index.filters import Filters
    from qa.answering import Query, answer
    from qa.live import open_current
    from qa.terminal import print_answer, print_cited

    settings = load_settings({"index": index, "cross_encoder": cross_encoder})
    engine = open_current(settings.index, open_cross_encoder(settings.cross_encoder))
    found = answer(engine, Query(question, top_k, Filters(**filters), narrow, cite), settings.policy)
    if as_json:
        print_json(found)
    elif cite:
        print_cited(found)
    else:
        print_answer(found)


@click.command(cls=Command, context_settings=HELP_OPTIONS)
@click.argument("questions", nargs=-1, required=True, type=click.Path(path_type=Path))
@index_option
@click.option("--generation", metavar="ID", help="The generation to ask, if not the current one.")
@click.option("--run", type=click.Path(path_type=Path), help="A TREC run file to be judged; then no index is asked.")
@click.option("--part", help="Only the questions of this part: tuning or held.")
@unanswerable_option
@click.option("--against", metavar="RESULT_OR_GENERATION", help="What to compare with: a result's folder, or an id.")
@click.option("--output", type=click.Path(path_type=Path), help="The folder for the result.")
@cross_encoder_option
@json_option
def evaluate(
    questions: tuple[Path, ...],
    index: Path | None,
    part: str | None,
    unanswerable: tuple[Path, ...],
    output: Path | None,
    cross_encoder: str | None,
    as_json: bool,
    **what: Any,
) -> None:
    """Measure how good the answers to QUESTIONS are: BEIR folders, or questions.jsonl files with quotes.

    Writes result.json, report.html, and TREC run and qrels files to a new folder below var/evaluations, or to
    the one given. With --against the exit code is the verdict: 0 better, 1 worse, 2 no difference shown.
    """
    from qa.evaluation import output as results
    from qa.evaluation.questions import read_questions, read_unanswerable
    from qa.evaluation.request import Request, carry_out
    from qa.evaluation.summary import EXIT_CODES, as_json_values, print_summary
    from qa.terminal import open_output, show_progress

    settings = load_settings({"index": index, "cross_encoder": cross_encoder})
    folder = output or results.default_folder()
    results.check_folder(folder)
    sets = [*(read_questions(path, part) for path in questions), *map(read_unanswerable, unanswerable)]
    with show_progress() as progress:
        request = Request(sets, settings.index, settings.policy, settings.cross_encoder, **what)
        asked, comparison = carry_out(request, progress)
        progress("Writing", 0, None)
        results.write(folder, asked, comparison)
    if as_json:
        print_json(as_json_values(asked.evaluation, comparison, folder))
    else:
        print_summary(open_output(), asked.evaluation, comparison)
        click.echo(f"report: {folder / results.REPORT_FILE}")
    if comparison:
        click.get_current_context().exit(EXIT_CODES[comparison.verdict])


@click.command(cls=Command, context_settings=HELP_OPTIONS)
@click.argument("file", type=click.File("rb"))
@index_option
@json_option
def verify(file: BinaryIO, index: Path | None, as_json: bool) -> None:
    """Check the citations in FILE against the archive; - is standard input.

    FILE holds citations, or whole answers, as JSON or JSON lines, of any generation: what 'ibidem ask --json' or
    /v1/ask gave. Says of each whether the quote still stands where it is cited. The exit code is 1 unless all do.
    """
    from index.generation import current_generation, generation_folder
    from index.history import History
    from index.search import LocalEngine
    from qa.given import read_citations
    from qa.terminal import open_output
    from qa.verification import verify as check
    from qa.verification_output import print_checks

    citations = read_citations(file.read())
    folder = load_settings({"index": index}).index
    engine = LocalEngine(generation_folder(folder, current_generation(folder)))
    checks = check(engine, citations, History(folder))
    if as_json:
        print_json(checks)
    else:
        print_checks(open_output(), checks)
    click.get_current_context().exit(any(found.status != "verified" for found in checks.results))


@click.command(cls=Command, context_settings=HELP_OPTIONS)
@click.argument("questions", nargs=-1, required=True, type=click.Path(path_type=Path))
@index_option
@click.option("--part", help="Only the questions of this part: tuning or held.")
@unanswerable_option
@json_option
def calibrate(
    questions: tuple[Path, ...], index: Path | None, part: str | None, unanswerable: tuple[Path, ...], as_json: bool
) -> None:
    """Fit the confidence to this archive by QUESTIONS, those that it answers and those that it doesn't.

    They are questions.jsonl files or BEIR folders. The result goes into a new generation, which later ones carry on.
    """
    from qa.evaluation.calibrating import calibrate_index
    from qa.evaluation.questions import read_questions, read_unanswerable
    from qa.terminal import print_calibration, show_progress

    settings = load_settings({"index": index})
    sets = [*(read_questions(path, part) for path in questions), *map(read_unanswerable, unanswerable)]
    with show_progress() as progress:
        calibration = calibrate_index(settings.index, sets, settings.threshold, progress)
    if as_json:
        print_json(calibration)
    else:
        print_calibration(calibration)
