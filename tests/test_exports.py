"""Exports: JSON lines and tables, and the records in them."""

from __future__ import annotations

import io
import json
import tracemalloc
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from corpus.document import Document, Member
from corpus.errors import UnreadableArticle
from corpus.formats import columns, exports, registry, values
from tests.containers import before_the_end, described, expected, fixtures, names, only, parts, refusals
from tests.containers import values as said


def jsonl(*records: object) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def record(**given: object) -> Document:
    return registry.read(only(parts(jsonl(given), "jsonl")))


@pytest.mark.parametrize("path", fixtures("exports"), ids=lambda path: path.name)
def test_fixtures(path: Path) -> None:
    found = parts(path.read_bytes(), str(registry.format_of(path.name)))
    text, wanted = expected(path)
    assert isinstance(wanted, dict)
    unreadable = {name: one["unreadable"] for name, one in wanted.items() if "unreadable" in one}
    readable = [part for part in found if part.name not in unreadable]
    assert described(readable) == (text, {name: one for name, one in wanted.items() if name not in unreadable})
    for part in found:
        if isinstance(part, Member) and part.name in unreadable:
            with pytest.raises(UnreadableArticle, match=unreadable[part.name]):
                registry.read(part)


def test_a_mapping_goes_before_the_names_that_are_known() -> None:
    mapping = {"text": "story.full", "title": "name", "authors": "staff.name", "published": "", "id": "meta.key"}
    given = {
        "name": "A title", "title": "no title", "text": "not this", "published": "2025-01-01", "lang": "en",
        "story": {"full": "The text."}, "staff": [{"name": "A B"}, {"name": "C D"}], "meta": {"key": 7.0},
    }  # fmt: skip
    member = only(parts(jsonl(given), "jsonl", mapping))
    assert member.name == "7"
    assert registry.read(member).text == "The text."
    assert said(registry.read(member)) == {"title": "A title", "authors": ("A B", "C D"), "language": "en"}


def test_a_name_with_a_full_stop_is_no_path() -> None:
    assert registry.read(only(parts(b"story.full,x\nThe text.,1\n", "csv", {"text": "story.full"}))).text == "The text."


@pytest.mark.parametrize(("content", "format_name"), [(b"a,text\n1,x\n", "csv"), (jsonl({"a": 1, "text": 2}), "jsonl")])
def test_a_mapping_to_what_is_not_there_refuses_the_file(content: bytes, format_name: str) -> None:
    with pytest.raises(UnreadableArticle, match=r"title is in 'headline', but there are only 'a', 'text'"):
        parts(content, format_name, {"title": "headline"})


def test_a_key_that_only_some_records_have_is_there() -> None:
    assert len(parts(jsonl({"text": "a"}, {"text": "b", "kicker": "c"}), "jsonl", {"title": "kicker"})) == 2


def test_every_name_has_its_aliases() -> None:
    for name, aliases in columns.ALIASES.items():
        for alias in aliases:
            written = alias.title().replace(" ", "_")
            assert columns.column(name, {written: ""}, {}) == written


def test_unchanged_records_have_the_same_bytes_wherever_they_stand() -> None:
    one, other = {"id": 1, "title": "T", "text": "Text."}, {"text": "Other.", "id": 2}
    first, second = parts(jsonl(one, other), "jsonl")
    again = parts(jsonl(other, {"text": "Text.", "title": "T", "id": 1, "views": 12}), "jsonl")
    assert [second, first] == again


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_tables_of_every_kind(delimiter: str, encoding: str) -> None:
    rows = [["title", "text", "id"], ["Año", '"El niño, la niña;\nel año\ty la mañana. Después volverán."', "ñ"]]
    content = "\r\n".join(delimiter.join(row) for row in rows).encode(encoding)
    member = only(parts(content, "csv"))
    assert member.name == "ñ"
    assert registry.read(member).text == "El niño, la niña;\nel año y la mañana. Después volverán."


def test_a_spreadsheet_says_what_parts_its_columns() -> None:
    assert names(parts(b"sep=;\nid;text\n7;A, b, c\n", "csv")) == ["7"]


