"""What a web page says of its article, to its readers or to machines; nothing is guessed.

A page says the same thing in several ways, which don't always agree. The more exact goes before the other: JSON-LD,
the names of Open Graph, of libraries (``citation_title``, ``DC.creator``), microdata, and what stands in the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import regex

from corpus import dates
from corpus.document import Member
from corpus.formats.json_ld import article_of
from corpus.formats.people import people
from corpus.statements import Said, Statement, leniently, one_line

# The names of meta tags that give each value, the surest first.
_NAMED = {
    "title": "citation_title og:title dc.title dcterms.title twitter:title parsely-title sailthru.title",
    "authors": "citation_author article:author author dc.creator dcterms.creator parsely-author sailthru.author byl"
    " og:article:author article:author_name",
    "publisher": "og:site_name citation_journal_title citation_publisher dc.publisher dcterms.publisher"
    " application-name",
    "published": "article:published_time og:article:published_time citation_publication_date citation_date"
    " citation_online_date dcterms.issued dc.date.issued dc.date dcterms.date parsely-pub-date sailthru.date"
    " datepublished rnews:datepublished publish-date publish_date publishdate publication_date pubdate date",
    "updated": "article:modified_time og:updated_time og:article:modified_time dcterms.modified dc.date.modified"
    " datemodified last-modified lastmod revised",
    "language": "citation_language dc.language dcterms.language content-language",
    "licence": "dcterms.license dc.rights.license license",
}
_METAS = {name: tuple(keys.split()) for name, keys in _NAMED.items()}
_TAGS = ("article:tag", "citation_keywords", "parsely-tags", "sailthru.tags", "news_keywords", "keywords", "dc.subject")

_LANGUAGE = regex.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", regex.I)
_BETWEEN = regex.compile(r"\s+(?:[|–—·•»:/-]|::)+\s+|\s*[|•»]\s*")
_PARTS = regex.compile(_BETWEEN.pattern + r"|:\s+")
_JUNK_TITLES = regex.compile(
    r"(?:untitled(?: document| page)?|home(?:page)?|index|document|new page ?\d*|page ?\d*|null|undefined|\W*)", regex.I
)

Metas = Mapping[str, Sequence[str]]


def said_by(root: Any, member: Member) -> dict[str, Statement]:
    """The statements of a page about its article."""
    metas = _metas(root)
    scripts = (script.text or "" for script in root.iter("script") if "ld+json" in (script.get("type") or "").lower())
    structured = article_of(scripts)
    given = {**_from_metas(metas), **_from_marks(root, metas, structured), **structured}
    said: dict[str, object] = {
        **given,
        "authors": people(_listed(given.get("authors"))),
        "url": _address(root, given, metas, member),
        "published": _day(_candidates("published", root, metas, structured)),
        "updated": _day(_candidates("updated", root, metas, structured)),
        "tags": _tags(metas, structured, root),
        "language": _language(root, metas, structured),
    }
    said["title"] = _title(root, given, said.get("publisher"))
    return leniently(said, "page")


def titles_of(root: Any, said: Said) -> list[str]:
    """What may be the page's headline, the surest first."""
    stated = [str(said["title"].value)] if "title" in said else []
    shown = [_text(each) for each in root.xpath(".//*[@itemprop='headline']")]
    whole = _whole_title(root)
    # The longer part of "The Paper: A headline" is hardly ever the paper.
    parts = sorted(_PARTS.split(whole), key=len, reverse=True)
    return list(filter(None, dict.fromkeys([*stated, *shown, whole, *parts])))


def with_headline(root: Any, said: Said, headline: str | None) -> Said:
    """What is said; the headline that is shown is the title if the page gives none, or one with the site's name."""
    if not headline:
        return said
    if "title" not in said:
        return {**said, "title": Statement(one_line(headline), "heading")}
    title = str(said["title"].value)
    if title == _whole_title(root) and _is_part(one_line(headline), title):
        return {**said, "title": Statement(one_line(headline), "page")}
    return said


def _whole_title(root: Any) -> str:
    return one_line(root.findtext(".//title") or "")


def _is_part(headline: str, title: str) -> bool:
    """Whether a headline stands in a title between what parts a title from the names of its site."""
    before, found, after = title.partition(headline)
    starts = not before or any(match.end() == len(before) for match in _PARTS.finditer(before))
    return bool(found) and starts and (not after or _PARTS.match(after) is not None)


