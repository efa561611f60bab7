"""The measures of rankings, against figures worked out by hand."""

from __future__ import annotations

from math import log2

import pytest

from qa.evaluation.measures import NAMES, by_question


def test_each_measure_of_a_ranking_worked_out_by_hand() -> None:
    documents = [f"d{n}" for n in range(1, 21)]
    found = by_question({"q": {"d2": 1, "d12": 1, "none": 1, "d1": 0}}, {"q": documents})
    assert list(found) == ["q"]
    assert list(found["q"]) == list(NAMES)
    ideal = 1 + 1 / log2(3) + 1 / log2(4)
    assert found["q"] == pytest.approx(
        {
            "nDCG@10": 1 / log2(3) / ideal,
            "R@10": 1 / 3,
            "RR@10": 1 / 2,
            "Success@1": 0,
            "Success@5": 1,
            "AP": (1 / 2 + 2 / 12) / 3,
        }
    )


def test_gain_grows_with_relevance() -> None:
    found = by_question({"q": {"a": 2, "b": 1}}, {"q": ["b", "a"]})
    assert found["q"]["nDCG@10"] == pytest.approx((1 + 2 / log2(3)) / (2 + 1 / log2(3)))


def test_every_judged_question_counts_and_only_those() -> None:
    judgements = {"empty": {"a": 1}, "absent": {"a": 1}, "right": {"a": 1}}
    found = by_question(judgements, {"right": ["a"], "empty": [], "unjudged": ["a"]})
    assert found == {
        "empty": dict.fromkeys(NAMES, 0.0),
        "absent": dict.fromkeys(NAMES, 0.0),
        "right": dict.fromkeys(NAMES, 1.0),
    }
    assert by_question({"absent": {"a": 1}}, {}) == {"absent": dict.fromkeys(NAMES, 0.0)}


def test_an_order_is_never_taken_from_the_documents_names() -> None:
    for documents in (["a", "b", "c"], ["c", "b", "a"]):
        found = by_question({"q": {documents[2]: 1}}, {"q": documents})
        assert found["q"]["RR@10"] == pytest.approx(1 / 3)
