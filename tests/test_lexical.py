"""BM25 by the book, over plain words: no question is a query language."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import DamagedGeneration
from index.lexical import FOLDER, TITLE_BOOST, LexicalIndex, LexicalWriter, files

# Titles and bodies, and the words that are left of them. Field lengths up to 40 are stored exactly.
DOCUMENTS = [
    ("Lunar rover", "The rover drove on the moon.", "lunar rover", "rover drove moon"),
    ("Space food", "Rice and dates fed the crew. The crew slept.", "space food", "rice date fed crew crew slept"),
    ("Crew", "It trained for a rover.", "crew", "train rover"),
    ("Budget", "Money for rice, fuel, water, tests and more tests.", "budget", "monei rice fuel water test more test"),
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


def found(index: LexicalIndex, question: str, depth: int = 100) -> dict[int, float]:
    ids, scores = index.search(question, depth)
    assert (ids.dtype, scores.dtype) == (np.dtype(np.int64), np.dtype(np.float32))
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    return dict(zip(ids.tolist(), scores.tolist(), strict=True))


def bm25(word: str, fields: list[list[str]]) -> list[float]:
    """Of one word in one field of every document (Robertson and Zaragoza, 2009, with Lucene's idf)."""
    holders = sum(word in field for field in fields)
    idf = math.log(1 + (len(fields) - holders + 0.5) / (holders + 0.5))
    average = sum(map(len, fields)) / len(fields)
    scores = []
    for field in fields:
        frequency = field.count(word)
        scores.append(idf * frequency * (K1 + 1) / (frequency + K1 * (1 - B + B * len(field) / average)))
    return scores


@pytest.mark.parametrize(
    ("question", "stems"),
    [
        ("rover", ["rover"]),
        ("crew", ["crew"]),
        ("Which crew trained with the rover?", ["crew", "train", "rover"]),
        ("rice, rice and RICE for tests", ["rice", "test"]),
        ("lunar budget", ["lunar", "budget"]),
    ],
)
def test_scores_are_those_of_the_formula(index: LexicalIndex, question: str, stems: list[str]) -> None:
    titles = [title.split() for _, _, title, _ in DOCUMENTS]
    bodies = [f"{title} {body}".split() for _, _, title, body in DOCUMENTS]
    expected = [
        sum(bm25(stem, bodies)[number] + TITLE_BOOST * bm25(stem, titles)[number] for stem in stems)
        for number in range(len(DOCUMENTS))
    ]
    scores = found(index, question)
    assert scores.keys() == {number for number, score in enumerate(expected) if score > 0}
    for number, score in scores.items():
        assert score == pytest.approx(expected[number], rel=1e-5)


def test_a_score_by_hand(tmp_path: Path) -> None:
    """Two documents of two words in all, one of which holds the word: idf ln 2, and the length is the average."""
    index = written(tmp_path, [("moon", "rover"), ("sun", "probe")])
    assert found(index, "probe") == {1: pytest.approx(math.log(2))}
    assert found(index, "sun") == {1: pytest.approx(1.3 * math.log(2))}


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
        "crew^9 rover~2",
        "crew\\ rover",
        "/crew/ {rover}",
        "crew\x00rover",
    ],
)
def test_the_signs_of_query_languages_are_plain_text(index: LexicalIndex, question: str) -> None:
    assert found(index, question) == found(index, "crew rover")


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
