"""The page on which the interface can be read and tried: Swagger UI, from the package that comes along.

It lives with the policy that all pages have: no script and no style but in files, and no other host.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from apiflask import APIFlask
from flask import Response, render_template, send_from_directory
from werkzeug.exceptions import NotFound

PACKAGE = "swagger-ui-py"

_FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
"""What of the package's 25 MB is given."""


def add_manual(app: APIFlask) -> None:
    """Adds the page's routes."""

    @app.get("/docs")
    @app.doc(hide=True)
    def manual() -> Response:
        return Response(render_template("docs.html", version=_version()))

    @app.get("/docs/<name>")
    @app.doc(hide=True)
    def manual_file(name: str) -> Response:
        if name not in _FILES:
            raise NotFound
        return send_from_directory(_folder(), name)


@cache
def _version() -> str:
    return version(PACKAGE)


@cache
def _folder() -> Path:
    """Where the package's files are; it is not loaded for that, as it brings along what it isn't needed for."""
    spec = find_spec("swagger_ui")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package {PACKAGE} is not installed")
    return Path(spec.origin).parent / "static"
