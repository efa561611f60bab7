"""What the commands on feedback print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from qa.shapes import Feedback, UnansweredQuestion

_LONGEST_QUOTE = 100


def print_feedback(found: Sequence[Feedback]) -> None:
    """Prints a few lines for each: number, time and what was said; the question; the passage, and the comment."""
    for one in found:
        verdict = "answers" if one.answers else "does not answer"
        click.echo(f"{one.id}  {one.made}  {'a passage' if one.citation else 'the archive'} {verdict}:")
        _print("", one.question)
        _print_narrowing(one.filters, one.as_of)
        if one.citation:
            cited, quote = one.citation, one.citation.quote
            shown = quote if len(quote) <= _LONGEST_QUOTE else f"{quote[:_LONGEST_QUOTE]}…"
            _print("passage  ", f"{cited.article_id} [{cited.start}:{cited.end}] “{shown}”")
        if one.comment:
            _print("comment  ", one.comment)


def print_unanswered(found: Sequence[UnansweredQuestion]) -> None:
    """Prints a few lines for each: how often it was asked, and when; the question, and why it was not answered."""
    for one in found:
        times = one.last_asked if one.asked == 1 else f"{one.first_asked} to {one.last_asked}"
        click.echo(f"{one.id}  asked {one.asked} {'time' if one.asked == 1 else 'times'}, {times}:")
        _print("", one.question)
        _print_narrowing(one.filters, one.as_of)
        if one.reason:
            sure = "" if one.confidence is None else f" (confidence {one.confidence:.2f})"
            _print("reason   ", f"{one.reason}{sure}")


def _print_narrowing(filters: Mapping[str, str | tuple[str, ...]], as_of: str | None) -> None:
    given = {**filters, **({"as_of": as_of} if as_of else {})}
    for name, value in given.items():
        _print("filter   ", f"{name} {value if isinstance(value, str) else ', '.join(value)}")


def _print(label: str, text: str) -> None:
    """Prints a line of what users wrote, with all that would drive a terminal written out."""
    plain = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
    click.echo(f"   {label}{plain}")
