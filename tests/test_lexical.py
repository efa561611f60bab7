"""BM25 by the book, over plain words: no question is a query language."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import DamagedGeneration
from index.lexical import FOLDER, PAIR_BOOST, TITLE_BOOST, LexicalIndex, LexicalWriter, files
from index.vectors import Mask

# Titles and bodies, and the words that are left of them, with a dash where a stop word stood. Field lengths up to 40
# are stored exactly.
DOCUMENTS = [
    ("Lunar rover", "The rover drove on the moon.", "lunar rover", "- rover drove - - moon"),
    ("Space food", "Rice and dates fed the crew. The crew slept.", "space food", "rice - date fed - crew - crew slept"),
    ("Crew", "It trained for a rover.", "crew", "- train - - rover"),
    (
        "Budget",
        "Money for rice, fuel, water, tests and more tests.",
        "budget",
        "monei - rice fuel water test - more test",
    ),
]
K1, B = 1.2, 0.75


def written(folder: Path, documents: list[tuple[str, str]]) -> LexicalIndex:
    folder.mkdir(exist_ok=True)
    writer = LexicalWriter(folder)
    for title, text in documents:
        writer.add(title, text)
    writer.close()
    return LexicalIndex(folder)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    return written(tmp_path_factory.mktemp("lexical"), [(title, text) for title, text, *_ in DOCUMENTS])


def found(index: LexicalIndex, question: str, depth: int = 100, allowed: Mask | None = None) -> dict[int, float]:
    ids, scores = index.search(question, depth, allowed)
    assert (ids.dtype, scores.dtype) == (np.dtype(np.int64), np.dtype(np.float32))
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    return dict(zip(ids.tolist(), scores.tolist(), strict=True))


def bm25(words: list[str], fields: list[list[str]], frequencies: list[int]) -> list[float]:
    """Of a word, or of a phrase of several, in one field of every document (Robertson and Zaragoza, 2009, with
    Lucene's idf, which for a phrase is the sum of its words')."""
    holders = [sum(word in field for field in fields) for word in words]
    idf = sum(math.log(1 + (len(fields) - held + 0.5) / (held + 0.5)) for held in holders)
    lengths = [sum(word != "-" for word in field) for field in fields]
    average = sum(lengths) / len(fields)
    return [
        idf * frequency * (K1 + 1) / (frequency + K1 * (1 - B + B * length / average))
        for frequency, length in zip(frequencies, lengths, strict=True)
    ]


def formula(words: list[str], pairs: list[tuple[str, str]], titles: list[str], bodies: list[str]) -> list[float]:
    """Of every document, by the formula in ``index.lexical``."""
    title_fields = [title.split() for title in titles]
    body_fields = [f"{title} {body}".split() for title, body in zip(titles, bodies, strict=True)]
    parts = [
        *(bm25([word], body_fields, [field.count(word) for field in body_fields]) for word in words),
        *(
            [TITLE_BOOST * value for value in bm25([word], title_fields, [field.count(word) for field in title_fields])]
            for word in words
        ),
        *(
            [PAIR_BOOST * value for value in bm25([*pair], body_fields, [near(pair, field) for field in body_fields])]
            for pair in pairs
        ),
    ]
    return [sum(values) for values in zip(*parts, strict=True)]


def near(pair: tuple[str, str], field: list[str]) -> int:
    """How often the second word stands at most four places further than right behind the first, or before that;
    each of either counts once."""
    places = [place for place, word in enumerate(field) if word == pair[1]]
    count = 0
    for first in [place for place, word in enumerate(field) if word == pair[0]]:
        for second in places:
            if abs(second - (first + 1)) <= 4:
                places.remove(second)
                count += 1
                break
    return count


@pytest.mark.parametrize(
    ("question", "stems", "pairs"),
    [
        ("rover", ["rover"], []),
        ("crew", ["crew"], []),
        ("Which crew trained with the rover?", ["crew", "train", "rover"], [("crew", "train"), ("train", "rover")]),
        ("rice, rice and RICE for tests", ["rice", "test"], [("rice", "test")]),
        ("lunar budget", ["lunar", "budget"], []),
    ],
)
def test_scores_are_those_of_the_formula(
    index: LexicalIndex, question: str, stems: list[str], pairs: list[tuple[str, str]]
) -> None:
    _, _, titles, bodies = (list(column) for column in zip(*DOCUMENTS, strict=True))
    expected = formula(stems, pairs, titles, bodies)
    scores = found(index, question)
    assert scores.keys() == {number for number, score in enumerate(expected) if score > 0}
    for number, score in scores.items():
        assert score == pytest.approx(expected[number], rel=1e-5)


def test_a_score_by_hand(tmp_path: Path) -> None:
    """Two documents of two words in all, one of which holds the word: idf ln 2, and the length is the average."""
    index = written(tmp_path, [("moon", "rover"), ("sun", "probe")])
    assert found(index, "probe") == {1: pytest.approx(math.log(2))}
    assert found(index, "sun") == {1: pytest.approx(1.3 * math.log(2))}


def sums(index: LexicalIndex, *words: str) -> dict[int, float]:
    """The scores of words by themselves, added up."""
    scores = [found(index, word) for word in words]
    return {number: sum(one.get(number, 0.0) for one in scores) for number in range(index.passages)}


@pytest.mark.parametrize(
    ("text", "is_near"),
    [
        ("moon rover", True),
        ("moon, the Rovers", True),
        ("moon one two three four rover", True),
        ("moon of the and in rover", True),
        ("moon one two three four five rover", False),
        ("moon of the and in on rover", False),
        ("rover moon", True),
        ("rover one two moon", True),
        ("rover one two three moon", False),
    ],
)
def test_two_neighbours_of_the_question_count_again_where_they_are_near(
    tmp_path: Path, text: str, is_near: bool
) -> None:
    """The idf of a phrase is the sum of its words', so that one that is there as often as these has their score."""
    index = written(tmp_path, [("T", text), ("T", "moon one two three four five six seven rover")])
    words, both = sums(index, "moon", "rover"), found(index, "moon rover")
    assert both[0] == pytest.approx(words[0] * (1 + PAIR_BOOST) if is_near else words[0])
    assert both[1] == pytest.approx(words[1])


