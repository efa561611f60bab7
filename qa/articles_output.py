"""What the commands on articles print."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len
from rich.text import Text

from corpus.statements import NAMES
from qa.terminal import open_output

if TYPE_CHECKING:
    from corpus.article import Entry
    from qa.catalogue import Count, Counts, Details, Listed

UNKNOWN = "unknown"
LONGEST_LIST = 20
"""So many publishers are counted by name where a person reads it."""

_LABEL = 12
_GAP = "  "
_LONGEST_PUBLISHER = 24
_SHORTEST_TITLE = 20


def print_listed(found: Listed) -> None:
    """Prints an article a line; that some are not listed goes to standard error."""
    rows = [_row(entry) for entry in found.articles]
    if sys.stdout.isatty():
        for line in columns(rows, open_output().width):
            click.echo(line)
    else:
        for row in rows:
            click.echo("\t".join(row))
    if len(rows) < found.total:
        click.echo(f"{len(rows)} of {found.total} articles; --limit says how many", err=True)


def print_counts(found: Counts) -> None:
    """Prints the counts, and what else can be done."""
    click.echo(f"{found.articles} articles in generation {found.generation}")
    for title, counts in (("publisher", found.publishers), ("year", found.years), ("language", found.languages)):
        click.echo(f"\nby {title}")
        for line in _count_lines(counts):
            click.echo(line)
    click.echo("\nnot known")
    for name, articles in found.unknown.items():
        click.echo(f"{articles:>8}  {name}")
    click.echo("\n'ibidem articles list', 'show', 'edit' and 'remove' do more; see 'ibidem articles --help'")


def print_details(found: Details) -> None:
    """Prints an article's values, each with its origin."""
    entry = found.article
    _line("id", entry.id)
    for name in NAMES:
        _line(name, _value(entry, name))
    _line("file", str(found.file) if found.file else "not found in the folders of articles")
    if found.sidecar:
        _line("sidecar", str(found.sidecar))
    if entry.pages:
        first, last = entry.pages[0], entry.pages[-1]
        _line("pages", f"{len(entry.pages)}, {first.label} to {last.label}")
    _line("passages", str(found.passages))
    _line("copies", ", ".join(found.copies) or "none")
    _line("sha256", entry.sha256)
    _line("generation", found.generation)


def _line(name: str, value: str) -> None:
    click.echo(f"{name:<{_LABEL}}{value}")


def _value(entry: Entry, name: str) -> str:
    value = getattr(entry, name)
    if not value:
        return UNKNOWN
    found = entry.provenance.get(name)
    text = "; ".join(value) if isinstance(value, tuple) else value
    if not found:
        return text
    return f"{text}  ({found.origin}{f', to the {found.precision}' if found.precision else ''})"


def _row(entry: Entry) -> tuple[str, str, str, str]:
    return entry.id, entry.title, entry.publisher or UNKNOWN, entry.published or UNKNOWN


def columns(rows: Sequence[tuple[str, str, str, str]], width: int) -> Iterator[str]:
    """The rows in columns, as far as they fit into the width; ids are whole, as other commands need them."""
    ids, titles, publishers, dates = ([cell_len(row[column]) for row in rows] for column in range(4))
    publisher = min(max(publishers, default=0), _LONGEST_PUBLISHER)
    rest = width - max(ids, default=0) - publisher - max(dates, default=0) - 3 * len(_GAP)
    title = min(max(titles, default=0), max(rest, _SHORTEST_TITLE))
    for row in rows:
        cells = zip(row, (max(ids), title, publisher, max(dates)), strict=True)
        yield _GAP.join(_cell(value, size) for value, size in cells).rstrip()


def _cell(value: str, size: int) -> str:
    text = Text(value)
    text.truncate(size, overflow="ellipsis", pad=True)
    return text.plain


def _count_lines(counts: tuple[Count, ...]) -> Iterator[str]:
    known = [one for one in counts if one.value is not None]
    for one in known[:LONGEST_LIST]:
        yield f"{one.articles:>8}  {one.value}"
    if len(known) > LONGEST_LIST:
        rest = known[LONGEST_LIST:]
        yield f"{sum(one.articles for one in rest):>8}  {len(rest)} others (--json has all)"
    for one in counts:
        if one.value is None:
            yield f"{one.articles:>8}  {UNKNOWN}"
