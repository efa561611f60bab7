"""Closeness is MaxSim by the book, but for what 8 bits lose, and equal passages are equally close."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import DamagedGeneration
from index.encoder import QuestionVectors, Vectors
from index.pieces import (
    FILES,
    FREQUENCIES_FILE,
    PIECES_FILE,
    STARTS_FILE,
    PieceIndex,
    quantize,
    write,
    write_frequencies,
)

DIMENSION, VOCABULARY = 128, 50
ONES = np.ones(VOCABULARY, np.int64)

# Half a step of 1/254 in each of 128 components on either side, as often up as down: with unit vectors an inner product
# is off by some 0.0016 (its standard deviation), and a mean of greatest ones by less.
TOLERANCE = 0.005


def unit(count: int, dimension: int = DIMENSION, seed: int = 1) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    result: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return result


def halves() -> Vectors:
    """Two word pieces that have nothing to do with one another, each half as long as it would be."""
    found: Vectors = np.eye(DIMENSION, dtype=np.float32)[:2] / np.float32(2)
    return found


def asked(vectors: Vectors, ids: Sequence[int] | None = None) -> QuestionVectors:
    """A question of such word pieces, which are the vocabulary's first unless it is said."""
    return QuestionVectors(unit(1)[0], vectors, np.array(range(len(vectors)) if ids is None else ids, np.int64))


def written(folder: Path, passages: Sequence[Vectors], frequencies: Sequence[int] | None = None) -> PieceIndex:
    dimension = passages[0].shape[1]
    found = ONES if frequencies is None else np.array(frequencies, np.int64)
    write(folder, np.array([*map(len, passages)], np.int64), map(quantize, passages), dimension)
    write_frequencies(folder, found)
    return PieceIndex(folder)


def max_sim(passage: Vectors, question: Vectors, weights: Sequence[float]) -> float:
    """With the vectors as they are."""
    nearest = [max(float(np.dot(row.astype(float), piece)) for row in passage) for piece in question]
    return sum(weight * value for weight, value in zip(weights, nearest, strict=True)) / sum(weights)


@pytest.fixture(scope="module")
def passages() -> list[Vectors]:
    """Sixty passages of one to sixty word pieces, some of them near to those of questions."""
    found = [unit(length, seed=100 + length) for length in range(1, 61)]
    for number in range(0, 60, 4):
        near = found[number][-1] + 0.7 * unit(7, seed=number)[number % 7]
        found[number][-1] = near / np.linalg.norm(near)
    return found


@pytest.fixture(scope="module")
def frequencies() -> list[int]:
    return [number % 60 for number in range(0, 3 * VOCABULARY, 3)]


@pytest.fixture(scope="module")
def index(passages: list[Vectors], frequencies: list[int], tmp_path_factory: pytest.TempPathFactory) -> PieceIndex:
    return written(tmp_path_factory.mktemp("pieces"), passages, frequencies)


@pytest.mark.parametrize("seed", range(0, 60, 4))
def test_closeness_is_that_of_unquantised_vectors(
    index: PieceIndex, passages: list[Vectors], frequencies: list[int], seed: int
) -> None:
    question = asked(unit(7, seed=seed), [3, 0, 49, 7, 7, 20, 12])
    weights = [
        math.log(1 + (60 - frequencies[piece] + 0.5) / (frequencies[piece] + 0.5)) for piece in (3, 0, 49, 7, 7, 20, 12)
    ]
    expected = [max_sim(passage, question.pieces, weights) for passage in passages]
    found = index.closeness(question, np.arange(60))
    assert found.dtype == np.dtype(float)
    assert found.tolist() == pytest.approx(expected, abs=TOLERANCE)
    assert max(expected) - min(expected) > 20 * TOLERANCE


