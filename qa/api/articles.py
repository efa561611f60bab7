"""The routes that give articles."""

from __future__ import annotations

from dataclasses import fields

from apiflask import APIFlask
from flask import Response

from corpus.article import Entry
from qa.api.responses import UNCHANGED, conditional, json_response, problems, schema
from qa.paging import page
from qa.requests import ListAddress, read_address
from qa.service import Service
from qa.shapes import Articles, FullArticle


def add_articles(app: APIFlask, service: Service) -> None:
    """Adds the routes."""

    @app.get("/v1/articles")
    @app.output(schema(Articles))
    @app.doc(tags=["articles"], responses=UNCHANGED | problems(400, 414, 422))
    def list_articles() -> Response:
        """List the articles, page by page.

        In an order, and those that filters leave. Pages may be taken while the archive changes: what stays there,
        with the title or date by which it is sorted, is neither left out nor given twice.
        """
        asked = read_address(ListAddress)
        engine = service.live.engine
        found = page(engine, asked.filters(), asked.sort, asked.limit, asked.cursor)
        return conditional(lambda: json_response(found), engine.manifest.generation)

    @app.get("/v1/articles/<path:article_id>")
    @app.output(schema(FullArticle))
    @app.doc(tags=["articles"], responses=UNCHANGED | problems(404, 414))
    def read_article(article_id: str) -> Response:
        """Read an article with its canonical text.

        Every offset of a citation counts the code points of this text, and its `sha256` is of this text.
        """
        engine = service.live.engine
        article = engine.article(article_id)
        generation = engine.manifest.generation
        known = {field.name: getattr(article, field.name) for field in fields(Entry)}
        full = FullArticle(**known, generation=generation, text=article.text)
        return conditional(lambda: json_response(full), generation)
