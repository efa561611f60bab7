"""What of a page is no part of its article, by how it is marked up.

Site builders name what they put around an article much alike, and mostly in English: ``share-bar``, ``related-posts``,
``newsletter-signup``. A name is looked at as words (``mostRead`` is "most read"), never as a part of one (``shared`` is
not "share"). What holds much of the page's text is its article, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import regex

from corpus.formats.html_text import HEADINGS, Element, name_of

_TAGS = frozenset({"nav", "footer", "form", "menu", "amp-ad", "amp-sidebar", "amp-consent", "amp-social-share"})
_ROLES = frozenset(
    {"navigation", "search", "banner", "contentinfo", "dialog", "alertdialog", "menu", "menubar", "toolbar", "tablist"}
)

# The words of a name that make its element furniture; alternatives, as whole words.
_NAMES = (
    r"nav|navigation|navbar|navbox|subnav|menu|submenu|breadcrumbs?|pagination|pager|pagenav|prev next|post navigation",
    r"side ?bar|masthead|site (header|footer|info|branding|title|description|name|logo)|branding|logo|skip( links?)?",
    r"(post|entry|article|story|page|content|card|global|main)? ?footer|colophon|copyright|legal notice",
    r"cookies?|consent|gdpr|ccpa|onetrust|cmp|popup|pop up|modal|lightbox|overlay|toast|interstitial",
    r"news ?letters?|mailing list|subscribe|subscription|subscribers?|sign ?up|sign ?in|log ?in|register|registration",
    r"pay ?wall|reg ?wall|piano|meter(ed)?|upsell|membership|donate|donation|support us|contribute",
    r"share|sharing|shares|share ?bar|sharedaddy|addtoany|addthis|a2a|social|socials|follow|sociable",
    r"related|relateds|recirc|recirculation|recommended|recommendations?|recommends?|more (on|from|stories|news|posts)",
    r"read (more|next|also)|also read|see also|you may|up next|next (post|article)|previous (post|article)",
    r"most (read|popular|viewed|recent|shared)|recent( posts| news| comments| articles| stories)?|trending"
    r"|popular( posts)?|latest( news| posts)?|top stories|teasers?",
    r"promos?|promotion|promoted|house ad|ads?|advert|adverts|advertisement|advertising|advertorial|ad ?slot|adsense",
    r"dfp|gpt|mpu|leaderboard|taboola|outbrain|sponsors?|sponsored|affiliate|marketing|cta",
    r"comments?|comment (list|form|section|respond)|commentlist|disqus|respond|reactions?|likes?|upvote|claps?",
    r"by ?lines?|author|authors|author ?(box|bio|info|card|name)|about author|contributors?|bio|avatar|gravatar|vcard",
    r"tags?|tag ?(list|links|cloud)|taxonomy|topics|topic list|keywords|categories|cat links|filed under|catlinks",
    r"meta|meta ?data|post ?meta|entry ?meta|article ?info|dateline|date ?time|date|time ?stamp|posted on|pub ?date",
    r"reading time|read ?time|time to read|min read|minutes read|views?|view count|post views",
    r"kicker|eyebrow|section label|category|hashtags?",
    r"widgets?|gadgets?|toolbar|tools|article tools|actions|controls|buttons?|print|no ?print|printfriendly",
    r"rating|ratings|stars?|votes?|feedback|survey|poll|report (a )?(problem|error)|was this (page )?helpful",
    r"table of contents|toc|jump (to|links)|on this page|in this article|contents list|back to top|scroll top|to top",
    r"app (banner|promo|download)|download app|notification|notifications|push|alert bar|announcement( bar)?",
    r"audio player|listen|text to speech|video player|player|gallery nav|carousel|slider nav|search( form| box)?",
    r"language (switcher|selector)|lang switch|translations?|accessibility( bar)?|weather|ticker|breaking( news)?",
    r"mw jump link|mw editsection|editsection|print ?footer|site ?sub|mw indicators|hatnote|dablink"
    r"|navigation not searchable",
    r"comentarios?|commentaires|kommentare?|reacties|commenti|compartir|partager|teilen|condividi|compartilhar|delen",
    r"relacionad[ao]s|verwandte|aehnliche|similaires|correlati|gerelateerd|publicidad|publicidade|publicite|werbung",
    r"anzeige|reklame|pubblicita|etiquetas|etiquettes|schlagworte|temas|firma|auteur|autor|autore|autoren|redactor",
    r"lateral|seitenleiste|migas|fil ariane|mas leid[ao]s?|meistgelesen|boletin|suscripcion|abonnement|abo|pie|fuss",
    r"sister ?site|stub|post feeds|blog pager|blogger labels|post labels|share ?buttons|jp relatedposts|syndication",
)
_FURNITURE = regex.compile(r"\b(?:" + "|".join(_NAMES) + r")\b")

# Names that say that the element is text, even if they have a word of the above as well.
_TEXT = regex.compile(
    r"\b(?:captions?|fig ?captions?|pull ?quote|foot ?notes?|references|ref ?list|drop ?cap|lead|lede|dek|deck"
    r"|stand ?first"
    r"|sub ?title|sub ?head(ing|line)?|summary|abstract|excerpt|intro|introduction|fact ?(box|file)|info ?box|call ?out"
    r"|note|transcript|key ?points|high ?lights|corrections?|editors? note|press contacts?|media contacts?|head ?line"
    r"|article ?title|(post|entry|page|story) title|(article|post|entry|story|page|main|text|rich|body) ?(body"
    r"|content|text)"
    r"|(post|article|story|content) ?body|prose|wp block (group|columns?|list|table|quote|cover|media text))\b"
)

# Labels that are not for eyes, and buttons drawn within the text.
_INLINE_NAMES = regex.compile(
    r"\b(?:sr only|screen reader( text)?|screenreader text|visually ?hidden|visuallyhidden|offscreen|off screen"
    r"|a11y hidden"
    r"|u hidden visually|assistive text|clip text|mw editsection|mw cite backlink|header ?link|heading anchor"
    r"|anchor ?js link"
    r"|footnote back ?(ref|link)|reversefootnote|permalink|headerlink|octicon link|print only|no ?screen|hide ?print)\b"
)
_BACK_LINKS = regex.compile(r"[#¶§↩↑^🔗\ufe0e\s]+")

# Names that say what is around, or in what state something is, and not what it is: "has-sidebar", "no-comments".
_STATE = regex.compile(r"(has|no|not|with|without|is|js|hide|show|single|postid|format|status|type|tag|category)[-_]")
_BUILDER = regex.compile(r"^(elementor|wixui|sqs|et pb|fl|vc|so|brxe|jet)( (widget|block|element|module))?\b ?")
"""What builders of sites put in front of all names."""

_COMMENTS = regex.compile(
    r"(?:.* )?comments?(?: ?(?:area|list|section|wrapper|container|thread))?|disqus(?: thread)?|comentarios|kommentare"
)
_TEXT_PROPERTIES = ("articleBody", "description", "headline")

_CAMEL = regex.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = regex.compile(r"[^a-z0-9]+")

_NOT_SHOWN = regex.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", regex.I)
_DROPPED_CAPITAL = regex.compile(r"drop-?_?cap|initial|first-?_?letter", regex.I)

LONGEST_APPEAL = 350
"""In code points: what stands around a form and is longer may be a short article that ends with it."""

MOST_SHARE = 0.4
"""Of the page's text: what holds more is not furniture, whatever it is called."""


