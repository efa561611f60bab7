"""The command that says what is wrong with an archive, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa.cli_articles import articles_option
from qa.options import HELP_OPTIONS, Command, index_option, json_option, print_json
from qa.settings import load_settings

if TYPE_CHECKING:
    from qa.doctor import Examination


@click.command(cls=Command, context_settings=HELP_OPTIONS)
@articles_option
@index_option
@json_option
def doctor(folders: tuple[Path, ...], index: Path | None, as_json: bool) -> None:
    """Say what is wrong with the archive and its index, and what to do about it; nothing is changed.

    The exit code is 1 if there is an error: something that is certainly wrong, and shows in answers or citations or
    keeps the service from working. Warnings and notes don't change it.
    """
    from qa.doctor import examine

    found = examine(load_settings({"articles": folders or None, "index": index}))
    if as_json:
        print_json(found)
    else:
        _print(found)
    click.get_current_context().exit(0 if found.healthy else 1)


def _print(found: Examination) -> None:
    for finding in found.findings:
        click.echo(f"{finding.severity}: {finding.what} ({finding.code})")
        if finding.examples:
            more = finding.count - len(finding.examples)
            click.echo(f"    {', '.join(finding.examples)}{f' and {more:,} more' if more > 0 else ''}")
        click.echo(f"    {finding.do[0].upper()}{finding.do[1:]}.")
    where = f"generation {found.generation}, {found.articles:,} articles" if found.generation else "no index"
    click.echo(f"{_total(found)} ({where})")


def _total(found: Examination) -> str:
    severities = [finding.severity for finding in found.findings]
    counts = [(severities.count(one), one) for one in ("error", "warning", "note")]
    named = [f"{number} {name}{'' if number == 1 else 's'}" for number, name in counts if number]
    return ", ".join(named) or "nothing is wrong"
