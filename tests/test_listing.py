"""Which files of the folders are read, in which order, and why each of the others is not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.errors import NoArticles
from corpus.listing import Rejection, SourceFile, list_files, printable, trouble


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"Text of {name}.")


def ids(*folders: Path) -> list[str]:
    return [one.id for one in list_files(folders).items if isinstance(one, SourceFile)]


def rejections(*folders: Path) -> dict[Path, str]:
    """Why each was rejected; no path may be rejected twice."""
    rejected = [one for one in list_files(folders).items if isinstance(one, Rejection)]
    assert len({one.path for one in rejected}) == len(rejected)
    return {one.path: one.reason for one in rejected}


def test_the_files_are_in_order_of_their_ids(tmp_path: Path) -> None:
    write(tmp_path, "b.md", "a/z.txt", "a-b.markdown", "a.md", "B.TXT", "a/b/c.MD", "README.md", "x.y.md")
    assert ids(tmp_path) == ["B", "README", "a", "a-b", "a/b/c", "a/z", "b", "x.y"]
    assert rejections(tmp_path) == {}


def test_the_folders_are_in_the_order_given(tmp_path: Path) -> None:
    write(tmp_path, "one/x.md", "two/a.md")
    assert ids(tmp_path / "one", tmp_path / "two") == ["x", "a"]
    assert ids(tmp_path / "two", tmp_path / "one") == ["a", "x"]


def test_hidden_files_and_backups_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "a.md", ".hidden.md", ".git/b.md", "a.md~", "#draft.md")
    assert ids(tmp_path) == ["#draft", "a"]
    assert rejections(tmp_path) == {}


def test_ids_are_composed(tmp_path: Path) -> None:
    write(tmp_path, "cafe\u0301.md")
    assert ids(tmp_path) == ["café"]


@pytest.mark.parametrize("name", ["a.doc", "a.png", "a", "a.md.gz", "md"])
def test_another_format_is_rejected(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "b.md")
    assert ids(tmp_path) == ["b"]
    assert "not a format that is read" in rejections(tmp_path)[tmp_path / name]


def test_a_file_that_is_too_large_is_rejected_unread(tmp_path: Path) -> None:
    for name, size in {"exactly.txt": 10 * 2**20, "over.txt": 10 * 2**20 + 1, "huge.md": 50 * 2**20}.items():
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    assert ids(tmp_path) == ["exactly"]
    assert "larger than 10 MiB (52428800 bytes" in rejections(tmp_path)[tmp_path / "huge.md"]


@pytest.fixture
def bound_socket() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as unix:  # tmp_path is too long
        unix.bind(f"{folder}/s.md")
        yield Path(folder)


def test_a_socket_is_rejected(bound_socket: Path) -> None:
    assert "not a regular file" in rejections(bound_socket)[bound_socket / "s.md"]


def test_a_pipe_and_a_device_are_rejected(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "null.txt").symlink_to("/dev/null")
    assert ids(tmp_path) == []
    for name in ("pipe.md", "null.txt"):
        assert "not a regular file" in rejections(tmp_path)[tmp_path / name]


def test_a_link_to_nothing_and_a_circle_of_links_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "dangling.md").symlink_to("nowhere.md")
    (tmp_path / "one.md").symlink_to("two.md")
    (tmp_path / "two.md").symlink_to("one.md")
    found = rejections(tmp_path)
    assert "doesn't exist" in found[tmp_path / "dangling.md"]
    assert "in a circle" in found[tmp_path / "one.md"]
    assert "in a circle" in found[tmp_path / "two.md"]


def test_a_linked_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path, "elsewhere/deep/a.md", "articles/b.md")
    (tmp_path / "articles" / "a-link").symlink_to(tmp_path / "elsewhere")
    assert ids(tmp_path / "articles") == ["a-link/deep/a", "b"]
    assert rejections(tmp_path / "articles") == {}


def test_a_link_to_a_folder_above_is_reported_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "a/b/c.md")
    (tmp_path / "a" / "b" / "loop").symlink_to(tmp_path)
    assert ids(tmp_path) == ["a/b/c"]
    assert rejections(tmp_path) == {tmp_path / "a/b/loop": f"a folder that is read already, as {tmp_path}"}


def test_linked_folders_that_lead_to_one_another_end(tmp_path: Path) -> None:
    write(tmp_path, "x/a.md", "y/b.md", "top/c.md")
    (tmp_path / "x" / "to-y").symlink_to(tmp_path / "y")
    (tmp_path / "y" / "to-x").symlink_to(tmp_path / "x")
    (tmp_path / "top" / "x").symlink_to(tmp_path / "x")
    assert ids(tmp_path / "top") == ["c", "x/a", "x/to-y/b"]
    assert list(rejections(tmp_path / "top")) == [tmp_path / "top/x/to-y/to-x"]


def test_what_is_reached_twice_is_read_where_it_really_is(tmp_path: Path) -> None:
    write(tmp_path, "real.md", "z/a.md")
    (tmp_path / "first-by-name.md").symlink_to("real.md")
    (tmp_path / "a-link").symlink_to("z")
    (tmp_path / "second-name.md").hardlink_to(tmp_path / "real.md")
    assert ids(tmp_path) == ["real", "z/a"]
    found = rejections(tmp_path)
    assert set(found) == {tmp_path / name for name in ("first-by-name.md", "a-link", "second-name.md")}
    assert found[tmp_path / "first-by-name.md"].startswith(f"the same file as {tmp_path / 'real.md'}")
    assert found[tmp_path / "a-link"].endswith(f"as {tmp_path / 'z'}")


def test_overlapping_folders_are_read_once(tmp_path: Path) -> None:
    write(tmp_path, "sub/a.md", "b.md")
    assert ids(tmp_path, tmp_path / "sub", tmp_path) == ["b", "sub/a"]
    assert ids(tmp_path / "sub", tmp_path) == ["a", "b"]
    assert list(rejections(tmp_path, tmp_path / "sub")) == [tmp_path / "sub"]


def test_of_two_files_with_one_id_the_first_is_read(tmp_path: Path) -> None:
    write(tmp_path, "one/a.txt", "one/a.md", "one/cafe\u0301.md", "one/café.txt", "two/a.md", "two/b.md")
    one, two = tmp_path / "one", tmp_path / "two"
    listed = list_files([one, two]).items
    assert [file.path for file in listed if isinstance(file, SourceFile)] == [
        one / "a.md",
        one / "cafe\u0301.md",
        two / "b.md",
    ]
    found = rejections(one, two)
    assert found[one / "a.txt"] == found[two / "a.md"]
    assert f"the same id, a, as {one / 'a.md'}" in found[one / "a.txt"]
    assert "the same id, café" in found[one / "café.txt"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [(b"caf\xe9.md", r"caf\udce9.md"), (b"two\nlines.md", r"two\nlines.md"), (b"esc\x1b[31m.md", r"esc\x1b[31m.md")],
)
def test_a_name_that_can_not_be_printed_is_rejected_by_a_printable_one(tmp_path: Path, name: bytes, shown: str) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("Text.")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/d" + name)).mkdir()
    assert ids(tmp_path) == []
    found = rejections(tmp_path)
    assert set(found) == {tmp_path / shown, tmp_path / f"d{shown}"}
    assert "rename it" in found[tmp_path / shown]
    assert str(tmp_path / shown).encode().isascii()


def test_rejections_stand_in_the_same_order_as_articles(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b.png", "c.md")
    assert [one.path.name for one in list_files([tmp_path]).items] == ["a.md", "b.png", "c.md"]


@pytest.mark.parametrize("name", ["missing", "file.md", "file.md/below"])
def test_a_folder_that_can_not_be_listed_is_an_error(tmp_path: Path, name: str) -> None:
    write(tmp_path, "file.md", "good/a.md")
    with pytest.raises(NoArticles, match=f"{name} can't be listed"):
        list_files([tmp_path / "good", tmp_path / name])


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_folder_below_that_can_not_be_listed_is_rejected(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "closed/b.md")
    (tmp_path / "closed").chmod(0)
    try:
        assert ids(tmp_path) == ["a"]
        assert "no permission" in rejections(tmp_path)[tmp_path / "closed"]
    finally:
        (tmp_path / "closed").chmod(0o700)


@pytest.fixture
def deep_folder(tmp_path: Path) -> Iterator[Path]:
    """Folders one in the other, more than Python may nest calls; Python can't remove them either."""
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(sys.getrecursionlimit() + 100):
        os.mkdir("d", dir_fd=here)
        here, above = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)
    yield tmp_path
    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)


def test_folders_may_be_nested_without_end(deep_folder: Path) -> None:
    write(deep_folder, "d/d/a.md")
    assert ids(deep_folder) == ["d/d/a"]


def test_every_error_of_the_system_has_a_reason(tmp_path: Path) -> None:
    assert "no permission" in trouble(tmp_path, PermissionError(13, "Permission denied"))
    assert "is gone" in trouble(tmp_path / "a.md", FileNotFoundError(2, "No such file"))
    assert "Input/output error" in trouble(tmp_path, OSError(5, "Input/output error"))


def test_a_printable_path_is_shown_as_it_is() -> None:
    assert printable(Path("2025/Café 日本 🚀\u200d.md")) == "2025/Café 日本 🚀\u200d.md"
