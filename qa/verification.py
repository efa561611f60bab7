"""Checking citations: whether a quote stands in the archive as it is cited, and if not, what has become of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import Literal

from pydantic import TypeAdapter
from rapidfuzz.distance import Postfix, Prefix

from corpus.article import Entry, entry_of
from corpus.errors import UnknownArticle
from index.history import History
from index.search import Engine
from index.store import Excerpt
from qa.answers import Citation
from qa.checks import Check, Difference, Status
from qa.checks import Checks as Checks
from qa.citations import cite
from qa.differences import Words, nearest, word_difference
from qa.given import Given

_TEXTS_KEPT = 4
_PLACES = 100
"""Where a quote stands in an article more often, only so many places in front of the cited one and behind it count."""

_NOT_COMPARED = {"quote", "generation"}
_PLACE = {"article_id", "start", "end", "sha256", "link", "source_link", "prefix", "suffix", "page"}
_CITATION = TypeAdapter(Citation)


def verify(engine: Engine, citations: Sequence[Given], history: History) -> Checks:
    """Checks citations against the engine's generation; against earlier ones only for what it doesn't have."""
    archive = _Archive(engine, history)
    # Those of one article one after the other, so that its text is read once.
    order = sorted(range(len(citations)), key=lambda number: (citations[number].article_id, citations[number].sha256))
    found = {number: _check(citations[number], archive) for number in order}
    return Checks(archive.generation, tuple(found[number] for number in range(len(citations))))


@dataclass(frozen=True)
class _Text:
    """An article's entry and its text."""

    entry: Entry
    source: str

    @cached_property
    def words(self) -> Words:
        return Words(self.source)


@dataclass(frozen=True, slots=True)
class _Place:
    """A slice of a text, code points, half-open."""

    text: _Text
    start: int
    end: int


class _Archive:
    """What the citations of one call are checked against."""

    def __init__(self, engine: Engine, history: History) -> None:
        self._engine, self._history = engine, history
        self.generation = engine.manifest.generation
        self._text = lru_cache(_TEXTS_KEPT)(self._read)
        self._has = lru_cache(_TEXTS_KEPT)(history.has)

    def texts(self, given: Given) -> list[_Text]:
        """What a citation may speak of: its article if that has the cited hash, or else an article of that hash and its
        article as it is now, where there are these."""
        own = self._text(given.article_id)
        if own and own.entry.sha256 == given.sha256:
            return [own]
        same = [self._text(article_id) for article_id in self._engine.articles_with(given.sha256)[:1]]
        return [text for text in (*same, own) if text]

    def _read(self, article_id: str) -> _Text | None:
        try:
            article = self._engine.article(article_id)
        except UnknownArticle:
            return None
        return _Text(entry_of(article), article.text)

    def cite(self, place: _Place) -> Citation:
        """The citation of a place."""
        return cite(Excerpt(place.text.entry, place.text.source, place.start, place.end), self.generation)

    def last_generation(self, given: Given) -> str | None:
        """The last generation that had an article which isn't there now, ``None`` if none is known."""
        found = self._history.last_with(given.article_id, given.sha256)
        return found or self._engine.manifest.removed.get(given.article_id)

    def belies(self, given: Given) -> bool:
        """Whether the generation that a citation names is there, and has no such article with such a text."""
        return bool(given.generation) and self._has(given.generation, given.article_id, given.sha256) is False


def _check(given: Given, archive: _Archive) -> Check:
    texts = archive.texts(given)
    if not texts:
        return _absent(given, archive)
    place = _cited_place(given, texts[0]) or _best_place(given, texts)
    return _present(given, place, archive) if place else _changed(given, texts, archive)


def _present(given: Given, place: _Place, archive: _Archive) -> Check:
    """Of a quote that stands in the archive."""
    status: Status
    citation = archive.cite(place)
    differences = _differences(given, citation, archive)
    if not differences:
        status, explanation = "verified", "The quote stands in the archive as it is cited."
    elif _is_cited_place(given, place):
        status, explanation = "changed", f"The quote stands where it is cited, but {_reservation(differences)}."
    else:
        status, explanation = "moved", _whereto(given, citation, differences)
    return Check(status, given.article_id, archive.generation, explanation, citation, differences)


def _cited_place(given: Given, text: _Text) -> _Place | None:
    """The place that is cited, if the quote stands there."""
    place = _Place(text, given.start, given.end)
    # The length too: a slice that reaches past the end of the text is as long as the text allows.
    right = text.source[given.start : given.end] == given.quote and len(given.quote) == given.end - given.start
    return place if right and _is_cited_place(given, place) else None


