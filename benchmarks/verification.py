"""How fast citations are checked, and how similar a text must be to count as near a quote.

    python benchmarks/verification.py COLLECTION [--work DIR]

A collection is a folder with articles/, indexed in DIR/COLLECTION. Checks 10,000 citations of its passages: 80% as they
are, 10% with other offsets, 8% with two words of the quote changed, 2% of articles that never were; and then 10,000 of
which every quote was changed. Then compares slices of its articles with the nearest text of another article, and of
their own after edits: why `qa.differences` has the threshold that it has. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from index.build import build
from index.generation import generation_folder
from index.history import History
from index.search import Engine, LocalEngine
from index.store import Excerpt
from qa.answers import Citation
from qa.citations import cite
from qa.differences import Words, nearest
from qa.given import read_citations
from qa.settings import load_settings
from qa.verification import verify

WORD = "Quillwort"
RUNS = 3
SLICES = 500

Values = dict[str, Any]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collection", type=Path)
    parser.add_argument("--work", type=Path, help="where the index is kept (default: nowhere)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        index = (options.work or Path(temporary)) / options.collection.resolve().name / "index"
        report = build([options.collection / "articles"], index, load_settings({}).model, _show)
        assert report.generation
        engine = LocalEngine(generation_folder(index, report.generation))
        figures = {"speed": _speed(engine, index), "similarity": _similarity(engine)}
        print(json.dumps(figures, indent=1))


def _show(step: str, done: int, total: int | None) -> None:
    """Says nothing."""


def _citations(engine: Engine) -> list[Values]:
    """The citation of every passage."""
    generation = engine.manifest.generation
    found = []
    for entry in engine.catalogue():
        text = engine.article(entry.id).text
        found += [cite(Excerpt(entry, text, *span), generation) for span in engine.spans(entry.id).passages]
    values: list[Values] = TypeAdapter(list[Citation]).dump_python(found, mode="json")
    return values


def _speed(engine: Engine, index: Path) -> Values:
    dice = random.Random(1)
    every = _citations(engine)
    lengths = [len(engine.article(entry.id).text) for entry in engine.catalogue()]
    figures: Values = {"articles": len(lengths), "characters an article, median": statistics.median(lengths)}
    for name, counts in {"the mixture": (8000, 1000, 800, 200), "all changed": (0, 0, 10_000, 0)}.items():
        given = [
            tamper(dict(dice.choice(every)), dice)
            for tamper, count in zip((_leave, _shift, _reword, _rename), counts, strict=True)
            for _ in range(count)
        ]
        dice.shuffle(given)
        data = "\n".join(map(json.dumps, given)).encode()
        times = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            checks = verify(engine, read_citations(data), History(index))
            times.append(time.perf_counter() - begun)
        said = dict(Counter(result.status for result in checks.results))
        seconds = round(statistics.median(times), 2)
        figures[name] = {"citations": len(given), "said": said, f"seconds, median of {RUNS}": seconds}
    return figures


def _leave(citation: Values, dice: random.Random) -> Values:
    return citation


def _shift(citation: Values, dice: random.Random) -> Values:
    by = dice.randint(1, 500)
    return citation | {"start": citation["start"] + by, "end": citation["end"] + by}


def _reword(citation: Values, dice: random.Random) -> Values:
    words = citation["quote"].split(" ")
    for _ in range(2):
        words[dice.randrange(len(words))] = WORD
    return citation | {"quote": " ".join(words)}


def _rename(citation: Values, dice: random.Random) -> Values:
    return citation | {"article_id": f"never/there-{dice.random()}", "sha256": f"{dice.getrandbits(256):064x}"}


def _similarity(engine: Engine) -> Values:
    dice = random.Random(1)
    texts = [engine.article(entry.id).text for entry in engine.catalogue()]
    words = [Words(text) for text in texts]
    figures: Values = {}
    for length in (10, 20, 40, 120):
        pairs = [dice.sample(range(len(texts)), 2) for _ in range(SLICES)]
        found = [_nearness(_slice(texts[own], words[own], length, dice), words[other]) for own, other in pairs]
        figures[f"{length} words, to another article"] = _spread(found)
    for share in (0.1, 0.3, 0.5):
        chosen = dice.choices(range(len(texts)), k=SLICES)
        slices = [(_slice(texts[own], words[own], 120, dice), words[own]) for own in chosen]
        found = [_nearness(_edited(text, share, dice), own) for text, own in slices]
        figures[f"120 words, {share:.0%} of them edited, to their own article"] = _spread(found)
    return figures


def _slice(text: str, words: Words, length: int, dice: random.Random) -> str:
    first = dice.randrange(len(words.spans) - length)
    return text[words.spans[first][0] : words.spans[first + length - 1][1]]


def _edited(text: str, share: float, dice: random.Random) -> str:
    """With a share of the words replaced, left out, or followed by another."""
    words = text.split(" ")
    edits = [dice.choice([[], [WORD], [word, WORD]]) if dice.random() < share else [word] for word in words]
    return " ".join(chain.from_iterable(edits))


def _nearness(text: str, words: Words) -> float:
    found = nearest(text, words, 0)
    return found.similarity if found else 0


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "least": round(ordered[0], 2),
        "median": round(statistics.median(ordered), 2),
        "99th percentile": round(ordered[int(0.99 * len(ordered))], 2),
        "greatest": round(ordered[-1], 2),
    }


if __name__ == "__main__":
    main()
