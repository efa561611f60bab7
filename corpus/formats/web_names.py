"""What pages in a web archive are called: by their addresses, so that the name stays when others are added behind."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from urllib.parse import unquote, urlsplit

from corpus.formats import registry
from corpus.formats.naming import digest, name_from


def slug(url: str) -> str:
    """The host and the path of an address, without a suffix; a query is a digest behind them."""
    try:
        parts = urlsplit(url)
        host, path, query = parts.netloc.rpartition("@")[2].lower(), unquote(parts.path), parts.query
    except ValueError:
        return f"page-{digest(url)}"
    path = path.rstrip("/")
    path = path.removesuffix(registry.suffix(path) or "")
    return name_from(f"{host}{path}" + (f"-{digest(query)}" if query else "")) or f"page-{digest(url)}"


class WebNames:
    """The names given so far in one file.

    The first page with an address has its plain name. One that was fetched again has the day behind it, or the time if
    that is taken as well; another address that would be called the same, a digest of it.
    """

    def __init__(self) -> None:
        self._addresses: dict[bytes, bytes] = {}

    def name(self, url: str, time: str) -> str:
        """The name of the page that was fetched from an address at a time (``2026-11-21T10:15:00Z``)."""
        plain = slug(url)
        if self._is_free(plain, url):
            return plain
        if self._addresses[_key(plain)] != _key(url):
            plain = f"{plain}-{digest(url)}"
            if self._is_free(plain, url):
                return plain
        return next(name for name in _dated(plain, time) if self._is_free(name, url))

    def _is_free(self, name: str, url: str) -> bool:
        """Takes a name, if it isn't taken."""
        key = _key(name)
        if key in self._addresses:
            return False
        self._addresses[key] = _key(url)
        return True


def _dated(name: str, time: str) -> Iterator[str]:
    moment = "".join(character for character in time if character.isalnum() or character in ".-")
    yield f"{name}@{moment[:10]}"
    yield f"{name}@{moment}"
    yield from (f"{name}@{moment}-{number}" for number in count(2))


def _key(text: str) -> bytes:
    return sha256(text.encode(errors="replace")).digest()[:12]
