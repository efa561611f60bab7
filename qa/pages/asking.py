"""The page that asks the archive."""

from __future__ import annotations

from apiflask import APIFlask
from flask import request
from pydantic import ValidationError

from corpus.errors import WrongUse
from qa.changes import changes
from qa.pages.given import read_given
from qa.pages.rendering import facets_of, render
from qa.problems import Problem, problem_of
from qa.requests import AskAddress
from qa.service import Service


def add_asking(app: APIFlask, service: Service) -> None:
    """Adds the page's route."""

    @app.get("/")
    @app.doc(hide=True)
    def page() -> tuple[str, int]:
        engine, given = service.live.engine, read_given(request.args.to_dict(flat=False))
        found, problem = None, None
        if given.first("question"):
            try:
                found = service.ask(engine, [given.read(AskAddress).query()])[0]
            except (ValidationError, WrongUse) as error:
                problem = problem_of(error)
        return (
            render(
                "ask.html",
                engine,
                given=given,
                answer=found,
                problem=problem,
                facets=facets_of(engine),
                changes=changes(engine, service.history),
            ),
            _status(problem),
        )


def _status(problem: Problem | None) -> int:
    return problem.status if problem else 200
