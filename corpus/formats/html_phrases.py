"""What of an article's blocks is furniture by what it says: pointers, notices, labels, bylines.

Names of elements don't tell all: editors and plug-ins put such things between the paragraphs. Only whole blocks go, and
only where what a block is is beyond doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import regex

from corpus.formats.html_furniture import words
from corpus.formats.html_text import Block, Element, name_of
from corpus.formats.html_wording import BOX, BYLINE, DATE, NOTICE, POINTER, READING_TIME, is_one_of, without_signature

LONGEST = 220
"""In code points: a block that is longer stays, whatever it says."""

_SENTENCE_END = regex.compile(r"[.!?…。！？][\"'”’»)\]]*$")
_INTRODUCTION = regex.compile(
    r"\b(?:description|sub ?titles?|stand ?first|dek|deck|excerpt|lead|lede|summary|intro|sub ?head(?:line|ing)?"
    r"|strap ?line|captions?|entradilla|bajada|copete|chapo|chapeau|vorspann|unterzeile|ingress|sottotitolo|sommario)\b"
)
"""The names of what stands between a headline and the text and belongs to these."""


def is_byline(block: Block) -> bool:
    """Whether a block only says who wrote an article, when, or how long it takes to read."""
    return is_one_of((BYLINE, DATE, READING_TIME), block.text, LONGEST)


def is_label(block: Block) -> bool:
    """Whether a block says who wrote an article or when, leads elsewhere, or speaks to readers of the page."""
    return is_byline(block) or _is_notice(block) or 2 * block.linked > len(block.text)


def is_introduction(block: Block) -> bool:
    """Whether a block between the headline and the text is one that the article begins with."""
    if block.kind in ("caption", "row"):
        return True
    if is_label(block):
        return False
    if any(_INTRODUCTION.search(words(name)) for name in (block.element.get("class") or "").split()):
        return True
    return len(block.text) >= 60 or (len(block.text) >= 20 and bool(_SENTENCE_END.search(block.text) or block.level))


def without_phrases(blocks: Sequence[Block], headline: Block | None, authors: Sequence[str] = ()) -> list[Block]:
    """The blocks without those that are furniture by what they say."""
    kept = [block for block in _without_boxes(blocks) if block is headline or not _is_pointless(block)]
    kept = _without_link_lists(_without_bylines(kept, authors))
    return _without_end(_without_repeated(kept, headline), headline)


def _is_pointless(block: Block) -> bool:
    return _is_notice(block) or _is_card(block) or _is_credit(block)


def _is_card(block: Block) -> bool:
    """Whether a whole block lies in a link, as what is shown of another page does."""
    if block.kind in ("caption", "row"):
        return False
    return any(link.get("href") for link in (block.element, *block.element.iterancestors()) if name_of(link) == "a")


def _is_credit(block: Block) -> bool:
    """Whether a block is what a figure has beside its picture and its caption."""
    if block.kind != "paragraph" or len(block.text) > 60:
        return False
    figure = next(block.element.iterancestors("figure"), None)
    return figure is not None and _has(figure, "img", "picture") and _has(figure, "figcaption")


def _has(element: Element, *names: str) -> bool:
    return next(element.iterdescendants(*names), None) is not None


def _is_notice(block: Block) -> bool:
    text = block.text.removeprefix("- ")
    if block.kind == "preformatted":
        return False
    points = block.linked >= max(1, len(text) // 2 - 20) and is_one_of((POINTER,), text, LONGEST)
    return points or is_one_of((NOTICE, READING_TIME), text, LONGEST)


def _without_boxes(blocks: Sequence[Block]) -> list[Block]:
    """Without the boxes in the text that a heading opens ("Related").

    A box is the element around its heading that holds no sentence; if it holds only the heading, the links behind it.
    """
    boxes: set[Element] = set()
    sentences = _with_sentences(blocks)
    kept: list[Block] = []
    in_box = False
    for at, block in enumerate(blocks):
        if boxes.intersection((block.element, *block.element.iterancestors())):
            continue
        in_box = (in_box and _is_in_box(block)) or (
            _opens_box(block) and (at + 1 == len(blocks) or _begins_box(block, blocks[at + 1], sentences, boxes))
        )
        if not in_box:
            kept.append(block)
    return kept


def _begins_box(opener: Block, following: Block, sentences: set[Element], boxes: set[Element]) -> bool:
    """Whether what follows a heading is in its box; the element that is the box goes to ``boxes``."""
    box = opener.element
    while box.getparent() is not None and box.getparent() not in sentences:
        box = box.getparent()
    if any(above is box for above in following.element.iterancestors()) or following.element is box:
        boxes.add(box)
        return True
    return _is_in_box(following)


def _with_sentences(blocks: Sequence[Block]) -> set[Element]:
    """The elements that hold text of the article beyond doubt."""
    found: set[Element] = set()
    for block in blocks:
        if block.kind != "heading" and len(block.text) >= 60 and 2 * block.linked < len(block.text):
            found.update((block.element, *block.element.iterancestors()))
    return found


def _opens_box(block: Block) -> bool:
    longest = {"heading": 80, "paragraph": 40}.get(block.kind, 0)
    return is_one_of((BOX,), block.text, longest)


def _is_in_box(block: Block) -> bool:
    return 2 * block.linked > len(block.text)


def _without_bylines(blocks: Sequence[Block], authors: Sequence[str]) -> list[Block]:
    """Without who wrote it and when, which stands between the headline and the first paragraph, or behind the last."""
    first = next((at for at, block in enumerate(blocks) if len(block.text) >= 100 and block.kind != "heading"), 0)

    def is_signature(block: Block) -> bool:
        return is_byline(block) or (len(block.text) <= LONGEST and not without_signature(block.text, authors))

    head = [block for block in blocks[:first] if block.kind == "caption" or not is_signature(block)]
    rest = list(blocks[first:])
    while len(rest) > 1 and rest[-1].kind == "paragraph" and is_signature(rest[-1]):
        rest.pop()
    return [*head, *rest]


def _without_link_lists(blocks: Sequence[Block]) -> list[Block]:
    """Without lists in which each item is a link, and which nothing introduces: pointers to other pages."""
    kept: list[Block] = []
    for group, members in groupby(blocks, key=lambda block: id(block.group) if block.kind == "item" else None):
        items = list(members)
        introduced = kept and (kept[-1].kind == "heading" or kept[-1].text.rstrip().endswith(":"))
        if group is None or introduced or not all(_is_link(item) for item in items):
            kept += items
    return kept


def _is_link(block: Block) -> bool:
    return block.linked >= 0.9 * len(block.text.removeprefix("- "))


def _without_repeated(blocks: Sequence[Block], headline: Block | None) -> list[Block]:
    """Without the headline where it is said again, and pull quotes that only repeat the text."""
    if headline is None:
        return list(blocks)
    said = headline.text.casefold()
    return [block for block in blocks if block is headline or block.text.casefold() != said]


def _without_end(blocks: Sequence[Block], headline: Block | None) -> list[Block]:
    """Without what stands behind the text: headings under which nothing is left, and a few short links."""
    kept = list(blocks)
    while kept and kept[-1] is not headline and (kept[-1].kind == "heading" or _is_short_link(kept[-1])):
        kept.pop()
    return kept


def _is_short_link(block: Block) -> bool:
    text = block.text.removeprefix("- ")
    if block.kind in ("row", "caption"):
        return False
    if "©" in text and len(text) < 160 and block.linked:
        return True
    return len(text) < 40 and block.linked >= 0.8 * len(text)
