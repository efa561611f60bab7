"""The report of an evaluation: one HTML page that a person opens, with everything in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from qa.evaluation import charts
from qa.evaluation.failures import kinds
from qa.evaluation.result import PRIMARY, Comparison, Evaluation, Gold, Outcome, SetResult


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is shown: ``open`` questions of a list at once, the rest unfold; ``changed`` lost and won questions of
    a comparison; ``documents`` of a ranking; ``places`` of gold; code points of a ``question``, a ``sentence``, a
    ``name``, and a row's ``label``."""

    open: int = 10
    changed: int = 50
    documents: int = 5
    places: int = 3
    question: int = 400
    sentence: int = 300
    name: int = 120
    label: int = 80


LIMITS = Limits()

_AROUND_CHARACTERS = 160

_UNFIT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

_MEANINGS = (
    (r"nDCG@(\d+)", "how near the top of the first {} the gold stands"),
    (r"RR(?:@\d+)?", "one over the rank of the first gold"),
    (r"R@(\d+)", "the share of the gold that is among the first {}"),
    (r"characters R@(\d+)", "the share of the gold quote that the first {} hold"),
    (r"characters P@(\d+)", "the share of the text of the first {} that is gold"),
    (r"characters IoU@(\d+)", "what the gold and the first {} share, of all that either has"),
    (r"highlights R@(\d+)", "the share of the gold quote that the highlights of the first {} hold"),
    (r"highlights P@(\d+)", "the share of the highlights of the first {} that is gold"),
    (r"highlights IoU@(\d+)", "what the gold and the highlights of the first {} share, of all that either has"),
    (r"sentence IoU", "what the gold sentence and the highlight share, of all that either has"),
    (r"Success@1", "the first document is gold"),
    (r"Success@(\d+)", "one of the first {} is gold"),
    (r"AP(?:@\d+)?", "precision at each gold document, averaged"),
    (r"P@(\d+)", "the share of the first {} that is gold"),
)
"""What measures say, by a pattern of their names (ir-measures' and those of ``qa.evaluation.spans``)."""


def render(evaluation: Evaluation, comparison: Comparison | None) -> str:
    """A whole HTML page, that loads nothing and runs nothing; the same for the same values.

    It lists so many questions and shows so much of each text that it stays below some 3 MB.
    """
    template = _environment().get_template("report.html")
    page = template.render(
        evaluation=evaluation,
        comparison=comparison,
        several=len(evaluation.sets) > 1,
        outcomes=charts.all_outcomes(evaluation),
        kinds=kinds(evaluation),
        styles=[_style("base.css"), _style("report.css")],
    )
    # A browser shows nothing for these, or another sign than was there; some can't even be written to a file.
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", page)


def meaning(measure: str) -> str:
    """What a measure says, in a few words; empty for one that is not known."""
    for pattern, words in _MEANINGS:
        match = re.fullmatch(pattern, measure)
        if match:
            return words.format(*match.groups())
    return ""


def percent(share: float) -> str:
    """A share in percent. Only none is 0% and only all is 100%: decimals are added until that is so."""
    for decimals in range(3):
        text = f"{100 * share + 1e-9:.{decimals}f}"  # a half goes up, not to the even one
        if float(text) not in (0, 100) or share in (0, 1):
            break
    return f"{text}%"


def signed(value: float) -> str:
    """A difference with its sign and three decimals."""
    text = f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")
    return "0.000" if text[1:] == "0.000" else text


def chance(p: float) -> str:
    """A p value as in "p = 0.012", in words that can follow "p"."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def moment(created: str) -> str:
    """A UTC time in ISO 8601, for reading."""
    return f"{datetime.fromisoformat(created).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def shorten(text: str, characters: int) -> str:
    """A text, cut to so many code points if it is longer, with an ellipsis for what is gone."""
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"


def quoted(gold: Gold) -> tuple[str, str, str]:
    """The gold sentence before, in and behind the quote, each cut to what can be shown.

    Where the sentence doesn't hold the quote, as one that goes over several sentences, the quote stands alone.
    """
    quote, sentence = gold.quote or "", gold.sentence or ""
    start = _place(quote, sentence)
    if start is None:
        return "", shorten(quote, LIMITS.sentence), ""
    before, behind = sentence[:start], sentence[start + len(quote) :]
    if len(before) > _AROUND_CHARACTERS:
        before = "…" + before[1 - _AROUND_CHARACTERS :].lstrip()
    return before, shorten(quote, LIMITS.sentence), shorten(behind, _AROUND_CHARACTERS)


def _place(quote: str, sentence: str) -> int | None:
    """Where a quote begins in its sentence, as whole words if it can; ``None`` where it doesn't."""
    words = re.search(rf"(?<!\w){re.escape(quote)}(?!\w)", sentence)
    start = words.start() if words else sentence.find(quote)
    return None if start < 0 else start


def heading(result: SetResult) -> str:
    """A set's name, with the part of it that was asked."""
    name = shorten(result.name, LIMITS.name)
    return f"{name}, {result.part} part" if result.part else name


def left_out(evaluation: Evaluation, outcomes: Sequence[Outcome]) -> str:
    """Why there are no figures on abstention."""
    if all(outcome.answerable for outcome in outcomes):
        return "Every question is one that the archive answers; questions that it does not answer are needed as well."
    if not any(outcome.answerable for outcome in outcomes):
        return "No question is one that the archive answers; such questions are needed as well."
    return "The answers carry no confidence, as in a run file."


def deepest(outcome: Outcome) -> str:
    """Where the first gold stands, in words."""
    if outcome.first_rank is None:
        return "gold not in the ranking" if outcome.ranking else "nothing found"
    return f"first gold at rank {outcome.first_rank}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("qa"), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    functions = (meaning, percent, signed, chance, moment, shorten, quoted, heading, deepest)
    environment.filters.update({function.__name__: function for function in functions})
    environment.filters["figure"] = lambda value: f"{value:.3f}"
    environment.filters["counted"] = _counted
    environment.globals.update(charts=charts, left_out=left_out, limits=LIMITS, primary=PRIMARY)
    return environment


def _counted(number: int, thing: str) -> str:
    """A number with its noun: ``1 question``, ``2,910 questions``."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def _style(name: str) -> str:
    return (files("qa") / "static" / name).read_text(encoding="utf-8")