def _metas(root: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for meta in root.iter("meta"):
        content = (meta.get("content") or "").strip()
        for key in ("property", "name", "itemprop", "http-equiv"):
            if meta.get(key) and content:
                found[meta.get(key).strip().lower()].append(content)
    return found


def _from_metas(metas: Metas) -> dict[str, object]:
    said: dict[str, object] = {}
    for name, keys in _METAS.items():
        values = next((metas[key] for key in keys if any(map(_is_said, metas.get(key, ())))), None)
        if values:
            said[name] = list(values) if name == "authors" else values[0]
    return said


def _is_said(value: str) -> bool:
    """Whether a value is one; addresses of profiles stand in place of authors, and templates are left unfilled."""
    return not value.startswith(("http://", "https://www.facebook.com", "{{", "[[")) or "/" not in value


def _from_marks(root: Any, metas: Metas, structured: Mapping[str, object]) -> dict[str, object]:
    """What is said by marks in the text: microdata, ``rel``."""
    said: dict[str, object] = {}
    if not structured.get("authors") and "authors" not in _from_metas(metas):
        said["authors"] = _marked_authors(root)
    licence = root.xpath(".//*[self::a or self::link][contains(concat(' ', @rel, ' '), ' license ')]/@href")
    if licence:
        said["licence"] = licence[0]
    return {name: value for name, value in said.items() if value}


def _marked_authors(root: Any) -> list[str]:
    marked = root.xpath(".//*[@itemprop='author']")
    names = []
    for element in marked:
        inner = element.xpath(".//*[@itemprop='name']") or [element]
        names += [inner[0].get("content") or _text(inner[0])]
    if not names:
        names = [_text(link) for link in root.xpath(".//a[contains(concat(' ', @rel, ' '), ' author ')]")]
    return [name for name in names if name and len(name) <= 100]


def _candidates(name: str, root: Any, metas: Metas, structured: Mapping[str, object]) -> Iterable[str]:
    if isinstance(structured.get(name), str):
        yield str(structured[name])
    for key in _METAS[name]:
        yield from metas.get(key, ())
    itemprop, marks = ("datePublished", ("pubdate",)) if name == "published" else ("dateModified", ())
    for element in root.xpath(f".//*[@itemprop='{itemprop}']"):
        yield element.get("datetime") or element.get("content") or element.get("title") or _text(element)
    for mark in marks:
        yield from root.xpath(f".//time[@{mark}]/@datetime")
    classes = ("published", "entry-date", "dt-published") if name == "published" else ("updated", "dt-updated")
    for each in classes:
        yield from root.xpath(f".//time[contains(concat(' ', @class, ' '), ' {each} ')]/@datetime")


def _day(candidates: Iterable[str]) -> str | None:
    """The first that is a date, as exact as it is given."""
    for text in candidates:
        with suppress(ValueError):
            day = dates.parse(_iso(text.strip()))
            if _is_filled(day):
                return day
    return None


def _iso(text: str) -> str:
    """A date in ISO 8601, from the ways of writing it in which nothing is ambiguous."""
    slashed = regex.fullmatch(r"(\d{4})/(\d{1,2})(?:/(\d{1,2}))?", text)
    if slashed:
        return "-".join(part.zfill(2) for part in slashed.groups() if part)
    timed = regex.match(r"\d{4}-\d\d-\d\d(?!\d)", text)
    if timed:
        return timed[0]
    if regex.match(r"\w{3}, \d{1,2} \w{3} \d{4}\b", text):
        return parsedate_to_datetime(text).date().isoformat()
    return text


def _is_filled(day: str) -> bool:
    """Whether a date is one, and not what a system writes where it has none."""
    return day > "1400" and day != "1970-01-01"


def _title(root: Any, given: Mapping[str, object], publisher: object) -> str | None:
    """The title without the name of the site."""
    title = one_line(str(given.get("title") or _whole_title(root)))
    title = _without_site(title, publisher)
    return None if _JUNK_TITLES.fullmatch(title) else title


def _without_site(title: str, publisher: object) -> str:
    if not isinstance(publisher, str):
        return title
    name = one_line(publisher).casefold()
    for between in list(_BETWEEN.finditer(title))[::-1]:
        if title[between.end() :].casefold() == name:
            return title[: between.start()]
        if title[: between.start()].casefold() == name:
            return title[between.end() :]
    return title


def _address(root: Any, given: Mapping[str, object], metas: Metas, member: Member) -> str | None:
    """The address that the page gives as its own; not that of the site's front page, which is a frequent mistake."""
    base = member.said["url"].value if "url" in member.said else None
    links = root.xpath(".//link[contains(concat(' ', @rel, ' '), ' canonical ')]/@href")
    for address in [*links, *metas.get("og:url", ()), given.get("url")]:
        if isinstance(address, str) and address.strip():
            with suppress(ValueError):
                whole = urljoin(base, address.strip()) if isinstance(base, str) else address.strip()
                parts = urlsplit(whole)
                if parts.scheme in ("http", "https") and (parts.path.strip("/") or parts.query):
                    return whole
    return None


def _tags(metas: Metas, structured: Mapping[str, object], root: Any) -> list[str]:
    found = _listed(structured.get("tags"))
    if not found:
        values = next((metas[key] for key in _TAGS if metas.get(key)), [])
        found = [each for value in values for each in regex.split(r"[,;]", value)]
    found = found or [_text(link) for link in root.xpath(".//a[contains(concat(' ', @rel, ' '), ' tag ')]")]
    return list(dict.fromkeys(one_line(each) for each in found if one_line(each)))


def _language(root: Any, metas: Metas, structured: Mapping[str, object]) -> str | None:
    html = root if root.tag == "html" else root.find(".//html")
    written = (
        [html.get("lang"), html.get("{http://www.w3.org/XML/1998/namespace}lang"), html.get("xml:lang")]
        if html is not None
        else []
    )
    stated = [
        structured.get("language"),
        *(metas.get(key, [None])[0] for key in _METAS["language"]),
        metas.get("og:locale", [None])[0],
    ]
    for each in [*written, *stated]:
        if isinstance(each, str) and _LANGUAGE.fullmatch(each.strip()):
            return each.strip().replace("_", "-")
    return None


def _listed(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str)]


def _text(element: Any) -> str:
    return one_line("".join(element.itertext()))
