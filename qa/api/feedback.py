"""The routes for what users say of answers, and for what the archive did not answer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Annotated

from apiflask import APIFlask
from flask import Response, url_for
from pydantic import BaseModel, ConfigDict, Field

from corpus.errors import InvalidCitation
from qa.api.responses import json_response, problems, schema
from qa.asked import narrowing
from qa.feedback import CURSOR, MAX_COMMENT, cited
from qa.given import Given
from qa.own_questions import Export, as_line, export
from qa.requests import AskBody, Date, Filtering, Question, read_address, read_body
from qa.service import Service
from qa.shapes import Cited, Feedback, FeedbackPage, Said, UnansweredPage
from qa.unanswered import CURSOR as UNANSWERED_CURSOR

QUESTIONS_TYPE = "application/x-ndjson"
MOST_LISTED = 1000
_LISTED = 100

_QUESTIONS = {"description": "A question a line", "content": {QUESTIONS_TYPE: {"schema": {"type": "string"}}}}


class FeedbackBody(BaseModel):
    """What ``POST /v1/feedback`` takes."""

    model_config = ConfigDict(extra="forbid")

    question: Question
    """The question, as it was asked."""
    answers: bool
    """Whether the passage that is cited answers it; without a citation, whether the archive does."""
    citation: Given | None = None
    """The passage that is judged, as the answer cites it; null for the archive."""
    comment: Annotated[str, Field(max_length=MAX_COMMENT, pattern=r"^[^\u0000]*$")] = ""
    """What else there is to say; may be empty."""
    filters: Filtering = Filtering()
    """Which articles might answer, as it was asked."""
    as_of: Date | None = None
    """The date as of which it was asked."""
    generation: Annotated[str, Field(max_length=64, pattern=r"^[\w.-]*$")] = ""
    """The index that answered; if empty that of the citation, or the one that is served."""


class FeedbackAddress(BaseModel):
    """What ``GET /v1/feedback`` takes."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = _LISTED
    """How many to list at most."""
    cursor: Annotated[str | None, Field(pattern=CURSOR)] = None
    """The `next` of the page before."""


class UnansweredAddress(FeedbackAddress):
    """What ``GET /v1/unanswered`` takes."""

    cursor: Annotated[str | None, Field(pattern=UNANSWERED_CURSOR)] = None
    """The `next` of the page before."""


def add_feedback(app: APIFlask, service: Service) -> None:
    """Adds the routes."""
    _add_judging(app, service)
    _add_listing(app, service)
    _add_unanswered(app, service)


def _add_judging(app: APIFlask, service: Service) -> None:
    @app.post("/v1/feedback")
    @app.output(schema(Feedback), status_code=201)
    @app.doc(tags=["feedback"], responses=problems(400, 403, 413, 415, 422, 503))
    def give_feedback() -> Response:
        """Say whether a passage answers a question.

        Without a citation, whether the archive does. The passage has to stand in the archive as it is cited.
        """
        store = service.kept
        said = store.add(_said(service, read_body(FeedbackBody)))
        response = json_response(said)
        response.status_code = 201
        response.headers["Location"] = url_for("read_feedback", feedback_id=said.id)
        return response

    @app.get("/v1/feedback/<int:feedback_id>")
    @app.output(schema(Feedback))
    @app.doc(tags=["feedback"], responses=problems(403, 404, 503))
    def read_feedback(feedback_id: int) -> Response:
        """Read what was said."""
        return json_response(service.kept.get(feedback_id))

    @app.delete("/v1/feedback/<int:feedback_id>")
    @app.output({}, status_code=204)
    @app.doc(tags=["feedback"], responses=problems(403, 404, 503))
    def remove_feedback(feedback_id: int) -> Response:
        """Take back what was said."""
        service.kept.remove([feedback_id])
        return Response(status=204)


def _add_listing(app: APIFlask, service: Service) -> None:
    @app.get("/v1/feedback")
    @app.output(schema(FeedbackPage))
    @app.doc(tags=["feedback"], responses=problems(400, 403, 414, 422, 503))
    def list_feedback() -> Response:
        """List what was said, the newest first."""
        asked = read_address(FeedbackAddress)
        return json_response(service.kept.page(asked.limit, asked.cursor))

    @app.get("/v1/feedback/questions.jsonl")
    @app.doc(
        tags=["feedback"],
        responses={200: _QUESTIONS, **problems(403, 503)},
    )
    def export_questions() -> Response:
        """Export the questions that were judged.

        A question a line, in JSON, as a set for `ibidem evaluate`.
        """
        found = export(service.kept.by_question(), service.live.engine, service.history)
        # The first is looked for now: what is wrong with the file is no question, and still can be a problem.
        first = next(found, None)
        lines = _lines(chain([first] if first else [], found))
        headers = {"Content-Disposition": "attachment; filename=questions.jsonl"}
        return Response(lines, content_type=QUESTIONS_TYPE, headers=headers)


def _add_unanswered(app: APIFlask, service: Service) -> None:
    @app.get("/v1/unanswered")
    @app.output(schema(UnansweredPage))
    @app.doc(tags=["feedback"], responses=problems(400, 403, 414, 422, 503))
    def list_unanswered() -> Response:
        """List the questions without an answer.

        What the archive lacks: those that were asked most often first.
        """
        asked = read_address(UnansweredAddress)
        return json_response(service.kept.unanswered.page(asked.limit, asked.cursor))

    @app.delete("/v1/unanswered/<int:question_id>")
    @app.output({}, status_code=204)
    @app.doc(tags=["feedback"], responses=problems(403, 404, 503))
    def remove_unanswered(question_id: int) -> Response:
        """Take a question out of those without an answer."""
        service.kept.unanswered.remove(question_id)
        return Response(status=204)


def _said(service: Service, body: FeedbackBody) -> Said:
    """What a body says, with its citation checked."""
    query = AskBody(question=body.question, filters=body.filters, as_of=body.as_of).query()
    engine = service.live.engine
    given = body.citation
    return Said(
        question=query.question,
        filters=narrowing(query.filters),
        as_of=query.filters.as_of,
        generation=body.generation or (given.generation if given else "") or engine.manifest.generation,
        answers=body.answers,
        comment=body.comment,
        citation=_cited(service, given) if given else None,
    )


def _cited(service: Service, given: Given) -> Cited:
    found = cited(service.live.engine, service.history, given.article_id, given.sha256, (given.start, given.end))
    if found.quote != given.quote:
        raise InvalidCitation(
            f"the quote is not what stands from {given.start} to {given.end} of {given.article_id!r}: give the citation"
            " as the answer does"
        )
    return found


def _lines(found: Iterator[Export]) -> Iterator[bytes]:
    return (as_line(one.line) for one in found if one.line)
