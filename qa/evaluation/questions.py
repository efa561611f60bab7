"""Reading sets of questions, from BEIR's directory layout and from quote-anchored ``questions.jsonl``.

BEIR: Thakur et al., "BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of Information Retrieval Models", 2021.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from corpus.errors import InvalidQuestion, InvalidQuestions
from qa.answering import MAX_CHARACTERS, check
from qa.evaluation.result import Layout

QUESTIONS_FILE = "questions.jsonl"
QUERIES_FILE = "queries.jsonl"
QRELS_FILE = "qrels/test.tsv"


@dataclass(frozen=True, slots=True)
class Quote:
    """A piece of an article that answers a question; ``prefix`` and ``suffix`` are what stands around it there, as
    many code points as were written down."""

    article: str
    quote: str
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what it should find: quotes, or articles with their relevance (0 or less is none).

    Without any it is one that the archive does not answer.
    """

    id: str
    text: str
    quotes: tuple[Quote, ...]
    articles: Mapping[str, int]

    @property
    def answerable(self) -> bool:
        """Whether there is anything that it should find."""
        return bool(self.quotes or self.relevant)

    @property
    def relevant(self) -> tuple[str, ...]:
        """The articles that it should find."""
        return tuple(article for article, relevance in self.articles.items() if relevance > 0)

    @property
    def askable(self) -> bool:
        """Whether it is short enough; one that is not gets no answer and counts as one that found nothing."""
        return len(self.text) <= MAX_CHARACTERS


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions to be evaluated together, in the order of their file. ``name`` is that of the folder or the file,
    ``part`` the one that was asked for."""

    name: str
    layout: Layout
    part: str | None
    questions: tuple[Question, ...]


_Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class _Answer:
    article: _Text
    quote: _Text
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True)
class _AnchoredLine:
    """A line of ``questions.jsonl``; other keys are the writer's own."""

    id: _Text
    question: str
    answers: tuple[_Answer, ...]
    part: str | None = None


@dataclass(frozen=True)
class _QueryLine:
    """A line of ``queries.jsonl``."""

    id: _Text = field(metadata={"alias": "_id"})
    text: str


_Line = TypeVar("_Line", _AnchoredLine, _QueryLine)


def read_questions(path: Path, part: str | None = None) -> QuestionSet:
    """The set in a folder of BEIR's layout, of which only judged queries count, or in a ``questions.jsonl``, of
    which ``part`` keeps the lines of that part.

    A ``questions.jsonl`` is named after its folder, another file after itself. Raises ``InvalidQuestions``.
    """
    path = path / QUESTIONS_FILE if (path / QUESTIONS_FILE).is_file() else path
    if not path.exists():
        raise InvalidQuestions(f"there are no questions at {path}: give a BEIR folder or a {QUESTIONS_FILE}")
    if not path.is_dir():
        return _read_anchored(path, part)
    if part is not None:
        raise InvalidQuestions(f"{path} has no part {part!r}: only a {QUESTIONS_FILE} is divided into parts")
    return _read_beir(path)


def read_unanswerable(path: Path) -> QuestionSet:
    """The same questions as ones that the archive does not answer; their gold is left out."""
    found = read_questions(path)
    return replace(found, questions=tuple(replace(one, quotes=(), articles={}) for one in found.questions))


def check_names(sets: Sequence[QuestionSet]) -> None:
    """Raises ``InvalidQuestions`` if two sets have the same name, by which results and files tell them apart."""
    names = [one.name for one in sets]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InvalidQuestions(f"two sets of questions are called {twice[0]!r}: rename the folder or file of one")


def _read_anchored(path: Path, part: str | None) -> QuestionSet:
    lines = _by_id(path, _AnchoredLine)
    questions = tuple(_anchored(line) for line in lines.values() if part in (None, line.part))
    if not questions:
        raise InvalidQuestions(f"{path} has no question" + (f" of the part {part!r}" if part else ""))
    resolved = path.resolve()
    name = resolved.parent.name if resolved.name == QUESTIONS_FILE else resolved.stem
    return QuestionSet(name, "quotes", part, questions)


