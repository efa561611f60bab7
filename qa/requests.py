"""What requests may say, and reading it: JSON bodies and addresses, strictly."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar
from urllib.parse import unquote_to_bytes

from flask import request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from corpus.errors import InvalidField, InvalidFilter, InvalidQuestion
from index.filters import Copies, Filters
from index.filters import check as check_filters
from qa.answering import DEFAULT_PASSAGES, MAX_CHARACTERS, MAX_PASSAGES, Query
from qa.answering import check as check_question
from qa.catalogue import Sort
from qa.paging import DEFAULT_ARTICLES, MAX_ARTICLES
from qa.quotes import MAX_QUOTE, MAX_QUOTES
from qa.styles import Style

MAX_VALUES = 100
"""So many values of one kind a filter may have."""

MAX_QUESTIONS = 256
"""So many questions may be asked in one request."""

MAX_BATCH_PASSAGES = 2560
"""So many passages may be asked for by all of them together."""

Asked = TypeVar("Asked", bound=BaseModel)


class Filtering(BaseModel):
    """Which articles may answer: of each list any value may match, and every list that is given must."""

    model_config = ConfigDict(extra="forbid")

    publishers: Annotated[
        list[str], Field(max_length=MAX_VALUES, description="Publishers, whole and without regard to case.")
    ] = []
    authors: Annotated[
        list[str], Field(max_length=MAX_VALUES, description="Authors, whole and without regard to case.")
    ] = []
    languages: Annotated[
        list[str], Field(max_length=MAX_VALUES, description="Languages (BCP 47); en has en-GB among it.")
    ] = []
    articles: Annotated[
        list[str], Field(max_length=MAX_VALUES, description="Articles by id; * stands for anything, ? for a character.")
    ] = []
    tags: Annotated[list[str], Field(max_length=MAX_VALUES, description="Tags, whole and without regard to case.")] = []
    published_from: Annotated[
        str | None, Field(description="Only what was published on that date or later: 2025-03-04, 2025-03 or 2025.")
    ] = None
    published_to: Annotated[str | None, Field(description="Only what was published on that date or earlier.")] = None


class ListAddress(Filtering):
    """What ``GET /v1/articles`` takes."""

    as_of: Annotated[str | None, Field(description="Only what was published on that date or earlier.")] = None
    copies: Annotated[
        Copies, Field(description="Which of an article's copies to list: that published first or last, or all.")
    ] = "all"
    sort: Annotated[
        Sort, Field(description="By id; by title, without regard to case; or those published last first.")
    ] = "id"
    limit: Annotated[int, Field(ge=1, le=MAX_ARTICLES, description="How many articles to return.")] = DEFAULT_ARTICLES
    cursor: Annotated[str | None, Field(description="Go on behind an earlier page: its next.")] = None

    def filters(self) -> Filters:
        """Which articles to list."""
        return _filters(self, self.as_of, self.copies)


class Asking(BaseModel):
    """What every way to ask has."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, Field(description=f"What to ask, 1 to {MAX_CHARACTERS} characters.")]
    top_k: Annotated[int, Field(ge=1, le=MAX_PASSAGES, description="How many passages to return.")] = DEFAULT_PASSAGES
    as_of: Annotated[
        str | None, Field(description="Answer as the archive stood on that date: only what was published by then.")
    ] = None
    copies: Annotated[
        Copies, Field(description="Which of an article's copies to show: that published first or last, or all.")
    ] = "earliest"
    narrow: Annotated[bool, Field(description="Cite the nearest sentence of each passage, not all of it.")] = False
    cite: Annotated[Style | None, Field(description="A style in which each passage is cited, ready to paste.")] = None


class AskBody(Asking):
    """What ``POST /v1/ask`` takes."""

    filters: Annotated[Filtering, Field(description="Which articles may answer.")] = Filtering()

    def query(self, place: str = "") -> Query:
        """The question with its filters. Raises ``InvalidField``, with the field's place in the body: that of the
        question's object, and in this the field's own."""
        return _query(self, self.filters, place, f"{place}filters.")


class BatchBody(BaseModel):
    """What ``POST /v1/ask/batch`` takes."""

    model_config = ConfigDict(extra="forbid")

    questions: Annotated[
        list[AskBody], Field(min_length=1, max_length=MAX_QUESTIONS, description="What to ask, each as in /v1/ask.")
    ]

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

    article_id: Annotated[str, Field(min_length=1, description="The article's id.")]
    start: Annotated[int, Field(ge=0, description="Where the quote starts, in code points of the canonical text.")]
    end: Annotated[int, Field(ge=1, description="Where it ends, the code point behind its last one.")]
    sha256: Annotated[
        str | None,
        Field(
            pattern="^[0-9a-f]{64}$", description="The SHA-256 of the text that is meant; else it is the text of now."
        ),
    ] = None
    cite: Annotated[Style | None, Field(description="A style in which it is cited as well, ready to paste.")] = None

    @property
    def place(self) -> tuple[str, int, int, str | None]:
        """The article's id, start, end and hash."""
        return self.article_id, self.start, self.end, self.sha256


class QuotesBody(BaseModel):
    """What ``POST /v1/quotes/verify`` takes."""

    model_config = ConfigDict(extra="forbid")

    quotes: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=MAX_QUOTE)]],
        Field(min_length=1, max_length=MAX_QUOTES, description="Quotes, each with nothing but its words."),
    ]


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
    """The address's parameters; only those of lists may be given more than once."""
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        raise BadRequest("the address has bytes that are not UTF-8: write it in UTF-8, percent-encoded") from None
    values: dict[str, Any] = {}
    for name, given in request.args.lists():
        if name not in LISTS and len(given) > 1:
            raise BadRequest(f"{name} is given more than once: give it once")
        values[name] = given if name in LISTS else given[0]
    return kind.model_validate(values)
