"""Front matter: what is read, and what is refused."""

from __future__ import annotations

import time

import pytest

from corpus.errors import UnreadableArticle
from corpus.front_matter import MAX_FRONT_MATTER, split
from corpus.statements import Value


def metadata(*lines: str) -> dict[str, Value]:
    said, _ = split("\n".join(["---", *lines, "---", "", "Body."]))
    assert {statement.origin for statement in said.values()} <= {"front matter"}
    return {name: statement.value for name, statement in said.items()}


def test_every_key_is_read() -> None:
    assert metadata(
        "title: 'A title:  with a colon'",
        "authors: [Ada Writer, Ben Author]",
        "publisher: The Paper",
        "published: 2025-03-04",
        "updated: 2025-04",
        "retrieved: 2026",
        "tags: [Space, 'law,  and order']",
        "url: https://example.org/a?b=c#d",
        "sources:",
        "  - A press release",
        "  - An interview",
        "language: en",
        "licence: CC-BY-4.0",
        "mood: sunny",
    ) == {
        "title": "A title: with a colon",
        "authors": ("Ada Writer", "Ben Author"),
        "publisher": "The Paper",
        "url": "https://example.org/a?b=c#d",
        "published": "2025-03-04",
        "updated": "2025-04",
        "retrieved": "2026",
        "tags": ("Space", "law, and order"),
        "language": "en",
        "licence": "CC-BY-4.0",
        "sources": ("A press release", "An interview"),
    }


def test_other_names_of_the_keys() -> None:
    found = metadata("Title: T", "author: Ada Writer", "date: 2025-03-04", "license: MIT", "source: A letter")
    assert (found.get("title"), found.get("authors"), found.get("published")) == ("T", ("Ada Writer",), "2025-03-04")
    assert (found.get("licence"), found.get("sources")) == ("MIT", ("A letter",))
    assert metadata("author: Other", "authors: Ada")["authors"] == ("Ada",)
    found = metadata("modified: 2025-03-05", "accessed: 2026-01-31", "keywords: [a, b]")
    assert (found.get("updated"), found.get("retrieved"), found.get("tags")) == ("2025-03-05", "2026-01-31", ("a", "b"))
    assert metadata("lastmod: 2025-03-06T10:00:00Z")["updated"] == "2025-03-06"


def test_plain_values_are_the_text_that_was_written() -> None:
    found = metadata("title: 1984", "language: no", "publisher: 007")
    assert (found.get("title"), found.get("language"), found.get("publisher")) == ("1984", "no", "007")


def test_what_is_not_given_is_none() -> None:
    assert (
        metadata("title:", "publisher: null", "url: ~", "authors: []", "sources: ['']", "date:", "language: ''") == {}
    )
    assert metadata() == {}


def test_values_are_one_canonical_line() -> None:
    assert metadata("title: |", "  Two", "  lines")["title"] == "Two lines"
    assert metadata('publisher: "\\ud83d\\ude80 \\0\\u202eNews"')["publisher"] == "🚀 News"


@pytest.mark.parametrize(
    "value",
    [
        "2025-03-04",
        "'2025-03-04'",
        "20250304",
        "2025-03-04T23:30:00Z",
        "2025-03-04 23:30:00 +0500",
        "2025-03-04 00:10:00.5-05:00",
        "2025-03-04 23:30",
    ],
)
def test_dates(value: str) -> None:
    assert metadata(f"published: {value}")["published"] == "2025-03-04"


@pytest.mark.parametrize("key", ["published", "updated", "retrieved"])
@pytest.mark.parametrize("value", ["2025-03-04", "2025-03", "2025", "'2025'"])
def test_a_date_is_no_more_exact_than_it_is_written(key: str, value: str) -> None:
    assert metadata(f"{key}: {value}")[key] == value.strip("'")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("title: [a, b]", "title"),
        ("title: {a: b}", "title"),
        ("authors: {name: Ada}", "authors"),
        ("authors: [Ada, [Ben]]", "authors"),
        ("author: [{name: Ada}]", "authors"),
        ("sources: [a, {b: c}]", "sources"),
        ("publisher: [a]", "publisher"),
        ("language: [en]", "language"),
        ("licence: {}", "licence"),
        ("published: yesterday", "published"),
        ("published: 2025-02-30", "published"),
        ("published: 2025-13", "published"),
        ("published: '25'", "published"),
        ("modified: 2025-02-29", "updated"),
        ("retrieved: today", "retrieved"),
        ("tags: [a, [b]]", "tags"),
        ("published: [2025-01-01]", "published"),
        ("url: www.example.org", "url"),
        ("url: javascript:alert(1)", "url"),
        ("url: https://example.org/a b", "url"),
        ("url: [https://example.org]", "url"),
        ('url: "https://example.org/\\ud800"', "url"),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(line: str, key: str) -> None:
    with pytest.raises(UnreadableArticle, match=f"^'{key}' "):
        metadata(line)


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ("---\ntitle: x\nauthors: [a\n---\nText", 4),
        ("\n\n---\ntitle: x\n\tauthors: a\n---\nText", 5),
        ("---\ntitle: x\nb: bell \x07\n---\nText", 3),
        ("---\ntitle: x: y\n---\nText", 2),
        ("---\n? [a]\n: b\n---\nText", 2),
    ],
)
def test_broken_front_matter_is_refused_by_its_line(document: str, line: int) -> None:
    with pytest.raises(UnreadableArticle, match=f"line {line}$"):
        split(document)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("---\ntitle: x\n\nText", "isn't closed"),
        ("---\nJust prose.\n---\nMore prose.", "isn't front matter"),
        ("---\n- a\n- b\n---\nText", "isn't front matter"),
        ("+++\ntitle = 'x'\n+++\nText", "TOML"),
        (f"---\ntitle: {'x' * MAX_FRONT_MATTER}\n---\nText", "longer than"),
        (f"---\ntitle: {'[' * 20_000}\n---\nText", "nested"),
    ],
)
def test_what_is_no_front_matter_is_refused(document: str, reason: str) -> None:
    with pytest.raises(UnreadableArticle, match=reason):
        split(document)


@pytest.mark.parametrize("document", ["Text", "---\n\nText after a rule", "Text\n\n---\n\nmore\n\n---\n\nand more", ""])
def test_a_document_without_front_matter_is_all_body(document: str) -> None:
    assert split(document) == ({}, document)


def test_the_body_is_what_follows() -> None:
    assert split("---\ntitle: x\n---\nBody.\n\n---\n\nMore.")[1].strip() == "Body.\n\n---\n\nMore."


def test_a_tag_constructs_nothing_but_text() -> None:
    with pytest.raises(UnreadableArticle, match=r"^'title' "):
        metadata("title: !!python/object/apply:os.getcwd []")
    assert metadata("title: !!int many", "publisher: !!timestamp never") == {"title": "many", "publisher": "never"}


def test_aliases_and_merges_do_not_multiply() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    merges = ["m0: &m0 {x: y}"] + [f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}]}}" for n in range(1, 40)]
    start = time.perf_counter()
    assert metadata(*levels, *merges, "title: T")["title"] == "T"
    with pytest.raises(UnreadableArticle, match=r"^'sources' "):
        metadata(*levels, "sources: *a11")
    assert time.perf_counter() - start < 10
