"""Markdown, with front matter or without; all of its body is the article."""

from __future__ import annotations

from corpus.cleaning import clean
from corpus.decoding import decode
from corpus.document import Document, Member
from corpus.front_matter import split
from corpus.markdown import render
from corpus.statements import Statement, one_line


def read(member: Member) -> Document:
    """The text of the rendered page, with the first heading of the first level as its title if nothing else is."""
    said, body = split(decode(member.content), member.settled)
    rendered = render(body)
    heading = one_line(rendered.heading or "")
    if heading and "title" not in said:
        said["title"] = Statement(heading, "heading")
    return Document(text=clean(rendered.text), said=said)
