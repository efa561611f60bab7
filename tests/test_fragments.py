"""Links to quotes keep the rules of text fragments: checked by a browser's way of looking, written anew from the draft.

``test_fragments_browser`` looks with a real one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import count
from time import perf_counter
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.article import Entry
from index.store import Excerpt
from qa.fragments import source_link

URL = "https://example.org/article"


def excerpt(text: str, quote: str, occurrence: int = 0, title: str = "Title", url: str | None = URL) -> Excerpt:
    start = -1
    for _ in range(occurrence + 1):
        start = text.index(quote, start + 1)
    return at(text, start, start + len(quote), title, url)


def at(text: str, start: int, end: int, title: str = "Title", url: str | None = URL) -> Excerpt:
    return Excerpt(Entry(id="a", title=title, title_inferred=False, url=url, sha256=""), text, start, end)


def fragment(text: str, quote: str, occurrence: int = 0, title: str = "Title") -> str:
    link = source_link(excerpt(text, quote, occurrence, title))
    assert link
    assert link.startswith(f"{URL}#:~:text=")
    return link.removeprefix(f"{URL}#:~:text=")


# A browser's way of looking: WICG, "URL Fragment Text Directives", finding a range from a text directive.


def folded(text: str) -> str:
    """One character for each, without case and accents."""
    return "".join(unicodedata.normalize("NFD", character)[0].lower() for character in text)


def bounded(text: str, place: int) -> bool:
    """Whether no word is cut there; the words here are runs of letters and digits."""
    return not (0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum())


def found(text: str, words: str, begin: int, first: bool, last: bool) -> tuple[int, int] | None:
    """The next place of words within a line, with borders of words where asked for."""
    for match in re.finditer(f"(?={re.escape(folded(words))})", folded(text)):
        start, end = match.start(), match.start() + len(words)
        if start >= begin and not (first and not bounded(text, start)) and not (last and not bounded(text, end)):
            return start, end
    return None


def past_spaces(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def looked_up(text: str, directive: str) -> tuple[int, int] | None:
    parts = [unquote(part) for part in directive.split(",")]
    raw = directive.split(",")
    prefix = parts.pop(0)[:-1] if raw[0].endswith("-") else ""
    suffix = parts.pop()[1:] if raw[-1].startswith("-") else ""
    start, end = parts[0], parts[1] if len(parts) > 1 else ""
    return next(ranges(text, prefix, start, end, suffix), None)


def ranges(text: str, prefix: str, start: str, end: str, suffix: str) -> Iterator[tuple[int, int]]:
    """Every range that fits, the first one first."""
    for head in heads(text, prefix, start, bool(end) or not suffix):
        rest = head[1]
        while tail := found(text, end, rest, True, not suffix) if end else head:
            rest = tail[1]
            closing = past_spaces(text, rest)
            if not suffix or found(text, suffix, closing, False, True) == (closing, closing + len(suffix)):
                yield head[0], rest
                break
            if not end:
                break


def heads(text: str, prefix: str, start: str, last: bool) -> Iterator[tuple[int, int]]:
    """Every place of ``start``, right behind the prefix if there is one."""
    begin = 0
    while place := found(text, prefix or start, begin, True, last and not prefix):
        begin = place[0] + 1
        behind = past_spaces(text, place[1])
        head = found(text, start, behind, False, last) if prefix else place
        if head and (not prefix or head[0] == behind):
            yield head


def page_of(title: str, text: str) -> str:
    """What a browser sees; no part of a directive fits across lines, as none holds an end of line."""
    return text if text.startswith(title) else f"{title}\n{text}"


def words_of(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The excerpt from its first word to its last, each as a whole."""
    words = [
        word.span()
        for word in re.finditer(r"\w(?:\S*\w)?", text)
        if any(character.isalnum() for character in text[max(start, word.start()) : min(end, word.end())])
    ]
    return (words[0][0], words[-1][1]) if words else None


def test_the_draft_is_followed_as_it_is_written() -> None:
    """The looking itself, by its examples."""
    text = "The quick brown fox.\nThe quick brown dog; a quick cat."
    for directive, expected in {
        "quick": "quick",
        "qui": None,
        "THE,dog": text[:40],
        "brown,The": "brown fox.\nThe",
        "dog;-,a%20quick": "a quick",
        "quick,-cat": "quick",
        "fox.-,The%20quick": "The quick",
        "the-,fox": None,
    }.items():
        place = looked_up(text, directive)
        assert (text[slice(*place)] if place else None) == expected, directive
    assert looked_up(text, "quick,-cat") == (44, 49)
    assert looked_up(text, "fox.-,The%20quick") == (21, 30)


WORDS = st.sampled_from(
    ["the", "The", "a", "cat", "café", "Cafe", "sat", "on-top", "don’t", "U.S.", "1,5", "cats", "—", "“so”"]
)
LINES = st.lists(WORDS, min_size=1, max_size=14).map(" ".join)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_link_selects_its_excerpt_and_nothing_else(data: st.DataObject) -> None:
    """With few words most excerpts occur more than once; where there is a fragment, it is the right one."""
    title = data.draw(LINES)
    text = "\n\n".join(data.draw(st.lists(LINES, min_size=1, max_size=6)))
    # Anywhere but at a mark inside of a word, where the word ends as well as anywhere.
    places = [place for place in range(len(text)) if text[place].isalnum() or not text[place - 1 : place].strip()]
    start = data.draw(st.sampled_from(places))
    ends = [
        end for end in range(start + 1, len(text) + 1) if text[end - 1].isalnum() or not text[end : end + 1].strip()
    ]
    end = data.draw(st.sampled_from(ends))
    words = words_of(text, start, end)
    link = source_link(at(text, start, end, title))
    assert link
    _, _, directive = link.partition("#:~:text=")
    if directive:
        page = page_of(title, text)
        place = looked_up(page, directive)
        assert place
        assert words
        # Behind the words of another line, those of the excerpt begin with their line, whatever mark it begins with.
        assert inner(page, place) == inner(page, (words[0] + len(page) - len(text), words[1] + len(page) - len(text)))


