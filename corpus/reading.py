"""Reading an archive: files to members, members to articles.

What a source says of an article is put together here: what its owner wrote in a sidecar goes before what the file says,
this before what is said around it, this before the name of the file, this before what can be concluded from its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import regex
import sentencex

from corpus import dates
from corpus.article import Article, Provenance
from corpus.document import Document, Member, Refusal
from corpus.errors import UnreadableArticle
from corpus.fault import fault
from corpus.formats import registry
from corpus.listing import SourceFile
from corpus.sidecars import Sidecar
from corpus.statements import DATES, NAMES, Said, Statement

LONGEST_INFERRED_TITLE = 100
"""In code points."""

_DATED_NAME = regex.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})-")
_SENTENCE_END = regex.compile(r"[.!?…。！？।۔؟:;,][\"'”’»)\]]*$")
_TITLE_SOURCE = 2000
"""How much of a text is searched for its first sentence, in code points."""

# What files of other formats begin with; one with the wrong suffix is told what it is.
_SIGNATURES = {
    b"%PDF-": {"pdf"},
    b"PK\x03\x04": {"zip", "docx", "odt", "epub"},
    b"{\\rtf": {"rtf"},
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": set(),
    b"\x1f\x8b": {"warc"},
}
_OLD_OFFICE = "a file of an old version of Office (save it anew as .docx)"
_NAMED = {"pdf": "a PDF (.pdf)", "rtf": "rich text (.rtf)", "warc": "compressed with gzip (unpack it)"}
_NAMED |= {"zip": "a Word, OpenDocument, EPUB or zip file (.docx, .odt, .epub, .zip)"}


def members(file: SourceFile, sidecar: Sidecar) -> Iterator[Member | Refusal]:
    """The members of a file, in order, one at a time; a file of one article is one, with an empty name.

    Raises ``UnreadableArticle`` when the file can't be read, or can't be read on; or ``OSError``.
    """
    with file.path.open("rb") as content:
        if file.format in registry.CONTAINERS:
            try:
                yield from registry.members(file.format, content, sidecar.columns)
            except (UnreadableArticle, OSError):
                raise
            except Exception as error:
                raise UnreadableArticle(fault(error)) from error
            return
        # One byte more than may be, to see that there are too many: the file may have grown since it was listed.
        data = content.read(registry.READERS[file.format][1] + 1)
    yield Member(name="", format=file.format, content=data)


def named(article_id: str) -> Said:
    """What an article's name says: static site generators put in front when it was published (``2025-03-04-a.md``)."""
    found = _DATED_NAME.match(article_id.rpartition("/")[2])
    if found:
        with suppress(ValueError):
            return {"published": Statement(dates.parse(found[1]), "file")}
    return {}


def read(member: Member, article_id: str, sidecar: Sidecar) -> Article:
    """The article in a member. Raises ``UnreadableArticle`` with what is wrong, and what to do about it."""
    reason = registry.too_large(member.format, len(member.content)) or _wrong_format(member)
    if reason:
        raise UnreadableArticle(reason)
    document = registry.read(replace(member, settled=frozenset(sidecar.said) | sidecar.unknown))
    if not any(character.isalnum() for character in document.text):
        raise UnreadableArticle("empty: it holds no words of an article; write it or remove it")
    headings = {name: one for name, one in document.said.items() if one.origin == "heading"}
    own = {name: one for name, one in document.said.items() if one.origin != "heading"}
    said = sidecar.over({**headings, **named(article_id), **member.said, **own})
    return _article(article_id, document, said)


def _wrong_format(member: Member) -> str | None:
    """What a file is that isn't what its name says, if its first bytes tell."""
    for signature, formats in _SIGNATURES.items():
        if member.content.startswith(signature) and member.format not in formats:
            what = next((_NAMED[name] for name in _NAMED if name in formats), _OLD_OFFICE)
            return f"its name says {member.format}, but it is {what}; rename it"
    return None


def _article(article_id: str, document: Document, said: Said) -> Article:
    title = said.get("title") or Statement(
        _inferred_title(document.text, _text(said.get("language")) or "en"), "inferred"
    )
    said = {**said, "title": title}
    values = {name: said[name].value for name in NAMES if name in said}
    return Article(
        id=article_id,
        text=document.text,
        title_inferred=title.origin == "inferred",
        provenance={name: _provenance(name, said[name]) for name in values},
        pages=document.pages,
        **values,  # type: ignore[arg-type]
    )


def _text(statement: Statement | None) -> str | None:
    return statement.value if statement and isinstance(statement.value, str) else None


def _provenance(name: str, statement: Statement) -> Provenance:
    is_date = name in DATES and isinstance(statement.value, str)
    return Provenance(statement.origin, dates.precision(str(statement.value)) if is_date else None)


def _inferred_title(text: str, language: str) -> str:
    """The first line if it looks like a headline, else the first sentence, cut if it is long."""
    line = next(line for line in text.split("\n") if any(map(str.isalnum, line)))
    if len(line) <= LONGEST_INFERRED_TITLE and not _SENTENCE_END.search(line):
        return line
    start = line[:_TITLE_SOURCE]
    boundary = sentencex.get_sentence_boundaries(language, start)[0]
    return _shortened(start[boundary["start_index"] : boundary["end_index"]].strip())


def _shortened(sentence: str) -> str:
    """The sentence, cut behind a word if it is too long; within it if the script has no spaces."""
    if len(sentence) <= LONGEST_INFERRED_TITLE:
        return sentence
    start = sentence[: LONGEST_INFERRED_TITLE - 1]
    last_space = start.rfind(" ")
    if last_space > LONGEST_INFERRED_TITLE // 2:
        start = start[:last_space]
    return start.rstrip(" ,;:–—-\u200c\u200d") + "…"
