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
from corpus.fetching.wire import Head

FOLDER = "fetched"
"""Where pages are kept, below the first folder of articles."""

TYPES = (
    "text/html",
    "application/xhtml+xml",
    "application/pdf",
    "text/plain",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.oasis.opendocument.text",
    "application/rtf",
    "text/rtf",
    "application/epub+zip",
)
"""What articles come as."""

_ACCEPT = ", ".join([*TYPES, "*/*;q=0.1"])
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
        if not fetched.last.body:
            raise NotFetched("an empty page")
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
    kind = (head.header("content-type") or "").partition(";")[0].strip().lower()
    if kind not in TYPES:
        raise NotFetched(f"not an article: {kind[:80] or 'its type is not given'}; web pages, PDF, text, Word are read")
    coding = (head.header("content-encoding") or "identity").strip().lower()
    if coding not in _CODINGS:
        raise NotFetched(f"compressed as {coding[:20]!r}, which was not asked for")
