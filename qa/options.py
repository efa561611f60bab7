"""What commands share: how they end, their common options, and how they print JSON."""

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


def cross_encoder_option(function: Function) -> Function:
    """Adds ``--cross-encoder``."""
    return click.option(
        "--cross-encoder",
        metavar="NAME_OR_PATH",
        help="A cross-encoder that orders the best passages anew: the path of a sentence-transformers model, or its"
        " name on the hub. Slower by far.",
    )(function)


def json_option(function: Function) -> Function:
    """Adds ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(function)


def print_json(value: object) -> None:
    """Prints a value of any of our dataclasses as JSON."""
    click.echo(TypeAdapter(type(value)).dump_json(value, indent=2).decode())
