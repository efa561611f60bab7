"""What confidence was fitted on, how far it can be trusted, and the weights: one value, so that they can't part.

One calibration comes along, for the packaged model: ``calibration.json``, which ``benchmarks/confidence.py`` writes. An
archive can have one of its own, in the manifest of its generations (see ``qa.evaluation.calibrating``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from corpus.errors import DamagedGeneration
from qa.evaluation.result import Figure, Rate

if TYPE_CHECKING:  # so that a program that only reads a calibration loads no index
    from index.generation import Manifest

OWN_ARCHIVE = "this archive"
"""What a calibration calls the archive that it was fitted to."""

SHIPPED = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class Weights:
    """What makes confidence of features: its logarithmic odds are their sum, each feature (see
    ``qa.confidence.Features``) times its weight."""

    intercept: float
    """What is added to them."""
    closeness: float
    """The weight of the closeness."""
    cosine: float
    """The weight of the cosine."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Questions that were asked of one archive."""

    questions: str
    """Where they are from."""
    archive: str
    """The archive."""
    answerable: int
    """How many of them it answers."""
    unanswerable: int
    """How many it does not."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The questions whose confidence is from ``low`` to below ``high``; the last bin includes 1."""

    low: float
    """The least confidence in it."""
    high: float
    """The least above it."""
    count: int
    """How many questions there are."""
    confidence: float | None
    """The mean of their confidence; ``None`` for no questions."""
    answered: float | None
    """The share of them that was answered; ``None`` for no questions."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """How confidence did on questions with known answers. A question is answered if gold is among the first five
    passages."""

    bins: tuple[Bin, ...]
    """The questions by their confidence, ascending."""
    expected_calibration_error: float
    """The mean over the questions of how far the confidence of their bin is from the share answered in it."""
    threshold: float
    """The confidence from which a question counts as answered here."""
    answered_wrongly: Rate
    """The unanswerable questions that are answered at the threshold."""
    refused_wrongly: Rate
    """The answerable ones that are not."""
    auroc: Figure
    """The chance that an answerable question has more confidence than another."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How features become confidence, for one model."""

    created: str
    """The day on which it was made."""
    model: str
    """The model that it is for."""
    weights: Weights
    """The weights."""
    fitted_on: tuple[Sample, ...]
    """The questions that it was fitted on."""
    measured_on: tuple[Sample, ...]
    """Those that ``reliability`` is from."""
    folds: int | None
    """Where these are the same questions, each was judged by weights that were fitted without it and all others about
    its article, in so many folds; ``None`` where they are others."""
    reliability: Reliability
    """How it did."""

    @property
    def is_own(self) -> bool:
        """Whether it was fitted to the archive that it is for, and did not come along."""
        return all(sample.archive == OWN_ARCHIVE for sample in self.fitted_on)


_ADAPTER = TypeAdapter(Calibration)


def calibration_of(manifest: Manifest) -> Calibration | None:
    """The calibration that a generation's answers go by: its own, or else the one that comes along, if it is for the
    generation's model. Raises ``DamagedGeneration`` if its own can't be read."""
    if manifest.calibration is None:
        return shipped() if manifest.model == shipped().model else None
    try:
        return _ADAPTER.validate_python(manifest.calibration)
    except ValidationError as error:
        first = error.errors()[0]
        raise DamagedGeneration(
            f"the calibration of generation {manifest.generation} can't be used:"
            f" {'.'.join(map(str, first['loc']))}: {first['msg']}; calibrate again"
        ) from error


@lru_cache(maxsize=1)
def shipped() -> Calibration:
    """The calibration for the packaged model."""
    return _ADAPTER.validate_json(SHIPPED.read_bytes())


def as_json(calibration: Calibration) -> Mapping[str, Any]:
    """The calibration as JSON has it, for a manifest."""
    values: Mapping[str, Any] = _ADAPTER.dump_python(calibration, mode="json")
    return values


def carry_on(current: Mapping[str, Any] | None, model: str) -> Mapping[str, Any] | None:
    """What a new generation goes by: the current one's calibration if it is the archive's own, or else the one that
    comes along, if it is for the model. For ``index.build``."""
    try:
        if current is not None and _ADAPTER.validate_python(current).is_own:
            return current
    except ValidationError:  # of another version
        pass
    return as_json(shipped()) if model == shipped().model else None
