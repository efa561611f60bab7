"""What of a page is no part of its article, by how it is marked up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import regex

_NOT_SHOWN = regex.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", regex.I)
_DROPPED_CAPITAL = regex.compile(r"drop-?_?cap|initial|first-?_?letter", regex.I)


def remove_hidden(root: Any) -> None:
    """Removes the elements that no reader sees."""
    for element in root.xpath(".//*[@hidden or @aria-hidden or @style]"):
        if element.tag != "body" and _is_hidden(element):
            remove([element])


def _is_hidden(element: Any) -> bool:
    if element.get("hidden", "until-found") != "until-found" or _NOT_SHOWN.search(element.get("style") or ""):
        return True
    # An ornamental first letter is hidden only from those who are read to.
    return element.get("aria-hidden") == "true" and not _DROPPED_CAPITAL.search(element.get("class") or "")


def remove(elements: Iterable[Any]) -> None:
    """Takes elements out of their tree, and leaves the text that follows them."""
    for element in elements:
        parent, tail = element.getparent(), element.tail
        if parent is None:
            continue
        if tail:
            before = element.getprevious()
            if before is None:
                parent.text = (parent.text or "") + tail
            else:
                before.tail = (before.tail or "") + tail
            element.tail = None
        parent.remove(element)
