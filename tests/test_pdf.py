"""PDF: files made for one difficulty each, with the text that a careful reader would type from them.

``tests/fixtures/pdf/make.py`` makes the files; the expected texts and statements were read against them by eye.
"""

from __future__ import annotations

import json
import logging
import time
import zlib
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
)

from corpus.cleaning import clean
from corpus.document import Document, Member
from corpus.errors import UnreadableArticle
from corpus.formats.pdf import read
from corpus.formats.pdf_layout import Line
from corpus.formats.pdf_paragraphs import compose
from corpus.formats.pdf_words import Vocabulary
from corpus.formats.properties import is_title, people

FIXTURES = Path(__file__).parent / "fixtures" / "pdf"
EXPECTED = sorted(path.name.removesuffix(".expected.txt") for path in FIXTURES.glob("*.expected.txt"))


def member(content: bytes) -> Member:
    return Member(name="", format="pdf", content=content)


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.pdf").read_bytes()


def said(document: Document) -> dict[str, list[object]]:
    return {
        name: [list(one.value) if isinstance(one.value, tuple) else one.value, one.origin]
        for name, one in document.said.items()
    }


def drawn(*operators: str, font: str = "Helvetica", encoding: str = "WinAnsiEncoding") -> bytes:
    """A PDF with a page for each content stream, in a font that every viewer has."""
    writer = PdfWriter()
    face = DictionaryObject({NameObject(f"/{key}"): NameObject(f"/{value}") for key, value in {
        "Type": "Font", "Subtype": "Type1", "BaseFont": font, "Encoding": encoding}.items()})  # fmt: skip
    for content in operators:
        page = writer.add_blank_page(400, 400)
        stream = DecodedStreamObject()
        stream.set_data(content.encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F"): face})}
        )
    return written(writer)


def written(writer: PdfWriter) -> bytes:
    data = BytesIO()
    writer.write(data)
    return data.getvalue()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_has_the_text_the_statements_and_the_pages_that_it_should(name: str) -> None:
    document = read(member(fixture(name)))
    assert document.text == (FIXTURES / f"{name}.expected.txt").read_text()
    expected = json.loads((FIXTURES / f"{name}.expected.json").read_text())
    assert said(document) == expected["said"]
    assert [[page.label, document.text[page.start : page.end][:20]] for page in document.pages] == expected["pages"]


@pytest.mark.parametrize("name", EXPECTED)
def test_the_text_is_canonical_and_its_pages_follow_one_another(name: str) -> None:
    document = read(member(fixture(name)))
    assert clean(document.text) == document.text
    assert document == read(member(fixture(name)))
    assert [page.number for page in document.pages] == [*range(1, len(document.pages) + 1)]
    assert document.pages[0].start == 0
    assert document.pages[-1].end == len(document.text)
    assert all(one.end == two.start for one, two in pairwise(document.pages))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (fixture("scanned"), "a scanned PDF without text (2 pages of images): run it through OCR first"),
        (fixture("password"), "encrypted with a password"),
        (fixture("loop"), "a PDF that loops"),
        (fixture("report")[:3000], "cut off"),
        (fixture("report").replace(b"startxref", b"startxrfe"), "cut off"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 8 + b"startxref\n0\n%%EOF", "damaged PDF"),
        (b"<html>no PDF</html>", "not a PDF"),
        (b"", "not a PDF"),
        (drawn(""), "without text (1 pages, with nothing or with drawings on them)"),
        (written(PdfWriter()), "without pages"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableArticle) as error:
        read(member(content))
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_cut_off_anywhere_is_never_read_in_part() -> None:
    whole = fixture("columns")
    for size in range(0, len(whole) - 40, 97):
        with pytest.raises(UnreadableArticle):
            read(member(whole[:size]))


@pytest.mark.parametrize("name", ["columns", "notes", "packet"])
def test_of_a_damaged_file_nothing_but_the_reason_comes_out(name: str) -> None:
    whole = fixture(name)
    for at in range(20, len(whole), max(len(whole) // 60, 1)):
        damaged = whole[:at] + bytes(255 - byte for byte in whole[at : at + 5]) + whole[at + 5 :]
        try:
            document = read(member(damaged))
        except UnreadableArticle:
            continue
        assert clean(document.text) == document.text


def test_a_tree_of_pages_that_leads_back_to_its_root_is_refused() -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(fixture("junk"))))
    root = writer.root_object["/Pages"]
    root["/Kids"].append(root.indirect_reference)  # type: ignore[index]
    with pytest.raises(UnreadableArticle, match="a PDF that loops: its pages lead in a circle"):
        read(member(written(writer)))