def test_only_neighbours_of_the_question_count_as_a_phrase(tmp_path: Path) -> None:
    """Stop words between two don't part them; other words do, also those that no passage has."""
    index = written(tmp_path, [("T", "moon rover"), ("T", "fuel tank")])

    def gain(question: str) -> float:
        return found(index, question)[0] - sums(index, "moon", "rover")[0]

    once = gain("moon rover")
    assert once > 0.1
    assert gain("Is there a moon with the rover?") == pytest.approx(once)
    assert gain("moon rover, moon rover") == pytest.approx(2 * once), "the words in the other order are a pair as well"
    assert gain("moon rover? A moon rover. The moon rover!") == pytest.approx(2 * once), "a pair counts once"
    assert gain("moon fuel rover") == pytest.approx(0, abs=1e-6)
    assert gain("moon nothingofthekind rover") == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("question", ["moon", "moon moon", "moon, moon and the MOON"])
def test_one_word_is_no_phrase_however_often_it_is_said(tmp_path: Path, question: str) -> None:
    index = written(tmp_path, [("T", "moon moon"), ("T", "moon rover")])
    assert found(index, question) == found(index, "moon")


def test_a_phrase_may_begin_in_the_title(tmp_path: Path) -> None:
    index = written(tmp_path, [("Moon", "rover"), ("Rover", "one two three four five moon")])
    words, both = sums(index, "moon", "rover"), found(index, "moon rover")
    assert both[0] > words[0] + 0.05
    assert both[1] == pytest.approx(words[1])


def test_a_word_in_the_title_counts_more_than_in_the_text(tmp_path: Path) -> None:
    index = written(tmp_path, [("One story", "about fuel"), ("About fuel", "one story")])
    assert list(found(index, "fuel")) == [1, 0]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("He launches rockets", "launching a rocket"),
        ("The café of Sławosz", "CAFE slawosz"),
        ("The cafe of Slawosz", "café Sławosz"),
        ("خلاباز چین گئے", "چین"),
        ("अंतरिक्ष यात्री", "यात्री"),
        ("Ax-4 returned", "ax 4"),
        ("cost 3.5 million", "3.5"),
        ("wolf's amendment", "Wolf"),
        ("x" * 79, "x" * 79),
    ],
)
def test_words_are_found_in_any_form_case_and_accent(tmp_path: Path, text: str, question: str) -> None:
    assert list(found(written(tmp_path, [("One", "thing"), ("Two", text)]), question)) == [1]


