"""Checking a quote of which nothing is known but its words: whether the archive has it, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from corpus.article import Entry, entry_of
from corpus.errors import InvalidQuote
from index.filters import Filters
from index.search import Engine
from index.store import Excerpt
from qa.answering import MAX_CHARACTERS
from qa.answers import Citation
from qa.checks import QuoteCheck, QuoteChecks
from qa.citations import cite
from qa.differences import Near, Words, nearest, word_difference

MAX_QUOTES = 100
"""So many quotes are checked in one request."""

MAX_QUOTE = 20_000
"""The longest quote, in code points."""

CANDIDATES = 50
"""So many passages, the best that the quote finds when it is asked as a question, tell which articles may have it."""

_LONGEST_OMISSION = 5000
"""What was left out between two parts of a quote may have so many code points."""

_UNFIT = regex.compile("[\0\ud800-\udfff]")
_OMISSION = regex.compile(r"\s*(?:[\[(]\s*(?:…|\.{3}|\. \. \.)\s*[\])]|…|(?<!\.)\.{3}(?!\.)|\. \. \.)\s*")
MARKS = "\"'“”„‟«»‹›‘’‚‛"
_WRITTEN_OTHERWISE = str.maketrans(
    dict.fromkeys("“”„‟«»", '"') | dict.fromkeys("‘’‚‛‹›", "'") | dict.fromkeys("‐‑‒–—―−", "-")
)
_SPACES = regex.compile(r"[\s\u200b\u2060\ufeff\u00ad]+")


@dataclass(frozen=True, slots=True)
class _Text:
    """An article's text, and its entry."""

    entry: Entry
    source: str

    def cited(self, span: tuple[int, int], generation: str) -> Citation:
        return cite(Excerpt(self.entry, self.source, *span), generation)


def check_quotes(engine: Engine, quotes: Sequence[str]) -> QuoteChecks:
    """Looks for quotes in the articles that they find. Raises ``InvalidQuote`` for one that can't be looked for."""
    if not 1 <= len(quotes) <= MAX_QUOTES:
        raise InvalidQuote(f"there are {len(quotes)} quotes, and 1 to {MAX_QUOTES} are checked at a time")
    for number, quote in enumerate(quotes, 1):
        _refuse(number, quote)
    vectors = engine.encode([_probe(quote) for quote in quotes])
    found = []
    for quote, vector in zip(quotes, vectors, strict=True):
        hits = engine.search(_probe(quote), vector, CANDIDATES, Filters(copies="all"))
        found.append(_check(engine, quote, list(dict.fromkeys(hit.excerpt.article.id for hit in hits))))
    return QuoteChecks(engine.manifest.generation, tuple(found))


def _refuse(number: int, quote: str) -> None:
    if len(quote) > MAX_QUOTE:
        raise InvalidQuote(f"quote {number} has {len(quote)} characters, and may have {MAX_QUOTE}: make it shorter")
    if _UNFIT.search(quote):
        raise InvalidQuote(f"quote {number} has NUL bytes or broken characters (lone surrogates): take them out")
    if not _bare(quote):
        raise InvalidQuote(f"quote {number} is empty: give the words that you want to check")


def _probe(quote: str) -> str:
    return _bare(quote)[:MAX_CHARACTERS]


def _bare(quote: str) -> str:
    """A quote without the marks around it."""
    return quote.strip().strip(MARKS).strip()


def _check(engine: Engine, quote: str, article_ids: Sequence[str]) -> QuoteCheck:
    generation = engine.manifest.generation
    articles = [engine.article(article_id) for article_id in article_ids]
    texts = [_Text(entry_of(article), article.text) for article in articles]
    for find, explanation in _WAYS:
        if places := [(text, span) for text in texts if (span := find(_bare(quote), text.source))]:
            first, *others = (text.cited(span, generation) for text, span in places)
            return QuoteCheck("verified", quote, explanation, first, (), tuple(others))
    near = [(found, text) for text in texts if (found := nearest(_bare(quote), Words(text.source)))]
    if not near:
        return QuoteCheck("unknown", quote, "Nothing like this was found in the archive.", None, (), ())
    return _changed(quote, *max(near, key=lambda pair: pair[0].similarity), generation)


def _changed(quote: str, found: Near, text: _Text, generation: str) -> QuoteCheck:
    citation = text.cited((found.start, found.end), generation)
    words = word_difference(_bare(quote), citation.quote)
    explanation = "The archive does not have this word for word; the nearest text is given."
    return QuoteCheck("changed", quote, explanation, citation, words, ())


def _exactly(quote: str, source: str) -> tuple[int, int] | None:
    start = source.find(quote)
    return (start, start + len(quote)) if start >= 0 else None


def _written_otherwise(quote: str, source: str) -> tuple[int, int] | None:
    folded, places = _folded(source)
    span = _exactly(_folded(quote)[0].strip(), folded)
    return (places[span[0]], places[span[1] - 1] + 1) if span else None


def _with_omissions(quote: str, source: str) -> tuple[int, int] | None:
    """From the first part of a quote to the last, if they stand in that order and not too far apart."""
    parts = [_folded(part)[0].strip() for part in _OMISSION.split(quote) if part.strip()]
    if len(parts) < 2:
        return None
    folded, places = _folded(source)
    for start in _starts(parts[0], folded):
        end = start + len(parts[0])
        for part in parts[1:]:
            begin = folded.find(part, end, end + _LONGEST_OMISSION + len(part))
            if begin < 0:
                break
            end = begin + len(part)
        else:
            return places[start], places[end - 1] + 1
    return None


def _starts(part: str, folded: str) -> Iterator[int]:
    start = folded.find(part)
    while start >= 0:
        yield start
        start = folded.find(part, start + 1)


_WAYS = (
    (_exactly, "The archive has this word for word."),
    (
        _written_otherwise,
        "The archive has this word for word; only spaces, dashes or quotation marks are written otherwise there.",
    ),
    (_with_omissions, "The archive has the parts of this in that order; what was left out between them is shown."),
)


@lru_cache(maxsize=4)
def _folded(text: str) -> tuple[str, list[int]]:
    """A text with one way to write quotation marks and dashes and with runs of white space as one space, and where each
    of its code points stood before."""
    places, end = list[int](), 0
    for run in _SPACES.finditer(text):
        places += range(end, run.start() + 1)
        end = run.end()
    return _SPACES.sub(" ", text).translate(_WRITTEN_OTHERWISE), [*places, *range(end, len(text))]
