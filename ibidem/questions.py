"""Questions as the service takes them, with all that may be said of how to answer one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:  # so that no index is loaded
    from index.filters import Copies
    from qa.styles import Style

DEFAULT_PASSAGES = 5
"""So many passages an answer has if it isn't said how many."""


class Filters(TypedDict, total=False):
    """Which articles may answer: of each list one value must fit, and every filter that is given must. Dates are
    ``2025-03-04``, ``2025-03`` or ``2025``, and inclusive."""

    publishers: Sequence[str]
    authors: Sequence[str]
    languages: Sequence[str]
    articles: Sequence[str]
    tags: Sequence[str]
    published_from: str
    published_to: str


class Options(TypedDict, total=False):
    """How a question is answered: by how many passages (1 to 100; 5 if not given), out of which articles, as the
    archive stood on which date, with which of an article's copies, with ``narrow`` citing the nearest sentence and not
    all of a passage, and with each passage cited as well in the style ``cite``."""

    top_k: int
    filters: Filters
    as_of: str | None
    copies: Copies
    narrow: bool
    cite: Style | None


class Query(Options):
    """A question with options of its own."""

    question: str