@pytest.mark.parametrize(
    "question",
    ["", " ", "?", "the of and to", "what is it", "🚀", "nothingofthekind", '"', "***", "AND OR NOT", "()", "title:"],
)
def test_a_question_without_a_word_of_the_archive_finds_nothing(index: LexicalIndex, question: str) -> None:
    ids, scores = index.search(question, 10)
    assert ids.shape == scores.shape == (0,)
    assert (ids.dtype, scores.dtype) == (np.dtype(np.int64), np.dtype(np.float32))


@pytest.mark.parametrize(
    "question",
    [
        '"crew rover"',
        "crew AND rover",
        "crew NOT rover",
        "+crew -rover",
        "(crew OR rover",
        "crew:rover",
        "[crew TO rover]",
        "crew* rover?",
        "crew^ rover~",
        "crew\\ rover",
        "/crew/ {rover}",
        "crew\x00rover",
    ],
)
def test_the_signs_of_query_languages_are_plain_text(index: LexicalIndex, question: str) -> None:
    assert found(index, question) == found(index, "crew rover")


def test_the_numbers_of_query_languages_are_words(index: LexicalIndex) -> None:
    assert found(index, "crew^9 rover~2") == found(index, "crew 9 rover 2") != found(index, "crew rover")


def test_words_of_a_field_name_are_words(index: LexicalIndex) -> None:
    assert found(index, "body:rover") == found(index, "rover")


@pytest.mark.parametrize("depth", [1, 2, 11, 12, 13, 29, 30, 100])
def test_all_that_tie_with_the_last_are_found_in_order(tmp_path: Path, depth: int) -> None:
    """One document is better, thirty tie, ten are worse."""
    best = [("Rover", "rover rover moon")]
    equal = [("Rover", "on the moon")] * 30
    worse = [("Else", f"rover {'word ' * 20}")] * 10
    index = written(tmp_path, worse + equal + best)
    ids = list(found(index, "rover", depth))
    expected = [40] if depth == 1 else [40, *range(10, 40)] + (list(range(10)) if depth > 31 else [])
    assert ids == expected


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    """2,000 passages of which a third have the rover, many of them with equal scores."""
    documents = [
        (f"Title {number % 7}", " ".join(["rover"] * (number % 3)) + f" crew {number % 11} " + "word " * (number % 5))
        for number in range(2_000)
    ]
    return written(tmp_path_factory.mktemp("many"), documents)


@pytest.mark.parametrize("question", ["rover", "rover crew 7", "title 3 rover", "crew", "word 10", "nothingofthekind"])
@pytest.mark.parametrize("share", [0.0, 0.0005, 0.01, 0.3, 0.999, 1.0])
def test_the_best_of_the_allowed_are_found_with_the_scores_they_have_among_all(
    many: LexicalIndex, question: str, share: float
) -> None:
    """Those that are allowed come from all there are; what ties with the last one comes too."""
    every = found(many, question, 2_000)
    allowed = np.random.default_rng(1).random(2_000) < share
    if share == 0.0005:
        allowed[:] = False
        allowed[1_234] = True
    among = {number: score for number, score in every.items() if allowed[number]}
    for depth in (1, 7, 100, 2_000):
        last = sorted(among.values(), reverse=True)[:depth][-1:] or [0.0]
        expected = {number: score for number, score in among.items() if score >= last[0]}
        assert found(many, question, depth, allowed) == expected