def test_other_encodings_of_json_lines() -> None:
    line = '{"text": "El niño y la niña volverán mañana, después del otoño."}\n'
    for encoding in ("utf-16", "utf-8-sig", "cp1252"):
        assert "mañana" in registry.read(only(parts(line.encode(encoding), "jsonl"))).text


def test_one_bad_line_does_not_stop_the_others() -> None:
    lines = [
        '{"text": "Både åska, öl och ärtor på ön, även när åar är våta."}'.encode(),
        b"{",
        b"nonsense",
        b'{"text": "b\xff"}',
        b"[" * 5000,
        b'{"n": ' + b"9" * 5000 + b"}",
    ]
    found = parts(b"\n".join([*lines, b'{"text": "c"}']), "jsonl")
    assert names(found) == ["1", "7"]
    reasons = refusals(found)
    assert list(reasons) == ["line 2", "line 3", "line 4", "line 5", "line 6"]
    assert "not decodable" in reasons["line 4"]
    assert "too deep" in reasons["line 5"]
    assert "too long" in reasons["line 6"]


def test_damaged_rows_are_refused_one_by_one() -> None:
    found = parts(
        "id,text\n1,a\n2\n3,b,c\n4,x\0y\n5,å, ö\n5,ååååååååååå\n\n6,d\n7,".encode() + b"e\xff\n8,f",
        "csv",
    )
    assert names(found) == ["1", "5", "6", "8"]
    reasons = refusals(found)
    assert "a row of 3 values" in reasons["line 6"]
    assert "not decodable" in reasons["line 10"]
    assert "a row of 1 values" in reasons["line 3"]
    assert "a row of 3 values" in reasons["line 4"]
    assert "NUL" in reasons["line 5"]


def test_bytes_of_another_encoding_far_behind() -> None:
    rows = b"".join(b"%d,%s\n" % (number, b"word " * 2000) for number in range(40))
    found = parts(b"id,text\n" + rows + b"x,caf\xe9\nlast,end\n", "csv")
    assert names(found)[-1] == "last"
    assert "not decodable" in refusals(found)["line 42"]


@pytest.mark.parametrize(
    ("content", "format_name", "reason"),
    [
        (b"", "csv", "empty"),
        (b"", "jsonl", "empty"),
        (b"id,text\n", "csv", "empty"),
        (b"\n\n", "jsonl", "empty"),
        (b'[{"text": "a"}]\n', "jsonl", "one list"),
        (b'{\n"text": "a"\n}\n', "jsonl", "several lines"),
        (b"1,2\n3,4\n", "csv", "none of its columns is known to hold the text.*'1', '2'"),
        (b"text,text\na,b\n", "csv", "two of its columns"),
        (b"t\0e\0x\0t\0\n\0", "csv", "UTF-16"),
        ("text\n".encode("utf-16")[:-1], "csv", "not decodable"),
    ],
)
def test_what_is_no_export_is_refused_as_a_whole(content: bytes, format_name: str, reason: str) -> None:
    with pytest.raises(UnreadableArticle, match=reason):
        parts(content, format_name)


def test_a_quotation_mark_that_is_not_closed_swallows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found, reason = before_the_end(b'id,text\n1,a\n2,"b\n3,c\n4,d\n', "csv")
    assert names(found) == ["1"]
    assert "line 3" in reason
    monkeypatch.setattr(exports, "LONGEST", 10_000)
    found, reason = before_the_end(b'id,text\n1,a\n2,"' + b"x\n" * 11_000 + b'"\n', "csv")
    assert names(found) == ["1"]
    assert "line 3" in reason


def test_very_long_values_are_read_and_too_long_ones_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "word " * 200_000
    assert len(registry.read(only(parts(f'id,text\n1,"{long}"\n'.encode(), "csv"))).text) == len(long) - 1
    found = parts(jsonl({"text": "x" * 11_000_000}, {"text": "a"}), "jsonl")
    assert "larger than 10 MiB" in refusals(found)["line 1"]
    monkeypatch.setattr(exports, "LONGEST", 1000)
    found = parts(jsonl({"text": "x" * 5000}, {"text": "a"}), "jsonl")
    assert "more than 1000 characters" in refusals(found)["line 1"]
    assert names(found) == ["2"]


