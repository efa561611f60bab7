"""Whatever lies in an archive, a build goes on: each file is an article, or is rejected for a reason that a person can
act on; and the sound ones are read as if the others weren't there."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from corpus.cleaning import clean
from corpus.listing import Rejection
from index.generation import current_generation, generation_folder
from index.intake import Found, Intake
from index.readings import Readings
from tests import archives
from tests.damage import Files, damaged, sound

SEED = 20_260
COUNT = 500
SECONDS = 240
"""A machine on which many other things run takes several times as long as a quiet one."""

RAW = re.compile(r"Traceback|[a-z]Error|Exception|WARNING|<class|object at 0x|\bNone\b|\\x|\\ud|[Ee]rrno|\(\)$")
ACTION = re.compile(r"; |[?:] (mend|run) it |\? mend it$|must be | in line [0-9]+$")


@dataclass(frozen=True)
class Outcome:
    """The texts of the articles by id, and all reasons by the file's name."""

    texts: dict[str, str]
    reasons: dict[str, list[str]]
    seconds: float


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with word pieces that are words."""
    index = tmp_path_factory.mktemp("encoder")
    archives.publish(index, [])
    return generation_folder(index, current_generation(index))


@pytest.fixture(scope="module")
def healthy() -> Files:
    return sound(SEED)


@pytest.fixture(scope="module")
def broken(healthy: Files) -> Files:
    return damaged(healthy, SEED, COUNT)


@pytest.fixture(scope="module")
def alone(healthy: Files, encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What comes of the sound files."""
    return taken_in(tmp_path_factory.mktemp("alone"), healthy, encoder)


@pytest.fixture(scope="module")
def together(healthy: Files, broken: Files, encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What comes of the sound files among those that are not."""
    return taken_in(tmp_path_factory.mktemp("together"), {**broken, **healthy}, encoder)


def taken_in(folder: Path, files: Files, encoder: Path) -> Outcome:
    archive, index = folder / "archive", folder / "index"
    archive.mkdir()
    index.mkdir()
    for name, content in files.items():
        # A folder each: files that differ in their suffix alone would have the same id.
        (archive / name.replace(".", "-")).mkdir()
        (archive / name.replace(".", "-") / name).write_bytes(content)
    readings, begun = Readings(index), time.monotonic()
    intake = Intake([archive], readings, "encoder")
    for _ in intake.read(intake.unread(), encoder):
        pass
    outcomes = list(intake.outcomes())
    seconds = time.monotonic() - begun
    found = [one for one in outcomes if isinstance(one, Found)]
    articles = readings.articles((one.id, one.reading) for one in found)
    texts = {prepared.article.id: prepared.article.text for _, prepared in articles}
    readings.close()
    reasons: dict[str, list[str]] = {}
    for one in outcomes:
        if isinstance(one, Rejection):
            reasons.setdefault(one.path.relative_to(archive).parts[1], []).append(one.reason)
    return Outcome(texts, reasons, seconds)


def named(outcome: Outcome, name: str) -> dict[str, str]:
    """The texts that came of a file, by id."""
    folder = f"{name.replace('.', '-')}/"
    return {article: text for article, text in outcome.texts.items() if article.startswith(folder)}


def test_sound_files_are_read(alone: Outcome, healthy: Files) -> None:
    assert alone.reasons == {}
    assert all(named(alone, name) for name in healthy)
    assert len(healthy) == 60


def test_sound_files_are_read_as_if_the_others_were_not_there(
    alone: Outcome, together: Outcome, healthy: Files
) -> None:
    assert together.reasons.keys().isdisjoint(healthy)
    assert {name: named(together, name) for name in healthy} == {name: named(alone, name) for name in healthy}


def test_every_damaged_file_is_an_article_or_is_rejected(together: Outcome, broken: Files) -> None:
    assert [name for name in broken if not named(together, name) and name not in together.reasons] == []
    assert len(broken) == COUNT


def test_every_reason_is_a_line_that_says_what_is_wrong_and_what_to_do(together: Outcome) -> None:
    bad = {
        name: reason
        for name, reasons in together.reasons.items()
        for reason in reasons
        if "\n" in reason
        or not reason.isprintable()
        or not ACTION.search(reason)
        or len(reason) > 500
        or RAW.search(reason)
    }
    assert bad == {}


def test_no_reader_crashes_or_fails_or_goes_past_its_limits(together: Outcome) -> None:
    caught = re.compile("what was reading it|it takes more than|reading it failed|nested too deeply")
    assert {
        name: reason for name, reasons in together.reasons.items() for reason in reasons if caught.match(reason)
    } == {}


def test_every_text_is_canonical(together: Outcome) -> None:
    assert [article for article, text in together.texts.items() if clean(text) != text] == []


def test_it_is_over_soon(together: Outcome) -> None:
    assert together.seconds < SECONDS