@pytest.mark.parametrize("depth", [1, 10, 100])
def test_the_allowed_are_found_behind_all_others(many: LexicalIndex, depth: int) -> None:
    every = found(many, "rover crew 7", 2_000)
    worst = list(every)[-len(every) // 10 :]
    allowed = np.zeros(2_000, np.bool_)
    allowed[worst] = True
    scores = [every[number] for number in worst]
    expected = {number: every[number] for number in worst if every[number] >= scores[:depth][-1]}
    assert found(many, "rover crew 7", depth, allowed) == expected


def words(index: LexicalIndex, question: str, text: str) -> list[str]:
    return [text[start:end] for start, end in index.matching_words(question, text)]


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("He launches rockets.", "launching a rocket", ["launches", "rockets"]),
        ("🚀🚀 The cafés — of Sławosz", "CAFE slawosz", ["cafés", "Sławosz"]),
        ("  a rover's 3.5 m\n\nROVER ", "rover 3.5", ["rover", "3", "5", "ROVER"]),
        ("خلاباز چین گئے", "چین", ["چین"]),
        ("अंतरिक्ष यात्री", "यात्री", ["यात्री"]),
        ("अंतरिक्ष, यात्रा यात्री", "यात्री अंतरिक्ष", ["अंतरिक्ष", "यात्", "यात्री"]),
        ("the of and", "the of and", []),
        ("the rover", "what is the", []),
        ("the rover", "", []),
        ("the rover", "moon", []),
        ("🚀", "rover", []),
    ],
)
def test_words_of_the_question_are_located(tmp_path: Path, text: str, question: str, expected: list[str]) -> None:
    index = written(tmp_path, [("Two", "moon"), ("One", text)])
    assert words(index, question, text) == expected


def test_words_are_located_in_long_texts_and_in_parts_of_passages(tmp_path: Path) -> None:
    text = "Rovers — é — " * 300 + "end"
    index = written(tmp_path, [("One", text)])
    assert words(index, "rover", text) == ["Rovers"] * 300
    assert words(index, "rover end", text[-8:]) == ["end"]


def test_what_is_located_is_what_is_found(index: LexicalIndex) -> None:
    """A passage is found if and only if a word of the question is located in its title or its text."""
    for question in ("Which crew trained with the rover?", "rice", "moon food", "of the", "driving tests", "sleep"):
        located = {
            number
            for number, (title, text, *_) in enumerate(DOCUMENTS)
            if index.matching_words(question, f"{title}\n{text}")
        }
        assert located == found(index, question).keys()


def test_the_same_passages_always_make_the_same_index(tmp_path: Path) -> None:
    documents = [(f"Title {number % 7}", f"rover {number} of the crew {number % 13} fuel") for number in range(3_000)]
    one, other = written(tmp_path / "one", documents), written(tmp_path / "other", documents)
    assert one.passages == other.passages == 3_000
    for question in ("crew 7", "title 3 fuel", "rover 1234"):
        ids, scores = one.search(question, 50)
        again, others = other.search(question, 50)
        assert ids.tolist() == again.tolist()
        assert scores.tolist() == others.tolist()


def test_long_questions_are_answered(index: LexicalIndex) -> None:
    question = " ".join(f"word{number}" for number in range(3_000)) + " rover"
    assert found(index, question) == found(index, "rover")


def test_files_are_all_but_locks(tmp_path: Path) -> None:
    written(tmp_path, [("One", "thing")])
    names = files(tmp_path)
    assert f"{FOLDER}/meta.json" in names
    assert names == sorted(names)
    assert not [name for name in names if name.endswith(".lock")]
    assert {path.name for path in (tmp_path / FOLDER).iterdir() if path.suffix != ".lock"} == {
        name.removeprefix(f"{FOLDER}/") for name in names
    }


@pytest.mark.parametrize("damage", ["no folder", "no meta", "bad meta", "no segment", "bad segment"])
def test_an_index_that_cannot_be_opened_is_damage(tmp_path: Path, damage: str) -> None:
    written(tmp_path, [("One", "thing")])
    folder = tmp_path / FOLDER
    (segment,) = folder.glob("*.term")
    match damage:
        case "no folder":
            folder.rename(tmp_path / "elsewhere")
        case "no meta":
            (folder / "meta.json").unlink()
        case "bad meta":
            (folder / "meta.json").write_text("{")
        case "no segment":
            segment.unlink()
        case "bad segment":
            segment.write_bytes(b"")
    with pytest.raises(DamagedGeneration, match=r"^the lexical index in .* can't be opened: .+$") as caught:
        LexicalIndex(tmp_path)
    assert "\n" not in str(caught.value)
