"""Reading an archive: the files of its folders, one after the other, as articles or as rejections.

Markdown may have front matter (see ``corpus.front_matter``), and all of its body is the article. Plain text says
nothing of its source; it is taken for the scrape of a web page, and what the page put around the article is
left out (see ``corpus.furniture``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import regex
import sentencex

from corpus.article import Article
from corpus.cleaning import clean, unwrap
from corpus.dates import Origin, Provenance, parse, precision
from corpus.decoding import decode
from corpus.errors import UnreadableArticle
from corpus.front_matter import FrontMatter, one_line, split
from corpus.furniture import without_furniture
from corpus.listing import (
    MARKDOWN,
    MAX_BYTES,
    ArticleFile,
    Rejection,
    list_files,
    too_large,
    trouble,
)
from corpus.markdown import render

__all__ = ["MAX_BYTES", "Rejection", "read_archive"]

LONGEST_INFERRED_TITLE = 100
"""In code points."""

_DATED_NAME = regex.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})-")
_SENTENCE_END = regex.compile(r"[.!?…。！？।۔؟:;,][\"'”’»)\]]*$")
_TITLE_SOURCE = 2000
"""How much of a text is searched for its first sentence, in code points."""


def read_archive(folders: Sequence[Path]) -> Iterator[Article | Rejection]:
    """Every file of the folders: by order of the folders, and in each by order of the ids.

    The folders are listed at once; each file is read, once, when its turn comes, so that only one article is
    in memory. Nothing is left out but hidden files and editors' backups: what isn't an article is a
    ``Rejection``. Raises ``NoArticles`` if a folder is missing or can't be listed.
    """
    return _read(list_files(folders))


def _read(listed: Iterable[ArticleFile | Rejection]) -> Iterator[Article | Rejection]:
    for one in listed:
        yield one if isinstance(one, Rejection) else _article_or_rejection(one)


def _article_or_rejection(file: ArticleFile) -> Article | Rejection:
    try:
        document = decode(_content(file.path))
        is_markdown = file.path.suffix.lower() in MARKDOWN
        return _from_markdown(file.id, document) if is_markdown else _from_plain_text(file.id, document)
    except UnreadableArticle as error:
        return Rejection(file.path, str(error))
    except OSError as error:
        return Rejection(file.path, trouble(file.path, error))


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnreadableArticle(too_large(len(data)))
    return data


def _from_markdown(article_id: str, document: str) -> Article:
    front_matter, body = split(document)
    rendered = render(body)
    title = front_matter.title or one_line(rendered.heading or "") or None
    return _article(article_id, clean(rendered.text), title, front_matter)


def _from_plain_text(article_id: str, document: str) -> Article:
    text = unwrap(without_furniture(clean(document)))
    return _article(article_id, text, None, FrontMatter())


def _article(article_id: str, text: str, title: str | None, front_matter: FrontMatter) -> Article:
    if not any(character.isalnum() for character in text):
        raise UnreadableArticle("empty: it holds no words of an article; write it or remove it")
    found = _dates(article_id, front_matter)
    return Article(
        id=article_id,
        text=text,
        title=title or _inferred_title(text, front_matter.language or "en"),
        title_inferred=title is None,
        authors=front_matter.authors,
        publisher=front_matter.publisher,
        url=front_matter.url,
        **{name: value for name, (value, _) in found.items()},
        provenance={name: Provenance(origin, precision(value)) for name, (value, origin) in found.items()},
        tags=front_matter.tags,
        language=front_matter.language,
        licence=front_matter.licence,
        sources=front_matter.sources,
    )


def _dates(article_id: str, front_matter: FrontMatter) -> dict[str, tuple[str, Origin]]:
    """The dates that are known, by name, with where they come from.

    Static site generators date a file by its name (``2025-03-04-a-title.md``): when it was published.
    """
    given = {name: getattr(front_matter, name) for name in ("published", "updated", "retrieved")}
    found: dict[str, tuple[str, Origin]] = {name: (value, "front matter") for name, value in given.items() if value}
    named = _DATED_NAME.match(article_id.rpartition("/")[2])
    if named and "published" not in found:
        with suppress(ValueError):
            found["published"] = (parse(named[1]), "file")
    return found


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
