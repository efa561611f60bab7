"""A citation that was tampered with is never verified, and one that was not always is."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from corpus.errors import UnknownArticle
from index.history import History
from index.search import LocalEngine
from index.store import Excerpt
from qa.answers import Citation
from qa.checks import Check
from qa.citations import cite
from qa.given import Given
from qa.verification import verify

Values = dict[str, Any]

EXAMPLES = 4000

LOOKALIKES = str.maketrans("aceiopsxyABCEHKMOPTX", "асеіорѕхуАВСЕНКМОРТХ")
"""Latin letters, and Cyrillic ones that look the same."""

NAMES = ["Ada Writer", "Ibidem Wire desk", "سعدیہ خان", "Jørgen Ødegård", "J. Smith Jr."]
INSERTED = ["\u200b", "\u00ad", "\u2060", "\ufeff", "\u00a0", " ", "\n", "e\u0301", "\N{ROCKET}", "no", "x", "0"]


@pytest.fixture(scope="module")
def citations(engine: LocalEngine) -> list[Values]:
    """The citation of every passage of the starter archive, as answers have it."""
    generation = engine.manifest.generation
    found = []
    for entry in engine.catalogue():
        text = engine.article(entry.id).text
        found += [cite(Excerpt(entry, text, *span), generation) for span in engine.spans(entry.id).passages]
    values: list[Values] = TypeAdapter(list[Citation]).dump_python(found, mode="json")
    return values


@pytest.fixture(scope="module")
def history(index: Path) -> History:
    return History(index)


def checked(engine: LocalEngine, history: History, *citations: Values) -> list[Check]:
    return [*verify(engine, [Given.model_validate(citation) for citation in citations], history).results]


def test_every_citation_of_the_archive_is_verified(
    engine: LocalEngine, history: History, citations: list[Values]
) -> None:
    assert len(citations) > 80
    results = checked(engine, history, *citations)
    assert Counter(check.status for check in results) == {"verified": len(citations)}


def swap_words(text: str, dice: Random) -> str:
    words = text.split(" ")
    first, second = dice.choices(range(len(words)), k=2)
    words[first], words[second] = words[second], words[first]
    return " ".join(words)


def drop_word(text: str, dice: Random) -> str:
    words = text.split(" ")
    del words[dice.randrange(len(words))]
    return " ".join(words)


def change_word(text: str, dice: Random) -> str:
    words = text.split(" ")
    words[dice.randrange(len(words))] = dice.choice(["not", "never", "war", "2027", "Lahore", ""])
    return " ".join(words)


def change_digit(text: str, dice: Random) -> str:
    place = dice.choice([place for place, character in enumerate(text) if character.isdecimal()] or [len(text)])
    return text[:place] + dice.choice("0123456789٣") + text[place + 1 :]


def change_character(text: str, dice: Random) -> str:
    place = dice.randrange(len(text) + 1)
    return text[:place] + chr(dice.choice([dice.randrange(128), dice.randrange(0xD800)])) + text[place + 1 :]


def insert(text: str, dice: Random) -> str:
    place = dice.randrange(len(text) + 1)
    return text[:place] + dice.choice(INSERTED) + text[place:]


def change_case(text: str, dice: Random) -> str:
    place = dice.randrange(len(text) + 1)
    return text[:place] + text[place : place + 5].swapcase() + text[place + 5 :]


def look_alike(text: str, dice: Random) -> str:
    place = dice.randrange(len(text) + 1)
    return text[:place] + text[place : place + 9].translate(LOOKALIKES) + text[place + 9 :]


def cut(text: str, dice: Random) -> str:
    start, end = dice.choices(range(4), k=2)
    return text[start : max(len(text) - end, start)]


def change_form(text: str, dice: Random) -> str:
    return dice.choice([normalize("NFD", text), normalize("NFKC", text), normalize("NFKD", text)])


def change_marks(text: str, dice: Random) -> str:
    old, new = dice.choice([(".", "!"), (",", ""), ("-", "–"), ("'", "’"), ('"', "”"), (" ", "\u2009")])
    return text.replace(old, new, 1)


EDITS = [
    *(swap_words, drop_word, change_word, change_digit, change_character, insert, change_case, look_alike, cut),
    *(change_form, change_marks),
]
TEXTS = [
    "quote",
    "quote",
    "quote",
    "prefix",
    "suffix",
    "title",
    "publisher",
    "url",
    "language",
    "page",
    "link",
    "source_link",
]
DATES = ["published", "updated", "retrieved"]
OPTIONAL = [name for name, field in Given.model_fields.items() if not field.is_required()]
METADATA = [
    *("article_id", "title", "title_inferred", "authors", "publisher", "url", "published", "updated", "retrieved"),
    *("provenance", "language", "page", "generation"),
]
TAKEN = [("sha256",), ("article_id",), ("start", "end"), ("quote",), ("prefix",), ("suffix",), ("title",), ("link",)]


def tamper_text(citation: Values, dice: Random, others: list[Values]) -> None:
    field = dice.choice(TEXTS)
    citation[field] = dice.choice(EDITS)(citation[field] or "", dice)


def tamper_authors(citation: Values, dice: Random, others: list[Values]) -> None:
    names = [*citation["authors"], dice.choice(NAMES)]
    citation["authors"] = dice.sample(names, dice.randrange(len(names) + 1))


def tamper_date(citation: Values, dice: Random, others: list[Values]) -> None:
    field = dice.choice(DATES)
    day = f"20{dice.randrange(20, 30)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
    citation[field] = dice.choice([None, day, day[:7], day[:4], (citation[field] or day)[:7]])


def tamper_provenance(citation: Values, dice: Random, others: list[Values]) -> None:
    origin = dice.choice(["front matter", "page", "file", "inferred"])
    changed = {dice.choice(DATES): {"origin": origin, "precision": "year"}}
    citation["provenance"] = dice.choice([{}, changed, {**citation["provenance"], **changed}])


def shift(citation: Values, dice: Random, others: list[Values]) -> None:
    by = dice.choice([dice.randrange(-3, 4), dice.randrange(-2000, 2000)])
    start, end = dice.choice([(by, 0), (0, by), (by, by)])
    citation["start"] = max(citation["start"] + start, 0)
    citation["end"] = max(citation["end"] + end, citation["start"] + 1)


def take_from_another(citation: Values, dice: Random, others: list[Values]) -> None:
    """One or two fields of another citation."""
    other = dice.choice(others)
    for name in chain(*dice.sample(TAKEN, dice.randint(1, 2))):
        citation[name] = other[name]
    citation["end"] = max(citation["end"], citation["start"] + 1)


def tamper_hash(citation: Values, dice: Random, others: list[Values]) -> None:
    place = dice.randrange(64)
    citation["sha256"] = citation["sha256"][:place] + dice.choice("0123456789abcdef") + citation["sha256"][place + 1 :]


def tamper_id(citation: Values, dice: Random, others: list[Values]) -> None:
    citation["article_id"] = dice.choice(EDITS)(citation["article_id"], dice)


WAYS = [
    *(tamper_text, tamper_text, tamper_text, tamper_authors, tamper_date, tamper_provenance, shift),
    *(take_from_another, tamper_hash, tamper_id),
]


def is_true(citation: Values, engine: LocalEngine, citations: list[Values]) -> bool:
    """Whether a citation is true all the same: what was drawn may have stood there before, or what makes it wrong was
    left out, or the quote was cut and its end shifted by as much."""
    try:
        text = engine.article(citation["article_id"]).text
    except UnknownArticle:
        return False
    start, end = citation["start"], citation["end"]
    around = {"quote": text[start:end], "prefix": text[max(start - 32, 0) : start], "suffix": text[end : end + 32]}
    span = {"start": start, "end": end, "sha256": sha256(text.encode()).hexdigest()}
    same_article = [whole for whole in citations if whole["article_id"] == citation["article_id"]]
    same_place = [whole for whole in same_article if (whole["start"], whole["end"]) == (start, end)]
    # Whoever gives another place than a passage's can give no link to it, but may say that there is none.
    elsewhere = {name: same_article[0][name] for name in METADATA} | {"source_link": same_article[0]["url"]}
    known = (same_place or [elsewhere])[0] | around | span
    return end <= len(text) and known | citation == known


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.randoms(use_true_random=True))
def test_a_tampered_citation_is_never_verified(
    engine: LocalEngine, history: History, citations: list[Values], dice: Random
) -> None:
    citation = dict(dice.choice(citations))
    for way in dice.choices(WAYS, k=dice.randint(1, 2)):
        way(citation, dice, citations)
    assume(citation["quote"])
    for name in dice.choice([[], [], dice.sample(OPTIONAL, 3), OPTIONAL]):
        del citation[name]
    (check,) = checked(engine, history, citation)
    assert (check.status == "verified") == is_true(citation, engine, citations), (check, citation)
    if check.citation and check.status != "verified":
        assert check.differences or check.words
        found = engine.article(check.citation.article_id).text[check.citation.start : check.citation.end]
        assert found == check.citation.quote
        assert (found == citation["quote"]) == (not check.words)
