"""The command that builds the index, once or whenever the archive changes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.errors import IbidemError, WrongUse
from qa.options import HELP_OPTIONS, Command, cross_encoder_option, index_option, json_option, print_json
from qa.settings import Settings, load_settings

if TYPE_CHECKING:
    from corpus.listing import Rejection
    from index.build import Gate
    from index.report import Report


@click.command(cls=Command, context_settings=HELP_OPTIONS)
@click.option(
    "--articles",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder of articles; may be given more than once.",
)
@index_option
@click.option("--model", help="The encoder: the path of a sentence-transformers model, or its name on the hub.")
@click.option(
    "--gate",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Questions by which the new index must not be worse than the current one; may be given more than once.",
)
@click.option("--force", is_flag=True, help="Make it current even if it is worse by the gate's questions.")
@cross_encoder_option
@click.option(
    "--watch",
    is_flag=True,
    help="Stay, and build again whenever something in the folders changed; a rejected file is named once.",
)
@click.option("--dry-run", is_flag=True, help="Read what changed and say what would happen, but build nothing.")
@click.option(
    "--report",
    "lines",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a line of JSON to this file for each article: what became of it, and why.",
)
@json_option
def build(folders: tuple[Path, ...], gate: tuple[Path, ...], **given: Any) -> None:
    """Build the index from folders of articles and make it current.

    Only files that changed are read, and only texts that were never encoded are; if nothing changed, the current index
    stays. A service that runs on the index takes a new one up by itself; until the build is done, and if it fails, the
    old one stays. A build that is stopped (Ctrl-C) goes on from there when it is run again. With a gate, an index that
    answers its questions significantly worse than the current one is not published, and the exit code is 1. A
    cross-encoder changes nothing of the index; the gate's questions are answered with it, as the service would.
    """
    own = {name: given.pop(name) for name in ("force", "watch", "dry_run", "lines", "as_json")}
    settings = load_settings({"articles": folders or None, "gate": gate or None, **given})
    if own["watch"] and own["dry_run"]:
        raise WrongUse("--watch builds and --dry-run does not: give one of them")
    judge = _gate(settings, own["force"])

    from pydantic import TypeAdapter

    from index.report import Report

    said: set[Rejection] = set()

    def once() -> None:
        report = _build(settings, judge, dry_run=own["dry_run"])
        if own["lines"]:
            _write_lines(report, own["lines"])
        if own["as_json"]:
            # What became of each article goes to a file, if it is asked for.
            values = TypeAdapter(Report).dump_python(report, mode="json", exclude={"lines"})
            print_json(values)
        else:
            _print_report(report, settings.index, said, dry_run=own["dry_run"])
            said.clear()
            said.update(report.rejected)

    if own["watch"]:
        _watch(settings.articles, once)
    else:
        once()


def _build(settings: Settings, judge: Gate | None, *, dry_run: bool) -> Report:
    from index.build import build as build_index
    from index.cross_encoder import open_cross_encoder
    from qa.calibration import carry_on
    from qa.terminal import show_progress

    cross_encoder = open_cross_encoder(settings.cross_encoder) if judge else None
    with show_progress() as progress:
        return build_index(
            settings.articles, settings.index, settings.model, progress, judge, cross_encoder, carry_on, dry_run
        )


def _gate(settings: Settings, force: bool) -> Gate | None:
    """The gate that is set; its questions are read before anything is built."""
    if not settings.gate:
        if force:
            raise WrongUse("--force is for a gate, and there is none: give --gate QUESTIONS as well")
        return None
    from qa.evaluation.gate import gate
    from qa.evaluation.questions import read_questions

    return gate([read_questions(path) for path in settings.gate], settings.policy, force)


def _watch(folders: tuple[Path, ...], once: Any) -> None:
    from qa.watching import changes

    for _ in changes(folders):
        try:
            once()
        except IbidemError as error:
            # What is wrong now may be mended by the next change: to stay is what was asked for.
            click.echo(f"ibidem: {error}", err=True)
        click.echo("watching for changes (Ctrl-C stops)", err=True)


def _write_lines(report: Report, path: Path) -> None:
    """Writes a line an article, to a new file that then takes the old one's place."""
    from pydantic import TypeAdapter

    from index.report import Line

    adapter = TypeAdapter(Line)
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(b"".join(adapter.dump_json(line) + b"\n" for line in report.lines))
    new.replace(path)


def _print_report(report: Report, index: Path, said: Collection[Rejection], *, dry_run: bool) -> None:
    """Prints what a build did; of rejections those that were not ``said`` of the one before."""
    for rejection in report.rejected:
        if rejection not in said:
            click.echo(f"rejected {rejection.path}: {rejection.reason}")
    click.echo(
        f"{report.articles} articles ({report.unchanged} unchanged, {report.new} new, {report.changed} changed),"
        f" {report.removed} removed, {len(report.rejected)} rejected"
    )
    to_embed = "to embed" if dry_run else "embedded"
    click.echo(f"{report.passages} passages, {report.sentences} sentences; {report.embedded} texts {to_embed}")
    if report.published and report.evaluation is not None:
        from qa.evaluation.judgement import from_json, summary

        click.echo(summary(from_json(report.evaluation)))
    if dry_run:
        click.echo("nothing was built (dry run)")
    elif report.published:
        click.echo(f"generation {report.generation} is current in {index}")
    else:
        click.echo(f"nothing changed; generation {report.generation} stays current in {index}")
