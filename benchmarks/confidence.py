"""Fits the weights of `qa.confidence`, and says how well they tell questions that an archive answers from others.

    python benchmarks/confidence.py QUESTIONS ARTICLES [--work DIR]

QUESTIONS is a questions.jsonl of another archive than the starter one, ARTICLES that archive's folder. Two indexes are
built below --work (kept, so that a second run embeds nothing), and each is asked its own questions and the other's,
which it does not answer. Of the starter archive only the tuning part is asked, of the other archive the questions on
every other article. A question counts as answered if one of the first five passages holds a gold quote. The four kinds
of questions (two archives, answered and not) weigh the same. Prints JSON: the weights, and the AUROC on these
questions when each half is told by weights that were fitted to the other.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

import corpus
from corpus.errors import UnlocatedGold
from index.build import build
from index.generation import generation_folder
from index.search import Engine, Hit, LocalEngine
from qa.confidence import PASSAGES, features
from qa.evaluation.gold import locate
from qa.evaluation.questions import Question, read_questions
from qa.settings import load_settings

STARTER = Path(corpus.__file__).resolve().parent


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--work", type=Path, help="where the indexes are kept (default: nowhere)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        starter = _engine(STARTER / "articles", work / "starter")
        other = _engine(options.articles, work / "other")
        own = read_questions(STARTER / "questions.jsonl", "tuning").questions
        others = _every_other_article(read_questions(options.questions, None).questions)
        parts = [*_parts(starter, own, others), *_parts(other, others, own)]
        print(json.dumps(_fit(parts), indent=1))


def _engine(articles: Path, index: Path) -> Engine:
    report = build([articles], index, load_settings({}).model, _show)
    return LocalEngine(generation_folder(index, report.generation))


def _every_other_article(questions: Sequence[Question]) -> list[Question]:
    """The answerable questions on every other article, by id."""
    articles = sorted({quote.article for question in questions for quote in question.quotes})[::2]
    return [question for question in questions if question.quotes and question.quotes[0].article in articles]


def _parts(
    engine: Engine, own: Sequence[Question], others: Sequence[Question]
) -> list[tuple[NDArray[np.float64], bool]]:
    """The features of questions that the engine's archive answers, and of those that it does not."""
    answered: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for question in own:
        hits = _hits(engine, question)
        answered[_is_found(engine, question, hits)].append(features(hits))
    answered[False] += [features(_hits(engine, question)) for question in others]
    return [(np.array(rows), known) for known, rows in answered.items()]


def _hits(engine: Engine, question: Question) -> list[Hit]:
    return engine.search(question.text, engine.encode([question.text])[0], PASSAGES)


def _is_found(engine: Engine, question: Question, hits: Sequence[Hit]) -> bool:
    """Whether one of the hits holds one of the question's gold quotes."""
    for quote in question.quotes:
        place = locate(quote, engine.article(quote.article).text)
        if place is None:
            raise UnlocatedGold(f"question {question.id}: its gold is not in the article {quote.article}")
        for excerpt in (hit.excerpt for hit in hits):
            if excerpt.article.id == quote.article and excerpt.start <= place[0] and place[1] <= excerpt.end:
                return True
    return False


def _fit(parts: Sequence[tuple[NDArray[np.float64], bool]]) -> dict[str, object]:
    rows = np.concatenate([part for part, _ in parts])
    known = np.concatenate([np.full(len(part), answered) for part, answered in parts])
    weights = np.concatenate([np.full(len(part), 1 / len(part)) for part, _ in parts]) * len(rows) / len(parts)
    model = LogisticRegression(C=100, max_iter=1000)
    held = cross_val_predict(model, rows, known, cv=2, method="predict_proba", params={"sample_weight": weights})[:, 1]
    model.fit(rows, known, sample_weight=weights)
    return {
        "questions": {"answered": int(known.sum()), "not answered": int((~known).sum())},
        "intercept": round(float(model.intercept_[0]), 3),
        "weights": [round(float(weight), 3) for weight in model.coef_[0]],
        "AUROC": round(float(roc_auc_score(known, held)), 4),
    }


def _show(step: str, done: int, total: int | None) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{step} {done}{f'/{total}' if total else ''}   ")


if __name__ == "__main__":
    main()