def test_names_are_safe_and_unique() -> None:
    ids = ["../../etc/passwd", "/a//b/./c/", "x\ny\u202ez", "e\u0301", "é", "w" * 300, "", None, True, "\ud83d"]
    found = parts("".join(json.dumps({"id": one, "text": "a"}) + "\n" for one in ids).encode(), "jsonl")
    assert names(found)[:4] == ["etc/passwd", "a/b/c", "x yz", "é"]
    assert refusals(found) == {
        "line 5": "it has the same id, 'é', as line 4; give one of them another, or remove it",
    }
    long, *numbers = names(found)[4:]
    assert len(long) <= 200
    assert numbers == ["7", "8", "9", "\ufffd"] or numbers == ["7", "8", "9", "10"]


@pytest.mark.parametrize(
    ("text", "format_name", "wanted"),
    [
        ("<p>One</p><p>Two &amp; three</p>", None, "One\n\nTwo & three"),
        ("Line one<br>line two", None, "Line one\nline two"),
        ("If a < b and c > d, &amp; stays.", None, "If a < b and c > d, &amp; stays."),
        ("Use <b>bold</b> tags.", None, "Use <b>bold</b> tags."),
        ("Use <b>bold</b> tags.", "html", "Use bold tags."),
        ("Use **bold**.", "markdown", "Use bold."),
        ("Use **bold**.", None, "Use **bold**."),
        ("<p>kept</p>", "text", "<p>kept</p>"),
        ("<p>x", "text/html; charset=utf-8", "x"),
        ("Share this\n\nTwitter", None, "Share this\n\nTwitter"),
    ],
)
def test_formats_of_texts(text: str, format_name: str | None, wanted: str) -> None:
    mapping = {"format": "kind"} if format_name else {}
    member = only(parts(jsonl({"text": text, "kind": format_name}), "jsonl", mapping))
    assert registry.read(member).text == wanted


def test_a_format_that_is_not_read() -> None:
    member = only(parts(jsonl({"text": "x", "kind": "wikitext"}), "jsonl", {"format": "kind"}))
    with pytest.raises(UnreadableArticle, match="'wikitext'"):
        registry.read(member)
    # A column that happens to be called so says something else.
    assert record(text="x", format="standard").text == "x"


HTML = """<div><h2>Lamps</h2>Loose <!-- no --> words<script>no()</script>, and more<p>A <a href="/x">link</a>, a
<em>word</em> and H<sub>2</sub>O.<ol start="3"><li>three<ul><li>inner</ul><li><p>four</p><p>still four</p></ol>
<table><tr><th>Town<th>Lamps<tr><td>Osk<td>six <br>or seven</table>
<table><tr><td>One cell</table><figure><img alt="A quay" src="x"><figcaption>The quay</figcaption></figure>
<pre>a
  b</pre><blockquote><p>Said.</p></blockquote><p style="display: none">hidden</p><p hidden>hidden</p>tail</div>"""


def test_nothing_of_a_fragment_is_lost() -> None:
    assert record(html=HTML).text == (
        "Lamps\n\nLoose words, and more\n\nA link, a word and H2O.\n\n"
        "3. three\n- inner\n4. four\nstill four\n\nTown | Lamps\nOsk | six or seven\n\nOne cell\n\n"
        "The quay\n\na\nb\n\nSaid.\n\ntail"
    )


def test_html_that_is_nested_too_deep_is_refused() -> None:
    assert record(html="<div>" * 1000 + "deep").text == "deep"
    with pytest.raises(UnreadableArticle, match="nested"):
        record(html="<div>" * 100_000 + "deep")


