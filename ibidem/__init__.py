"""A client for Ibidem's HTTP interface: answers, citations and articles as the frozen dataclasses of the service.

    with ibidem.Client("http://127.0.0.1:8080") as client:
        answer = client.ask("Who commanded Ax-4?")

Importing it loads nothing of what makes an answer.
"""

from corpus.article import Entry, Provenance
from ibidem.client import Client
from ibidem.errors import Error, InvalidRequest, NotFound, ServiceProblem, UnexpectedResponse, Unreachable
from ibidem.questions import Filters, Options, Query
from qa.answers import Answer, AnsweringPassage, Citation, Copy, Highlight, Reason, Span
from qa.checks import Check, Difference, QuoteCheck, Word
from qa.shapes import (
    Calibrated,
    ChangedArticles,
    Changes,
    CitedPlace,
    Feedback,
    FieldError,
    FullArticle,
    Readiness,
    UnansweredQuestion,
)

__all__ = [
    "Answer",
    "AnsweringPassage",
    "Calibrated",
    "ChangedArticles",
    "Changes",
    "Check",
    "Citation",
    "CitedPlace",
    "Client",
    "Copy",
    "Difference",
    "Entry",
    "Error",
    "Feedback",
    "FieldError",
    "Filters",
    "FullArticle",
    "Highlight",
    "InvalidRequest",
    "NotFound",
    "Options",
    "Provenance",
    "Query",
    "QuoteCheck",
    "Readiness",
    "Reason",
    "ServiceProblem",
    "Span",
    "UnansweredQuestion",
    "UnexpectedResponse",
    "Unreachable",
    "Word",
]
