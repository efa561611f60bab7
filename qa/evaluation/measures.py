"""The measures of rankings, by ir-measures under its names."""

from __future__ import annotations

from qa.evaluation.trec import Judgements, Rankings, scores

NAMES = ("nDCG@10", "R@10", "RR@10", "Success@1", "Success@5", "AP")


def by_question(judgements: Judgements, rankings: Rankings) -> dict[str, dict[str, float]]:
    """The measures of each judged question, in the order of ``NAMES``; all 0 for one that has no ranking.

    MacAvaney et al., "Streamlining Evaluation with ir-measures", 2022; the measures are trec_eval's.
    """
    import ir_measures

    found = {question: dict.fromkeys(NAMES, 0.0) for question in judgements}
    run = {question: scores(rankings[question]) for question in judgements if rankings.get(question)}
    if run:
        measures = [ir_measures.parse_measure(name) for name in NAMES]
        for metric in ir_measures.iter_calc(measures, {name: dict(judgements[name]) for name in run}, run):
            found[metric.query_id][str(metric.measure)] = float(metric.value)
    return found
