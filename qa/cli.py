"""The command line: arguments in, a call out, what came of it printed."""

from __future__ import annotations

import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import TypeAdapter

from corpus.errors import IbidemError
from qa.settings import load_settings

Function = TypeVar("Function", bound=Callable[..., Any])


INTERRUPTED = 128 + signal.SIGINT
"""The exit code of a command that was stopped with Ctrl-C, as shells have it."""

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}


class Command(click.Command):
    """A command that ends with one line and the error's exit code where one is raised on purpose."""

    def invoke(self, ctx: click.Context) -> Any:
        """See click."""
        try:
            return super().invoke(ctx)
        except IbidemError as error:
            click.echo(f"ibidem: {error}", err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            # Whoever was reading has seen enough; the null device takes what Python still flushes.
            sys.stdout = Path("/dev/null").open("w")  # noqa: SIM115
            ctx.exit(0)
        except (OSError, sqlite3.Error) as error:  # a full disk, a folder that may not be written
            click.echo(f"ibidem: {error}", err=True)
            ctx.exit(IbidemError.exit_code)
        except KeyboardInterrupt:
            click.echo("ibidem: stopped", err=True)
            ctx.exit(INTERRUPTED)


class Commands(click.Group):
    """A group of such commands, and of such groups."""

    command_class = Command
    group_class = type


def index_option(function: Function) -> Function:
    """Adds ``--index``."""
    return click.option("--index", type=click.Path(path_type=Path), help="The folder that holds the index.")(function)


def json_option(function: Function) -> Function:
    """Adds ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(function)


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
@json_option
def build(folders: tuple[Path, ...], index: Path | None, model: str | None, as_json: bool) -> None:
    """Build the index from folders of articles and make it current.

    What was encoded before is not encoded again. A service that runs on the index takes the new one up by
    itself; until the build is done, and if it fails, the old one stays.
    """
    from index.build import build as build_index
    from qa.terminal import show_progress

    settings = load_settings({"articles": folders or None, "index": index, "model": model})
    with show_progress() as progress:
        report = build_index(settings.articles, settings.index, settings.model, progress)
    if as_json:
        _print_json(report)
        return
    for rejection in report.rejected:
        click.echo(f"rejected {rejection.path}: {rejection.reason}")
    click.echo(
        f"{report.articles} articles ({report.unchanged} unchanged, {report.new} new, {report.changed} changed),"
        f" {report.removed} removed, {len(report.rejected)} rejected"
    )
    click.echo(f"{report.passages} passages, {report.sentences} sentences; {report.embedded} texts embedded")
    click.echo(f"generation {report.generation} is current in {settings.index}")


@main.command()
@click.argument("question")
@index_option
@click.option("--top-k", type=click.IntRange(1, 100), default=5, show_default=True, help="How many passages to print.")
@json_option
def ask(question: str, index: Path | None, top_k: int, as_json: bool) -> None:
    """Print the passages that answer QUESTION best, with their citations."""
    from qa.answering import answer
    from qa.live import open_current
    from qa.terminal import print_answer

    engine = open_current(load_settings({"index": index}).index)
    found = answer(engine, question, top_k)
    if as_json:
        _print_json(found)
    else:
        print_answer(found)


@main.command()
@index_option
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=int, help="The port to listen on; 0 is any free one.")
@click.option("--workers", type=int, help="How many processes.")
@click.option("--threads", type=int, help="How many requests one process handles at a time.")
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
        _print_json(found)
        return
    for entry in found:
        star = "*" if entry["current"] else " "
        what = entry["problem"] or f"{entry['articles']} articles, {entry['passages']} passages, {entry['model']}"
        click.echo(f"{star} {entry['generation']}  {what}")


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
    except IbidemError as error:
        return {**entry, "problem": str(error)}
    for field in ("created", "model", "articles", "passages", "sentences"):
        entry[field] = getattr(manifest, field)
    return entry


def _print_json(value: object) -> None:
    click.echo(TypeAdapter(type(value)).dump_json(value, indent=2).decode())


if __name__ == "__main__":
    main()