def _anchored(line: _AnchoredLine) -> Question:
    quotes = tuple(Quote(one.article, one.quote, one.prefix, one.suffix) for one in line.answers)
    return Question(line.id, line.question, quotes, {})


def _read_beir(folder: Path) -> QuestionSet:
    qrels = _qrels(folder / QRELS_FILE)
    if not qrels:
        raise InvalidQuestions(f"{folder / QRELS_FILE} has no judgement")
    queries = _by_id(folder / QUERIES_FILE, _QueryLine, only=qrels)
    missing = [name for name in qrels if name not in queries]
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise InvalidQuestions(f"{folder / QRELS_FILE} judges query {missing[0]!r}{more}, not in {QUERIES_FILE}")
    questions = tuple(Question(name, line.text, (), qrels[name]) for name, line in queries.items() if name in qrels)
    return QuestionSet(folder.resolve().name, "articles", None, questions)


def _by_id(path: Path, kind: type[_Line], only: Mapping[str, object] | None = None) -> dict[str, _Line]:
    """The lines of a file by id, which no two may share; the questions of ``only`` must be such as can be asked."""
    adapter, found = TypeAdapter(kind), dict[str, _Line]()
    for number, content in _lines(path):
        where = f"{path}, line {number}"
        try:
            line = adapter.validate_json(content, strict=True)
        except ValidationError as error:
            raise InvalidQuestions(f"{where}: {_problem(error)}") from None
        if line.id in found:
            raise InvalidQuestions(f"{where}: the id {line.id!r} is taken by an earlier line")
        if only is None or line.id in only:
            _check_askable(line, where)
        found[line.id] = line
    return found


def _check_askable(line: _AnchoredLine | _QueryLine, where: str) -> None:
    text = line.question if isinstance(line, _AnchoredLine) else line.text
    blank = [one for one in getattr(line, "answers", ()) if not one.quote.strip()]
    try:
        check(text[:MAX_CHARACTERS], 1)
    except InvalidQuestion as error:
        raise InvalidQuestions(f"{where}: {line.id!r} can't be asked: {error}") from None
    if blank:
        raise InvalidQuestions(f"{where}: a quote of {line.id!r} is blank")


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = ".".join(map(str, first["loc"]))
    what = first["msg"].replace(" at line 1 column ", " at column ")
    return f"{name}: {what}" if name else what


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    """The relevance of each judged article, by query."""
    found: dict[str, dict[str, int]] = {}
    for number, content in _lines(path):
        where = f"{path}, line {number}"
        query, article, relevance = _judgement(content, where)
        if number == 1 and not _is_number(relevance):
            continue  # the header
        if not _is_number(relevance):
            raise InvalidQuestions(f"{where}: the relevance {relevance!r} is not a whole number")
        if found.setdefault(query, {}).setdefault(article, int(relevance)) != int(relevance):
            raise InvalidQuestions(f"{where}: {article!r} was given another relevance for {query!r} before")
    return found


def _judgement(content: bytes, where: str) -> Sequence[str]:
    try:
        columns = content.decode().rstrip("\r").split("\t")
    except UnicodeDecodeError as error:
        raise InvalidQuestions(f"{where}: not UTF-8: {error.reason}") from None
    if len(columns) != 3 or not all(column.strip() for column in columns):
        raise InvalidQuestions(f"{where}: not query-id, corpus-id and score, with tabs between them")
    return columns


def _is_number(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that aren't blank, with their numbers from 1."""
    try:
        content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise InvalidQuestions(f"{path} can't be read: {error.strerror}") from error
    # Only line feeds end a line; JSON texts may hold other characters that Python splits at.
    return ((number, line) for number, line in enumerate(content.split(b"\n"), 1) if line.strip())
