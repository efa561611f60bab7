"""The client: a method for each thing that a service does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Unpack
from urllib.parse import quote
from uuid import uuid4

import httpx

from corpus.article import Entry
from ibidem.batches import CITATIONS, QUESTIONS, QUOTES, Part, as_json, batches, listed
from ibidem.connection import Connection
from ibidem.errors import InvalidRequest
from ibidem.questions import DEFAULT_PASSAGES, Filters, Options, Query
from qa.answers import Answer, Citation
from qa.checks import Check, Checks, QuoteCheck, QuoteChecks
from qa.shapes import (
    Articles,
    Batch,
    Calibrated,
    Changes,
    CitedPlace,
    Feedback,
    FeedbackPage,
    FullArticle,
    Readiness,
    UnansweredPage,
    UnansweredQuestion,
)

if TYPE_CHECKING:  # so that no index is loaded
    from index.filters import Copies
    from qa.styles import Style

ADDRESS = "http://127.0.0.1:8080"
TIMEOUT_SECONDS = 30.0
RETRIES = 2

PAGE = 500
"""So many of what is listed are got at a time."""

Page = TypeVar("Page", Articles, FeedbackPage, UnansweredPage)

_NUMBER = re.compile(r"(?<=^questions\.)\d+")


class Client:
    """Asks the service at ``address``. Safe to use from several threads; to be closed, best by ``with``.

    ``timeout`` is how many seconds the service may be silent. ``retries`` is how often a request is sent again if it
    never got there, or if it changes nothing and the service had no time for it. ``request_id`` is called for what the
    service's log is to call a request. ``http`` is used in place of a client of our own, and is not closed: for
    proxies, certificates, or what a proxy asks for; its own timeout then counts.

    Every method raises an ``ibidem.Error``, and nothing else unless it is used wrongly.
    """

    def __init__(
        self,
        address: str = ADDRESS,
        *,
        timeout: float | None = TIMEOUT_SECONDS,
        retries: int = RETRIES,
        request_id: Callable[[], str] = lambda: uuid4().hex,
        http: httpx.Client | None = None,
    ) -> None:
        headers = {"User-Agent": f"ibidem/{version('ibidem')}"}
        self._own = http is None
        self._http = httpx.Client(timeout=timeout, headers=headers) if http is None else http
        self._service = Connection(self._http, address, retries, request_id)

    @property
    def address(self) -> str:
        """Where the service is, without a slash at the end."""
        return self._service.address

    def __enter__(self) -> Self:
        """The client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def close(self) -> None:
        """Closes the connections to the service."""
        if self._own:
            self._http.close()

    def ask(self, question: str, **options: Unpack[Options]) -> Answer:
        """The passages that answer a question best, and whether they do."""
        return self._service.post("/v1/ask", Answer, as_json({"question": question, **options}))

    def ask_all(self, questions: Iterable[str | Query], **options: Unpack[Options]) -> Iterator[Answer]:
        """The answers of any number of questions, in the same order, as they come.

        They are asked some 256 at a time, which is faster; each time all are answered from one generation. A question
        may have options of its own, which go before those for all. ``InvalidRequest`` counts the questions from 0.
        """
        queries = ({"question": one} if isinstance(one, str) else one for one in questions)
        parts = (_part({**options, **query}) for query in queries)
        asked = 0
        for batch in batches(parts, QUESTIONS):
            yield from self._ask_batch(batch, asked)
            asked += len(batch)

    def _ask_batch(self, batch: list[Part], asked: int) -> list[Answer]:
        try:
            return self._service.post("/v1/ask/batch", Batch, b'{"questions":' + listed(batch) + b"}").answers
        except InvalidRequest as error:
            raise _renumbered(error, asked) from None

    def verify(self, given: Iterable[Citation | Answer | Mapping[str, Any]]) -> list[Check]:
        """What has become of citations, or of those of answers, in the same order. Either may also be as it came in
        JSON."""
        checks: list[Check] = []
        for batch in batches((Part(as_json(citation)) for one in given for citation in _citations(one)), CITATIONS):
            checks += self._service.post("/v1/citations/verify", Checks, listed(batch)).results
        return checks

    def verify_quotes(self, quotes: Iterable[str]) -> list[QuoteCheck]:
        """Whether the archive has quotes of which nothing is known but their words, in the same order."""
        checks: list[QuoteCheck] = []
        for batch in batches((Part(as_json(words)) for words in quotes), QUOTES):
            checks += self._service.post("/v1/quotes/verify", QuoteChecks, b'{"quotes":' + listed(batch) + b"}").results
        return checks

    def cite(
        self, article_id: str, start: int, end: int, *, sha256: str | None = None, cite: Style | None = None
    ) -> CitedPlace:
        """The citation of a place in an article, code points, half-open: of the text with that hash, or else of the
        text as it is now; and the same in the style ``cite``."""
        place = {"article_id": article_id, "start": start, "end": end, "sha256": sha256, "cite": cite}
        given: dict[str, Any] = {name: value for name, value in place.items() if value is not None}
        return self._service.get("/v1/citations", CitedPlace, given)

    def articles(
        self,
        filters: Filters | None = None,
        *,
        as_of: str | None = None,
        copies: Copies = "all",
        sort: Literal["id", "title", "published"] = "id",
    ) -> Iterator[Entry]:
        """The articles, without their texts, as they come: all of them, or those that the filters leave."""
        parameters: dict[str, Any] = {**(filters or {}), "copies": copies, "sort": sort}
        parameters |= {"as_of": as_of} if as_of else {}
        for page in self._pages("/v1/articles", Articles, parameters):
            yield from page.articles

    def _pages(self, path: str, shape: type[Page], parameters: Mapping[str, Any]) -> Iterator[Page]:
        """The pages of a list, each when it is needed."""
        cursor: str | None = ""
        while cursor is not None:
            here = {"cursor": cursor} if cursor else {}
            page = self._service.get(path, shape, {**parameters, "limit": PAGE, **here})
            yield page
            cursor = page.next

    def article(self, article_id: str) -> FullArticle:
        """An article with its canonical text. Raises ``NotFound``."""
        return self._service.get(f"/v1/articles/{_escaped(article_id)}", FullArticle)

    def link(self, citation: Citation) -> str:
        """The address of the archive's copy of what is cited, opened there: ``citation.link`` with the service's
        address in front."""
        return self.address + citation.link

    def changes(self) -> Changes:
        """What is new in the archive since the generation before the one that is served."""
        return self._service.get("/v1/changes", Changes)

    def judge(
        self,
        question: str,
        answers: bool,
        citation: Citation | None = None,
        *,
        comment: str = "",
        filters: Filters | None = None,
        as_of: str | None = None,
    ) -> Feedback:
        """Says that a passage answers a question, or does not; without a citation, that the archive does or not. It is
        kept, and never sent twice. Filters and date are those that the question was asked with."""
        said = {"question": question, "answers": answers, "citation": citation and asdict(citation), "comment": comment}
        body = as_json({**said, "filters": filters or {}, "as_of": as_of})
        return self._service.post("/v1/feedback", Feedback, body, changes=True)

    def feedback(self) -> Iterator[Feedback]:
        """What was said of answers, the newest first."""
        for page in self._pages("/v1/feedback", FeedbackPage, {}):
            yield from page.feedback

    def unanswered(self) -> Iterator[UnansweredQuestion]:
        """The questions that were not answered, those asked most often first."""
        for page in self._pages("/v1/unanswered", UnansweredPage, {}):
            yield from page.unanswered

    def calibration(self) -> Calibrated:
        """On what confidence was fitted, and how far it can be trusted."""
        return self._service.get("/v1/calibration", Calibrated)

    def readiness(self) -> Readiness:
        """That questions are answered, and from which generation."""
        return self._service.get("/readyz", Readiness)


def _part(query: Mapping[str, Any]) -> Part:
    return Part(as_json(query), query.get("top_k", DEFAULT_PASSAGES))


def _renumbered(error: InvalidRequest, asked: int) -> InvalidRequest:
    """The error with its question's number among all that were asked, of which so many were in requests before."""
    errors = tuple(
        replace(one, field=_NUMBER.sub(lambda found: str(int(found[0]) + asked), one.field)) for one in error.errors
    )
    detail = "; ".join(f"{one.field}: {one.message}" for one in errors) or error.detail
    return InvalidRequest(error.status, error.title, detail, errors, error.request_id)


def _citations(given: Citation | Answer | Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The citations in what is given, as JSON has them."""
    value = given if isinstance(given, Mapping) else asdict(given)
    if "passages" in value:
        yield from (passage["citation"] for passage in value["passages"])
    else:
        yield value


def _escaped(article_id: str) -> str:
    """An article's id as a part of an address: percent-encoded, and in such a way that no dots lead elsewhere."""
    parts = quote(article_id, errors="surrogatepass").split("/")
    return "/".join(part.replace(".", "%2E") if part in (".", "..") else part for part in parts)
