"""The pages of what readers say of answers, and of the questions without one."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, urlencode

from apiflask import APIFlask
from flask import Response, redirect, request
from werkzeug.exceptions import Forbidden

from corpus.errors import InvalidFeedback
from index.search import Engine
from qa.api.responses import json_response
from qa.asked import narrowing
from qa.feedback import Cited, Feedback, Said, cited
from qa.pages.given import Given, read_given
from qa.pages.rendering import render
from qa.requests import AskAddress
from qa.service import Service
from qa.unanswered import UnansweredQuestion

_SHOWN = 50
_SAME_SITE = {"same-origin", "none"}
_PASSAGE = re.compile("p[1-9][0-9]{0,2}")


def add_feedback_pages(app: APIFlask, service: Service) -> None:
    """Adds the pages' routes."""
    app.add_template_filter(asked_address)
    app.add_template_filter(place_address)
    app.add_template_filter(limits)
    _add_forms(app, service)

    @app.get("/feedback")
    @app.doc(hide=True)
    def feedback_page() -> str:
        page = service.kept.page(_SHOWN, request.args.get("cursor"))
        return render("feedback.html", service.live.engine, page=page)

    @app.get("/unanswered")
    @app.doc(hide=True)
    def unanswered_page() -> str:
        page = service.kept.unanswered.page(_SHOWN, request.args.get("cursor"))
        return render("unanswered.html", service.live.engine, page=page)


def _add_forms(app: APIFlask, service: Service) -> None:
    @app.post("/feedback")
    @app.doc(hide=True)
    def give() -> Response:
        _refuse_other_sites()
        engine, back = service.live.engine, request.form.get("back", "/")
        given = _given(back)
        kept = service.kept.add(_said(service, engine, given))
        if request.accept_mimetypes.best == "application/json":
            return json_response(kept)
        return _see(given.address() + _passage(back))

    @app.post("/feedback/<int:feedback_id>/remove")
    @app.doc(hide=True)
    def take_back(feedback_id: int) -> Response:
        _refuse_other_sites()
        service.kept.remove([feedback_id])
        return _see("/feedback")

    @app.post("/unanswered/<int:question_id>/remove")
    @app.doc(hide=True)
    def settle(question_id: int) -> Response:
        _refuse_other_sites()
        service.kept.unanswered.remove(question_id)
        return _see("/unanswered")


def _refuse_other_sites() -> None:
    """A page of another site can send a form here, from the browser of somebody who may: the browser says so.

    It does by ``Sec-Fetch-Site``, or where the service is not reached by https by ``Origin`` alone; what is no browser
    says neither.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    is_own = site in _SAME_SITE if site else origin is None or origin.partition("://")[2] == request.host
    if not is_own:
        raise Forbidden("this was sent by a page of another site: send it from the service's own page")


def _see(address: str) -> Response:
    response = redirect(address, 303)
    assert isinstance(response, Response)
    return response


def _given(address: str) -> Given:
    """What was asked on the page of an address. To this page, and to none that the form could name, it goes back."""
    return read_given(parse_qs(address.partition("#")[0].partition("?")[2]))


def _passage(address: str) -> str:
    """The place of a passage on the page of an address, if it names one."""
    place = address.partition("#")[2]
    return f"#{place}" if _PASSAGE.fullmatch(place) else ""


def _said(service: Service, engine: Engine, given: Given) -> Said:
    """What a form says of the question that its page was about."""
    query = given.read(AskAddress).query()
    answers = request.form.get("answers")
    if answers not in ("true", "false"):
        raise InvalidFeedback("it is not said whether this answers: answers must be true or false")
    return Said(
        question=query.question,
        filters=narrowing(query.filters),
        as_of=query.filters.as_of,
        generation=engine.manifest.generation,
        answers=answers == "true",
        comment=request.form.get("comment", "").replace("\r\n", "\n").strip(),
        citation=_cited(service, engine),
    )


def _cited(service: Service, engine: Engine) -> Cited | None:
    article_id = request.form.get("article_id")
    if not article_id:
        return None
    span = request.form.get("start", -1, int), request.form.get("end", -1, int)
    return cited(engine, service.history, article_id, request.form.get("sha256", ""), span)


def asked_address(one: Feedback | UnansweredQuestion) -> str:
    """The address that asks the same question of the same articles."""
    as_of = {"as_of": one.as_of} if one.as_of else {}
    return f"/?{urlencode({'question': one.question, **one.filters, **as_of}, doseq=True)}"


def limits(one: Feedback | UnansweredQuestion) -> list[tuple[str, str]]:
    """The filters with which a question was asked, each with one of its values."""
    given = {**one.filters, **({"as_of": one.as_of} if one.as_of else {})}
    lists = {name: (value,) if isinstance(value, str) else value for name, value in given.items()}
    return [(name, value) for name, values in lists.items() for value in values]


def place_address(citation: Cited) -> str:
    """The address of the passage that was judged."""
    place = f"start={citation.start}&end={citation.end}&sha256={citation.sha256}"
    return f"/articles/{quote(citation.article_id)}?{place}#passage"
