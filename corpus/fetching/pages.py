"""Keeping single pages: each address is fetched once, and kept as it came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from corpus.errors import NoArticles, NotFetched
from corpus.fetching import places, snapshots
from corpus.fetching.addresses import WebAddress, parse
from corpus.fetching.fetcher import Fetcher, Wanted, described
from corpus.fetching.wire import MEBIBYTE, Exchange, Head, decoded
from corpus.formats.web_types import TYPES, format_of

FOLDER = "fetched"
"""Where pages are kept, below the first folder of articles."""

MOST_INFLATED = 100 * MEBIBYTE
"""Of a page that came compressed; the formats take no more."""

_ACCEPT = ", ".join([*TYPES, "*/*;q=0.1"])
_SAYS_NOTHING = ("", "application/octet-stream", "binary/octet-stream")
_CODINGS = ("identity", "gzip", "x-gzip")

Status = Literal["kept", "there", "unchanged", "refused"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an address: it was ``kept``, or was ``there`` already, or what it gives is ``unchanged``, with the
    file's ``path``; or it was ``refused``. ``reason`` says more of all but what was kept."""

    url: str
    status: Status
    path: Path | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """Keeps pages below a folder; ``may`` raises ``NotFetched`` for addresses that must not be asked."""

    folder: Path
    fetcher: Fetcher
    may: Callable[[WebAddress], None]

    def keep(self, url: str, *, again: bool = False, said: Mapping[str, object] | None = None) -> Outcome:
        """Fetches a page and keeps it, with what a feed ``said`` of it; one that is there only if it is to be fetched
        ``again``, and then only if it has changed."""
        try:
            return self._keep(url, again, said)
        except NotFetched as error:
            return Outcome(url, "refused", reason=str(error))

    def _keep(self, url: str, again: bool, said: Mapping[str, object] | None) -> Outcome:
        address = parse(url)
        first = places.place(self.folder, address)
        there = places.snapshots(first)
        if there and not again:
            return Outcome(url, "there", there[-1], f"since {snapshots.retrieved(there[-1])}")
        wanted = Wanted(accept=_ACCEPT, may=self.may, admit=admit)
        fetched = self.fetcher.fetch(address, wanted)
        _check(fetched.last)
        if there and snapshots.same_page(there[-1], fetched):
            return Outcome(url, "unchanged", there[-1], f"since {snapshots.retrieved(there[-1])}")
        path = places.next_place(first, fetched.last.began)
        path.parent.mkdir(parents=True, exist_ok=True)
        snapshots.write(path, fetched, said)
        return Outcome(url, "kept", path)


def folder_below(articles: Path) -> Path:
    """The folder of fetched pages below a folder of articles, which must be there."""
    if not articles.is_dir():
        raise NoArticles(f"there is no folder {articles} to keep pages in; make it, or name another one")
    return articles / FOLDER


def admit(head: Head) -> None:
    """Raises ``NotFetched`` for a response that is no article."""
    if head.status != 200:
        raise NotFetched(described(head))
    kind = _kind(head)
    if kind not in TYPES and kind not in _SAYS_NOTHING:
        raise NotFetched(_no_article(kind))
    coding = (head.header("content-encoding") or "identity").strip().lower()
    if coding not in _CODINGS:
        raise NotFetched(f"compressed as {coding[:20]!r}, which was not asked for")


def _check(exchange: Exchange) -> None:
    """Raises ``NotFetched`` for what no article would come of, whatever its server says that it is."""
    content = decoded(exchange, MOST_INFLATED)
    if not content.strip():
        raise NotFetched("an empty page")
    kind = exchange.head.header("content-type") or ""
    if format_of(kind, content, str(exchange.address)) is None:
        raise NotFetched(_no_article(_kind(exchange.head)))


def _kind(head: Head) -> str:
    return (head.header("content-type") or "").partition(";")[0].strip().lower()


def _no_article(kind: str) -> str:
    said = f"sent as {kind[:80]!r}" if kind else "sent without a type"
    return f"not an article ({said}); web pages, PDF, text, Word, OpenDocument, RTF and EPUB are"
