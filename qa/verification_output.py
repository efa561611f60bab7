"""What the command line shows of citations that were checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import get_args

from rich.console import Console
from rich.text import Text

from qa.checks import Check, Checks, Difference, Status, Word

_EQUAL_SHOWN = 40
"""So many code points of an unchanged run are shown beside each change."""


def print_checks(console: Console, checks: Checks) -> None:
    """Prints what is not verified, by its number among the citations given (from 1), and how many there are of each."""
    for number, check in enumerate(checks.results, 1):
        if check.status != "verified":
            for line in _lines(number, check):
                console.print(line, soft_wrap=True)
    counts = Counter(check.status for check in checks.results)
    by_status = ", ".join(f"{counts[status]} {status}" for status in get_args(Status) if counts[status])
    console.print(Text(f"{len(checks.results)} citations in generation {checks.generation}: {by_status}", style="bold"))


def _lines(number: int, check: Check) -> Iterator[Text]:
    yield Text.assemble((f"{number}. {check.status} ", "bold"), _printable(f"{check.article_id}: {check.explanation}"))
    for difference in check.differences:
        yield Text(f"   {_difference(difference)}", style="dim")
    if check.words:
        yield Text("   ").append_text(_change(check.words))


def _difference(difference: Difference) -> str:
    return f"{difference.field}: cited {difference.cited!r}, in the archive {difference.archive!r}"


def _change(words: Sequence[Word]) -> Text:
    """The change from the cited text to the archive's, marked as by wdiff: ``[-deleted-]`` and ``{+inserted+}``."""
    line = Text()
    for place, word in enumerate(words):
        text = _printable(word.text)
        match word.operation:
            case "delete":
                line.append(f"[-{text}-]", style="red")
            case "insert":
                line.append(f"{{+{text}+}}", style="green")
            case "equal":
                line.append(_shortened(text, place > 0, place < len(words) - 1))
    return line


def _shortened(text: str, behind_change: bool, before_change: bool) -> str:
    """An unchanged run, of which only what is next to a change is shown."""
    head = text[:_EQUAL_SHOWN] if behind_change else ""
    tail = text[-_EQUAL_SHOWN:] if before_change else ""
    return text if len(text) <= len(head) + len(tail) else f"{head}…{tail}"


def _printable(text: str) -> str:
    """Without what a terminal would obey: what is checked may come from anyone."""
    return "".join(character if character.isprintable() else " " for character in text)
