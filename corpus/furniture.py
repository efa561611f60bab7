"""What a web page puts around an article, and a scrape of the page brings along: buttons, labels, notices.

Only whole lines go, and only those that are a known phrase from end to end; in doubt a line stays. Words that
an author may well put on a line of their own ("Share", "Twitter", "Comments") go only in the company that
shows what they are: a row of buttons, or the end of the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum, auto
from itertools import groupby, takewhile

import regex

LONGEST_FURNITURE = 150
"""In code points: a line that is longer stays, whatever it says."""


class _Kind(Enum):
    NOTICE = auto()
    """Goes wherever it stands, and says nothing about its neighbours."""
    MARK = auto()
    """Goes wherever it stands, with the row of buttons that it stands in."""
    STARTER = auto()
    """Opens a row of buttons."""
    BUTTON = auto()
    """Goes only in a row that has a starter or a mark."""
    LABEL = auto()
    """Goes only at the end of the page."""
    TEXT = auto()


_ROW = frozenset({_Kind.NOTICE, _Kind.MARK, _Kind.STARTER, _Kind.BUTTON})

_NETWORK = (
    r"(facebook( messenger)?|messenger|twitter|x( \(twitter\))?|whatsapp|linked ?in|reddit|telegram|pinterest"
    r"|tumblr|pocket|bluesky|mastodon|threads|skype|vk|flipboard|google ?\+|e-?mail|print)"
)

# The phrases of each kind, without case and without the punctuation behind them. The first that fits counts.
_PHRASES = {
    _Kind.NOTICE: (
        r"advertisement( -)?( scroll to continue| continue reading below)?",
        r"story continues below( advertisement)?",
        r"(subscribe to|sign up (to|for)) (our|the) (free )?((dai|week|month)ly )?newsletter",
        r"(accept|allow|reject) (all )?cookies|(manage )?(cookie|privacy) (settings|preferences)|manage cookies",
        r"(we|this (web)?site) uses? cookies to (improve|enhance|give|ensure|offer|provide) .{0,40}"
        r"(experience|website|site)",
        r"skip to (main )?content|back to top|toggle (navigation|menu)",
    ),
    _Kind.MARK: (
        r"comments are closed|exit mobile version|view (full|desktop|mobile) (site|version)",
        r"(leave|post|add) a (comment|reply)( cancel reply)?|cancel reply|be the first to comment",
        r"(your email address will not be published\. )?required fields are marked \*",
        r"your email address will not be published",
        r"save my name, email,? and website in this browser for the next time i comment",
        r"this site uses akismet to reduce spam\. learn how your comment data is processed",
        r"share (this )?((article|story|post|page) )?(on|via|by) " + _NETWORK,
        r"click to (share on .{1,30}|print|email( a link to a friend)?)( \(opens in new window\))?",
        r"like loading",
    ),
    _Kind.STARTER: (
        r"share( this)?( (article|story|post|page))?( with your friends)?|share (with|on|via)",
        r"spread the (word|love)|follow us( on)?",
    ),
    _Kind.BUTTON: (_NETWORK, r"tweet|pin( it)?|copy( link)?|more|like( this)?|loading|\d{1,5}( shares?)?"),
    _Kind.LABEL: (
        r"(no |\d{1,5} )?comments?|related( (articles|posts|stories))?|you (may|might) also like",
        r"read more|continue reading|also read|subscribe( now)?|tags",
    ),
}
_PATTERNS = {kind: regex.compile("|".join(phrases), regex.I) for kind, phrases in _PHRASES.items()}

_ENDING = regex.compile(r"[ .:…»›→]+$")

# A paragraph that does nothing but name another article. One that ends as a sentence does may be advice.
_POINTER = regex.compile(r"(also read|read also|read more|must read) ?[:|] .*[^.!;,…]", regex.I)


def without_furniture(text: str) -> str:
    """Canonical text without the lines that are furniture; canonical again, and the rest as it was."""
    lines = text.split("\n")
    kinds = [(number, _kind(line)) for number, line in enumerate(lines) if line]
    unwanted = {*_always(kinds), *_in_rows(kinds), *_at_the_end(kinds, lines), *_pointers(lines)}
    kept = "\n".join(line for number, line in enumerate(lines) if number not in unwanted)
    return regex.sub(r"\n{3,}", "\n\n", kept).strip("\n")


def _kind(line: str) -> _Kind:
    if len(line) > LONGEST_FURNITURE:
        return _Kind.TEXT
    phrase = _ENDING.sub("", line)
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.fullmatch(phrase)), _Kind.TEXT)


def _always(kinds: Sequence[tuple[int, _Kind]]) -> Iterator[int]:
    return (number for number, kind in kinds if kind in (_Kind.NOTICE, _Kind.MARK))


def _in_rows(kinds: Sequence[tuple[int, _Kind]]) -> Iterator[int]:
    """The lines of the rows of buttons: a mark with its neighbours, or a starter with a button."""
    for in_row, run in groupby(kinds, key=lambda pair: pair[1] in _ROW):
        row = list(run)
        present = {kind for _, kind in row}
        if in_row and (_Kind.MARK in present or {_Kind.STARTER, _Kind.BUTTON} <= present):
            yield from (number for number, _ in row)


def _at_the_end(kinds: Sequence[tuple[int, _Kind]], lines: Sequence[str]) -> Iterator[int]:
    """The last lines, if they stand apart from the text by a blank line and are no mere list of names."""
    tail = list(takewhile(lambda pair: pair[1] is not _Kind.TEXT, reversed(kinds)))
    present = {kind for _, kind in tail}
    if present & {_Kind.STARTER, _Kind.LABEL} and (tail[-1][0] == 0 or not lines[tail[-1][0] - 1]):
        yield from (number for number, _ in tail)


def _pointers(lines: Sequence[str]) -> Iterator[int]:
    """The paragraphs of one line that only point to another article."""
    around = ["", *lines, ""]
    for number, line in enumerate(lines):
        apart = not around[number] and not around[number + 2]
        if apart and len(line) <= LONGEST_FURNITURE and _POINTER.fullmatch(line):
            yield number