def test_closeness_by_hand(tmp_path: Path) -> None:
    """Three passages; the first word piece is in none of them, which weighs ln 8, the second in all, ln 8/7."""
    index = written(
        tmp_path,
        [
            np.array([[0.28, 0.4], [0.0, -0.4]], np.float32),
            np.array([[-0.4, 0.0]], np.float32),
            np.array([[0.0, 0.0]], np.float32),
        ],
        [0, 3],
    )
    question = asked(np.array([[0.5, 0.0], [0.0, -0.5]], np.float32))
    rare, common = math.log(8), math.log(8 / 7)
    first = (rare * 0.28 * 0.5 + common * 0.4 * 0.5) / (rare + common)
    second = (rare * -0.4 * 0.5 + common * 0) / (rare + common)
    assert index.closeness(question, np.arange(3)).tolist() == pytest.approx([first, second, 0], abs=0.002)


def test_closeness_comes_in_the_order_of_the_passages_asked_for(index: PieceIndex) -> None:
    question = asked(unit(5, seed=9))
    everything = index.closeness(question, np.arange(60))
    ids = np.array([59, 0, 17, 17, 16, 3])
    assert index.closeness(question, ids).tolist() == everything[ids].tolist()
    assert len(set(everything.tolist())) == 60


def test_no_passages_and_no_word_pieces_are_no_closeness(index: PieceIndex) -> None:
    assert index.closeness(asked(unit(3)), np.array([], np.int64)).tolist() == []
    nothing = asked(np.empty((0, DIMENSION), np.float32))
    assert index.closeness(nothing, np.array([4, 2, 9])).tolist() == [0, 0, 0]


@pytest.mark.parametrize("length", [1, 3, 17, 160])
@pytest.mark.parametrize("pieces", [1, 2, 7, 30])
def test_equal_passages_are_equally_close_to_the_last_bit_wherever_they_stand(
    tmp_path: Path, length: int, pieces: int
) -> None:
    same, others = unit(length, seed=5), [unit(1 + number % 9, seed=200 + number) for number in range(20)]
    index = written(tmp_path, [passage for other in others for passage in (other, same)] + [same])
    ids = np.array([*range(1, 40, 2), 40])
    for seed in range(10):
        question = asked(unit(pieces, seed=300 + seed))
        apart = index.closeness(question, ids)
        assert len(set(apart.tolist())) == 1
        among = index.closeness(question, np.arange(41))
        assert set(among[ids].tolist()) == set(apart.tolist())
        assert set(index.closeness(question, ids[3:4]).tolist()) == set(apart.tolist())


def test_the_order_of_a_passage_s_own_pieces_makes_no_difference(tmp_path: Path) -> None:
    pieces = unit(30, seed=4)
    index = written(tmp_path, [pieces, pieces[::-1], np.concatenate([pieces, pieces[:5]])])
    assert len(set(index.closeness(asked(unit(6, seed=8)), np.arange(3)).tolist())) == 1


def test_a_rare_word_piece_weighs_more_than_a_common_one(tmp_path: Path) -> None:
    """Each of two passages has one of the question's two pieces, and nothing like the other."""
    pieces = halves()
    passages = [pieces[:1], pieces[1:]] * 10
    index = written(tmp_path, passages, [2, 15])
    first, second = index.closeness(asked(pieces), np.arange(2))
    assert first > 2 * second > 0
    swapped = index.closeness(asked(pieces, [1, 0]), np.arange(2)).tolist()
    assert swapped == pytest.approx([second, first])
    even = index.closeness(asked(pieces, [0, 0]), np.arange(2)).tolist()
    assert even[0] == even[1] == pytest.approx((first + second) / 2)


def test_a_word_piece_that_every_passage_has_weighs_little_and_never_less_than_nothing(tmp_path: Path) -> None:
    pieces = halves()
    index = written(tmp_path, [pieces[:1], -pieces[:1]] * 10, [20, 20])
    assert index.closeness(asked(pieces[:1]), np.arange(2)).tolist() == pytest.approx([0.25, -0.25])


def test_a_passage_is_nearest_to_itself(index: PieceIndex, passages: list[Vectors]) -> None:
    for number in (0, 8, 33, 59):
        found = index.closeness(asked(passages[number][:50]), np.arange(60))
        assert found.argmax() == number
        assert found[number] == pytest.approx(1, abs=TOLERANCE)


