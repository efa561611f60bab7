"""What the API and the pages share: what is served, and the one way from either of them to an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from index.history import History
from index.search import Engine
from qa.answering import Answer, Query, answer_all
from qa.live import Live
from qa.settings import Policy
from qa.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Service:
    """What is served, and what is told of it. ``folders`` are those of the articles, for what was fetched; the service
    answers without them."""

    live: Live
    history: History
    telemetry: Telemetry
    policy: Policy
    folders: tuple[Path, ...]

    def ask(self, engine: Engine, queries: Sequence[Query]) -> list[Answer]:
        """The answers of questions from one generation, as ``qa.answering.answer_all`` gives them."""
        answers = answer_all(engine, queries, self.policy)
        for answer in answers:
            self.telemetry.time_answer(answer.took_ms)
        return answers
