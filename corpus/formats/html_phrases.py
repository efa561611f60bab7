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

LONGEST = 220
"""In code points: a block that is longer stays, whatever it says."""

_MONTH = (
    r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic|janv|févr|avr|juin|juil|août|déc)"
    r"\p{L}*\.?"
)
_NAME = r"\p{Lu}[\p{L}.'’-]*"
_BYLINE = regex.compile(
    rf"(?:(?:written |reported |words |story |text )?by|von|par|por|di|door|av)\s+{_NAME}(?:[ ,&|•·]+(?:and |und |et |y )?"
    rf"(?:{_NAME}|de|van|von|der|la|in|of|for|the|correspondent|editor|reporter|staff))*[.,| ·•]*(?:[^.!?]*\d{{4}}[^.!?]*)?",
)
_DATE = regex.compile(
    rf"(?:(?:first |last )?(?:published|updated|posted|modified|created|written|update|date|veröffentlicht|stand|publié|publicado)"
    rf"(?: on| at| le| am| el)?[: ]*)?(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? |(?:mon|tue|wed|thu|fri|sat|sun),? )?"
    rf"(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|\d{{1,2}}(?:st|nd|rd|th|\.)? (?:de )?{_MONTH},?(?: de)? \d{{4}}|\d{{4}}-\d\d-\d\d"
    rf"|\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}})(?:[ ,|•·–—-]*(?:at )?\d{{1,2}}[:.h]\d\d(?:[:.]\d\d)? ?(?:[ap]\.?m\.?)?(?: ?[A-Z]{{2,4}})?)?[ .]*"
    rf"|(?:published|updated|posted|modified)(?: on| at)?:? .{{0,40}}\d.{{0,30}}|\d+ (?:minutes?|hours?|days?|weeks?|months?|years?) ago",
    regex.I,
)
_READING_TIME = regex.compile(
    r"(?:reading time|read time|estimated reading time|time to read|lesezeit|temps de lecture)?[ :·•|]*\d+[ -]*(?:min(?:ute)?s?\.?)"
    r"(?:[ -]?(?:read|reading|to read|lesezeit|de lecture))?(?: time)?|(?:reading|lese)(?: ?time|zeit)[: ].{1,20}",
    regex.I,
)

