"""Texts, and the word pieces in them, to unit-length vectors, by an ONNX model kept with the generation.

This is the only encoder that runs, for passages at build time and for questions in the service, so that both
come out of the same graph. It loads onnxruntime and tokenizers, never torch (``index.model`` writes the files
that it reads).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from corpus.errors import DamagedGeneration

Vectors = NDArray[np.float32]

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
DESCRIPTION_FILE = "encoder.json"
OUTPUTS = ["vectors", "pieces"]
"""What the model gives: of each text its vector, and those of its word pieces, special ones and padding included."""

FILES = (MODEL_FILE, TOKENIZER_FILE, DESCRIPTION_FILE)

BATCH = 32
"""So many texts are encoded at once: past it, on two cores, a batch gains no speed."""


@dataclass(frozen=True, slots=True)
class Description:
    """What ``encoder.json`` says: the model, and how texts are put to it.

    ``identity`` is the SHA-256 of everything that the vectors depend on (see ``index.model.identity``).
    ``limit`` is the most word pieces of one text, special ones included; what is longer is cut off.
    ``dimension`` is that of a text's vector, ``piece_dimension`` that of a word piece's.
    """

    identity: str
    model: str
    dimension: int
    piece_dimension: int
    limit: int
    question_prompt: str = ""
    passage_prompt: str = ""


@dataclass(frozen=True, slots=True)
class QuestionVectors:
    """A question's vector, float32 of shape ``(dimension,)``, and those of its word pieces without the special ones
    and those of the prompt, float32 of shape ``(word pieces, piece_dimension)``, all of unit length; and which pieces
    these are, shape ``(word pieces,)``."""

    whole: Vectors
    pieces: Vectors
    piece_ids: NDArray[np.int64]


Done = Callable[[NDArray[np.int64], Vectors, Sequence[Vectors]], None]
"""Called once a batch with the numbers of its texts, shape ``(n,)``, their vectors, float32 of shape
``(n, dimension)``, and for each text those of its word pieces, as in ``QuestionVectors``."""


_SLICE = 50_000
"""A text of more code points than this, as only a damaged or hostile file has, is cut into word pieces slice by slice,
between words: a text of nine million needs more memory at once than a process may have."""


class Measure:
    """How the encoder in ``folder`` takes texts apart into word pieces, without the model. Raises ``DamagedGeneration``
    if the files can't be loaded."""

    def __init__(self, folder: Path) -> None:
        try:
            self.description = Description(**json.loads((folder / DESCRIPTION_FILE).read_bytes()))
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        except Exception as error:
            raise DamagedGeneration(f"the encoder in {folder} can't be loaded: {error}") from error
        self._tokenizer.enable_truncation(self.description.limit)
        self._tokenizer.no_padding()
        self.limit = self.description.limit
        self.special = self._tokenizer.num_special_tokens_to_add(is_pair=False)

    def piece_starts(self, texts: Sequence[str]) -> list[list[int]]:
        """Where each word piece of each text starts: code points from the text's start, ascending."""
        if any(len(text) > _SLICE for text in texts):
            return [self._starts_by_slices(text) for text in texts]
        encodings = self._whole_texts.encode_batch(list(texts), add_special_tokens=False)
        return [[start for start, _ in encoding.offsets] for encoding in encodings]

    def _starts_by_slices(self, text: str) -> list[int]:
        starts: list[int] = []
        begin = 0
        while begin < len(text):
            border = text.rfind(" ", begin + 1, begin + _SLICE) if len(text) - begin > _SLICE else -1
            end = border if border > 0 else begin + _SLICE
            encoding = self._whole_texts.encode(text[begin:end], add_special_tokens=False)
            starts += (begin + start for start, _ in encoding.offsets)
            begin = end
        return starts

    def distinct_pieces(self, passage: str) -> NDArray[np.int32]:
        """The word pieces of a passage's text as far as they are encoded, each once, ascending."""
        prompt = self.description.passage_prompt
        return np.unique(_piece_ids(self._tokenizer.encode(prompt + passage), prompt)).astype(np.int32)

    @property
    def vocabulary(self) -> int:
        """One more than the highest number of a word piece. Not how many there are: some vocabularies have gaps."""
        return int(max(self._tokenizer.get_vocab().values())) + 1

    @cached_property
    def _whole_texts(self) -> Tokenizer:
        """A tokenizer that cuts nothing off; only building needs it."""
        tokenizer = Tokenizer.from_str(self._tokenizer.to_str())
        tokenizer.no_truncation()
        return tokenizer


