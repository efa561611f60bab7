"""What is pasted has the quote to the letter, and of its source all that is known and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import rispy  # type: ignore[import-untyped]
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import SeparateCoAuthors
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pylatexenc.latex2text import (  # type: ignore[import-untyped]
    LatexNodes2Text,
    MacroTextSpec,
    get_default_latex_context_db,
)

from corpus.cleaning import clean
from qa.answers import Citation
from qa.styles import STYLES, Style, cited

PAGE = "https://example.org/news?id=7&x=%20#top"
LINK = f"{PAGE}:~:text=It%20landed,near%20Łódź"
ENCODED_LINK = f"{PAGE}:~:text=It%20landed,near%20%C5%81%C3%B3d%C5%BA"
BASE = "https://archive.example.org/"
COPY = "/articles/2025/capsule?start=20&end=40&sha256=0#passage"
SHA256 = "0123456789abcdef" * 4

CITATION = Citation(
    article_id="2025/capsule",
    title="A capsule lands",
    title_inferred=False,
    authors=("Ada Writer", "Ana María Pérez"),
    publisher="Ibidem Wire",
    url=PAGE,
    published="2025-03-04",
    updated=None,
    retrieved=None,
    provenance={},
    language="en",
    page=None,
    start=20,
    end=40,
    quote="It landed near Łódź.",
    prefix="",
    suffix="",
    sha256=SHA256,
    generation="g",
    link=COPY,
    source_link=LINK,
)
NO_LINK: dict[str, object] = {"url": None, "source_link": None}
BARE = replace(
    CITATION, authors=(), publisher=None, url=None, source_link=None, published=None, language=None,
    title_inferred=True, title="It landed.",
)  # fmt: skip

HARD = [
    "1. One\n2) two\n\n# three\n\n- four\n+ five\n= six\n--- seven\n> eight",
    "*a* _b_ `c` ~~d~~ [e](f) ![g](h) <i>j</i> &amp; &lt; | k | $l$ \\m http://n.org \\",
    "\\\n\\\n\n\\",
    "<script>alert(1)</script> \"x\" 'y' </blockquote> <!-- -->",
    "{a} }b{ \\textbf{c} 100% #1 a_b x^2 ~ @misc{z, -- --- ``q'' ?` <<",
    "TY  - JOUR\nER  - \n\nAU  - Somebody Else",
    "قال القائد: «نعم». \N{ROCKET} 太空舱降落了。",
]


def canonical(text: str) -> str:
    """Some quote, as an article may have it."""
    return clean(text) or "x"


QUOTES = st.one_of(
    st.text(st.sampled_from("ab1 \n.-*_`#>+=|[](){}<>&\\~$!@%^'\"é李"), min_size=1, max_size=60), st.text(max_size=60)
).map(canonical)
"""Few characters, of which most mean something somewhere, are what finds mistakes."""

LINES = st.text(max_size=30).map(canonical).map(lambda text: " ".join(text.split()))


# Manuals


def reference(style: Style, citation: Citation, base: str = "") -> str:
    quote, _, reference = cited(citation, style, base).rpartition("\n\n")
    assert quote == citation.quote
    return reference


REFERENCES: list[tuple[str, dict[str, object], str, str, str]] = [
    (
        "two authors, a day",
        {},
        f"Ada Writer, & Ana María Pérez. (2025, March 4). A capsule lands. Ibidem Wire. {ENCODED_LINK}",
        f"Ada Writer and Ana María Pérez, “A capsule lands,” Ibidem Wire, March 4, 2025, {ENCODED_LINK}.",
        f"Ada Writer and Ana María Pérez. “A capsule lands.” Ibidem Wire, 4 Mar. 2025, {ENCODED_LINK}.",
    ),
    (
        "one author, a month, not on the web",
        {"authors": ("Ada Writer",), "published": "2025-09", **NO_LINK},
        "Ada Writer. (2025, September). A capsule lands. Ibidem Wire.",
        "Ada Writer, “A capsule lands,” Ibidem Wire, September 2025.",
        "Ada Writer. “A capsule lands.” Ibidem Wire, Sept. 2025.",
    ),
    (
        "three authors, a year",
        {"authors": ("A B", "C D", "E F"), "published": "2025", **NO_LINK},
        "A B, C D, & E F. (2025). A capsule lands. Ibidem Wire.",
        "A B et al., “A capsule lands,” Ibidem Wire, 2025.",
        "A B, et al. “A capsule lands.” Ibidem Wire, 2025.",
    ),
    (
        "no author",
        {"authors": (), **NO_LINK},
        "A capsule lands. (2025, March 4). Ibidem Wire.",
        "“A capsule lands,” Ibidem Wire, March 4, 2025.",
        "“A capsule lands.” Ibidem Wire, 4 Mar. 2025.",
    ),
    (
        "no date",
        {"published": None, **NO_LINK},
        "Ada Writer, & Ana María Pérez. (n.d.). A capsule lands. Ibidem Wire.",
        "Ada Writer and Ana María Pérez, “A capsule lands,” Ibidem Wire, n.d.",
        "Ada Writer and Ana María Pérez. “A capsule lands.” Ibidem Wire.",
    ),
    (
        "no date but that of retrieval",
        {"authors": (), "published": None, "retrieved": "2025-05-01"},
        f"A capsule lands. (n.d.). Ibidem Wire. Retrieved May 1, 2025, from {ENCODED_LINK}",
        f"“A capsule lands,” Ibidem Wire, accessed May 1, 2025, {ENCODED_LINK}.",
        f"“A capsule lands.” Ibidem Wire, {ENCODED_LINK}. Accessed 1 May 2025.",
    ),
    (
        "no date but that of a change",
        {"authors": (), "published": None, "updated": "2025-07", **NO_LINK},
        "A capsule lands. (2025, July). Ibidem Wire.",
        "“A capsule lands,” Ibidem Wire, last modified July 2025.",
        "“A capsule lands.” Ibidem Wire, July 2025.",
    ),
    (
        "published by its author",
        {"authors": ("Ibidem Wire",), **NO_LINK},
        "Ibidem Wire. (2025, March 4). A capsule lands.",
        "Ibidem Wire, “A capsule lands,” March 4, 2025.",
        "“A capsule lands.” Ibidem Wire, 4 Mar. 2025.",
    ),
    (
        "names and titles that end with a mark",
        {"authors": ("Ada Writer Jr.",), "title": "Who landed?", "publisher": "Wire Inc.", **NO_LINK},
        "Ada Writer Jr. (2025, March 4). Who landed? Wire Inc.",
        "Ada Writer Jr., “Who landed?,” Wire Inc., March 4, 2025.",
        "Ada Writer Jr. “Who landed?” Wire Inc., 4 Mar. 2025.",
    ),
    (
        "a title that isn't Latin",
        {"authors": ("李雷",), "title": "بازگشت به خانه", "publisher": None, **NO_LINK},
        "李雷. (2025, March 4). بازگشت به خانه.",
        "李雷, “بازگشت به خانه,” March 4, 2025.",
        "李雷. “بازگشت به خانه.” 4 Mar. 2025.",
    ),
    (
        "a title from the text",
        {"authors": (), "title": "It landed near Łódź.", "title_inferred": True, **NO_LINK},
        "[It landed near Łódź]. (2025, March 4). Ibidem Wire.",
        "[It landed near Łódź], Ibidem Wire, March 4, 2025.",
        "[It landed near Łódź]. Ibidem Wire, 4 Mar. 2025.",
    ),
]


@pytest.mark.parametrize(
    ("changes", "apa", "chicago", "mla"), [case[1:] for case in REFERENCES], ids=[case[0] for case in REFERENCES]
)
def test_references_are_as_the_manuals_want_them(changes: dict[str, object], apa: str, chicago: str, mla: str) -> None:
    citation = replace(CITATION, **changes)  # type: ignore[arg-type]
    assert reference("apa", citation) == apa
    assert reference("chicago", citation) == chicago
    assert reference("mla", citation) == mla


def test_apa_names_at_most_twenty_authors() -> None:
    names = [f"A{n}" for n in range(1, 23)]
    entry = reference("apa", replace(CITATION, authors=tuple(names)))
    assert entry.startswith(f"{', '.join(names[:19])}, . . . A22. (2025")
    assert reference("apa", replace(CITATION, authors=tuple(names[:20]))).startswith(
        f"{', '.join(names[:19])}, & A20. ("
    )


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_its_name(month: int) -> None:
    short = ("Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
    entry = reference("mla", replace(CITATION, published=f"2025-{month:02}-30"))
    assert f", 30 {short[month - 1]} 2025, " in entry
    assert (
        reference("apa", replace(CITATION, published=f"2025-{month:02}"))
        .split("2025, ")[1]
        .startswith(short[month - 1][:3])
    )


# What is the same for all


@pytest.mark.parametrize("style", [style for style in STYLES if style not in {"bibtex", "ris", "csl-json"}])
def test_a_source_that_is_not_on_the_web_is_linked_in_the_archive_if_that_has_an_address(style: Style) -> None:
    assert "https://archive.example.org/articles/2025/capsule?" in cited(BARE, style, BASE)
    assert "http" not in cited(BARE, style).replace("http://www.w3.org/ns/anno.jsonld", "")


@pytest.mark.parametrize("style", STYLES)
def test_nothing_is_made_up_for_what_is_not_known(style: Style) -> None:
    text = cited(BARE, style)
    assert "None" not in text
    assert "null" not in text
    assert not re.search(r"\b(19|20)\d\d\b", text.replace("2025/capsule", ""))
    assert not re.search(r"[Uu]nknown|[Aa]nonymous|\(\)|, ,|\[\]", text)


def test_the_place_of_the_quote_can_be_checked() -> None:
    texts: list[Style] = ["plain", "markdown", "html"]
    records: list[Style] = ["bibtex", "ris", "csl-json"]
    for style in texts:
        text = cited(CITATION, style)
        assert f"2025/capsule, code points 20-40 of the text with SHA-256 {SHA256[:12]}" in text
        assert SHA256[:13] not in text
    for style in records:
        assert f"2025/capsule, code points 20-40 of the text with SHA-256 {SHA256}" in cited(CITATION, style)


def test_plain_text() -> None:
    assert cited(replace(CITATION, updated="2025-03", retrieved="2025-04"), "plain") == (
        "It landed near Łódź.\n"
        "\n"
        "— Ada Writer, Ana María Pérez, “A capsule lands”, Ibidem Wire, 2025-03-04, updated 2025-03\n"
        f"{ENCODED_LINK}\n"
        "Retrieved 2025-04\n"
        "2025/capsule, code points 20-40 of the text with SHA-256 0123456789ab"
    )
    assert cited(BARE, "plain") == (
        "It landed near Łódź.\n\n— [It landed.]\n2025/capsule, code points 20-40 of the text with SHA-256 0123456789ab"
    )


# Markdown


def rendered(markdown: str) -> tuple[list[str], set[str], set[str]]:
    """The paragraphs of the one block quotation that there is, all kinds of markup, and all addresses."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    inline = [child for token in tokens for child in token.children or ()]
    paragraphs = [
        "".join("\n" if child.type in {"hardbreak", "softbreak"} else child.content for child in token.children or ())
        for token in tokens
        if token.type == "inline"
    ]
    kinds = {token.type for token in [*tokens, *inline]} - {"inline", "text"}
    assert [token.type for token in tokens if token.level == 0] == ["blockquote_open", "blockquote_close"]
    return paragraphs, kinds, {str(child.attrGet("href")) for child in inline if child.type == "link_open"}


