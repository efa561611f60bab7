"""Sidecars: reading them, changing them without harm to what their owner wrote, and finding what they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.archive import EXCLUDED, read_archive
from corpus.article import Article
from corpus.errors import UnknownArticle, UnreadableArticle, WrongUse
from corpus.listing import Rejection, list_files
from corpus.locating import Place, find, problem, sidecar_of
from corpus.sidecar_writing import EXCLUSION, Edit, change, edit
from corpus.sidecars import Sidecar, read
from corpus.statements import Statement
from tests.archives import write

WRITTEN = """\
# Checked by Ottilie, 3 March.
title = "The weir"   # not what the scan says
published = 2025-03-04

# The scan names nobody.
authors = ["A. Lock",
  "B. Quay"]  # both
[columns]
title = "headline"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "weir.meta.toml"
    path.write_text(WRITTEN)
    return path


def said(**values: str | tuple[str, ...]) -> dict[str, Statement]:
    return {name: Statement(value, "sidecar") for name, value in values.items()}


def test_a_sidecar_says_what_is_known_and_what_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.meta.toml"
    path.write_text('published = 2025-03-04T23:30:00+02:00\ntags = "river"\npublisher = ""\nauthors = []\n')
    assert read(path) == Sidecar(
        said=said(published="2025-03-04", tags=("river",)), unknown=frozenset({"publisher", "authors"})
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = ", "mend or remove it"),
        ("titel = 'x'", "it has 'titel', which is none of title"),
        ("published = 'soon'", "must be a date"),
        ("published = 10:30:00", "must be a date"),
        ("title = 3", "must be a text, not a number"),
        ("excluded = 'yes'", "must be true or false"),
        ("[columns]\nheadline = 'title'", "[columns] has 'headline'"),
        ("columns = 'title'", "must be a table"),
        ("title = 'x'\ntitle = 'y'", "mend or remove it"),
        ("\udce4", "mend or remove it"),
    ],
)
def test_a_sidecar_that_is_wrong_is_refused_with_the_reason(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "a.meta.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UnreadableArticle) as caught:
        read(path)
    assert says in str(caught.value)
    assert "a.meta.toml" in str(caught.value)


def test_an_articles_sidecar_goes_before_that_of_its_file() -> None:
    outer = Sidecar(said=said(title="All", publisher="Outer", language="en"), unknown=frozenset({"url"}))
    inner = Sidecar(said=said(title="One", url="https://a.example/"), unknown=frozenset({"publisher"}), excluded=True)
    both = inner.on(outer)
    assert both.said == said(title="One", language="en", url="https://a.example/")
    assert both.excluded
    document = {"publisher": Statement("Paper", "page"), "updated": Statement("2025", "page")}
    assert both.over(document) == {**both.said, "updated": Statement("2025", "page")}


def test_what_is_not_changed_stays_as_it_was_written(path: Path) -> None:
    change(path, Edit(said={"published": "2025-03"}, unknown=("publisher",), restored=("url",)))
    assert path.read_text() == WRITTEN.replace("2025-03-04", '"2025-03"').replace(
        "[columns]", 'publisher = ""\n\n[columns]'
    )
    change(path, Edit(restored=("authors", "publisher")))
    assert "# The scan names nobody." in path.read_text()
    assert "A. Lock" not in path.read_text()
    found = read(path)
    assert found.said == said(title="The weir", published="2025-03")
    assert found.columns == {"title": "headline"}


def test_a_file_with_other_line_ends_keeps_them(path: Path) -> None:
    path.write_bytes(WRITTEN.replace("\n", "\r\n").encode())
    change(path, Edit(said={"title": "Weir"}))
    assert path.read_bytes() == WRITTEN.replace('"The weir"', '"Weir"').replace("\n", "\r\n").encode()


@pytest.mark.parametrize("value", ['Say "so"', "back\\slash", "Ünïcode — 水 🚀", "# no comment", "a = 'b'", "'''"])
def test_any_value_comes_back(tmp_path: Path, value: str) -> None:
    path = tmp_path / "new.meta.toml"
    change(path, edit({"title": value, "tags": (value, "b")}, (), ()))
    assert read(path).said == said(title=value, tags=(value, "b"))


def test_a_sidecar_that_says_nothing_any_more_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.meta.toml"
    assert change(path, Edit(unknown=("title",))) == 'title = ""\n'
    assert change(path, Edit(restored=("title",))) == ""
    assert not path.exists()
    assert change(path, Edit(restored=("title",))) == ""
    path.write_text('# Mine.\ntitle = "x"\n')
    change(path, Edit(restored=("title",)))
    assert path.read_text() == "# Mine.\n"


def test_an_exclusion_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "below" / "a.meta.toml"
    change(path, EXCLUSION)
    assert read(path).excluded
    change(path, Edit(restored=("excluded",)))
    assert not path.exists()


def test_what_would_not_be_read_is_not_put_in_place(path: Path) -> None:
    path.write_text('titel = "x"\n')
    before = path.read_bytes()
    with pytest.raises(UnreadableArticle, match=r"stays as it is: its sidecar weir\.meta\.toml .*'titel'"):
        change(path, Edit(said={"title": "y"}))
    assert path.read_bytes() == before
    assert [*path.parent.iterdir()] == [path]


def test_what_is_not_toml_is_left_alone(path: Path) -> None:
    path.write_bytes(b"title = \xff")
    with pytest.raises(UnreadableArticle, match="is not TOML"):
        change(path, Edit(said={"title": "y"}))
    assert path.read_bytes() == b"title = \xff"


def test_a_wrong_value_can_be_corrected(path: Path) -> None:
    path.write_text('published = "soon"\n')
    change(path, Edit(said={"published": "2025"}))
    assert read(path).said == said(published="2025")


def test_permissions_stay(path: Path, tmp_path: Path) -> None:
    path.chmod(0o640)
    change(path, Edit(said={"title": "x"}))
    assert path.stat().st_mode & 0o777 == 0o640
    new, plain = tmp_path / "new.meta.toml", tmp_path / "plain"
    change(new, Edit(said={"title": "x"}))
    plain.touch()
    assert new.stat().st_mode == plain.stat().st_mode


def test_nothing_is_written_when_nothing_changes(path: Path) -> None:
    before = path.stat()
    change(path, Edit(said={"title": "The weir"}))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    ("given", "unknown", "restored", "says"),
    [
        ({"published": "soon"}, (), (), "'published' in what is given must be a date"),
        ({"url": "ftp://a.example"}, (), (), "must be one address"),
        ({"title": " "}, (), (), "give --unknown title"),
        ({"authors": ("",)}, (), (), "give --unknown authors"),
        ({"title": "x"}, ("title",), (), "two ways"),
        ({}, ("title",), ("title",), "two ways"),
    ],
)
def test_a_change_that_can_not_be_is_wrong_use(
    given: dict[str, object], unknown: tuple[str, ...], restored: tuple[str, ...], says: str
) -> None:
    with pytest.raises(WrongUse, match=says):
        edit(given, unknown, restored)


