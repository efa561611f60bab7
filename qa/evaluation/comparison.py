"""Two evaluations of the same questions side by side: whether the later one is better, and for which questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from corpus.errors import NotComparable
from qa.evaluation.result import PRIMARY, Change, Comparison, Evaluation, Outcome, SetResult, Test, Verdict
from qa.evaluation.statistics import SIGNIFICANCE, paired_tests


class _Pair(NamedTuple):
    """An answerable question in both evaluations."""

    before: Outcome
    after: Outcome

    @property
    def gain(self) -> float:
        """How much the primary measure rose."""
        return self.after.measures[PRIMARY] - self.before.measures[PRIMARY]


def compare(before: Evaluation, after: Evaluation) -> Comparison:
    """What changed from ``before`` to ``after``.

    The verdict goes by the primary measure over the answerable questions of all sets, each question counting once;
    every other measure is tested by set, and none of those tests decides anything. Raises ``NotComparable`` where the
    questions aren't the same.
    """
    pairs = _pairs(before, after)
    all_pairs = [pair for of_set in pairs.values() for pair in of_set]
    if not all_pairs:
        raise NotComparable("the results can't be compared: neither has a question that the archive answers")
    (primary,) = _tests(None, all_pairs, [PRIMARY])
    tests = (test for name, of_set in pairs.items() for test in _tests(name, of_set, _measures(of_set)))
    return Comparison(
        before=before.title,
        after=after.title,
        verdict=_verdict(primary),
        primary=primary,
        tests=tuple(tests),
        lost=_changes(pairs, -1),
        won=_changes(pairs, 1),
    )


def _verdict(primary: Test) -> Verdict:
    if primary.p >= SIGNIFICANCE:
        return "no difference shown"
    return "better" if primary.difference.value > 0 else "worse"


def _tests(name: str | None, pairs: Sequence[_Pair], measures: Sequence[str]) -> Iterator[Test]:
    """A test of each measure over these pairs."""
    if not pairs or not measures:
        return
    before, after = (
        {m: [outcome.measures[m] for outcome in side] for m in measures} for side in zip(*pairs, strict=True)
    )
    for measure, paired in paired_tests(before, after).items():
        yield Test(
            set=name,
            measure=measure,
            before=_mean(before[measure]),
            after=_mean(after[measure]),
            difference=paired.difference,
            p=paired.p,
            detectable=paired.detectable,
        )


def _measures(pairs: Sequence[_Pair]) -> list[str]:
    """The measures that every question has in both, in the order of the later evaluation."""
    outcomes = [outcome for pair in pairs for outcome in pair]
    return [m for m in pairs[0].after.measures if all(m in outcome.measures for outcome in outcomes)] if pairs else []


def _changes(pairs: Mapping[str, Sequence[_Pair]], sign: int) -> tuple[Change, ...]:
    """The questions whose primary measure fell (``sign`` -1) or rose (1), the largest change first."""
    moved = [(name, pair) for name, of_set in pairs.items() for pair in of_set if sign * pair.gain > 0]
    moved.sort(key=lambda one: (-abs(one[1].gain), one[0], one[1].after.id))
    return tuple(Change(name, *pair) for name, pair in moved)


def _pairs(before: Evaluation, after: Evaluation) -> dict[str, list[_Pair]]:
    """The answerable questions by set, in the order of the later evaluation."""
    earlier = {one.name: one for one in before.sets}
    later = {one.name: one for one in after.sets}
    _check_same("the set {!r} is", earlier, later)
    return {name: _set_pairs(earlier[name], one) for name, one in later.items()}


def _set_pairs(before: SetResult, after: SetResult) -> list[_Pair]:
    if before.layout != after.layout:
        raise _not_comparable(
            f"the gold of set {after.name!r} is {before.layout} in one and {after.layout} in the other"
        )
    earlier = {outcome.id: outcome for outcome in before.outcomes}
    later = {outcome.id: outcome for outcome in after.outcomes}
    _check_same(f"the question {{!r}} of set {after.name!r} is", earlier, later)
    pairs = [_Pair(earlier[name], outcome) for name, outcome in later.items()]
    for pair in pairs:
        _check_pair(after.name, *pair)
    return [pair for pair in pairs if pair.after.answerable]


def _check_pair(name: str, before: Outcome, after: Outcome) -> None:
    if before.question != after.question:
        raise _not_comparable(f"the question {after.id!r} of set {name!r} has another text in the one before")
    if before.answerable != after.answerable:
        raise _not_comparable(f"the question {after.id!r} of set {name!r} has gold in one only")


def _check_same(what: str, before: Mapping[str, object], after: Mapping[str, object]) -> None:
    for some, others, where in ((before, after, "before"), (after, before, "after")):
        missing = [name for name in some if name not in others]
        if missing:
            more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise _not_comparable(f"{what.format(missing[0])} only in the one {where}{more}")


def _not_comparable(what: str) -> NotComparable:
    return NotComparable(f"the results are not of the same questions: {what}; evaluate both on the same question sets")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
