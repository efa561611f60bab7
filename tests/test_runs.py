"""Judging run files: the same figures as for the engine that wrote them, and what is wrong with others."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import InvalidQuestions, InvalidRun, WrongUse
from index.search import LocalEngine
from qa.evaluation.asking import ask
from qa.evaluation.outcomes import Asked
from qa.evaluation.questions import Question, QuestionSet, Quote, read_questions
from qa.evaluation.result import Outcome
from qa.evaluation.runs import ask_run, needs_index
from qa.evaluation.trec import Run, read_run, write_run
from qa.settings import DEFAULT_POLICY
from tests.conftest import ROOT, no_progress

BEIR = QuestionSet(
    "beir",
    "articles",
    None,
    (Question("q1", "One?", (), {"d1": 1, "d9": 0}), Question("q2", "Two?", (), {"d2": 2, "d 3": 1})),
)


def run(tmp_path: Path, *lines: str) -> Run:
    path = tmp_path / "my.run"
    path.write_text("".join(f"{line} x\n" for line in lines))
    return read_run(path)


def only(asked: Asked) -> tuple[Outcome, ...]:
    (result,) = asked.evaluation.sets
    return result.outcomes


def test_a_run_of_articles_needs_no_index(tmp_path: Path) -> None:
    given = run(tmp_path, "q1 Q0 d9 1 3", "q1 Q0 d1 2 2", "q2 Q0 d%203 1 1")
    assert not needs_index(given, [BEIR])
    asked = ask_run(given, [BEIR], None)
    one, two = only(asked)
    assert (one.first_rank, one.measures["RR@10"], one.measures["Success@1"]) == (2, 0.5, 0)
    assert [(r.document, r.article, r.score, r.relevance, r.title) for r in one.ranking] == [
        ("d9", "d9", 3, 0, None),
        ("d1", "d1", 2, 1, None),
    ]
    assert (two.first_rank, two.measures["R@10"], two.ranking[0].article) == (1, 0.5, "d 3")
    assert (asked.evaluation.source, asked.evaluation.model) == (str(given.path), None)
    assert asked.evaluation.abstention is None
    assert asked.evaluation.sets[0].passage_characters is None


def test_a_judged_question_that_the_run_does_not_have_counts_0(tmp_path: Path) -> None:
    asked = ask_run(run(tmp_path, "q1 Q0 d1 1 1"), [BEIR], None)
    two = only(asked)[1]
    assert (two.ranking, two.failure, set(two.measures.values())) == ((), "not retrieved", {0.0})
    assert asked.evaluation.sets[0].figures["Success@1"].value == 0.5


def test_the_run_of_an_engine_gives_that_engines_figures(engine: LocalEngine, tmp_path: Path) -> None:
    sets = [read_questions(ROOT / "corpus" / "questions.jsonl", "tuning")]
    asked = ask(engine, sets, DEFAULT_POLICY, no_progress)
    write_run(tmp_path / "run", asked.judged[0].rankings)
    given = read_run(tmp_path / "run")
    assert needs_index(given, sets)
    again = ask_run(given, sets, engine)
    result = again.evaluation.sets[0]
    assert result.figures == {
        name: figure
        for name, figure in asked.evaluation.sets[0].figures.items()
        if not name.startswith(("highlights", "sentence"))
    }
    assert again.judged[0].judgements == asked.judged[0].judgements
    assert [(one.first_rank, one.failure, one.gold) for one in result.outcomes] == [
        (one.first_rank, one.failure, one.gold) for one in asked.evaluation.sets[0].outcomes
    ]
    with pytest.raises(WrongUse, match="index"):
        ask_run(given, sets, None)


def test_passages_that_are_cut_otherwise_are_judged_by_themselves(engine: LocalEngine, tmp_path: Path) -> None:
    article = engine.catalogue()[0]
    text = engine.article(article.id).text
    quote = Quote(article.id, text[40:60])
    questions = QuestionSet("mine", "quotes", None, tuple(Question(f"q{n}", "Who?", (quote,), {}) for n in range(3)))
    lines = [(0, 41, 61), (0, 0, 41), (0, 40, 60), (1, 39, 70), (2, 0, 45)]
    given = run(tmp_path, *(f"q{n} Q0 {article.id}#char={a},{b} 1 {9 - i}" for i, (n, a, b) in enumerate(lines)))
    asked = ask_run(given, [questions], engine)
    assert asked.judged[0].judgements["q0"] == {f"{article.id}#char=40,60": 1, f"{article.id}#char=39,70": 1}
    assert [(one.first_rank, one.failure) for one in only(asked)] == [(3, None), (1, None), (None, "wrong passage")]
    assert only(asked)[2].measures["characters R@5"] == pytest.approx(5 / 20)


def test_a_run_of_articles_for_quotes_should_find_the_articles(tmp_path: Path) -> None:
    quotes = (Quote("d1", "x"), Quote("d1", "y"), Quote("d2", "z"))
    questions = QuestionSet("mine", "quotes", None, (Question("q1", "Who?", quotes, {}), Question("q2", "No?", (), {})))
    given = run(tmp_path, "q1 Q0 d7 1 2", "q1 Q0 d2 2 1")
    assert not needs_index(given, [questions])
    asked = ask_run(given, [questions], None)
    one, two = only(asked)
    assert asked.evaluation.sets[0].layout == "articles"
    assert asked.judged[0].judgements == {"q1": {"d1": 1, "d2": 1}}
    assert [(gold.article, gold.quote) for gold in one.gold] == [("d1", "x"), ("d1", "y"), ("d2", "z")]
    assert (one.first_rank, one.measures["R@10"]) == (2, 0.5)
    assert two.gold == ()


def test_runs_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRun, match=r"6 questions .*: x0, x1, x2, x3, x4, …"):
        ask_run(run(tmp_path, "q1 Q0 d1 1 1", *(f"x{n} Q0 d1 1 1" for n in range(6))), [BEIR], None)
    twice = QuestionSet("other", "articles", None, BEIR.questions[:1])
    with pytest.raises(InvalidQuestions, match="'q1' is in 'beir' and in 'other'"):
        ask_run(run(tmp_path, "q1 Q0 d1 1 1"), [BEIR, twice], None)
    mixed = QuestionSet("mine", "quotes", None, (Question("q1", "Who?", (Quote("a", "x"),), {}),))
    with pytest.raises(InvalidRun, match="both"):
        needs_index(run(tmp_path, "q1 Q0 a 1 2", "q1 Q0 a#char=0,5 2 1"), [mixed])
