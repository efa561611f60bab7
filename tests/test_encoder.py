"""The exported model gives sentence-transformers' own vectors, to anyone, alone or in a batch."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus.article import Article
from corpus.errors import DamagedGeneration
from corpus.reading import read_archive
from index import model
from index.encoder import BATCH, FILES, Encoder, Vectors
from index.passages import context, cut

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

ROOT = Path(__file__).resolve().parent.parent
ODD_TEXTS = [
    "",
    " \n ",
    "a",
    "?!",
    "0",
    "Überprüfung der Ladung",
    "خلاباز کب جائے گا؟",
    "अंतरिक्ष यात्री कब जाएगा?",
    "空间站在轨道上。",
    "👩‍🚀🚀 🇵🇰",
    "tab\tand\x00null\u200b\ufeff",
    "[CLS] [MASK] [SEP]",
    "x" * 5_000,
    "unbelievablyantidisestablishmentarian" * 2,
    "The crew checked the seals. " * 400,
]


@pytest.fixture(scope="module")
def original() -> SentenceTransformer:
    """The packaged model as sentence-transformers loads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(model.locate(model.PACKAGED_MODEL)), device="cpu")


@pytest.fixture(scope="module")
def passages(encoder: Encoder) -> list[str]:
    """Every third passage of the starter archive as it is encoded."""
    articles = [found for found in read_archive([ROOT / "corpus" / "articles"]) if isinstance(found, Article)]
    texts = [
        f"{context(article.title, encoder)}\n{article.text[passage.start : passage.end]}"
        for article in articles
        for passage in cut(article, encoder)[1]
    ]
    return texts[::3]


def encoded(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    vectors = np.full((len(texts), encoder.dimension), np.nan, np.float32)
    encoder.encode_passages(texts, vectors.__setitem__)
    return vectors


def cosines(left: Vectors, right: Vectors) -> Any:
    return np.sum(left.astype(float) * right.astype(float), axis=1)


def test_vectors_are_those_of_sentence_transformers(
    encoder: Encoder, original: SentenceTransformer, passages: list[str]
) -> None:
    texts = [*passages, *ODD_TEXTS]
    assert len(passages) > 20
    expected = np.asarray(original.encode(texts, normalize_embeddings=True))
    assert cosines(encoded(encoder, texts), expected).min() > 0.9999
    questions = encoder.encode_questions(ODD_TEXTS)
    assert cosines(questions, expected[len(passages) :]).min() > 0.9999


def test_vectors_of_different_texts_differ(encoder: Encoder, passages: list[str]) -> None:
    vectors = encoded(encoder, passages)
    assert np.triu(vectors @ vectors.T, 1).max() < 0.98


def test_a_vector_is_float32_and_of_unit_length(encoder: Encoder) -> None:
    question, vectors = encoder.encode_questions(["Who flew?"])[0], encoded(encoder, ODD_TEXTS)
    assert (question.shape, vectors.shape) == ((384,), (len(ODD_TEXTS), 384))
    assert question.dtype == vectors.dtype == np.dtype(np.float32)
    assert np.linalg.norm([question, *vectors], axis=1) == pytest.approx(1, abs=1e-5)


def test_a_text_has_the_same_vector_alone_and_in_any_batch(encoder: Encoder, passages: list[str]) -> None:
    texts = [*ODD_TEXTS, *passages[:12]]
    together, backwards = encoded(encoder, texts), encoded(encoder, texts[::-1])[::-1]
    alone = np.concatenate([encoder.encode_questions([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together - backwards).max() < 1e-5


def test_every_text_is_given_once_shortest_first_in_bounded_batches(encoder: Encoder) -> None:
    texts = [f"word {'more ' * (number * 37 % 50)}" for number in range(2 * BATCH + 5)]
    batches: list[NDArray[np.int64]] = []
    encoder.encode_passages(texts, lambda numbers, vectors: batches.append(numbers))
    order = np.concatenate(batches).tolist()
    assert [len(batch) for batch in batches] == [BATCH, BATCH, 5]
    assert sorted(order) == list(range(len(texts)))
    assert [len(texts[number]) for number in order] == sorted(map(len, texts))


def test_questions_in_several_batches_keep_their_order(encoder: Encoder) -> None:
    texts = [f"word {'more ' * (number * 37 % 50)}" for number in range(2 * BATCH + 5)]
    alone = np.concatenate([encoder.encode_questions([text]) for text in texts])
    assert np.abs(encoder.encode_questions(texts) - alone).max() < 1e-5
    assert encoder.encode_questions([]).shape == (0, 384)


def test_no_texts_are_no_batches(encoder: Encoder) -> None:
    def fail(numbers: NDArray[np.int64], vectors: Vectors) -> None:
        raise AssertionError(numbers)

    encoder.encode_passages([], fail)
    assert encoder.piece_starts([]) == []


def test_threads_get_the_same_vectors(encoder: Encoder, passages: list[str]) -> None:
    texts = passages[:12]
    expected = np.concatenate([encoder.encode_questions([text]) for text in texts])
    with ThreadPoolExecutor(8) as pool:
        found = np.concatenate(list(pool.map(lambda text: encoder.encode_questions([text]), texts * 4)))
    assert np.abs(found - np.tile(expected, (4, 1))).max() < 1e-6


def test_what_is_past_the_limit_is_cut_off(encoder: Encoder) -> None:
    assert encoder.limit == 256
    most = encoder.limit - encoder.special
    full = "crew " * most
    assert cosines(encoded(encoder, [full + "moon " * 40]), encoded(encoder, [full]))[0] > 0.99999
    assert cosines(encoded(encoder, ["crew " * (most - 1) + "moon"]), encoded(encoder, [full]))[0] < 0.9999


def test_piece_starts_count_whole_texts(encoder: Encoder) -> None:
    text = "crew " * 1_000
    assert encoder.piece_starts([text, "", "It flew, 3.5 days"]) == [
        list(range(0, 5_000, 5)),
        [],
        [0, 3, 7, 9, 10, 11, 13],
    ]


def test_piece_starts_count_code_points(encoder: Encoder) -> None:
    assert encoder.piece_starts(["🚀 crew é crew"]) == [[0, 2, 7, 9]]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\x00 not what it should be"])
def test_an_encoder_that_cannot_be_loaded_is_damaged(
    name: str, content: bytes | None, encoder_folder: Path, tmp_path: Path
) -> None:
    for file in FILES:
        (tmp_path / file).symlink_to(encoder_folder / file)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DamagedGeneration, match=r"^the encoder in .* can't be loaded: .+$") as caught:
        Encoder(tmp_path)
    assert "\n" not in str(caught.value)


def test_searching_imports_no_torch() -> None:
    code = (
        "import sys, index.encoder, index.search\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
