"""The routes that cite, and that check what is cited."""

from __future__ import annotations

from apiflask import APIFlask
from flask import Response, request

from qa.api.responses import json_response, problems, schema
from qa.checks import QuoteChecks
from qa.given import MAX_CITATIONS, read_citations
from qa.kept import cite_place
from qa.quotes import check_quotes
from qa.requests import PlaceAddress, QuotesBody, read_address, read_body, read_json_bytes
from qa.service import Service
from qa.shapes import CitedPlace
from qa.styles import cited
from qa.verification import Checks, verify

MAX_CITATIONS_BYTES = 4 * 2**20
"""The largest body of citations, or of quotes, to be checked."""


def add_checking(app: APIFlask, service: Service) -> None:
    """Adds the routes."""

    @app.get("/v1/citations")
    @app.output(schema(CitedPlace))
    @app.doc(tags=["citations"], responses=problems(400, 404, 414, 422))
    def cite() -> Response:
        """Cite a place in an article.

        With a `sha256` in the text of that hash, from an earlier index if need be.
        """
        place = read_address(PlaceAddress)
        citation = cite_place(service.live.engine, service.history, *place.place)
        return json_response(
            CitedPlace(citation, cited(citation, place.cite, request.host_url) if place.cite else None)
        )

    @app.post("/v1/citations/verify")
    @app.output(schema(Checks))
    @app.doc(tags=["citations"], responses=problems(400, 413, 415, 422))
    def verify_citations() -> Response:
        """Check citations against the archive.

        Takes a citation as an answer gave it, an answer, a list of these, or `{"citations": …}` with such a list; at
        most 1,000 citations. What is left out of a citation is not compared.
        """
        request.max_content_length = MAX_CITATIONS_BYTES
        given = read_citations(read_json_bytes(), MAX_CITATIONS)
        return json_response(verify(service.live.engine, given, service.history))

    @app.post("/v1/quotes/verify")
    @app.output(schema(QuoteChecks))
    @app.doc(tags=["citations"], responses=problems(400, 413, 415, 422))
    def verify_quotes() -> Response:
        """Check whether the archive has quotes.

        For words of which nothing else is known.
        """
        request.max_content_length = MAX_CITATIONS_BYTES
        return json_response(check_quotes(service.live.engine, read_body(QuotesBody).quotes))