KINDS = {f"{kind}_{side}" for kind in ("blockquote", "paragraph", "link") for side in ("open", "close")} | {"hardbreak"}


def assert_in_markdown(citation: Citation) -> None:
    paragraphs, kinds, addresses = rendered(cited(citation, "markdown"))
    *quote, source = paragraphs
    assert "\n\n".join(quote) == citation.quote
    assert kinds <= KINDS
    assert addresses == {ENCODED_LINK}
    assert source.startswith(f"— {', '.join([*citation.authors, citation.title])}, Ibidem Wire, 2025-03-04\n")


@pytest.mark.parametrize("quote", HARD)
def test_markdown_shows_the_quote_and_no_markup_of_it(quote: str) -> None:
    assert_in_markdown(replace(CITATION, quote=clean(quote)))


@given(QUOTES, LINES)
@settings(max_examples=200, deadline=None)
def test_markdown_shows_any_quote(quote: str, title: str) -> None:
    assert_in_markdown(replace(CITATION, quote=quote, title=title, authors=(f"A {title}",)))


# HTML


class Reader(HTMLParser):
    """Keeps the paragraphs' text, the source's, and every element with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"p": [], "cite": [], "figcaption": []}
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "br":
            self.handle_data("")
            return
        self.open.append(tag)
        if tag in self.texts:
            self.texts[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag, texts in self.texts.items():
            if tag in self.open:
                texts[-1] += data


ELEMENTS = {"figure", "blockquote", "p", "br", "figcaption", "cite", "a", "small"}


def assert_in_html(citation: Citation) -> None:
    reader = Reader(cited(citation, "html", BASE))
    assert reader.open == []
    assert "\n\n".join(reader.texts["p"]) == citation.quote  # behind each br the line ends
    assert reader.texts["cite"] == [citation.title]
    assert {tag for tag, _ in reader.elements} <= ELEMENTS
    assert [attributes for tag, attributes in reader.elements if tag == "a"] == [{"href": ENCODED_LINK}]
    assert {name for _, attributes in reader.elements for name in attributes} <= {"cite", "lang", "dir", "href"}


@pytest.mark.parametrize("quote", HARD)
def test_html_shows_the_quote_and_no_markup_of_it(quote: str) -> None:
    assert_in_html(replace(CITATION, quote=clean(quote), title=" ".join(quote.split()), language='e"n'))


@given(QUOTES, LINES)
@settings(max_examples=100, deadline=None)
def test_html_shows_any_quote(quote: str, title: str) -> None:
    assert_in_html(replace(CITATION, quote=quote, title=title, authors=(title,), publisher=title))


@pytest.mark.parametrize("style", STYLES)
def test_nothing_but_a_web_address_becomes_a_link(style: Style) -> None:
    """Reading lets no other address in; if one came from elsewhere, it would go no further."""
    text = cited(replace(CITATION, url="javascript:alert(1)", source_link=None), style, BASE)
    assert "javascript" not in text


# BibTeX

_DATABASE = get_default_latex_context_db()
_DATABASE.add_context_category(
    "braces",
    prepend=True,
    macros=[
        MacroTextSpec("textbraceleft", "{"),
        MacroTextSpec("textbraceright", "}"),
        MacroTextSpec("textasciicircum", "^"),
    ],
)


def from_latex(text: str) -> str:
    return str(LatexNodes2Text(_DATABASE, strict_latex_spaces=True).latex_to_text(text))


def bibtex(citation: Citation) -> dict[str, str]:
    """The fields of the one entry."""
    library = parse_string(cited(citation, "bibtex"), append_middleware=[SeparateCoAuthors()])
    assert not library.failed_blocks
    (entry,) = library.entries
    assert entry.entry_type == "misc"
    return {field.key: field.value for field in entry.fields} | {"key": entry.key}


def test_bibtex_says_what_is_known() -> None:
    fields = bibtex(replace(CITATION, retrieved="2025-04-01"))
    key = fields.pop("key")
    assert re.fullmatch("ibidem-[0-9a-f]{12}", key)
    assert fields == {
        "author": ["{Ada Writer}", "{Ana María Pérez}"], "title": "{A capsule lands}", "howpublished": "Ibidem Wire",
        "year": "2025", "month": "mar", "day": "4", "url": PAGE, "urldate": "2025-04-01", "language": "en",
        "note": f"2025/capsule, code points 20-40 of the text with SHA-256 {SHA256}", "annote": CITATION.quote,
    }  # fmt: skip
    assert bibtex(BARE).keys() == {"key", "title", "note", "annote"}
    assert bibtex(BARE)["note"].endswith("; title taken from the text")
    assert bibtex(replace(CITATION, published="2025")).keys() & {"year", "month", "day"} == {"year"}


@pytest.mark.parametrize("quote", HARD)
def test_bibtex_keeps_quote_title_and_names(quote: str) -> None:
    quote, title = clean(quote), " ".join(quote.split())
    fields = bibtex(
        replace(CITATION, quote=quote, title=title, authors=(f"{title} and Sons", "B"), url=f"{PAGE}&q={{}}")
    )
    assert from_latex(fields["annote"]) == quote
    assert from_latex(fields["title"][1:-1]) == title
    assert [from_latex(name[1:-1]) for name in fields["author"]] == [f"{title} and Sons", "B"]
    assert fields["url"] == f"{PAGE}&q=%7B%7D"


@given(QUOTES)
@settings(max_examples=100, deadline=None)
def test_bibtex_keeps_any_quote(quote: str) -> None:
    assert from_latex(bibtex(replace(CITATION, quote=quote))["annote"]) == quote


def test_each_passage_has_its_own_key() -> None:
    others = [{"start": 19}, {"end": 41}, {"sha256": "f" * 64}, {"article_id": "2025/copy"}]
    citations = [CITATION, *(replace(CITATION, **other) for other in others)]  # type: ignore[arg-type]
    assert len({bibtex(citation)["key"] for citation in citations}) == len(citations)
    assert bibtex(CITATION)["key"] == bibtex(replace(CITATION, generation="another"))["key"]


# RIS


def ris(citation: Citation) -> dict[str, object]:
    (record,) = rispy.loads(cited(citation, "ris"))
    return dict(record)


def test_ris_says_what_is_known() -> None:
    note = f"2025/capsule, code points 20-40 of the text with SHA-256 {SHA256}"
    record = ris(replace(CITATION, retrieved="2025-04"))
    assert record.pop("id") == bibtex(CITATION)["key"]
    assert record == {
        "type_of_reference": "ELEC", "title": "A capsule lands", "authors": ["Ada Writer", "Ana María Pérez"],
        "publisher": "Ibidem Wire", "year": "2025", "date": "2025/03/04/", "urls": [PAGE], "access_date": "2025/04//",
        "language": "en", "notes": [CITATION.quote, note],
    }  # fmt: skip
    assert ris(BARE).keys() == {"id", "type_of_reference", "title", "notes"}
    assert ris(BARE)["type_of_reference"] == "GEN"


@pytest.mark.parametrize("quote", HARD)
def test_no_quote_can_add_a_field_to_ris(quote: str) -> None:
    citation = replace(CITATION, quote=quote, title=quote, authors=(quote,))
    line = " ".join(quote.split())
    record = ris(citation)
    assert record.keys() == ris(CITATION).keys()
    assert (record["title"], record["authors"]) == (line, [line])
    assert record["notes"][0] == line  # type: ignore[index]


def test_ris_lines_end_as_its_specification_says() -> None:
    lines = cited(CITATION, "ris").split("\r\n")
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - [^\r\n]*", line) for line in lines)
    assert (lines[0], lines[-1]) == ("TY  - ELEC", "ER  - ")


# CSL-JSON


def test_csl_json_says_what_is_known() -> None:
    (item,) = json.loads(cited(replace(CITATION, retrieved="2025-04"), "csl-json"))
    assert item.pop("id") == bibtex(CITATION)["key"]
    assert item == {
        "type": "webpage", "title": "A capsule lands", "publisher": "Ibidem Wire", "URL": PAGE, "language": "en",
        "author": [{"literal": "Ada Writer"}, {"literal": "Ana María Pérez"}],
        "issued": {"date-parts": [[2025, 3, 4]]}, "accessed": {"date-parts": [[2025, 4]]}, "annote": CITATION.quote,
        "note": f"2025/capsule, code points 20-40 of the text with SHA-256 {SHA256}",
    }  # fmt: skip
    (bare,) = json.loads(cited(BARE, "csl-json"))
    assert bare.keys() == {"id", "type", "title", "note", "annote"}
    assert bare["type"] == "document"


@pytest.mark.parametrize("quote", HARD)
def test_json_keeps_the_quote(quote: str) -> None:
    citation = replace(CITATION, quote=quote)
    assert json.loads(cited(citation, "csl-json"))[0]["annote"] == quote
    annotation = cited(citation, "json-ld", BASE)
    assert "\n" not in annotation
    assert json.loads(annotation)["target"][0]["selector"][0]["exact"] == quote


def test_the_names_of_the_styles_cost_nothing_to_have() -> None:
    code = (
        "import qa.styles, sys; print([name for name in ('numpy', 'qa.citations', 'sqlite3') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


PRINTED = replace(CITATION, page="14", source_link="https://example.org/a.pdf#page=16")
BOTH = replace(CITATION, page="xiv–xv", source_link="https://example.org/a.pdf#page=16")


@pytest.mark.parametrize(
    ("style", "one", "several"),
    [
        ("plain", ", 2025-03-04, p. 14\n", ", 2025-03-04, pp. xiv–xv\n"),
        ("markdown", ", 2025-03-04, p. 14\\\n", ", 2025-03-04, pp. xiv–xv\\\n"),
        ("html", ", 2025-03-04, p. 14<br>", ", 2025-03-04, pp. xiv–xv<br>"),
        ("apa", "near Łódź. (p. 14)\n\nAda", "near Łódź. (pp. xiv–xv)\n\nAda"),
        ("chicago", ", March 4, 2025, 14, https:", ", March 4, 2025, xiv–xv, https:"),
        ("mla", "near Łódź. (14)\n\nAda", "near Łódź. (xiv–xv)\n\nAda"),
        ("bibtex", "  pages = {14},\n", "  pages = {xiv--xv},\n"),
        ("ris", "\r\nSP  - 14\r\n", "\r\nSP  - xiv\r\nEP  - xv\r\n"),
        ("csl-json", '"page": "14",', '"page": "xiv–xv",'),
        ("json-ld", '"value": "page=16"', '"value": "page=16"'),
    ],
)
def test_every_style_says_the_page_where_it_is_known(style: Style, one: str, several: str) -> None:
    assert one in cited(PRINTED, style)
    assert several in cited(BOTH, style)
    assert "page=16" in cited(PRINTED, style) or style in ("bibtex", "ris", "csl-json")


def test_an_annotation_finds_the_words_on_the_page_of_the_pdf() -> None:
    page, words = json.loads(cited(PRINTED, "json-ld", BASE))["target"][1]["selector"]
    assert page == {"type": "FragmentSelector", "conformsTo": "http://tools.ietf.org/rfc/rfc3778", "value": "page=16"}
    assert words["type"] == "TextQuoteSelector"
