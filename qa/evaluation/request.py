"""What a user asks to have evaluated, and carrying it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import NotComparable, UnknownGeneration
from index.build import Progress
from index.cross_encoder import CrossEncoder, open_cross_encoder
from index.generation import current_generation, generation_folder, list_generations
from index.search import LocalEngine
from qa.evaluation.asking import ask, evaluate
from qa.evaluation.comparison import compare
from qa.evaluation.outcomes import Asked
from qa.evaluation.output import read_evaluation
from qa.evaluation.questions import QuestionSet
from qa.evaluation.result import Comparison, Evaluation
from qa.evaluation.runs import ask_run, needs_index
from qa.evaluation.trec import read_run
from qa.settings import Policy


@dataclass(frozen=True, slots=True)
class Request:
    """An evaluation to be made: of the ``generation`` of ``index``, or the current one, or of a ``run`` file;
    ``against`` an earlier result (a path), or another generation of the index, or nothing. Generations are asked with
    the ``cross_encoder``, if one is named."""

    sets: Sequence[QuestionSet]
    index: Path
    policy: Policy
    cross_encoder: str | None = None
    generation: str | None = None
    run: Path | None = None
    against: str | None = None


def carry_out(request: Request, progress: Progress) -> tuple[Asked, Comparison | None]:
    """The evaluation, and how it compares with the earlier one if there is one.

    The earlier one's gold need not all be in its generation: what it doesn't have counts as not found there.
    """
    # What takes no time comes first, so that a mistake there shows before the asking.
    earlier = _earlier(request)
    if isinstance(earlier, Evaluation):
        _check_same_questions(earlier, request.sets)
    asks = request.run is None or isinstance(earlier, str)
    cross_encoder = open_cross_encoder(request.cross_encoder) if asks else None
    asked = _ask(request, cross_encoder, progress)
    if earlier is None:
        return asked, None
    if isinstance(earlier, str):
        earlier = _evaluate_earlier(request, earlier, cross_encoder, progress)
    return asked, compare(earlier, asked.evaluation)


def _ask(request: Request, cross_encoder: CrossEncoder | None, progress: Progress) -> Asked:
    if request.run is None:
        engine = _open(request.index, request.generation, cross_encoder)
        return ask(engine, request.sets, request.policy, progress)
    run = read_run(request.run)
    located_in = _open(request.index, request.generation) if needs_index(run, request.sets) else None
    return ask_run(run, request.sets, located_in)


def _earlier(request: Request) -> Evaluation | str | None:
    """The earlier result, or the id of the generation that is to be asked for it."""
    if request.against is None:
        return None
    if Path(request.against).exists():
        return read_evaluation(Path(request.against))
    if request.against not in list_generations(request.index):
        raise UnknownGeneration(
            f"there is nothing to compare with: {request.against} is no result, and no generation of {request.index}"
        )
    return request.against


def _check_same_questions(earlier: Evaluation, sets: Sequence[QuestionSet]) -> None:
    """What ``compare`` would find only after all have been asked."""
    before = {one.name: {outcome.id for outcome in one.outcomes} for one in earlier.sets}
    given = {one.name: {question.id for question in one.questions} for one in sets}
    for name in sorted(before.keys() | given.keys()):
        if before.get(name) != given.get(name):
            raise NotComparable(
                f"the earlier result is not of the same questions: it differs in the set {name!r}; evaluate both on"
                " the same question sets and the same part"
            )


def _evaluate_earlier(
    request: Request, generation: str, cross_encoder: CrossEncoder | None, progress: Progress
) -> Evaluation:
    def named(step: str, done: int, total: int | None) -> None:
        progress(f"{step} {generation}", done, total)

    engine = _open(request.index, generation, cross_encoder)
    return evaluate(engine, request.sets, request.policy, named, unlocated=True)


def _open(index: Path, generation: str | None, cross_encoder: CrossEncoder | None = None) -> LocalEngine:
    return LocalEngine(generation_folder(index, generation or current_generation(index)), cross_encoder)