def _is_cited_place(given: Given, place: _Place) -> bool:
    entry = place.text.entry
    cited = given.article_id, given.sha256, given.start, given.end
    return (entry.id, entry.sha256, place.start, place.end) == cited


def _best_place(given: Given, texts: Sequence[_Text]) -> _Place | None:
    """Of the places where the quote stands, the one whose context is most like the cited one; of equals that in the
    text of the cited hash, then the one nearest to the cited start."""
    places = [_Place(text, start, start + len(given.quote)) for text in texts for start in _starts(given, text.source)]
    return min(
        places,
        key=lambda place: (
            -_common_context(given, place),
            place.text.entry.sha256 != given.sha256,
            abs(place.start - given.start),
        ),
        default=None,
    )


def _starts(given: Given, source: str) -> Iterator[int]:
    """Where the quote stands, from the cited start on backwards, then forwards."""
    return chain(
        islice(_find(source, given.quote, given.start, -1), _PLACES),
        islice(_find(source, given.quote, given.start + 1, 1), _PLACES),
    )


def _find(source: str, quote: str, start: int, step: Literal[-1, 1]) -> Iterator[int]:
    """Where a quote stands from ``start`` on, in one direction."""
    while True:
        found = source.find(quote, start) if step > 0 else source.rfind(quote, 0, start + len(quote))
        if found < 0:
            return
        yield found
        start = found + step
        if start < 0:
            return


def _common_context(given: Given, place: _Place) -> int:
    """How many code points of the cited context stand around a place, counted from the quote outwards."""
    source, start, end = place.text.source, place.start, place.end
    before = source[max(start - len(given.prefix), 0) : start]
    behind = source[end : end + len(given.suffix)]
    return Postfix.similarity(given.prefix, before) + Prefix.similarity(given.suffix, behind)


def _differences(given: Given, citation: Citation, archive: _Archive) -> tuple[Difference, ...]:
    """The given fields that the archive has otherwise; a generation only if it belies the citation."""
    cited = given.model_dump(exclude_unset=True)
    now = _CITATION.dump_python(citation, mode="json")
    names = [name for name in cited if name not in _NOT_COMPARED and cited[name] != now[name]]
    if archive.belies(given):
        names.append("generation")
    return tuple(Difference(name, cited[name], now[name]) for name in names)


def _changed(given: Given, texts: Sequence[_Text], archive: _Archive) -> Check:
    """Of a quote that does not stand in any of these texts."""
    near = [(found, text) for text in texts if (found := nearest(given.quote, text.words))]
    if not near:
        explanation = "The quote does not stand in the article, nor does anything like it."
        return Check("changed", given.article_id, archive.generation, explanation)
    found, text = max(near, key=lambda pair: pair[0].similarity)
    citation = archive.cite(_Place(text, found.start, found.end))
    return Check(
        "changed",
        given.article_id,
        archive.generation,
        "The quote does not stand in the article word for word; the nearest text is given.",
        citation,
        _differences(given, citation, archive),
        word_difference(given.quote, citation.quote),
    )


def _absent(given: Given, archive: _Archive) -> Check:
    """Of a quote for which there is no article to look in."""
    last = archive.last_generation(given)
    if last is None:
        explanation = "The archive has no such article, and as far as is known never had."
        return Check("unknown", given.article_id, archive.generation, explanation)
    explanation = f"The article is not in the archive any more; generation {last} was the last that had it."
    if last > archive.generation:
        explanation = f"The article is only in generation {last}, which is newer than the one that is looked at."
    return Check("gone", given.article_id, archive.generation, explanation, last_generation=last)


def _whereto(given: Given, citation: Citation, differences: Sequence[Difference]) -> str:
    """What moved, in a sentence."""
    where = f"at {citation.start} to {citation.end}"
    if citation.article_id != given.article_id:
        where = f"in the article {citation.article_id}, {where}"
    elif (citation.start, citation.end) == (given.start, given.end):
        where = "where it is cited, in a text that has changed elsewhere"
    others = [difference for difference in differences if difference.field not in _PLACE]
    return f"The quote stands {where}, but {_reservation(others)}." if others else f"The quote stands {where}."


def _reservation(differences: Sequence[Difference]) -> str:
    """What else is not so, in half a sentence."""
    names = [difference.field for difference in differences if difference.field != "generation"]
    reservations = [f"the archive has another {_listed(names)}"] if names else []
    if len(names) < len(differences):
        reservations.append("the generation that it names has no such text")
    return " and ".join(reservations)


def _listed(names: Sequence[str]) -> str:
    *others, last = (name.replace("_", " ") for name in names)
    return f"{', '.join(others)} and {last}" if others else last