_NOTICES = regex.compile(
    r"(?:advertisement|advertising|sponsored(?: content)?|paid content|ad|anzeige|werbung|publicité|publicidad)"
    r"(?:[ -–—]*(?:scroll to continue|continue reading below|article continues below.*|skip advertisement|remove ads?))?"
    r"|(?:story|article) continues (?:below|after).{0,40}|(?:continue|keep) reading(?: the main story| below)?"
    r"|skip (?:to|past) .{1,40}|(?:back|go|return) to (?:the )?top|(?:scroll|jump) to .{1,30}|top of page|bottom of page"
    r"|(?:share|tweet|print|e-?mail|copy(?: the)? link|save|bookmark|listen|like|follow|comment|download pdf|pin it)"
    r"|(?:share|tweet|print|e-?mail)(?: this)? ?(?:article|story|post|page|with your friends|on \p{L}+|via \p{L}+|this)?[: ]*"
    r"|(?:share|follow us|find us|connect with us|like us)(?: on| via| with)?[: ].{0,80}"
    r"|(?:facebook|twitter|x|whatsapp|linkedin|reddit|telegram|pinterest|e-?mail|bluesky|mastodon|threads|pocket|print|copy link"
    r"|tumblr|share|[|,/· ]+)+"
    r"|link copied(?: to clipboard)?|copied!?|link kopiert|\d+ (?:shares?|comments?|likes?|views?|claps?|retweets?)|no comments(?: yet)?"
    r"|(?:leave|post|add|write) (?:a|your) (?:comment|reply).{0,30}|join the (?:conversation|discussion).{0,40}|comments are closed.{0,20}"
    r"|(?:filed|posted|published|tagged) (?:under|in|as|with)\b.{0,120}|(?:tags?|topics?|categories|keywords|schlagwörter|étiquettes)\s*:.{0,160}"
    r"|©.{0,120}|\(c\) \d{4}.{0,100}|copyright (?:©|\(c\)|\d).{0,120}|all rights reserved.{0,40}"
    r"|this site uses akismet.{0,100}|(?:this (?:web)?site|we) uses? cookies.{0,160}|(?:accept|reject) (?:all )?cookies"
    r"|(?:click|tap) here to (?:subscribe|sign up|register|join).{0,80}|sign up (?:for|to) (?:our|the|my) .{0,60}newsletters?.{0,80}"
    r"|subscribe (?:to|for) (?:our|the|my|full|unlimited|continue|keep|read).{0,120}|subscribe(?: now| today| here)?[.!]?|log ?in|sign (?:in|up)"
    r"|get (?:the|our) .{0,80}(?:newsletter|in(?:to)? your inbox|straight to your inbox|delivered).{0,80}"
    r"|(?:already a (?:subscriber|member)\??|have an account\??).{0,60}|(?:to|please) (?:continue|keep) reading.{0,120}"
    r"|(?:this|the rest of this) (?:article|story|post|content) is (?:for|only for|reserved for|available to|exclusive to)"
    r" .{0,40}(?:subscribers|members|patrons).{0,120}"
    r"|(?:subscribe|register|log in|sign in|sign up|become a member) .{0,40}to (?:continue|keep|read|unlock|access|finish|get).{0,120}"
    r"|you(?:'|’)?(?:ve| have) (?:reached|read|used) .{0,40}(?:articles?|limit).{0,100}|unlock (?:this|unlimited|the rest).{0,100}"
    r"|view (?:full|desktop|mobile) (?:site|version)|exit mobile version|toggle (?:navigation|menu|caption)|hide caption"
    r"|(?:view|see|show) (?:all|more) (?:posts|articles|stories|comments|by|from).{0,60}|load(?:ing)? (?:more|comments).{0,30}|loading\.*"
    r"|(?:←|→|«|»|‹|›|<|>|previous|next|older|newer)[ :]*(?:(?:previous|next|older|newer) )?(?:post|article|story|entry)?s?[ :→»›>]*"
    r"|click (?:to enlarge|for larger.{0,20}|image to enlarge)|enlarge (?:this )?image|view gallery|play video|play|watch now"
    r"|report (?:a|an|this) .{0,40}|follow (?:me|us|him|her|them|@?[\w ]{1,30}) on .{1,60}|permalink|permanent link|edit(?: this page)?",
    regex.I,
)

# A paragraph that only points to another article, which is linked.
_POINTER = regex.compile(
    r"(?:\p{P}|\p{S})*\s*(?:read (?:more|also|next|this|the full .{1,20}|our .{1,20})|also read|must[ -]read|see also|more (?:on|from|about)\b"
    r"(?: this)?(?: story| topic)?|related(?: (?:article|story|stories|reading|content|coverage|post|news|link)s?)?|recommended(?: reading)?"
    r"|more|watch(?: (?:also|more|now))?|listen|don['’]t miss|you (?:may|might) (?:also )?(?:like|be interested in).{0,20}|also (?:on|in) .{1,30}"
    r"|further reading|from the archives?|in case you missed it|mehr (?:zum thema|dazu)|lesen sie (?:auch|mehr).{0,10}|à lire aussi|lire aussi"
    r"|voir aussi|lea también|leer más|te puede interesar|lees ook|leggi anche|leia também|läs också)\s*(?:[:|»›→>–—-]|\n)\s*\S.*",
    regex.I | regex.S,
)

