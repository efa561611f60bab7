"""Citing a place, in the text of now or in an earlier one."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from corpus.errors import InvalidPlace, UnknownArticle
from index.history import History
from index.search import LocalEngine
from qa.answering import Query, answer
from qa.kept import MAX_CITED, cite_place
from qa.live import Live, open_current
from qa.styles import STYLES, cited
from tests.conftest import MakeIndex, get
from tests.test_permalinks import TEXT, rebuilt

ARTICLE = "2026/two-pakistani-astronauts-selected"


def test_the_citation_of_a_passage_is_that_of_the_answer(engine: LocalEngine, live: Live) -> None:
    for passage in answer(engine, Query("Who was selected?", top_k=10)).passages:
        given = passage.citation
        found = cite_place(engine, History(live.index), given.article_id, given.start, given.end, given.sha256)
        assert found == given


def test_a_place_in_an_earlier_text_is_cited_from_the_generation_that_has_it(make_index: MakeIndex) -> None:
    edited = rebuilt(make_index, TEXT.replace("1931", "1932"))
    engine, history = open_current(edited.index), History(edited.index)
    given = edited.citation
    found = cite_place(engine, history, given.article_id, given.start, given.end, given.sha256)
    assert (found.quote, found.generation) == (given.quote, edited.generation)
    assert "1932" in cite_place(engine, history, given.article_id, given.start, given.end, None).quote


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 5), (9, 3), (0, 10**9), (10**9, 10**9 + 1)])
def test_what_is_no_place_is_refused(engine: LocalEngine, live: Live, start: int, end: int) -> None:
    with pytest.raises(InvalidPlace):
        cite_place(engine, History(live.index), ARTICLE, start, end, None)


def test_too_much_is_not_cited_at_a_time(make_index: MakeIndex) -> None:
    index = make_index({"long.md": "# Long\n\n" + "A word. " * MAX_CITED})
    with pytest.raises(InvalidPlace, match="too many to cite"):
        cite_place(open_current(index), History(index), "long", 0, MAX_CITED + 1, None)


def test_a_text_that_is_not_kept_is_not_cited(engine: LocalEngine, live: Live) -> None:
    for article_id, sha256 in ((ARTICLE, "0" * 64), ("nope", None), ("nope", "0" * 64)):
        with pytest.raises(UnknownArticle):
            cite_place(engine, History(live.index), article_id, 0, 5, sha256)


@pytest.mark.parametrize("style", STYLES)
def test_over_http_in_every_style(client: FlaskClient, engine: LocalEngine, live: Live, style: str) -> None:
    place = {"article_id": ARTICLE, "start": 12, "end": 37}
    found = get(client, f"/v1/citations?{urlencode({**place, 'cite': style})}")
    expected = cite_place(engine, History(live.index), ARTICLE, 12, 37, None)
    assert found["citation"]["quote"] == expected.quote
    assert found["cited"] == cited(expected, style, "http://localhost/")  # type: ignore[arg-type]
    page = client.get(f"/cite?{urlencode({**place, 'cite': style})}").text
    assert 'class="good">Verified' in page


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 422), ("article_id=x&start=0&end=1", 404), (f"article_id={ARTICLE}&start=9&end=3", 422),
     (f"article_id={ARTICLE}&start=a&end=3", 422), (f"article_id={ARTICLE}&start=0&end=5&sha256=x", 422),
     (f"article_id={ARTICLE}&start=0&end=5&cite=scroll", 422), (f"article_id={ARTICLE}&start=0&end=5&more=1", 422),
     (f"article_id={ARTICLE}&start=0&end={'9' * 400}", 422)],
)  # fmt: skip
def test_a_wrong_request_is_a_problem(client: FlaskClient, query: str, status: int) -> None:
    for path in ("/v1/citations", "/cite"):
        assert client.get(f"{path}?{query}").status_code == status
