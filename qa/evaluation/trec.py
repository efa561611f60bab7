"""TREC's run and qrels files, as trec_eval and ir-measures read and write them.

A line of a run is ``QUESTION Q0 DOCUMENT RANK SCORE TAG``, a line of qrels ``QUESTION 0 DOCUMENT RELEVANCE``. White
space parts the columns, so in ids it is percent-encoded, as is the percent sign itself. A passage's id is
``ARTICLE#char=START,END``: code points, half-open, written as RFC 5147 writes a range of a text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from corpus.errors import InvalidRun

TAG = "ibidem"

_UNFIT = re.compile(r"[\s%]")
_PASSAGE = re.compile(r"(.+)#char=(\d+),(\d+)", re.DOTALL)
_COLUMNS = 6

Rankings = Mapping[str, Sequence[str]]
"""The documents that each question got, best first."""

Judgements = Mapping[str, Mapping[str, int]]
"""The relevance of documents, by question."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run file says: for each question, by its encoded id, the documents with their scores, best first."""

    path: Path
    rankings: Mapping[str, tuple[tuple[str, float], ...]]


def encode(name: str) -> str:
    """An id without white space."""
    return _UNFIT.sub(lambda match: quote(match[0], safe=""), name)


def decode(name: str) -> str:
    """The id that was encoded."""
    return unquote(name)


def passage_id(article: str, start: int, end: int) -> str:
    """The document id of a passage."""
    return f"{encode(article)}#char={start},{end}"


def parse_passage(document: str) -> tuple[str, int, int] | None:
    """The article, start and end of a passage's document id; ``None`` for other ids."""
    match = _PASSAGE.fullmatch(document)
    return (decode(match[1]), int(match[2]), int(match[3])) if match else None


def scores(documents: Sequence[str]) -> dict[str, float]:
    """Scores for a ranking that descend strictly by rank, whole numbers, so that no tool puts ties in another order."""
    return {document: float(len(documents) - number) for number, document in enumerate(documents)}


def write_run(path: Path, rankings: Rankings) -> None:
    """Writes a run file; the ids of documents must be encoded."""
    with path.open("w", encoding="utf-8") as file:
        for question, documents in rankings.items():
            for rank, (document, score) in enumerate(scores(documents).items(), 1):
                file.write(f"{encode(question)} Q0 {document} {rank} {score:.0f} {TAG}\n")


def write_qrels(path: Path, judgements: Judgements) -> None:
    """Writes a qrels file; the ids of documents must be encoded."""
    with path.open("w", encoding="utf-8") as file:
        for question, relevances in judgements.items():
            for document, relevance in relevances.items():
                file.write(f"{encode(question)} 0 {document} {relevance}\n")


def read_run(path: Path) -> Run:
    """The rankings of a run file, by score descending, then by document id descending, as trec_eval has it.

    The ranks in the file don't matter, there as here. Ids that another program wrote with a bare percent sign are
    encoded. Raises ``InvalidRun``.
    """
    found: dict[str, dict[str, float]] = {}
    for number, content in _lines(path):
        where = f"{path}, line {number}"
        question, document, score = _entry(content, where)
        ranking = found.setdefault(question, {})
        if document in ranking:
            raise InvalidRun(f"{where}: the document {document!r} comes twice for question {question!r}")
        ranking[document] = score
    if not found:
        raise InvalidRun(f"{path} holds no ranking")
    return Run(path, {question: _ranked(ranking) for question, ranking in found.items()})


def _ranked(ranking: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(ranking.items(), key=lambda entry: (entry[1], entry[0].encode()), reverse=True))


def _entry(content: bytes, where: str) -> tuple[str, str, float]:
    try:
        columns = content.decode().split()
    except UnicodeDecodeError as error:
        raise InvalidRun(f"{where}: not UTF-8: {error.reason}") from None
    if len(columns) != _COLUMNS:
        raise InvalidRun(f"{where}: {len(columns)} columns instead of the {_COLUMNS} of a run file")
    question, _, document, rank, score, _ = columns
    for what, value in (("rank", rank), ("score", score)):
        if not _is_number(value):
            raise InvalidRun(f"{where}: the {what} {value!r} is not a number")
    return encode(decode(question)), encode(decode(document)), float(score)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidRun(f"{path} can't be read: {error.strerror}") from error
    return ((number, line) for number, line in enumerate(content.split(b"\n"), 1) if line.strip())
