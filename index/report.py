"""What a build did, as figures and article by article."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from corpus.listing import Rejection
from index.intake import Found
from index.readings import Readings, Size

Change = Literal["unchanged", "new", "changed", "removed", "rejected"]


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one article; or of a file that is none, whose ``id`` is where it lies, with the ``reason``.

    ``passages`` and ``sentences`` count what it was cut into, ``characters`` the code points of its text; all are 0 for
    what is not in the index.
    """

    outcome: Change
    id: str
    title: str | None = None
    reason: str | None = None
    passages: int = 0
    sentences: int = 0
    characters: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did, or would do.

    ``generation`` is the current one after it, ``None`` if there is none; ``published`` says whether it is a new one.
    ``unchanged``, ``new``, ``changed`` and ``removed`` count articles, against the generation that was current before.
    ``read`` counts the files that had to be looked into, ``embedded`` the texts (passages and sentences) that had to be
    encoded. ``evaluation`` is what the gate found, ``None`` without one. ``seconds`` is how long it took, in all, and
    what of it went into encoding. ``lines`` are by id; what was removed and what was rejected comes last.
    """

    generation: str | None
    published: bool
    articles: int
    passages: int
    sentences: int
    unchanged: int
    new: int
    changed: int
    removed: int
    read: int
    embedded: int
    rejected: tuple[Rejection, ...]
    evaluation: Mapping[str, Any] | None
    seconds: Mapping[str, float]
    lines: tuple[Line, ...]


def lines(
    found: Sequence[Found], rejected: Sequence[Rejection], before: Mapping[str, str], readings: Readings
) -> tuple[Line, ...]:
    """A line for each article and each rejection; ``before`` has the digests of the articles that there were, by id."""
    now, sizes = {one.id for one in found}, readings.sizes()
    removed = [Line("removed", article_id) for article_id in sorted(before) if article_id not in now]
    return (
        *(_line(one, before.get(one.id), sizes[one.reading]) for one in found),
        *removed,
        *(Line("rejected", str(one.path), reason=one.reason) for one in rejected),
    )


def _line(found: Found, before: str | None, size: Size) -> Line:
    outcome: Change = "new" if before is None else "unchanged" if before == found.digest else "changed"
    return Line(outcome, found.id, size.title, None, size.passages, size.sentences, size.characters)


def report(
    of: Sequence[Line],
    rejected: tuple[Rejection, ...],
    *,
    generation: str | None,
    published: bool,
    read: int,
    embedded: int,
    evaluation: Mapping[str, Any] | None,
    seconds: Mapping[str, float],
) -> Report:
    """The report of a build that became of articles what the lines say."""
    counts = Counter(line.outcome for line in of)
    return Report(
        generation=generation,
        published=published,
        articles=counts["unchanged"] + counts["new"] + counts["changed"],
        passages=sum(line.passages for line in of),
        sentences=sum(line.sentences for line in of),
        unchanged=counts["unchanged"],
        new=counts["new"],
        changed=counts["changed"],
        removed=counts["removed"],
        read=read,
        embedded=embedded,
        rejected=rejected,
        evaluation=evaluation,
        seconds=seconds,
        lines=tuple(of),
    )
