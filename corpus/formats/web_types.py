"""Which of the formats that are read something from the web is in: by what its server says, and by its first bytes,
because servers are often wrong."""

from __future__ import annotations

from urllib.parse import urlsplit

import regex

from corpus.formats import registry

TYPES = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/vnd.wap.xhtml+xml": "html",
    "text/plain": "text",
    "text/markdown": "markdown",
    "text/x-markdown": "markdown",
    "application/pdf": "pdf",
    "application/x-pdf": "pdf",
    "application/rtf": "rtf",
    "text/rtf": "rtf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/epub+zip": "epub",
}
"""The format of each media type of articles."""

_UNKNOWN = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/download", "unknown/unknown"})
"""What servers say that don't know."""
_PACKED = frozenset({"docx", "odt", "epub"})
_HTML = regex.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", regex.I | regex.S)
_BINARY = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"\x00\x00\x01\x00", b"\x1f\x8b", b"PK\x03\x04", b"\0asm")
_NO_ARTICLES = frozenset({"/robots.txt", "/ads.txt", "/app-ads.txt", "/security.txt", "/humans.txt", "/llms.txt"})


def format_of(content_type: str, content: bytes, url: str) -> str | None:
    """The format of an article; ``None`` for what is none, as a picture."""
    said = _said(content_type, url)
    if said is None:
        return None
    seen = _seen(content)
    if seen is not None:
        return seen
    # Of the packed formats each is known by what is said of it only.
    packed = said in _PACKED and content.startswith(b"PK")
    return said if said != "unknown" and (packed or not content.startswith(_BINARY)) else None


def is_article(content_type: str, content: bytes, url: str) -> bool:
    """Whether something would be an article, if its content could be had."""
    return _said(content_type, url) not in (None, "unknown")


def _said(content_type: str, url: str) -> str | None:
    """The format that the type says, or that the address does where the type says nothing; ``unknown`` if neither."""
    kind = content_type.partition(";")[0].strip().lower()
    path = urlsplit(url).path.lower() if _is_split(url) else ""
    if path in _NO_ARTICLES or path.startswith("/.well-known/"):
        return None
    if kind not in _UNKNOWN:
        return TYPES.get(kind)
    by_name = registry.format_of(path)
    return by_name if by_name in TYPES.values() else "unknown"


def _is_split(url: str) -> bool:
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


def _seen(content: bytes) -> str | None:
    """The format that the first bytes show beyond doubt."""
    start = content[:4096]
    if start.lstrip()[:5] == b"%PDF-":
        return "pdf"
    if start.startswith(b"{\\rtf"):
        return "rtf"
    return "html" if _HTML.match(start) else None
