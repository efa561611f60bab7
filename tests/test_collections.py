"""An evaluation on texts and questions that were not written for this project, where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path

import ir_measures
import pytest

from index.generation import current_generation, generation_folder
from index.search import LocalEngine
from qa.evaluation.asking import ask
from qa.evaluation.measures import NAMES
from qa.evaluation.output import read_evaluation, write
from qa.evaluation.questions import QUESTIONS_FILE, read_questions
from qa.settings import DEFAULT_POLICY
from tests.conftest import ROOT, MakeIndex, no_progress

COLLECTION = ROOT.parent / "shared" / "data" / "squad-articles"

pytestmark = pytest.mark.skipif(not COLLECTION.is_dir(), reason="the collection is not here")


def test_other_tools_calculate_the_figures_of_a_real_collection(make_index: MakeIndex, tmp_path: Path) -> None:
    """Of its shortest article and all questions that this one answers; the article is read from the raw file."""
    shortest = min((COLLECTION / "articles").iterdir(), key=lambda path: path.stat().st_size)
    index = make_index({shortest.name: shortest.read_text(encoding="utf-8")})
    lines = (COLLECTION / QUESTIONS_FILE).read_text(encoding="utf-8").splitlines()
    mine = [line for line in lines if [a["article"] for a in json.loads(line)["answers"][:1]] == [shortest.stem]]
    (tmp_path / QUESTIONS_FILE).write_text("\n".join(mine), encoding="utf-8")
    engine = LocalEngine(generation_folder(index, current_generation(index)))

    write(tmp_path / "result", ask(engine, [read_questions(tmp_path)], DEFAULT_POLICY, no_progress), None)

    (result,) = read_evaluation(tmp_path / "result").sets
    assert len(result.outcomes) == len(mine) >= 50
    assert all(outcome.answerable for outcome in result.outcomes)
    qrels = ir_measures.read_trec_qrels(str(tmp_path / "result" / f"{tmp_path.name}.qrels"))
    run = ir_measures.read_trec_run(str(tmp_path / "result" / f"{tmp_path.name}.run"))
    measures = [ir_measures.parse_measure(name) for name in NAMES]
    found = {str(name): value for name, value in ir_measures.calc_aggregate(measures, qrels, run).items()}
    assert found == pytest.approx({name: result.figures[name].value for name in NAMES})
    assert found["Success@5"] >= 0.9
