"""An e-mail message (RFC 5322): a newsletter, or a letter to a list.

Its text is the one that it has for its readers; what is attached to it is no article.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email import policy
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from itertools import islice

import regex

from corpus.cleaning import clean
from corpus.document import Document, Member
from corpus.errors import UnreadableArticle
from corpus.formats.message_text import from_flowed, from_html, from_plain, from_wrapped, text_in
from corpus.statements import Statement, leniently

_HEAD = ("from", "date", "subject", "to", "message-id", "received")

# A plain text is not the one that was meant for reading if it has few of the words of the other, or is full of the
# addresses that the other has behind its words.
_LEAST_SHARE = 0.5
_LEAST_WORDS_PER_ADDRESS = 30
_ADDRESS = regex.compile(r"https?://\S+")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'’-]*")

_PHRASE = regex.compile(r"\s*\"?([^\"<]*?)\"?\s*<[^<>]+>\s*")
_MACHINE_MADE = regex.compile(r"\b(?=\w*\d)(?=\w*[a-z])\w{8,}|\blist\b$", regex.I)
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})


LONGEST_FIELD = 4000
"""Of the head, in code points: the standard library takes quadratic time and more to read a field."""
MOST_PARTS = 1000
_MOST_DASHES = 20_000
"""Lines that may be the beginning of a part: parsing more takes longer than a message may."""


class _Policy(policy.EmailPolicy):
    """The library's default, with bounds."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:LONGEST_FIELD]


def read(member: Member) -> Document:
    """The text of the message, and what its head says."""
    message = _parsed(member.content)
    texts = [text for text in _texts(message) if text]
    if not texts:
        raise UnreadableArticle(_why_empty(message))
    return Document(text=clean("\n\n".join(texts)), said=_said(message))


def _parsed(content: bytes) -> Message:
    if content.startswith(b"From "):
        # A message that was copied out of a mailbox.
        content = content.partition(b"\n")[2]
    too_many = UnreadableArticle(f"more than {MOST_PARTS} parts in it; save the one that is the article")
    if content.count(b"\n--") > _MOST_DASHES:
        raise too_many
    try:
        message: Message = BytesParser(policy=_Policy()).parsebytes(content.lstrip(b"\r\n"))
    except RecursionError:
        raise UnreadableArticle("messages nested too deep in it; save the one that is the article") from None
    except Exception:  # noqa: BLE001 - the parser of the standard library has bugs on damaged heads
        raise UnreadableArticle("a damaged message; save it anew") from None
    if any(True for _ in islice(message.walk(), MOST_PARTS, None)):
        raise too_many
    if not any(_raw(message, name) for name in _HEAD):
        raise UnreadableArticle("no e-mail message: it has no head (From, Date, Subject); save the message whole")
    return message


def _raw(message: Message, name: str) -> str:
    """A field of the head as it was written, on one line; empty if there is none."""
    found = next((value for key, value in message.raw_items() if key.lower() == name), "")
    return " ".join(str(found).split())


def _header(message: Message, name: str) -> str:
    """A field of the head, decoded (RFC 2047); empty if there is none."""
    try:
        return " ".join(str(message[name] or "").split())
    except Exception:  # noqa: BLE001 - the standard library raises many things on fields that break the rules
        return _raw(message, name)


def _texts(part: Message) -> Iterator[str]:
    """The texts that a part shows to its readers, in order."""
    kind = _kind(part)
    if kind in _ENCRYPTED:
        return
    if kind == "multipart/alternative":
        yield _best(list(_parts(part)))
    elif kind.startswith("multipart/"):
        # Of related parts the first is what the others are pictures of.
        parts = list(_parts(part))[: 1 if kind == "multipart/related" else None]
        for inner in parts:
            yield from _texts(inner)
    elif kind in ("text/plain", "text/html") and not _is_attached(part):
        yield _html(part) if kind == "text/html" else _plain(part)


