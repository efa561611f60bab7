"""Run and qrels files, written and read, and ids that have to fit into them."""

from __future__ import annotations

from pathlib import Path

import ir_measures
import pytest

from corpus.errors import InvalidRun
from qa.evaluation.trec import (
    decode,
    encode,
    parse_passage,
    passage_id,
    read_run,
    scores,
    write_qrels,
    write_run,
)

NAMES = ["2026/plain-id", "with space", "tab\tnewline\nnbsp\u00a0", "100%", "a%20b", "räume/李", "a#b?c=d", "\u2028"]


@pytest.mark.parametrize("name", NAMES)
def test_an_encoded_id_is_one_word_and_can_be_decoded(name: str) -> None:
    assert encode(name).split() == [encode(name)]
    assert decode(encode(name)) == name
    assert parse_passage(passage_id(name, 3, 40)) == (name, 3, 40)


def test_ids_are_changed_only_where_they_must_be() -> None:
    assert [encode(name) for name in ("a/b:c_d-räume", "a b", "50%")] == ["a/b:c_d-räume", "a%20b", "50%25"]
    assert passage_id("a b", 0, 9) == "a%20b#char=0,9"


@pytest.mark.parametrize("document", ["a", "a#char=1", "a#char=1,2x", "#char=1,2", "a#char=-1,2"])
def test_other_ids_are_no_passages(document: str) -> None:
    assert parse_passage(document) is None


def test_scores_descend_strictly() -> None:
    assert scores(["c", "a", "b"]) == {"c": 3.0, "a": 2.0, "b": 1.0}


def test_other_tools_read_what_was_written(tmp_path: Path) -> None:
    write_run(tmp_path / "run", {"q 1": ["b", "a"], "q2": [], "q3": ["a"]})
    write_qrels(tmp_path / "qrels", {"q 1": {"a": 2, "c": 0}, "q2": {"x": 1}})
    assert (tmp_path / "run").read_text() == "q%201 Q0 b 1 2 ibidem\nq%201 Q0 a 2 1 ibidem\nq3 Q0 a 1 1 ibidem\n"
    assert (tmp_path / "qrels").read_text() == "q%201 0 a 2\nq%201 0 c 0\nq2 0 x 1\n"
    run = list(ir_measures.read_trec_run(str(tmp_path / "run")))
    qrels = list(ir_measures.read_trec_qrels(str(tmp_path / "qrels")))
    assert [(one.query_id, one.doc_id, one.score) for one in run] == [
        ("q%201", "b", 2),
        ("q%201", "a", 1),
        ("q3", "a", 1),
    ]
    assert [(one.query_id, one.doc_id, one.relevance) for one in qrels] == [
        ("q%201", "a", 2),
        ("q%201", "c", 0),
        ("q2", "x", 1),
    ]


def test_a_run_is_read_as_trec_eval_orders_it(tmp_path: Path) -> None:
    path = tmp_path / "run"
    lines = ["q1 Q0 a 1 0.5 x", "q1\tQ0\tb\t2\t0.5\tx\r", "", "q1 Q0 d 3 -1e-3 x", "q1 Q0 c 4 0.9 x", "q2 Q0 50% 1 1 x"]
    path.write_text("\n".join(lines))
    run = read_run(path)
    assert run.rankings == {"q1": (("c", 0.9), ("b", 0.5), ("a", 0.5), ("d", -0.001)), "q2": (("50%25", 1.0),)}
    reciprocal = ir_measures.parse_measure("RR")  # of trec_eval; ir-measures' RR@10 has ties the other way round
    given = dict(run.rankings["q1"][::-1])
    rank_of = {
        document: round(1 / ir_measures.calc_aggregate([reciprocal], {"q1": {document: 1}}, {"q1": given})[reciprocal])
        for document in "abcd"
    }
    assert rank_of == {document: rank for rank, (document, _) in enumerate(run.rankings["q1"], 1)}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("q1 Q0 d2 2 0.5", "5 columns"),
        ("q1 Q0 d 2 2 0.5 x", "7 columns"),
        ("q1 Q0 d2 2 high x", "score 'high'"),
        ("q1 Q0 d2 second 0.5 x", "rank 'second'"),
        ("q1 Q0 d2 2 nan x", "score 'nan'"),
        ("q1 Q0 d1 2 0.5 x", "'d1'"),
    ],
)
def test_what_is_wrong_with_a_run_is_said_with_the_line(line: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_text(f"q1 Q0 d1 1 0.7 x\n{line}\n")
    with pytest.raises(InvalidRun) as caught:
        read_run(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"), [(b"", "no ranking"), (b"\xff Q0 d 1 1 x", "line 1"), (None, "can't be read")]
)
def test_runs_that_are_none_are_refused(content: bytes | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "run"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidRun, match=says):
        read_run(path)
