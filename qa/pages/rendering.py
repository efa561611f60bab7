"""What all pages share: the filters of their templates, and what stands around them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode
from weakref import WeakKeyDictionary

from apiflask import APIFlask
from flask import render_template

from corpus.article import Entry, Metadata, Origin
from index.search import Engine
from qa.answers import Citation
from qa.confidence import likelihood
from qa.facets import Bar, Facets, facets
from qa.pages.text import passage_blocks
from qa.pages.when import ago, minute
from qa.problems import Problem
from qa.styles import STYLES

VALUES_SHOWN = 8
"""So many publishers, and so many languages, can be chosen from; others can be written."""

_KEPT_SECONDS = 365 * 86_400

_PAGES = (
    ("/articles", "Articles"),
    ("/new", "New"),
    ("/verify", "Verify"),
)
_PAGES_OF_FEEDBACK = (("/feedback", "Feedback"), ("/unanswered", "Not answered"))

_FILTERS = {
    "publishers": "Publisher",
    "authors": "Author",
    "languages": "Language",
    "articles": "Article",
    "tags": "Tag",
    "published_from": "From",
    "published_to": "To",
    "as_of": "As of",
    "copies": "Copies:",
    "narrow": "Narrow:",
}

_ORIGINS: Mapping[Origin, str] = {
    "sidecar": "from the sidecar",
    "front matter": "from the front matter",
    "page": "from the page itself",
    "document": "from the document's properties",
    "message": "from the message's head",
    "export": "from the export",
    "fetch": "seen when it was fetched",
    "file": "from the file's name",
    "heading": "from the first heading",
    "inferred": "inferred from the text",
}

_facets: WeakKeyDictionary[Engine, Facets] = WeakKeyDictionary()
_lock = Lock()


def add_filters(app: APIFlask, keeps_feedback: bool) -> None:
    """Gives the templates their filters, and what each of them shows."""
    for function in (
        passage_blocks,
        likelihood,
        figure,
        ago,
        minute,
        article_address,
        cite_address,
        within,
        groupby_month,
        sentence,
        explained,
    ):
        app.add_template_filter(function)
    app.jinja_env.globals.update(
        pages=_PAGES + (_PAGES_OF_FEEDBACK if keeps_feedback else ()),
        words=_FILTERS,
        origins=_ORIGINS,
        styles=STYLES,
        shown=VALUES_SHOWN,
        keeps_feedback=keeps_feedback,
        asset=_assets(app),
    )
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _KEPT_SECONDS


def _assets(app: APIFlask) -> Callable[[str], str]:
    """Gives the address of a static file: another one whenever the file is, so that browsers may keep it for long."""
    folder = Path(str(app.static_folder))
    digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:12] for file in folder.iterdir()}
    return lambda name: f"{app.static_url_path}/{name}?v={digests[name]}"


def render(template: str, engine: Engine, **values: Any) -> str:
    """A page about one generation."""
    return render_template(template, manifest=engine.manifest, **values)


def facets_of(engine: Engine) -> Facets:
    """The facets of the engine's catalogue, worked out once."""
    with _lock:
        if engine not in _facets:
            _facets[engine] = facets(engine.catalogue())
        return _facets[engine]


def article_address(article: Metadata) -> str:
    """The address of an article's page."""
    return f"/articles/{quote(article.id)}"


def cite_address(citation: Citation) -> str:
    """The address of the page with a citation in all styles."""
    place = {"article_id": citation.article_id, "start": citation.start, "end": citation.end}
    return f"/cite?{urlencode({**place, 'sha256': citation.sha256})}"


def within(bar: Bar, first: str, last: str) -> bool:
    """Whether a bar lies in the period that is chosen; not if none is."""
    return (
        bool(first or last)
        and (not first or bar.first[: len(first)] >= first[: len(bar.first)])
        and (not last or bar.last[: len(last)] <= last)
    )


def groupby_month(articles: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    """Articles by the month or, if no more is known, the year of their publication, in the order given."""
    return [(month, list(found)) for month, found in groupby(articles, lambda entry: (entry.published or "")[:7])]


def figure(sure: float) -> str:
    """A confidence to two digits; nothing is certain, so no 1.00 and no 0.00."""
    return "above 0.99" if sure > 0.99 else "below 0.01" if sure < 0.01 else f"{sure:.2f}"


def sentence(text: str) -> str:
    """A message with a capital letter in front."""
    return text[:1].upper() + text[1:]


def explained(problem: Problem) -> str:
    """What is wrong with what was given, with the names that the fields have on the pages."""
    said = "; ".join(f"{_named(error.field)}{error.message}" for error in problem.errors)
    return sentence(said or problem.detail)


def _named(field: str) -> str:
    return "" if field == "question" else f"{_FILTERS.get(field, field).rstrip(':')}: "
