"""No text is encoded twice, and a cache that was damaged costs time, never a build."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index.cache import FILE, VectorCache
from index.encoder import Vectors
from index.pieces import Pieces


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[VectorCache]:
    with closing(VectorCache(tmp_path, "encoder", 4)) as cache:
        yield cache


def some_vectors(count: int) -> Vectors:
    return np.random.default_rng(7).standard_normal((count, 4)).astype(np.float32)


def some_pieces(*counts: int, seed: int = 7) -> list[Pieces]:
    """The word pieces of several passages, three whole numbers each."""
    random = np.random.default_rng(seed)
    return [random.integers(-127, 128, (count, 3), np.int8) for count in counts]


def filled(index: Path, count: int) -> list[bytes]:
    with closing(VectorCache(index, "encoder", 4)) as cache:
        keys = [cache.key(f"text {number}") for number in range(count)]
        cache.add(keys, some_vectors(count))
    return keys


def test_vectors_come_back_to_the_bit_in_the_order_asked_for(cache: VectorCache) -> None:
    keys, vectors = [cache.key(text) for text in "abc"], some_vectors(3)
    cache.add(keys, vectors)
    found = cache.vectors([keys[2], keys[0], keys[2], keys[1]])
    assert found.dtype == np.dtype(np.float32)
    assert np.array_equal(found, vectors[[2, 0, 2, 1]])
    assert cache.vectors([]).shape == (0, 4)


def test_missing_are_those_never_added_in_the_order_given(cache: VectorCache) -> None:
    keys = [cache.key(text) for text in "dacb"]
    assert cache.missing(keys) == keys
    cache.add([keys[1]], some_vectors(1))
    assert cache.missing(keys) == [keys[0], keys[2], keys[3]]
    assert cache.missing([]) == []


def test_a_key_is_of_the_text_and_of_the_encoder(cache: VectorCache, tmp_path: Path) -> None:
    with closing(VectorCache(tmp_path, "another encoder", 4)) as other:
        keys = {cache.key("a"), cache.key("b"), cache.key("A"), other.key("a"), cache.key("")}
        assert len(keys) == 5
        cache.add([cache.key("a")], some_vectors(1))
        assert other.missing([other.key("a")]) == [other.key("a")]
    assert cache.key("a") == cache.key("a")


def test_what_was_added_is_there_when_opened_again_even_if_it_was_never_closed(tmp_path: Path) -> None:
    killed = VectorCache(tmp_path, "encoder", 4)
    keys = [killed.key("a"), killed.key("b")]
    killed.add(keys, some_vectors(2))
    with closing(VectorCache(tmp_path, "encoder", 4)) as cache:
        assert cache.missing(keys) == []
        assert np.array_equal(cache.vectors(keys), some_vectors(2))
    killed.close()


def test_a_key_may_be_added_again(cache: VectorCache) -> None:
    keys = [cache.key("a")]
    cache.add(keys, some_vectors(1))
    cache.add(keys, some_vectors(1))
    assert np.array_equal(cache.vectors(keys), some_vectors(1))


def test_word_pieces_come_back_in_the_order_asked_for(cache: VectorCache) -> None:
    keys, pieces = [cache.key(text) for text in "abc"], some_pieces(5, 1, 260)
    cache.add(keys, some_vectors(3), pieces)
    order = [2, 0, 2, 1]
    asked = [keys[number] for number in order]
    assert cache.piece_counts(asked, 3) == [260, 5, 260, 1]
    found = list(cache.pieces(asked, 3))
    assert [one.dtype for one in found] == [np.dtype(np.int8)] * 4
    assert [one.tolist() for one in found] == [pieces[number].tolist() for number in order]
    assert np.array_equal(cache.vectors(keys), some_vectors(3))
    assert cache.piece_counts([], 3) == list(cache.pieces([], 3)) == []


def test_word_pieces_are_replaced_with_the_vector(cache: VectorCache) -> None:
    keys = [cache.key(text) for text in "ab"]
    cache.add(keys, some_vectors(2), some_pieces(4, 6))
    cache.add(keys[:1], some_vectors(2)[1:], some_pieces(9, seed=8))
    assert cache.piece_counts(keys, 3) == [9, 6]
    expected = [*some_pieces(9, seed=8), some_pieces(4, 6)[1]]
    assert [one.tolist() for one in cache.pieces(keys, 3)] == [one.tolist() for one in expected]
    assert np.array_equal(cache.vectors(keys), some_vectors(2)[[1, 1]])


def test_texts_with_and_without_word_pieces_stand_side_by_side(cache: VectorCache) -> None:
    sentence, passage = cache.key("sentence"), cache.key("passage")
    cache.add([sentence], some_vectors(1))
    cache.add([passage], some_vectors(1), some_pieces(2))
    assert cache.missing([sentence, passage]) == []
    assert cache.piece_counts([passage], 3) == [2]


def test_a_vector_and_its_word_pieces_are_kept_together_or_not_at_all(cache: VectorCache) -> None:
    keys = [cache.key(text) for text in "ab"]
    with pytest.raises(ValueError, match="shorter"):
        cache.add(keys, some_vectors(2), some_pieces(4))
    assert cache.missing(keys) == keys
    cache.add(keys, some_vectors(2), some_pieces(4, 2))
    assert cache.piece_counts(keys, 3) == [4, 2]


def test_word_pieces_are_there_when_opened_again_even_if_it_was_never_closed(tmp_path: Path) -> None:
    killed = VectorCache(tmp_path, "encoder", 4)
    keys = [killed.key("a"), killed.key("b")]
    killed.add(keys, some_vectors(2), some_pieces(3, 8))
    with closing(VectorCache(tmp_path, "encoder", 4)) as cache:
        assert [one.tolist() for one in cache.pieces(keys, 3)] == [one.tolist() for one in some_pieces(3, 8)]
    killed.close()


def test_a_file_from_before_there_were_word_pieces_takes_them(tmp_path: Path) -> None:
    """It is one without that table."""
    keys = filled(tmp_path, 5)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("DROP TABLE pieces")
    with closing(VectorCache(tmp_path, "encoder", 4)) as cache:
        assert cache.missing(keys) == []
        assert np.array_equal(cache.vectors(keys), some_vectors(5))
        cache.add(keys[:2], some_vectors(2), some_pieces(3, 8))
        assert cache.piece_counts(keys[:2], 3) == [3, 8]


def damaged_pages(content: bytes) -> bytes:
    """All but the first page overwritten, so that the file still opens."""
    return content[:4096] + b"\xff" * (len(content) - 4096)


@pytest.mark.parametrize(
    "damage",
    [lambda _: b"not a database at all" * 500, lambda content: content[: len(content) // 2], damaged_pages],
    ids=["garbage", "truncated", "damaged pages"],
)
def test_a_damaged_file_is_started_anew(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    keys = filled(tmp_path, 500)
    path = tmp_path / FILE
    path.write_bytes(damage(path.read_bytes()))
    with closing(VectorCache(tmp_path, "encoder", 4)) as cache:
        assert cache.missing(keys) == keys
        cache.add(keys, some_vectors(500))
        assert np.array_equal(cache.vectors(keys), some_vectors(500))


def test_the_journal_of_a_damaged_file_goes_with_it(tmp_path: Path) -> None:
    """What a killed builder left in the journal must not be played into the new file."""
    keys = filled(tmp_path, 500)
    with closing(VectorCache(tmp_path, "encoder", 4)) as killed:
        killed.add(keys[:3], some_vectors(3))
        journal = (tmp_path / f"{FILE}-wal").read_bytes()
    assert len(journal) > 4096
    (tmp_path / FILE).write_bytes(b"not a database at all" * 5_000)
    (tmp_path / f"{FILE}-wal").write_bytes(journal)
    with closing(VectorCache(tmp_path, "encoder", 4)) as cache:
        assert cache.missing(keys) == keys
        cache.add(keys, some_vectors(500))
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM vectors").fetchall() == [(500,)]
