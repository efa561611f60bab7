"""The numbers that the report draws."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa.evaluation import charts
from qa.evaluation.charts import Bar, Point
from qa.evaluation.result import Operating
from tests.evaluations import abstention, evaluation, gold, outcome, outcomes


def test_ranks_are_counted_and_the_ones_without_gold_come_last() -> None:
    bars = charts.ranks(outcomes())
    assert [(bar.label, bar.count) for bar in bars] == [
        ("1", 24), ("2", 5), ("3", 2), ("4", 0), ("5", 2), ("6–10", 2), ("11–100", 1), ("none", 4),
    ]  # fmt: skip
    assert sum(bar.share for bar in bars) == pytest.approx(1)
    assert [bar.right for bar in bars] == [True] * 5 + [False] * 3


def test_a_run_may_be_deeper_than_a_hundred() -> None:
    bars = charts.ranks([outcome(0, 101, "ranked low"), outcome(1, 100, "ranked low")])
    assert [bar for bar in bars if bar.count] == [Bar("11–100", 1, 0.5, False), Bar("101+", 1, 0.5, False)]


def test_confidence_is_spread_over_bins_by_what_became_of_the_question() -> None:
    spread = charts.distribution(evaluation())
    assert (spread.measure, spread.low, spread.high, spread.without) == ("confidence", 0, 1, 0)
    assert [(row.style, row.total, sum(row.counts)) for row in spread.rows] == [
        ("right", 33, 33), ("wrong", 7, 7), ("other", 4, 4),
    ]  # fmt: skip
    other = spread.rows[2]
    assert [number for number, count in enumerate(other.counts) if count] == [2, 4, 6, 16]  # 0.1, 0.2, 0.3, 0.8
    assert sum(other.shares) == pytest.approx(1)


def test_the_highest_confidence_is_in_the_last_bin() -> None:
    spread = charts.distribution(evaluation([outcome(0, confidence=1.0), outcome(1, confidence=0.0)]))
    assert spread.rows[0].counts == (1, *[0] * 18, 1)


def test_without_confidence_the_first_scores_are_spread() -> None:
    low, high = outcome(0, confidence=None), outcome(1, confidence=None)
    high = replace(high, ranking=(replace(high.ranking[0], score=22.9),))
    empty = outcome(2, None, "not retrieved", None, ranking=())
    spread = charts.distribution(evaluation([low, high, empty, outcome(3)]))
    assert (spread.measure, spread.high) == ("score of the first document", 22.9)
    assert spread.low == pytest.approx(0.9)
    assert spread.without == 1
    assert [row.counts for row in spread.rows] == [(2, *[0] * 18, 1)]


@pytest.mark.parametrize("confidence", [None, 0.7])
def test_one_question_is_spread_as_well(confidence: float | None) -> None:
    (row,) = charts.distribution(evaluation([outcome(0, confidence=confidence)])).rows
    assert sum(row.counts) == row.total == 1
    nothing = charts.distribution(evaluation([outcome(0, None, "not retrieved", None, ranking=())]))
    assert (nothing.rows, nothing.without) == ((), 1)


def test_the_curve_begins_and_ends_where_something_is_answered_and_is_thinned() -> None:
    fine = tuple(Operating(step / 1000, 1 - step / 1000, 0.2, 0, 0) for step in range(1001))
    points = charts.curve(replace(abstention(), curve=fine))
    assert points[0] == Point(0, 1, 0.2)
    assert points[-1] == Point(0.999, 1 - 0.999, 0.2)
    assert 100 < len(points) <= 152
    assert charts.curve(replace(abstention(), curve=(Operating(1, 0, 0, 0, 1),))) == ()


def test_the_operating_point_is_that_of_the_answers() -> None:
    point = charts.operating_point(evaluation(), 0.5)
    # Refused: one that was right, two that weren't, three that nothing answers. Wrong: five and one.
    assert (point.answered, point.wrong) == (38 / 44, 6 / 38)
    nothing = charts.operating_point(evaluation([outcome(0, answered=False)]), 0.5)
    assert (nothing.answered, nothing.wrong) == (0, 0)


def test_sources_begin_with_the_worst() -> None:
    sources = charts.by_source(outcomes())
    assert sources
    assert (sources.kind, sources.left_out) == ("article", 0)
    assert [(part.note, part.found.count, part.found.total) for part in sources.parts] == [
        ("coast/bell-rock", 8, 10), ("inland/locks", 8, 10), ("inland/mills", 8, 10), ("coast/fastnet", 9, 10),
    ]  # fmt: skip
    assert sources.parts[0].label == "Building on a reef that drowns twice a day"


def test_a_question_counts_for_each_source_of_its_gold_once() -> None:
    golds = [gold("a"), gold("a"), gold("b")]
    sources = charts.by_source([outcome(number, golds=golds) for number in range(4)])
    assert sources
    assert [(part.label, part.note, part.found.total) for part in sources.parts] == [("a", "", 4), ("b", "", 4)]


def test_many_articles_are_shown_by_folder_and_many_rows_are_cut() -> None:
    articles = [f"{number % 20:02}/{number}" for number in range(60)]
    sources = charts.by_source([outcome(number, golds=[gold(article)]) for number, article in enumerate(articles)])
    assert sources
    assert (sources.kind, len(sources.parts), sources.left_out) == ("folder", charts.SOURCES, 5)
    assert sources.parts[0].found.total == 3


def test_sources_of_one_question_each_tell_nothing() -> None:
    assert charts.by_source([outcome(number, golds=[gold(str(number))]) for number in range(60)]) is None
    assert charts.by_source([outcome(0, None, None, 0.1, ())]) is None


def test_lengths_fall_into_four_groups_of_like_size() -> None:
    asked = [outcome(number, question="word " * (number + 1)) for number in range(8)]
    asked[7] = replace(asked[7], failure="ranked low")
    parts = charts.by_words(asked)
    assert [(part.label, part.found.count, part.found.total) for part in parts] == [
        ("1–2", 2, 2), ("3–4", 2, 2), ("5–6", 2, 2), ("7–8", 1, 2),
    ]  # fmt: skip


def test_equal_lengths_are_not_parted() -> None:
    (part,) = charts.by_words([outcome(number) for number in range(9)])
    assert (part.label, part.found.total) == ("12", 9)
    assert charts.by_words([outcome(0, None, None, 0.1, ())]) == ()


def test_the_shortest_quote_counts() -> None:
    golds = [gold(quote="x" * 1200), gold(quote="y" * 30)]
    (part,) = charts.by_quote([outcome(0, golds=golds), outcome(1, golds=[gold(quote=None)])])
    assert (part.label, part.found.total) == ("30", 1)
