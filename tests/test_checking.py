"""Citations hold what they promise while the archive changes: over HTTP, from the command line, and in good time."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import TypeAdapter

from corpus.article import Entry
from index.build import build
from index.generation import current_generation, generation_folder, read_manifest
from index.history import History
from index.model import PACKAGED_MODEL
from index.store import Excerpt
from qa.answers import Citation
from qa.citations import cite
from qa.given import MAX_CITATIONS, read_citations
from qa.verification import verify
from tests.conftest import ARTICLES, IBIDEM, ROOT, get, no_progress, write_articles
from tests.texts import article, publish


def test_every_citation_is_judged_rightly_while_the_archive_changes(
    new_index: Path, alone: Path, tmp_path: Path
) -> None:
    """Runs the benchmark on some of the questions."""
    collection, work = tmp_path / "collection", tmp_path / "work"
    shutil.copytree(ARTICLES, collection / "articles")
    lines = (ARTICLES.parent / "questions.jsonl").read_text(encoding="utf-8").splitlines()[::4]
    (collection / "questions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (work / "collection").mkdir(parents=True)
    new_index.rename(work / "collection" / "index")
    command = [sys.executable, str(ROOT / "benchmarks" / "citations.py"), str(collection), "--work", str(work)]
    done = subprocess.run(command, cwd=alone, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    everything = {"verified": figures["citations"]}
    assert figures["citations"] == 5 * len(lines)
    assert figures["wrong"] == []
    for stage in ("at once", "after articles were added", "after a restart"):
        assert figures[stage] == everything
    assert figures["after three articles were edited"] == figures["which should be"]
    assert figures["which should be"].keys() == {"verified", "moved", "changed", "gone"}


def test_a_generation_remembers_which_articles_are_gone(new_index: Path, tmp_path: Path) -> None:
    folder = tmp_path / "articles"

    def removed(*names: str) -> tuple[str, dict[str, str]]:
        shutil.rmtree(folder, ignore_errors=True)
        write_articles(folder, {f"{name}.md": f"The keeper of {name} wrote a line.\n" for name in names})
        build([folder], new_index, PACKAGED_MODEL, no_progress)
        manifest = read_manifest(generation_folder(new_index, current_generation(new_index)))
        return manifest.generation, {**manifest.removed}

    starter = current_generation(new_index)
    first, gone = removed("a", "b", "c")
    assert set(gone.values()) == {starter}
    assert len(gone) == read_manifest(generation_folder(new_index, starter)).articles
    second, more = removed("a")
    assert more == {**gone, "b": first, "c": first}
    _, back = removed("c")
    assert back == {**gone, "b": first, "a": second}


def post(client: FlaskClient, value: Any) -> Any:
    return client.post("/v1/citations/verify", json=value)


@pytest.fixture
def answer(client: FlaskClient) -> Any:
    return get(client, "/v1/ask?question=Who+commanded+Ax-4%3F&top_k=5")


def test_an_answer_can_be_given_back_as_it_came(client: FlaskClient, answer: Any) -> None:
    citations = [passage["citation"] for passage in answer["passages"]]
    for value in (answer, [answer], citations, {"citations": citations}):
        response = post(client, value)
        assert response.status_code == 200
        found = json.loads(response.data)
        assert found["generation"] == answer["generation"]
        assert [result["status"] for result in found["results"]] == ["verified"] * 5
        assert [result["citation"] for result in found["results"]] == citations
    one = post(client, citations[2])
    assert json.loads(one.data)["results"][0]["citation"] == citations[2]


@pytest.mark.parametrize(
    ("change", "status", "detail"),
    [
        ({"quote": None}, 422, "citation 1: quote"),
        ({"quote": ""}, 422, "citation 1: quote"),
        ({"sha256": "ab"}, 422, "citation 1: sha256 is not 64"),
        ({"start": 900, "end": 10}, 422, "the end stands behind the start"),
        ({"published": "2026-02-30"}, 422, "citation 1: published"),
        ({"colour": "red"}, 422, "there is no field colour"),
    ],
)
def test_a_bad_citation_is_refused_with_what_is_wrong(
    client: FlaskClient, answer: Any, change: dict[str, Any], status: int, detail: str
) -> None:
    response = post(client, answer["passages"][0]["citation"] | change)
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert detail in json.loads(response.data)["detail"]


def test_too_much_is_refused(client: FlaskClient, answer: Any) -> None:
    citation = answer["passages"][0]["citation"]
    assert post(client, [citation] * (MAX_CITATIONS + 1)).status_code == 422
    too_large = client.post("/v1/citations/verify", data=b" " * 5_000_000, content_type="application/json")
    assert too_large.status_code == 413
    assert client.post("/v1/citations/verify", data=b"{", content_type="application/json").status_code == 400
    assert client.post("/v1/citations/verify", data=b"{}", content_type="text/plain").status_code == 415


def test_the_command_line_checks_a_file_and_standard_input(index: Path, alone: Path, answer: Any) -> None:
    def run(*arguments: str, given: str = "") -> tuple[int, str]:
        command = [*IBIDEM, "verify", "--index", str(index), *arguments]
        done = subprocess.run(command, cwd=alone, input=given, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout or done.stderr

    lines = "\n".join(json.dumps(passage["citation"]) for passage in answer["passages"])
    (alone / "citations.jsonl").write_text(lines)
    code, output = run("citations.jsonl")
    assert (code, output) == (0, f"5 citations in generation {answer['generation']}: 5 verified\n")
    tampered = json.dumps(answer["passages"][1]["citation"] | {"title": "Another"})
    code, output = run("-", given=f"{lines}\n{tampered}")
    assert code == 1
    assert output.startswith("6. changed ")
    code, output = run("--json", "-", given=tampered)
    assert (code, json.loads(output)["results"][0]["status"]) == (1, "changed")
    code, output = run("-", given="{}")
    assert (code, output.startswith("ibidem: citation 1: article_id is missing")) == (2, True)
    assert run("nowhere.json")[0] == 2


def test_ten_thousand_citations_are_checked_within_ten_seconds(tmp_path: Path) -> None:
    """Of processor time, so that what else the machine does is not counted."""
    dice = random.Random(1)
    vocabulary = [f"{dice.choice('bdfgklmnprst')}{dice.choice('aeiou')}{number}" for number in range(3000)]
    articles = [article(f"a{number}", " ".join(dice.choices(vocabulary, k=7000))) for number in range(20)]
    engine = publish(tmp_path, articles)
    entries = [Entry(**{field.name: getattr(text, field.name) for field in fields(Entry)}) for text in articles]
    cited = []
    for _ in range(10_000):
        number = dice.randrange(len(articles))
        start = dice.randrange(len(articles[number].text) - 700)
        excerpt = Excerpt(entries[number], articles[number].text, start, start + 700)
        cited.append(cite(excerpt, engine.manifest.generation))
    whole = TypeAdapter(list[Citation]).dump_python(cited, mode="json")
    kinds = ["verified"] * 8000 + ["moved"] * 1000 + ["changed"] * 800 + ["unknown"] * 200
    given = map(_tampered, whole, kinds)
    data = "\n".join(map(json.dumps, given)).encode()
    begun = time.process_time()
    checks = verify(engine, read_citations(data), History(tmp_path))
    assert time.process_time() - begun < 10
    statuses = Counter(check.status for check in checks.results)
    assert statuses == {"verified": 8000, "moved": 1000, "changed": 800, "unknown": 200}


def _tampered(citation: dict[str, Any], kind: str) -> dict[str, Any]:
    changes: dict[str, dict[str, Any]] = {
        "verified": {},
        "moved": {"start": citation["start"] + 9, "end": citation["end"] + 9},
        "changed": {"quote": citation["quote"][:300] + " quillwort" + citation["quote"][320:]},
        "unknown": {"article_id": "never/there", "sha256": "0" * 64},
    }
    return citation | changes[kind]