def remove_hidden(root: Element) -> None:
    """Removes the elements that no reader sees."""
    remove(element for element in root.xpath(".//*[@hidden or @aria-hidden or @style]") if _is_hidden(element))


def _is_hidden(element: Element) -> bool:
    if name_of(element) == "body":
        return False
    if element.get("hidden", "until-found") != "until-found" or _NOT_SHOWN.search(element.get("style") or ""):
        return True
    # An ornamental first letter is hidden only from those who are read to, and so is a page behind a dialog.
    if element.get("aria-hidden") != "true" or _DROPPED_CAPITAL.search(element.get("class") or ""):
        return False
    return next(element.iterdescendants("p", "h1"), None) is None


def remove_labels(root: Element) -> None:
    """Removes what stands in the text and isn't read: marks beside headings, labels for screen readers."""
    remove(element for element in root.xpath(".//*[@class]") if _is_label(element))
    remove(link for link in root.xpath(".//a[starts-with(@href, '#')]") if _BACK_LINKS.fullmatch(_text(link)))


def _is_label(element: Element) -> bool:
    return bool(_INLINE_NAMES.search(words(element.get("class")))) and name_of(element) not in ("h1", "body", "article")


def _text(element: Element) -> str:
    return "".join(element.itertext())


def remove(elements: Iterable[Element]) -> None:
    """Takes elements out of their tree, and leaves the text that follows them."""
    for element in list(elements):
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


