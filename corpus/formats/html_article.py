"""Where the article is in a page: which of its blocks are read.

Pages say it in many ways, and often wrongly. The names of elements are believed where what they name holds a large part
of the page's sentences; without one, the article is in the element that holds nearly all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from corpus.formats.html_furniture import Furniture, words
from corpus.formats.html_phrases import is_introduction, is_label, without_phrases
from corpus.formats.html_text import Block, Element, blocks_of, name_of

_LEAST_SENTENCE = 40
"""In code points: what is shorter says little of where the article is."""

_CONTENT = regex.compile(
    r"(?:.* )?(?:content|body|body ?text|text|copy|full ?text|prose|markup|cuerpo|contenido|texto|corps|contenu|texte"
    r"|inhalt|corpo|conteudo|testo|contenuto|tekst|inhoud|innehall)$|prose|rich ?text|mw parser output"
    r"|(?:.* )?article ?(?:body|text|content)\b|(?:body|text) (?:block|component|section|wrapper|container)$"
)
"""Names of what holds the text of an article, in the languages that templates are written in."""

_CUT = regex.compile(
    r"(?:\.{3}|…|\[(?:\.{3}|…)\])\s*(?:(?:read|continue|learn) (?:more|reading|the rest)|more|mehr|weiter ?lesen"
    r"|lire la suite|leer más|lees (?:meer|verder)|leggi tutto)?[\s.…»>→]*$",
    regex.I,
)
"""How the beginning of another article ends. Some paragraphs end so too; they only say less of where the article is."""
_CUT_SHORT = 20

_NO_LETTERS = regex.compile(r"[^\p{L}\p{N}]+")

_ENOUGH = 0.4
"""Of the sentences of the page: with less, a name that says that it is the article is not believed."""
_NEARLY_ALL = 0.75
_TEXT_TAGS = frozenset({"p", "ul", "ol", "dl", "blockquote", "pre", "tr"})


@dataclass(frozen=True)
class Hints:
    """What a page says of its article that may be seen in it: its titles, the surest first, and its authors."""

    titles: Sequence[str] = ()
    authors: Sequence[str] = ()


def article_blocks(root: Element, hints: Hints) -> tuple[Block | None, list[Block]]:
    """The headline of the article in a page, if it is shown, and the article's blocks, the headline first."""
    blocks = blocks_of(root)
    furniture = Furniture(_weights(blocks), sum(map(_weight, blocks)))
    kept = [block for block in blocks if not furniture.has(block.element)]
    if not kept:
        return None, []
    container = _container(kept)
    left_out = _teasers(container, kept)
    kept = [block for block in kept if not left_out.intersection((block.element, *block.element.iterancestors()))]
    headline = _headline(kept, container, hints.titles)
    return headline, without_phrases(_selected(kept, container, headline), headline, hints.authors)


def has_sentences(blocks: Iterable[Block]) -> bool:
    """Whether there is a sentence in these blocks that isn't all links."""
    return any(map(_weight, blocks))


def _weight(block: Block) -> float:
    """How much a block says of where the article is: the length of its sentences, less its links."""
    if block.kind in ("heading", "caption") or len(block.text) < _LEAST_SENTENCE:
        return 0
    weight = max(0, len(block.text) - 2 * block.linked)
    return weight / _CUT_SHORT if _CUT.search(block.text) else weight


def _weights(blocks: Iterable[Block]) -> dict[Element, float]:
    """The weight of all elements that hold some."""
    weights: dict[Element, float] = {}
    for block in blocks:
        weight = _weight(block)
        if weight:
            weights[block.element] = weights.get(block.element, 0) + weight
    return _summed(weights)


def _summed(own: Mapping[Element, float]) -> dict[Element, float]:
    """For each element, its own weight and that of all below it."""
    total = dict(own)
    root = next(iter(own)).getroottree().getroot() if own else None
    if root is None:
        return total
    order = list(root.iter())
    for element in reversed(order):
        if element in total:
            parent = element.getparent()
            if parent is not None:
                total[parent] = total.get(parent, 0) + total[element]
    return total


def _container(kept: Sequence[Block]) -> Element:
    """The element that holds the article, and as little else as can be."""
    weights = _weights(kept)
    whole = sum(map(_weight, kept))
    root = kept[0].element.getroottree().getroot()
    if not whole:
        return root
    named = _named(weights, _ENOUGH * whole)
    return named if named is not None else _nearly_all(root, weights)


def _teasers(container: Element, kept: Sequence[Block]) -> set[Element]:
    """The parts of an element that announce other articles: two or more headings, each of them a link."""
    weights = _weights(kept)
    headings: dict[Element, list[bool]] = {}
    for block in kept:
        if block.kind == "heading":
            path = [block.element, *block.element.iterancestors()]
            branch = next((below for below, above in pairwise(path) if above is container), None)
            headings.setdefault(branch, []).append(2 * block.linked > len(block.text))
    light = (branch for branch in headings if weights.get(branch, 0) < _ENOUGH * weights.get(container, 0))
    return {branch for branch in light if len(headings[branch]) > 1 and all(headings[branch])}


def _named(weights: Mapping[Element, float], enough: float) -> Element | None:
    """The element that is named as the text of an article: the innermost of those that hold as good as the same."""
    bodies = [element for element in weights if "articlebody" in (element.get("itemprop") or "").lower()]
    contents = [element for element in weights if _is_content(element)]
    articles = [element for element in weights if name_of(element) == "article" or element.get("role") == "article"]
    mains = [element for element in weights if name_of(element) == "main" or element.get("role") == "main"]
    for candidates, in_parts in ((bodies, True), (contents, True), (articles, False), (mains, False)):
        found = _best(candidates, weights, enough, in_parts=in_parts)
        if found is not None:
            return _innermost(found, [*articles, *mains], weights)
    return None


