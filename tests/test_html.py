"""Web pages: what of a page is the article, in whatever system and encoding it was written."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest

from corpus.cleaning import clean
from corpus.document import Document, Member
from corpus.errors import UnreadableArticle
from corpus.formats.html import fragment_text, read

FIXTURES = Path(__file__).parent / "fixtures" / "html"
PAGES = sorted(path.stem for path in FIXTURES.glob("*.html"))

SENTENCE = "The committee voted on the harbour wall for the third time this year, and nobody left early."


def page(source: str | bytes, charset: str | None = None) -> Document:
    content = source.encode() if isinstance(source, str) else source
    return read(Member(name="", format="html", content=content, charset=charset))


def article(inner: str) -> str:
    """The text of a page with these in its article, without the two sentences around them."""
    text = page(f"<body><article><p>{SENTENCE}</p>{inner}<p>{SENTENCE}</p></article></body>").text
    return text.removeprefix(SENTENCE).removesuffix(SENTENCE).strip("\n")


@pytest.mark.parametrize("name", PAGES)
def test_page_of_a_system(name: str) -> None:
    document = page((FIXTURES / f"{name}.html").read_bytes())
    assert document.text == (FIXTURES / f"{name}.expected.txt").read_text().rstrip("\n")
    said = {
        key: {"value": list(stated.value) if isinstance(stated.value, tuple) else stated.value, "origin": stated.origin}
        for key, stated in document.said.items()
    }
    assert said == json.loads((FIXTURES / f"{name}.expected.json").read_text())


def test_there_are_pages_of_many_systems() -> None:
    assert len(PAGES) >= 20


@pytest.mark.parametrize("name", PAGES)
def test_text_is_canonical_and_the_same_each_time(name: str) -> None:
    content = (FIXTURES / f"{name}.html").read_bytes()
    text = page(content).text
    assert clean(text) == text
    assert page(content).text == text


# What is text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One<br>two</p>", "One\ntwo"),
        ("<p>One<br><br>two</p>", "One\n\ntwo"),
        ("<div>loose <b>words</b><p>and</p> more</div>", "loose words\n\nand\n\nmore"),
        ("<ul><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ul>", "- a\n- b\n- c\nd"),
        ("<ol start=4><li>a<li value=9>b<li>c</ol>", "4. a\n9. b\n10. c"),
        ("<ul><li>a</li></ul><ol><li>b</li></ol>", "- a\n\n1. b"),
        ("<dl><dt>Peat<dd>Old moss</dl>", "Peat\nOld moss"),
        ("<table><tr><th>a<th>b<tr><td>1<td><p>2</table>", "a | b\n1 | 2"),
        ("<table><tr><td><p>one</p><p>two</p></td></tr></table>", "one\n\ntwo"),
        ("<table role=presentation><tr><td>one<td>two</table>", "one\n\ntwo"),
        ("<table><tr><td>a<table><tr><td>b<td>c</table></table>", "a\n\nb | c"),
        ("<blockquote><p>Said.</p><footer>Somebody</footer></blockquote>", "Said.\n\nSomebody"),
        ("<figure><img alt='not this'><figcaption>This <b>here</b></figcaption></figure>", "This here"),
        ("<pre>  a\n    b\n\nc</pre>", "a\nb\n\nc"),
        ("<p>H<sub>2</sub>O, 10<sup>3</sup>, <q>so</q></p>", "H2O, 103, “so”"),
        ("<p>caf&eacute;&nbsp;&amp; co&shy;ffee</p>", "café & coffee"),
        ("<p>Well <img class=emoji alt='😀'> done</p>", "Well 😀 done"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢(kan)"),
        ("<details><summary>Why?</summary><p>So.</p></details>", "Why?\n\nSo."),
        ("<p>a<custom-link>b</custom-link>c</p><x-box>d</x-box>", "abc\n\nd"),
        ("<script>x</script><style>y</style><noscript>z</noscript><template>t</template>", ""),
        ("<p hidden>a</p><p style='color:red; DISPLAY : none'>b</p><p>c<!-- d --></p>", "c"),
        ("<p aria-hidden=true>a</p><p><span class=drop-cap aria-hidden=true>O</span>nce</p>", "Once"),
        ("", ""),
        ("  no tags & so on ", "no tags & so on"),
    ],
)
def test_fragments_are_rendered_as_markdown_is(source: str, text: str) -> None:
    assert fragment_text(source) == text


def test_nothing_of_a_fragment_is_taken_for_furniture() -> None:
    source = "<nav>Home</nav><p class=share>Share this</p><footer>Yours, Ada</footer><p>Read more: <a href=x>y</a></p>"
    assert fragment_text(source) == "Home\n\nShare this\n\nYours, Ada\n\nRead more: y"


# Paragraphs that look like furniture


@pytest.mark.parametrize(
    "inner",
    [
        "<p>Share prices fell by four per cent on Monday.</p>",
        "<p>Published in 1984, the book was forgotten.</p>",
        "<p>Follow the river on foot.</p>",
        "<p>Subscribe, they said.</p>",
        "<p>More than half stayed at home.</p>",
        "<p>Read more books.</p>",
        "<p>See also the <a href=/annex>annex</a>, which lists all forty stations and what each of them measures.</p>",
        "<p>No.</p>",
        "<h2>Comments</h2><p>What the neighbours said of it fills a folder of two hundred pages in the town hall.</p>",
        "<h2 id=related-work>Related work</h2><p>Others have asked the same, in other towns and in other years.</p>",
        "<h3 id='newsletter'>Newsletter</h3><p>The society has printed one since 1911, on paper from its own mill.</p>",
        "<div class='has-share-bar no-comments with-sidebar'><p>These names say what is around.</p></div>",
        "<div id=advance><p>As a word of its own it would be one.</p></div>",
        "<aside><p>A note of the author, with sentences in it. It says what the survey left out, and why.</p></aside>",
        "<p>Sources:</p><ul><li><a href=/a>Survey of 1987, all pages</a></li></ul>",
        "<div class='wp-caption'><p class='wp-caption-text'>The wall at dusk</p></div>",
        "<p><a href=https://elsewhere.example/report>The report of the commission</a></p>",
    ],
)
def test_paragraph_stays(inner: str) -> None:
    assert article(inner) == fragment_text(inner) != ""


@pytest.mark.parametrize(
    "inner",
    [
        "<p>Advertisement</p>",
        "<p><strong>Read more: <a href=/x>Wall to be raised by a metre</a></strong></p>",
        "<p>RELATED | <a href=/x>Wall to be raised by a metre</a></p>",
        "<div><h4>Related articles</h4><ul><li><a href=/x>Wall to be raised</a></li></ul></div>",
        "<h4>You might also like</h4><ul><li><a href=/x>Wall to be raised by a metre</a></li></ul>",
        "<p>Share this article on Facebook</p>",
        "<p>Facebook | Twitter | WhatsApp</p>",
        "<p>Already a subscriber? Log in</p>",
        "<p>Subscribe to continue reading this article.</p>",
        "<p>You've reached your limit of free articles this month.</p>",
        "<p>4 min read</p>",
        "<p>© 2024 The Harbour News. No part may be copied.</p>",
        "<div class=relatedStories><p>A crane fell into the dock, and a diver found a bicycle below it.</p></div>",
        "<div id=comments><p>I was there, and it was much longer than that. Nobody asked the fishermen.</p></div>",
        "<section aria-label='Newsletter'><p>Each week the best of the harbour, before breakfast.</p></section>",
        "<div><p>All the news of the week, in your inbox.</p><form><input type=email></form></div>",
        "<a href=/x><h3>Wall to be raised</h3><p>It will be a metre higher, and the view a metre shorter.</p></a>",
        "<ul><li><a href=/x>In pictures: the wall</a></li><li><a href=/y>Who built it</a></li></ul>",
        "<aside><h4>Also here</h4><ul><li><a href=/x>In pictures</a></li></ul></aside>",
    ],
)
def test_furniture_goes(inner: str) -> None:
    assert article(inner) == ""


@pytest.mark.parametrize(
    "opening",
    [
        "<p>Dear readers,</p>",
        "<h2>Short answers</h2>",
        "<ul><li>Three wards</li><li>Two votes</li></ul>",
        "<p style='text-align: center'>In the name of the people</p>",
    ],
)
def test_short_lines_before_the_first_sentence_stay(opening: str) -> None:
    text = page(f"<body><h1>The wall</h1><article>{opening}<p>{SENTENCE}</p><p>{SENTENCE}</p></article></body>").text
    assert len(text.split("\n\n")) == 4


def test_heading_of_a_list_before_the_first_paragraph_stays() -> None:
    text = page(
        f"<body><h1>The wall</h1><main><h2>In short</h2><ul><li>{SENTENCE}</li></ul><p>{SENTENCE}</p></main>"
    ).text
    assert text == f"The wall\n\nIn short\n\n- {SENTENCE}\n\n{SENTENCE}"


def test_labels_before_the_first_sentence_go() -> None:
    labels = "<p>By Orla Finch</p><p>3 March 2025</p><p>Share</p><p><a href='/wards'>Wards</a></p>"
    text = page(f"<body><h1>The wall</h1><article>{labels}<p>{SENTENCE}</p><p>{SENTENCE}</p></article></body>").text
    assert text == f"The wall\n\n{SENTENCE}\n\n{SENTENCE}"


def test_heading_with_a_link_to_itself_is_no_teaser() -> None:
    heading = "<h2 id=a><a href='#a'>The first ward</a></h2>"
    section = f"<section>{heading}{heading}<p>{SENTENCE}</p></section>"
    assert page(f"<body><main>{section * 4}</main></body>").text.count("The first ward") == 8


def test_heading_of_the_site_is_not_that_of_the_article() -> None:
    site = "<header><h1>Manual of the tide gauge</h1></header>"
    text = page(
        f"<head><title>Setting the float | Manual of the tide gauge</title></head><body>{site}"
        f"<main><h2>Setting the float</h2><p>{SENTENCE}</p><p>{SENTENCE}</p></main></body>"
    ).text
    assert text == f"Setting the float\n\n{SENTENCE}\n\n{SENTENCE}"


def test_short_article_that_ends_with_a_form_stays() -> None:
    form = "<div><form><label>Get the letter</label><input type=email></form></div>"
    assert page(f"<body><div id=story>{f'<p>{SENTENCE}</p>' * 4}{form}</div></body>").text.count(SENTENCE) == 4


def test_second_opinion_where_names_mislead() -> None:
    """Each part of the text is called something that furniture is called."""
    names = ("widget", "promo", "gadget", "toolbar", "related")
    parts = "".join(f"<div class={name}><p>{SENTENCE} So it went in {name}.</p></div>" for name in names)
    text = page(f"<body><div>{parts}</div></body>").text
    assert text.count(SENTENCE) == 5


def test_second_opinion_takes_no_comments() -> None:
    with pytest.raises(UnreadableArticle, match="no article was found"):
        page(f"<body><div class=comments>{f'<p>{SENTENCE}</p>' * 5}</div></body>")


def test_comments_longer_than_the_article_go() -> None:
    comments = "".join(f"<div><p>{SENTENCE} So says number {n}.</p></div>" for n in range(50))
    text = page(f"<main><article><h1>Wall</h1><p>{SENTENCE}</p></article><div id=comments>{comments}</div></main>").text
    assert text == f"Wall\n\n{SENTENCE}"


def test_article_in_a_page_with_a_dialog_before_it() -> None:
    text = page(f"<body><div id=root aria-hidden=true><h1>Wall</h1><p>{SENTENCE}</p></div></body>").text
    assert text == f"Wall\n\n{SENTENCE}"


def test_article_that_is_called_furniture_is_read() -> None:
    text = page(f"<body><div class='post tag-comments share'><h1>Wall</h1>{f'<p>{SENTENCE}</p>' * 3}</div></body>").text
    assert text.count(SENTENCE) == 3


def test_cards_of_other_articles_in_a_page_without_names() -> None:
    card = "<div><h3><a href=/g>Goat {} wins</a></h3><p>A goat of number {} has won the prize of the fair.</p></div>"
    cards = "".join(card.format(n, n) for n in range(4))
    paragraphs = "".join(f"<p>{SENTENCE} Number {n}.</p>" for n in range(4))
    text = page(f"<body><div><div><h1>Wall</h1>{paragraphs}</div><div>{cards}</div></div></body>").text
    assert text == "Wall\n\n" + "\n\n".join(f"{SENTENCE} Number {n}." for n in range(4))


@pytest.mark.parametrize("end", ["...", "[…]", "… <a href=/c>Read more</a>"])
def test_beginnings_of_other_articles_longer_than_the_article(end: str) -> None:
    others = "".join(f"<div class=x{at}><h2>Story {at}</h2><p>{SENTENCE * 3} And {end}</p></div>" for at in range(4))
    source = f"<body><div><h1>The wall</h1><div>{f'<p>{SENTENCE}</p>' * 5}</div></div><div>{others}</div></body>"
    assert page(source).text == "\n\n".join(["The wall", *[SENTENCE] * 5])


def test_text_in_several_parts_of_a_page_without_names() -> None:
    parts = "".join(f"<div><h2>Part {n}</h2><div><p>{SENTENCE} Number {n}.</p></div></div>" for n in range(4))
    assert page(f"<body><div><h1>Wall</h1></div><div>{parts}</div></body>").text.count(SENTENCE) == 4


def test_nested_parts_lose_nothing_at_each_step() -> None:
    source = "".join(f"<div><div><p>{SENTENCE} Number {n}.</p></div>" for n in range(60))
    assert page(source).text.count("Number") >= 45


def test_deep_text_is_not_lost_by_the_way() -> None:
    source = "".join(f"<div><p>{SENTENCE} Number {n}.</p>" for n in range(300))
    assert page(source).text.count("Number") == 300


# Encodings


RUSSIAN = "Комиссия в третий раз проголосовала за новую стену в гавани, и никто не ушёл раньше времени."
JAPANESE = "委員会は今年三回目となる港の壁についての投票を行い、誰も途中で席を立たなかった。"
GERMAN = "Größere Schäden an der Mauer gab es nicht, sagte der Hafenmeister – „nur nasse Füße“."


@pytest.mark.parametrize(
    ("text", "encoding", "declared", "charset"),
    [
        (GERMAN, "cp1252", "iso-8859-1", None),
        (GERMAN, "cp1252", "", "ISO-8859-1"),
        (GERMAN, "cp1252", "", None),
        (GERMAN, "cp1252", "utf-8", None),
        (GERMAN, "utf-8", "iso-8859-1", "windows-1252"),
        (GERMAN, "utf-8-sig", "", None),
        (GERMAN, "utf-16", "", None),
        (GERMAN, "utf-16-le", "utf-16", None),
        (GERMAN, "utf-16-be", "", "utf-16"),
        (JAPANESE, "shift_jis", "Shift_JIS", None),
        (JAPANESE, "euc_jp", "x-euc-jp", "EUC-JP"),
        (JAPANESE, "iso2022_jp", "iso-2022-jp", None),
        (RUSSIAN, "koi8_r", "koi8-r", None),
        (RUSSIAN, "cp1251", "windows-1251", None),
        (RUSSIAN, "cp1251", "iso-8859-1", None),
        (RUSSIAN, "koi8_r", "", "koi8-r"),
        (RUSSIAN, "cp1251", "no-such-charset", "windows-1251"),
    ],
)
def test_encoding(text: str, encoding: str, declared: str, charset: str | None) -> None:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    source = f"<html><head>{meta}<title>x</title></head><body><p>{text}</p><p>{text}</p></body></html>"
    assert page(source.encode(encoding), charset).text == f"{text}\n\n{text}"


def test_declaration_of_xml() -> None:
    source = f'<?xml version="1.0" encoding="windows-1252"?>\n<html><body><p>{GERMAN}</p></body></html>'
    assert page(source.encode("cp1252")).text == GERMAN


def test_bad_byte_outside_the_article_does_no_harm() -> None:
    source = f"<body><article><p>{GERMAN * 2}</p></article><footer>\udcff</footer></body>"
    assert page(source.encode(errors="surrogateescape")).text == GERMAN * 2


def test_bad_byte_in_the_article_is_refused() -> None:
    source = f"<body><article><p>{GERMAN * 2} und Sch\udcffden</p></article></body>"
    with pytest.raises(UnreadableArticle, match=r"damaged: a character is lost behind .*und Sch"):
        page(source.encode(errors="surrogateescape"))


# What is refused


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"", "empty"),
        (b"<!-- nothing -->", "empty"),
        (b"<nav><a href=/>Home</a> <a href=/news>News</a></nav>", "no article was found in the page"),
        (b"<html><frameset cols='20%,80%'><frame src=a><frame src=b></frameset></html>", "a frameset"),
        (b"<body><div id=root></div><script src=app.js></script></body>", "loaded by scripts"),
        (b"<div>" * 5000 + b"words", "nested more than 2,000 deep"),
        (b"<p " + b"a " * 50_000 + b">words</p>", "more attributes"),
        (bytes(range(256)) * 100, "binary content"),
    ],
)
def test_refused(source: bytes, reason: str) -> None:
    with pytest.raises(UnreadableArticle, match=reason):
        page(source)


def test_stub_before_a_paywall_is_text() -> None:
    gate = "<div class=paywall><p>This story is for those who pay for it, and here is what it would cost you.</p></div>"
    source = f"<article><h1>Wall</h1><p>{SENTENCE * 2}</p>{gate}</article>"
    assert page(source).text == f"Wall\n\n{SENTENCE * 2}"


@pytest.mark.parametrize(
    "source",
    [
        f"<body><article>{f'<p>{SENTENCE}</p>' * 10_000}</article></body>",
        f"{'<div>' * 1900}<p>{SENTENCE}</p>",
        "<p class='a" * 50_000,
        "<a href=x>" * 20_000 + SENTENCE,
        "<table><tr><td>" * 300 + SENTENCE,
        f"<script type=application/ld+json>{'[' * 100_000}</script><p>{SENTENCE}</p>",
        f"<title>{' | x' * 50_000}</title><p>{SENTENCE}</p>",
        f"<article><p>{'By ' + 'Aa ' * 60}</p><p>{'| ' * 100_000}</p><p>{SENTENCE}</p></article>",
    ],
)
def test_hostile_page_takes_no_more_than_seconds(source: str) -> None:
    before = time.process_time()
    with suppress(UnreadableArticle):
        page(source)
    assert time.process_time() - before < 5


def test_page_of_usual_size_takes_milliseconds() -> None:
    source = (
        (FIXTURES / "wordpress_classic.html").read_text().replace("<h2>What", f"{f'<p>{SENTENCE}</p>' * 400}<h2>What")
    )
    page(source)
    before = time.process_time()
    for _ in range(5):
        page(source)
    assert (time.process_time() - before) / 5 < 0.1
