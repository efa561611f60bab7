"""The text that a citation cites, whatever became of its article since; and citing a place in it."""

from __future__ import annotations

from dataclasses import dataclass

from corpus.article import Article, entry_of
from corpus.errors import InvalidPlace, UnknownArticle
from index.history import History
from index.search import Engine
from index.store import Excerpt
from qa.answers import Citation
from qa.citations import cite

MAX_CITED = 20_000
"""So many code points are cited at a time."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An article as it is cited. ``generation`` is the one it was taken from, ``is_current`` whether that one is
    served; ``is_cited`` is false if the cited text is not to be had any more, and this is another one."""

    article: Article
    generation: str
    is_current: bool
    is_cited: bool


def kept(engine: Engine, history: History, article_id: str, sha256: str | None) -> Kept:
    """The article with the text of that hash, from an earlier generation if need be; else, or if no hash is given, as
    it is now. Raises ``UnknownArticle``."""
    served = engine.manifest.generation
    try:
        current = engine.article(article_id)
    except UnknownArticle:
        if earlier := _earlier(history, article_id, sha256):
            return earlier
        raise
    if sha256 in {None, current.sha256}:
        return Kept(current, served, is_current=True, is_cited=True)
    return _earlier(history, article_id, sha256) or Kept(current, served, is_current=True, is_cited=False)


def _earlier(history: History, article_id: str, sha256: str | None) -> Kept | None:
    found = history.article_with(article_id, sha256) if sha256 else None
    return Kept(found[1], found[0], is_current=False, is_cited=True) if found else None


def cite_place(engine: Engine, history: History, article_id: str, start: int, end: int, sha256: str | None) -> Citation:
    """The citation of ``text[start:end]`` of an article, code points, half-open, in the text of that hash if one is
    given. Raises ``UnknownArticle`` if there is no such text, ``InvalidPlace`` if there is no such place in it."""
    found = kept(engine, history, article_id, sha256)
    if not found.is_cited:
        raise UnknownArticle(f"the text of {article_id!r} with that sha256 is not kept any more")
    article = found.article
    if not 0 <= start < end <= len(article.text):
        raise InvalidPlace(f"{start} to {end} is no place in a text of {len(article.text)} code points")
    if end - start > MAX_CITED:
        raise InvalidPlace(f"{end - start} code points are too many to cite: at most {MAX_CITED} are cited at a time")
    return cite(Excerpt(entry_of(article), article.text, start, end), found.generation)