def test_values_are_made_canonical() -> None:
    assert edit({"title": " a\u00a0 b ", "published": "2025-03-04T10:00"}, (), ()).said == {
        "title": "a b",
        "published": "2025-03-04",
    }


EXPORT = '{"id": "one", "title": "One", "text": "The first of them."}\n{"id": "two", "text": "The second."}\n'


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    files = {
        "weir.txt": "The weir holds.",
        "north/mill.md": "---\npublished: soon\n---\nThe mill turns.",
        "export.jsonl": EXPORT,
        "export/three.md": "A file of its own.",
    }
    return write(tmp_path / "archive", files)


def located(archive: Path, article_id: str) -> tuple[Place, Path]:
    listing = list_files([archive])
    place = find(listing, article_id)
    return place, sidecar_of(listing, place)


@pytest.mark.parametrize(
    ("article_id", "file", "name", "sidecar"),
    [
        ("weir", "weir.txt", "", "weir.meta.toml"),
        ("north/mill", "north/mill.md", "", "north/mill.meta.toml"),
        ("export", "export.jsonl", "", "export.meta.toml"),
        ("export/two", "export.jsonl", "two", "export/two.meta.toml"),
        ("export/three", "export/three.md", "", "export/three.meta.toml"),
    ],
)
def test_an_article_is_found_by_its_id(archive: Path, article_id: str, file: str, name: str, sidecar: str) -> None:
    place, path = located(archive, article_id)
    assert (place.file.path, place.name, path) == (archive / file, name, archive / sidecar)
    assert place.article_id == article_id
    assert place.is_several == (article_id == "export")


