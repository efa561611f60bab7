"""The exported model gives sentence-transformers' own vectors, of texts and of word pieces, alone or in a batch."""

from __future__ import annotations

import json
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

from corpus.archive import read_archive
from corpus.article import Article
from corpus.errors import DamagedGeneration
from index import model
from index.encoder import BATCH, FILES, TOKENIZER_FILE, Encoder, Measure, Vectors
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
    encoder.encode_passages(texts, lambda numbers, found, _: vectors.__setitem__(numbers, found))
    return vectors


def asked(encoder: Encoder, questions: Sequence[str]) -> Vectors:
    """The vectors of questions, without those of word pieces, each encoded by itself."""
    return np.stack([encoder.encode_questions([question])[0].whole for question in questions])


def word_pieces(encoder: Encoder, texts: Sequence[str]) -> list[Vectors]:
    found: dict[int, Vectors] = {}
    encoder.encode_passages(texts, lambda numbers, _, rows: found.update(zip(numbers.tolist(), rows, strict=True)))
    return [found[number] for number in range(len(texts))]


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
    assert cosines(np.stack([question.whole for question in questions]), expected[len(passages) :]).min() > 0.9999


def test_vectors_of_different_texts_differ(encoder: Encoder, passages: list[str]) -> None:
    vectors = encoded(encoder, passages)
    assert np.triu(vectors @ vectors.T, 1).max() < 0.98


def test_a_vector_is_float32_and_of_unit_length(encoder: Encoder) -> None:
    question, vectors = asked(encoder, ["Who flew?"])[0], encoded(encoder, ODD_TEXTS)
    assert (question.shape, vectors.shape) == ((384,), (len(ODD_TEXTS), 384))
    assert question.dtype == vectors.dtype == np.dtype(np.float32)
    assert np.linalg.norm([question, *vectors], axis=1) == pytest.approx(1, abs=1e-5)


def test_a_text_has_the_same_vector_alone_and_in_any_batch(encoder: Encoder, passages: list[str]) -> None:
    texts = [*ODD_TEXTS, *passages[:12]]
    together, backwards = encoded(encoder, texts), encoded(encoder, texts[::-1])[::-1]
    alone = asked(encoder, texts)
    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together - backwards).max() < 1e-5


def test_every_text_is_given_once_shortest_first_in_bounded_batches(encoder: Encoder) -> None:
    texts = [f"word {'more ' * (number * 37 % 50)}" for number in range(2 * BATCH + 5)]
    batches: list[NDArray[np.int64]] = []
    encoder.encode_passages(texts, lambda numbers, *_: batches.append(numbers))
    order = np.concatenate(batches).tolist()
    assert [len(batch) for batch in batches] == [BATCH, BATCH, 5]
    assert sorted(order) == list(range(len(texts)))
    assert [len(texts[number]) for number in order] == sorted(map(len, texts))


def test_questions_in_several_batches_keep_their_order(encoder: Encoder) -> None:
    texts = [f"word {'more ' * (number * 37 % 50)}" for number in range(2 * BATCH + 5)]
    questions, alone = encoder.encode_questions(texts), asked(encoder, texts)
    assert np.abs(np.stack([question.whole for question in questions]) - alone).max() < 1e-5
    assert [len(question.piece_ids) for question in questions] == [len(text.split()) for text in texts]
    assert encoder.encode_questions([]) == []


def test_no_texts_are_no_batches(encoder: Encoder) -> None:
    def fail(numbers: NDArray[np.int64], vectors: Vectors, pieces: Sequence[Vectors]) -> None:
        raise AssertionError(numbers)

    encoder.encode_passages([], fail)
    assert encoder.piece_starts([]) == []


def test_threads_get_the_same_vectors(encoder: Encoder, passages: list[str]) -> None:
    texts = passages[:12]
    expected = [encoder.encode_questions([text])[0] for text in texts]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: encoder.encode_questions([text])[0], texts * 4))
    for one, other in zip(found, expected * 4, strict=True):
        assert np.abs(one.whole - other.whole).max() < 1e-6
        assert np.abs(one.pieces - other.pieces).max() < 1e-5
        assert one.piece_ids.tolist() == other.piece_ids.tolist()


def test_what_is_past_the_limit_is_cut_off(encoder: Encoder) -> None:
    assert encoder.limit == 256
    most = encoder.limit - encoder.special
    full = "crew " * most
    assert cosines(encoded(encoder, [full + "moon " * 40]), encoded(encoder, [full]))[0] > 0.99999
    assert cosines(encoded(encoder, ["crew " * (most - 1) + "moon"]), encoded(encoder, [full]))[0] < 0.9999


