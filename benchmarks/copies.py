"""How well near-copies are found, on a set made from an archive's own articles, and what it costs.

    python benchmarks/copies.py [--articles DIR] [--seed N] [--rounds N] [--with MODULE.CONSTANT=VALUE ...]
    python benchmarks/copies.py --scale PASSAGES
    python benchmarks/copies.py --found DIR

The first makes a copy of each article in each of several ways (as many times as there are rounds), puts originals and
copies of one way into one archive, and prints a line of JSON for each way. The second prints what it takes to find the
copies among so many passages of random words, a tenth of them copies. The third prints what is found in a folder of
articles as it is.

A word of a copy that its original doesn't have was put there by this script, which so knows the truth. A passage of a
copy counts as copied if it has no such word but scattered edits, and as new if it has a sentence of them or another
number; what lies between counts as neither. Recall is the share of copied passages (articles) that are found in one
group (cluster) with their original; precision that of passages (articles) in a group (cluster) with others which belong
there: copied, and together with nothing but their original and its copies.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import re
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from corpus.archive import read_archive
from corpus.article import Article
from index.copies import Copies, CopyFinder, Groups, sketch
from index.passages import cut
from index.wording import Vocabulary, wording

KNOWN_COPIES = {"2025/tiangong-first-foreign-visitor"}
"""Articles of the starter archive that are copies of another one in it, and so no originals."""

ARTICLES = Path(__file__).parent.parent / "corpus" / "articles"
SENTENCE = 16
"""Words of a sentence that a copy has of its own."""

PARAGRAPH = 60


@dataclass(frozen=True)
class Token:
    """A word with the white space behind it; ``weight`` says how much it has of news: ``SENTENCE`` for a number."""

    text: str
    weight: int = 0


@dataclass(frozen=True)
class Made:
    """An article of the made set, the number of the original it comes from, and its passages with their news."""

    origin: int
    is_copy: bool
    text: str
    passages: list[tuple[int, int]]
    news: list[int]


Tokens = list[Token]
Way = Callable[[Tokens, list[str], random.Random], Tokens]


class Pieces:
    """Stands for an encoder's word pieces: up to five letters each, which gives passages of like size."""

    limit, special = 256, 2

    def piece_starts(self, texts: Sequence[str]) -> list[list[int]]:
        """Where each piece of each text starts."""
        return [[match.start() for match in re.finditer(r"\w{1,5}|[^\w\s]", text)] for text in texts]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=Path, default=ARTICLES, help="the originals (default: the starter archive)")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--with", dest="constants", action="append", default=[], metavar="MODULE.CONSTANT=VALUE")
    parser.add_argument("--scale", type=int, metavar="PASSAGES")
    parser.add_argument("--found", type=Path, metavar="DIR")
    options = parser.parse_args()
    for constant in options.constants:
        _set(constant)
    if options.scale:
        _print(_scale(options.scale, options.seed))
    elif options.found:
        _found(options.found)
    else:
        _made_set(options.articles, options.seed, options.rounds)


def _set(constant: str) -> None:
    name, _, value = constant.partition("=")
    module_name, _, attribute = name.rpartition(".")
    module = importlib.import_module(module_name)
    setattr(module, attribute, type(getattr(module, attribute))(value))


def _print(figures: dict[str, object]) -> None:
    print(json.dumps(figures, ensure_ascii=False), flush=True)


def _edited(share: float) -> Way:
    def edit(tokens: Tokens, words: list[str], chance: random.Random) -> Tokens:
        """With that share of the words replaced, deleted, moved by up to ten, or with another behind them."""
        result: list[Token | None] = list(tokens)
        behind: dict[int, Token] = {}
        for place in chance.sample(range(len(tokens)), round(share * len(tokens))):
            kind = chance.choice(["replace", "delete", "insert", "move"])
            other = min(len(tokens) - 1, place + chance.randint(1, 10))
            if kind == "replace":
                result[place] = Token(chance.choice(words) + " ")
            elif kind == "delete":
                result[place] = None
            elif kind == "insert":
                behind[place] = Token(chance.choice(words) + " ")
            else:
                result[place], result[other] = result[other], result[place]
        with_behind = ((token, behind.get(place)) for place, token in enumerate(result))
        return [token for both in with_behind for token in both if token is not None]

    return edit


def _own(count: int, words: list[str], chance: random.Random) -> Tokens:
    drawn = [chance.choice(words) for _ in range(count)]
    return [Token(word + " ", 1) for word in drawn[:-1]] + [Token(drawn[-1] + ".\n", 1)]


def _with_introduction(tokens: Tokens, words: list[str], chance: random.Random) -> Tokens:
    return _own(PARAGRAPH, words, chance) + tokens


def _with_title(tokens: Tokens, words: list[str], chance: random.Random) -> Tokens:
    """A headline is less than a sentence: it makes no passage new."""
    return [Token(token.text) for token in _own(8, words, chance)] + tokens


def _without_tail(tokens: Tokens, words: list[str], chance: random.Random) -> Tokens:
    return tokens[: round(0.6 * len(tokens))]


