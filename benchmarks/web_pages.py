"""How well articles are found in saved web pages whose text is known: ours, and trafilatura beside it.

    python -m benchmarks.web_pages DIR... [--worst 10]

Below each folder stand pages and what their articles say: NAME.html and NAME.txt, and, if more is known, NAME.json
with any of ``title``, ``published`` and ``authors``. No pages come with the repository; they belong to others.

Texts are compared by their runs of four words, as often as each comes in a text: precision is how much of what was
found is the article's, recall how much of the article was found. What is refused has neither.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean, median

from corpus.document import Member
from corpus.errors import UnreadableArticle
from corpus.formats import html

RUN = 4
KNOWN = ("title", "published", "authors")


@dataclass(frozen=True)
class Page:
    """A saved page, the text of its article and what is known of it."""

    name: str
    content: bytes
    text: str
    known: dict[str, object]


@dataclass(frozen=True)
class Found:
    """What an extractor made of a page."""

    text: str
    said: dict[str, object]


@dataclass(frozen=True)
class Score:
    """How good a text is; ``right`` says for each of the values that are known whether it was found."""

    name: str
    precision: float
    recall: float
    seconds: float
    refused: bool
    right: dict[str, bool]

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


Extractor = Callable[[bytes], Found]


def ours(content: bytes) -> Found:
    """What an index would hold of a page."""
    try:
        document = html.read(Member(name="", format="html", content=content))
    except UnreadableArticle:
        return Found("", {})
    return Found(document.text, {name: statement.value for name, statement in document.said.items()})


def theirs(content: bytes, *, precision: bool = False, recall: bool = False) -> Found:
    """What trafilatura makes of a page."""
    import trafilatura
    from trafilatura.settings import Document

    found = trafilatura.bare_extraction(
        content,
        include_comments=False,
        include_tables=True,
        favor_precision=precision,
        favor_recall=recall,
        with_metadata=True,
    )
    if not isinstance(found, Document):
        return Found("", {})
    authors = tuple((found.author or "").split("; ")) if found.author else ()
    return Found(found.text or "", {"title": found.title, "published": found.date, "authors": authors})


EXTRACTORS: dict[str, Extractor] = {
    "ours": ours,
    "trafilatura": theirs,
    "trafilatura, precision": partial(theirs, precision=True),
    "trafilatura, recall": partial(theirs, recall=True),
}


def pages(folder: Path) -> Iterator[Page]:
    """The pages below a folder that have a text beside them."""
    for path in sorted(folder.rglob("*.html")):
        expected, known = path.with_suffix(".txt"), path.with_suffix(".json")
        if expected.exists():
            said = json.loads(known.read_text("utf-8")) if known.exists() else {}
            name = path.relative_to(folder).with_suffix("").as_posix()
            yield Page(name, path.read_bytes(), expected.read_text("utf-8"), said)


def score(page: Page, extract: Extractor) -> Score:
    """How good one extractor is on one page."""
    begun = time.perf_counter()
    found = extract(page.content)
    seconds = time.perf_counter() - begun
    wanted, got = runs(page.text), runs(found.text)
    common = sum((wanted & got).values())
    right = {name: same(page.known[name], found.said.get(name)) for name in KNOWN if name in page.known}
    precision, recall = common / max(1, sum(got.values())), common / max(1, sum(wanted.values()))
    return Score(page.name, precision, recall, seconds, not found.text, right)


def runs(text: str) -> Counter[tuple[str, ...]]:
    """The runs of four words in a text; a shorter text is one run."""
    words = re.findall(r"\w+", text.casefold())
    return Counter(tuple(words[at : at + RUN]) for at in range(max(1, len(words) - RUN + 1)) if words)


def same(expected: object, found: object) -> bool:
    """Whether two values, or lists of them, are the same words in the same order."""
    if isinstance(expected, list):
        return [*map(plain, expected)] == [*map(plain, found if isinstance(found, list | tuple) else ())]
    return plain(expected) == plain(found)


def plain(value: object) -> str:
    """A value's words, without case and punctuation."""
    return " ".join(re.findall(r"\w+", str(value or "").casefold()))


def report(name: str, scores: list[Score]) -> str:
    """One line of the table."""
    texts = [f"{mean(getattr(each, figure) for each in scores):.3f}" for figure in ("precision", "recall", "f1")]
    lost = sum(each.recall < 0.5 for each in scores)
    said = [
        f"{sum(each.right[key] for each in scores if key in each.right)}/{sum(key in each.right for each in scores)}"
        for key in KNOWN
    ]
    took = f"{1000 * median(each.seconds for each in scores):.0f}"
    return f"{name:24}" + "".join(
        f"{each:>10}" for each in [*texts, str(sum(each.refused for each in scores)), str(lost), *said, took]
    )


def main() -> None:
    """Measures each folder by itself, so that one may be looked at and another only reported."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--worst", type=int, default=0, help="name so many of our worst pages")
    asked = parser.parse_args()
    heads = ("precision", "recall", "F1", "refused", "lost", *KNOWN, "ms")
    for folder in asked.folders:
        known = list(pages(folder))
        if not known:
            raise SystemExit(f"{folder}: no pages with a text beside them (NAME.html and NAME.txt)")
        print(
            f"{folder} ({len(known)} pages; lost: recall below 0.5)\n" + " " * 24 + "".join(f"{h:>10}" for h in heads)
        )
        for name, extract in EXTRACTORS.items():
            extract(known[0].content)  # not timed: it imports what it needs
            scores = [score(page, extract) for page in known]
            print(report(name, scores))
            if name == "ours":
                worst = sorted(scores, key=lambda each: each.f1)[: asked.worst]
        for each in worst:
            print(f"    {each.f1:.3f} precision {each.precision:.3f} recall {each.recall:.3f}  {each.name}")


if __name__ == "__main__":
    main()
