"""What requests may say, and reading it: JSON bodies and addresses, strictly."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote_to_bytes

from flask import request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from corpus.dates import PATTERN as DATE
from corpus.errors import InvalidField, InvalidFilter, InvalidQuestion
from index.filters import Copies, Filters
from index.filters import check as check_filters
from qa.answering import DEFAULT_PASSAGES, MAX_CHARACTERS, MAX_PASSAGES, Query
from qa.answering import check as check_question
from qa.catalogue import Sort
from qa.cursors import PATTERN as CURSOR
from qa.given import WHOLE
from qa.paging import DEFAULT_ARTICLES, MAX_ARTICLES
from qa.quotes import MARKS, MAX_QUOTE, MAX_QUOTES
from qa.styles import Style

MAX_VALUES = 100
"""So many values of one kind a filter may have."""

MAX_QUESTIONS = 256
"""So many questions may be asked in one request."""

MAX_BATCH_PASSAGES = 2560
"""So many passages may be asked for by all of them together."""

Asked = TypeVar("Asked", bound=BaseModel)

_QUESTION = {"minLength": 1, "maxLength": MAX_CHARACTERS, "pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}

_QUOTE = rf"^[^\u0000]*[^\s\u0000{MARKS}][^\u0000]*$"

Question = Annotated[str, Field(json_schema_extra=_QUESTION)]
"""What is asked, as the description has it; ``qa.answering.check`` says what is wrong with one."""

Date = Annotated[str, Field(json_schema_extra={"pattern": DATE}, examples=["2025-03-04", "2025-03", "2025"])]
Values = Annotated[list[Annotated[str, Field(json_schema_extra={"pattern": r"\S"})]], Field(max_length=MAX_VALUES)]
"""What filters take, likewise; see ``index.filters.check``."""

Quote = Annotated[str, Field(min_length=1, max_length=MAX_QUOTE, json_schema_extra={"pattern": _QUOTE})]

_FLAGS = {"true": True, "false": False}
_WHOLE_NUMBER = re.compile("-?(0|[1-9][0-9]{0,17})")


class Filtering(BaseModel):
    """Which articles may answer: of each list any value may match, and every list that is given must."""

    model_config = ConfigDict(extra="forbid")

    publishers: Values = []
    """Publishers, whole and without regard to case."""
    authors: Values = []
    """Authors, whole and without regard to case."""
    languages: Values = []
    """Languages (BCP 47); `en` has `en-GB` among it."""
    articles: Values = []
    """Articles by id; `*` stands for anything, `?` for one character."""
    tags: Values = []
    """Tags, whole and without regard to case."""
    published_from: Date | None = None
    """Only what was published on that date or later; of a month or a year its first day counts."""
    published_to: Date | None = None
    """Only what was published on that date or earlier; of a month or a year its last day counts."""


class ListAddress(Filtering):
    """What ``GET /v1/articles`` takes."""

    as_of: Date | None = None
    """Only what was published on that date or earlier."""
    copies: Copies = "all"
    """Which of an article's copies to list: that published first or last, or all."""
    sort: Sort = "id"
    """By id; by title, without regard to case; or those published last first, and those without a date last."""
    limit: Annotated[int, Field(ge=1, le=MAX_ARTICLES)] = DEFAULT_ARTICLES
    """How many articles to return."""
    cursor: Annotated[str, Field(json_schema_extra={"pattern": CURSOR})] | None = None
    """Go on behind an earlier page: its `next`, as it was given."""

    def filters(self) -> Filters:
        """Which articles to list."""
        return _filters(self, self.as_of, self.copies)


class Asking(BaseModel):
    """What every way to ask has."""

    model_config = ConfigDict(extra="forbid")

    question: Question
    """What to ask: 1 to 2,000 characters."""
    top_k: Annotated[int, Field(ge=1, le=MAX_PASSAGES), WHOLE] = DEFAULT_PASSAGES
    """How many passages to return."""
    as_of: Date | None = None
    """Answer as the archive stood on that date: only from what was published by then."""
    copies: Copies = "earliest"
    """Which of an article's copies to show: that published first or last, or all."""
    narrow: bool = False
    """Cite the nearest sentence of each passage, not all of it."""
    cite: Style | None = None
    """A style in which each passage is cited as well, ready to paste."""


class AskBody(Asking):
    """What ``POST /v1/ask`` takes."""

    filters: Filtering = Filtering()
    """Which articles may answer."""

    def query(self, place: str = "") -> Query:
        """The question with its filters. Raises ``InvalidField``, with the field's place in the body: that of the
        question's object, and in this the field's own."""
        return _query(self, self.filters, place, f"{place}filters.")


