"""The commands that fetch: add, which keeps single pages, and feeds, which keeps those of new entries."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corpus.errors import WrongUse
from qa.options import HELP_OPTIONS, Command, Function, json_option, print_json
from qa.settings import Settings, load_settings

if TYPE_CHECKING:
    from corpus.fetching.following import FeedOutcome, Followed
    from corpus.fetching.pages import Outcome

_DONE = {"kept": "kept", "there": "already there", "unchanged": "unchanged", "refused": "refused"}


def articles_option(function: Function) -> Function:
    """Adds ``--articles``, one folder."""
    return click.option(
        "--articles",
        type=click.Path(path_type=Path),
        help="The folder of articles to keep pages in, if not the first one that is set.",
    )(function)


@click.command(cls=Command, context_settings=HELP_OPTIONS)
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option("--again", is_flag=True, help="Fetch what is there already once more, and keep it if it has changed.")
@articles_option
@json_option
def add(urls: tuple[str, ...], again: bool, articles: Path | None, as_json: bool) -> None:
    """Fetch pages from the web and keep them below the first folder of articles.

    URL is the address of a page, a PDF, a text or a Word file; - takes addresses from standard input, one a line. Each
    is kept byte for byte as it came, in a web archive (WARC) of its own. The exit code is 1 if any was refused.
    """
    from corpus.fetching.running import open_keeper

    settings = _settings(articles)
    # A list comes from a program as easily as from a person, and is asked for as programs have to.
    keeper = open_keeper(settings.articles[0], settings.fetch_private, by_a_person="-" not in urls)
    outcomes: list[Outcome] = []
    for url in dict.fromkeys(_given(urls)):
        outcomes.append(keeper.keep(url, again=again))
        if not as_json:
            _print_page(outcomes[-1])
    if as_json:
        print_json(outcomes)
    else:
        _print_sum(outcomes)
    _exit(any(outcome.status == "refused" for outcome in outcomes))


@click.command(cls=Command, context_settings=HELP_OPTIONS)
@click.argument("urls", metavar="[FEED]...", nargs=-1)
@click.option("--list", "only_list", is_flag=True, help="Only say what is known of each feed; nothing is fetched.")
@articles_option
@json_option
def feeds(urls: tuple[str, ...], only_list: bool, articles: Path | None, as_json: bool) -> None:
    """Read feeds (RSS and Atom), and keep the pages of entries that are new.

    FEED is the address of a feed; without one, those that the setting 'feeds' names are read. What was not changed is
    not fetched again, and robots.txt is respected. The exit code is 1 if a feed or a page was refused.
    """
    from corpus.fetching.following import follow, followed
    from corpus.fetching.pages import folder_below
    from corpus.fetching.running import open_keeper

    settings = _settings(articles)
    named = urls or settings.feeds
    if only_list:
        _list(followed(folder_below(settings.articles[0]), named), as_json)
        return
    if not named:
        raise WrongUse("there are no feeds: name some, or set 'feeds' in ibidem.toml")
    keeper = open_keeper(settings.articles[0], settings.fetch_private, by_a_person=False)
    outcomes: list[FeedOutcome | Outcome] = []
    for outcome in follow(keeper, named):
        outcomes.append(outcome)
        if not as_json:
            _print_any(outcome)
    if as_json:
        print_json(outcomes)
    else:
        _print_sum(_pages(outcomes))
    _exit(any(outcome.status in ("refused", "gone") for outcome in outcomes))


def _settings(articles: Path | None) -> Settings:
    return load_settings({"articles": (articles,) if articles else None})


def _given(urls: tuple[str, ...]) -> Iterator[str]:
    for url in urls:
        if url == "-":
            yield from (line.strip() for line in sys.stdin if line.strip())
        else:
            yield url


def _print_page(outcome: Outcome) -> None:
    after = f" → {outcome.path}" if outcome.path else ""
    reason = f"{': ' if outcome.status == 'refused' else ' '}{outcome.reason}" if outcome.reason else ""
    click.echo(f"{_DONE[outcome.status]} {_printable(outcome.url)}{after}{_printable(reason)}")


def _print_any(outcome: FeedOutcome | Outcome) -> None:
    from corpus.fetching.pages import Outcome

    if not isinstance(outcome, Outcome):
        _print_feed(outcome)
    elif outcome.status != "there":  # an entry that another feed has as well
        _print_page(outcome)


def _print_feed(feed: FeedOutcome) -> None:
    what = {
        "read": f"{feed.new} new",
        "unchanged": "nothing new",
        "gone": str(feed.reason),
        "refused": f"refused: {feed.reason}",
    }[feed.status]
    click.echo(f"feed {_printable(feed.url)}: {_printable(what)}")
    if feed.moved:
        click.echo(f"feed {_printable(feed.url)}: moved for good to {feed.moved}; change the settings")


def _printable(text: str) -> str:
    """What was given, or came from a server, and may hold what would drive a terminal."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _pages(outcomes: list[FeedOutcome | Outcome]) -> list[Outcome]:
    from corpus.fetching.pages import Outcome

    return [outcome for outcome in outcomes if isinstance(outcome, Outcome)]


def _print_sum(outcomes: list[Outcome]) -> None:
    counts = [sum(outcome.status == status for outcome in outcomes) for status in ("kept", "refused")]
    after = "; 'ibidem build' takes what was kept into the index" if counts[0] else ""
    click.echo(f"{counts[0]} kept, {counts[1]} refused{after}")


def _list(known: list[Followed], as_json: bool) -> None:
    if as_json:
        print_json(known)
        return
    if not known:
        click.echo("no feeds are set, and none was read")
    for feed in known:
        title = f" ({feed.title})" if feed.title else ""
        checked = f"read {feed.checked}, {feed.kept} kept, {feed.waiting} waiting" if feed.checked else "never read"
        problem = f"; last time: {_printable(feed.problem)}" if feed.problem else ""
        click.echo(f"{_printable(feed.url)}{title}: {checked}{problem}")


def _exit(was_refused: bool) -> None:
    if was_refused:
        click.get_current_context().exit(1)
