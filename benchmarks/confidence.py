"""Fits the calibration that comes along, and says what it is worth on questions that it was not fitted on.

    python benchmarks/confidence.py COLLECTION OTHER ... [--work DIR] [--write | --reasons]

COLLECTION is a folder with articles/ and questions.jsonl, OTHERs are folders or files of questions that its articles
don't answer. Indexes are built below --work (kept, so that a second run embeds nothing). Fitted are the questions on
every other article of COLLECTION and the starter archive's tuning part, each asked of its own archive and of the other
one; the four kinds of questions (two archives, answered and not) weigh the same. All figures are from other questions:
those on the other articles, the starter archive's held part, and the OTHERs. A question counts as answered if one of
the first five passages holds a gold quote. Prints JSON; --write keeps the calibration as qa/calibration.json.

With --reasons it says instead why the same questions are refused, with the calibration that came along; beside them are
questions of a few words (VAGUE), written for articles of SQuAD, each of which fits several of them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

import corpus
from index.build import build
from index.generation import generation_folder
from index.model import PACKAGED_MODEL
from index.search import Engine, LocalEngine
from qa.calibration import SHIPPED, Calibration, Reliability, Sample, Weights, as_json
from qa.confidence import PASSAGES, confidence
from qa.evaluation.calibrating import Case, ask, judged, platt, sample, sure, today
from qa.evaluation.questions import Question, QuestionSet, read_questions, read_unanswerable
from qa.evaluation.statistics import auroc, rate
from qa.reasons import reason
from qa.settings import THRESHOLD

STARTER = Path(corpus.__file__).resolve().parent
STARTER_NAME = "starter archive"
REFUSED = 0.05
"""Also printed: the unanswerable questions that are answered where this share of the answerable ones is refused."""

VAGUE = (
    "Who was the king?",
    "What was the population?",
    "When did the war end?",
    "What is the capital?",
    "Who was elected?",
    "When was it founded?",
    "Who discovered it?",
    "What is the largest city?",
    "How many people died?",
    "When was the treaty signed?",
    "Who wrote the book?",
    "What is the temperature?",
    "How many members are there?",
    "What did the court decide?",
    "Who led the army?",
    "Where is the river?",
    "What is the official language?",
    "When was the church built?",
    "Who invented the engine?",
    "What is the main industry?",
)

Asked = tuple[Sample, list[Case]]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collection", type=Path)
    parser.add_argument("others", type=Path, nargs="+")
    parser.add_argument("--work", type=Path, help="where the indexes are kept (default: nowhere)")
    parser.add_argument("--write", action="store_true", help="keep the calibration as qa/calibration.json")
    parser.add_argument("--reasons", action="store_true", help="say why questions are refused")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        if options.reasons:
            print(json.dumps(reasons(options.collection, options.others, work), indent=1))
            return
        calibration, figures = run(options.collection, options.others, work)
    if options.write:
        SHIPPED.write_text(json.dumps(as_json(calibration), indent=1) + "\n", encoding="utf-8")
    print(json.dumps({"calibration": as_json(calibration), **figures}, indent=1))


def run(collection: Path, others: Sequence[Path], work: Path) -> tuple[Calibration, dict[str, object]]:
    """The calibration, and all that is said of it beside its own figures."""
    questions = read_questions(collection)
    fitting, unseen = halves(questions, 0), halves(questions, 1)
    tuning, held = (
        replace(read_questions(STARTER / "questions.jsonl", part), name=STARTER_NAME) for part in ("tuning", "held")
    )
    starter = engine([STARTER / "articles"], work / "starter")
    whole = engine([collection / "articles"], work / questions.name)

    fitted_on = [
        asked(whole, questions.name, answerable(fitting)),
        asked(starter, STARTER_NAME, tuning),
        asked(whole, questions.name, unanswerable(tuning)),
        asked(starter, STARTER_NAME, unanswerable(answerable(fitting))),
    ]
    own = asked(whole, questions.name, answerable(unseen))
    elsewhere = [asked(whole, questions.name, unanswerable(held))]
    elsewhere += [asked(whole, questions.name, read_unanswerable(other)) for other in others]
    measured_on = [own, *elsewhere]
    weights = fitted(fitted_on)
    calibration = Calibration(
        created=today(),
        model=PACKAGED_MODEL,
        weights=weights,
        fitted_on=tuple(sampled for sampled, _ in fitted_on),
        measured_on=tuple(sampled for sampled, _ in measured_on),
        folds=None,
        reliability=reliable(weights, measured_on),
    )
    near = asked(starter, STARTER_NAME, held)
    own_weights = platt(fitted_on[1][1], weights)
    half = engine([half_of_articles(collection, fitting, work / "half-articles")], work / "half")
    return calibration, {
        f"where {REFUSED:.0%} of the answerable questions are refused": at_refused(weights, own, elsewhere),
        "answered, by where the questions are from": {
            sampled.questions: answered(weights, cases) for sampled, cases in elsewhere
        },
        "expected calibration error, as many answerable as not": balanced_error(weights, own, elsewhere),
        "answered, of questions about articles that were left out": answered(
            weights, asked(half, "half of it", unanswerable(answerable(unseen)))[1]
        ),
        "unanswerable questions written to look answerable": apart(
            weights, own, asked(whole, questions.name, looks_answerable(unseen))
        ),
        "starter archive, held part": asdict(reliable(weights, [near])),
        "starter archive, held part, calibrated by the tuning part": asdict(reliable(own_weights, [near])),
    }


def engine(articles: Sequence[Path], index: Path) -> Engine:
    """The engine of an index of these articles."""
    report = build(articles, index, PACKAGED_MODEL, show)
    assert report.generation
    return LocalEngine(generation_folder(index, report.generation))


def half_of_articles(collection: Path, questions: QuestionSet, folder: Path) -> Path:
    """A folder with those articles that the questions are about."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {quote.article for question in questions.questions for quote in question.quotes}
    for path in (collection / "articles").iterdir():
        if path.stem in names:
            shutil.copy(path, folder)
    return folder