class Encoder(Measure):
    """The encoder in ``folder``. Safe to use from several threads at once. ``for_batches`` says that it has to take
    thousands of them: then its memory doesn't grow, and a single question takes some 3% longer.

    Raises ``DamagedGeneration`` if the files can't be loaded.
    """

    def __init__(self, folder: Path, *, for_batches: bool = False) -> None:
        super().__init__(folder)
        try:
            self._session = _open_session(folder / MODEL_FILE, for_batches=for_batches)
        except Exception as error:
            raise DamagedGeneration(f"the encoder in {folder} can't be loaded: {error}") from error
        self._inputs = [node.name for node in self._session.get_inputs()]
        self.identity = self.description.identity
        self.dimension = self.description.dimension
        self.piece_dimension = self.description.piece_dimension

    def encode_questions(self, questions: Sequence[str]) -> list[QuestionVectors]:
        """The vectors of questions, in the same order."""
        found: dict[int, QuestionVectors] = {}
        prompt = self.description.question_prompt
        for batch, encodings in self._batches(prompt, questions):
            ids = [_piece_ids(encoding, prompt) for encoding in encodings]
            found.update(zip(batch.tolist(), map(QuestionVectors, *self._run(encodings, prompt), ids), strict=True))
        return [found[number] for number in range(len(questions))]

    def encode_passages(self, texts: Sequence[str], done: Done) -> None:
        """Encodes texts in batches of like length, shortest first; ``done`` gets each batch."""
        prompt = self.description.passage_prompt
        for batch, encodings in self._batches(prompt, texts):
            done(batch, *self._run(encodings, prompt))

    def _batches(self, prompt: str, texts: Sequence[str]) -> Iterator[tuple[NDArray[np.int64], list[Encoding]]]:
        """The numbers and the encodings of texts of like length, shortest first."""
        order = np.argsort(np.fromiter(map(len, texts), np.int64, len(texts)), kind="stable")
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            yield batch, self._tokenizer.encode_batch([prompt + texts[number] for number in batch])

    def _run(self, encodings: Sequence[Encoding], prompt: str) -> tuple[Vectors, list[Vectors]]:
        length = max(len(encoding) for encoding in encodings)
        inputs: dict[str, Any] = {name: np.zeros((len(encodings), length), np.int64) for name in self._inputs}
        for row, encoding in enumerate(encodings):
            inputs["input_ids"][row, : len(encoding)] = encoding.ids
            inputs["attention_mask"][row, : len(encoding)] = 1
        vectors, pieces = self._session.run(OUTPUTS, inputs)
        own = (_are_own(encoding, prompt) for encoding in encodings)
        return vectors, [row[: len(mask)][mask] for row, mask in zip(pieces, own, strict=True)]


def _are_own(encoding: Encoding, prompt: str) -> NDArray[np.bool_]:
    """Which word pieces are the text's own: none that the model asks for, and none of the prompt in front."""
    # A piece may begin with the space in front of its word.
    begin = len(prompt.rstrip())
    behind = [start >= begin for start, _ in encoding.offsets]
    own: NDArray[np.bool_] = (np.array(encoding.special_tokens_mask) == 0) & np.array(behind)
    return own


def _piece_ids(encoding: Encoding, prompt: str) -> NDArray[np.int64]:
    ids: NDArray[np.int64] = np.array(encoding.ids, np.int64)[_are_own(encoding, prompt)]
    return ids


def _open_session(path: Path, *, for_batches: bool) -> Any:
    # From 1.29 on onnxruntime's telemetry is on unless this is set before it is loaded: it writes a device id to the
    # home folder and has an address to send to. What is asked of an archive is nobody else's business.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A plan of the memory is made, and kept, for every shape that comes; batches come in hundreds of shapes.
    options.enable_mem_pattern = not for_batches
    # Between two questions the threads sleep, so that the rest of the service has the cores to itself.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
