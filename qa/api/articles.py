"""The routes that give articles."""

from __future__ import annotations

from dataclasses import dataclass, fields

from apiflask import APIFlask
from flask import Response

from corpus.article import Entry
from qa.api.responses import json_response, problems, schema
from qa.service import Service
from qa.shapes import FullArticle


@dataclass(frozen=True, slots=True)
class Articles:
    """Every article of a generation, by id, without its text."""

    generation: str
    articles: list[Entry]


def add_articles(app: APIFlask, service: Service) -> None:
    """Adds the routes."""

    @app.get("/v1/articles")
    @app.output(schema(Articles))
    @app.doc(summary="List the articles")
    def list_articles() -> Response:
        engine = service.live.engine
        return json_response(Articles(engine.manifest.generation, engine.catalogue()))

    @app.get("/v1/articles/<path:article_id>")
    @app.output(schema(FullArticle))
    @app.doc(summary="Read an article", responses=problems(404))
    def read_article(article_id: str) -> Response:
        engine = service.live.engine
        article = engine.article(article_id)
        known = {field.name: getattr(article, field.name) for field in fields(Entry)}
        return json_response(FullArticle(**known, generation=engine.manifest.generation, text=article.text))
