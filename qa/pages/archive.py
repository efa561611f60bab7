"""The pages about the archive: its articles, and what is new."""

from __future__ import annotations

from apiflask import APIFlask

from qa.changes import changes
from qa.pages.rendering import render
from qa.service import Service


def add_archive(app: APIFlask, service: Service) -> None:
    """Adds the pages' routes."""

    @app.get("/new")
    @app.doc(hide=True)
    def new() -> str:
        engine = service.live.engine
        return render("new.html", engine, changes=changes(engine, service.history))
