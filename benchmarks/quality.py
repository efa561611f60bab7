"""How good the ranking is, on collections of questions with known answers.

    python benchmarks/quality.py COLLECTION ... [--work DIR] [--with MODULE.CONSTANT=VALUE ...]

A collection is a folder: in BEIR's layout (corpus.jsonl, queries.jsonl, qrels/test.tsv), each document of which becomes
one article, or with articles/ and questions.jsonl. Each is built with `ibidem build`'s own function into
DIR/COLLECTION/index (kept, so that a second run embeds nothing, and `ibidem evaluate` can be asked for more) and
evaluated as `ibidem evaluate` does it. --with sets a constant for this run, so that the worth of each part can be seen.
Prints a line of JSON a collection.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import frontmatter

from index.build import build
from index.generation import generation_folder
from index.search import LocalEngine
from qa.evaluation.asking import evaluate
from qa.evaluation.questions import read_questions
from qa.settings import load_settings


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--work", type=Path, help="where the indexes are kept (default: nowhere)")
    parser.add_argument("--with", dest="constants", action="append", default=[], metavar="MODULE.CONSTANT=VALUE")
    options = parser.parse_args()
    for constant in options.constants:
        _set(constant)
    with tempfile.TemporaryDirectory() as temporary:
        for collection in options.collections:
            figures = _evaluate(collection, (options.work or Path(temporary)) / collection.name)
            print(json.dumps({**figures, "with": options.constants}), flush=True)


def _set(constant: str) -> None:
    name, _, value = constant.partition("=")
    module_name, _, attribute = name.rpartition(".")
    module = importlib.import_module(module_name)
    setattr(module, attribute, type(getattr(module, attribute))(value))


def _evaluate(collection: Path, work: Path) -> dict[str, object]:
    settings = load_settings({})
    begun = time.perf_counter()
    report = build([_articles(collection, work)], work / "index", settings.model, _show)
    built = time.perf_counter()
    assert report.generation
    engine = LocalEngine(generation_folder(work / "index", report.generation))
    (result,) = evaluate(engine, [read_questions(collection)], settings.policy, _show).sets
    return {
        "collection": collection.name,
        "articles": report.articles,
        "passages": report.passages,
        "questions": sum(outcome.answerable for outcome in result.outcomes),
        **{name: round(figure.value, 4) for name, figure in result.figures.items()},
        "characters of the first five": result.passage_characters and round(result.passage_characters),
        "texts embedded": report.embedded,
        "build, seconds": round(built - begun, 1),
        "questions a second": round(len(result.outcomes) / (time.perf_counter() - built)),
    }


def _articles(collection: Path, work: Path) -> Path:
    """The folder of a collection's articles, which is written first if it is in BEIR's layout."""
    if not (collection / "corpus.jsonl").exists():
        return collection / "articles"
    folder = work / "articles"
    folder.mkdir(parents=True, exist_ok=True)
    for document in _lines(collection / "corpus.jsonl"):
        # A backslash keeps the text from being read as Markdown.
        text = document["text"] if document["text"].strip() else document["title"]
        post = frontmatter.Post(_escape(text), title=document["title"], language="en")
        (folder / f"{document['_id']}.md").write_text(frontmatter.dumps(post), encoding="utf-8")
    return folder


def _escape(text: str) -> str:
    return "".join(f"\\{character}" if character in r"\`*_{}[]<>()#+-.!|~&" else character for character in text)


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _show(step: str, done: int, total: int | None) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{step} {done}{f'/{total}' if total else ''}   ")


if __name__ == "__main__":
    main()
