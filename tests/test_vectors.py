"""The dense side finds what brute force finds, with every tie."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import DamagedGeneration
from index.encoder import Vectors
from index.vectors import (
    FILES,
    PASSAGES_FILE,
    RANGES_FILE,
    SENTENCES_FILE,
    Ids,
    Mask,
    VectorIndex,
    write_ranges,
    write_rows,
)

PASSAGES, SENTENCES, DIMENSION = 300, 900, 24


def unit(count: int, dimension: int = DIMENSION, seed: int = 1) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    result: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return result


def overlapping_ranges() -> Ids:
    """Of three sentences each, the last of every other passage being the first of the next."""
    first = np.arange(PASSAGES) * 3 - np.arange(PASSAGES) % 2
    return np.stack([first, np.arange(PASSAGES) * 3 + 3], axis=1).astype(np.int64)


def write(folder: Path, passages: Vectors, sentences: Vectors, ranges: Ids) -> None:
    write_rows(folder / PASSAGES_FILE, passages.shape[1], [passages])
    write_rows(folder / SENTENCES_FILE, sentences.shape[1], [sentences])
    write_ranges(folder, ranges)


def written(folder: Path, passages: Vectors, sentences: Vectors, ranges: Ids) -> VectorIndex:
    write(folder, passages, sentences, ranges)
    return VectorIndex(folder)


@pytest.fixture(scope="module")
def random_index(tmp_path_factory: pytest.TempPathFactory) -> VectorIndex:
    folder = tmp_path_factory.mktemp("vectors")
    return written(folder, unit(PASSAGES), unit(SENTENCES, seed=2), overlapping_ranges())


def nearest(vectors: Vectors, question: Vectors, depth: int) -> set[int]:
    return set(np.argsort(-(vectors.astype(float) @ question))[:depth].tolist())


@pytest.mark.parametrize("depth", [1, 2, 10, 100, 299, 300, 301, 5_000])
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_candidates_are_those_of_brute_force(random_index: VectorIndex, depth: int, seed: int) -> None:
    question = unit(1, seed=seed)[0]
    sentences = nearest(unit(SENTENCES, seed=2), question, depth)
    holders = {
        passage
        for passage, (first, end) in enumerate(overlapping_ranges().tolist())
        if sentences & set(range(first, end))
    }
    expected = sorted(nearest(unit(PASSAGES), question, depth) | holders)
    assert random_index.candidates(question, depth).tolist() == expected


def some(count: int, seed: int) -> Mask:
    """A mask that leaves so many passages."""
    mask = np.zeros(PASSAGES, np.bool_)
    mask[np.random.default_rng(seed).choice(PASSAGES, count, replace=False)] = True
    return mask


@pytest.mark.parametrize("depth", [1, 2, 10, 100, 299])
@pytest.mark.parametrize("count", [0, 1, 2, 11, 150, 299, 300])
def test_candidates_are_those_of_brute_force_among_the_allowed(
    random_index: VectorIndex, depth: int, count: int
) -> None:
    """Of neighbours that share a sentence often only one is allowed, so that the sentence is, and the other isn't."""
    for seed in range(3):
        question, allowed = unit(1, seed=10 + seed)[0], some(count, seed)
        ranges = {passage: overlapping_ranges()[passage].tolist() for passage in np.flatnonzero(allowed).tolist()}
        held = {sentence for first, end in ranges.values() for sentence in range(first, end)}
        sentences = unit(SENTENCES, seed=2).astype(float) @ question
        near = set(sorted(held, key=lambda sentence: -sentences[sentence])[:depth])
        passages = unit(PASSAGES).astype(float) @ question
        expected = set(sorted(ranges, key=lambda passage: -passages[passage])[:depth])
        expected |= {passage for passage, (first, end) in ranges.items() if near & set(range(first, end))}
        found = random_index.candidates(question, depth, allowed)
        assert found.tolist() == sorted(expected)
        assert len(found) >= min(depth, count)


@pytest.mark.parametrize("depth", [1, 7, 100, 300])
def test_a_mask_that_leaves_all_is_as_good_as_none(random_index: VectorIndex, depth: int) -> None:
    question = unit(1, seed=7)[0]
    everything = np.ones(PASSAGES, np.bool_)
    found = random_index.candidates(question, depth, everything)
    assert found.tolist() == random_index.candidates(question, depth).tolist()


def test_scores_are_those_of_brute_force(random_index: VectorIndex) -> None:
    question, ids = unit(1, seed=6)[0], np.array([299, 0, 17, 16, 3])
    found = random_index.scores(question, ids)
    passages, sentences = unit(PASSAGES) @ question, unit(SENTENCES, seed=2) @ question
    for place, (first, end) in enumerate(overlapping_ranges()[ids].tolist()):
        assert found.passage[place] == pytest.approx(passages[ids[place]], abs=1e-6)
        assert found.sentence[place] == pytest.approx(sentences[first:end].max(), abs=1e-6)
        assert found.best_sentence[place] == first + sentences[first:end].argmax()


def test_scores_by_hand(tmp_path: Path) -> None:
    """Passage 0 holds sentences 0 and 1, passage 1 sentences 1 to 3; the question points along the first axis."""
    passages = np.array([[0.6, 0.8], [0.0, 1.0]], np.float32)
    sentences = np.array([[1.0, 0.0], [0.8, 0.6], [-0.6, 0.8], [0.28, 0.96]], np.float32)
    index = written(tmp_path, passages, sentences, np.array([[0, 2], [1, 4]]))
    found = index.scores(np.array([1, 0], np.float32), np.array([1, 0]))
    assert found.passage.tolist() == pytest.approx([0.0, 0.6])
    assert found.sentence.tolist() == pytest.approx([0.8, 1.0])
    assert found.best_sentence.tolist() == [1, 0]
    assert found.passage.dtype == found.sentence.dtype == np.dtype(np.float32)
    assert (index.passages, index.sentences, index.dimension) == (2, 4, 2)


