"""The pages that verify what somebody pastes, and that give the citation of a place in all styles."""

from __future__ import annotations

from apiflask import APIFlask
from flask import request
from pydantic import ValidationError

from corpus.errors import IbidemError
from qa.answers import Citation
from qa.given import Given
from qa.kept import cite_place
from qa.pages.rendering import render
from qa.pasting import check_pasted
from qa.problems import problem_of
from qa.requests import PlaceAddress, read_address
from qa.service import Service
from qa.styles import Style, cited
from qa.verification import verify

_DEFAULT_STYLE: Style = "plain"


def add_checking(app: APIFlask, service: Service) -> None:
    """Adds the pages' routes."""

    @app.get("/verify")
    @app.doc(hide=True)
    def verify_page() -> str:
        return render("verify.html", service.live.engine, text="", results=[], problem=None)

    @app.post("/verify")
    @app.doc(hide=True)
    def verified_page() -> tuple[str, int]:
        engine = service.live.engine
        text = request.form.get("text", "").replace("\r\n", "\n")  # so browsers send the ends of lines
        try:
            results, problem = check_pasted(engine, service.history, text), None
        except (IbidemError, ValidationError) as error:
            results, problem = [], problem_of(error)
        status = problem.status if problem else 200
        return render("verify.html", engine, text=text, results=results, problem=problem), status

    @app.get("/cite")
    @app.doc(hide=True)
    def cite_page() -> str:
        engine, place = service.live.engine, read_address(PlaceAddress)
        citation = cite_place(engine, service.history, *place.place)
        style = place.cite or _DEFAULT_STYLE
        return render(
            "cite.html",
            engine,
            citation=citation,
            check=verify(engine, [_given(citation)], service.history).results[0],
            style=style,
            cited=cited(citation, style, request.host_url),
        )


def _given(citation: Citation) -> Given:
    place = {name: getattr(citation, name) for name in ("article_id", "start", "end", "quote", "sha256", "generation")}
    return Given(**place)
