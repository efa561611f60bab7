"""A build with a gate publishes what is not shown to be worse, and says what it found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from corpus.errors import DamagedGeneration
from index.generation import current_generation, generation_folder, list_generations, read_manifest
from qa.cli import main
from qa.evaluation.judgement import Judgement, from_json, summary, to_json
from qa.evaluation.result import Figure
from qa.evaluation.result import Test as PairedTest
from tests.conftest import MakeIndex, write_articles

pytestmark = pytest.mark.usefixtures("alone")

TOWNS = ("Aldra", "Borvik", "Cerna", "Dunmoor", "Elsing", "Farholt", "Gresby", "Hallin", "Iskar", "Jorund")
PLACES = ("inn", "school", "mill", "harbour", "market", "station", "library", "bakery", "forge", "chapel", "bank")


def fact(town: str) -> str:
    return f"What they built rises {100 + len(town) * 7} metres above the square."


def question(town: str) -> str:
    return f"How tall is the tower of {town}?"


def article(town: str) -> str:
    return f"# Notes on {town}\n\nThe town of {town} lies by a river. {fact(town)} Its walls are of brick.\n"


def lure(town: str, place: str) -> str:
    """An article that is nearer to a question than its answer is."""
    return f"# The tower of {town}, seen from the {place}\n\nHow tall the tower of {town} is, the {place} can't say.\n"


TOWERS = {f"{town}.md": article(town) for town in TOWNS}
LURES = {f"{town}-{place}.md": lure(town, place) for town in TOWNS for place in PLACES}


def line(town: str) -> str:
    answers = [{"article": town, "quote": fact(town), "prefix": "by a river. ", "suffix": " Its walls"}]
    return json.dumps({"id": town.lower(), "question": question(town), "answers": answers})


@pytest.fixture
def towers(make_index: MakeIndex) -> Path:
    """An index of the towers, built without a gate, beside their questions."""
    towers = make_index(TOWERS)
    unanswerable = json.dumps({"id": "none", "question": "Who eats blue cheese?", "answers": []})
    (towers.parent / "questions.jsonl").write_text("\n".join([*map(line, TOWNS), unanswerable]), encoding="utf-8")
    return towers


def build(towers: Path, *options: str | Path, gate: str = "questions.jsonl") -> Result:
    folder = towers.parent
    arguments = ["build", "--index", towers, "--articles", folder / "articles", "--gate", folder / gate, *options]
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="ibidem")


def kept(towers: Path) -> Judgement:
    """What the manifest of the current generation says that the gate found."""
    evaluation = read_manifest(generation_folder(towers, current_generation(towers))).evaluation
    assert evaluation is not None
    return from_json(evaluation)


def state(towers: Path) -> tuple[str, list[str]]:
    return current_generation(towers), sorted(path.name for path in (towers / "generations").iterdir())


def assert_one_line(result: Result, exit_code: int, *says: str) -> None:
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("ibidem: ")
    assert result.stderr.count("\n") == 1
    for one in says:
        assert one in result.stderr


def test_an_index_that_answers_as_well_is_published_with_its_figures(towers: Path) -> None:
    before = current_generation(towers)
    result = build(towers)
    assert (result.exit_code, result.stderr) == (0, "")
    assert current_generation(towers) != before
    found = kept(towers)
    assert (found.measure, found.questions, found.against, found.alone) == ("nDCG@10", 10, before, None)
    assert (found.verdict, found.unlocated, found.forced) == ("no difference shown", 0, False)
    assert found.test
    assert found.figure.value == found.test.before == found.test.after > 0.9
    assert found.test.p == 1
    (figures,) = found.sets.values()
    assert figures["nDCG@10"] == found.figure
    assert "Success@1" in figures
    assert summary(found) in result.stdout.splitlines()
    listed = CliRunner().invoke(main, ["generations", "list", "--index", str(towers)]).stdout.splitlines()
    assert listed[0].endswith(f"all-MiniLM-L6-v2, nDCG@10 {found.figure.value:.3f}")
    assert listed[1].endswith("all-MiniLM-L6-v2")


def test_a_worse_index_is_refused_and_the_old_one_stays(towers: Path) -> None:
    before = state(towers)
    write_articles(towers.parent / "articles", LURES)
    result = build(towers)
    assert_one_line(result, 1, "was not published", f"worse than {before[0]}", "nDCG@10 fell from 1.000", "--force")
    assert state(towers) == before
    again = build(towers, "--json")
    assert_one_line(again, 1, "was not published")
    assert state(towers) == before


def test_a_worse_index_is_published_by_force_and_that_is_recorded(towers: Path) -> None:
    before = current_generation(towers)
    write_articles(towers.parent / "articles", LURES)
    result = build(towers, "--force")
    assert result.exit_code == 0, result.output
    found = kept(towers)
    assert (found.verdict, found.forced, found.against) == ("worse", True, before)
    assert found.test
    assert found.test.after == found.figure.value < found.test.before - 0.3
    assert f"worse, published by force; {before} has 1.000" in result.stdout
    assert f"published by force; {before}" in summary(found)
    for name in LURES:
        (towers.parent / "articles" / name).unlink()
    assert build(towers).exit_code == 0
    assert (kept(towers).verdict, kept(towers).forced) == ("better", False)


def test_the_report_as_json_has_the_figures(towers: Path) -> None:
    report = json.loads(build(towers, "--json").stdout)
    assert from_json(report["evaluation"]) == kept(towers)
    listed = json.loads(CliRunner().invoke(main, ["generations", "list", "--json", "--index", str(towers)]).stdout)
    assert listed[0]["evaluation"] == report["evaluation"]
    assert listed[1]["evaluation"] is None


def test_the_first_generation_is_compared_with_nothing(towers: Path) -> None:
    (towers / "CURRENT").unlink()
    result = build(towers)
    assert result.exit_code == 0
    found = kept(towers)
    assert (found.against, found.verdict, found.test) == (None, None, None)
    assert "10 questions; not compared: it is the first generation\n" in result.stdout


@pytest.mark.parametrize("damage", ["damaged", "another format"])
def test_a_generation_that_can_not_be_opened_is_built_over(towers: Path, damage: str) -> None:
    folder = generation_folder(towers, current_generation(towers))
    if damage == "damaged":
        (folder / "passages.faiss").write_bytes(b"damaged")
    else:
        (folder / "manifest.json").write_text('{"format": 1}')
    result = build(towers)
    assert result.exit_code == 0
    assert f"not compared: the current generation can't be opened: generation {folder.name} " in result.stdout
    assert kept(towers).alone


def test_gold_that_the_current_generation_does_not_have_counts_as_not_found_there(make_index: MakeIndex) -> None:
    known, new = TOWNS[:3], TOWNS[3:]
    towers = make_index({f"{town}.md": article(town) for town in known} | {"Dunmoor.md": "# Dunmoor\n\nA town.\n"})
    write_articles(towers.parent / "articles", TOWERS)
    (towers.parent / "questions.jsonl").write_text("\n".join(map(line, TOWNS)), encoding="utf-8")
    result = build(towers)
    assert result.exit_code == 0, result.output
    found = kept(towers)
    assert (found.verdict, found.unlocated) == ("better", len(new))
    assert found.test
    assert found.test.before == pytest.approx(len(known) / len(TOWNS))
    assert "not all the gold of 7 questions" in result.stdout


def test_gold_of_which_the_current_generation_has_a_part_counts_as_half_found_there(make_index: MakeIndex) -> None:
    """With one of two found, and that first, nDCG is 1 / (1 + 1 / log2(3))."""
    guides = {f"guide/{town}.md": f"# Guide to {town}\n\nSo much of {town}. {fact(town)} See it.\n" for town in TOWNS}
    towers = make_index(TOWERS)
    write_articles(towers.parent / "articles", guides)
    lines = [json.loads(line(town)) for town in TOWNS]
    for one, town in zip(lines, TOWNS, strict=True):
        one["answers"].append({"article": f"guide/{town}", "quote": fact(town)})
    (towers.parent / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert build(towers).exit_code == 0
    found = kept(towers)
    assert found.test
    assert found.test.before == pytest.approx(0.6131, abs=1e-4)
    assert (found.verdict, found.unlocated) == ("better", 10)


def test_gold_that_the_new_generation_does_not_have_is_an_error_even_by_force(towers: Path) -> None:
    before = state(towers)
    (towers.parent / "articles" / "Cerna.md").unlink()
    for options in ([], ["--force"]):
        assert_one_line(build(towers, *options), 3, "'cerna'", "'Cerna'")
        assert state(towers) == before


def test_a_beir_folder_is_a_gate_as_well(towers: Path) -> None:
    folder = towers.parent / "beir"
    (folder / "qrels").mkdir(parents=True)
    queries = [json.dumps({"_id": town, "text": question(town)}) for town in TOWNS]
    (folder / "queries.jsonl").write_text("\n".join(queries), encoding="utf-8")
    qrels = ["query-id\tcorpus-id\tscore", *(f"{town}\t{town}\t1" for town in TOWNS)]
    (folder / "qrels" / "test.tsv").write_text("\n".join(qrels), encoding="utf-8")
    options = ("--gate", towers.parent / "questions.jsonl")
    assert build(towers, *options, gate="beir").exit_code == 0
    assert (kept(towers).questions, len(kept(towers).sets)) == (20, 2)
    write_articles(towers.parent / "articles", LURES)
    assert_one_line(build(towers, gate="beir"), 1, "was not published")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "line 1"),
        ("", "no question"),
        (f"{line('Cerna')}\n{line('Cerna')}", "line 2"),
        (json.dumps({"id": "q", "question": "Who?", "answers": []}), "none that the archive answers"),
        (None, "no questions"),
    ],
)
def test_questions_that_can_not_be_used_are_known_before_anything_is_built(
    towers: Path, content: str | None, says: str
) -> None:
    if content is not None:
        (towers.parent / "broken.jsonl").write_text(content, encoding="utf-8")
    assert_one_line(build(towers, "--articles", "no-such-folder", gate="broken.jsonl"), 2, says)


def test_force_without_a_gate_is_wrong_use(towers: Path) -> None:
    before = state(towers)
    arguments = ["build", "--index", str(towers), "--articles", str(towers.parent / "articles"), "--force"]
    assert_one_line(CliRunner().invoke(main, arguments, prog_name="ibidem"), 2, "--gate")
    assert state(towers) == before


def test_the_gate_can_be_a_setting(towers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBIDEM_GATE", json.dumps([str(towers.parent / "questions.jsonl")]))
    write_articles(towers.parent / "articles", LURES)
    arguments = ["build", "--index", str(towers), "--articles", str(towers.parent / "articles")]
    assert_one_line(CliRunner().invoke(main, arguments, prog_name="ibidem"), 1, "was not published")
    assert CliRunner().invoke(main, [*arguments, "--force"]).exit_code == 0


def test_a_manifest_whose_figures_can_not_be_read_is_listed_as_such(towers: Path) -> None:
    (_, name) = list_generations(towers)
    path = generation_folder(towers, name) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"evaluation": {"measure": "nDCG@10"}}))
    result = CliRunner().invoke(main, ["generations", "list", "--index", str(towers)])
    assert result.exit_code == 0
    assert f"* {name}  the evaluation in a manifest can't be read: questions: " in result.stdout


FIGURE = Figure(0.875, 0.8, 0.9)
SETS = {"s": {"nDCG@10": FIGURE}}
ALONE = Judgement("nDCG@10", 40, FIGURE, SETS, None, "it is the first", None, None, 0, False, None)
COMPARED = replace(
    ALONE,
    against="20260131T120000Z-012345",
    alone=None,
    verdict="worse",
    test=PairedTest(None, "nDCG@10", 0.95, 0.875, Figure(-0.075, -0.1, -0.05), 0.01234, 0.05),
)


@pytest.mark.parametrize("judgement", [ALONE, COMPARED, replace(COMPARED, verdict="better", unlocated=3)])
def test_a_judgement_comes_back_from_json(judgement: Judgement) -> None:
    assert from_json(json.loads(json.dumps(to_json(judgement)))) == judgement


def test_what_is_no_judgement_is_damage() -> None:
    with pytest.raises(DamagedGeneration, match=r"can't be read: figure\.low: "):
        from_json({**to_json(ALONE), "figure": {"value": 1, "high": 1}})


def summaries() -> Iterator[tuple[Judgement, str]]:
    mean = "nDCG@10 0.875 (0.800 to 0.900) for 40 questions"
    compared = "20260131T120000Z-012345 has 0.950 (p 0.0123)"
    yield ALONE, f"{mean}; not compared: it is the first"
    yield COMPARED, f"{mean}; worse; {compared}"
    yield replace(COMPARED, forced=True), f"{mean}; worse, published by force; {compared}"
    yield replace(COMPARED, forced=True, verdict="better"), f"{mean}; better; {compared}"
    yield replace(COMPARED, unlocated=2), f"{mean}; worse; {compared}, and not all the gold of 2 questions"
    yield replace(ALONE, cross_encoder="c"), f"{mean} with cross-encoder c; not compared: it is the first"


@pytest.mark.parametrize(("judgement", "line"), list(summaries()))
def test_a_judgement_is_told_in_one_line(judgement: Judgement, line: str) -> None:
    assert summary(judgement) == line
