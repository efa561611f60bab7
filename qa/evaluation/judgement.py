"""What a gate found of a generation before it was published, which the generation's manifest keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from corpus.errors import DamagedGeneration
from qa.evaluation.result import Figure, Test, Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate found of a generation before it was published, as its manifest keeps it.

    ``figure`` is the mean of ``measure`` over all ``questions`` that the archive answers, ``sets`` has every set's
    figures. ``against`` is the generation that it was compared with, by ``test``, with that ``verdict``; without one,
    ``alone`` says why. ``unlocated`` counts the questions of which that one has not all gold, and ``forced`` says that
    a verdict of worse would not have kept it from being published. ``cross_encoder`` is the one that was set, if any.
    """

    measure: str
    questions: int
    figure: Figure
    sets: Mapping[str, Mapping[str, Figure]]
    against: str | None
    alone: str | None
    verdict: Verdict | None
    test: Test | None
    unlocated: int
    forced: bool
    cross_encoder: str | None


def to_json(judgement: Judgement) -> Mapping[str, Any]:
    """A judgement as a manifest keeps it."""
    values: Mapping[str, Any] = TypeAdapter(Judgement).dump_python(judgement, mode="json")
    return values


def from_json(values: Mapping[str, Any]) -> Judgement:
    """The judgement that a manifest keeps. Raises ``DamagedGeneration``."""
    try:
        return TypeAdapter(Judgement).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DamagedGeneration(f"the evaluation in a manifest can't be read: {where}: {first['msg']}") from None


def summary(judgement: Judgement) -> str:
    """A judgement in one line, for a person."""
    figure, test = judgement.figure, judgement.test
    interval = f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"
    aid = f" with cross-encoder {judgement.cross_encoder}" if judgement.cross_encoder else ""
    mean = f"{judgement.measure} {interval} for {judgement.questions} questions{aid}"
    if test is None:
        return f"{mean}; not compared: {judgement.alone}"
    forced = ", published by force" if judgement.forced and judgement.verdict == "worse" else ""
    compared = f"{judgement.verdict}{forced}; {judgement.against} has {test.before:.3f} (p {test.p:.4f})"
    missing = f", and not all the gold of {judgement.unlocated} questions" if judgement.unlocated else ""
    return f"{mean}; {compared}{missing}"
