"""Characters found and wanted, against counting them one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.evaluation.spans import Slice, characters, sentence_overlap

slices = st.builds(
    lambda article, start, length: Slice(article, start, start + length),
    st.sampled_from("ab"),
    st.integers(0, 30),
    st.integers(1, 12),
)


def test_figures_worked_out_by_hand() -> None:
    found = [Slice("a", 0, 10), Slice("a", 5, 20), Slice("b", 0, 20)]
    assert characters("x", [Slice("a", 15, 25)], found) == {"x R@5": 0.5, "x P@5": 5 / 40, "x IoU@5": 5 / 45}


def test_each_figure_is_that_of_the_alternative_it_is_best_for() -> None:
    golds = [Slice("a", 0, 2), Slice("a", 0, 40)]
    assert characters("x", golds, [Slice("a", 0, 20)]) == {"x R@5": 1.0, "x P@5": 1.0, "x IoU@5": 0.5}


def test_nothing_found_and_nothing_wanted_are_0() -> None:
    nothing = {"x R@5": 0.0, "x P@5": 0.0, "x IoU@5": 0.0}
    assert characters("x", [Slice("a", 0, 2)], []) == nothing
    assert characters("x", [], [Slice("a", 0, 2)]) == nothing
    assert characters("x", [Slice("b", 0, 2)], [Slice("a", 0, 2)]) == nothing


def test_the_overlap_of_sentences() -> None:
    assert sentence_overlap([Slice("a", 0, 10)], [Slice("a", 0, 10)]) == 1
    assert sentence_overlap([Slice("a", 0, 10), Slice("a", 50, 60)], [Slice("a", 55, 65)]) == pytest.approx(1 / 3)
    assert sentence_overlap([Slice("a", 0, 10)], []) == 0


@given(st.lists(slices, min_size=1, max_size=3), st.lists(slices, max_size=6))
def test_the_same_as_with_sets_of_characters(golds: list[Slice], found: list[Slice]) -> None:
    def points(*several: Slice) -> set[tuple[str, int]]:
        return {(one.article, place) for one in several for place in range(one.start, one.end)}

    covered = points(*found)
    shared = [(len(points(gold) & covered), points(gold)) for gold in golds]
    assert characters("", golds, found) == pytest.approx(
        {
            " R@5": max(both / len(gold) for both, gold in shared),
            " P@5": max(both for both, _ in shared) / len(covered) if covered else 0,
            " IoU@5": max(both / len(gold | covered) for both, gold in shared),
        }
    )
