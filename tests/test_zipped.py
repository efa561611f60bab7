"""Zip files: read in place, entry by entry, whatever somebody put into one."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus.archive import read_archive
from corpus.article import Article
from corpus.document import Member
from corpus.errors import UnreadableArticle
from corpus.formats import registry, zipped
from corpus.listing import Rejection
from tests.containers import before_the_end, described, expected, names, only, parts, refusals

FIXTURES = Path(__file__).parent / "fixtures" / "zipped"


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return file.getvalue()


def with_entry(change: Callable[[zipfile.ZipInfo], None], name: str = "bad.txt") -> bytes:
    """A zip file of an odd entry between two good ones."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "A text.")
        entry = zipfile.ZipInfo(name)
        change(entry)
        archive.writestr(entry, "target")
        archive.writestr("z.txt", "Another.")
    return file.getvalue()


def in_both_heads(content: bytes, name: bytes, local: int, central: int, value: bytes) -> bytes:
    """The zip file with a field of an entry overwritten in its own head and in the list at the end."""
    data = bytearray(content)
    first, last = content.find(name) - 30, content.rfind(name) - 46
    data[first + local : first + local + len(value)] = value
    data[last + central : last + central + len(value)] = value
    return bytes(data)


def test_a_fixture() -> None:
    text, said = expected(FIXTURES / "month.zip")
    files = {str(path.relative_to(FIXTURES / "month")): path for path in sorted((FIXTURES / "month").rglob("*.*"))}
    assert described(parts(packed({name: path.read_bytes() for name, path in files.items()}), "zip")) == (text, said)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_usual_method(method: int) -> None:
    member = only(parts(packed({"news/2025-03-04-rain.MD": b"# Rain\n\nIt rained."}, method), "zip"))
    assert (member.name, member.format) == ("news/2025-03-04-rain", "markdown")
    assert member.content == b"# Rain\n\nIt rained."


def test_files_of_several_articles() -> None:
    mailbox = b"From a@x.example Tue Mar  4 10:00:00 2025\nFrom: a@x.example\nMessage-ID: <1@x>\n\nText.\n"
    files = {
        "desk.csv": b"id,story\n7,A text.\n7,Again.\n",
        "more.jsonl": b'{"id": 8, "story": "B"}\n{bad\n',
        "list.mbox": mailbox,
        "broken.csv": b"a,b\n1,2\n",
        "last.txt": b"The last.",
    }
    found = parts(packed(files), "zip", {"text": "story"})
    assert names(found) == ["desk/7", "more/8", "list/1@x", "last"]
    assert list(refusals(found)) == ["desk/line 3", "more/line 2", "broken"]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/a.txt",
        "../a.txt",
        "a/../../b.txt",
        "C:/a.txt",
        "c:a.txt",
        "a\\b.txt",
        "..\\a.txt",
        "a\nb.txt",
        "a\x1b.txt",
    ],
)
def test_paths_that_are_tricks(name: str) -> None:
    found = parts(packed({"x.txt": b"x", name: b"bad", "y.txt": b"y"}), "zip")
    assert names(found) == ["x", "y"]
    ((shown, reason),) = refusals(found).items()
    assert ".." not in shown.split("/")
    assert shown.isprintable()
    assert "leads out" in reason or "can't be printed" in reason


def test_a_nul_in_a_name() -> None:
    content = packed({"good.txt": b"x", "aXb.txt": b"bad"}).replace(b"aXb.txt", b"a\0b.txt")
    assert "can't be printed" in refusals(parts(content, "zip"))["a b.txt".replace(" ", "")]


def test_hidden_files_and_folders_are_passed_over() -> None:
    hidden = [".DS_Store", "__MACOSX/._a.txt", "a/.git/b.txt", "draft.txt~", "folder/"]
    found = parts(packed({**dict.fromkeys(hidden, b""), "./a//b.txt": b"x"}), "zip")
    assert names(found) == ["a/b"]
    assert len(found) == 1


