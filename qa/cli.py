"""The command line: arguments in, a call out, what came of it printed.

What builds is in ``qa.cli_building``, what asks questions in ``qa.cli_asking``, what looks after the archive in
``qa.cli_articles``, ``qa.cli_doctor`` and ``qa.cli_fetching``, what looks at feedback in ``qa.cli_feedback``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.errors import IbidemError
from qa.cli_articles import articles
from qa.cli_asking import ask, calibrate, evaluate, verify
from qa.cli_building import build
from qa.cli_doctor import doctor
from qa.cli_feedback import feedback
from qa.cli_fetching import add, feeds
from qa.options import HELP_OPTIONS, Commands, cross_encoder_option, index_option, json_option, print_json
from qa.settings import load_settings

if TYPE_CHECKING:
    from index.generation import Manifest
    from qa.evaluation.judgement import Judgement


@click.group(cls=Commands, context_settings=HELP_OPTIONS)
@click.version_option(package_name="ibidem")
def main() -> None:
    """Answer questions with the exact words of an archive of articles, and cite them.

    Settings come from the command line, then from the environment (IBIDEM_INDEX and so on), then from
    ibidem.toml in the current folder. Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 failed.
    """


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


for command in (build, ask, evaluate, verify, calibrate, add, feeds, articles, doctor, feedback):
    main.add_command(command)


if __name__ == "__main__":
    main()
