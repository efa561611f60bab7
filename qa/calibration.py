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
    """What makes confidence of features: its logarithmic odds are the ``intercept`` and the ``closeness`` and the
    ``cosine`` (see ``qa.confidence.Features``), each times its weight."""

    intercept: float
    closeness: float
    cosine: float


@dataclass(frozen=True, slots=True)
class Sample:
    """Questions that were asked of one archive: where they are from, and how many of them it answers and does not."""

    questions: str
    archive: str
    answerable: int
    unanswerable: int


@dataclass(frozen=True, slots=True)
class Bin:
    """The ``count`` questions whose confidence is from ``low`` to below ``high`` (the last one includes 1): the mean of
    it, and the share that was answered; ``None`` for no questions."""

    low: float
    high: float
    count: int
    confidence: float | None
    answered: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """How confidence did on questions with known answers. A question is answered if gold is among the first five
    passages.

    ``expected_calibration_error`` is the mean over the questions of how far the confidence of their bin is from the
    share answered in it. ``answered_wrongly`` counts the unanswerable questions that are answered at the ``threshold``,
    ``refused_wrongly`` the answerable ones that are not. ``auroc`` is the chance that an answerable question has more
    confidence than another.
    """

    bins: tuple[Bin, ...]
    expected_calibration_error: float
    threshold: float
    answered_wrongly: Rate
    refused_wrongly: Rate
    auroc: Figure


@dataclass(frozen=True, slots=True)
class Calibration:
    """How features become confidence, for one ``model``. ``created`` is a day.

    ``reliability`` is from the questions of ``measured_on``. Where these are those of ``fitted_on``, each was judged by
    weights that were fitted without it and all others about its article, in so many ``folds``; ``None`` where they are
    others.
    """

    created: str
    model: str
    weights: Weights
    fitted_on: tuple[Sample, ...]
    measured_on: tuple[Sample, ...]
    folds: int | None
    reliability: Reliability

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