def test_names_in_every_writing() -> None:
    assert names(parts(packed({"e\u0301te\u0301.txt": b"x"}), "zip")) == ["été"]
    # Most programs write UTF-8 without saying so; the old ones write the code page of DOS.
    said = packed({"été.txt": b"x"})
    unsaid = in_both_heads(said, "été.txt".encode(), 6, 8, b"\0\0")
    assert names(parts(unsaid, "zip")) == ["été"]
    old = packed({"abc.txt": b"x"}).replace(b"abc.txt", b"\x82t\x82.txt")
    assert names(parts(old, "zip")) == ["été"]


def test_the_same_name_twice() -> None:
    found = parts(packed({"a.md": b"x", "a.txt": b"y", "e\u0301.txt": b"z", "\u00e9.txt": b"z"}), "zip")
    assert names(found) == ["a", "é"]
    assert "the same id, 'a', as a.md" in refusals(found)["a"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("photo.jpg", "not a format"),
        ("none", "not a format"),
        ("inner.zip", "an archive in an archive"),
        ("inner.warc.gz", "an archive in an archive"),
        ("a.meta.toml", "a sidecar in a zip file"),
    ],
)
def test_what_else_is_in_it_is_named(name: str, reason: str) -> None:
    found = parts(packed({name: b"x", "z.txt": b"y"}), "zip")
    assert names(found) == ["z"]
    assert reason in refusals(found)[name]


def symlink(entry: zipfile.ZipInfo) -> None:
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16


def test_links_are_refused() -> None:
    found = parts(with_entry(symlink), "zip")
    assert names(found) == ["a", "z"]
    assert "a link" in refusals(found)["bad.txt"]


def test_encrypted_entries_and_unknown_methods_are_refused() -> None:
    files = packed({"a.txt": b"x", "bad.txt": b"y", "z.txt": b"z"}, zipfile.ZIP_STORED)
    for local, central, value, reason in ((6, 8, b"\1\0", "encrypted"), (8, 10, b"\x09\0", "method that isn't read")):
        found = parts(in_both_heads(files, b"bad.txt", local, central, value), "zip")
        assert names(found) == ["a", "z"]
        assert reason in refusals(found)["bad.txt"]


def test_a_damaged_entry_does_not_stop_the_others() -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        content = packed(
            {"a.txt": b"x", "bad.txt": b"The words of it." * 9, "bad.csv": b"text\nThe x", "z.txt": b"z"}, method
        )
        data = bytearray(content)
        for name in (b"bad.txt", b"bad.csv"):
            start = content.find(name) + len(name)
            data[start + 3 : start + 6] = b"\xff\xff\xff"
        found = parts(bytes(data), "zip")
        assert names(found)[0] == "a"
        assert names(found)[-1] == "z"
        assert "damaged" in refusals(found)["bad.txt"]
        assert "damaged" in refusals(found)["bad.csv"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_anywhere_in_an_entry_is_that_entry_s(method: int) -> None:
    text = " ".join(str(number**7) for number in range(500)).encode()
    content = packed({"a.txt": b"x", "bad.txt": text, "z.txt": b"z"}, method)
    start = content.find(b"bad.txt") + len(b"bad.txt")
    end = content.find(b"PK\x03\x04", start)
    for place in range(start + 9, end, (end - start) // 20):  # behind the head that LZMA has of its own
        found = parts(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :], "zip")
        assert names(found) == ["a", "z"]
        assert "damaged in the zip file" in refusals(found)["bad.txt"]


def test_bombs_of_one_entry() -> None:
    files = {
        "bomb.txt": b"0" * (5 * 2**20),
        "large.txt": bytes(range(32, 127)) * 120_000,
        "bomb.csv": b"text\n" + b"0" * 3_000_000,
        "z.txt": b"z",
    }
    found = parts(packed(files), "zip")
    assert names(found)[-1] == "z"
    reasons = refusals(found)
    assert "a bomb" in reasons["bomb.txt"]
    assert "a bomb" in reasons["bomb.csv"]
    assert "a bomb" in reasons["large.txt"] or "larger than 10 MiB" in reasons["large"]


def test_sizes_that_lie() -> None:
    honest = packed({"a.txt": b"word " * 100_000, "z.txt": b"z"})
    lying = in_both_heads(honest, b"a.txt", 22, 24, struct.pack("<I", 10))
    found = parts(lying, "zip")
    assert names(found) == ["z"]
    assert "damaged" in refusals(found)["a.txt"]


def test_all_that_comes_out_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "MOST_BYTES", 2500)
    found, reason = before_the_end(packed({f"{n}.txt": b"x" * 1000 for n in range(9)}, zipfile.ZIP_STORED), "zip")
    assert names(found) == ["0", "1"]
    assert "GiB" in reason
    found, reason = before_the_end(packed({"a.txt": b"x", "b.csv": b"text\n" + b"y\n" * 9000, "c.txt": b""}), "zip")
    assert names(found)[0] == "a"
    assert "c" not in names(found)