def test_passages_of_one_word_piece_and_of_zeros_are_passages(tmp_path: Path) -> None:
    pieces = unit(3)
    index = written(tmp_path, [pieces[:1], np.zeros((1, DIMENSION), np.float32), pieces[1:2]])
    assert (index.passages, index.dimension) == (3, DIMENSION)
    own, nothing, other = index.closeness(asked(pieces[:1]), np.arange(3))
    assert (own, nothing) == (pytest.approx(1, abs=0.02), 0)
    assert other == pytest.approx(float(pieces[0] @ pieces[1]), abs=TOLERANCE)


def test_components_are_kept_to_half_a_step_and_cut_at_half_of_one() -> None:
    vectors = unit(200)
    found = quantize(vectors)
    assert (found.dtype, found.shape) == (np.dtype(np.int8), vectors.shape)
    assert np.abs(found / 254 - vectors).max() <= 0.5 / 254 + 1e-7
    by_hand = np.array([[0, 1, -1, 0.5, -0.5, 0.1, -0.1, 1 / 254]], np.float32)
    assert quantize(by_hand).tolist() == [[0, 127, -127, 127, -127, 25, -25, 1]]


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    passages = [quantize(unit(length, 16, seed=length)) for length in (3, 1, 9)]
    write(tmp_path, np.array([3, 1, 9]), iter([passages[0], np.concatenate(passages[1:])]), 16)
    write_frequencies(tmp_path, np.arange(5))
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    starts = np.load(tmp_path / STARTS_FILE, allow_pickle=False)
    rows = np.load(tmp_path / PIECES_FILE, allow_pickle=False)
    assert starts.tolist() == [0, 3, 4, 13]
    assert (rows.dtype, rows.shape) == (np.dtype(np.int8), (13, 16))
    assert [rows[start:end].tolist() for start, end in pairwise(starts)] == [one.tolist() for one in passages]
    assert np.load(tmp_path / FREQUENCIES_FILE, allow_pickle=False).tolist() == [0, 1, 2, 3, 4]
    index = PieceIndex(tmp_path)
    assert (index.passages, index.dimension) == (3, 16)


def test_lengths_that_are_not_those_of_the_passages_are_refused(tmp_path: Path) -> None:
    pieces = quantize(unit(3))
    for lengths in ([3, 1], [3, 3, 3], [3]):
        with pytest.raises(ValueError, match=r"shape|6 word pieces for passages that have 9"):
            write(tmp_path, np.array(lengths), [pieces, pieces], DIMENSION)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [None, b"", b"garbage" * 100], ids=["missing", "empty", "garbage"])
def test_a_file_that_cannot_be_read_is_damage(tmp_path: Path, name: str, content: bytes | None) -> None:
    written(tmp_path, [unit(2), unit(3)])
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DamagedGeneration, match=r"^the word pieces in .* can't be read: .+$") as caught:
        PieceIndex(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("left", [-1, -8, 100, 10])
def test_a_truncated_file_is_damage(tmp_path: Path, name: str, left: int) -> None:
    written(tmp_path, [unit(2), unit(3)])
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:left])
    with pytest.raises(DamagedGeneration, match=r"^the word pieces in .* can't be read: "):
        PieceIndex(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_what_is_pickled_is_refused(tmp_path: Path, name: str) -> None:
    written(tmp_path, [unit(2), unit(3)])
    np.save(tmp_path / name, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DamagedGeneration):
        PieceIndex(tmp_path)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (PIECES_FILE, np.zeros((4, DIMENSION), np.int8)),
        (PIECES_FILE, np.zeros(5 * DIMENSION, np.int8)),
        (STARTS_FILE, np.array([0, 2, 6])),
        (STARTS_FILE, np.array([], np.int64)),
    ],
    ids=["too few", "flat", "too many", "none"],
)
def test_files_that_do_not_fit_one_another_are_damage(tmp_path: Path, name: str, values: Vectors) -> None:
    written(tmp_path, [unit(2), unit(3)])
    np.save(tmp_path / name, values)
    with pytest.raises(DamagedGeneration, match=r"^the word pieces in .*: build again$"):
        PieceIndex(tmp_path)