def test_a_sidecar_that_is_found_is_about_what_it_is_beside(archive: Path) -> None:
    for article_id in ("weir", "export/one", "export/three"):
        _, path = located(archive, article_id)
        change(path, edit({"title": f"Said of {article_id}"}, (), ()))
        assert located(archive, article_id)[1] == path
    titles = {one.id: one.title for one in read_archive([archive]) if isinstance(one, Article)}
    assert {name: titles[name] for name in ("weir", "export/one", "export/three")} == {
        "weir": "Said of weir",
        "export/one": "Said of export/one",
        "export/three": "Said of export/three",
    }


def test_a_sidecar_whose_name_is_composed_otherwise_is_found(archive: Path) -> None:
    write(archive, {"caf\u00e9.md": "The café is shut.", "cafe\u0301.meta.toml": 'title = "Shut"'})
    place, path = located(archive, "cafe\u0301")
    assert (place.article_id, path) == ("caf\u00e9", archive / "cafe\u0301.meta.toml")


@pytest.mark.parametrize("article_id", ["", "wei", "weir/one", "export/four", "north", "../archive/weir", "weir.txt"])
def test_what_is_not_there_is_not_found(archive: Path, article_id: str) -> None:
    with pytest.raises(UnknownArticle):
        located(archive, article_id)


def test_the_longest_file_that_has_it_is_the_one(archive: Path) -> None:
    write(archive, {"a.jsonl": '{"id": "b/c", "text": "Of a."}', "a/b.jsonl": '{"id": "d", "text": "Of a/b."}'})
    assert located(archive, "a/b/d")[0].file.id == "a/b"
    assert located(archive, "a/b/c")[0].file.id == "a"


def test_a_file_that_can_not_be_read_is_named(archive: Path) -> None:
    write(archive, {"export.meta.toml": "titel = 3"})
    with pytest.raises(UnreadableArticle, match=r"export\.jsonl: its sidecar export\.meta\.toml"):
        located(archive, "export/one")


def test_an_id_that_is_no_name_of_a_file_gets_no_sidecar(archive: Path) -> None:
    listing = list_files([archive])
    file = find(listing, "export").file
    for name in ("../up", ".hidden", "a//b", "/root", "x" * 300, "a~/b", "tab\there", "cafe\u0301"):
        with pytest.raises(WrongUse, match="no sidecar"):
            sidecar_of(listing, Place(file, name))


def test_what_keeps_an_article_out_is_said(archive: Path) -> None:
    def why(article_id: str) -> str | None:
        return problem(list_files([archive]), located(archive, article_id)[0])

    assert (why("weir"), why("export/one"), why("export")) == (None, None, None)
    assert "must be a date" in str(why("north/mill"))
    write(archive, {"export/one.meta.toml": "excluded = true", "weir.meta.toml": "titel = 3"})
    assert why("export/one") == EXCLUDED
    assert "'titel'" in str(why("weir"))


def test_sidecars_about_nothing_are_rejected(archive: Path) -> None:
    write(archive, {"mill.meta.toml": 'title = "x"', "export/four.meta.toml": 'title = "x"', "weir.meta.toml": ""})
    lost = [
        one.path.name for one in read_archive([archive]) if isinstance(one, Rejection) and "a sidecar of" in one.reason
    ]
    assert sorted(lost) == ["four.meta.toml", "mill.meta.toml"]
