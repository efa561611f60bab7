"""A text in blocks: nothing is added, nothing left out, and what is marked is marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.cleaning import clean
from index.search import LocalEngine
from qa.answering import Query, answer
from qa.pages.text import Block, Marked, blocks, passage_blocks

TEXT = "A bell.\n\nThe tower\n\nIt rang at noon.\nAnd again.\n\n- one thing\n- another\n\nThe end"


def text_of(found: list[Block]) -> str:
    return "".join("".join(piece.text for piece in block.pieces) + block.gap for block in found)


def marked(found: list[Block], *marks: str) -> str:
    return "".join(piece.text for block in found for piece in block.pieces if piece.mark in marks)


def test_lines_are_paragraphs_headings_and_items() -> None:
    found = blocks(TEXT, [])
    assert [block.kind for block in found] == [
        "paragraph", "heading", "paragraph", "paragraph", "item", "item", "paragraph",
    ]  # fmt: skip
    assert [block.gap for block in found] == ["\n\n", "\n\n", "\n", "\n\n", "\n", "\n\n", ""]
    assert text_of(found) == TEXT


@pytest.mark.parametrize("line", ["A line that ends. ", "Row | 3\nRow | 4", "x" * 121])
def test_what_ends_a_sentence_or_is_long_or_does_not_stand_alone_is_no_heading(line: str) -> None:
    assert {block.kind for block in blocks(clean(f"Before.\n\n{line}\n\nBehind it."), [])} == {"paragraph"}


def test_what_is_marked_may_go_through_several_blocks() -> None:
    start, end = TEXT.index("tower"), TEXT.index("again")
    found = blocks(TEXT, [Marked(start, end, "passage")])
    assert text_of(found) == TEXT
    assert marked(found, "passage") == TEXT[start:end].replace("\n", "")
    assert [piece.text for block in found for piece in block.pieces if piece.is_first] == ["tower"]


def test_a_mark_that_begins_between_two_blocks_begins_with_the_next() -> None:
    found = blocks("One.\n\nTwo.", [Marked(5, 10, "passage")])
    assert [(piece.text, piece.is_first) for piece in found[1].pieces] == [("Two.", True)]


def test_a_word_lies_in_its_sentence() -> None:
    found = blocks("The bell rang.", [Marked(0, 14, "sentence"), Marked(4, 8, "word")])
    assert [(piece.text, piece.mark) for piece in found[0].pieces] == [
        ("The ", "sentence"), ("bell", "word"), (" rang.", "sentence"),
    ]  # fmt: skip


@given(
    st.text(st.sampled_from("ab .-\n1\N{ARABIC LETTER BEH}\N{ROCKET}"), max_size=60),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_nothing_is_lost_of_any_text(raw: str, start: int, end: int) -> None:
    text = clean(raw)
    found = blocks(text, [Marked(min(start, len(text)), min(end, len(text)), "passage")])
    assert text_of(found) == text
    assert marked(found, "passage") == text[start:end].replace("\n", "")
    firsts = sum(piece.is_first for block in found for piece in block.pieces)
    assert firsts == bool(marked(found, "passage"))


def test_a_passage_is_shown_with_its_highlights(engine: LocalEngine) -> None:
    for passage in answer(engine, Query("When will the first Pakistani astronaut fly?", top_k=20)).passages:
        found = passage_blocks(passage)
        spans = [passage.text[one.start - passage.start : one.end - passage.start] for one in passage.highlights]
        assert text_of(found) == passage.text
        assert sorted(marked(found, "sentence", "word")) == sorted("".join(spans).replace("\n", ""))