def halves(questions: QuestionSet, which: int) -> QuestionSet:
    """The questions on every other article, by id, from the first (0) or the second (1) on.

    One without an answer belongs to the article that those before and behind it in the file are about, and is left out
    where these are two.
    """
    articles = sorted({quote.article for question in questions.questions for quote in question.quotes})[which::2]
    before, behind = nearest(questions.questions), nearest(questions.questions[::-1])[::-1]
    kept = [
        question
        for question, first, last in zip(questions.questions, before, behind, strict=True)
        if first == last and first in articles
    ]
    return replace(questions, part=("fitted half", "other half")[which], questions=tuple(kept))


def nearest(questions: Sequence[Question]) -> list[str | None]:
    """The article that each question, or the last before it that has an answer, is about."""
    found: list[str | None] = []
    for question in questions:
        found.append(question.quotes[0].article if question.quotes else found[-1] if found else None)
    return found


def answerable(questions: QuestionSet) -> QuestionSet:
    """The questions that have an answer."""
    return replace(questions, questions=tuple(one for one in questions.questions if one.answerable))


def looks_answerable(questions: QuestionSet) -> QuestionSet:
    """The questions that have none."""
    return replace(questions, questions=tuple(one for one in questions.questions if not one.answerable))


def unanswerable(questions: QuestionSet) -> QuestionSet:
    """The questions as such that have no answer."""
    return replace(questions, questions=tuple(replace(one, quotes=(), articles={}) for one in questions.questions))


def asked(archive: Engine, name: str, questions: QuestionSet) -> Asked:
    """What the questions got from an archive of that name."""
    return sample(questions, name), list(ask(archive, questions.questions, show))