def test_the_heading_of_markdown_is_its_title_if_nothing_else_is() -> None:
    assert record(markdown="# A title\n\nText.").said["title"].origin == "heading"


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2025-03-04", "2025-03-04"),
        ("2025-03", "2025-03"),
        ("2025", "2025"),
        ("2025-03-04 10:00:00", "2025-03-04"),
        ("2025-03-04T23:30:00-05:00", "2025-03-04"),
        ("2025-03-04T10:00:00.123Z", "2025-03-04"),
        ("2025-03-04 10:00:00 UTC", "2025-03-04"),
        ("2025/03/04", "2025-03-04"),
        ("20250304", "2025-03-04"),
        ("Tue, 04 Mar 2025 10:00:00 GMT", "2025-03-04"),
        ("4 Mar 2025 10:00:00 +0100", "2025-03-04"),
        ("March 4, 2025", "2025-03-04"),
        ("Tuesday, 4th March 2025", "2025-03-04"),
        ("Sept. 4, 2025 at 10:00", "2025-09-04"),
        ("March 2025", "2025-03"),
        ("1741046400", "2025-03-04"),
        ("1741046400000", "2025-03-04"),
        ("1741046400.25", "2025-03-04"),
        ("04/03/2025", None),
        ("25/03/2025", None),
        ("04.03.2025", None),
        ("March 32, 2025", None),
        ("Marvin 4, 2025", None),
        ("2025-02-30", None),
        ("0000-00-00 00:00:00", None),
        ("1970-01-01T00:00:00Z", None),
        ("1712010112345678", None),
        ("9999999999", None),
        ("9912010112345", None),
        ("12", None),
        ("yesterday", None),
        ("Tue, 04 Mar 25 10:00:00 GMT", None),
    ],
)
def test_dates(written: str, date: str | None) -> None:
    assert values.date(written) == date
    assert said(record(text="x", published=written)).get("published") == date


def test_numbers_that_are_dates() -> None:
    assert said(record(text="x", published=2025))["published"] == "2025"
    assert said(record(text="x", published=1741046400000))["published"] == "2025-03-04"
    assert "published" not in said(record(text="x", published=45720))
    assert "published" not in said(record(text="x", created="2025-03-04"))


@pytest.mark.parametrize(
    ("written", "authors"),
    [
        ("Ann Smith", ("Ann Smith",)),
        ("By Ann Smith", ("Ann Smith",)),
        ("Smith, Ann", ("Smith, Ann",)),
        ("Smith, Ann; Jones, Bo", ("Smith, Ann", "Jones, Bo")),
        ("Ann Smith | Bo Jones", ("Ann Smith", "Bo Jones")),
        ("Ann Smith and Bo Jones", ("Ann Smith", "Bo Jones")),
        ("Ann Smith, Bo Jones, and Cy van der Wu", ("Ann Smith", "Bo Jones", "Cy van der Wu")),
        ("Smith, Ann and Jones, Bo", ("Smith, Ann", "Jones, Bo")),
        ("García Márquez, Gabriel José", ("García Márquez, Gabriel José",)),
        ("Department of Health and Social Care", ("Department of Health and Social Care",)),
        ("Marks and Spencer", ("Marks and Spencer",)),
        ("['Ann Smith', \"Bo O'Hara\"]", ("Ann Smith", "Bo O'Hara")),
        ('["Ann Smith"]', ("Ann Smith",)),
        ("NaN", None),
        (["Ann Smith", None, ""], ("Ann Smith",)),
    ],
)
def test_authors(written: object, authors: tuple[str, ...] | None) -> None:
    assert said(record(text="x", author=written)).get("authors") == authors


class Endless(io.RawIOBase):
    """A file of so many records, made as it is read."""

    def __init__(self, count: int) -> None:
        self._numbers, self._rest = iter(range(count)), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = jsonl(*({"id": n, "text": f"Word {n}. " * 50} for n in islice(self._numbers, 200)))
        data, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def peak(count: int) -> int:
    found = exports.members(io.BufferedReader(Endless(count)), "jsonl", {})
    tracemalloc.start()
    try:
        assert sum(isinstance(part, Member) for part in found) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_records() -> None:
    few, many = peak(1000), peak(5000)
    # What was added are 4,000 records of more than 500 bytes; what stays of each is what its name is known by.
    assert many - few < 4000 * 200


def test_the_file_is_left_open() -> None:
    file = io.BytesIO(jsonl({"text": "a"}))
    assert len(list(exports.members(file, "jsonl", {}))) == 1
    assert not file.closed
