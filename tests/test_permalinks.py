"""A citation's link opens the very text that was cited, whatever became of the article."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from index.build import build
from index.generation import current_generation, generation_folder
from index.model import PACKAGED_MODEL
from qa.answering import Query, answer
from qa.answers import Citation
from qa.app import create_app
from qa.live import Live, open_current
from tests.conftest import MakeIndex, no_progress

TEXT = "The bell on the pier rang for the last time in 1931, when the new horn was installed."


@dataclass(frozen=True)
class Cited:
    """A citation that was taken before its article was edited, with the generation that has the cited text."""

    citation: Citation
    generation: str
    index: Path
    client: FlaskClient


def rebuilt(make_index: MakeIndex, change: str | None) -> Cited:
    """What is cited, after the article was changed, or removed."""
    index = make_index({"bell.md": f"# The bell\n\n{TEXT}", "other.md": "# Nets\n\nNets dry on the wall."})
    citation = answer(open_current(index), Query("When did the bell ring for the last time?")).passages[0].citation
    before = current_generation(index)
    path = index.parent / "articles" / "bell.md"
    if change is None:
        path.unlink()
    else:
        path.write_text(f"# The bell\n\n{change}", encoding="utf-8")
    build([index.parent / "articles"], index, PACKAGED_MODEL, no_progress)
    return Cited(citation, before, index, create_app(Live(index)).test_client())


@pytest.fixture
def edited(make_index: MakeIndex) -> Cited:
    return rebuilt(make_index, TEXT.replace("1931", "1932"))


def plain(cited: Cited) -> tuple[int, str]:
    response = cited.client.get(cited.citation.link, headers={"Accept": "text/plain"})
    assert "Accept" in response.vary or response.status_code == 404
    return response.status_code, response.text


def test_a_text_that_is_there_still_is_shown_with_the_passage_marked(make_index: MakeIndex) -> None:
    index = make_index({"bell.md": f"# The bell\n\n{TEXT}"})
    citation = answer(open_current(index), Query("When did the bell ring?", narrow=True)).passages[0].citation
    client = create_app(Live(index)).test_client()
    page = client.get(citation.link)
    assert f'<mark id="passage">{citation.quote}</mark>' in page.text
    assert 'class="verdict' not in page.text
    assert "Accept" in page.vary


def test_an_edited_article_is_shown_as_it_was_cited(edited: Cited) -> None:
    page = edited.client.get(edited.citation.link).text
    assert "an earlier text, as it was cited" in page
    assert edited.generation in page
    assert "1931" in page
    assert "1932" not in page
    assert "1932" in edited.client.get("/articles/bell").text


@pytest.mark.parametrize("change", [TEXT.replace("1931", "1932"), None])
def test_the_plain_text_has_the_cited_hash_and_the_quote_at_its_place(
    make_index: MakeIndex, change: str | None
) -> None:
    cited = rebuilt(make_index, change)
    status, text = plain(cited)
    assert status == 200
    assert hashlib.sha256(text.encode()).hexdigest() == cited.citation.sha256
    assert text[cited.citation.start : cited.citation.end] == cited.citation.quote


def test_a_text_that_is_not_kept_is_not_passed_off_as_the_cited_one(edited: Cited) -> None:
    shutil.rmtree(generation_folder(edited.index, edited.generation))
    page = edited.client.get(edited.citation.link).text
    assert "This is not the text that was cited" in page
    assert "1932" in page
    assert "<mark" not in page
    assert plain(edited)[0] == 404


def test_an_article_that_is_gone_with_its_generation_is_not_found(make_index: MakeIndex) -> None:
    cited = rebuilt(make_index, None)
    assert cited.client.get(cited.citation.link).status_code == 200
    shutil.rmtree(generation_folder(cited.index, cited.generation))
    assert cited.client.get(cited.citation.link).status_code == 404
    assert cited.client.get("/articles/bell").status_code == 404