class BatchBody(BaseModel):
    """What ``POST /v1/ask/batch`` takes."""

    model_config = ConfigDict(extra="forbid")

    questions: Annotated[list[AskBody], Field(min_length=1, max_length=MAX_QUESTIONS)]
    """What to ask, each as in `POST /v1/ask`; all `top_k` together may be 2,560."""

    @field_validator("questions")
    @classmethod
    def _are_not_too_many_passages(cls, questions: list[AskBody]) -> list[AskBody]:
        passages = sum(question.top_k for question in questions)
        if passages > MAX_BATCH_PASSAGES:
            raise ValueError(
                f"top_k adds up to {passages} passages, and may to {MAX_BATCH_PASSAGES}: ask for fewer at a time"
            )
        return questions

    def queries(self) -> list[Query]:
        """The questions in order. Raises as ``AskBody.query`` does, for the first that can't be asked."""
        return [question.query(f"questions.{number}.") for number, question in enumerate(self.questions)]


class AskAddress(Asking, Filtering):
    """What ``GET /v1/ask`` takes."""

    def query(self) -> Query:
        """The question with its filters. Raises ``InvalidField``."""
        return _query(self, self)


class PlaceAddress(BaseModel):
    """A place in an article, to be cited."""

    model_config = ConfigDict(extra="forbid")

    article_id: Annotated[str, Field(min_length=1)]
    """The article's id."""
    start: Annotated[int, Field(ge=0)]
    """The first code point of the quote in the article's canonical text."""
    end: Annotated[int, Field(ge=1)]
    """The code point behind its last."""
    sha256: Annotated[str | None, Field(pattern="^[0-9a-f]{64}$")] = None
    """The SHA-256 of the text that is meant; if not given, it is the text of now."""
    cite: Style | None = None
    """A style in which it is cited as well, ready to paste."""

    @property
    def place(self) -> tuple[str, int, int, str | None]:
        """The article's id, start, end and hash."""
        return self.article_id, self.start, self.end, self.sha256


class QuotesBody(BaseModel):
    """What ``POST /v1/quotes/verify`` takes."""

    model_config = ConfigDict(extra="forbid")

    quotes: Annotated[list[Quote], Field(min_length=1, max_length=MAX_QUOTES)]
    """Quotes, each with nothing but its words."""


def _query(asked: Asking, filtering: Filtering, place: str = "", filters_place: str = "") -> Query:
    """The question with its filters; an error names a field behind the place in the request where it stands."""
    filters = _filters(filtering, asked.as_of, asked.copies)
    try:
        check_question(asked.question, asked.top_k)
        check_filters(filters)
    except InvalidQuestion as error:
        raise InvalidField(f"{place}question", str(error)) from None
    except InvalidFilter as error:
        where = filters_place if error.field in Filtering.model_fields else place
        raise InvalidField(f"{where}{error.field}", error.problem) from None
    return Query(asked.question, asked.top_k, filters, asked.narrow, asked.cite, request.host_url)


def _filters(filtering: Filtering, as_of: str | None, copies: Copies) -> Filters:
    lists: dict[str, Any] = {name: tuple(getattr(filtering, name)) for name in LISTS}
    period = (filtering.published_from, filtering.published_to)
    return Filters(**lists, published_from=period[0], published_to=period[1], as_of=as_of, copies=copies)


LISTS = frozenset(name for name, field in Filtering.model_fields.items() if field.default == [])


def read_body(kind: type[Asked]) -> Asked:
    """The request's body, which must be JSON of that kind."""
    try:
        return kind.model_validate_json(read_json_bytes(), strict=True)
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise BadRequest(f"the body is not JSON: {error.errors()[0]['msg']}") from None
        raise


def read_json_bytes() -> bytes:
    """The request's body, which must be declared as JSON."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("send JSON, with Content-Type: application/json")
    return request.get_data()


def read_address(kind: type[Asked]) -> Asked:
    """The address's parameters; only those of lists may be given more than once. Numbers are written in digits, and
    ``true`` and ``false`` as in JSON."""
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        raise BadRequest("the address has bytes that are not UTF-8: write it in UTF-8, percent-encoded") from None
    values: dict[str, Any] = {}
    for name, given in request.args.lists():
        if name not in LISTS and len(given) > 1:
            raise BadRequest(f"{name} is given more than once: give it once")
        values[name] = given if name in LISTS else _typed(kind, name, given[0])
    return kind.model_validate(values, strict=True)


def _typed(kind: type[BaseModel], name: str, value: str) -> str | int | bool:
    """A parameter as the kind has it, if it can be read so."""
    field = kind.model_fields.get(name)
    if field and field.annotation is bool and value in _FLAGS:
        return _FLAGS[value]
    return int(value) if field and field.annotation is int and _WHOLE_NUMBER.fullmatch(value) else value
