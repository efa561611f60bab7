"""Citations as annotations by the W3C's Web Annotation Data Model (Recommendation of 23 February 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from corpus.dates import first_day, last_day

if TYPE_CHECKING:
    from qa.answers import Citation

PDF_FRAGMENTS = "http://tools.ietf.org/rfc/rfc3778"
"""What the Recommendation names for the fragments of PDF; RFC 8118, which came after it, has the same."""
CONTEXT = "http://www.w3.org/ns/anno.jsonld"


def annotation(citation: Citation, base: str = "") -> dict[str, Any]:
    """The annotation that highlights the quote, as JSON-LD.

    Its target is the quote in the archive's copy as plain text, which is the canonical text: positions count its code
    points. ``base`` is the address of the service that has the copy, as ``https://example.org``; without, the copy's is
    relative. For an article from the web, the quote on its own page is a second target, which has no positions, as
    nobody counted there. The id is the same for the same place of the same text.
    """
    copy = _copy(citation, base.rstrip("/"))
    return {
        "@context": CONTEXT,
        "id": uuid5(NAMESPACE_URL, citation.link).urn,
        "type": "Annotation",
        "motivation": "highlighting",
        "target": [_in_copy(citation, copy), _on_page(citation, copy)]
        if citation.source_link
        else _in_copy(citation, copy),
    }


def _copy(citation: Citation, base: str) -> str:
    path, _, _ = citation.link.partition("?")
    return f"{base}{path}?sha256={citation.sha256}"


def _in_copy(citation: Citation, copy: str) -> dict[str, Any]:
    position = {"type": "TextPositionSelector", "start": citation.start, "end": citation.end}
    return {
        "type": "SpecificResource",
        "source": copy,
        "state": {"type": "HttpRequestState", "value": "Accept: text/plain"},
        "selector": [_words(citation), position],
    }


def _on_page(citation: Citation, copy: str) -> dict[str, Any]:
    target = {"type": "SpecificResource", "source": citation.url, "selector": _in_source(citation)}
    if citation.retrieved is None:
        return target
    # When the page had this text, and where it can be seen as it was then. Times must be given to the second, in UTC.
    first, last = first_day(citation.retrieved), last_day(citation.retrieved)
    times = {"sourceDateStart": f"{first}T00:00:00Z", "sourceDateEnd": f"{last}T23:59:59Z"}
    return target | {"state": {"type": "TimeState", **times, "cached": copy}}


def _in_source(citation: Citation) -> dict[str, str] | list[dict[str, str]]:
    """The words, and the page of a PDF that they begin on, as its link has it."""
    _, opens, number = (citation.source_link or "").rpartition("#page=")
    if not citation.page or not opens:
        return _words(citation)
    page = {"type": "FragmentSelector", "conformsTo": PDF_FRAGMENTS, "value": f"page={number}"}
    return [page, _words(citation)]


def _words(citation: Citation) -> dict[str, str]:
    return {
        "type": "TextQuoteSelector",
        "exact": citation.quote,
        "prefix": citation.prefix,
        "suffix": citation.suffix,
    }
