"""A cross-encoder: a model that reads question and passage together, and says how well one answers the other.

It is used only where one is set. It runs in torch, which is imported when one is opened and not before.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corpus.errors import EncoderUnavailable
from index.model import locate, one_line, quiet

if TYPE_CHECKING:
    import sentence_transformers

_KIND = "CrossEncoder"
_ARCHITECTURE = "ForSequenceClassification"


class CrossEncoder:
    """The cross-encoder of that name: a path, or a name on the hub. Safe to use from several threads at once.

    Raises ``EncoderUnavailable`` if it can't be had or loaded, if it is a model of another kind, or if it doesn't give
    one score.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        folder = locate(name)
        with quiet():
            try:
                trained = _is_trained(folder)
                model = _load(folder) if trained else None
            except Exception as error:
                raise EncoderUnavailable(f"the cross-encoder {name} can't be loaded: {one_line(error)}") from error
        if model is None:
            raise EncoderUnavailable(
                f"the model {name} is no cross-encoder: choose one that was trained on pairs of question and passage"
            )
        if model.num_labels != 1:
            raise EncoderUnavailable(
                f"the cross-encoder {name} gives {model.num_labels} labels to a pair: choose one that gives one score"
            )
        self._model = model
        # The tokenizer keeps state while it works, and torch takes all cores for one question anyhow.
        self._lock = threading.Lock()

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """How well each text answers the question, shape ``(n,)``, without bounds, higher is better.

        What the model can't take of a text is cut off at its end. Equal texts have equal scores.
        """
        from torch.nn import Identity

        # Each text once: the last bits of a score depend on what else is in the batch.
        different = list(dict.fromkeys(texts))
        with self._lock:
            # As they are: where the model's own function makes them 0..1, those of a sure one would all round to 1.
            found = self._model.predict(
                [(question, text) for text in different], activation_fn=Identity(), show_progress_bar=False
            )
        by_text = dict(zip(different, found.tolist(), strict=True))
        return np.array([by_text[text] for text in texts], np.float64)


def open_cross_encoder(name: str | None) -> CrossEncoder | None:
    """The cross-encoder that is set; ``None`` where none is. Raises as ``CrossEncoder`` does."""
    return CrossEncoder(name) if name else None


def _is_trained(folder: Path) -> bool:
    """Whether it was saved as a cross-encoder; to another kind of model sentence-transformers would add a layer of
    random weights, and say nothing."""
    if (folder / "modules.json").is_file():
        described = folder / "config_sentence_transformers.json"
        return described.is_file() and json.loads(described.read_bytes()).get("model_type") == _KIND
    architectures = json.loads((folder / "config.json").read_bytes()).get("architectures") or ()
    return any(architecture.endswith(_ARCHITECTURE) for architecture in architectures)


def _load(folder: Path) -> sentence_transformers.CrossEncoder:
    from sentence_transformers import CrossEncoder as Model

    model: Model = Model(str(folder), local_files_only=True, model_kwargs={"use_safetensors": True})
    return model
