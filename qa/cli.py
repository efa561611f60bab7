"""The command line: arguments in, a call out, what came of it printed. What asks questions is in ``qa.cli_asking``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.errors import IbidemError, WrongUse
from qa.cli_asking import ask, calibrate, evaluate, verify
from qa.options import HELP_OPTIONS, Commands, cross_encoder_option, index_option, json_option, print_json
from qa.settings import Settings, load_settings

if TYPE_CHECKING:
    from index.build import Gate
    from index.report import Report
    from index.generation import Manifest
    from qa.evaluation.judgement import Judgement


@click.group(cls=Commands, context_settings=HELP_OPTIONS)
@click.version_option(package_name="ibidem")
def main() -> None:
    """Answer questions with the exact words of an archive of articles, and cite them.

    Settings come from the command line, then from the environment (IBIDEM_INDEX and so on), then from
    ibidem.toml in the current folder. Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 failed.
    """


@main.command(context_settings=HELP_OPTIONS)
@click.option(
    "--articles",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder of articles (.md and .txt); may be given more than once.",
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
@json_option
def build(folders: tuple[Path, ...], gate: tuple[Path, ...], force: bool, as_json: bool, **given: Any) -> None:
    """Build the index from folders of articles and make it current.

    What was encoded before is not encoded again. A service that runs on the index takes the new one up by
    itself; until the build is done, and if it fails, the old one stays. With a gate, an index that answers its
    questions significantly worse than the current one is not published, and the exit code is 1. A cross-encoder
    changes nothing of the index; the gate's questions are answered with it, as the service would.
    """
    from index.build import build as build_index
    from index.cross_encoder import open_cross_encoder
    from qa.calibration import carry_on
    from qa.terminal import show_progress

    settings = load_settings({"articles": folders or None, "gate": gate or None, **given})
    judge = _gate(settings, force)
    cross_encoder = open_cross_encoder(settings.cross_encoder) if judge else None
    with show_progress() as progress:
        report = build_index(
            settings.articles, settings.index, settings.model, progress, judge, cross_encoder, carry_on
        )
    if as_json:
        print_json(report)
    else:
        _print_report(report, settings.index)


def _print_report(report: Report, index: Path) -> None:
    for rejection in report.rejected:
        click.echo(f"rejected {rejection.path}: {rejection.reason}")
    click.echo(
        f"{report.articles} articles ({report.unchanged} unchanged, {report.new} new, {report.changed} changed),"
        f" {report.removed} removed, {len(report.rejected)} rejected"
    )
    click.echo(f"{report.passages} passages, {report.sentences} sentences; {report.embedded} texts embedded")
    if report.evaluation is not None:
        from qa.evaluation.judgement import from_json, summary

        click.echo(summary(from_json(report.evaluation)))
    click.echo(f"generation {report.generation} is current in {index}")


def _gate(settings: Settings, force: bool) -> Gate | None:
    """The gate that is set; its questions are read before anything is built."""
    if not settings.gate:
        if force:
            raise WrongUse("--force is for a gate, and there is none: give --gate QUESTIONS as well")
        return None
    from qa.evaluation.gate import gate
    from qa.evaluation.questions import read_questions

    return gate([read_questions(path) for path in settings.gate], settings.policy, force)


@main.command()
@index_option
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=int, help="The port to listen on; 0 is any free one.")
@click.option("--workers", type=int, help="How many processes.")
@click.option("--threads", type=int, help="How many requests one process handles at a time.")
@cross_encoder_option
def serve(**given: Any) -> None:
    """Answer questions over HTTP, and on a page for the browser, until stopped with Ctrl-C."""
    from qa.server import serve as serve_index

    settings = load_settings(given)
    serve_index(settings, lambda address: click.echo(f"Ibidem answers at {address} (Ctrl-C stops it)"))


@main.group()
def generations() -> None:
    """List the generations of the index, go back to an earlier one, or remove old ones."""


@generations.command("list")
@index_option
@json_option
def list_generations(index: Path | None, as_json: bool) -> None:
    """List the generations, newest first; the current one has a star."""
    from index import generation

    folder = load_settings({"index": index}).index
    current = generation.current_generation(folder)
    found = [_summary(folder, name, name == current) for name in reversed(generation.list_generations(folder))]
    if as_json:
        print_json(found)
        return
    for entry in found:
        star = "*" if entry["current"] else " "
        what = entry["problem"] or f"{entry['articles']} articles, {entry['passages']} passages, {entry['model']}"
        gated = entry.get("evaluation")
        figure = f", {gated.measure} {gated.figure.value:.3f}" if gated else ""
        click.echo(f"{star} {entry['generation']}  {what}{figure}")


@generations.command()
@click.argument("generation_id", metavar="[GENERATION]", required=False)
@index_option
def rollback(generation_id: str | None, index: Path | None) -> None:
    """Make GENERATION current again; without it, the one before the current one."""
    from index.search import roll_back

    click.echo(f"generation {roll_back(load_settings({'index': index}).index, generation_id)} is current")


@generations.command()
@click.option("--keep", type=click.IntRange(1), default=3, show_default=True, help="How many of the newest to keep.")
@index_option
def prune(keep: int, index: Path | None) -> None:
    """Remove old generations, never the current one.

    Citations to a generation that is removed can't be checked against it any more.
    """
    from index import generation

    folder = load_settings({"index": index}).index
    with generation.exclusive(folder):
        removed = generation.prune(folder, keep)
    click.echo(f"generations removed: {len(removed)}" + "".join(f"\n  {name}" for name in removed))


def _summary(folder: Path, name: str, current: bool) -> dict[str, Any]:
    """What ``generations list`` says of one; ``problem`` if its manifest can't be read."""
    from index import generation

    entry: dict[str, Any] = {"generation": name, "current": current, "problem": None}
    try:
        manifest = generation.read_manifest(generation.generation_folder(folder, name))
        entry["evaluation"] = _judgement(manifest)
    except IbidemError as error:
        return {**entry, "problem": str(error)}
    for field in ("created", "model", "articles", "passages", "sentences"):
        entry[field] = getattr(manifest, field)
    return entry


def _judgement(manifest: Manifest) -> Judgement | None:
    """What the gate found of a generation, ``None`` if it was built without one."""
    if manifest.evaluation is None:
        return None
    from qa.evaluation.judgement import from_json

    return from_json(manifest.evaluation)


for command in (ask, evaluate, verify, calibrate):
    main.add_command(command)


if __name__ == "__main__":
    main()
