"""The two scraped articles beside the repository: ten questions, each answered in the first two passages."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from index import model
from index.build import build
from qa.app import create_app
from qa.live import Live
from tests.conftest import ROOT, no_progress

SEEDS = ROOT.parent / "shared" / "seeds"

pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason="the scraped articles are not part of the repository")

# Each question with words of the passage that answers it.
QUESTIONS = [
    ("In which city did China and Pakistan sign their astronaut accord, and on what day?", "February 28, 2025"),
    ("Which of its own laws keeps Washington from working with Beijing in space?", "Wolf Amendment"),
    ("How many hours has the Indian pilot of the fourth Axiom flight logged?", "2,000"),
    ("Who is in command of the flight that takes Indians, Poles and Hungarians to the ISS?", "Peggy Whitson"),
    ("What rockets might Axiom use in future to bring goods and people up?", "Indian launch vehicles"),
    ("Which country will still have a crewed station when the ISS is gone?", "sole operational laboratory"),
    ("When does the first Pakistani go up to the station?", "late 2026"),
    ("In what place were the candidates' health and minds examined?", "Astronaut Centre of China"),
    ("What should Islamabad do to get the most out of its spaceflight?", "increasing funding"),
    ("Who wrote a book about Chinese soft power in the United States?", "Zubair"),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    index: Path = tmp_path_factory.mktemp("seeds")
    report = build([SEEDS], index, model.PACKAGED_MODEL, no_progress)
    assert (report.articles, report.rejected) == (2, ())
    return create_app(Live(index)).test_client()


@pytest.mark.parametrize(("question", "words"), QUESTIONS)
def test_a_question_is_answered_in_the_first_two_passages(client: FlaskClient, question: str, words: str) -> None:
    answer = client.post("/v1/ask", json={"question": question, "top_k": 2}).get_json()
    assert words in " ".join(passage["text"] for passage in answer["passages"])


@pytest.mark.parametrize("question", [question for question, _ in QUESTIONS])
def test_every_citation_is_the_slice_of_its_article(client: FlaskClient, question: str) -> None:
    for passage in client.post("/v1/ask", json={"question": question}).get_json()["passages"]:
        citation = passage["citation"]
        article = client.get(f"/v1/articles/{citation['article_id']}").get_json()
        start, end = citation["start"], citation["end"]
        assert article["text"][start:end] == citation["quote"] == passage["text"]
        assert article["text"][max(0, start - 32) : start] == citation["prefix"]
        assert article["text"][end : end + 32] == citation["suffix"]
        assert article["sha256"] == citation["sha256"]


def test_the_titles_are_said_to_be_inferred(client: FlaskClient) -> None:
    assert [article["title_inferred"] for article in client.get("/v1/articles").get_json()["articles"]] == [True, True]
