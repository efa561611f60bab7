"""What a web page says of its article: where it is found, and what is not taken for it."""

from __future__ import annotations

import json

import pytest

from corpus.document import Member
from corpus.formats.html import read
from corpus.formats.people import people
from corpus.statements import Statement

BODY = "<article><p>The committee voted on the harbour wall for the third time this year.</p></article>"


def said(head: str, body: str = BODY, tag: str = "<html>", url: str | None = None) -> dict[str, object]:
    around = {"url": Statement(url, "fetch")} if url else {}
    content = f"{tag}<head>{head}</head><body>{body}</body></html>".encode()
    statements = read(Member(name="", format="html", content=content, said=around)).said
    return {name: statement.value for name, statement in statements.items()}


def ld(*values: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(value)}</script>' for value in values)


def meta(**values: str) -> str:
    return "".join(f'<meta name="{name.replace("__", ":")}" content="{value}">' for name, value in values.items())


def test_page_that_says_nothing() -> None:
    assert said("") == {}


def test_everything_in_json_ld() -> None:
    given = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": "Wall &amp; harbour",
        "author": [{"@type": "Person", "name": "Ada Ferris"}, "Ben Holt"],
        "publisher": {"@type": "Organization", "name": "Harbour News"},
        "datePublished": "2025-03-04T23:30:00-07:00",
        "dateModified": "2025-03",
        "keywords": "walls, harbours",
        "inLanguage": "en-GB",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "url": "https://news.example/wall",
    }
    expected = {
        "title": "Wall & harbour",
        "authors": ("Ada Ferris", "Ben Holt"),
        "publisher": "Harbour News",
        "published": "2025-03-04",
        "updated": "2025-03",
        "tags": ("walls", "harbours"),
        "language": "en-GB",
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "url": "https://news.example/wall",
    }
    assert said(ld(given)) == expected
    assert said(ld({"@graph": [{"@type": "BreadcrumbList"}, given]})) == expected
    assert said(ld([{"@type": "Organization", "name": "x"}, given])) == expected
    assert said('<script type="application/ld+json">{"@type": "Article", ]</script>' + ld(given)) == expected


def test_persons_by_reference_and_in_parts() -> None:
    person = {"@id": "#ada", "@type": "Person", "givenName": "Ada", "familyName": "Ferris"}
    assert said(ld({"@type": "Article", "headline": "x", "author": {"@id": "#ada"}}, person))["authors"] == (
        "Ada Ferris",
    )


def test_json_ld_of_other_things_says_nothing_of_the_article() -> None:
    shop = {"@type": "Product", "name": "A mug", "author": "Nobody", "datePublished": "2020-01-01"}
    assert said(ld(shop, "text", 5, None, {"@type": 7})) == {}


def test_json_ld_in_a_comment_and_with_raw_line_ends() -> None:
    source = '<script type="application/ld+json">//<![CDATA[\n{"@type":"Article","headline":"A\nwall"}\n//]]></script>'
    assert said(source)["title"] == "A wall"


def test_meta_tags() -> None:
    head = meta(
        og__title="Wall and harbour",
        author="Ada Ferris",
        og__site_name="Harbour News",
        article__published_time="2025-03-04T10:00:00+01:00",
        article__modified_time="2025-03-05",
        keywords="walls; harbours, walls",
    )
    assert said(head + '<link rel="license" href="https://licence.example/by">', tag="<html lang=en_GB>") == {
        "title": "Wall and harbour",
        "authors": ("Ada Ferris",),
        "publisher": "Harbour News",
        "published": "2025-03-04",
        "updated": "2025-03-05",
        "tags": ("walls", "harbours"),
        "licence": "https://licence.example/by",
        "language": "en-GB",
    }


def test_names_of_libraries() -> None:
    head = meta(**{"DC.title": "Walls", "DC.creator": "Ada Ferris", "citation_publication_date": "2021/3/4"})
    assert said(head) == {"title": "Walls", "authors": ("Ada Ferris",), "published": "2021-03-04"}


def test_microdata_and_marks() -> None:
    body = (
        '<article itemscope><h1 itemprop="headline">Walls</h1><span itemprop="author"><b itemprop="name">Ada Ferris</b>'
        f'</span><time itemprop="datePublished" datetime="2025-03-04">yesterday</time>{BODY}</article>'
    )
    found = said("", body)
    assert found["authors"] == ("Ada Ferris",)
    assert found["published"] == "2025-03-04"
    assert said("", f'<a rel="author" href="/ada">By Ada Ferris</a>{BODY}')["authors"] == ("Ada Ferris",)
    assert said("", f'<time pubdate datetime="2025-03-04T10:00">x</time>{BODY}')["published"] == "2025-03-04"


# Dates


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2025-03-04", "2025-03-04"),
        ("2025-03", "2025-03"),
        ("2025", "2025"),
        ("2025/03/04", "2025-03-04"),
        ("2025-03-04T23:59:59-11:00", "2025-03-04"),
        ("2025-03-04 23:59:59 +0200", "2025-03-04"),
        ("20250304", "2025-03-04"),
        ("Tue, 04 Mar 2025 23:59:59 -1100", "2025-03-04"),
        ("04/03/2025", None),
        ("yesterday", None),
        ("2025-02-30", None),
        ("0001-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("", None),
    ],
)
def test_date(written: str, date: str | None) -> None:
    assert said(meta(article__published_time=written)).get("published") == date


