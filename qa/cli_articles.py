"""The commands by which an archive's owner looks after its articles: list, counts, show, edit, remove."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.errors import WrongUse
from corpus.sidecars import EXCLUDED
from corpus.statements import NAMES
from qa.cli_asking import filter_options
from qa.options import HELP_OPTIONS, Commands, Function, index_option, json_option, print_json
from qa.settings import load_settings

if TYPE_CHECKING:
    from corpus.removing import Removal

TAKEN_IN = "the next 'ibidem build' takes it in"

# Unlike answers, a list of articles leaves no copies out unless it is asked to.
_ALL_COPIES = {**HELP_OPTIONS, "default_map": {"copies": "all"}}
_OPTIONS = {"authors": "author", "tags": "tag", "sources": "source"}
"""The options for values that are lists, given once for each entry."""


class _Articles(Commands):
    """A group that counts the articles when no command is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See click."""
        plain = not args or (args[0].startswith("-") and args[0] not in HELP_OPTIONS["help_option_names"])
        return super().parse_args(ctx, ["counts", *args] if plain else args)


@click.group(cls=_Articles, context_settings=HELP_OPTIONS)
def articles() -> None:
    """List the articles of the archive, show one, correct what is said of it, or remove it.

    Without a command they are counted: by publisher, year and language.
    """


def articles_option(function: Function) -> Function:
    """Adds ``--articles``."""
    return click.option(
        "--articles",
        "folders",
        multiple=True,
        type=click.Path(path_type=Path),
        help="A folder of articles; may be given more than once.",
    )(function)


def _edit_options(function: Function) -> Function:
    texts = {
        "licence": "The licence under which it may be used.",
        "language": "Its language, as a code such as en.",
        "tag": "A tag; may be given more than once.",
        "retrieved": "The date on which it was fetched from where it stood.",
        "updated": "The date of its last change.",
        "published": "The date of publication: 2025-03-04, 2025-03 or 2025.",
        "url": "Where it was published: one http or https address.",
        "publisher": "Who published it.",
        "author": "An author; may be given more than once, and replaces all that the file names.",
        "source": "A source; may be given more than once.",
        "title": "Its title.",
    }
    listed = {option: name for name, option in _OPTIONS.items()}
    for option, text in texts.items():
        name = listed.get(option, option)
        function = click.option(f"--{option}", name, multiple=option in listed, help=text)(function)
    return function


@articles.command("list", context_settings=_ALL_COPIES)
@filter_options
@click.option(
    "--missing",
    multiple=True,
    type=click.Choice(NAMES),
    help="Only those of which this is not known; may be given more than once, any will do.",
)
@click.option(
    "--sort",
    type=click.Choice(["id", "title", "published"]),
    default="id",
    show_default=True,
    help="In which order; by date, the latest come first.",
)
@click.option("--limit", type=click.IntRange(1), help="How many to list at most.")
@index_option
@json_option
def list_articles(
    index: Path | None,
    as_json: bool,
    missing: tuple[str, ...],
    sort: Any,
    limit: int | None,
    **filters: Any,
) -> None:
    """List the articles of the index: id, title, publisher, date of publication.

    With --copies earliest or latest only one of each cluster of copies is listed. On a terminal in columns; elsewhere
    a line each, parted by tabs.
    """
    from index.filters import Filters
    from qa.articles_output import print_listed
    from qa.catalogue import listed, open_catalogue

    found = listed(open_catalogue(load_settings({"index": index}).index), Filters(**filters), missing, sort, limit)
    if as_json:
        print_json(found)
    else:
        print_listed(found)


@articles.command(context_settings=_ALL_COPIES)
@filter_options
@index_option
@json_option
def counts(index: Path | None, as_json: bool, **filters: Any) -> None:
    """Count the articles of the index, by publisher, year and language, and what is not known of them."""
    from index.filters import Filters
    from qa.articles_output import print_counts
    from qa.catalogue import count, open_catalogue

    found = count(open_catalogue(load_settings({"index": index}).index), Filters(**filters))
    if as_json:
        print_json(found)
    else:
        print_counts(found)


@articles.command(context_settings=HELP_OPTIONS)
@click.argument("article_id", metavar="ID")
@click.option("--text", is_flag=True, help="Print the canonical text and nothing else, to the byte as it is hashed.")
@articles_option
@index_option
@json_option
def show(article_id: str, text: bool, folders: tuple[Path, ...], index: Path | None, as_json: bool) -> None:
    """Show what is known of an article, and where each value comes from."""
    from qa.articles_output import print_details
    from qa.catalogue import details, open_catalogue

    settings = load_settings({"articles": folders or None, "index": index})
    catalogue = open_catalogue(settings.index)
    if text:
        click.echo(catalogue.store.article(article_id).text.encode(), nl=False)
        return
    found = details(catalogue, article_id, settings.articles)
    if as_json:
        print_json(found)
    else:
        print_details(found)


@articles.command(context_settings=HELP_OPTIONS)
@click.argument("article_id", metavar="ID")
@_edit_options
@click.option(
    "--unknown",
    multiple=True,
    type=click.Choice(NAMES),
    help="Say that this is not known, whatever the file says; may be given more than once.",
)
@click.option(
    "--restore",
    "restored",
    multiple=True,
    type=click.Choice([*NAMES, EXCLUDED]),
    help="Take what was said of this back, so that what the file says counts; may be given more than once.",
)
@articles_option
def edit(
    article_id: str, unknown: tuple[str, ...], restored: tuple[str, ...], folders: tuple[Path, ...], **given: Any
) -> None:
    """Correct what is said of an article, in a sidecar beside its file; the file stays as it is.

    ID may also be that of a file of several articles; then it is said of all of them. The article need not be in the
    index, or be readable.
    """
    from corpus.listing import list_files
    from corpus.locating import find, problem, sidecar_of
    from corpus.sidecar_writing import change
    from corpus.sidecar_writing import edit as as_edit

    wanted = as_edit({name: given[name] for name in NAMES if given[name] not in (None, ())}, unknown, restored)
    if not (wanted.said or unknown or restored):
        raise WrongUse("say what to change, as in --published 2025-03; 'ibidem articles edit --help' lists what can be")
    settings = load_settings({"articles": folders or None})
    listing = list_files(settings.articles)
    place = find(listing, article_id)
    path = sidecar_of(listing, place)
    text = change(path, wanted)
    what = f"all articles of {place.file.path}" if place.is_several else place.article_id
    click.echo(f"{path} says of {what}:\n{_indented(text)}" if text else f"no sidecar says anything of {what}")
    wrong = problem(list_files(settings.articles), place)
    click.echo(f"{TAKEN_IN}, but would leave the article out: {wrong}" if wrong else TAKEN_IN)


@articles.command(context_settings=HELP_OPTIONS)
@click.argument("article_ids", metavar="ID ...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Don't ask.")
@articles_option
def remove(article_ids: tuple[str, ...], yes: bool, folders: tuple[Path, ...]) -> None:
    """Remove articles from the archive: the file is deleted, and what is said beside it.

    An article in a file of several is left out by a sidecar, as the others stay. Takes effect with the next build;
    citations of what was removed are then said to be gone.
    """
    from corpus.listing import list_files
    from corpus.removing import carry_out, plan

    settings = load_settings({"articles": folders or None})
    listing = list_files(settings.articles)
    removals = plan(listing, article_ids)
    if not (yes or sys.stdin.isatty()):
        raise WrongUse("nobody can be asked here; to remove without being asked give --yes")
    for removal in removals:
        for line in _planned(removal):
            click.echo(line)
    if not yes:
        click.confirm("Remove?", abort=True)
    for removal in removals:
        carry_out(removal)
    for article_id in _still_there(settings.articles, removals):
        click.echo(f"{article_id} is still there: another file has the same id")
    click.echo(f"removed; {TAKEN_IN}")


def _planned(removal: Removal) -> Iterator[str]:
    place = removal.place
    if removal.exclude:
        yield f"leave out  {place.article_id} of {place.file.path}, in {removal.exclude}"
    for path in removal.delete:
        several = ", with all its articles" if place.is_several and path == place.file.path else ""
        yield f"delete     {path}{several}"


def _still_there(folders: tuple[Path, ...], removals: list[Removal]) -> list[str]:
    from corpus.listing import SourceFile, list_files

    left = {item.id for item in list_files(folders).items if isinstance(item, SourceFile)}
    return [removal.place.article_id for removal in removals if removal.delete and removal.place.article_id in left]


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.rstrip().splitlines())
