"""What somebody pastes to be verified: a link, a citation in JSON or in plain text, or only a quote."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

from corpus.errors import UnknownArticle
from index.history import History
from index.search import Engine
from qa.checks import Check, QuoteCheck
from qa.given import MAX_CITATIONS, Given, read_citations
from qa.kept import cite_place, kept
from qa.quotes import check_quotes
from qa.verification import verify

_LOCATION = re.compile(
    r"^(?:> )?(.+), code points (\d{1,15})-\d{1,15} of the text with SHA-256 ([0-9a-f]{12,64})\\?$", re.M
)
"""As the styles for reading have it (see ``qa.styles.location``)."""

_SOURCE = re.compile(r"^— ", re.M)
_ARTICLE = "/articles/"


def check_pasted(engine: Engine, history: History, text: str) -> list[Check] | list[QuoteCheck]:
    """What was found of it. Raises ``WrongUse`` for what can't be checked, ``UnknownArticle``."""
    text = text.strip()
    if text.startswith(("{", "[")) and text.endswith(("}", "]")) and '"article_id"' in text:
        return list(verify(engine, read_citations(text.encode(), MAX_CITATIONS), history).results)
    if given := _linked(engine, history, text) or _located(engine, history, text):
        return list(verify(engine, [given], history).results)
    return list(check_quotes(engine, [text]).results)


def _linked(engine: Engine, history: History, text: str) -> Given | None:
    """The place that a link of a passage leads to."""
    if _ARTICLE not in text or any(character.isspace() for character in text):
        return None
    parts = urlsplit(text)
    values = {name: found[0] for name, found in parse_qs(parts.query).items()}
    if not {"start", "end", "sha256"} <= values.keys() or not (values["start"] + values["end"]).isdecimal():
        return None
    article_id = unquote(parts.path.partition(_ARTICLE)[2])
    return _given(engine, history, article_id, int(values["start"]), int(values["end"]), values["sha256"])


def _located(engine: Engine, history: History, text: str) -> Given | None:
    """The citation in plain text: its place, and the quote in front of what says where it is from."""
    location, source = _LOCATION.search(text), _SOURCE.search(text)
    if not location or not source:
        return None
    article_id, start, digits = location.groups()
    quote = text[: source.start()].strip()
    sha256 = _sha256(engine, history, article_id, digits)
    return (
        Given(article_id=article_id, start=int(start), end=int(start) + len(quote), quote=quote, sha256=sha256)
        if quote and sha256
        else None
    )


def _sha256(engine: Engine, history: History, article_id: str, digits: str) -> str | None:
    """The hash that begins with these digits, of the article's text."""
    try:
        sha256 = kept(engine, history, article_id, None).article.sha256
    except UnknownArticle:
        return None
    return sha256 if sha256.startswith(digits) else digits.ljust(64, "0")


def _given(engine: Engine, history: History, article_id: str, start: int, end: int, sha256: str) -> Given:
    citation = cite_place(engine, history, article_id, start, end, sha256)
    return Given(article_id=article_id, start=start, end=end, quote=citation.quote, sha256=sha256)