@pytest.mark.parametrize(
    "body",
    [
        f"<p>March 4, 2025</p>{BODY}",
        f"{BODY}<footer>© 2019 Harbour News</footer>",
        f'{BODY}<div id=comments><time datetime="2025-03-04">4 March</time></div>',
        f'<img src="/2025/03/04/wall.jpg">{BODY}',
    ],
)
def test_no_date_is_guessed(body: str) -> None:
    assert "published" not in said("", body, url="https://news.example/2025/03/04/wall")


# Titles


@pytest.mark.parametrize(
    ("title", "site", "expected"),
    [
        ("Walls | Harbour News", "Harbour News", "Walls"),
        ("Walls - Harbour News", "Harbour News", "Walls"),
        ("Harbour News » Walls", "Harbour News", "Walls"),
        ("Walls - and harbours - Harbour News", "Harbour News", "Walls - and harbours"),
        ("Walls - and harbours", "Harbour News", "Walls - and harbours"),
        ("Walls | Harbour News", "", "Walls | Harbour News"),
        ("Untitled Document", "", None),
        ("Home", "", None),
        ("  ", "", None),
    ],
)
def test_title_without_the_name_of_the_site(title: str, site: str, expected: str | None) -> None:
    head = f"<title>{title}</title>" + (meta(og__site_name=site) if site else "")
    assert said(head).get("title") == expected


def test_headline_that_is_shown_goes_before_the_title_of_the_page() -> None:
    assert said("<title>Walls :: Harbour News</title>", f"<h1>Walls</h1>{BODY}")["title"] == "Walls"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("News - The wall - part two - The Quay", "The wall - part two"),
        ("The Quay | The wall - part two", "The wall - part two"),
        ("Before The wall - part two", "Before The wall - part two"),
    ],
)
def test_headline_with_what_parts_titles_in_it(title: str, expected: str) -> None:
    body = f"<article><h1>The wall - part two</h1>{BODY}</article>"
    assert said(f"<title>{title}</title>", body)["title"] == expected


def test_headline_is_the_title_of_a_page_without() -> None:
    content = f"<body><h1>Walls</h1>{BODY}</body>".encode()
    assert read(Member(name="", format="html", content=content)).said["title"] == Statement("Walls", "heading")


# Addresses


@pytest.mark.parametrize(
    ("canonical", "fetched", "url"),
    [
        ("https://news.example/wall", None, "https://news.example/wall"),
        ("/wall", "https://news.example/wall?from=mail", "https://news.example/wall"),
        ("//news.example/wall", "https://news.example/x", "https://news.example/wall"),
        ("/wall", None, None),
        ("https://news.example/", None, None),
        ("https://news.example", "https://news.example/wall", None),
        ("https://news.example/?p=418", None, "https://news.example/?p=418"),
        ("javascript:void(0)", None, None),
        ("file:///home/ada/wall.html", None, None),
        ("http://[broken", None, None),
    ],
)
def test_canonical_address(canonical: str, fetched: str | None, url: str | None) -> None:
    assert said(f'<link rel="canonical" href="{canonical}">', url=fetched).get("url") == url


# Authors


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["Ada Ferris and Ben Holt"], ["Ada Ferris", "Ben Holt"]),
        (["By Ada Ferris, Ben Holt & Cy Dunn"], ["Ada Ferris", "Ben Holt", "Cy Dunn"]),
        (["Ferris, Ada"], ["Ferris, Ada"]),
        (["Ada Ferris, science correspondent"], ["Ada Ferris"]),
        (["Ada Ferris (ada@news.example)"], ["Ada Ferris"]),
        (["ada@news.example", "https://news.example/ada", "@adaferris"], []),
        (["admin", "Staff", "Editorial team", "Newsdesk"], []),
        (["Harbour News"], ["Harbour News"]),
        (["Ada Ferris", "Ada Ferris"], ["Ada Ferris"]),
        (["Von Britta Kallweit und Jens Orth"], ["Britta Kallweit", "Jens Orth"]),
        (["Werner von Stahl"], ["Werner von Stahl"]),
        (["Vonda By"], ["Vonda By"]),
        (["Ada Ferris, Jr."], ["Ada Ferris, Jr"]),
        (["", " ,; "], []),
        (["Ilse Marden (https://people.example/marden/)"], ["Ilse Marden"]),
    ],
)
def test_people(given: list[str], names: list[str]) -> None:
    assert people(given) == names


def test_tags_that_are_links() -> None:
    assert said("", f'{BODY}<a rel="tag" href="/t/w">Walls</a>')["tags"] == ("Walls",)


def test_language_of_the_page_goes_before_that_of_its_parts() -> None:
    assert said(meta(og__locale="fr_FR"), tag='<html lang="de-AT">')["language"] == "de-AT"
    assert said(meta(og__locale="fr_FR"))["language"] == "fr-FR"
    assert "language" not in said("", tag='<html lang="{{ lang }}">')
