"""What of one text stands in another: small cases, counted by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from index.wording import RUN, SHORT, Comparison, Vocabulary, Wording, compare, runs, wording

LETTERS = [f"{first}{second}" for first in "abcdefghij" for second in "klmnopqrst"]
"""A hundred words."""


def of(*passages: str | Sequence[str]) -> Wording:
    """An article of these passages, a line each."""
    lines = [passage if isinstance(passage, str) else " ".join(passage) for passage in passages]
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    spans = [(start, start + len(line)) for start, line in zip(starts, lines, strict=True)]
    return wording("\n".join(lines), spans, Vocabulary())


def links(one: Wording, other: Wording) -> tuple[tuple[int, int], ...]:
    """Those of a comparison, which must be the same both ways."""
    there, back = compare(one, other), compare(other, one)
    assert back == Comparison(tuple(sorted((right, left) for left, right in there.links)), there.are_copies)
    return there.links


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("ﬁne", "fine"),
        ("ＡＢＣ１２", "abc12"),
        ("“Don’t!”", "don't"),
        ("cafe\u0301", "Café"),
        ("well-known", "well known"),
        ("a\u00a0b", "a b"),
        ("ｶﾅ", "カナ"),
        ("1,000", "1.000"),
    ],
)
def test_the_same_words_however_they_are_written(one: str, other: str) -> None:
    assert of(one).words.tolist() == of(other).words.tolist()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("*** … —", 0),
        ("one two, three", 3),
        ("3.5 per cent", 4),
        ("世界 and 東京タワー", 2 + 1 + 5),
        ("हिन्दी में", 2),
        ("ไทย", 3),
    ],
)
def test_how_many_words(text: str, words: int) -> None:
    assert of(text).words.shape == (words,)


def test_a_word_with_a_digit_is_marked() -> None:
    words = of("in 2025 the A380 and ４ of or IV").words & np.uint64(1)
    assert words.tolist() == [0, 1, 0, 1, 0, 1, 0, 0, 0]


def test_passages_are_ranges_of_words_which_may_overlap() -> None:
    text = "One two. Three four. Five."
    found = wording(text, [(0, 20), (9, 26), (21, 21)], Vocabulary())
    assert found.passages.tolist() == [[0, 4], [2, 5], [4, 4]]
    assert found.passage(1).tolist() == of("three four five").words.tolist()


def test_a_word_that_is_cut_by_a_passage_is_two() -> None:
    assert wording("unbelievable", [(0, 2), (2, 12)], Vocabulary()).words.tolist() == of("un believable").words.tolist()


def test_runs_are_of_three_words_and_in_order() -> None:
    words = of("a b c d a b c").words
    found = runs(words).tolist()
    assert len(found) == len(words) - RUN + 1 == 5
    assert found[0] == found[4]
    assert len(set(found)) == 4
    assert runs(of("c b a").words).tolist() != found[:1]


def test_few_words_are_one_run() -> None:
    assert len(runs(of("a").words)) == len(runs(of("a b").words)) == 1
    assert len({*runs(of("a").words).tolist(), *runs(of("b").words).tolist(), *runs(of("a b").words).tolist()}) == 3
    assert len(runs(of("").words)) == 0


def test_articles_without_anything_in_common() -> None:
    assert compare(of(LETTERS[:40]), of(LETTERS[40:80])) == Comparison((), are_copies=False)
    assert compare(of(""), of("")) == compare(of(""), of(LETTERS)) == Comparison((), are_copies=False)


def test_passages_are_linked_with_the_nearest() -> None:
    article = of(LETTERS[:40], LETTERS[40:80])
    assert links(article, article) == ((0, 0), (1, 1))
    # Cut after 30 and 70 words instead: the second passage has ten of the first's words, and thirty of the second's.
    assert links(article, of(LETTERS[:30], LETTERS[30:70], LETTERS[70:80])) == ((0, 0), (1, 1), (1, 2))


@pytest.mark.parametrize(("own", "are_linked"), [(10, True), (11, False)])
@pytest.mark.parametrize("place", [0, 20, 40])
def test_a_passage_may_have_ten_words_of_its_own_in_one_place(own: int, are_linked: bool, place: int) -> None:
    extended = [*LETTERS[:place], *LETTERS[50 : 50 + own], *LETTERS[place:40]]
    assert links(of(LETTERS[:40]), of(extended)) == (((0, 0),) if are_linked else ())
    assert compare(of(LETTERS[:40]), of(extended)).are_copies


@pytest.mark.parametrize(("count", "are_linked"), [(20, True), (22, False)])
@pytest.mark.parametrize("place", ["start", "middle", "end"])
def test_words_that_stand_in_the_same_place_are_not_a_passage_s_own(count: int, are_linked: bool, place: str) -> None:
    """Every other word is edited: no run of three is left there, but half of the words are."""
    start = {"start": 0, "middle": 10, "end": 42 - count}[place]
    alternating = [LETTERS[one if one % 2 else one + 50] for one in range(start, start + count)]
    words = [*LETTERS[:start], *alternating, *LETTERS[start + count : 42]]
    assert links(of(LETTERS[:42]), of(words)) == (((0, 0),) if are_linked else ())


def test_a_copied_passage_has_four_tenths_of_the_words() -> None:
    """Groups of four words stand in both, with five others between them, so no place has more than ten of its own."""

    def parted(groups: int) -> list[str]:
        return [word for number in range(groups) for word in (*LETTERS[4 * number : 4 * number + 4], *"vwxyz")]

    def others(groups: int) -> list[str]:
        return [
            word for number in range(groups) for word in (*LETTERS[4 * number : 4 * number + 4], *LETTERS[50 : 50 + 5])
        ]

    assert links(of(parted(10)), of(others(10))) == ((0, 0),)
    assert compare(of(parted(10)), of(others(10))).are_copies
    sparse = [word for number in range(10) for word in (*LETTERS[4 * number : 4 * number + 4], *"stuvwxyz")]
    dense = LETTERS[:40]
    assert links(of(dense), of(sparse)) == ()


def test_numbers_count_if_each_has_one_of_its_own() -> None:
    words = LETTERS[:30]
    with_two, with_three = ([*words[:15], number, *words[15:]] for number in ("2", "3"))
    assert links(of(words), of(with_two)) == ((0, 0),)
    assert links(of(with_two), of(with_two)) == ((0, 0),)
    assert links(of(with_two), of(with_three)) == ()
    assert compare(of(with_two), of(with_three)).are_copies


def test_a_short_passage_must_stand_in_the_other_article_whole() -> None:
    short = LETTERS[: SHORT - 1]
    assert links(of(short), of(short)) == ((0, 0),)
    assert links(of(short), of([*short[:-1], "other"])) == ()
    assert not compare(of(short), of([*short, "other"])).are_copies
    assert compare(of(LETTERS[:SHORT]), of([*LETTERS[: SHORT - 1], "other"])).are_copies


def test_an_article_is_no_copy_of_a_collection_that_it_is_two_fifths_of() -> None:
    article = of(LETTERS[:20])
    assert compare(article, of(LETTERS[:50])).are_copies
    assert not compare(article, of(LETTERS[:51])).are_copies
