"""Word files, OpenDocument texts, rich text and books: made here, each with what its format makes difficult."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml

from corpus.cleaning import clean
from corpus.document import Document, Member
from corpus.errors import UnreadableArticle
from corpus.formats.office import MAX_PARTS, read

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def member(format_name: str, content: bytes) -> Member:
    return Member(name="", format=format_name, content=content)


def said(document: Document) -> dict[str, Any]:
    return {name: (one.value, one.origin) for name, one in document.said.items()}


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


def changed(content: bytes, changes: Mapping[str, str | bytes]) -> bytes:
    with zipfile.ZipFile(BytesIO(content)) as package:
        return packed({**{name: package.read(name) for name in package.namelist()}, **changes})


def saved(document: Any) -> bytes:
    data = BytesIO()
    document.save(data)
    return data.getvalue()


def word() -> Any:
    document = docx.Document()
    document.core_properties.author = "python-docx"
    document.core_properties.title = ""
    return document


def report() -> bytes:
    document = word()
    document.core_properties.title = "Tides at Sanna"
    document.core_properties.author = "Odile Marsh; Teo Brandt"
    document.core_properties.keywords = "tides, harbours"
    document.core_properties.language = "en-GB"
    document.add_heading("The week", 1)
    paragraph = document.add_paragraph("The tide *turned* early_ on [Monday], over 30 m")
    paragraph.add_run("2").font.superscript = True
    paragraph.add_run(" of quay; H")
    paragraph.add_run("2").font.subscript = True
    paragraph.add_run("O <b>stood</b>.").underline = True
    for text in ("lamps", "boards"):
        document.add_paragraph(text, style="List Bullet")
    table = document.add_table(3, 2)
    for at, text in enumerate(["Route", "Boats", "Velmora to Sanna", "12"]):
        table.cell(at // 2, at % 2).text = text
    table.cell(2, 0).merge(table.cell(2, 1)).text = "in all | 12"
    paragraph = document.add_paragraph("Nobody was ")
    paragraph._p.append(parse_xml(f'<w:ins {W} w:id="1" w:author="T"><w:r><w:t>late</w:t></w:r></w:ins>'))
    paragraph._p.append(parse_xml(f'<w:del {W} w:id="2" w:author="T"><w:r><w:delText>early</w:delText></w:r></w:del>'))
    document.add_comment(paragraph.runs, text="Is that so?", author="Teo")
    document.sections[0].header.paragraphs[0].text = "Velmora Harbour Review"
    document.sections[0].footer.paragraphs[0].text = "Page 1 of 1"
    return saved(document)


def test_a_word_file_has_its_words_and_none_of_its_markup() -> None:
    document = read(member("docx", report()))
    assert document.text == (
        "The week\n\nThe tide *turned* early_ on [Monday], over 30 m² of quay; H2O <b>stood</b>.\n\n- lamps\n- boards"
        "\n\nRoute | Boats\nVelmora to Sanna | 12\nin all | 12\n\nNobody was late"
    )
    assert said(document) == {
        "title": ("Tides at Sanna", "document"),
        "authors": (("Odile Marsh", "Teo Brandt"), "document"),
        "tags": (("tides", "harbours"), "document"),
        "language": ("en-GB", "document"),
    }
    assert document == read(member("docx", report()))


def test_a_paragraph_of_the_style_title_is_the_title_and_stays_in_the_text() -> None:
    made = word()
    made.core_properties.title = "Microsoft Word - tides.docx"
    made.add_paragraph("Tides at Sanna", style="Title")
    made.add_paragraph("A table", style="Subtitle")
    made.add_paragraph("It turned early.")
    document = read(member("docx", saved(made)))
    assert document.text == "Tides at Sanna\n\nA table\n\nIt turned early."
    assert said(document)["title"] == ("Tides at Sanna", "heading")


def test_when_a_file_was_made_is_not_when_it_was_published() -> None:
    assert not {"published", "updated"} & read(member("docx", report())).said.keys()


FOOTNOTES = f"""<?xml version="1.0"?><w:footnotes {W}><w:footnote w:id="2">
<w:p><w:r><w:t>Minutes, leaf 40.</w:t></w:r></w:p>
</w:footnote><w:footnote w:id="3"><w:p><w:r><w:t>With a comet.</w:t></w:r></w:p></w:footnote></w:footnotes>"""


def test_footnotes_stand_at_the_end_by_their_numbers() -> None:
    made = word()
    paragraph = made.add_paragraph("It was lit")
    paragraph._p.append(parse_xml(f'<w:r {W}><w:footnoteReference w:id="2"/></w:r>'))
    paragraph.add_run(" in the winter")
    paragraph._p.append(parse_xml(f'<w:r {W}><w:footnoteReference w:id="3"/></w:r>'))
    made.add_paragraph("So they say.")
    content = saved(made)
    with zipfile.ZipFile(BytesIO(content)) as package:
        relations = package.read("word/_rels/document.xml.rels").decode()
        types = package.read("[Content_Types].xml").decode()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    named = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    content = changed(content, {
        "word/footnotes.xml": FOOTNOTES,
        "word/_rels/document.xml.rels": relations.replace(
            "</Relationships>", f'<Relationship Id="rF" Type="{kind}" Target="footnotes.xml"/></Relationships>'),
        "[Content_Types].xml": types.replace(
            "</Types>", f'<Override PartName="/word/footnotes.xml" ContentType="{named}"/></Types>'),
    })  # fmt: skip
    assert read(member("docx", content)).text == (
        "It was lit[1] in the winter[2]\n\nSo they say.\n\n[1] Minutes, leaf 40.\n\n[2] With a comet."
    )


O = " ".join(  # noqa: E741
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"'
    for name, space in (("office", "office"), ("text", "text"), ("style", "style"), ("meta", "meta"))
)


LISTS = (
    '<office:automatic-styles><text:list-style style:name="L"><text:list-level-style-bullet text:level="1"'
    ' text:bullet-char="•"/></text:list-style></office:automatic-styles>'
)


def open_document(meta: str = "", manifest: str = "") -> bytes:
    body = (
        '<text:h text:outline-level="1">The week</text:h><text:p>The tide<text:note text:note-class="footnote">'
        "<text:note-citation>1</text:note-citation><text:note-body><text:p>Of spring.</text:p></text:note-body>"
        '</text:note> turned<text:s/>early.</text:p><text:list text:style-name="L">'
        "<text:list-item><text:p>lamps</text:p></text:list-item>"
        "<text:list-item><text:p>boards</text:p></text:list-item></text:list>"
    )
    return packed({
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": f"<office:document-content {O}>{LISTS}<office:body><office:text>{body}</office:text>"
        "</office:body></office:document-content>",
        "styles.xml": f"<office:document-styles {O}><office:font-face-decls/><office:styles/><office:automatic-styles/>"
        "<office:master-styles/></office:document-styles>",
        "meta.xml": f'<office:document-meta {O} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>{meta}'
        "</office:meta></office:document-meta>",
        "META-INF/manifest.xml": '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f"{manifest}</m:manifest>",
    })  # fmt: skip


def test_an_open_document_has_its_words_and_its_properties() -> None:
    meta = (
        "<dc:title>Tides at Sanna</dc:title><meta:initial-creator>Odile Marsh</meta:initial-creator>"
        "<dc:creator>Teo Brandt</dc:creator><meta:keyword>tides</meta:keyword><dc:language>en-GB</dc:language>"
        "<dc:date>2031-04-05T10:00:00</dc:date><meta:creation-date>2031-04-02T10:00:00</meta:creation-date>"
    )
    document = read(member("odt", open_document(meta)))
    assert document.text == "The week\n\nThe tide[1] turned early.\n\n- lamps\n- boards\n\n[1] Of spring."
    assert said(document) == {
        "title": ("Tides at Sanna", "document"),
        "authors": (("Odile Marsh",), "document"),
        "tags": (("tides",), "document"),
        "language": ("en-GB", "document"),
    }


def test_rich_text_has_its_words_and_its_properties() -> None:
    rich = (
        r"{\rtf1\ansi{\info{\title Tides at Sanna}{\author Odile Marsh}{\creatim\yr2031\mo4\dy5}}"
        r"\pard The tide {\b turned} early\u8212 ?so early.{\footnote\pard Of spring.}\par It was caf\'e9 time.\par}"
    )
    document = read(member("rtf", rich.encode()))
    assert document.text == "The tide turned early—so early.[1]\n\nIt was café time.\n\n[1] Of spring."
    assert said(document)["authors"] == (("Odile Marsh",), "document")
    assert said(document)["title"] == ("Tides at Sanna", "document")
    assert "published" not in document.said


CHAPTER = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{}</body></html>'


NAVIGATES = ' properties="nav"'


def book(metadata: str = "", more: Mapping[str, str] | None = None, chapter: str = "<p>Third.</p>") -> bytes:
    """Chapters whose names and places in the archive are not in the order in which they are read."""
    items = ["nav", "c2", "c1", "front"]
    manifest = "".join(
        f'<item id="{one}" href="text/{one}.xhtml" media-type="application/xhtml+xml"'
        f"{NAVIGATES if one == 'nav' else ''}/>"
        for one in items
    )
    spine = "".join(f'<itemref idref="{one}"/>' for one in ("nav", "front", "c1", "c2"))
    return packed({
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles>'
        "</container>",
        "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">'
        f"{metadata}</metadata><manifest>{manifest}</manifest><spine>{spine}</spine></package>",
        "OEBPS/text/nav.xhtml": CHAPTER.format("<nav><ol><li><a href='c1.xhtml'>First</a></li></ol></nav>"),
        "OEBPS/text/front.xhtml": CHAPTER.format("<p>For the pilots.</p>"),
        "OEBPS/text/c1.xhtml": CHAPTER.format("<h1>One</h1><p>First <em>words</em> &amp; more.</p><p>Second.</p>"),
        "OEBPS/text/c2.xhtml": CHAPTER.format(f"<h1>Two</h1>{chapter}"),
        **(more or {}),
    })  # fmt: skip


OPF = (
    "<dc:title>Tides at Sanna</dc:title><dc:creator id='a'>Odile Marsh</dc:creator>"
    "<dc:creator id='b'>Ilse Painter</dc:creator><meta refines='#b' property='role'>ill</meta>"
    "<dc:creator opf:role='aut'>Teo Brandt</dc:creator><dc:publisher>Velmora Press</dc:publisher>"
    "<dc:date>2031-04</dc:date><meta property='dcterms:modified'>2031-06-07T10:00:00Z</meta>"
    "<dc:language>en-GB</dc:language><dc:rights>CC BY 4.0</dc:rights><dc:subject>tides</dc:subject>"
    "<dc:identifier id='i'>https://velmora.example/tides</dc:identifier>"
)


def test_a_book_is_read_in_the_order_of_its_spine_without_its_table_of_contents() -> None:
    document = read(member("epub", book(OPF)))
    assert document.text == "For the pilots.\n\nOne\n\nFirst words & more.\n\nSecond.\n\nTwo\n\nThird."
    assert said(document) == {
        "title": ("Tides at Sanna", "document"),
        "authors": (("Odile Marsh", "Teo Brandt"), "document"),
        "publisher": ("Velmora Press", "document"),
        "url": ("https://velmora.example/tides", "document"),
        "published": ("2031-04", "document"),
        "updated": ("2031-06-07", "document"),
        "tags": (("tides",), "document"),
        "language": ("en-GB", "document"),
        "licence": ("CC BY 4.0", "document"),
    }


def test_of_several_dates_of_a_book_that_of_its_publication_counts() -> None:
    dates = (
        "<dc:date opf:event='creation'>2029</dc:date><dc:date opf:event='publication'>2030-02-03</dc:date>"
        "<dc:date opf:event='modification'>2031</dc:date>"
    )
    assert said(read(member("epub", book(dates))))["published"] == ("2030-02-03", "document")
    assert "published" not in read(member("epub", book("<dc:date opf:event='creation'>2029</dc:date>"))).said


ENCRYPTION = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData '
    'xmlns="http://www.w3.org/2001/04/xmlenc#"><CipherData><CipherReference URI="{}"/></CipherData></EncryptedData>'
    "</encryption>"
)


def test_a_book_with_only_its_fonts_encrypted_is_read() -> None:
    content = book(OPF, {"META-INF/encryption.xml": ENCRYPTION.format("OEBPS/fonts/serif.otf")})
    assert read(member("epub", content)).text.startswith("For the pilots.")


ENTITIES = '<!DOCTYPE c [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def bomb() -> bytes:
    return changed(report(), {"word/media/bomb.xml": b"0" * 50_000_000})


@pytest.mark.parametrize(
    ("format_name", "content", "reason"),
    [
        ("docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "encrypted with a password, or of an old version"),
        ("docx", report()[:2000], "damaged or cut off"),
        ("docx", b"", "damaged or cut off"),
        ("docx", open_document(), "not a Word file"),
        ("docx", changed(report(), {"word/document.xml": "<broken"}), "damaged: pandoc can't read it as a Word file"),
        ("docx", packed({f"a{n}": "" for n in range(MAX_PARTS + 1)}), "more than 20000 parts"),
        ("docx", bomb(), "unpacks to far more than it is"),
        ("odt", report(), "not an OpenDocument text"),
        ("odt", open_document(manifest="<m:encryption-data/>"), "encrypted with a password"),
        ("epub", report(), "not an EPUB book"),
        ("epub", book(OPF, {"META-INF/encryption.xml": ENCRYPTION.format("OEBPS/text/c1.xhtml")}), "digital rights"),
        ("rtf", b"plain words", "not rich text"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_reason(format_name: str, content: bytes, reason: str) -> None:
    begun = time.monotonic()
    with pytest.raises(UnreadableArticle) as error:
        read(member(format_name, content))
    assert reason in str(error.value)
    assert "\n" not in str(error.value)
    assert time.monotonic() - begun < 20


def test_entities_in_properties_are_not_resolved() -> None:
    core = (
        f'{ENTITIES}<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Tides &b; here</dc:title>'
        "<dc:creator>Odile Marsh</dc:creator></c>"
    )
    document = read(member("docx", changed(report(), {"docProps/core.xml": core})))
    assert "lol" not in str(said(document).get("title"))


@pytest.mark.parametrize("format_name", ["docx", "odt", "epub"])
def test_of_a_damaged_file_nothing_but_the_reason_comes_out(format_name: str) -> None:
    whole = {"docx": report(), "odt": open_document(), "epub": book(OPF)}[format_name]
    for at in range(30, len(whole), len(whole) // 7):
        damaged = whole[:at] + bytes(255 - byte for byte in whole[at : at + 5]) + whole[at + 5 :]
        try:
            document = read(member(format_name, damaged))
        except UnreadableArticle:
            continue
        assert clean(document.text) == document.text
