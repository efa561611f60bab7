"""How good the ranking is, on collections in BEIR's layout, each document as one article.

    python benchmarks/quality.py COLLECTION ... [--work DIR] [--run DIR]

A collection is a folder with corpus.jsonl, queries.jsonl and qrels/test.tsv. Each is built with `ibidem build`'s own
function into an index below --work (kept, so that a second run embeds nothing) and asked through the same `answer` as
over HTTP; a document's rank is that of its best passage. Prints JSON with ir-measures' figures, and with --run writes
each ranking as a TREC run file.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import frontmatter
import ir_measures
from ir_measures import AP, RR, R, Success, nDCG

from index.build import build
from index.generation import generation_folder
from index.search import LocalEngine
from qa.answering import MAX_CHARACTERS, MAX_PASSAGES, answer
from qa.settings import load_settings

MEASURES = [nDCG @ 10, R @ 10, RR @ 10, Success @ 1, Success @ 5, AP]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--work", type=Path, help="where the indexes are kept (default: nowhere)")
    parser.add_argument("--run", type=Path, help="the folder to write TREC run files to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for collection in options.collections:
            figures = _evaluate(collection, (options.work or Path(temporary)) / collection.name, options.run)
            print(json.dumps(figures, indent=1), flush=True)


def _evaluate(collection: Path, work: Path, runs: Path | None) -> dict[str, object]:
    settings = load_settings({})
    _write_articles(collection, work / "articles")
    begun = time.perf_counter()
    report = build([work / "articles"], work / "index", settings.model, _show)
    built = time.perf_counter()
    engine = LocalEngine(generation_folder(work / "index", report.generation))
    qrels = list(_qrels(collection))
    ranking = list(_rank(engine, _questions(collection, {qrel.query_id for qrel in qrels})))
    answered = time.perf_counter()
    if runs:
        _write_run(runs, collection.name, ranking)
    questions = len({qrel.query_id for qrel in qrels})
    figures = ir_measures.calc_aggregate(MEASURES, qrels, ranking)
    return {
        "collection": collection.name,
        "articles": report.articles,
        "rejected": len(report.rejected),
        "passages": report.passages,
        "questions": questions,
        **{str(measure): round(figures[measure], 4) for measure in MEASURES},
        "texts embedded": report.embedded,
        "build, seconds": round(built - begun, 1),
        "questions a second": round(questions / (answered - built)),
    }


def _write_articles(collection: Path, folder: Path) -> None:
    """One Markdown file a document; its text is kept from being read as Markdown by a backslash where needed."""
    folder.mkdir(parents=True, exist_ok=True)
    for document in _lines(collection / "corpus.jsonl"):
        text = document["text"] if document["text"].strip() else document["title"]
        post = frontmatter.Post(_escape(text), title=document["title"], language="en")
        (folder / f"{document['_id']}.md").write_text(frontmatter.dumps(post), encoding="utf-8")


def _escape(text: str) -> str:
    return "".join(f"\\{character}" if character in r"\`*_{}[]<>()#+-.!|~&" else character for character in text)


def _questions(collection: Path, judged: set[str]) -> dict[str, str]:
    return {line["_id"]: line["text"] for line in _lines(collection / "queries.jsonl") if line["_id"] in judged}


def _qrels(collection: Path) -> Iterator[ir_measures.Qrel]:
    for line in (collection / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, document, relevance = line.split("\t")
        yield ir_measures.Qrel(question, document, int(relevance))


def _rank(engine: LocalEngine, questions: dict[str, str]) -> Iterator[ir_measures.ScoredDoc]:
    """Each question's articles, scored so that their order is that in which their best passages come."""
    for number, (name, question) in enumerate(questions.items(), 1):
        found = answer(engine, question[:MAX_CHARACTERS], MAX_PASSAGES)
        articles = dict.fromkeys(passage.citation.article_id for passage in found.passages)
        for rank, article in enumerate(articles, 1):
            yield ir_measures.ScoredDoc(name, article, 1 / rank)
        _show("Asking", number, len(questions))


def _write_run(folder: Path, name: str, ranking: list[ir_measures.ScoredDoc]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.run").open("w", encoding="utf-8") as file:
        for one in ranking:
            file.write(f"{one.query_id} Q0 {one.doc_id} {round(1 / one.score)} {one.score} ibidem\n")


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _show(step: str, done: int, total: int | None) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{step} {done}{f'/{total}' if total else ''}   ")


if __name__ == "__main__":
    main()
