"""The pages about the archive: its articles by date, and what is new."""

from __future__ import annotations

from apiflask import APIFlask
from flask import request
from pydantic import ValidationError

from corpus.errors import WrongUse
from qa.changes import changes
from qa.pages.given import Given, read_given
from qa.pages.rendering import facets_of, render
from qa.paging import page
from qa.problems import problem_of
from qa.requests import ListAddress
from qa.service import Service


def add_archive(app: APIFlask, service: Service) -> None:
    """Adds the pages' routes."""

    @app.get("/articles")
    @app.doc(hide=True)
    def articles() -> tuple[str, int]:
        engine, parameters = service.live.engine, request.args.to_dict(flat=False)
        given = _without_question(read_given(parameters))
        found, problem = None, None
        try:
            filters = given.read(ListAddress).filters()
            found = page(engine, filters, "published", cursor=request.args.get("cursor"))
        except (ValidationError, WrongUse) as error:
            problem = problem_of(error)
        status = problem.status if problem else 200
        shown = render("articles.html", engine, given=given, page=found, problem=problem, facets=facets_of(engine))
        return shown, status

    @app.get("/new")
    @app.doc(hide=True)
    def new() -> str:
        engine = service.live.engine
        return render("new.html", engine, changes=changes(engine, service.history))


def _without_question(given: Given) -> Given:
    names = [name for name in given.values if name in ListAddress.model_fields]
    return Given({name: given.values[name] for name in names})