class Furniture:
    """Tells of the elements of a page whether they are furniture; ``weights`` says how much text each holds."""

    def __init__(self, weights: Mapping[Element, float], whole: float) -> None:
        self._weights, self._whole = weights, whole
        self._known: dict[Element, bool] = {}

    def has(self, element: Element) -> bool:
        """Whether an element is furniture, or in some."""
        path: list[Element] = []
        while element is not None and element not in self._known:
            path.append(element)
            element = element.getparent()
        inside = element is not None and self._known[element]
        for below in reversed(path):
            inside = inside or self._is(below)
            self._known[below] = inside
        return inside

    def _is(self, element: Element) -> bool:
        name = name_of(element)
        if name in ("html", "body", "main", "h1") or element.get("itemprop") in _TEXT_PROPERTIES:
            return False
        if self._weights.get(element, 0) > MOST_SHARE * self._whole and not _is_comments(element):
            return False
        if name == "footer":
            return not _is_in(element, ("blockquote", "figure"))
        if name in _TAGS or element.get("role") in _ROLES:
            return True
        if _has_form(element):
            return True
        if _is_named_furniture(element, name):
            return not _is_in(element, ("figcaption", "figure", "blockquote"))
        return name == "aside" and not _is_note(element)


def is_surely_furniture(element: Element) -> bool:
    """Whether an element is, or is in, what can't be the article, however much else of the page may be."""
    path = (element, *element.iterancestors())
    return any(name_of(each) in _TAGS or each.get("role") in _ROLES or _is_comments(each) for each in path)


def _is_comments(element: Element) -> bool:
    """Whether an element holds what readers wrote, which is often longer than what they read."""
    names = (words(element.get("id")), *map(words, (element.get("class") or "").split()))
    return any(map(_COMMENTS.fullmatch, names)) and next(element.iterdescendants("h1"), None) is None


def _is_in(element: Element, names: tuple[str, ...]) -> bool:
    return next(element.iterancestors(*names), None) is not None


def _has_form(element: Element) -> bool:
    """Whether an element is a box around a form, such as that for a newsletter."""
    if name_of(element) not in ("div", "section", "aside") or not _asks_for_address(element):
        return False
    whole = len(_text(element))
    return whole < 600 and whole - sum(len(_text(form)) for form in element.iterdescendants("form")) < LONGEST_APPEAL


def _asks_for_address(element: Element) -> bool:
    return any(field.get("type") in ("email", "password") for field in element.iterdescendants("input"))


def _is_note(aside: Element) -> bool:
    """Whether an aside is a note of the author: sentences, and hardly a link."""
    links = sum(len(_text(link)) for link in aside.iterdescendants("a"))
    text = _text(aside).strip()
    if any(map(_TEXT.search, _names(aside, "aside"))):
        return True
    return len(text) >= 80 and links < 0.2 * len(text) and "." in text


def _is_named_furniture(element: Element, name: str) -> bool:
    """Whether what an element is called says that it is furniture, and nothing that it is text."""
    names = list(_names(element, name))
    if any(_TEXT.search(given) and not _FURNITURE.search(given) for given in names):
        return False
    return any(map(_FURNITURE.search, names))


def _names(element: Element, name: str) -> Iterator[str]:
    """What an element is called, each name as words."""
    given = (element.get("class") or "").split()
    if name not in (*HEADINGS, "p", "li", "span") and not _is_slug(element):
        given.append(element.get("id") or "")
    if name not in ("p", "a", "figure", "table"):
        given += [
            element.get(attribute) or "" for attribute in ("data-component", "data-testid", "data-hook", "aria-label")
        ]
    for each in given:
        if each and not _STATE.match(each):
            yield _BUILDER.sub("", words(each))


def _is_slug(element: Element) -> bool:
    """Whether an id was made from the heading in an element, as generators of sites do."""
    heading = next(element.iterdescendants(*HEADINGS), None)
    return heading is not None and words(_text(heading)) == words(element.get("id"))


@lru_cache(maxsize=10_000)
def words(name: str | None) -> str:
    """The words of a name: ``relatedPosts``, ``related-posts`` and ``related_posts`` are all "related posts"."""
    return _NO_WORD.sub(" ", _CAMEL.sub(" ", (name or "")[:300]).lower()).strip()
