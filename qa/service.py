"""What the API and the pages share: what is served, and the one way from either of them to an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import FeedbackOff
from index.history import History
from index.search import Engine
from qa.answering import Answer, Query, answer_all
from qa.feedback import FeedbackStore
from qa.live import Live
from qa.settings import Policy
from qa.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Service:
    """What is served, and what is told of it. ``folders`` are those of the articles, for what was fetched, and may be
    gone; ``feedback`` is ``None`` where none is kept."""

    live: Live
    history: History
    telemetry: Telemetry
    policy: Policy
    folders: tuple[Path, ...]
    feedback: FeedbackStore | None = None

    @property
    def kept(self) -> FeedbackStore:
        """Where feedback is kept. Raises ``FeedbackOff``."""
        if self.feedback is None:
            raise FeedbackOff("feedback is turned off here: the setting 'feedback' names no file")
        return self.feedback

    def ask(self, engine: Engine, queries: Sequence[Query]) -> list[Answer]:
        """The answers of questions from one generation, as ``qa.answering.answer_all`` gives them; those that have none
        are recorded."""
        answers = answer_all(engine, queries, self.policy)
        for answer in answers:
            self.telemetry.time_answer(answer.took_ms)
        if self.feedback:
            self.feedback.unanswered.record(queries, answers)
        return answers
