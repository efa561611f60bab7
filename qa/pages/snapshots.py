"""The page that an article was read from, as it was fetched, where it was kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from apiflask import APIFlask
from flask import Response

from corpus import reading
from corpus.article import Metadata
from corpus.document import Member
from corpus.errors import IbidemError, UnknownArticle
from corpus.fetching.snapshots import SUFFIX
from corpus.listing import SourceFile
from corpus.locating import prefixes
from corpus.sidecars import Sidecar
from qa.service import Service

POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What was fetched is another's page: it runs nothing, loads nothing, sends nothing, and has no origin."""

_TYPES = {"html": "text/html", "pdf": "application/pdf", "text": "text/plain"}


def add_snapshots(app: APIFlask, service: Service) -> None:
    """Adds the route of what was fetched."""

    @app.get("/snapshots/<path:article_id>")
    @app.doc(hide=True)
    def snapshot(article_id: str) -> Response:
        service.live.engine.article(article_id)
        for member in _members(service.folders, article_id):
            kind = _TYPES.get(member.format, "application/octet-stream")
            response = Response(member.content, mimetype=kind, headers={"Content-Security-Policy": POLICY})
            if kind == "text/html" and member.charset is None:
                response.headers["Content-Type"] = kind  # the page itself says in which encoding it is
            elif kind == "text/html":
                response.headers["Content-Type"] = f"{kind}; charset={member.charset}"
            else:
                response.headers["Content-Disposition"] = "attachment"
            return response
        raise UnknownArticle(f"the page that {article_id!r} was read from is not kept, or not any more")


def snapshot_address(folders: Sequence[Path], article: Metadata) -> str | None:
    """The address of what an article was read from, if that was fetched and is kept."""
    if not any(_files(folders, article.id)):
        return None
    return f"/snapshots/{quote(article.id)}"


def _members(folders: Sequence[Path], article_id: str) -> Iterator[Member]:
    """What an article was read from, if it is in a web archive; nothing if that can't be read any more."""
    for file in _files(folders, article_id):
        name = article_id[len(file.id) + 1 :]
        try:
            for member in reading.members(file, Sidecar()):
                if isinstance(member, Member) and member.name == name:
                    yield member
        except (IbidemError, OSError):
            continue


def _files(folders: Sequence[Path], article_id: str) -> Iterator[SourceFile]:
    """The web archives that an article of that id may be in."""
    for folder in folders:
        for file_id in (article_id, *prefixes(article_id)):
            for suffix in (SUFFIX, ".warc"):
                path = folder / f"{file_id}{suffix}"
                if ".." not in path.parts and path.is_file():
                    status = path.stat()
                    yield SourceFile(file_id, path, "warc", status.st_size, status.st_mtime_ns, folder)