def fitted(questions: Sequence[Asked]) -> Weights:
    """The weights that fit the questions. Those are of one kind that the same archive was asked, and that it answers,
    or that it does not; each kind weighs the same."""
    cases = [case for _, some in questions for case in some]
    kinds = [f"{sampled.archive}, {case.answerable}" for sampled, some in questions for case in some]
    names, numbers, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    rows = [(case.features.closeness, case.features.cosine) for case in cases]
    kind_weights = len(cases) / len(names) / counts[numbers]
    model = LogisticRegression(C=100, max_iter=1000)
    model.fit(rows, [case.found for case in cases], sample_weight=kind_weights)
    return Weights(*(round(float(value), 3) for value in (*model.intercept_, *model.coef_[0])))


def reliable(weights: Weights, questions: Sequence[Asked]) -> Reliability:
    """What confidence is worth over all the questions together."""
    cases = [case for _, some in questions for case in some]
    return judged(cases, [sure(weights, case) for case in cases], THRESHOLD)


def answered(weights: Weights, cases: Sequence[Case], threshold: float = THRESHOLD) -> dict[str, object]:
    """How many of the cases are answered."""
    return asdict(rate(sum(sure(weights, case) >= threshold for case in cases), len(cases)))


def at_refused(weights: Weights, own: Asked, elsewhere: Sequence[Asked]) -> dict[str, object]:
    """What is answered wrongly at the threshold below which ``REFUSED`` of the answerable questions are."""
    threshold = float(np.quantile([sure(weights, case) for case in own[1]], REFUSED, method="lower"))
    cases = [case for _, some in elsewhere for case in some]
    return {"threshold": threshold, "answered_wrongly": answered(weights, cases, threshold)}


def balanced_error(weights: Weights, own: Asked, elsewhere: Sequence[Asked]) -> float:
    """The calibration error if there were as many answerable questions as others, which are repeated to that end."""
    cases = [case for _, some in elsewhere for case in some]
    repeated = [cases[place * len(cases) // len(own[1])] for place in range(len(own[1]))]
    return reliable(weights, [own, (own[0], repeated)]).expected_calibration_error


def apart(weights: Weights, own: Asked, others: Asked) -> dict[str, object]:
    """How well the answerable questions are told from others."""
    area = auroc(*([sure(weights, case) for case in some] for _, some in (own, others)))
    return {"auroc": asdict(area), "answered_wrongly": answered(weights, others[1])}


def reasons(collection: Path, others: Sequence[Path], work: Path) -> dict[str, object]:
    """How many questions of each kind are refused, and why."""
    unseen = halves(read_questions(collection), 1)
    held = read_questions(STARTER / "questions.jsonl", "held")
    starter = engine([STARTER / "articles"], work / "starter")
    whole = engine([collection / "articles"], work / unseen.name)
    vague = QuestionSet("vague", "quotes", None, tuple(Question(text, text, (), {}) for text in VAGUE))
    return {
        "answerable": refused(whole, answerable(unseen)),
        "written to look answerable": refused(whole, looks_answerable(unseen)),
        "starter archive, held": refused(whole, held),
        **{other.name: refused(whole, read_unanswerable(other)) for other in others},
        "starter archive, held, asked of it: answerable": refused(starter, answerable(held)),
        "starter archive, held, asked of it: others": refused(starter, looks_answerable(held)),
        "vague": refused(whole, vague),
    }


def refused(archive: Engine, questions: QuestionSet) -> dict[str, object]:
    """Why questions are refused; and how many would be said to have two readings if all were."""
    why, readings = Counter[str](), 0
    for question in questions.questions:
        hits = archive.search(question.text, archive.encode([question.text])[0], PASSAGES)
        kind = reason(archive, question.text, hits).kind
        readings += kind == "two readings"
        if (confidence(archive, hits) or 0.0) < THRESHOLD:
            why[kind] += 1
    return {"questions": len(questions.questions), "refused": dict(why), "two readings, refused or not": readings}


def show(step: str, done: int, total: int | None) -> None:
    """Shows the progress on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{step} {done}{f'/{total}' if total else ''}   ")


if __name__ == "__main__":
    main()