def inner(text: str, place: tuple[int, int]) -> tuple[int, int]:
    """From the first letter or digit to the last."""
    start, end = place
    while not text[start].isalnum():
        start += 1
    while not text[end - 1].isalnum():
        end -= 1
    return start, end


@pytest.mark.parametrize("size", [1, 3, 9, 30])
def test_what_is_unlike_all_else_always_has_a_fragment(size: int) -> None:
    lines = [f"Line {number} has words {number * 7} of its own, number {number * 13}." for number in range(size)]
    text = "\n\n".join(lines)
    for number, line in enumerate(lines):
        start = text.index(line)
        link = source_link(at(text, start, start + len(line)))
        assert link
        assert looked_up(page_of("Title", text), link.partition(":~:text=")[2]) == (
            start + 6,
            start + 6 + len(line) - 1,
        ), number


def test_a_short_quote_is_given_whole_and_a_long_one_by_its_ends() -> None:
    long = "It was late, and nobody saw the capsule that came down beside the lake in the dark of that night."
    assert fragment(f"{long} Then they slept.", "Then they slept.") == "Then%20they%20slept"
    assert fragment(long, long) == "It%20was%20late%2C%20and,dark%20of%20that%20night"
    assert fragment(f"One.\n\n{long}", f"One.\n\n{long}") == "One,dark%20of%20that%20night"


def test_nothing_is_left_that_has_a_meaning_in_a_directive() -> None:
    assert (
        fragment("Say a-b, c&d = 5% #1 ~ é!", "a-b, c&d = 5% #1 ~ é")
        == "a%2Db%2C%20c%26d%20%3D%205%25%20%231%20~%20%C3%A9"
    )


def test_context_is_added_only_where_the_quote_alone_would_be_found_earlier() -> None:
    text = "It rained. We won. They lost.\n\nLater: We won. It rained.\n\nWe won."
    assert fragment(text, "We won.", 0) == "We%20won"
    assert fragment(text, "We won.", 1) == "Later%3A-,We%20won"
    assert fragment(text, "We won.", 2) == "We%20won.%20It%20rained.-,We%20won"


def test_a_heading_with_the_same_words_comes_first() -> None:
    text = "It is news. The capsule landed today."
    assert fragment(text, "The capsule landed") == "The%20capsule%20landed"
    assert fragment(text, "The capsule landed", title="The capsule landed") == "It%20is%20news.-,The%20capsule%20landed"
    assert (
        fragment("The capsule landed.\n\nMore.", "The capsule landed.", title="The capsule landed")
        == "The%20capsule%20landed"
    )


def test_without_anything_to_tell_it_by_there_is_no_fragment() -> None:
    text = "\n\n".join(["We won."] * 5)
    assert source_link(excerpt(text, "We won.", 0)) == f"{URL}#:~:text=We%20won"
    assert source_link(excerpt(text, "We won.", 3)) == URL
    assert source_link(excerpt("— — —", "— —")) == URL
    # Nothing but white space may be between the quote and its context: not even a line that holds no words.
    assert source_link(excerpt("We won.\n\n—\n\nWe won.", "We won.", 1)) == URL
    assert source_link(excerpt("We won\n\n—\n\nThey lost.", "We won", title="We won, we won.")) == URL


def test_addresses() -> None:
    def link(url: str | None) -> str | None:
        return source_link(excerpt("We won.", "We won.", url=url))

    assert link(None) is None
    assert link("javascript:alert(1)") is None
    assert link("ftp://example.org/a") is None
    assert link("HTTP://example.org?a=b") == "HTTP://example.org?a=b#:~:text=We%20won"
    assert link("https://example.org/#top") == "https://example.org/#top:~:text=We%20won"
    assert link("https://example.org/#:~:text=other") == "https://example.org/#:~:text=We%20won"
    assert link("https://example.org/#top:~:text=other") == "https://example.org/#top:~:text=We%20won"


def test_a_word_that_is_cut_in_two_is_taken_whole() -> None:
    assert fragment("Many starships left.", "arshi") == "starships"
    assert unquote(fragment("第一位航天员，飞往空间站。", "航天员，飞往")) == "第一位航天员，飞往空间站"


def test_a_word_without_end_gets_no_link_without_end() -> None:
    text = f"Look: {'A' * 100_000} and so on."
    assert source_link(at(text, 500, 900)) == URL
    assert fragment(text, "and so on.") == "and%20so%20on"


def test_a_million_characters_take_no_longer_than_a_search_through_them() -> None:
    """The bounds are ten times what it takes."""
    words = (f"word{(number * 7919) % 4000}" for number in count())
    text = " ".join(next(words) for _ in range(120_000))
    text = f"{text} {text}"  # so that every quote of the second half has occurred
    places = [text.index(" ", len(text) // 2 + step) + 1 for step in range(0, 400_000, 40_000)]
    begun = perf_counter()
    for start in places:
        assert source_link(at(text, start, text.index(" ", start + 800)))
    assert perf_counter() - begun < 2


def test_many_earlier_places_are_looked_at_quickly() -> None:
    text = "".join(f"{number} We won.\n\n" for number in range(50_000))
    begun = perf_counter()
    assert fragment(text, "49999 We won.") == "49999%20We%20won"
    assert source_link(at(text, len(text) - 9, len(text) - 2)) == f"{URL}#:~:text=49999-,We%20won"
    assert perf_counter() - begun < 2
