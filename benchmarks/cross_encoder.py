"""What a cross-encoder costs: searching with one of MiniLM's size (6 layers of 384 dimensions), and without.

    python benchmarks/cross_encoder.py [--index DIR] [--questions FILE]

Its weights are random, which changes nothing of the time. Each question is asked both ways in turns, so that what else
the machine does falls on both. Prints JSON; times are in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from index.cross_encoder import CrossEncoder
from index.generation import current_generation, generation_folder
from index.model import PACKAGED_MODEL, locate, quiet
from index.search import LocalEngine
from qa.settings import load_settings

QUESTIONS = 20


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", type=Path, help="the index to search (default: that of the settings)")
    parser.add_argument("--questions", type=Path, default=Path(__file__).parent.parent / "corpus" / "questions.jsonl")
    options = parser.parse_args()
    index = load_settings({"index": options.index}).index
    folder = generation_folder(index, current_generation(index))
    lines = options.questions.read_text(encoding="utf-8").splitlines()[:QUESTIONS]
    questions = [json.loads(line)["question"] for line in lines]
    with tempfile.TemporaryDirectory() as model:
        _save_model(Path(model))
        engines = {"without": LocalEngine(folder), "with": LocalEngine(folder, CrossEncoder(model))}
    times: dict[str, list[float]] = {name: [] for name in engines}
    for question in questions:
        for name, engine in engines.items():
            times[name].append(_search(engine, question))
    medians = {f"{name}, median": round(statistics.median(of), 1) for name, of in times.items()}
    print(json.dumps({"questions": len(questions), **medians}, indent=1))


def _search(engine: LocalEngine, question: str) -> float:
    begun = time.perf_counter()
    engine.search(question, engine.encode([question])[0], 5)
    return (time.perf_counter() - begun) * 1000


def _save_model(folder: Path) -> None:
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    tokenizer = AutoTokenizer.from_pretrained(locate(PACKAGED_MODEL))
    with quiet():
        config = BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=384,
            num_hidden_layers=6,
            num_attention_heads=12,
            intermediate_size=1536,
            id2label={0: "score"},
        )
        BertForSequenceClassification(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main()
