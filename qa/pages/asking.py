"""The page that asks the archive."""

from __future__ import annotations

from apiflask import APIFlask
from flask import render_template, request

from qa.answering import Query
from qa.pages.marks import pieces
from qa.service import Service


def add_asking(app: APIFlask, service: Service) -> None:
    """Adds the page's route."""

    @app.get("/")
    @app.doc(hide=True)
    def page() -> str:
        engine = service.live.engine
        question = request.args.get("question", "").strip()
        found = service.ask(engine, [Query(question)])[0] if question else None
        return render_template("ask.html", question=question, answer=found, manifest=engine.manifest)

    app.add_template_filter(pieces)
