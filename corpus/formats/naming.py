"""What the articles in a file of several are called: what their ids end with.

A name is a path with ``/`` between its parts, in Normalization Form C, of which no part is empty, ``.`` or ``..``. It
holds no control characters and none that can't be seen, no part has a space at either end, and it is short enough for a
sidecar to be called so.
"""

from __future__ import annotations

from hashlib import sha256

from corpus.statements import one_line

MOST_BYTES_OF_A_PART = 200
MOST_BYTES = 1000


def name_from(text: str) -> str:
    """The name that is nearest to a text; empty if nothing of it can be in a name."""
    parts = (part.strip() for part in one_line(text).split("/"))
    return _short("/".join(_short(part, MOST_BYTES_OF_A_PART) for part in parts if part not in ("", ".", "..")))


def digest(text: str) -> str:
    """Eight hexadecimal digits that stand for a text."""
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]


def _short(text: str, most: int = MOST_BYTES) -> str:
    """The text; if it is long its beginning, and a digest that keeps it apart from others of that beginning."""
    encoded = text.encode()
    if len(encoded) <= most:
        return text
    return f"{encoded[: most - 10].decode(errors='ignore').rstrip('/ ')}-{digest(text)}"


class Names:
    """The names that are taken in one file, each with where it was taken; some 150 bytes a name."""

    def __init__(self) -> None:
        self._taken: dict[bytes, str | int] = {}

    def repeats(self, name: str, where: str | int) -> str | None:
        """Takes a name; why it can't be, if it is taken."""
        key = sha256(name.encode()).digest()[:12]
        first = self._taken.setdefault(key, where)
        if first == where:
            return None
        return f"it has the same id, {name!r}, as {first}; give one of them another, or remove it"
