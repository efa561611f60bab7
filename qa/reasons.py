"""Why a question counts as not answered, in a sentence that claims no more than was looked at."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence, Set

import regex

from index.search import Engine, Hit
from qa.answers import Reason
from qa.confidence import PASSAGES, confidence, each_alone

NEAR = 0.1
"""Below this confidence nothing is near. Of the questions that the shipped calibration was fitted on, hardly any that
the archive answers is below it, and most of those about something else are."""

RIVAL = 3
DIFFERENT = 0.4
"""Two passages are readings of their own if the odds of one are at most so many times those of the other, and if the
cosine of their vectors is below this."""

_LETTER = r"[\p{Lu}\p{Lt}\p{Ll}\p{M}\p{Nd}]"
_WORD = regex.compile(rf"{_LETTER}+(?:[-'’.,/&]{_LETTER}+)*")
"""A word in letters of scripts that have capitals, or a number; parts may be joined."""

_JOINT = regex.compile(r"[-'’.,/&]")
_SENTENCE_START = regex.compile(r"(?:^|[.?!:;…])[^\w.?!:;…]*$")
_POSSESSIVE = regex.compile(r"['’]s$", regex.IGNORECASE)
_NUMBER = regex.compile(r"(?!0)(?:\p{Nd}{3,}|\p{Nd}{1,3}(?:,\p{Nd}{3})+)")
_CAPITAL = regex.compile(r"\p{Lu}|\p{Lt}|\p{L}-?\p{Nd}")
_WITHOUT_CAPITALS = regex.compile(r"\p{Lo}")
_INNER_CAPITAL = regex.compile(r".+\p{Lu}|.*\p{L}-?\p{Nd}")

_ENDING = 2
"""So many letters at the end of a name may differ, of which at least ``_BEGINNING`` letters are left."""

_BEGINNING = 4


def reason(engine: Engine, question: str, hits: Sequence[Hit]) -> Reason:
    """Why the question, which counts as not answered, does so, by the passages that were found."""
    sure = confidence(engine, hits)
    if not hits or (sure is not None and sure < NEAR):
        return Reason("nothing near", (), "No passage is near this question.")
    absent = missing(question, [f"{hit.excerpt.article.title}\n{hit.excerpt.text}" for hit in hits])
    if absent:
        named = " or ".join(f"“{name}”" for name in absent)
        return Reason("missing", absent, f"Some passages are near this question, but none of those found has {named}.")
    readings = _two_readings(engine, hits[:PASSAGES])
    if readings:
        titles = " and ".join(f"“{hit.excerpt.article.title}”" for hit in readings)
        sentence = f"Passages of {titles} are about equally near, on different matters: say more of what you mean."
        return Reason("two readings", (), sentence)
    return Reason("uncertain", (), "Some passages are near this question, but none is likely to answer it.")


def _two_readings(engine: Engine, hits: Sequence[Hit]) -> tuple[Hit, Hit] | None:
    """The best hit and the best one of another source, if they are readings of their own."""
    odds = {hit.passage: _odds(sure) for hit, sure in zip(hits, each_alone(engine, hits), strict=True)}
    best, *others = sorted(hits, key=lambda hit: -odds[hit.passage])
    rival = next((hit for hit in others if hit.cluster != best.cluster), None)
    if rival is None or odds[best.passage] > RIVAL * odds[rival.passage]:
        return None
    is_different = engine.similarities([best.passage, rival.passage])[0, 1] < DIFFERENT
    return (best, rival) if is_different else None


def _odds(probability: float | None) -> float:
    return 0.0 if probability is None else probability / (1 - probability)


def missing(question: str, texts: Sequence[str]) -> tuple[str, ...]:
    """The names and numbers of a question that none of the texts has, in its order and as it writes them.

    A name is a run of words with capitals; one that a sentence begins with counts only if a capital or a digit is
    inside of it. It occurs if one of its words does, another ending allowed. Numbers are those of three digits or more,
    as smaller ones may be written in words; "2,000" is 2000. Accents and case make no difference.
    """
    named = _named(question)
    if not named:
        return ()
    written = {match.group() for text in texts for match in _WORD.finditer(text)}
    words = {part for word in written for part in _parts(word)}
    return tuple(dict.fromkeys(one for one in named if not _occurs(one, words)))


def _named(question: str) -> list[str]:
    """The names and numbers of a question, each as it is written there."""
    spans: list[tuple[int, int, bool]] = []
    for match in _WORD.finditer(question):
        start, end = match.span()
        is_number = bool(_NUMBER.fullmatch(match.group()))
        if is_number or _is_name(match, question):
            if spans and not spans[-1][2] and not is_number and question[spans[-1][1] : start].isspace():
                start = spans.pop()[0]
            spans.append((start, end, is_number))
    return [_POSSESSIVE.sub("", question[start:end]) for start, end, _ in spans]


def _is_name(match: regex.Match[str], question: str) -> bool:
    word = match.group()
    if len(word) < 2 or (question.isupper() and not _WITHOUT_CAPITALS.search(question)):
        return False  # "I" is nobody, and where all are capitals they say nothing
    if _SENTENCE_START.search(question[: match.start()]):
        return bool(_INNER_CAPITAL.match(word))
    return bool(_CAPITAL.search(word))


def _parts(word: str) -> tuple[str, ...]:
    """What a word is compared by: its parts, and all of them as one."""
    plain = _POSSESSIVE.sub("", word).casefold()
    if not plain.isascii():
        marked = unicodedata.normalize("NFKD", plain)
        plain = "".join(_digit(letter) for letter in marked if not unicodedata.combining(letter))
    parts = _JOINT.split(plain)
    return (*parts, "".join(parts))


def _digit(letter: str) -> str:
    return str(unicodedata.decimal(letter, letter))


def _occurs(named: str, words: Set[str]) -> bool:
    return any(_has(words, _parts(word)) for word in named.split())


def _has(words: Set[str], parts: tuple[str, ...]) -> bool:
    *single, whole = parts
    return _begins_one(whole, words) or all(_begins_one(part, words) for part in single)


def _begins_one(part: str, words: Set[str]) -> bool:
    """Whether the part is one of the words, or one but for its ending."""
    if part in words:
        return True
    beginning = part[: max(_BEGINNING, len(part) - _ENDING)]
    return part.isalpha() and len(part) >= _BEGINNING and any(word.startswith(beginning) for word in words)