def test_entries_that_overlap() -> None:
    content = packed({"a.txt": b"x" * 500, "b.txt": b"y" * 500}, zipfile.ZIP_STORED)
    directory = content.rfind(b"PK\x01\x02")
    for offset in (0, 20, 200):
        data = bytearray(content)
        data[directory + 42 : directory + 46] = struct.pack("<I", offset)
        with pytest.raises(UnreadableArticle, match="overlap"):
            parts(bytes(data), "zip")


def test_an_extra_field_does_not_hide_an_overlap() -> None:
    content = bytearray(packed({"a.txt": b"x" * 500, "b.txt": b"y" * 500}, zipfile.ZIP_STORED))
    content[28:30] = struct.pack("<H", 400)
    with pytest.raises(UnreadableArticle, match="overlap"):
        parts(bytes(content), "zip")


def test_more_entries_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    content = packed({f"{n}.txt": b"" for n in range(20)})
    monkeypatch.setattr(zipped, "MOST_ENTRIES", 19)
    with pytest.raises(UnreadableArticle, match="more than 19 files"):
        parts(content, "zip")
    # What the end says of the number may be false.
    lying = content[:-14] + b"\1\0\1\0" + content[-10:]
    with pytest.raises(UnreadableArticle, match="more than 19 files"):
        parts(lying, "zip")
    monkeypatch.setattr(zipped, "_MOST_DIRECTORY", 100)
    with pytest.raises(UnreadableArticle, match="more than 19 files"):
        parts(lying, "zip")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no zip file"),
        (b"PK\x03\x04 and nothing more", "no zip file"),
        (packed({"a.txt": b"x" * 99})[:-30], "no zip file"),
        (packed({"a.txt": b"x"})[20:], "its beginning is missing"),
        (packed({}), "empty"),
        (packed({"__MACOSX/a.txt": b"x"}), "empty"),
    ],
)
def test_what_is_no_zip_file(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableArticle, match=reason):
        parts(content, "zip")


def test_sidecars_lie_beside_the_zip_file(tmp_path: Path) -> None:
    (tmp_path / "month.zip").write_bytes(packed({"a.txt": b"A text about the quay.", "b.txt": b"Another."}))
    (tmp_path / "month").mkdir()
    (tmp_path / "month" / "a.meta.toml").write_text('title = "From the sidecar"')
    (tmp_path / "month.meta.toml").write_text('publisher = "The Desk"')
    first, second = read_archive([tmp_path])
    assert isinstance(first, Article)
    assert isinstance(second, Article)
    assert (first.id, first.title, first.publisher) == ("month/a", "From the sidecar", "The Desk")
    assert (second.id, second.publisher) == ("month/b", "The Desk")


def test_a_zip_file_in_an_archive_names_what_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "m.zip").write_bytes(packed({"a.jpg": b"x", "b.txt": b"Words."}))
    rejected, read = read_archive([tmp_path])
    assert isinstance(rejected, Rejection)
    assert rejected.path == tmp_path / "m.zip" / "a.jpg"
    assert isinstance(read, Article)


def test_members_of_members_can_be_read() -> None:
    content = packed({"x.jsonl": json.dumps({"text": "Words."}).encode()})
    member = only(parts(content, "zip"))
    assert isinstance(member, Member)
    assert registry.read(member).text == "Words."
