"""The nearest text to a quote, and what differs, to the last character."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.checks import Word
from qa.differences import Near, Words, nearest, word_difference

TEXT = (
    "The keeper of the lighthouse wrote every evening. In May 2025 he counted 41 ships, most of them small.\n\n"
    "In June there were 38. The lamp failed twice, he noted, and was repaired by the engineer from the town.\n\n"
    "No ship was lost that year. The keeper retired in autumn, after thirty years, and nobody followed him."
)
FAR = " ".join(f"Day {day} passed quietly and nothing worth a line was seen." for day in range(200))


def near(quote: str, text: str = TEXT) -> tuple[str, float] | None:
    found = nearest(quote, Words(text))
    return (text[found.start : found.end], round(found.similarity, 3)) if found else None


@pytest.mark.parametrize(
    ("quote", "found", "similarity"),
    [
        # Of the nine words and marks on each side eight are the same, in the same order: 2 * 8 / 18.
        ("In May 2026 he counted 41 ships, most", "In May 2025 he counted 41 ships, most", 0.889),
        # One of eleven is missing in the quote: 2 * 10 / 21.
        ("In June there were 38. The failed twice,", "In June there were 38. The lamp failed twice,", 0.952),
        ("the lamp Failed TWICE", "The lamp failed twice", 1),
        ("The lamp really and truly failed twice, he noted", "The lamp failed twice, he noted", 0.824),
    ],
)
def test_the_nearest_text_is_the_one_with_most_words_in_common(quote: str, found: str, similarity: float) -> None:
    for text in (TEXT, f"{FAR} {TEXT}", f"{TEXT} {FAR}", f"{FAR} {TEXT} {FAR}"):
        assert near(quote, text) == (found, similarity)


@pytest.mark.parametrize("quote", ["", " ", "zzz", "Bananas ripen faster next to apples, as every cook knows.", "?!"])
def test_nothing_near_is_nothing(quote: str) -> None:
    assert near(quote) is None
    assert near("The keeper", "") is None


def test_of_equals_the_first_is_taken() -> None:
    text = "A red boat came in. A grey boat came in."
    assert nearest("A blue boat came in.", Words(text)) == Near(0, 19, 10 / 12)


def test_scripts_without_spaces_are_compared_sign_by_sign() -> None:
    text = "空间站迎来新的乘组。三名航天员将在轨道上工作六个月。飞船昨天返回地面。"
    assert near("三名航天员将在轨道上工作五个月。", text) == ("三名航天员将在轨道上工作六个月。", 0.938)
    assert word_difference("工作五个月", "工作六个月") == (
        Word("equal", "工作"), Word("delete", "五"), Word("insert", "六"), Word("equal", "个月"),
    )  # fmt: skip


def test_a_change_of_unicode_form_is_near_and_still_a_difference() -> None:
    assert near("Cafe\u0301 owners wrote", "The Café owners wrote a letter.") == ("Café owners wrote", 1)
    assert [word.operation for word in word_difference("Cafe\u0301 owners", "Café owners")] == [
        "delete",
        "insert",
        "equal",
    ]


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
def test_a_quote_is_found_again_after_a_share_of_its_words_was_edited(share: float) -> None:
    dice = random.Random(1)
    words = [f"{dice.choice('bdfgklmnprst')}{dice.choice('aeiou')}{number % 97}" for number in range(4000)]
    text = Words(" ".join(words))
    for _ in range(20):
        start = dice.randrange(3800)
        edited = [edit for word in words[start : start + 100] for edit in _edit(word, share, dice)]
        found = nearest(" ".join(edited), text)
        assert found
        assert abs(found.start - text.spans[start][0]) < 40
        assert abs(found.end - text.spans[start + 99][1]) < 40
        assert found.similarity > 1 - 1.5 * share


def _edit(word: str, share: float, dice: random.Random) -> list[str]:
    if dice.random() > share:
        return [word]
    return dice.choice([[], ["another"], [word, "more"]])


def test_a_text_of_one_word_does_not_take_long() -> None:
    """Every word of the quote stands everywhere: the votes are bounded."""
    assert near("the " * 1200, "the " * 50_000) is None


def test_no_nearest_text_is_looked_for_where_a_quote_is_longer_than_any_passage() -> None:
    text = " ".join(f"word{number}" for number in range(1000))
    assert near(text[:5000], text) is not None
    assert near(text[:5001], text) is None


@settings(max_examples=200, deadline=None)
@given(*[st.lists(st.sampled_from(["a", "b", " c", " ", "\n", ".", "é", "空", "d "]), max_size=30).map("".join)] * 2)
def test_the_words_are_both_texts_to_the_last_character(cited: str, found: str) -> None:
    words = word_difference(cited, found)
    assert "".join(word.text for word in words if word.operation != "insert") == cited
    assert "".join(word.text for word in words if word.operation != "delete") == found
    assert all(first.operation != second.operation for first, second in pairwise(words))
    assert {word.operation for word in words} <= {"equal"} or cited != found
