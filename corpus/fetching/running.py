"""One run of fetching, put together from what is set."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from corpus.fetching.addresses import Guard, WebAddress
from corpus.fetching.fetcher import Fetcher
from corpus.fetching.pace import Pace
from corpus.fetching.pages import Keeper, folder_below
from corpus.fetching.robots import Robots
from corpus.fetching.wire import Network, connect, system_certificates


def open_keeper(articles: Path, let_in: Iterable[str], *, by_a_person: bool) -> Keeper:
    """What keeps pages below a folder of articles; ``let_in`` are hosts with ports as in ``fetch_private``.

    ``by_a_person`` says that each address was asked for by a person, so that robots.txt, which is for crawlers, is not
    asked. Raises ``NoArticles`` or ``InvalidSetting``.
    """
    network = Network(connect=connect, certificates=system_certificates())
    fetcher = Fetcher(Guard(let_in), network, Pace())
    return Keeper(folder=folder_below(articles), fetcher=fetcher, may=_all if by_a_person else Robots(fetcher).check)


def _all(_: WebAddress) -> None:
    """Anything may be asked."""
