"""An archive as articles and rejections: real files, read from disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.archive import read_archive
from corpus.article import Article, Provenance
from corpus.cleaning import clean
from corpus.document import Member
from corpus.errors import NoArticles
from corpus.formats import registry
from corpus.listing import Rejection
from corpus.reading import LONGEST_INFERRED_TITLE

ROOT = Path(__file__).resolve().parents[1]
SEEDS = ROOT.parent / "shared" / "seeds"

FRONT_MATTER = """\
---
title: "The long way up"
authors: [Ada Writer]
publisher: The Paper
published: 2025-03-04
url: https://example.org/up
sources: [An interview]
language: en
licence: CC-BY-4.0
---

# Another heading

It was a *long* way,
and [nobody](https://example.org) said so.
"""


def read_one(path: Path, content: bytes | str) -> Article | Rejection:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (only,) = read_archive([path.parent])
    return only


def article(path: Path, content: bytes | str) -> Article:
    read = read_one(path, content)
    assert isinstance(read, Article), read
    return read


def reason(path: Path, content: bytes | str) -> str:
    read = read_one(path, content)
    assert isinstance(read, Rejection), read
    assert read.path == path
    assert "\n" not in read.reason
    return read.reason


def test_an_error_that_nobody_expected_is_that_file_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Iterator[Member]:
        yield Member(name="one", format="text", content=b"The tide is high.")
        raise KeyError("secret")

    monkeypatch.setattr(registry, "members", broken)
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "b.txt").write_text("The tide is low.")
    one, refused, other = read_archive([tmp_path])
    assert isinstance(one, Article)
    assert isinstance(refused, Rejection)
    assert refused.reason.startswith("reading it failed (corpus/reading.py, line ")
    assert "secret" not in refused.reason
    assert isinstance(other, Article)


def test_markdown_with_front_matter(tmp_path: Path) -> None:
    assert article(tmp_path / "up.md", FRONT_MATTER) == Article(
        id="up",
        text="Another heading\n\nIt was a long way, and nobody said so.",
        title="The long way up",
        title_inferred=False,
        authors=("Ada Writer",),
        publisher="The Paper",
        url="https://example.org/up",
        published="2025-03-04",
        provenance={
            "published": Provenance("front matter", "day"),
            **dict.fromkeys(
                ("title", "authors", "publisher", "url", "language", "licence", "sources"), Provenance("front matter")
            ),
        },
        language="en",
        licence="CC-BY-4.0",
        sources=("An interview",),
    )


def test_markdown_without_front_matter_has_its_heading_as_title(tmp_path: Path) -> None:
    assert article(tmp_path / "a.md", "# A *title*\n\nText.") == Article(
        id="a",
        text="A title\n\nText.",
        title="A title",
        title_inferred=False,
        provenance={"title": Provenance("heading")},
    )


def test_markdown_without_a_title_has_one_inferred(tmp_path: Path) -> None:
    read = article(tmp_path / "a.md", "## What it is\n\nText.")
    assert (read.title, read.title_inferred) == ("What it is", True)


def test_plain_text_has_no_metadata(tmp_path: Path) -> None:
    text = "---\ntitle: not read here\n---\n\nA *line*."
    assert article(tmp_path / "a.txt", text) == Article(
        id="a",
        text=text,
        title="title: not read here",
        title_inferred=True,
        provenance={"title": Provenance("inferred")},
    )


def test_plain_text_is_cleaned_rid_of_furniture_and_unwrapped(tmp_path: Path) -> None:
    wrapped = "word " * 14 + "\n" + "word " * 14 + "\nend."
    page = f"A headline\r\n\r\n\r\nOne\u00a0 paragraph.\r\n\r\n{wrapped}\r\n\r\nShare.\r\n\r\nComments are closed."
    assert article(tmp_path / "a.txt", page).text == f"A headline\n\nOne paragraph.\n\n{'word ' * 28}end."


def test_markdown_keeps_what_looks_like_furniture(tmp_path: Path) -> None:
    assert article(tmp_path / "a.md", "Text.\n\nComments are closed.").text == "Text.\n\nComments are closed."


def test_dates_say_where_they_come_from_and_how_exact_they_are(tmp_path: Path) -> None:
    lines = [
        "---",
        "published: 2025",
        "updated: 2025-03",
        "retrieved: 2026-01-31T10:00:00Z",
        "tags: law",
        "---",
        "Text.",
    ]
    read = article(tmp_path / "a.md", "\n".join(lines))
    assert (read.published, read.updated, read.retrieved, read.tags) == ("2025", "2025-03", "2026-01-31", ("law",))
    assert read.provenance == {
        "title": Provenance("inferred"),
        "tags": Provenance("front matter"),
        "published": Provenance("front matter", "year"),
        "updated": Provenance("front matter", "month"),
        "retrieved": Provenance("front matter", "day"),
    }


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("2025-03-04-it-flew.md", "2025-03-04"),
        ("2025-03-04-it-flew.txt", "2025-03-04"),
        ("2025-02-30-it-flew.md", None),
        ("2025-03-it-flew.md", None),
        ("2025-03-04.md", None),
        ("it-flew-2025-03-04-.md", None),
        ("٢٠٢٥-٠٣-٠٤-flew.md", None),
    ],
)
def test_a_file_may_be_dated_by_its_name(tmp_path: Path, name: str, published: str | None) -> None:
    read = article(tmp_path / name, "Text of it.")
    assert read.published == published
    assert read.provenance.get("published") == (Provenance("file", "day") if published else None)
    assert (read.updated, read.retrieved) == (None, None)


def test_what_the_front_matter_says_goes_before_the_name(tmp_path: Path) -> None:
    read = article(tmp_path / "2025-03-04-a.md", "---\npublished: 2024\n---\nText.")
    assert (read.published, read.provenance["published"].origin) == ("2024", "front matter")
    other = article(tmp_path / "2025-03-04-a.md", "---\nupdated: 2026\n---\nText.")
    assert (other.published, other.provenance["published"].origin) == ("2025-03-04", "file")
    assert other.provenance["updated"].origin == "front matter"


LONG = "The committee met for the ninth time that year, and for the ninth time it agreed on nothing but the date of"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("A headline without a full stop\nThen the text.", "A headline without a full stop"),
        ("Will it fly?\nNobody knows.", "Will it fly?"),
        ("It flew. Then it fell.\nMore.", "It flew."),
        ("“It flew,” said Dr. Smith. Then it fell.", "“It flew,” said Dr. Smith."),
        ("***\n\nA headline\n\nText.", "A headline"),
        (LONG + " the tenth. It rained.", LONG[: LONG.index(" the date")] + "…"),
        (LONG + " the tenth", LONG[: LONG.index(" the date")] + "…"),
        ("星" * 300, "星" * (LONGEST_INFERRED_TITLE - 1) + "…"),
    ],
)
def test_inferred_titles(tmp_path: Path, text: str, title: str) -> None:
    read = article(tmp_path / "a.txt", text)
    assert (read.title, read.title_inferred) == (title, True)
    assert len(title) <= LONGEST_INFERRED_TITLE
    assert read.text == text


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.md", b"", "empty"),
        ("a.txt", b" \n\t\r\n ", "empty"),
        ("a.txt", "\u200b\ufeff\u200d…".encode(), "empty"),
        ("a.txt", b"Share.\n\nComments are closed.\n", "empty"),
        ("a.md", b"---\ntitle: T\n---\n\n<!-- nothing -->\n", "empty"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        ("a.md", b"\x01\x02\x03\x04 text \x05\x06", "binary"),
        ("a.md", "Café. ".encode() * 20 + b"\xe9", "not decodable"),
        ("a.md", b"---\ntitle: [a\n---\n\nText.", "line 3"),
        ("a.md", b"---\ntitle: T\npublished: soon\n---\n\nText.", "'published'"),
        ("a.md", b"> " * 500 + b"deep", "nested"),
        ("a.md", b"[" * 2_000_000, "brackets"),
        ("a.md", b"x" * (50 * 2**20), "larger than 10 MiB"),
        ("a.png", b"%PDF-1.7", "not a format"),
    ],
)
def test_rejections(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    assert expected in reason(tmp_path / name, content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_front_matter_is_found_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    document = "---\ntitle: Le café du matin\n---\n\nL'été dernier, à l'école, tout était très différent.\n"
    assert article(tmp_path / "a.md", document.encode(encoding)).title == "Le café du matin"


def test_a_rejection_stops_nothing(tmp_path: Path) -> None:
    for name, content in {"a.md": "A text.", "b.md": "", "c.txt": "C text.", "d.png": "x", "e.md": "E text."}.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "f.md").symlink_to("nowhere")
    read = [one.id if isinstance(one, Article) else one.path.name for one in read_archive([tmp_path])]
    assert read == ["a", "b.md", "c", "d.png", "e", "f.md"]


def test_a_file_that_vanishes_is_rejected(tmp_path: Path) -> None:
    for name in ("a.md", "b.md", "c.md"):
        (tmp_path / name).write_text("Text.")
    reading = read_archive([tmp_path])
    assert isinstance(next(reading), Article)
    (tmp_path / "b.md").unlink()
    gone, last = reading
    assert isinstance(gone, Rejection)
    assert "gone" in gone.reason
    assert isinstance(last, Article)


def test_a_file_that_grows_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    reading = read_archive([tmp_path])
    os.truncate(tmp_path / "a.txt", 50 * 2**20)
    (grown,) = reading
    assert isinstance(grown, Rejection)
    assert "larger than 10 MiB" in grown.reason


def test_a_file_that_became_a_folder_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Text.")
    reading = read_archive([tmp_path])
    (tmp_path / "a.md").unlink()
    (tmp_path / "a.md").mkdir()
    (changed,) = reading
    assert isinstance(changed, Rejection)
    assert "can't be read" in changed.reason


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Text.")
    (tmp_path / "a.md").chmod(0)
    (closed,) = read_archive([tmp_path])
    assert isinstance(closed, Rejection)
    assert "no permission" in closed.reason


def test_a_missing_folder_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(NoArticles, match="missing"):
        read_archive([tmp_path, tmp_path / "missing"])


def test_an_archive_without_files_is_empty(tmp_path: Path) -> None:
    assert list(read_archive([tmp_path])) == []
    assert list(read_archive([])) == []


def test_the_starter_archive_is_read_whole() -> None:
    read = list(read_archive([ROOT / "corpus" / "articles"]))
    assert len(read) >= 20
    for one in read:
        assert isinstance(one, Article), one
        assert one.text == clean(one.text)
        assert one.publisher
        assert one.published
        assert not one.title_inferred


SCRAPED_FURNITURE = {"Share.", "Comments are closed.", "Exit mobile version"}


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the scraped articles are not part of the repository")
def test_real_scrapes_lose_their_furniture_and_nothing_else() -> None:
    read = [one for one in read_archive([SEEDS]) if isinstance(one, Article)]
    assert len(read) == 2
    for one in read:
        lines = (SEEDS / f"{one.id}.txt").read_text(encoding="utf-8").splitlines()
        written = " ".join(line for line in lines if line.strip() not in SCRAPED_FURNITURE).split()
        assert one.text.split() == written
        assert not SCRAPED_FURNITURE & set(one.text.split("\n"))
        assert one.title_inferred
        assert " ".join(written).startswith(one.title.removesuffix("…"))


def test_a_sidecar_settles_what_the_front_matter_has_wrong(tmp_path: Path) -> None:
    """Also where that alone would reject the article."""
    (tmp_path / "a.md").write_text("---\npublished: last week\nauthors: Ada Writer\n---\nIt flew.", encoding="utf-8")
    (rejected,) = read_archive([tmp_path])
    assert isinstance(rejected, Rejection)
    (tmp_path / "a.meta.toml").write_text('published = "2025-03"\nauthors = ""\n', encoding="utf-8")
    (read,) = read_archive([tmp_path])
    assert isinstance(read, Article)
    assert (read.published, read.provenance["published"]) == ("2025-03", Provenance("sidecar", "month"))
    assert read.authors == ()