def test_a_stream_that_unpacks_without_end_is_refused_quickly() -> None:
    writer = PdfWriter()
    page = writer.add_blank_page(300, 300)
    bomb = StreamObject()
    bomb._data = zlib.compress(b"BT ET " * 20_000_000, 1)
    bomb[NameObject("/Filter")] = NameObject("/FlateDecode")
    page[NameObject("/Contents")] = writer._add_object(bomb)
    begun = time.process_time()
    with pytest.raises(UnreadableArticle):
        read(member(written(writer)))
    assert time.process_time() - begun < 5


def test_pages_that_all_draw_the_same_large_content_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.formats.pdf_drawing.MAX_CONTENT_BYTES", 100)
    content = "BT /F 10 Tf 50 300 Td (The tide at Sanna) Tj ET"
    assert read(member(drawn(content, content))).text
    with pytest.raises(UnreadableArticle, match="unpack to more than"):
        read(member(drawn(content, content, content)))


def test_too_many_pages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.formats.pdf.MAX_PAGES", 4)
    with pytest.raises(UnreadableArticle, match="a PDF of 5 pages, more than 4; split it"):
        read(member(fixture("labels")))


def test_nothing_is_said_on_the_console(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    level = logging.getLogger("pypdf").level
    with pytest.raises(UnreadableArticle):
        read(member(fixture("loop")[:-30] + b"startxref\n99999\n%%EOF"))
    read(member(fixture("junk").replace(b"/Count 1", b"/Count 9")))
    assert not caplog.records
    assert not capsys.readouterr().err
    assert logging.getLogger("pypdf").level == level


def test_a_partly_scanned_file_keeps_its_pages_and_their_numbers() -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(fixture("junk"))))
    writer.append(PdfReader(BytesIO(fixture("scanned"))), pages=(0, 1))
    writer.append(PdfReader(BytesIO(fixture("junk"))))
    document = read(member(written(writer)))
    texts = [document.text[page.start : page.end].strip() for page in document.pages]
    assert texts == ["The tide at Sanna turned early.", "", "The tide at Sanna turned early."]


def test_a_file_that_is_mostly_scanned_is_refused() -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(fixture("scanned"))))
    writer.append(PdfReader(BytesIO(fixture("junk"))))
    with pytest.raises(UnreadableArticle, match="2 of its 3 pages are images without text"):
        read(member(written(writer)))


def test_letters_of_which_the_file_does_not_say_which_they_are_are_not_guessed() -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(drawn("BT /F 10 Tf 50 300 Td <00410042004300440045> Tj ET"))))
    font = writer.pages[0]["/Resources"]["/Font"]["/F"]  # type: ignore[index]
    descendant = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/DW"): NumberObject(500)})
    font[NameObject("/Subtype")] = NameObject("/Type0")
    font[NameObject("/Encoding")] = NameObject("/Identity-H")
    font[NameObject("/DescendantFonts")] = ArrayObject([descendant])
    with pytest.raises(UnreadableArticle, match="doesn't say which letters its glyphs are"):
        read(member(written(writer)))


def test_what_is_marked_or_lies_outside_the_page_is_left_out() -> None:
    content = (
        "/Artifact <</Type /Pagination>> BDC BT /F 10 Tf 50 380 Td (The Review) Tj ET EMC "
        "BT /F 10 Tf 50 300 Td (The tide) Tj ET BT /F 10 Tf 50 450 Td (sheet 3 of 9) Tj ET "
        "/Span <</ActualText (turned early)>> BDC BT /F 10 Tf 91 300 Td (tur) Tj (ned) Tj ET EMC"
    )
    assert read(member(drawn(content))).text == "The tide turned early"


def test_what_is_drawn_twice_to_be_bold_is_read_once() -> None:
    content = "BT /F 12 Tf 50 300 Td (Tides) Tj 0.3 0 Td (Tides) Tj 50 0 Td (and tides) Tj ET"
    assert read(member(drawn(content))).text == "Tides and tides"


def test_ligatures_and_letters_apart_make_words() -> None:
    content = "BT /F 10 Tf 50 300 Td [(of) -20 (\\002ce) -300 (hours)] TJ 0 -12 Td 1 Tc (tide) Tj ET"
    writer = PdfWriter(clone_from=PdfReader(BytesIO(drawn(content))))
    font = writer.pages[0]["/Resources"]["/Font"]["/F"]  # type: ignore[index]
    differences = ArrayObject([NumberObject(2), NameObject("/fi")])
    font[NameObject("/Encoding")] = DictionaryObject(
        {NameObject("/BaseEncoding"): NameObject("/WinAnsiEncoding"), NameObject("/Differences"): differences}
    )
    assert read(member(written(writer))).text == "office hours tide"