def _with_paragraph(tokens: Tokens, words: list[str], chance: random.Random) -> Tokens:
    ends = [place for place, token in enumerate(tokens[:-1], 1) if "\n" in token.text] or [len(tokens) // 2]
    place = ends[len(ends) // 2]
    return tokens[:place] + _own(PARAGRAPH, words, chance) + tokens[place:]


def _with_sentences(tokens: Tokens, words: list[str], chance: random.Random) -> Tokens:
    """One of its own every 60 words, so that hardly a passage is without."""
    result: Tokens = []
    for start in range(0, len(tokens), PARAGRAPH):
        result += tokens[start : start + PARAGRAPH] + _own(SENTENCE, words, chance)
    return result


def _with_other_sentences(tokens: Tokens, words: list[str], chance: random.Random) -> Tokens:
    """One of its own every 60 words instead of what was there."""
    return [
        token
        for start in range(0, len(tokens), PARAGRAPH)
        for token in tokens[start : start + PARAGRAPH - SENTENCE] + _own(SENTENCE, words, chance)
    ]


def _with_other_numbers(tokens: Tokens, words: list[str], chance: random.Random) -> Tokens:
    def other(token: Token) -> Token:
        text = re.sub(r"\d", lambda digit: str((int(digit[0]) + chance.randint(1, 9)) % 10), token.text)
        return token if text == token.text else Token(text, SENTENCE)

    return [other(token) for token in tokens]


WAYS: dict[str, Way] = {
    **{f"{percent}% edited": _edited(percent / 100) for percent in (0, 5, 10, 15, 20, 25, 30, 35, 40)},
    "another title": _with_title,
    "introduction of 60 words": _with_introduction,
    "cut after 60%": _without_tail,
    "own paragraph of 60 words": _with_paragraph,
    "own sentence of 16 words every 60": _with_sentences,
    "the same instead of others": _with_other_sentences,
    "every number another": _with_other_numbers,
}


def _made_set(folder: Path, seed: int, rounds: int) -> None:
    originals = [article for article in _articles(folder) if article.id not in KNOWN_COPIES]
    words = [word for article in originals for word in re.findall(r"[^\W\d]+", article.text)]
    tokens = [[Token(text) for text in re.findall(r"\S+\s*", article.text)] for article in originals]
    for name, way in WAYS.items():
        results = []
        for round_ in range(rounds):
            chance = random.Random(f"{seed} {name} {round_}")
            copies = [_make(number, one, way(one, words, chance), True) for number, one in enumerate(tokens)]
            results.append(_judge([_make(number, one, one, False) for number, one in enumerate(tokens)] + copies))
        _print({"copies": name, **_summary(results)})
    for name, made in (("quotation of 40 words in common", _quoting(tokens, words, seed)), ("reports", _reports(seed))):
        _print({"not copies": name, **_summary([_judge(made)])})


def _articles(folder: Path) -> list[Article]:
    return [found for found in read_archive([folder]) if isinstance(found, Article)]


def _make(origin: int, original: Tokens, tokens: Tokens, is_copy: bool) -> Made:
    text = "".join(token.text for token in tokens).rstrip()
    _, passages = cut(Article(id="a", title="", title_inferred=False, text=text), Pieces())
    starts = list(accumulate((len(token.text) for token in tokens), initial=0))
    news = [
        sum(token.weight for token, start in zip(tokens, starts, strict=False) if passage.start <= start < passage.end)
        for passage in passages
    ]
    return Made(origin, is_copy, text, [(passage.start, passage.end) for passage in passages], news)


def _quoting(articles: list[Tokens], words: list[str], seed: int) -> list[Made]:
    """Each two articles in a row with the same words in the middle of both."""
    chance = random.Random(seed)
    made = []
    for number, tokens in enumerate(articles):
        if number % 2 == 0:
            quotation = [Token(token.text) for token in _own(40, words, chance)]
        middle = len(tokens) // 2
        made.append(_make(number, tokens, tokens[:middle] + quotation + tokens[middle:], False))
    return made


def _reports(seed: int, count: int = 100) -> list[Made]:
    """Reports on other places and days by one template, as of the weather or of a company's results."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        place = "".join(chance.choice("bdfgklmnprstv") + chance.choice("aeiou") for _ in range(3)).title()
        figures = [str(chance.randint(1, 999)) for _ in range(8)]
        text = (
            "In {}, the station measured {} millimetres of rain on day {} of the year, against {} on the day before. "
            "The wind reached {} kilometres an hour, and the river stood {} centimetres above its lowest mark, which "
            "is {} more than a week ago. Of the hours of daylight {} were sunny, and nobody reported damage."
        ).format(place, *figures[:7])
        made.append(_make(number, [], [Token(one) for one in re.findall(r"\S+\s*", text)], False))
    return made


def _judge(made: list[Made]) -> dict[str, tuple[int, int]]:
    """Of each figure, how many of how many."""
    copies = _copies(made)
    owners = [number for number, one in enumerate(made) for _ in one.passages]
    news = [amount for one in made for amount in one.news]
    groups, clusters = _together(copies.groups), _together(copies.clusters)
    figures: dict[str, list[int]] = defaultdict(lambda: [0, 0])

    def count(name: str, is_so: bool) -> None:
        figures[name][0] += is_so
        figures[name][1] += 1

    for passage, owner in enumerate(owners):
        origins = {made[owners[other]].origin for other in groups[passage]}
        joined = len({owners[other] for other in groups[passage]}) > 1
        is_new = news[passage] >= SENTENCE
        if made[owner].is_copy and news[passage] == 0:
            count("passages, recall", any(not made[owners[other]].is_copy for other in groups[passage]))
        if joined:
            count("passages, precision", len(origins) == 1 and not is_new)
        if is_new:
            count("new passages joined", joined)
    for article, one in enumerate(made):
        others = [other for other in clusters[article] if other != article]
        if one.is_copy:
            count("articles, recall", any(made[other].origin == one.origin for other in others))
        if others:
            count("articles, precision", all(made[other].origin == one.origin for other in others))
    return {name: (right, all_) for name, (right, all_) in figures.items()}


def _members(groups: list[int]) -> list[list[int]]:
    """Who is in each group."""
    members: list[list[int]] = [[] for _ in range(max(groups, default=-1) + 1)]
    for member, group in enumerate(groups):
        members[group].append(member)
    return members


def _together(groups: Groups) -> list[list[int]]:
    """Who is in one group with each, itself included."""
    members = _members(groups.tolist())
    return [members[group] for group in groups]


def _summary(results: Sequence[dict[str, tuple[int, int]]]) -> dict[str, object]:
    names = [f"{of}, {figure}" for of in ("passages", "articles") for figure in ("recall", "precision")]
    summary: dict[str, object] = {}
    for name in [*names, "new passages joined"]:
        right, of = (sum(result.get(name, (0, 0))[side] for result in results) for side in (0, 1))
        summary[name] = f"{right / of:.3f} of {of}" if of else None
    return summary


def _copies(made: Sequence[Made]) -> Copies:
    finder = CopyFinder()
    for one in made:
        _add(finder, one.text, one.passages)
    return finder.find(lambda *_: None)


def _add(finder: CopyFinder, text: str, passages: Sequence[tuple[int, int]]) -> None:
    words = wording(text, passages, Vocabulary())
    finder.add(words, sketch(words))


def _scale(passages: int, seed: int) -> dict[str, object]:
    """Articles of six passages of 110 words, frequent as words are (Zipf); each tenth article is one of the nine before
    it with a tenth of the words edited."""
    chance = random.Random(seed)
    words = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(2, 9))) for _ in range(50_000)]
    weights = list(accumulate(1 / (rank + 5) for rank in range(len(words))))
    finder, edit = CopyFinder(), _edited(0.1)
    earlier: list[Tokens] = []
    used, cpu = 0.0, 0.0
    for number in range(passages // 6):
        tokens = [Token(word + " ") for word in chance.choices(words, cum_weights=weights, k=660)]
        if number % 10 == 9:
            tokens = edit(chance.choice(earlier), words, chance)
        earlier = [*earlier[-8:], tokens]
        parts = ["".join(token.text for token in tokens[start : start + 110]) for start in range(0, 660, 110)]
        ends = list(accumulate(map(len, parts)))
        begun = time.perf_counter(), time.process_time()
        _add(finder, "".join(parts), list(zip([0, *ends], ends, strict=False)))
        used, cpu = used + time.perf_counter() - begun[0], cpu + time.process_time() - begun[1]
    begun = time.perf_counter(), time.process_time()
    copies = finder.find(lambda *_: None)
    return {
        "passages": len(copies.groups),
        "groups": len(set(copies.groups.tolist())),
        "clusters": len(set(copies.clusters.tolist())),
        "seconds": round(used + time.perf_counter() - begun[0], 1),
        "seconds of one processor": round(cpu + time.process_time() - begun[1], 1),
        "memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000,
    }


def _found(folder: Path) -> None:
    """Prints the figures, of each group two passages of different articles, and of each cluster the articles."""
    articles = _articles(folder)
    made = [_make(number, [], [Token(article.text)], False) for number, article in enumerate(articles)]
    copies = _copies(made)
    places = [(number, span) for number, one in enumerate(made) for span in one.passages]
    groups, clusters = _members(copies.groups.tolist()), _members(copies.clusters.tolist())
    _print(
        {
            "articles": len(articles),
            "clusters": len(clusters),
            "passages": len(places),
            "groups": len(groups),
        }
    )
    for members in clusters:
        if len(members) > 1:
            _print({"cluster": [articles[member].id for member in members]})
    for members in groups:
        if len(members) == 1:
            continue
        first = places[members[0]]
        other = next(places[member] for member in members if places[member][0] != first[0])
        _print({articles[number].id: articles[number].text[slice(*span)] for number, span in (first, other)})


if __name__ == "__main__":
    main()