def _innermost(named: Element, candidates: Iterable[Element], weights: Mapping[Element, float]) -> Element:
    """The innermost of the candidates that holds all the sentences of an element; else the element."""
    inside = [each for each in candidates if weights[each] == weights[named] and _holds(named, each)]
    return max(inside, key=lambda each: len(list(each.iterancestors())), default=named)


def _is_content(element: Element) -> bool:
    names = [*(element.get("class") or "").split(), element.get("id") or ""]
    return name_of(element) not in ("body", "html", "p", "span", "a", "li") and any(
        _CONTENT.match(words(name)) for name in names
    )


def _best(
    candidates: Sequence[Element], weights: Mapping[Element, float], enough: float, *, in_parts: bool
) -> Element | None:
    """The innermost candidate with nearly all that the heaviest holds; if it may be in parts, what holds all parts."""
    if not candidates:
        return None
    outermost = [each for each in candidates if not any(above in set(candidates) for above in each.iterancestors())]
    most = max(outermost, key=weights.__getitem__)
    alike = [each for each in outermost if each is most or (in_parts and _signature(each) == _signature(most))]
    if sum(map(weights.__getitem__, alike)) < enough:
        return None
    if weights[most] < 0.9 * sum(map(weights.__getitem__, alike)):
        return _around(alike)
    inner = [each for each in candidates if weights[each] >= 0.9 * weights[most] and _holds(most, each)]
    return max(inner, key=lambda each: len(list(each.iterancestors())))


def _signature(element: Element) -> tuple[str, str]:
    return name_of(element), element.get("class") or ""


def _holds(outer: Element, element: Element) -> bool:
    return element is outer or any(above is outer for above in element.iterancestors())


def _around(elements: Sequence[Element]) -> Element:
    """The innermost element that holds all of these."""
    paths = [[*reversed(list(each.iterancestors())), each] for each in elements]
    together = [level[0] for level in zip(*paths, strict=False) if all(each is level[0] for each in level)]
    return together[-1]


def _nearly_all(root: Element, weights: Mapping[Element, float]) -> Element:
    """The innermost element that holds nearly all of the page's sentences."""
    inside = root
    while True:
        parts = [child for child in inside if child in weights]
        if not parts or any(name_of(part) in _TEXT_TAGS for part in parts):
            return inside
        heaviest = max(parts, key=weights.__getitem__)
        # Of the whole, because a little less at each step would in the end leave little.
        if weights[heaviest] < _NEARLY_ALL * weights[root]:
            return inside
        inside = heaviest


def _headline(blocks: Sequence[Block], container: Element, titles: Sequence[str]) -> Block | None:
    """The block that shows the article's title; if none does, the heading of the first level before the text."""
    # Those in the article first: what all pages of a site show may be a part of the title too.
    inside = set(container.iter())
    nearest = sorted(blocks, key=lambda block: (not block.level, block.element not in inside, block.level))
    for title in map(_letters, titles):
        shown = next((block for block in nearest if title and _letters(block.text) == title), None)
        shown = shown or next((block for block in nearest if _is_part(block, title)), None)
        if shown:
            return shown
    first = next((at for at, block in enumerate(blocks) if _weight(block) and _holds(container, block.element)), 0)
    before = [block for block in blocks[: first + 1] if block.level == 1]
    return before[-1] if before else next((block for block in blocks if block.level == 1), None)


def _is_part(block: Block, title: str) -> bool:
    """Whether a heading is a part of a title, as where the title names the site too."""
    letters = _letters(block.text) if block.level in (1, 2) else ""
    return len(letters) > 12 and letters in title


def _is_above(block: Block) -> bool:
    """Whether a block before the headline belongs to the article; menus and the names of sections do not."""
    return block.kind == "caption" or (_weight(block) > 0 and not block.linked)


def _parent_of_text(blocks: Sequence[Block]) -> Element | None:
    """The element in which the text begins, if more than its first sentences lie side by side in it."""
    parents = [_outer(block).getparent() for block in blocks if _weight(block)]
    return parents[0] if parents.count(parents[0] if parents else None) > 1 else None


def _begins(block: Block, beside: Element | None) -> bool:
    """Whether a short block before the first sentences is one of the text: it lies beside them, and is no label."""
    return beside is not None and _outer(block).getparent() is beside and not is_label(block)


def _outer(block: Block) -> Element:
    return block.element if block.group is None else block.group


def _letters(text: str) -> str:
    """A text's letters and digits, without case: what it has in common with how it is written elsewhere."""
    return _NO_LETTERS.sub("", text).casefold()


def _selected(kept: Sequence[Block], container: Element, headline: Block | None) -> list[Block]:
    """The headline, what introduces the article, and its text."""
    inside = set(container.iter())
    places = [at for at, block in enumerate(kept) if block.element in inside]
    if headline is None or not places:
        return [kept[at] for at in places]
    top = next(at for at, block in enumerate(kept) if block is headline)
    above = [kept[at] for at in places if at < top and _is_above(kept[at])]
    first = next((at for at in places if at > top and _weight(kept[at])), top + 1)
    start = min(max(places[0], top + 1), first)
    introduction = [block for block in kept[top + 1 : start] if is_introduction(block)]
    beside = _parent_of_text(kept[first:])
    beginning = [
        kept[at] for at in places if start <= at < first and (_begins(kept[at], beside) or is_introduction(kept[at]))
    ]
    return [headline, *above, *introduction, *beginning, *(kept[at] for at in places if at >= first)]