def test_word_pieces_are_those_of_sentence_transformers_up_to_the_projection(
    encoder: Encoder, original: SentenceTransformer, passages: list[str]
) -> None:
    """A third of the dimensions is kept; measured, an inner product of two pieces is off by 0.03 in the mean and by
    0.26 at most, and they correlate by 0.973 (tests/test_model.py has the projection to the last digits)."""
    texts = [*passages[:3], *ODD_TEXTS]
    found = np.concatenate(word_pieces(encoder, texts))
    tokens: Any = original.encode(texts, output_value="token_embeddings")
    expected = np.concatenate([one.numpy()[1:-1] for one in tokens])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert (found.shape, expected.shape) == ((len(found), 128), (len(found), 384))
    ours, theirs = found @ found.T, expected @ expected.T
    assert np.abs(ours - theirs).max() < 0.35
    assert np.abs(ours - theirs).mean() < 0.04
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.96


def test_a_word_piece_is_nearest_to_itself_among_all_of_an_archive(encoder: Encoder, passages: list[str]) -> None:
    everything = word_pieces(encoder, passages)
    starts = np.cumsum([0, *map(len, everything)])
    for number in (0, 7, 20):
        question = encoder.encode_questions([passages[number]])[0]
        nearest = (question.pieces @ np.concatenate(everything).T).argmax(axis=1)
        assert nearest.tolist() == list(range(starts[number], starts[number + 1]))


def test_word_pieces_are_float32_of_unit_length_without_special_ones_and_padding(encoder: Encoder) -> None:
    most = encoder.limit - encoder.special
    counts = [min(len(starts), most) for starts in encoder.piece_starts(ODD_TEXTS)]
    assert {0, 1, most} < set(counts)
    together = word_pieces(encoder, ODD_TEXTS)
    assert [rows.shape for rows in together] == [(count, 128) for count in counts]
    for question, count in zip(encoder.encode_questions(ODD_TEXTS), counts, strict=True):
        assert (question.pieces.shape, question.piece_ids.shape) == ((count, 128), (count,))
        assert (question.pieces.dtype, question.piece_ids.dtype) == (np.dtype(np.float32), np.dtype(np.int64))
    for rows in together:
        assert rows.dtype == np.dtype(np.float32)
        assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_text_has_the_same_word_pieces_alone_and_in_any_batch(encoder: Encoder, passages: list[str]) -> None:
    texts = [*ODD_TEXTS, *passages[:4]]
    together, backwards = word_pieces(encoder, texts), word_pieces(encoder, texts[::-1])[::-1]
    for text, one, other in zip(texts, together, backwards, strict=True):
        alone = encoder.encode_questions([text])[0].pieces
        assert one.shape == other.shape == alone.shape
        assert np.abs(one - alone).max(initial=0) < 1e-4
        assert np.abs(one - other).max(initial=0) < 1e-4


def test_piece_ids_are_those_of_the_tokenizer(encoder: Encoder, original: SentenceTransformer) -> None:
    expected = original.tokenizer(ODD_TEXTS, truncation=True, max_length=256)["input_ids"]
    found = encoder.encode_questions(ODD_TEXTS)
    assert [question.piece_ids.tolist() for question in found] == [ids[1:-1] for ids in expected]
    (crew,) = encoder.encode_questions(["The crew"])
    assert original.tokenizer.convert_ids_to_tokens(crew.piece_ids.tolist()) == ["the", "crew"]


def test_distinct_pieces_are_those_that_are_encoded_each_once(encoder: Encoder) -> None:
    crew, moon, the = encoder.encode_questions(["crew moon the"])[0].piece_ids.tolist()
    comma, mark = encoder.encode_questions([",!"])[0].piece_ids.tolist()
    found = encoder.distinct_pieces("The crew, the crew!")
    assert found.dtype == np.dtype(np.int32)
    assert found.tolist() == sorted([crew, the, comma, mark]), "special pieces are among them, or one comes twice"
    assert encoder.distinct_pieces("").tolist() == []
    assert encoder.distinct_pieces("crew " * 254 + "moon").tolist() == [crew]
    assert encoder.distinct_pieces("crew " * 253 + "Moon").tolist() == sorted([crew, moon])
    assert encoder.vocabulary == 30_522


def test_a_vocabulary_with_gaps_reaches_to_its_last_piece(encoder_folder: Path, tmp_path: Path) -> None:
    for file in FILES:
        (tmp_path / file).symlink_to(encoder_folder / file)
    tokenizer = json.loads((tmp_path / TOKENIZER_FILE).read_text(encoding="utf-8"))
    tokenizer["model"]["vocab"]["zyzzyva"] = 40_000
    (tmp_path / TOKENIZER_FILE).unlink()
    (tmp_path / TOKENIZER_FILE).write_text(json.dumps(tokenizer), encoding="utf-8")
    found = Measure(tmp_path)
    assert (found.vocabulary, found.distinct_pieces("A Zyzzyva")[-1]) == (40_001, 40_000)


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
