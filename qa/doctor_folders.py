"""What is wrong in the folders of articles, and how the index differs from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import regex

from corpus import sidecars
from corpus.archive import EXCLUDED
from corpus.errors import UnreadableArticle
from corpus.formats.registry import CONTAINERS
from corpus.listing import Listing, SourceFile, trouble
from corpus.locating import prefixes
from qa.catalogue import Catalogue
from qa.findings import EXAMPLES, Finding, Findings, about, counted

_DETAIL = regex.compile(r"'[^']*'|\"[^\"]*\"|\S*/\S*|\d+")
"""What differs between reasons that are otherwise the same: what is quoted, paths, numbers."""

_SIDECAR = regex.compile(r"its sidecar |a sidecar of ")


@dataclass(frozen=True, slots=True)
class Pending:
    """What the next build would find other than the last one did: ids of articles, or of files of several."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def check_sidecars(listing: Listing, catalogue: Catalogue | None) -> Findings:
    """Sidecars that can't be read, and those about nothing."""
    yield from _broken_sidecars(listing)
    lost = [str(listing.sidecars[key]) for key in sorted(_without_article(listing, catalogue), key=str)]
    if lost:
        yield Finding(
            "sidecar-about-nothing",
            "warning",
            len(lost),
            f"{counted(len(lost), 'sidecar')} about an article that there is not",
            "rename it to the article's id, or remove it",
            tuple(lost[:EXAMPLES]),
        )


def check_rejected(rejected: Sequence[tuple[str, str]]) -> Findings:
    """What the last build rejected, grouped by reason; sidecars apart, and what its owner left out."""
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path, reason in rejected:
        # Of sidecars, the folders themselves tell how it is now.
        if not _SIDECAR.match(reason) and reason != EXCLUDED:
            groups[_DETAIL.sub("…", reason)].append((path, reason))
    for found in sorted(groups.values(), key=lambda group: (-len(group), group)):
        paths, reasons = [path for path, _ in found], [reason for _, reason in found]
        what, _, do = reasons[0].partition("; ")
        yield Finding(
            "rejected",
            "warning",
            len(found),
            f"{counted(len(found), 'file')} rejected by the last build: {what}",
            do or "mend the file or take it out of the folder",
            tuple(paths[:EXAMPLES]),
        )
    left_out = [path for path, reason in rejected if reason == EXCLUDED]
    do = "'ibidem articles edit ID --restore excluded' takes one in again"
    yield from about("excluded", "note", left_out, "left out by a sidecar", do)


def check_stale(pending: Pending) -> Findings:
    """Whether the folders have something other than the index."""
    what = {"added": pending.added, "changed": pending.changed, "removed": pending.removed}
    ids = tuple(f"{article_id} ({kind})" for kind, found in what.items() for article_id in found)
    if ids:
        counts = ", ".join(f"{len(found)} {kind}" for kind, found in what.items() if found)
        yield Finding(
            "stale",
            "warning",
            len(ids),
            f"the folders are not what they were at the last build: {counts}",
            "'ibidem build' takes the index to what they are",
            ids[:EXAMPLES],
        )


def stale(listing: Listing, catalogue: Catalogue) -> Pending:
    """What was added, changed and removed since the last build, as far as ids and times of change tell.

    A file that was replaced by another with an old time counts as unchanged; a build looks more closely.
    """
    files = {item.id: item for item in listing.items if isinstance(item, SourceFile)}
    known = {entry.id for entry in catalogue.entries}
    sources = {article_id: source for article_id in known if (source := _file_of(article_id, files))}
    read = {*sources.values()}
    built = int(datetime.fromisoformat(catalogue.manifest.created).timestamp() + 1) * 10**9
    modified = _modified(listing, files)
    rejected = [path for path, _ in catalogue.manifest.rejected]
    return Pending(
        added=tuple(one for one in sorted(files.keys() - read) if not _was_rejected(files[one], rejected)),
        changed=tuple(one for one in sorted(read) if modified.get(one, 0) >= built),
        removed=tuple(sorted(known - sources.keys())),
    )


def _file_of(article_id: str, files: Mapping[str, SourceFile]) -> str | None:
    """The id of the file that an article is in."""
    if article_id in files:
        return article_id
    return next((one for one in prefixes(article_id) if one in files and files[one].format in CONTAINERS), None)


def _modified(listing: Listing, files: Mapping[str, SourceFile]) -> dict[str, int]:
    """When each file, or a sidecar about it or something in it, was changed last; nanoseconds since 1970."""
    times = {article_id: file.modified for article_id, file in files.items()}
    for (_, about_id), path in listing.sidecars.items():
        source = _file_of(about_id, files)
        if source:
            times[source] = max(times[source], _time(path))
    return times


def _time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _was_rejected(file: SourceFile, rejected: Collection[str]) -> bool:
    """Whether the last build rejected a file, or something in it; it may have been run in another folder."""
    path = str(file.path.relative_to(file.folder))
    return any(other == path or other.endswith(f"/{path}") or f"/{path}/" in other for other in rejected)


def _broken_sidecars(listing: Listing) -> Iterator[Finding]:
    for path in sorted(listing.sidecars.values()):
        try:
            sidecars.read(path)
            continue
        except UnreadableArticle as error:
            reason = str(error)
        except OSError as error:
            reason = trouble(path, error)
        what = f"what it is about is left out: {reason}"
        yield Finding("sidecar-broken", "error", 1, what, "mend or remove it", (str(path),))


def _without_article(listing: Listing, catalogue: Catalogue | None) -> Iterator[tuple[Path, str]]:
    """The keys of the sidecars about nothing: of articles in files of several, the last build knows."""
    files = {item.id: item for item in listing.items if isinstance(item, SourceFile)}
    rejected = catalogue.manifest.rejected if catalogue else ()
    about_nothing = {path for path, reason in rejected if reason.startswith("a sidecar of ")}
    for key, path in listing.sidecars.items():
        source = _file_of(key[1], files)
        if source is None or (source != key[1] and str(path) in about_nothing):
            yield key
