"""What questions should find, in one index: where quotes stand, and which passages hold them whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from corpus.article import Article
from corpus.cleaning import clean
from corpus.errors import UnlocatedGold
from index.search import Engine
from index.store import Spans
from qa.evaluation.questions import Question, Quote
from qa.evaluation.result import Gold

Span = tuple[int, int]
"""Code points of an article's canonical text, half-open."""

_NAMED = 5
"""So many of the quotes that can't be located are named."""

_SHOWN = 60
_SPACES = re.compile(r"\s+")


def locate(quote: Quote, text: str) -> Span | None:
    """Where a quote stands in a text: where it, its prefix and its suffix match exactly; ``None`` if nowhere.

    Prefix and suffix are compared as far as the text goes. Of several places the one where most of them matches
    counts, and the first of those. If the exact text does not occur, the quote is cleaned as articles are when they
    are read, and runs of white space count as equal.
    """
    found = _find(quote, text)
    if found:
        return found
    squeezed, places = _squeeze(text)
    fields = (_cleaned(part) for part in (quote.quote, quote.prefix, quote.suffix))
    found = _find(Quote(quote.article, *fields), squeezed)
    return (places[found[0]], places[found[1] - 1] + 1) if found else None


def _find(quote: Quote, text: str) -> Span | None:
    best, most = None, -1
    start = text.find(quote.quote)
    while start >= 0:
        span = (start, start + len(quote.quote))
        matching = _matching(quote, text, span)
        if matching is not None and matching > most:
            best, most = span, matching
        start = text.find(quote.quote, start + 1)
    return best


def _matching(quote: Quote, text: str, span: Span) -> int | None:
    """How many code points around a place match the quote's context; ``None`` if one doesn't."""
    start, end = span
    before = text[max(0, start - len(quote.prefix)) : start]
    behind = text[end : end + len(quote.suffix)]
    if quote.prefix.endswith(before) and quote.suffix.startswith(behind):
        return len(before) + len(behind)
    return None


def _cleaned(part: str) -> str:
    """A piece of a text as cleaning leaves it inside of one, with each run of white space as one space."""
    return _SPACES.sub(" ", clean(f"|{part}|")[1:-1])


@lru_cache(maxsize=4)
def _squeeze(text: str) -> tuple[str, list[int]]:
    """A text with each run of white space as one space, and where each of its code points stood before."""
    places, end = list[int](), 0
    for run in _SPACES.finditer(text):
        places += range(end, run.start() + 1)
        end = run.end()
    return _SPACES.sub(" ", text), [*places, *range(end, len(text))]


@dataclass(frozen=True, slots=True)
class _Place:
    """An article of the index with its cuts."""

    article: Article
    spans: Spans


def gold_without_index(question: Question) -> tuple[Gold, ...]:
    """The gold of a question as far as the question itself tells it: articles and quotes, but no titles and places."""
    articles = (Gold(article, None, None, None, None, None) for article in question.relevant)
    return (*articles, *(Gold(one.article, None, one.quote, None, None, None) for one in question.quotes))


class GoldFinder:
    """Finds gold in an engine's generation; articles that were read are kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._titles = {entry.id: entry.title for entry in engine.catalogue()}
        self._places: dict[str, _Place] = {}

    def find(self, questions: Iterable[Question], unlocated: bool = False) -> dict[str, tuple[Gold, ...]]:
        """The gold of each question by its id, in the order in which the question has it, each place once.

        Raises ``UnlocatedGold`` naming what can't be located; where ``unlocated`` gold is let through it has no title.
        """
        found = {question.id: tuple(dict.fromkeys(self._gold(question))) for question in questions}
        missing = [(name, gold) for name, golds in found.items() for gold in golds if gold.title is None]
        if missing and not unlocated:
            raise UnlocatedGold(_report([self._name(*one) for one in missing]))
        return found

    def spans(self, article: str) -> Spans:
        """Where the passages and sentences of an article stand, which must be one of the index."""
        return self._place(article).spans

    def _gold(self, question: Question) -> Iterator[Gold]:
        for article in question.relevant:
            yield Gold(article, self._titles.get(article), None, None, None, None)
        for quote in question.quotes:
            yield self._quote(quote)

    def _quote(self, quote: Quote) -> Gold:
        unlocated = Gold(quote.article, None, quote.quote, None, None, None)
        if quote.article not in self._titles:
            return unlocated
        place = self._place(quote.article)
        text = place.article.text
        span = locate(quote, text)
        if span is None:
            return unlocated
        start, end = sentence_around(span, place.spans)
        return Gold(quote.article, place.article.title, text[slice(*span)], *span, text[start:end])

    def _name(self, question: str, gold: Gold) -> str:
        if gold.quote is None or gold.article not in self._titles:
            return f"question {question!r}: there is no article {gold.article!r}"
        quote = gold.quote if len(gold.quote) <= _SHOWN else f"{gold.quote[:_SHOWN]}…"
        return f"question {question!r}: article {gold.article!r} doesn't have {quote!r} in this context"

    def _place(self, article: str) -> _Place:
        if article not in self._places:
            self._places[article] = _Place(self._engine.article(article), self._engine.spans(article))
        return self._places[article]


def sentence_around(span: Span, spans: Spans) -> Span:
    """From the start of the first sentence that a place touches to the end of the last; the place if none does."""
    touched = [(start, end) for start, end in spans.sentences if start < span[1] and span[0] < end]
    return (touched[0][0], touched[-1][1]) if touched else span


def passages_with(golds: Iterable[Gold], passages: Mapping[str, Iterable[Span]]) -> Iterator[tuple[str, int, int]]:
    """Each of these passages, given by article, that holds one of the located quotes whole: article, start, end."""
    for gold in golds:
        if gold.start is None or gold.end is None:
            continue
        for start, end in passages.get(gold.article, ()):
            if start <= gold.start and gold.end <= end:
                yield gold.article, start, end


def _report(missing: Sequence[str]) -> str:
    named = "; ".join(missing[:_NAMED]) + ("; …" if len(missing) > _NAMED else "")
    return (
        f"gold that is not in the index, {len(missing)} in all: {named}: build the index of the articles that the"
        " questions are about, or correct article, quote, prefix and suffix"
    )
