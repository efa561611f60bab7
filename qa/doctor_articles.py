"""What is wrong with the articles of a generation: with what is said of them, and with their texts."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import regex

from corpus.article import Entry
from corpus.dates import first_day, last_day
from corpus.statements import DATES
from qa.catalogue import Catalogue, clusters, is_known
from qa.findings import Finding, Findings, about, counted

ENGLISH_MODELS = frozenset({"all-MiniLM-L6-v2", "all-MiniLM-L12-v2", "all-mpnet-base-v2", "multi-qa-MiniLM-L6-cos-v1"})
"""Models that were trained on English only, by the last part of their name (their model cards on the hub)."""

SHORT_WORDS = 20
"""A text of fewer words is hardly an article; see also docs/copies.md."""

_SAMPLE = 2000
"""So many code points of a text tell its language."""

_LEAST_LETTERS = 20
_FOREIGN_SHARE = 0.3
"""A text is in another script if so much of its letters is not Latin."""

# English words that other languages in Latin script hardly have. They are about a seventh of English text; tables and
# lists of names have fewer, and so the limit is low.
_ENGLISH_WORDS = frozenset(["the", "of", "and", "to", "that", "for", "with", "by", "from", "are", "have", "this"])
_LEAST_WORDS = 80
_ENGLISH_SHARE = 0.05

_FOREIGN_LETTER = regex.compile(r"[\p{L}--\p{Latin}]", regex.V1)
_NOT_WORD = regex.compile(r"[^\w]+")

EDIT = "ibidem articles edit ID"


def check_articles(catalogue: Catalogue) -> Findings:
    """Everything that is found in the catalogue and in the texts."""
    entries = catalogue.entries
    yield from _unknown(entries)
    yield from _dates(entries)
    yield from _publishers(entries)
    yield from _urls(entries)
    yield from _copies(catalogue)
    yield from _languages(entries)
    yield from _texts(catalogue)


def _unknown(entries: Sequence[Entry]) -> Findings:
    for name, code, what, do in (
        (
            "published",
            "no-date",
            "without a date of publication: no filter by date finds them, and citations have none",
            f"'ibidem articles list --missing published' lists them; give what you know with '{EDIT} --published DATE'",
        ),
        (
            "publisher",
            "no-publisher",
            "without a publisher: citations don't say who answers for the text",
            f"'ibidem articles list --missing publisher' lists them; '{EDIT} --publisher NAME' gives one",
        ),
        (
            "title",
            "title-inferred",
            "whose source names no title: what is cited as one was taken from the text",
            f"'ibidem articles list --missing title' lists them; '{EDIT} --title TITLE' gives the real one",
        ),
    ):
        yield from about(code, "warning", [entry.id for entry in entries if not is_known(entry, name)], what, do)


def _dates(entries: Sequence[Entry]) -> Findings:
    # What was published today may bear tomorrow's date, in a time zone further east.
    latest = date.today() + timedelta(days=1)
    future = [entry.id for entry in entries if any(value and first_day(value) > latest for value in _dates_of(entry))]
    yield from about(
        "date-in-future", "error", future, "with a date in the future", f"correct it with '{EDIT} --published DATE'"
    )
    yield from about(
        "published-after-updated",
        "error",
        [entry.id for entry in entries if _is_before(entry.updated, entry.published)],
        "published after the date of its last change",
        f"correct one of the two with '{EDIT} --published DATE' or '--updated DATE'",
    )
    yield from about(
        "retrieved-before-published",
        "error",
        [entry.id for entry in entries if _is_before(entry.retrieved, entry.published)],
        "retrieved before it was published",
        f"correct one of the two with '{EDIT} --published DATE' or '--retrieved DATE'",
    )


def _dates_of(entry: Entry) -> Iterator[str | None]:
    return (getattr(entry, name) for name in DATES)


def _is_before(one: str | None, other: str | None) -> bool:
    """Whether a date is before another whatever days they mean; an unknown one is before none."""
    return bool(one and other) and last_day(str(one)) < first_day(str(other))


def _publishers(entries: Sequence[Entry]) -> Findings:
    articles = Counter(entry.publisher for entry in entries if entry.publisher)
    ways: dict[str, list[str]] = defaultdict(list)
    for publisher in sorted(articles, key=lambda name: (-articles[name], name)):
        ways[_plain(publisher)].append(publisher)
    several = [names for names in ways.values() if len(names) > 1]
    for names in several:
        rarer = sum(articles[name] for name in names[1:])
        yield Finding(
            "publisher-written-in-several-ways",
            "warning",
            rarer,
            f"one publisher seems to be written in {len(names)} ways: " + ", ".join(f"“{name}”" for name in names),
            f"write it in one way: 'ibidem articles list --publisher \"{names[1]}\"' lists those to change with"
            f" '{EDIT} --publisher \"{names[0]}\"'",
            tuple(names[:5]),
        )


def _plain(name: str) -> str:
    """A name without case, accents, punctuation, spaces and an article in front."""
    letters = (character for character in unicodedata.normalize("NFKD", name) if not unicodedata.combining(character))
    words = _NOT_WORD.sub(" ", "".join(letters).casefold()).split()
    return "".join(words[1:] if len(words) > 1 and words[0] == "the" else words)


def _urls(entries: Sequence[Entry]) -> Findings:
    texts: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.url:
            texts[entry.url].add(entry.sha256)
    shared = {url for url, hashes in texts.items() if len(hashes) > 1}
    return about(
        "url-of-several-texts",
        "warning",
        [entry.id for entry in sorted(entries, key=lambda entry: (entry.url or "", entry.id)) if entry.url in shared],
        "share their url with an article of another text: a reader who follows the link finds one of them at most",
        f"keep the version to be cited, and remove the others or correct the url with '{EDIT} --url URL'",
    )


def _copies(catalogue: Catalogue) -> Findings:
    found = clusters(catalogue)
    if found:
        copies = sum(map(len, found)) - len(found)
        firsts = (" = ".join(catalogue.entries[number].id for number in members[:3]) for members in found)
        yield Finding(
            "copies",
            "note",
            copies,
            f"{counted(len(found), 'cluster')} of near-copies; {copies:,} fewer articles would do",
            "answers show one of each and count them as one source; remove what was taken in twice by mistake",
            tuple(example for example, _ in zip(firsts, range(5), strict=False)),
        )


def _languages(entries: Sequence[Entry]) -> Findings:
    declared = Counter(entry.language.partition("-")[0].casefold() for entry in entries if entry.language)
    if len(declared) > 1:
        yield Finding(
            "languages-mixed",
            "note",
            len(declared),
            "the articles are in several languages: "
            + ", ".join(f"{language} ({articles})" for language, articles in declared.most_common(10)),
            "questions find best what is in their own language; '--language' asks in one only",
        )


def _texts(catalogue: Catalogue) -> Findings:
    english = catalogue.manifest.model.rpartition("/")[2] in ENGLISH_MODELS
    short, foreign = [], []
    for entry in catalogue.entries:
        text = catalogue.store.article(entry.id).text
        if len(text) < SHORT_WORDS * 20 and len(text.split()) < SHORT_WORDS:
            short.append(entry.id)
        if english and _is_foreign(entry, text):
            foreign.append(entry.id)
    yield from about(
        "short-text",
        "warning",
        short,
        f"of fewer than {SHORT_WORDS} words",
        "see whether the file holds all of the article; remove what is none",
    )
    yield from about(
        "language-unknown-to-model",
        "warning",
        foreign,
        f"not in English, as it seems, which is all that the model {catalogue.manifest.model} knows: questions"
        " hardly find them",
        "build with a multilingual model (--model), or correct the language with"
        f" '{EDIT} --language en' where it is wrong",
    )


def _is_foreign(entry: Entry, text: str) -> bool:
    """Whether an article says that it is not in English, or evidently isn't."""
    if entry.language and entry.language.partition("-")[0].casefold() != "en":
        return True
    return looks_foreign(text[:_SAMPLE])


def looks_foreign(text: str) -> bool:
    """Whether a text is evidently not English: of another script, or long and almost without English words."""
    foreign = 0 if text.isascii() else len(_FOREIGN_LETTER.findall(text))
    if foreign >= _LEAST_LETTERS and foreign > _FOREIGN_SHARE * sum(map(str.isalpha, text)):
        return True
    words = [word for word in text.lower().split() if word.isalpha()]
    return len(words) >= _LEAST_WORDS and _share(words) < _ENGLISH_SHARE


def _share(words: Iterable[str]) -> float:
    found = [word in _ENGLISH_WORDS for word in words]
    return sum(found) / len(found)
