"""Markdown as plain text."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from corpus.cleaning import clean
from corpus.errors import UnreadableArticle
from corpus.markdown import MAX_NESTING, render


def text(markdown: str) -> str:
    return clean(render(markdown).text)


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# Title\n\nOne.\n\nTwo.", "Title\n\nOne.\n\nTwo."),
        ("Title\n=====\nOne\nparagraph.", "Title\n\nOne paragraph."),
        ("Hard  \nbreak and\\\nanother", "Hard\nbreak and\nanother"),
        ('*em* **strong** `code` [link](http://a.example "t") ![alt *text*](b.png)', "em strong code link alt text"),
        ("[by reference][r]\n\n[r]: http://a.example", "by reference"),
        ("<http://a.example/x> and http://b.example", "http://a.example/x and http://b.example"),
        ("- one\n- two", "- one\n- two"),
        ("* one\n\n* two\n\n  more of two\n\nAfter", "- one\n- two\nmore of two\n\nAfter"),
        ("- one\n  - nested\n    1. deep\n- two", "- one\n- nested\n1. deep\n- two"),
        ("3. three\n3. four", "3. three\n4. four"),
        ("> quoted\n> words\n>\n> again", "quoted words\n\nagain"),
        ("```py\ndef f():\n    return 1\n```", "def f():\nreturn 1"),
        ("    indented code", "indented code"),
        ("| a | b |\n|---|--:|\n| *c* | d<br>e |\n\nAfter", "a | b\nc | d e\n\nAfter"),
        ("One\n\n---\n\nTwo", "One\n\nTwo"),
        ("in<b>li</b>ne<br>break <!-- a > note -->end", "inline\nbreak end"),
        ("<div><p>One\nline</p><p>two &lt;3</p></div>", "One line\n\ntwo <3"),
        ("<!-- hidden\n\nwords -->\n\nShown", "Shown"),
        ("<script>\nvar x = '<p>';\n</script>\n\nShown", "Shown"),
        ("\\*not em\\* &amp; &copy; 2 < 3", "*not em* & © 2 < 3"),
        ("~~struck~~ [^1]", "~~struck~~ [^1]"),
    ],
)
def test_what_a_reader_of_the_page_sees_is_kept(markdown: str, plain: str) -> None:
    assert text(markdown) == plain


@pytest.mark.parametrize(
    ("markdown", "heading"),
    [
        ("# A *title*\n\n# Another", "A title"),
        ("## Second level\n\nText\n\n# First level", "First level"),
        ("#\n\n# Not the empty one", "Not the empty one"),
        ("> # Quoted\n\nText", "Quoted"),
        ("## Only second\n\nText", None),
        ("Text", None),
    ],
)
def test_the_heading_is_the_first_of_the_first_level(markdown: str, heading: str | None) -> None:
    assert render(markdown).heading == heading


def test_deep_nesting_is_kept_whole_or_refused() -> None:
    assert text("> " * (MAX_NESTING - 5) + "deep") == "deep"
    for depth in (MAX_NESTING, 10 * MAX_NESTING):
        with pytest.raises(UnreadableArticle, match="nested"):
            render("> " * depth + "deep")


def test_no_depth_of_lists_loses_an_item() -> None:
    for depth in range(1, MAX_NESTING):
        markdown = "".join(f"{'  ' * level}- item{level}\n" for level in range(depth))
        try:
            rendered = render(markdown).text
        except UnreadableArticle:
            break
        assert rendered.count("item") == depth
    assert depth > 40


def test_links_in_every_sentence_are_no_reason_to_refuse() -> None:
    paragraph = "A sentence with [a link](https://example.org/a/page), and then some more words. " * 20
    assert text(f"{paragraph}\n\n" * 1000).count("a link") == 20_000


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "![",
        "[[]",
        "[a][",
        "[`",
        "[a\n",
        ">",
        "> - ",
        "*",
        "*a ",
        "`",
        "<",
        "<!--",
        "<a ",
        "<script>",
        "|",
        "&",
    ],
)
def test_two_megabytes_of_a_mark_are_read_or_refused_in_time(unit: str) -> None:
    start = time.perf_counter()
    with suppress(UnreadableArticle):
        render(unit * (2_000_000 // len(unit)))
    assert time.perf_counter() - start < 60  # hours if it were quadratic
