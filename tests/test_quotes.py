"""Whether the archive has a quote: word for word, nearly, or not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from corpus.errors import InvalidQuote
from index.search import Engine, LocalEngine
from qa.checks import QuoteCheck
from qa.live import open_current
from qa.quotes import MAX_QUOTE, check_quotes
from tests.conftest import MakeIndex, get

ARTICLE = "2026/two-pakistani-astronauts-selected"
QUOTE = "The first Pakistani astronaut will fly to the Chinese space station in late 2026."


def check(engine: Engine, quote: str) -> QuoteCheck:
    (found,) = check_quotes(engine, [quote]).results
    assert found.quote == quote
    return found


def quoted(found: QuoteCheck) -> str:
    assert found.citation
    return found.citation.quote


@pytest.mark.parametrize("form", ["{}", "“{}”", '  "{}"\n', "»{}«", "‘{}’"])
def test_a_quote_that_is_there_word_for_word(engine: LocalEngine, form: str) -> None:
    found = check(engine, form.format(QUOTE))
    assert (found.status, found.words, found.also_in) == ("verified", (), ())
    assert found.citation
    assert (found.citation.article_id, quoted(found)) == (ARTICLE, QUOTE)
    text = engine.article(ARTICLE).text
    assert text[found.citation.start : found.citation.end] == QUOTE


@pytest.mark.parametrize(
    "quote",
    [
        "of the country’s human spaceflight".replace("of", "for"),
        "for the  country's\nhuman spaceflight",
        "ISLAMABAD – The choice has been made.",
        "for the country's human\N{SOFT HYPHEN} spaceflight",
    ],
)
def test_spaces_dashes_and_quotation_marks_may_be_written_otherwise(engine: LocalEngine, quote: str) -> None:
    found = check(engine, quote)
    assert found.status == "verified"
    assert "written otherwise" in found.explanation
    assert quoted(found) in engine.article(ARTICLE).text


@pytest.mark.parametrize("mark", ["…", "...", "[…]", " [...] ", "(…)", " . . . "])
def test_what_was_left_out_may_be_marked(engine: LocalEngine, mark: str) -> None:
    found = check(engine, f"The choice has been made. Two Pakistanis{mark}before the year is out.")
    assert found.status == "verified"
    assert "left out" in found.explanation
    assert re.fullmatch(r"The choice has been made\. Two Pakistanis .+ before the year is out\.", quoted(found))


def test_parts_in_another_order_are_not_verified(engine: LocalEngine) -> None:
    assert check(engine, "before the year is out … The choice has been made. Two Pakistanis").status != "verified"


def test_a_quote_that_was_changed_is_shown_beside_what_the_archive_has(engine: LocalEngine) -> None:
    found = check(engine, QUOTE.replace("late 2026", "early 2027"))
    assert found.status == "changed"
    assert "".join(word.text for word in found.words if word.operation != "insert") == QUOTE.replace(
        "late 2026", "early 2027"
    )
    assert "".join(word.text for word in found.words if word.operation != "delete") == quoted(found)
    assert {word.text.strip() for word in found.words if word.operation == "insert"} == {"late 2026"}


def test_a_quote_of_something_else_is_unknown(engine: LocalEngine) -> None:
    found = check(engine, "Knead the dough for ten minutes and let it rise overnight in a cool larder.")
    assert (found.status, found.citation) == ("unknown", None)


def test_every_sentence_of_the_archive_is_found(engine: LocalEngine) -> None:
    """A sentence of which there may be several is found in one of the articles that have it."""
    for entry in engine.catalogue():
        text = engine.article(entry.id).text
        sentences = [text[start:end] for start, end in engine.spans(entry.id).sentences if end - start > 40]
        for sentence, found in zip(sentences, check_quotes(engine, sentences[:100]).results, strict=False):
            assert found.status == "verified", sentence
            assert found.citation
            assert entry.id in {found.citation.article_id, *(one.article_id for one in found.also_in)}


def test_all_articles_that_have_it_are_named(make_index: MakeIndex) -> None:
    sentence = "The lamp of the old lighthouse was lit by hand until the summer of 1931."
    files = {
        "a": sentence,
        "b": f"It is told that {sentence[0].lower()}{sentence[1:]}",
        "c": f"Before. {sentence} Behind.",
    }
    index = make_index({f"{name}.md": f"# {name}\n\n{text}" for name, text in files.items()})
    found = check(open_current(index), sentence)
    assert found.citation
    assert {found.citation.article_id, *(one.article_id for one in found.also_in)} == {"a", "c"}


@pytest.mark.parametrize("quote", ["", "  ", "“”", "a\0b", "\ud800", "x" * (MAX_QUOTE + 1)])
def test_what_is_no_quote_is_refused(engine: LocalEngine, quote: str) -> None:
    with pytest.raises(InvalidQuote, match="quote 2"):
        check_quotes(engine, ["fine", quote])


def test_none_and_too_many_are_refused(engine: LocalEngine) -> None:
    for quotes in ([], ["a"] * 101):
        with pytest.raises(InvalidQuote, match="1 to 100"):
            check_quotes(engine, quotes)


def test_a_very_long_quote_is_found(engine: LocalEngine) -> None:
    text = engine.article("2025/guest-flights-a-short-history").text
    found = check(engine, text[:4000])
    assert (found.status, quoted(found)) == ("verified", text[:4000].strip())


def test_over_http(client: FlaskClient, engine: LocalEngine) -> None:
    response = client.post("/v1/quotes/verify", json={"quotes": [QUOTE, "Nothing of the kind was said by anyone."]})
    assert response.json
    assert response.json["generation"] == engine.manifest.generation
    assert [one["status"] for one in response.json["results"]] == ["verified", "unknown"]
    citation = response.json["results"][0]["citation"]
    assert get(client, f"/v1/articles/{ARTICLE}")["text"][citation["start"] : citation["end"]] == QUOTE
    bodies: list[dict[str, Any]] = [
        {},
        {"quotes": []},
        {"quotes": [""]},
        {"quotes": "x"},
        {"quotes": ["x"], "more": 1},
        {"quotes": ["\0"]},
    ]
    for body in bodies:
        assert client.post("/v1/quotes/verify", json=body).status_code == 422