@pytest.mark.parametrize("depth", [1, 5, 39, 40])
def test_all_that_tie_with_the_last_are_candidates(tmp_path: Path, depth: int) -> None:
    """Rows 10 to 49 are equal; sentence n is in passage n."""
    vectors = unit(200, 384)
    vectors[10:50] = vectors[10]
    ranges = np.stack([np.arange(200), np.arange(1, 201)], axis=1)
    away = np.tile(-vectors[10], (200, 1))
    question = vectors[10]
    index = written(tmp_path, vectors, away, ranges)
    assert index.candidates(question, depth).tolist() == list(range(200))
    (tmp_path / "sentences").mkdir()
    index = written(tmp_path / "sentences", unit(200, 384, seed=8), vectors, ranges)
    near = nearest(unit(200, 384, seed=8), question, depth)
    assert index.candidates(question, depth).tolist() == sorted({*near, *range(10, 50)})


@pytest.mark.parametrize("depth", [1, 5, 39])
def test_all_that_tie_with_the_last_are_candidates_among_the_allowed(tmp_path: Path, depth: int) -> None:
    """Rows 10 to 49 are equal, and every other passage is allowed."""
    vectors = unit(200, 384)
    vectors[10:50] = vectors[10]
    ranges = np.stack([np.arange(200), np.arange(1, 201)], axis=1)
    index = written(tmp_path, vectors, vectors, ranges)
    allowed = np.arange(200) % 2 == 0
    found = index.candidates(vectors[10], depth, allowed).tolist()
    assert set(range(10, 50, 2)) <= set(found)
    assert len(found) == max(20, depth)
    assert all(allowed[found])


def test_candidates_past_a_tie_are_not_taken(tmp_path: Path) -> None:
    vectors = unit(200, 384)
    vectors[10:50] = vectors[10]
    ranges = np.stack([np.arange(200), np.arange(1, 201)], axis=1)
    index = written(tmp_path, vectors, vectors, ranges)
    assert index.candidates(vectors[10], 3).tolist() == list(range(10, 50))
    assert len(index.candidates(vectors[10], 41)) == 41


def test_sentences_are_scored_one_by_one(random_index: VectorIndex) -> None:
    question, ids = unit(1, seed=6)[0], np.array([299, 0, 17, 16, 3])
    cosines = unit(SENTENCES, seed=2) @ question
    found, scores = random_index.sentence_cosines(question, ids), random_index.scores(question, ids)
    for place, (first, end) in enumerate(overlapping_ranges()[ids].tolist()):
        sentences, near = found[place]
        assert sentences.tolist() == list(range(first, end))
        assert near.tolist() == pytest.approx(cosines[first:end].tolist(), abs=1e-6)
        assert near.max() == scores.sentence[place]
        assert sentences[near.argmax()] == scores.best_sentence[place]


def test_similarities_are_the_cosines_of_all_pairs(random_index: VectorIndex) -> None:
    ids = np.array([7, 7, 299, 0])
    rows = unit(PASSAGES).astype(float)[ids]
    found = random_index.similarities(ids)
    assert found.dtype == np.dtype(np.float32)
    assert np.allclose(found, rows @ rows.T, atol=1e-6)
    assert np.allclose(np.diag(found), 1, atol=1e-6)


def test_no_passages_have_no_scores(random_index: VectorIndex) -> None:
    question, none = unit(1, seed=6)[0], np.array([], np.int64)
    assert [values.shape for values in astuple(random_index.scores(question, none))] == [(0,)] * 3
    assert random_index.sentence_cosines(question, none) == []
    assert random_index.similarities(none).shape == (0, 0)


@pytest.mark.parametrize("count", [2, 3, 5, 8, 13, 21, 34, 55])
@pytest.mark.parametrize("dimension", [32, 384, 768])
def test_equal_rows_score_equally_wherever_they_stand(tmp_path: Path, count: int, dimension: int) -> None:
    """The best sentence is the first of equals, and equal passages tie to the last bit."""
    vectors = np.tile(unit(1, dimension), (10 * count, 1))
    everywhere, apart = np.arange(10 * count), np.arange(0, 10 * count, 10)
    first = everywhere - everywhere % count
    index = written(tmp_path, vectors, vectors, np.stack([first, first + count], axis=1))
    for seed in range(20):
        for ids in (everywhere, apart, everywhere[:count]):
            found = index.scores(unit(1, dimension, seed=seed)[0], ids)
            assert len(set(found.passage.tolist())) == len(set(found.sentence.tolist())) == 1
            assert found.best_sentence.tolist() == first[ids].tolist()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [None, b"", b"garbage" * 100], ids=["missing", "empty", "garbage"])
def test_a_file_that_cannot_be_read_is_damage(tmp_path: Path, name: str, content: bytes | None) -> None:
    write(tmp_path, unit(3), unit(3), np.array([[0, 1], [1, 2], [2, 3]]))
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DamagedGeneration, match=r"^the vectors in .* can't be read: "):
        VectorIndex(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_damage(tmp_path: Path, name: str) -> None:
    write(tmp_path, unit(3), unit(3), np.array([[0, 1], [1, 2], [2, 3]]))
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-8])
    with pytest.raises(DamagedGeneration):
        VectorIndex(tmp_path)


def test_ranges_that_are_pickled_are_refused(tmp_path: Path) -> None:
    write(tmp_path, unit(1), unit(1), np.array([[0, 1]]))
    np.save(tmp_path / RANGES_FILE, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DamagedGeneration):
        VectorIndex(tmp_path)
