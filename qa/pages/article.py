"""The page of an article."""

from __future__ import annotations

from apiflask import APIFlask
from flask import Response, request

from corpus.article import Article, Entry, entry_of
from corpus.errors import UnknownArticle
from index.search import Engine
from index.store import Excerpt
from qa.answers import Citation
from qa.citations import cite, permalink
from qa.kept import Kept, kept
from qa.pages.rendering import render
from qa.pages.snapshots import add_snapshots, snapshot_address
from qa.pages.text import Marked, blocks
from qa.service import Service

Span = tuple[int, int]
"""Code points of a text, half-open."""

_BY_ACCEPT = {"Vary": "Accept"}


def add_article(app: APIFlask, service: Service) -> None:
    """Adds the page's route, and that of what was fetched."""
    add_snapshots(app, service)

    @app.get("/articles/<path:article_id>")
    @app.doc(hide=True)
    def article_page(article_id: str) -> Response:
        engine = service.live.engine
        found = kept(engine, service.history, article_id, request.args.get("sha256"))
        if request.accept_mimetypes.best_match(["text/html", "text/plain"]) == "text/plain":
            return _plain(found)
        marked = _marked(found)
        earlier, later = _neighbours(service, engine, found, marked)
        page = render(
            "article.html",
            engine,
            kept=found,
            blocks=blocks(found.article.text, [Marked(*marked, "passage")]),
            citation=_citation(found, marked),
            copies=_copies(engine, found.article.id),
            earlier=earlier,
            later=later,
            snapshot=snapshot_address(service.folders, found.article),
        )
        return Response(page, headers=_BY_ACCEPT)


def _plain(found: Kept) -> Response:
    """The canonical text: a citation's hash is of it, and its places count its code points."""
    if not found.is_cited:
        raise UnknownArticle(f"the text of {found.article.id!r} that the address cites is not kept any more")
    return Response(found.article.text, mimetype="text/plain", headers=_BY_ACCEPT)


def _marked(found: Kept) -> Span:
    """The passage that the address names, or nothing at the text's end."""
    end_of_text = len(found.article.text)
    start = request.args.get("start", -1, int)
    end = request.args.get("end", -1, int)
    return (start, end) if found.is_cited and 0 <= start <= end <= end_of_text else (end_of_text, end_of_text)


def _citation(found: Kept, marked: Span) -> Citation | None:
    start, end = marked
    return cite(_excerpt(found.article, marked), found.generation) if start < end else None


def _excerpt(article: Article, span: Span) -> Excerpt:
    return Excerpt(entry_of(article), article.text, *span)


def _neighbours(service: Service, engine: Engine, found: Kept, marked: Span) -> tuple[str | None, str | None]:
    """The links of the passages before and behind what is marked; of the first one if nothing is."""
    texts = engine if found.is_current else service.history.texts(found.generation)
    passages = texts.spans(found.article.id).passages if texts else ()
    start = marked[0] if marked[0] < marked[1] else -1
    earlier = [span for span in passages if span[0] < start]
    later = [span for span in passages if span[0] > start]
    return (
        permalink(_excerpt(found.article, earlier[-1])) if earlier else None,
        permalink(_excerpt(found.article, later[0])) if later else None,
    )


def _copies(engine: Engine, article_id: str) -> list[Entry]:
    try:
        return [entry_of(engine.article(other)) for other in engine.copies_of(article_id)]
    except UnknownArticle:
        return []