def _kind(part: Message) -> str:
    try:
        return part.get_content_type()
    except Exception:  # noqa: BLE001 - as above
        return "application/octet-stream"


def _parts(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    return (inner for inner in payload if isinstance(inner, Message)) if isinstance(payload, list) else iter(())


def _is_attached(part: Message) -> bool:
    try:
        return part.get_content_disposition() == "attachment" or part.get_filename() is not None
    except Exception:  # noqa: BLE001 - as above
        return True


def _best(parts: Sequence[Message]) -> str:
    """One of several forms of the same text: the plain one, unless the other is the one meant for reading."""
    plain = next((text for text in _each(parts, "text/plain") if text), "")
    html = next((text for text in _each(parts, "text/html", "multipart/related", "multipart/mixed") if text), "")
    return html if html and not _is_meant_for_reading(plain, html) else plain


def _each(parts: Sequence[Message], *kinds: str) -> Iterator[str]:
    return ("\n\n".join(filter(None, _texts(part))) for part in parts if _kind(part) in kinds)


def _is_meant_for_reading(plain: str, html: str) -> bool:
    addresses = _ADDRESS.findall(plain)
    words = len(_WORD.findall(_ADDRESS.sub("", plain)))
    full = words >= _LEAST_SHARE * len(_WORD.findall(_ADDRESS.sub("", html)))
    return full and words >= _LEAST_WORDS_PER_ADDRESS * len(addresses)


def _plain(part: Message) -> str:
    text = _decoded(part)
    if _parameter(part, "format") == "flowed":
        return from_plain(from_flowed(text, joined=_parameter(part, "delsp") == "yes"))
    return from_plain(from_wrapped(text))


def _parameter(part: Message, name: str) -> str:
    try:
        return str(part.get_param(name, "")).lower()
    except Exception:  # noqa: BLE001 - as above
        return ""


def _html(part: Message) -> str:
    return from_html(_decoded(part))


def _decoded(part: Message) -> str:
    try:
        content = part.get_payload(decode=True)
        charset = part.get_content_charset()
    except Exception:  # noqa: BLE001 - as above
        raise UnreadableArticle("a damaged message; save it anew") from None
    return text_in(content if isinstance(content, bytes) else b"", charset)


def _why_empty(message: Message) -> str:
    kinds = {*map(_kind, message.walk())}
    if kinds & _ENCRYPTED:
        return "an encrypted message; save it decrypted"
    if "message/rfc822" in kinds:
        return "a message without a text of its own, with another one attached; save that one"
    if any(map(_is_attached, message.walk())):
        return "a message without a text, only with attachments; save what is attached"
    return "empty: a message without a text; remove it"


def _said(message: Message) -> dict[str, Statement]:
    languages = [language.strip() for language in _header(message, "content-language").split(",")]
    given = {
        "title": _header(message, "subject"),
        "authors": _authors(message),
        "publisher": _publisher(message),
        "url": _raw(message, "archived-at").strip("<>"),
        "published": _published(message),
        "language": languages[0] if len(languages) == 1 else None,
    }
    return leniently(given, "message")


def _authors(message: Message) -> list[str]:
    """The names of the senders; the address of one who gives none."""
    try:
        senders = [(sender.display_name, sender.addr_spec) for sender in getattr(message["from"], "addresses", ())]
    except Exception:  # noqa: BLE001 - as above
        senders = getaddresses([_raw(message, "from")[:200]])
    return [name.strip(" \"'") or address for name, address in senders if name or "@" in address]


def _publisher(message: Message) -> str | None:
    """The name that a list gives itself, unless it is its number at the service that sends it."""
    found = _PHRASE.fullmatch(_header(message, "list-id"))
    return found[1] if found and not _MACHINE_MADE.search(found[1]) else None


def _published(message: Message) -> str | None:
    """The day on which the message was sent, in the zone of who sent it."""
    try:
        return parsedate_to_datetime(_raw(message, "date")).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError, MessageError):
        return None
