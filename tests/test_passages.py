"""Sentences and passages are exact slices, cut where a person would cut, and never larger than the encoder takes."""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from corpus.article import Article
from corpus.cleaning import clean
from index.encoder import TOKENIZER_FILE, Encoder
from index.passages import TARGET_PIECES, TITLE_PIECES, Passage, Sentence, WordPieces, context, cut

PROPERTY = settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class Measure(WordPieces, Protocol):
    def size(self, text: str) -> int: ...


class Words:
    """A word is a piece, and two special ones stand around the text."""

    special = 2

    def __init__(self, limit: int = 256) -> None:
        self.limit = limit

    def piece_starts(self, texts: Sequence[str]) -> list[list[int]]:
        return [[match.start() for match in re.finditer(r"\S+", text)] for text in texts]

    def size(self, text: str) -> int:
        return len(text.split()) + self.special


class Characters(Words):
    """Every code point that isn't white space is a piece."""

    def piece_starts(self, texts: Sequence[str]) -> list[list[int]]:
        return [[match.start() for match in re.finditer(r"\S", text)] for text in texts]

    def size(self, text: str) -> int:
        return len("".join(text.split())) + self.special


class RealPieces:
    """The encoder's pieces, and their number counted by its own tokenizer file."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self.limit, self.special = encoder.limit, encoder.special
        self.piece_starts = encoder.piece_starts
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def size(self, text: str) -> int:
        return len(self._tokenizer.encode(text).ids)


@pytest.fixture(scope="session")
def real_pieces(encoder: Encoder, encoder_folder: Path) -> Measure:
    return RealPieces(encoder, encoder_folder)


def article(text: str, title: str = "A title", language: str | None = "en") -> Article:
    return Article(id="a", title=title, title_inferred=False, text=text, language=language)


def sentences(text: str, language: str | None = "en") -> list[str]:
    found, _ = cut(article(text, language=language), Words())
    return [text[sentence.start : sentence.end] for sentence in found]


def passages(text: str, word_pieces: WordPieces) -> list[str]:
    _, found = cut(article(text), word_pieces)
    return [text[passage.start : passage.end] for passage in found]


@pytest.mark.parametrize(
    "expected",
    [
        ["Dr. Khan works for the U.S. government.", "Lt. Gen. Ahmed met him at No. 4 Mall Road.", "They left."],
        ["It cost 3.5 million dollars.", "Version 2.0 flew at 06.31 on 25 June."],
        ["Mr. and Mrs. Smith read J. R. R. Tolkien.", "St. Petersburg is far."],
        ["It began at 9 a.m. on Monday.", "It ended at 5 p.m.", "They slept."],
        ["Some bodies, e.g. Mars, i.e. the planet, vs. Venus, are far.", "Yes."],
        ["Sen. Wolf and Rep. Frank wrote it.", "Col. Baig and Maj. Khan flew."],
        ["It came in at No. 4.", "The next was No. 5."],
        ["Fig. 3 shows it.", "See Sec. 4.2 and pp. 3-5.", "Done."],
        ['She said, "It flew."', "He agreed."],
        ['"Will it fly?" she asked.', '"It will!" he said.', "They waited."],
        ["“It flew. We saw it,” she said.", "Then she left."],
        ["He paused... and went on.", "Then he stopped."],
        ["What?!", "No way.", "Really??", "Yes!"],
        ["See suparco.gov.pk for more.", "Mail a.b@c.org.", "Or use Node.js.", "Done."],
        ["👩‍🚀👩‍🚀 flew.", "🇵🇰 won!", "👍🏽 Yes."],
    ],
)
def test_english_sentences_end_where_a_person_expects(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


@pytest.mark.parametrize("says_language", [True, False])
@pytest.mark.parametrize(
    ("language", "expected", "space"),
    [
        ("ur", ["پاکستان کا پہلا خلاباز 2026 میں جائے گا۔", "کیا یہ سچ ہے؟", "جی ہاں۔", "ڈاکٹر خان نے کہا۔"], " "),
        ("hi", ["भारत का पहला यात्री गया।", "वह 1984 में गया था।", "क्या यह सच है?", "हाँ!"], " "),
        ("zh", ["空间站很大。", "它在轨道上！", "你好吗？", "它重3.5吨。", "好。"], ""),
    ],
)
def test_sentences_of_other_scripts(language: str, expected: list[str], space: str, says_language: bool) -> None:
    assert sentences(space.join(expected), language if says_language else None) == expected


def test_a_line_is_never_joined_with_the_next_and_an_item_keeps_its_mark() -> None:
    text = "What it carries\n- Water and food\n- Fuel. Also oxygen.\n1. The first item\n2) The second one. And more."
    expected = ["What it carries", "- Water and food", "- Fuel.", "Also oxygen."]
    assert sentences(text) == [*expected, "1. The first item", "2) The second one.", "And more."]


@pytest.mark.parametrize("text", ["hU.S. x", "Use a.B or A.B. x", "the xA.B.C. rule", "กขขขU.S. 0cC"])
def test_no_sentence_border_is_inside_a_word(text: str) -> None:
    assert " ".join(sentences(text)) == text


@pytest.mark.parametrize("paragraph_words", range(20, 260, 15))
def test_no_passage_ends_with_a_heading_that_text_follows(paragraph_words: int) -> None:
    paragraph = "Ten words are in each sentence that is put here. " * (paragraph_words // 10)
    text = "\n\n".join(f"{heading}\n\n{paragraph.strip()}" for heading in ("Why it flew", "What follows", "After it"))
    cut_passages = passages(text, Words())
    assert all(passage.endswith("here.") for passage in cut_passages)
    assert len(cut_passages) >= len(text.split()) / Words().limit


def test_a_list_is_parted_between_items_rather_than_in_one() -> None:
    text = "\n".join(f"- Item {number} says something. Then it says some more of it." for number in range(60))
    assert all(passage.startswith("- Item") and passage.endswith("of it.") for passage in passages(text, Words()))


def test_short_paragraphs_are_put_together_and_parted_between_paragraphs() -> None:
    text = "\n\n".join(["Ten words are in each paragraph that is put here."] * (4 * TARGET_PIECES // 10))
    sizes = [len(passage.split()) for passage in passages(text, Words())]
    assert sizes == [TARGET_PIECES] * 4


def test_the_last_short_sentence_is_repeated_where_a_paragraph_is_cut() -> None:
    text = " ".join(f"Sentence number {number} is in one long paragraph here." for number in range(60))
    _, found = cut(article(text), Words())
    assert len(found) > 2
    assert all(after.first_sentence == before.end_sentence - 1 for before, after in pairwise(found))


def test_a_paragraph_of_30000_characters_without_a_full_stop_is_cut_between_words(real_pieces: Measure) -> None:
    text = ("the crew of the orbital station went on with its work and " * 600)[:30_000].strip()
    assert len(check(article(text), real_pieces)[1]) > 20


@pytest.mark.parametrize(
    ("word", "is_whole"),
    [("a" * 30_000, True), ("a-" * 15_000, False), ("a." * 15_000, False), ("空" * 30_000, False)],
    ids=["letters", "hyphens", "dots", "Chinese"],
)
def test_a_word_of_30000_characters_is_cut_only_if_it_is_too_many_pieces(
    word: str, is_whole: bool, real_pieces: Measure
) -> None:
    text = f"Before it. {word} And behind it."
    found, _ = check(article(text), real_pieces)
    assert any(word.strip("-.") in text[one.start : one.end] for one in found) is is_whole


def test_emoji_that_are_joined_are_never_parted(real_pieces: Measure) -> None:
    family, flag, thumb = "👩\u200d👩\u200d👧\u200d👦", "🇵🇰", "👍🏽"
    text = f"{family},{flag};{thumb}-" * 2_000
    found, _ = check(article(text), real_pieces)
    parts = [text[one.start : one.end] for one in found]
    assert len(parts) > 50
    for emoji in (family, flag, thumb):
        assert sum(part.count(emoji) for part in parts) == text.count(emoji)


@pytest.mark.parametrize("cluster", ["e\u0301\u0302", "क्षि", "한\u0301\u0302"])
def test_a_word_that_is_too_long_is_cut_between_grapheme_clusters(cluster: str) -> None:
    found, _ = check(article(cluster * 100), Characters(limit=40))
    assert len(found) > 15
    assert all((one.end - one.start) % len(cluster) == 0 for one in found)


@pytest.mark.parametrize("text", ["", " ", "\n\n \n"])
def test_a_text_without_words_has_no_passages(text: str) -> None:
    assert cut(article(text), Words()) == ([], [])


@pytest.mark.parametrize("title", ["word " * 499 + "word", "空" * 500, "a-" * 250, "a" * 500])
def test_the_context_is_a_title_cut_to_its_share(title: str, real_pieces: Measure) -> None:
    found = context(title, real_pieces)
    assert title.startswith(found)
    assert 0 < real_pieces.size(found) - real_pieces.special <= TITLE_PIECES
    check(article("It flew, and landed again after a year. " * 200, title=title), real_pieces)


def test_a_title_that_fits_is_the_context_as_it_is(real_pieces: Measure) -> None:
    assert context("Ax-4 returns", real_pieces) == "Ax-4 returns"


@pytest.mark.parametrize(
    "text",
    [
        "The crew checked the seals of the hatch between the modules.\n\nThey found no fault on 25 June.\n\n" * 20_400,
        "word and more " * 145_000,
        "It flew well. " * 145_000,
    ],
    ids=["paragraphs", "one sentence", "one paragraph"],
)
def test_two_megabytes_are_cut_in_seconds(text: str) -> None:
    started = time.monotonic()
    _, found = cut(article(text[:2_000_000].strip()), Words())
    assert time.monotonic() - started < 30
    assert len(found) > 1_000


# Parted by bars: what letters are drawn from, and what stands whole.
_ALPHABETS = "abcdefgh ABC|空间站很大它在轨道上|یہپلاجملادوسرا|これはペンですカタカナ|กขคงจฉชซ|éàüößçÉ|01234.,"
_WHOLES = (
    "भारत|का|पहला|यात्री|क्या|सच|नमस्ते|👩‍🚀|🇵🇰|👍🏽|❤️|e\u0301\u0308|Dr. |U.S. |No. 4|A.B. |a.b|https://a.b/c?d=e&f"
    "|. |! |? |。|۔ |। |\n|\n\n| |, |: |\n- |\n1. |'|\" |”|-|...|…|\t|\u00a0|\u3000|\r\n|\u2028"
)
_WORDS = st.one_of(
    st.sampled_from(_WHOLES.split("|")),
    *[st.text(alphabet, min_size=1, max_size=14) for alphabet in _ALPHABETS.split("|")],
    st.text(max_size=8),
)
_RUNS = st.builds(
    lambda what, times: what * times,
    st.sampled_from(["a", "a-", "空", "ก", "これは", "👩‍🚀", "🇵🇰", "e\u0301", "word ", "One. ", "x\n", "a.", "क", "."]),
    st.integers(1, 900),
)
ARBITRARY = st.lists(st.one_of(_WORDS, _WORDS, _WORDS, _WORDS, _RUNS), max_size=60).map("".join)
TITLES = st.one_of(ARBITRARY, st.text(min_size=1, max_size=30))
LANGUAGES = st.sampled_from([None, "en", "ur", "hi", "zh", "ja", "en-GB", "qq"])


@PROPERTY
@given(text=ARBITRARY, title=TITLES, language=LANGUAGES)
def test_what_is_promised_holds_for_any_text_measured_in_words(text: str, title: str, language: str | None) -> None:
    check(article(text, title, language), Words(limit=32))


@PROPERTY
@given(text=ARBITRARY, title=TITLES, language=LANGUAGES)
def test_what_is_promised_holds_for_canonical_text_and_the_real_encoder(
    text: str, title: str, language: str | None, real_pieces: Measure
) -> None:
    check(article(clean(text), clean(title) or "?", language), real_pieces)


def check(one: Article, measure: Measure) -> tuple[list[Sentence], list[Passage]]:
    """Cuts an article, and holds every promise of ``cut`` against its text."""
    found, chosen = cut(one, measure)
    _check_slices(one.text, found, chosen)
    _check_chain(found, chosen)
    _check_borders(one, found, measure)
    title = context(one.title, measure)
    sizes = [measure.size(f"{title}\n{one.text[passage.start : passage.end]}") for passage in chosen]
    assert max(sizes, default=0) <= measure.limit
    return found, chosen


def _check_slices(text: str, found: Sequence[Sentence], chosen: Sequence[Passage]) -> None:
    in_sentences, in_passages = [0] * len(text), [0] * len(text)
    for spans, times in ((found, in_sentences), (chosen, in_passages)):
        for span in spans:
            piece = text[span.start : span.end]
            assert piece
            assert piece == piece.strip()
            for place in range(span.start, span.end):
                times[place] += 1
    written = [place for place, character in enumerate(text) if not character.isspace()]
    assert all(in_sentences[place] == 1 and in_passages[place] >= 1 for place in written)


def _check_chain(found: Sequence[Sentence], chosen: Sequence[Passage]) -> None:
    assert all(before.end <= after.start for before, after in pairwise(found))
    for passage in chosen:
        assert passage.start == found[passage.first_sentence].start
        assert passage.end == found[passage.end_sentence - 1].end
    assert [chosen[0].first_sentence, chosen[-1].end_sentence] == [0, len(found)] if found else not chosen
    for before, after in pairwise(chosen):
        assert before.start < after.start
        assert before.end < after.end
        assert before.end_sentence - 1 <= after.first_sentence <= before.end_sentence


def _check_borders(one: Article, found: Sequence[Sentence], measure: Measure) -> None:
    """No border is in a word (Unicode Standard Annex 29) but of one that alone is too long, and none in a cluster."""
    text = one.text
    word_borders = [match.start() for match in regex.finditer(r"(?w)\b", text)]
    clusters = {match.start() for match in regex.finditer(r"\X", text)} | {len(text)}
    room = measure.limit - measure.size(context(one.title, measure))
    longest = max(1, min(room, TARGET_PIECES) // 2)
    cut_words = set()
    for border in {place for sentence in found for place in (sentence.start, sentence.end)}:
        if border in (0, len(text)) or text[border - 1].isspace() or text[border].isspace():
            continue
        assert border in clusters
        word = bisect_left(word_borders, border)
        if word_borders[word] != border:
            cut_words.add((word_borders[word - 1], word_borders[word]))
    sizes = measure.piece_starts([text[slice(*word)] for word in cut_words])
    assert all(len(starts) > longest for starts in sizes)
