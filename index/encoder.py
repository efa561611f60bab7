"""Texts to unit-length vectors, by an ONNX model kept with the generation.

This is the only encoder that runs, for passages at build time and for questions in the service, so that both
come out of the same graph. It loads onnxruntime and tokenizers, never torch (``index.model`` writes the files
that it reads).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
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
FILES = (MODEL_FILE, TOKENIZER_FILE, DESCRIPTION_FILE)

BATCH = 32
"""So many texts are encoded at once: past it, on two cores, a batch gains no speed."""


@dataclass(frozen=True, slots=True)
class Description:
    """What ``encoder.json`` says: the model, and how texts are put to it.

    ``identity`` is the SHA-256 of everything that the vectors depend on (see ``index.model.identity``).
    ``limit`` is the most word pieces of one text, special ones included; what is longer is cut off.
    """

    identity: str
    model: str
    dimension: int
    limit: int
    question_prompt: str = ""
    passage_prompt: str = ""


class Encoder:
    """The encoder in ``folder``. Safe to use from several threads at once.

    Raises ``DamagedGeneration`` if the files can't be loaded.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self.description = Description(**json.loads((folder / DESCRIPTION_FILE).read_bytes()))
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            self._session = _open_session(folder / MODEL_FILE)
        except Exception as error:
            raise DamagedGeneration(f"the encoder in {folder} can't be loaded: {error}") from error
        self._tokenizer.enable_truncation(self.description.limit)
        self._tokenizer.no_padding()
        self._inputs = [node.name for node in self._session.get_inputs()]
        self.identity = self.description.identity
        self.dimension = self.description.dimension
        self.limit = self.description.limit
        self.special = self._tokenizer.num_special_tokens_to_add(is_pair=False)

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """The vectors of questions, shape ``(n, dimension)``, float32, rows of unit length, in the same order."""
        found = np.empty((len(questions), self.dimension), np.float32)
        self._encode(self.description.question_prompt, questions, found.__setitem__)
        return found

    def encode_passages(self, texts: Sequence[str], done: Callable[[NDArray[np.int64], Vectors], None]) -> None:
        """Encodes texts in batches of like length, shortest first.

        ``done`` is called once a batch with the numbers of its texts, shape ``(n,)``, and their vectors,
        shape ``(n, dimension)``, float32, rows of unit length.
        """
        self._encode(self.description.passage_prompt, texts, done)

    def _encode(self, prompt: str, texts: Sequence[str], done: Callable[[NDArray[np.int64], Vectors], None]) -> None:
        order = np.argsort(np.fromiter(map(len, texts), np.int64, len(texts)), kind="stable")
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            done(batch, self._run(self._tokenizer.encode_batch([prompt + texts[number] for number in batch])))

    def piece_starts(self, texts: Sequence[str]) -> list[list[int]]:
        """Where each word piece of each text starts: code points from the text's start, ascending."""
        encodings = self._whole_texts.encode_batch(list(texts), add_special_tokens=False)
        return [[start for start, _ in encoding.offsets] for encoding in encodings]

    @cached_property
    def _whole_texts(self) -> Tokenizer:
        """A tokenizer that cuts nothing off; only building needs it."""
        tokenizer = Tokenizer.from_str(self._tokenizer.to_str())
        tokenizer.no_truncation()
        return tokenizer

    def _run(self, encodings: Sequence[Encoding]) -> Vectors:
        length = max(len(encoding) for encoding in encodings)
        inputs: dict[str, Any] = {name: np.zeros((len(encodings), length), np.int64) for name in self._inputs}
        for row, encoding in enumerate(encodings):
            inputs["input_ids"][row, : len(encoding)] = encoding.ids
            inputs["attention_mask"][row, : len(encoding)] = 1
        vectors: Vectors = self._session.run(None, inputs)[0]
        return vectors


def _open_session(path: Path) -> Any:
    # From 1.29 on onnxruntime's telemetry is on unless this is set before it is loaded: it writes a device id to the
    # home folder and has an address to send to. What is asked of an archive is nobody else's business.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Between two questions the threads sleep, so that the rest of the service has the cores to itself.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
