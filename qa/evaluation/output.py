"""The folder that an evaluation leaves, and reading it again.

FOLDER/
  result.json     the evaluation, every question with its outcome
  report.html     the same for people
  SET.run         the whole rankings of a set, as TREC's tools read them
  SET.qrels       what they were judged by
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from corpus.errors import InvalidResult
from qa.evaluation.outcomes import Asked
from qa.evaluation.report import render
from qa.evaluation.result import FORMAT, Comparison, Evaluation
from qa.evaluation.trec import write_qrels, write_run
from qa.settings import project_folder

RESULT_FILE = "result.json"
REPORT_FILE = "report.html"

_RUN = ".run"
_QRELS = ".qrels"
_UNFINISHED = ".evaluation-"


@dataclass(frozen=True)
class _Version:
    format: int


def default_folder() -> Path:
    """Where the result of an evaluation goes that was not told where: a new folder, named by the time (UTC)."""
    return project_folder() / "var" / "evaluations" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ-%f}"


def check_folder(folder: Path) -> None:
    """Raises ``InvalidResult`` if there is something at ``folder`` that is not the result of an evaluation."""
    if folder.is_symlink() or (folder.exists() and not (folder.is_dir() and _may_be_replaced(folder))):
        raise InvalidResult(f"{folder} is there and is not the result of an evaluation: give another folder")


def write(folder: Path, asked: Asked, comparison: Comparison | None) -> None:
    """Writes everything to ``folder``, which appears whole or not at all; a result that was there is replaced.

    Raises ``InvalidResult`` as ``check_folder`` does.
    """
    check_folder(folder)
    with _replacing(folder) as new:
        (new / RESULT_FILE).write_bytes(TypeAdapter(Evaluation).dump_json(asked.evaluation, exclude_defaults=True))
        (new / REPORT_FILE).write_text(render(asked.evaluation, comparison), encoding="utf-8")
        for judged in asked.judged:
            write_run(new / f"{judged.result.name}{_RUN}", judged.rankings)
            write_qrels(new / f"{judged.result.name}{_QRELS}", judged.judgements)


def read_evaluation(path: Path) -> Evaluation:
    """The evaluation in a ``result.json``, or in the folder that holds one. Raises ``InvalidResult``."""
    file = path / RESULT_FILE if path.is_dir() else path
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidResult(f"there is no result to be read at {file}: {error.strerror}") from error
    try:
        version = TypeAdapter(_Version).validate_json(content).format
        if version != FORMAT:
            raise InvalidResult(
                f"{file} has format {version}, and this version of Ibidem reads format {FORMAT}: evaluate again"
            )
        return TypeAdapter(Evaluation).validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidResult(f"{file} is not the result of an evaluation: {where}: {first['msg']}") from None


def _may_be_replaced(folder: Path) -> bool:
    """Whether it is empty, or a result with nothing else in it."""
    names = {path.name for path in folder.iterdir()}
    rest = {name for name in names if not name.endswith((_RUN, _QRELS))} - {RESULT_FILE, REPORT_FILE}
    return not names or (RESULT_FILE in names and not rest)


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """A folder to write to that takes the place of ``folder`` at the end; it goes if something is raised."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    new, old = work / "new", work / "old"
    try:
        new.mkdir()
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(work, ignore_errors=True)
