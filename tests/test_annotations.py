"""Annotations keep the rules of the Web Annotation Data Model, and lead to the quote."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from corpus.article import Entry
from index.store import Excerpt
from qa.annotations import annotation
from qa.answers import Citation
from qa.citations import cite
from qa.styles import cited

TEXT = "It is dusk. \N{ROCKET}\N{ROCKET} The capsule landed near Łódź, and e\u0301tranges voyageurs waved. It is night."
QUOTE = "The capsule landed near Łódź"
BASE = "https://archive.example.org"


def made(**known: Any) -> Citation:
    entry = Entry(id="2025/capsule räume", title="T", title_inferred=False, sha256="ab" * 32, **known)
    start = TEXT.index(QUOTE)
    return cite(Excerpt(entry, TEXT, start, start + len(QUOTE)), "generation")


WEB = made(url="https://example.org/a?b=c", retrieved="2025-02", language="en")
FILE = made()


def targets(annotation: dict[str, Any]) -> list[dict[str, Any]]:
    target = annotation["target"]
    return target if isinstance(target, list) else [target]


@pytest.mark.parametrize("citation", [WEB, FILE], ids=["web", "file"])
def test_it_has_all_that_an_annotation_must_have(citation: Citation) -> None:
    found = annotation(citation, BASE)
    assert found.keys() == {"@context", "id", "type", "motivation", "target"}
    assert found["@context"] == "http://www.w3.org/ns/anno.jsonld"
    assert found["type"] == "Annotation"
    assert found["motivation"] == "highlighting"  # one of the Recommendation's, for annotations without a body
    assert UUID(found["id"]).urn == found["id"]
    for target in targets(found):
        assert target["type"] == "SpecificResource"
        assert urlsplit(target["source"]).scheme == "https"
        assert target["source"].isascii()


def test_the_copy_is_found_by_place_and_by_words() -> None:
    target = annotation(FILE, f"{BASE}/")["target"]
    assert target["source"] == f"{BASE}/articles/2025/capsule%20r%C3%A4ume?sha256={'ab' * 32}"
    assert target["state"] == {"type": "HttpRequestState", "value": "Accept: text/plain"}
    words, place = target["selector"]
    assert place.pop("type") == "TextPositionSelector"
    assert place.keys() == {"start", "end"}
    assert TEXT[place["start"] : place["end"]] == QUOTE  # code points, as the Recommendation has it
    assert words.pop("type") == "TextQuoteSelector"
    assert words == {"exact": QUOTE, "prefix": TEXT[: place["start"]][-32:], "suffix": TEXT[place["end"] :][:32]}


def test_the_page_is_found_by_words_alone_as_it_was_then() -> None:
    copy, page = annotation(WEB, BASE)["target"]
    assert page["source"] == "https://example.org/a?b=c"
    assert page["selector"] == copy["selector"][0]
    assert page["state"] == {
        "type": "TimeState", "sourceDateStart": "2025-02-01T00:00:00Z", "sourceDateEnd": "2025-02-28T23:59:59Z",
        "cached": copy["source"],
    }  # fmt: skip
    for name in ("sourceDateStart", "sourceDateEnd"):
        assert datetime.fromisoformat(page["state"][name]).utcoffset() is not None


def test_without_a_date_of_retrieval_no_time_is_stated() -> None:
    _, page = annotation(replace(WEB, retrieved=None), BASE)["target"]
    assert page.keys() == {"type", "source", "selector"}


def test_the_same_quote_is_the_same_annotation_wherever_it_is_asked_for() -> None:
    ids = {annotation(citation, base)["id"] for citation in (WEB, FILE) for base in ("", BASE)}
    assert len(ids) == 1
    assert annotation(replace(WEB, link=WEB.link.replace("start=", "start=1")))["id"] not in ids


def test_without_an_address_of_the_service_the_copy_is_named_relative_to_it() -> None:
    assert annotation(FILE)["target"]["source"].startswith("/articles/2025/capsule%20r")


def test_it_is_a_style() -> None:
    assert json.loads(cited(WEB, "json-ld", BASE)) == annotation(WEB, BASE)
