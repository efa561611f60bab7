"""What may be given to be checked, in every form in which it comes, and what is refused with which words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corpus.errors import InvalidCitation, NotJson
from qa.given import Given, read_citations

LEAST: dict[str, Any] = {"article_id": "a/b", "start": 7, "end": 19, "quote": "twelve chars", "sha256": "0f" * 32}
WHOLE: dict[str, Any] = {
    **LEAST,
    "title": "",
    "title_inferred": True,
    "authors": ["Ada", ""],
    "publisher": None,
    "url": "https://example.org/",
    "published": "2025-02",
    "updated": "2025",
    "retrieved": "2024-02-29",
    "provenance": {
        "published": {"origin": "front matter", "precision": "month"},
        "title": {"origin": "heading", "precision": None},
    },
    "language": None,
    "page": "14–15",
    "prefix": "",
    "suffix": "\N{ROCKET}",
    "generation": "20260131T120000Z-012345",
    "link": "/articles/a/b",
    "source_link": None,
}
ANSWER = {"question": "Who?", "passages": [{"rank": 1, "citation": LEAST}, {"rank": 2, "citation": WHOLE}]}


def read(value: Any) -> list[Given]:
    return read_citations(json.dumps(value).encode())


FORMS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "one": (json.dumps(LEAST), [LEAST]),
    "one over several lines": (json.dumps(WHOLE, indent=2), [WHOLE]),
    "a list": (json.dumps([LEAST, WHOLE]), [LEAST, WHOLE]),
    "named": (json.dumps({"citations": [WHOLE, LEAST]}), [WHOLE, LEAST]),
    "one named": (json.dumps({"citations": LEAST}), [LEAST]),
    "an answer": (json.dumps(ANSWER), [LEAST, WHOLE]),
    "answers": (json.dumps([ANSWER, {"passages": []}, LEAST]), [LEAST, WHOLE, LEAST]),
    "named answers": (json.dumps({"citations": [ANSWER]}), [LEAST, WHOLE]),
    "lines": (f"{json.dumps(LEAST)}\n{json.dumps(WHOLE)}\n", [LEAST, WHOLE]),
    "lines with gaps": (f"\n {json.dumps(LEAST)}\r\n\n\t{json.dumps(WHOLE)} ", [LEAST, WHOLE]),
    "lines of all kinds": (
        "\n".join(map(json.dumps, (ANSWER, [WHOLE], {"citations": []}, LEAST))),
        [LEAST, WHOLE, WHOLE, LEAST],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=FORMS)
def test_every_form_is_read_in_its_order(text: str, expected: list[dict[str, Any]]) -> None:
    assert [given.model_dump(exclude_unset=True) for given in read_citations(text.encode())] == expected


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in LEAST.items() if key != name}


BAD: dict[str, tuple[Any, str]] = {
    **{f"no {name}": (without(name), f"citation 1: {name} is missing, and is needed") for name in LEAST},
    "nothing": ({}, "citation 1: article_id is missing"),
    "no citations": ([], "there is no citation to check"),
    "an empty answer": ({"passages": []}, "there is no citation to check"),
    "number": (5, "citation 1: it is not an object"),
    "null": (None, "citation 1: it is not an object"),
    "text in a list": ([LEAST, "x"], "citation 2: it is not an object"),
    "a list in a list": ([[LEAST]], "citation 1: it is not an object"),
    "a passage without one": ({"passages": [{"rank": 1}]}, "citation 1: it is not an object"),
    "a passage that is none": ({"passages": [7]}, "citation 1: it is not an object"),
    "the second of three": ([LEAST, {**LEAST, "quote": ""}, LEAST], "citation 2: quote: "),
    "unknown field": ({**LEAST, "artikel": 1}, "citation 1: there is no field artikel; there are article_id, "),
    "unknown beside": ({"citations": [LEAST], "top_k": 5}, "top_k: there is no such field beside citations"),
    "empty quote": ({**LEAST, "quote": ""}, "quote: String should have at least 1 character"),
    "null quote": ({**LEAST, "quote": None}, "quote: Input should be a valid string"),
    "short hash": ({**LEAST, "sha256": "0f" * 31}, "sha256 is not 64 hexadecimal digits in lower case"),
    "long hash": ({**LEAST, "sha256": "0f" * 33}, "sha256 is not 64"),
    "capital hash": ({**LEAST, "sha256": "0F" * 32}, "sha256 is not 64"),
    "hash and line": ({**LEAST, "sha256": "0f" * 32 + "\n"}, "sha256 is not 64"),
    "hash of other digits": ({**LEAST, "sha256": "\u0661" * 64}, "sha256 is not 64"),
    "start after end": ({**LEAST, "start": 19, "end": 7}, "end is 7 and start 19: the end stands behind the start"),
    "start at end": ({**LEAST, "start": 7, "end": 7}, "the end stands behind the start"),
    "negative start": ({**LEAST, "start": -1}, "start: Input should be greater than or equal to 0"),
    "start true": ({**LEAST, "start": True}, "start: Input should be a valid integer"),
    "start in digits": ({**LEAST, "start": "7"}, "start: Input should be a valid integer"),
    "start 7.5": ({**LEAST, "start": 7.5}, "start: Input should be a valid integer"),
    "end 10^30": ({**LEAST, "end": 10**30}, "end: Input should be less than or equal to 9007199254740991"),
    "no such day": ({**LEAST, "published": "2026-02-30"}, "published: "),
    "no such month": ({**LEAST, "updated": "2026-13"}, "updated: "),
    "a time": ({**LEAST, "retrieved": "2026-02-03T10:00:00"}, "retrieved: a date is written 2025, 2025-03 or"),
    "date in words": ({**LEAST, "published": "yesterday"}, "published: "),
    "date as number": ({**LEAST, "published": 2026}, "published: Input should be a valid string"),
    "author as text": ({**LEAST, "authors": "Ada"}, "authors: Input should be a valid list"),
    "author null": ({**LEAST, "authors": [None]}, "authors.0: Input should be a valid string"),
    "title null": ({**LEAST, "title": None}, "title: Input should be a valid string"),
    "flag as number": ({**LEAST, "title_inferred": 1}, "title_inferred: Input should be a valid boolean"),
}  # fmt: skip


def test_a_whole_number_is_one_however_json_writes_it() -> None:
    (found,) = read({**LEAST, "start": 7.0, "end": 19.0})
    assert (found.start, type(found.start), found.end) == (7, int, 19)


@pytest.mark.parametrize(("value", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_checked_is_refused_with_its_place(value: Any, message: str) -> None:
    with pytest.raises(InvalidCitation) as caught:
        read(value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


NOT_JSON: dict[str, tuple[bytes, str]] = {
    "a bracket": (b"[", "line 1 of the citations is not JSON"),
    "nothing": (b"", "there is nothing at all"),
    "blank": (b" \n\t", "there is nothing at all"),
    "words": (b"Who?", "line 1 of the citations is not JSON"),
    "the second line": (json.dumps(LEAST).encode() + b"\n\n{'a': 1}", "line 3 of the citations is not JSON"),
    "cut off": (json.dumps(LEAST).encode()[:-1], "not JSON"),
    "more behind": (b'{"a": 1} and more', "not JSON"),
    "not UTF-8": (b'{"quote": "\xff"}', "not JSON in UTF-8"),
    "UTF-16": (json.dumps(LEAST).encode("utf-16"), "not JSON in UTF-8"),
    "NaN": (b'{"start": NaN}', "NaN is no value"),
    "the same name twice": (b'{"quote": "a", "quote": "b"}', "the same name twice"),
    "too deep": (b"[" * 100_000, "nested too deep"),
    "lone surrogate": (rb'{"quote": "a\ud800b"}', "broken characters"),
    "lone surrogate in a name": (rb'{"\udc00": 1}', "broken characters"),
    "digits without end": (b'{"start": 1' + b"0" * 5000 + b"}", "not JSON"),
}


@pytest.mark.parametrize(("data", "message"), NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_is_said_to_be_so(data: bytes, message: str) -> None:
    with pytest.raises(NotJson) as caught:
        read_citations(data)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_surrogate_pair_is_one_character() -> None:
    (given,) = read_citations(
        rb'{"article_id": "a", "start": 0, "end": 1, "quote": "\ud83d\ude80", "sha256": "%b"}' % (b"0" * 64)
    )
    assert given.quote == "\N{ROCKET}"


def test_as_many_are_read_as_may_be() -> None:
    data = json.dumps([LEAST] * 4).encode()
    assert len(read_citations(data, 4)) == 4
    with pytest.raises(InvalidCitation, match="there are 4 citations, and at most 3 are checked at a time"):
        read_citations(data, 3)
