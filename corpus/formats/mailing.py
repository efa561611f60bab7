"""What a mailing puts around the text of a message: where else it can be read, how to get no more of them.

Only whole lines go, and only those that are known phrases from end to end; in doubt a line stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

import regex

LONGEST_FURNITURE = 200
"""In code points, without addresses of the web: a line that is longer stays, whatever it says."""

_FIRST_LINES = 5
"""How many lines at the top may say where else the message can be read."""
_ENDING_SHARE = 0.4
"""How much of a message, in lines, may be its ending."""
_LAST_LINES = 100
"""And how many lines."""
_LONGEST_ADDRESS = 6
"""Of the sender's post, in lines."""

_THIS = r"(this|the|it|our) ?(e-?mail|message|newsletter|issue|edition|mailing)?"
_BROWSER = r"in (a|your|the) (web ?)?browser"
_PREFERENCES = (
    r"((e-?mail|subscription|mailing|account|communication|newsletter) )*(preferences|settings|subscriptions?)"
)

_ELSEWHERE = (
    rf"(click here to )?(view|read|open|see) {_THIS} ?(online|on the web|{_BROWSER}|as a web ?page)",
    rf"(view|read|open) (online|{_BROWSER}|in browser|on the web|as a web ?page|(e-?mail|web) version)",
    rf"(is |are )?({_THIS} )?(not|having trouble|trouble|problems|can't|cannot) "
    rf"(displaying|viewing|reading|seeing|see|view|read)( {_THIS})?( (correctly|properly|images))?"
    rf"\?? ?((click here|view it|view {_THIS}|read it|open it)( online| {_BROWSER}| to view it online)?)?",
)
_ABOUT_THE_MAILING = (
    r"(click here to |to )?unsubscribe( (here|now|from (this|our|the|these|all) ([\w-]+ ){0,3}[\w-]+))?(, click here)?",
    r"if you (no longer|don't|do not) (want|wish) to (receive|get) ([\w-]+ ){1,6}[\w-]+,? "
    r"(please |you can |you may )?(click here to )?unsubscribe( here)?",
    rf"(update|manage|change|edit|set) (your|my) {_PREFERENCES}( or unsubscribe( from this list)?)?",
    r"you can (update your preferences|unsubscribe)( or unsubscribe)?( from this list| at any time)*",
    r"want to change how you receive these e-?mails",
    rf"you(('re| are) (receiving|getting)|( have)? (received|got)) {_THIS} (because|as) [^.!?]{{1,120}}",
    rf"{_THIS} was sent to \S+@\S+( (by|because) [^.!?]{{1,80}})?",
    r"forward ((this|it) )?to a friend|forward (this|the) (e-?mail|newsletter) to a friend",
    r"add us to your (address book|contacts)|why did i get this",
    r"(privacy (policy|notice)|terms( of (service|use))?|contact us|legal( notice)?)",
    r"(sent|powered) (by|with|via) (mailchimp|substack|beehiiv|buttondown|campaign monitor|brevo|convertkit|ghost)",
)
_COPYRIGHT = regex.compile(
    r"(copyright )?(©|\(c\))( copyright)? ?\d{4}[^.!?]{0,60}\.?( all rights reserved\.?)?", regex.I
)
_POST = regex.compile(r"our (mailing |postal )?address is", regex.I)

_AT_THE_TOP = regex.compile("|".join(_ELSEWHERE), regex.I)
_AT_THE_END = regex.compile("|".join((*_ELSEWHERE, *_ABOUT_THE_MAILING)), regex.I)

_LINKS = regex.compile(r"[\[(<]?\s*(?:https?://|mailto:)[^\s\])>]*\s*[\])>]?")
_BETWEEN = regex.compile(r"\s+[|·•/–-]\s+|\s*[|·•]\s*|(?<=[.!?])\s+")
_AROUND = regex.compile(r"^[\W_]+|[\W_]+$")


def without_mailing(text: str) -> str:
    """Canonical text without the lines that are about the mailing itself; canonical again, and the rest as it was."""
    lines = text.split("\n")
    unwanted = {*_top(lines), *_ending(lines)}
    kept = "\n".join(line for number, line in enumerate(lines) if number not in unwanted)
    return regex.sub(r"\n{3,}", "\n\n", kept).strip("\n")


def _top(lines: Sequence[str]) -> Iterator[int]:
    filled = [number for number, line in enumerate(lines) if line][:_FIRST_LINES]
    return (number for number in filled if _is(_AT_THE_TOP, lines[number]))


def _ending(lines: Sequence[str]) -> Iterator[int]:
    for number in range(max(int(len(lines) * (1 - _ENDING_SHARE)), len(lines) - _LAST_LINES), len(lines)):
        if _is(_AT_THE_END, lines[number]) or _COPYRIGHT.fullmatch(lines[number]):
            yield number
        elif _POST.fullmatch(_AROUND.sub("", lines[number])):
            yield from _post(lines, number)


def _post(lines: Sequence[str], number: int) -> Sequence[int]:
    """The lines of an address behind the line that announces it, in its paragraph or in the next."""
    first = number + 1 if number + 1 < len(lines) and lines[number + 1] else number + 2
    address = list(takewhile(lambda line: lines[line], range(first, len(lines))))
    return [number, *address] if len(address) <= _LONGEST_ADDRESS else []


def _is(pattern: regex.Pattern[str], line: str) -> bool:
    """Whether a line is nothing but such phrases, whatever links stand beside them."""
    words = " ".join(_LINKS.sub(" ", line).replace("’", "'").split())
    if not words or len(words) > LONGEST_FURNITURE:
        return False
    phrases = [phrase for part in _BETWEEN.split(words) if (phrase := _AROUND.sub("", part))]
    whole = bool(pattern.fullmatch(_AROUND.sub("", words)))
    return whole or (bool(phrases) and all(pattern.fullmatch(phrase) for phrase in phrases))