# A heading that opens a part of the page behind the article, or a box in it.
_OPENER = regex.compile(
    r"related(?: (?:articles?|posts?|stor(?:y|ies)|content|reading|coverage|news|links?|topics?))?|(?:you (?:may|might)|you['’]ll) (?:also )?"
    r"(?:like|be interested in|enjoy).{0,20}|more (?:from|on|in|about|stories|news|articles|posts|like this|by|headlines)\b.{0,60}|read (?:more|next|also)"
    r"|(?:most|popular) (?:read|popular|viewed|shared|posts|stories|articles)(?: .{0,30})?|trending(?: now| stories)?|up next|what to read next"
    r"|recommended(?: (?:for you|reading|stories|articles|posts))?|recommended by.{0,30}|latest(?: (?:news|posts|stories|articles|from .{1,30}))?"
    r"|editor['’]?s['’]? picks?|top stories|popular(?: now)?|from (?:our|the) (?:partners|archives?|web|sponsors)|around the web|sponsored.{0,30}"
    r"|share(?: this| the)?(?: (?:article|story|post|page|love))?.{0,20}|follow us.{0,30}|stay (?:connected|informed|up to date|in touch).{0,40}"
    r"|(?:leave|post|add|write) (?:a|your) (?:comment|reply).{0,30}|(?:\d+ )?(?:comments?|responses?|thoughts on .*|replies)(?: \(\d+\))?|discussion"
    r"|join the (?:conversation|discussion)|about the authors?|about the writers?|written by|the authors?|author(?: bio)?|tags|topics|filed under"
    r"|(?:our |the |daily |weekly |free )*newsletters?|sign up.{0,60}|subscribe.{0,60}|get (?:the|our) .{0,60}newsletter.{0,20}"
    r"|mehr zum thema|das könnte sie auch interessieren|weitere artikel|kommentare|à lire (?:aussi|également)|sur le même sujet|commentaires"
    r"|más noticias|noticias relacionadas|te puede interesar|comentarios|support (?:us|our .{1,40})|categories|archives|recent (?:posts|comments)",
    regex.I,
)
_ENDING = regex.compile(r"[\s.:…»›→!>]+$")
_SENTENCE_END = regex.compile(r"[.!?…。！？][\"'”’»)\]]*$")


_INTRODUCTION = regex.compile(
    r"\b(?:description|sub ?titles?|stand ?first|dek|deck|excerpt|lead|lede|summary|intro|sub ?head(?:line|ing)?|strap ?line)\b"
)
"""The names of what stands between a headline and the text and belongs to these."""


def is_byline(block: Block) -> bool:
    """Whether a block only says who wrote an article, when, or how long it takes to read."""
    text = _ENDING.sub("", block.text.strip())
    return len(text) <= LONGEST and any(pattern.fullmatch(text) for pattern in (_BYLINE, _DATE, _READING_TIME))


def is_introduction(block: Block) -> bool:
    """Whether a block between the headline and the text is one that the article begins with."""
    if block.kind in ("caption", "row"):
        return True
    if is_byline(block) or _is_notice(block) or 2 * block.linked > len(block.text):
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
    text = block.text.strip()
    if len(text) > LONGEST or block.kind == "preformatted":
        return False
    text = text.removeprefix("- ")
    if _POINTER.fullmatch(text) and (2 * block.linked >= len(text) - 25) and block.linked:
        return True
    shortened = _ENDING.sub("", text)
    return bool(_NOTICES.fullmatch(shortened) or _READING_TIME.fullmatch(shortened))


def _without_boxes(blocks: Sequence[Block]) -> list[Block]:
    """Without the boxes in the text that a heading opens ("Related"), and all links and short lines in them."""
    kept: list[Block] = []
    in_box = False
    for at, block in enumerate(blocks):
        if _opens_box(block):
            in_box = at + 1 == len(blocks) or _is_in_box(blocks[at + 1])
        elif in_box and not _is_in_box(block):
            in_box = False
        if not in_box:
            kept.append(block)
    return kept


def _opens_box(block: Block) -> bool:
    text = _ENDING.sub("", block.text.strip())
    if len(text) > 80 or not _OPENER.fullmatch(text):
        return False
    return block.kind == "heading" or (block.kind == "paragraph" and len(text) < 40)


def _is_in_box(block: Block) -> bool:
    if block.kind == "heading":
        return 2 * block.linked > len(block.text)
    return 2 * block.linked > len(block.text) or len(block.text) < 30


def _without_bylines(blocks: Sequence[Block], authors: Sequence[str]) -> list[Block]:
    """Without who wrote it and when, which stands between the headline and the first paragraph, or behind the last."""
    first = next((at for at, block in enumerate(blocks) if len(block.text) >= 100 and block.kind != "heading"), 0)
    names = {author.casefold() for author in authors}

    def is_signature(block: Block) -> bool:
        return is_byline(block) or _ENDING.sub("", block.text.casefold()) in names

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
