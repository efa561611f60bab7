"""The page of an article."""

from __future__ import annotations

from dataclasses import dataclass

from apiflask import APIFlask
from flask import Response, render_template, request

from corpus.article import Article
from corpus.errors import UnknownArticle
from index.history import History
from index.search import Engine
from qa.service import Service

_BY_ACCEPT = {"Vary": "Accept"}


@dataclass(frozen=True, slots=True)
class _Copy:
    """The text that an address cites. ``generation`` is the earlier one that it was kept in, ``None`` if the archive
    has it still; ``is_cited`` is false if that text is not to be had any more, and this is another one."""

    article: Article
    generation: str | None
    is_cited: bool


def add_article(app: APIFlask, service: Service) -> None:
    """Adds the page's route."""

    @app.get("/articles/<path:article_id>")
    @app.doc(hide=True)
    def article_page(article_id: str) -> Response:
        engine = service.live.engine
        copy = _cited_copy(engine, service.history, article_id)
        if request.accept_mimetypes.best_match(["text/html", "text/plain"]) == "text/plain":
            return _plain(copy)
        start, end = _marked(copy)
        text = copy.article.text
        parts = text[:start], text[start:end], text[end:]
        page = render_template("article.html", copy=copy, article=copy.article, parts=parts, manifest=engine.manifest)
        return Response(page, headers=_BY_ACCEPT)


def _cited_copy(engine: Engine, history: History, article_id: str) -> _Copy:
    """The article as the address cites it by its hash, or as it is. Raises ``UnknownArticle``."""
    cited = request.args.get("sha256")
    try:
        current = engine.article(article_id)
    except UnknownArticle:
        if kept := _kept(history, article_id, cited):
            return kept
        raise
    if cited in {None, current.sha256}:
        return _Copy(current, None, is_cited=True)
    return _kept(history, article_id, cited) or _Copy(current, None, is_cited=False)


def _kept(history: History, article_id: str, cited: str | None) -> _Copy | None:
    """The text that is cited, from an earlier generation that has it."""
    found = history.article_with(article_id, cited) if cited else None
    return _Copy(found[1], found[0], is_cited=True) if found else None


def _plain(copy: _Copy) -> Response:
    """The canonical text: a citation's hash is of it, and its places count its code points."""
    if not copy.is_cited:
        raise UnknownArticle(f"the text of {copy.article.id!r} that the address cites is not kept any more")
    return Response(copy.article.text, mimetype="text/plain", headers=_BY_ACCEPT)


def _marked(copy: _Copy) -> tuple[int, int]:
    """The passage that the address names, or nothing at the text's end."""
    end_of_text = len(copy.article.text)
    start = request.args.get("start", -1, int)
    end = request.args.get("end", -1, int)
    return (start, end) if copy.is_cited and 0 <= start <= end <= end_of_text else (end_of_text, end_of_text)
