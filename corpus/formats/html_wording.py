"""The phrases by which furniture is told that stands between the paragraphs of an article.

Templates are written in English in most countries, and what editors and plug-ins put in is in the page's own language:
the commonest phrases of some are here. All are compared with whole blocks, without case and without the punctuation
behind them.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex

_NETWORK = (
    r"(?:facebook|twitter|x|whatsapp|linked ?in|reddit|telegram|pinterest|e-?mail|bluesky|mastodon|threads|pocket|print"
    r"|copy link|tumblr|flipboard|messenger|instagram|youtube|tiktok|xing|vk|sms|share)"
)
_PAGE = r"(?:article|story|post|page|entry|piece)"
_MONTH = (
    r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic|janv|févr|avr|juin|juil|août"
    r"|déc|gen|mag|giu|lug|ott)\p{L}*\.?"
)
_NAME = r"\p{Lu}[\p{L}.'’-]*"
_DAY = (
    rf"(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|\d{{1,2}}(?:st|nd|rd|th|\.)? (?:de )?{_MONTH},?(?: de)? \d{{4}}"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4})"
)
_TIME = r"(?:[ ,|•·–—-]*(?:at |um )?\d{1,2}[:.h]\d\d(?:[:.]\d\d)? ?(?:[ap]\.?m\.?|uhr)?(?: ?[A-Z]{2,4})?)?"
_WEEKDAY = r"(?:(?:mon|tue|tues|wed|wednes|thu|thurs|fri|sat|satur|sun)(?:day)?,? )?"
_SAID = (
    r"(?:(?:first |last )?(?:published|updated|posted|modified|created|written|update|date|veröffentlicht|aktualisiert"
    r"|stand|publié|publicado|actualizado|pubblicato)(?: on| at| le| am| el| il)?[: ]*)?"
)


def _whole(*phrases: str, ignore_case: bool = True) -> regex.Pattern[str]:
    return regex.compile("|".join(phrases), regex.I | regex.S if ignore_case else regex.S)


BYLINE = _whole(
    rf"(?:(?:[Ww]ritten |[Rr]eported |[Ww]ords |[Ss]tory |[Tt]ext )?[Bb]y|BY|[Vv]on|[Pp]ar|[Pp]or|[Dd]i|[Dd]oor|[Aa]v)"
    rf"\s+{_NAME}(?:[ ,&|•·]+(?:and |und |et |y )?(?:{_NAME}|de|van|von|der|la|in|of|for|the|correspondent|editor"
    r"|reporter|staff))*[.,| ·•]*(?:[^.!?]*\d{4}[^.!?]*)?",
    ignore_case=False,
)
DATE = _whole(
    rf"{_SAID}{_WEEKDAY}{_DAY}{_TIME}[ .]*",
    r"(?:published|updated|posted|modified)(?: on| at)?:? .{0,40}\d.{0,30}",
    r"\d+ (?:minutes?|hours?|days?|weeks?|months?|years?) ago",
)
READING_TIME = _whole(
    r"(?:(?:estimated )?reading time|read time|time to read|lesezeit|temps de lecture|tiempo de lectura)?[ :·•"
    r"|]*\d+[ -]*"
    r"(?:min(?:ute|uten|uti|utos)?s?\.?)(?:[ -]?(?:read|reading|to read|lesezeit|de lecture|de lectura))?(?: time)?",
    r"(?:reading time|lesezeit)[: ].{1,20}",
)

NOTICE = _whole(
    # Advertisements
    r"(?:advertisement|advertising|sponsored(?: content)?|paid content|ad|anzeige|werbung|publicité|publicidad)"
    r"(?:[ -–—]*(?:scroll to continue|continue reading below|(?:article|story) continues below.{0,30}|skip ad.{0,12}"
    r"|remove ads?))?",
    rf"{_PAGE} continues (?:below|after).{{0,40}}|(?:continue|keep) reading(?: the main story| below)?",
    # Ways about the page
    r"skip (?:to|past) .{1,40}|(?:back|go|return) to (?:the )?top|scroll to .{1,30}|(?:top|bottom) of page",
    r"nach oben|zum seitenanfang|haut de page|volver arriba",
    r"view (?:full|desktop|mobile) (?:site|version)|exit mobile version|toggle (?:navigation|menu|caption)"
    r"|hide caption",
    r"(?:view|see|show) (?:all|more) (?:posts|articles|stories|comments|by .*|from .*)|load(?:ing)? (?:more|comments)"
    r".{0,30}|loading",
    rf"[←→«»‹›<>]?\s*(?:previous|next|older|newer)(?: {_PAGE}s?)?\s*[←→«»‹›<>]?",
    r"click (?:to enlarge|for larger.{0,20}|image to enlarge)|enlarge (?:this )?image|view gallery|play video"
    r"|watch now",
    rf"permalink|permanent link|edit this {_PAGE}",
    # Sharing
    r"share|tweet|print|e-?mail|copy(?: the)? link|save|bookmark|listen|like|follow|comment|download pdf|pin it|teilen",
    rf"(?:share|tweet|print|e-?mail)(?: this)?(?: {_PAGE})?(?: (?:on|via|with) (?:{_NETWORK}|your friends|friends))?",
    r"(?:share|follow us|find us|connect with us|like us)(?: on| via| with)?:?"
    rf"(?:[\s,/|·•]*(?:and |or )?{_NETWORK})+",
    rf"(?:{_NETWORK}[\s,/|·•]*)+",
    r"link copied(?: to clipboard)?|copied|link kopiert",
    r"\d+ (?:shares?|comments?|likes?|views?|claps?|retweets?|kommentare|commentaires|comentarios)"
    r"|no comments(?: yet)?",
    # Comments
    r"(?:leave|post|add|write) a (?:comment|reply)(?: below)?|join the (?:conversation|discussion)|comments are closed",
    r"this site uses akismet.{0,100}",
    # Rights, cookies
    r"©.{0,120}|\(c\) \d{4}.{0,100}|copyright (?:©|\(c\)|\d).{0,120}|all rights reserved",
    r"(?:this (?:web)?site|we) uses? cookies.{0,160}|(?:accept|reject) (?:all )?cookies",
    # Subscriptions
    r"(?:click|tap) here to (?:subscribe|sign up|register|join).{0,80}",
    r"sign up (?:for|to) (?:our|the|my) .{0,60}newsletters?.{0,80}",
    r"(?:please )?subscribe (?:to|for) (?:our|the|my|full|unlimited|continue|keep|read).{0,120}",
    r"subscribe(?: now| today| here)?|log ?in|sign (?:in|up)",
    r"get (?:the|our) .{0,80}(?:newsletter|in(?:to)? your inbox|straight to your inbox|delivered).{0,80}",
    r"already a (?:subscriber|member)\b.{0,60}|have an account\?.{0,60}|(?:to|please) (?:continue"
    r"|keep) reading.{0,120}",
    rf"(?:this|the rest of this) (?:{_PAGE}|content) is (?:for|only for|reserved for|available to|exclusive to)"
    r" .{0,40}(?:subscribers|members|patrons).{0,120}",
    rf"(?:subscribe|register|log in|sign in|sign up|become a member) .{{0,40}}to (?:continue|keep|read|unlock|finish)\b"
    rf".{{0,40}}(?:{_PAGE}|reading|access).{{0,80}}",
    r"you(?:['’]ve| have) (?:reached|read|used) .{0,30}(?:free|monthly|limit).{0,100}",
    r"unlock (?:this|unlimited|the rest).{0,100}",
)

POINTER = _whole(
    r"(?:\p{P}|\p{S})*\s*(?:read (?:more|also|next|this|the full .{1,20}|our .{1,20})|also read|must[ -]read|see also"
    r"|more(?: (?:on|from|about)(?: this(?: story| topic)?)?)?|related(?: (?:article|story|stories|reading|content"
    r"|coverage|post|news|link)s?)?|recommended(?: reading)?|watch(?: (?:also|more|now))?|listen|don['’]t miss"
    r"|you (?:may|might) (?:also )?(?:like|be interested in).{0,20}|also (?:on|in) .{1,30}|further reading"
    r"|from the archives?|in case you missed it|mehr (?:zum thema|dazu)|lesen sie (?:auch|mehr).{0,10}"
    r"|(?:à )?lire aussi"
    r"|voir aussi|lea también|leer más|te puede interesar|lees ook|leggi anche|leia também|läs också)"
    r"\s*(?:[:|»›→>–—-]|\n)\s*\S.*",
    # What is said of a post below it, with its tags as links
    r"(?:filed|posted|published|tagged) (?:under|in|as|with)\b.{0,120}",
    r"(?:tags?|topics?|categories|keywords|schlagwörter|étiquettes|etiquetas)\s*:.{0,160}",
    r"(?:follow|contact|e-?mail) .{1,40} (?:on|at|via) .{1,60}",
    rf"report (?:a|an|this) (?:error|mistake|typo|problem|{_PAGE}).{{0,40}}",
)
"""Only where most of the block is a link."""

BOX = _whole(
    r"related(?: (?:articles?|posts?|stor(?:y|ies)|content|reading|coverage|news|links?|topics?))?",
    r"(?:you (?:may|might)|you['’]ll) (?:also )?(?:like|be interested in|enjoy).{0,20}",
    r"more (?:from|on|in|about|stories|news|articles|posts|like this|by|headlines)\b.{0,60}|read (?:more|next|also)",
    r"(?:most|popular) (?:read|popular|viewed|shared|posts|stories|articles)(?: .{0,30})?|trending(?: now| stories)?",
    r"up next|what to read next|recommended(?: (?:for you|reading|stories|articles|posts|by .{1,30}))?",
    r"latest(?: (?:news|posts|stories|articles|from .{1,30}))?|editor['’]?s['’]? picks?|top stories|popular(?: now)?",
    r"from (?:our|the) (?:partners|archives?|web|sponsors)|around the web|sponsored.{0,30}|elsewhere on .{1,30}",
    r"share(?: this| the)?(?: (?:article|story|post|page|love))?.{0,20}|follow us.{0,30}",
    r"stay (?:connected|informed|up to date|in touch).{0,40}|(?:leave|post|add|write) (?:a|your) (?:comment"
    r"|reply).{0,30}",
    r"(?:\d+ )?(?:comments?|responses?|thoughts on .*|replies)(?: \(\d+\))?|join the (?:conversation|discussion)",
    r"about the (?:authors?|writers?)|written by|the authors?|author bio|tags|topics|filed under|categories|archives",
    r"(?:our |the |daily |weekly |free )*newsletters?|sign up.{0,60}|subscribe.{0,60}|recent (?:posts|comments)",
    r"get (?:the|our) .{0,60}newsletter.{0,20}|support (?:us|our .{1,40})",
    r"mehr zum thema|das könnte sie auch interessieren|weitere artikel|kommentare|à lire (?:aussi|également)",
    r"sur le même sujet|commentaires|más noticias|noticias relacionadas|te puede interesar|comentarios",
)
"""Headings of a box in the text, or of a part of the page behind it."""

_WRITTEN = regex.compile(rf"{_SAID}{_WEEKDAY}{_DAY}{_TIME}", regex.I)
_JOINING = regex.compile(r"\b(?:by|and|von|und|par|et|por|y|di|e|uhr|words|text)\b", regex.I)
_ENDING = regex.compile(r"[\s.:…»›→!>]+$")


def is_one_of(patterns: Sequence[regex.Pattern[str]], text: str, longest: int) -> bool:
    """Whether a text is a phrase of these from end to end, and not longer than furniture is."""
    if len(text) > longest:
        return False
    shortened = _ENDING.sub("", text.strip())
    return any(pattern.fullmatch(shortened) for pattern in patterns)


def without_signature(text: str, authors: Sequence[str]) -> str:
    """What a text says, as letters and digits, beside the names of authors, dates and the time that reading takes."""
    for author in sorted(authors, key=len, reverse=True):
        text = text.replace(author, " ")
    for pattern in (_WRITTEN, READING_TIME, _JOINING):
        text = pattern.sub(" ", text)
    return regex.sub(r"[^\p{L}\p{N}]+", "", text)