def test_running_heads_go_and_headings_that_count_stay() -> None:
    pages = [
        f"BT /F 8 Tf 50 380 Td (The Sanna Review, number {n}) Tj ET BT /F 18 Tf 50 330 Td (Chapter {n}) Tj ET "
        f"BT /F 10 Tf 50 300 Td (The tide number {n} turned early, and so did the boats.) Tj "
        f"0 -12 Td (They came back with lamps.) Tj ET BT /F 8 Tf 200 20 Td ({n + 11}) Tj ET"
        for n in range(1, 7)
    ]
    text = read(member(drawn(*pages))).text
    assert "Review" not in text
    assert [line for line in text.split("\n") if line.startswith("Chapter")] == [f"Chapter {n}" for n in range(1, 7)]
    assert not [line for line in text.split("\n") if line.isdigit()]


def test_a_number_that_is_alone_on_a_page_is_not_taken_for_the_page_s() -> None:
    content = "BT /F 10 Tf 50 300 Td (How many boats were late?) Tj 0 -60 Td (42) Tj ET"
    assert read(member(drawn(content))).text == "How many boats were late?\n\n42"


@pytest.mark.parametrize(
    ("before", "behind", "joined"),
    [
        ("the infor-", "mation", "the information"),
        ("a well-", "known pilot", "a well-known pilot"),
        ("the tide-", "gauge", "the tide-gauge"),
        ("a light-", "house", "a lighthouse"),
        ("the state-of-the-", "art", "the state-of-the-art"),
        ("the Anglo-", "Velmoran", "the Anglo-Velmoran"),
        ("in 1911-", "12", "in 1911-12"),
        ("the lamp —", "it burned", "the lamp — it burned"),
        ("the lamp—", "it burned", "the lamp—it burned"),
        ("see https://velmora.example/", "tides", "see https://velmora.example/tides"),
        ("和平", "与发展", "和平与发展"),
        ("under-", "stood", "understood"),
    ],
)
def test_lines_are_joined_as_words_want(before: str, behind: str, joined: str) -> None:
    words = Vocabulary(
        ["Known as such, the well of the tide is here.", "A tide-gauge, and a lighthouse with a light, and a house."]
    )
    assert words.joined(before, behind) == joined


def line_of(text: str, base: float) -> Line:
    return Line(
        text=text, left=0, right=200, base=base, size=10, bold=False, cells=1, limits=(0, 200), column=0, turned=0
    )


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["in\r\rtwo"], "in two"),
        (["\u2029\u2029Sanna  \x0c\x0b lies"], "Sanna lies"),
        (["the harb\xad", "our"], "the harbour"),
        (["caf\x65\xad", "\u0301s"], "cafe \u0301s"),
        (["\u30ab", "\u3099"], "\u30ab \u3099"),
        (["\u1100\xad", "\u1161"], "\u1100 \u1161"),
    ],
)
def test_what_comes_of_odd_lines_is_canonical(lines: list[str], text: str) -> None:
    page = [line_of(one, 100 - 12 * number) for number, one in enumerate(lines)]
    composed, _ = compose([page], ["1"])
    assert composed == text == clean(composed)


@pytest.mark.parametrize(
    ("title", "is_one"),
    [
        ("Tides at Sanna", True),
        ("Tides", True),
        ("Report 2031/2", True),
        ("Microsoft Word - tides.docx", False),
        ("tides_final.indd", False),
        ("untitled", False),
        ("Document1", False),
        ("tides_at_sanna", False),
        ("PowerPoint Presentation", False),
        ("2031", False),
        ("", False),
    ],
)
def test_titles_that_programs_make_up_are_none(title: str, is_one: bool) -> None:
    assert is_title(title) is is_one


def test_authors_are_people() -> None:
    assert people(["Odile Marsh; Teo Brandt", "admin", "Microsoft Office User", "desk@velmora.example"]) == [
        "Odile Marsh",
        "Teo Brandt",
    ]


lines = st.lists(
    st.builds(
        Line,
        text=st.text(
            st.sampled_from("a-\xad\u0301\u3099\u30ab\r\n") | st.characters(exclude_categories=["Cs"]), max_size=12
        ),
        left=st.floats(0, 100),
        right=st.floats(100, 200),
        base=st.floats(0, 400),
        size=st.sampled_from([7.0, 10.0, 18.0]),
        bold=st.booleans(),
        cells=st.integers(1, 3),
        limits=st.just((0.0, 200.0)),
        column=st.integers(0, 1),
        turned=st.integers(0, 1),
    ),
    max_size=8,
)


@given(st.lists(lines, min_size=1, max_size=4))
def test_whatever_stands_on_pages_their_text_is_canonical_and_each_has_its_part(pages: list[list[Line]]) -> None:
    text, spans = compose(pages, [str(number) for number in range(len(pages))])
    assert clean(text) == text
    assert [span.start for span in spans] == [0, *(span.end for span in spans[:-1])]
    assert spans[-1].end == len(text)
    letters = sorted(
        character for page in pages for line in page for character in clean(line.text) if character.isalnum()
    )
    assert sorted(filter(str.isalnum, text)) == letters
