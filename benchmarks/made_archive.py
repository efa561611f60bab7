"""Makes an archive of files of mixed formats, as those of a newsroom may be, from a seed.

    python benchmarks/made_archive.py DIR [--files 10000] [--seed 1]

Of a hundred files about 42 are web pages with navigation and side boxes, 14 Markdown, 10 text, 12 PDF, 8 e-mails,
5 Word files, 2 each of RTF, OpenDocument and EPUB; one holds several articles (JSON lines, CSV, zip). The words are
drawn from the starter archive's own, as often as they come there, so that no two articles are alike and none makes
sense.
"""

from __future__ import annotations

import argparse
import csv
import html
import io
import json
import random
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import accumulate
from pathlib import Path

ARTICLES = Path(__file__).resolve().parent.parent / "corpus" / "articles"
PUBLISHERS = ("The Harbour Post", "North Valley News", "The Ledger of Weir", "Radio Quay", "The Upland Courier")
NAMES = ("Ada", "Bruno", "Celia", "Dmitri", "Esther", "Farid", "Greta", "Hugo", "Ines", "Jonas")
FAMILIES = ("Amsel", "Brook", "Castell", "Dorn", "Evers", "Fjord", "Gale", "Hall", "Ivers", "Jansen")
FOLDERS = ("politics", "science", "local", "economy", "culture")


@dataclass(frozen=True)
class Story:
    """What one article says."""

    title: str
    author: str
    publisher: str
    published: str
    paragraphs: list[str]


class Writer:
    """Draws stories."""

    def __init__(self, chance: random.Random) -> None:
        counts: Counter[str] = Counter()
        for path in sorted(ARTICLES.rglob("*.md")):
            counts.update(re.findall(r"[A-Za-z]{2,}|a", path.read_text(encoding="utf-8").lower()))
        self._words = sorted(counts)
        self._weights = list(accumulate(counts[word] for word in self._words))
        self._chance = chance

    def story(self) -> Story:
        """The next one: some 90 words in the mean, a few of them far more."""
        chance = self._chance
        words = min(3000, max(30, int(chance.lognormvariate(4.1, 0.7))))
        paragraphs, used = [], 0
        while used < words:
            paragraph = [self._sentence() for _ in range(chance.randint(1, 3))]
            used += sum(len(sentence.split()) for sentence in paragraph)
            paragraphs.append(" ".join(paragraph))
        return Story(
            title=self._sentence(5, 9).rstrip("."),
            author=f"{chance.choice(NAMES)} {chance.choice(FAMILIES)}",
            publisher=chance.choice(PUBLISHERS),
            published=f"{chance.randint(2015, 2026)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
            paragraphs=paragraphs,
        )

    def _sentence(self, least: int = 8, most: int = 24) -> str:
        words = self._chance.choices(self._words, cum_weights=self._weights, k=self._chance.randint(least, most))
        if self._chance.random() < 0.3:
            words[self._chance.randrange(len(words))] = str(self._chance.randint(2, 9999))
        return " ".join(words).capitalize() + "."


def main() -> None:
    """Makes the archive."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    make(options.folder, options.files, options.seed)


def make(folder: Path, files: int, seed: int) -> None:
    """Writes that many files below a folder; the same seed always gives the same ones."""
    chance = random.Random(seed)
    writer = Writer(chance)
    kinds, weights = [*_KINDS], [weight for _, weight in _KINDS.values()]
    for number in range(files):
        suffix = chance.choices(kinds, weights)[0]
        path = folder / chance.choice(FOLDERS) / f"{number % 97:02}" / f"story-{number:06}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_KINDS[suffix][0](writer))


def _markdown(writer: Writer) -> bytes:
    one = writer.story()
    head = f"---\ntitle: {one.title}\nauthors: [{one.author}]\npublisher: {one.publisher}\npublished: {one.published}\n"
    return (head + "---\n\n" + "\n\n".join(one.paragraphs) + "\n").encode()


def _text(writer: Writer) -> bytes:
    one = writer.story()
    return "\n\n".join([one.title, *one.paragraphs, "Share.", "Comments are closed."]).encode()


def _page(writer: Writer) -> bytes:
    one = writer.story()
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": one.title,
        "datePublished": f"{one.published}T08:00:00+00:00",
        "author": {"@type": "Person", "name": one.author},
        "publisher": {"@type": "Organization", "name": one.publisher},
    }
    links = "".join(f'<li><a href="/s/{name.lower()}">{name}</a></li>' for name in FOLDERS)
    body = "".join(f"<p>{html.escape(paragraph)}</p>\n" for paragraph in one.paragraphs)
    styles = "".join(f".box-{number} {{ margin: {number}px; color: #123456; }}\n" for number in range(300))
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{one.title} - {one.publisher}</title>
<meta property="og:site_name" content="{one.publisher}"><style>{styles}</style>
<script type="application/ld+json">{json.dumps(data)}</script></head><body>
<header><nav class="menu"><ul>{links}</ul></nav></header><div class="cookie-banner"><p>We use cookies.</p></div>
<main><article><h1>{one.title}</h1><p class="byline">By {one.author}</p>
<div class="entry-content">{body}</div><div class="share"><a href="#">Facebook</a> <a href="#">Print</a></div></article>
<aside class="related"><h3>Related articles</h3><ul>{links}</ul></aside></main>
<footer><p>All rights reserved.</p></footer></body></html>""".encode()


def _pdf(writer: Writer) -> bytes:
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.utils import simpleSplit
    from reportlab.pdfgen.canvas import Canvas

    one, target = writer.story(), io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    canvas.setTitle(one.title)
    canvas.setAuthor(one.author)
    height, number = 0.0, 0
    for size, block in [(18, one.title), *((11, paragraph) for paragraph in one.paragraphs)]:
        for line in simpleSplit(block, "Times-Roman", size, 440):
            if height < 90:
                if number:
                    canvas.showPage()
                number, height = number + 1, 760.0
                canvas.setFont("Times-Roman", 9)
                canvas.drawString(70, 800, one.publisher)
                canvas.drawString(290, 40, str(number))
            canvas.setFont("Times-Roman", size)
            canvas.drawString(70, height, line)
            height -= size * 1.3
        height -= 8
    canvas.save()
    return target.getvalue()


def _message(writer: Writer) -> bytes:
    one = writer.story()
    message = EmailMessage()
    message["Subject"], message["From"] = one.title, f"{one.author} <news@example.org>"
    message["Date"] = f"{int(one.published[8:])} Jan {one.published[:4]} 07:00:00 +0000"
    message.set_content("\n\n".join(one.paragraphs))
    return message.as_bytes()


_WORD = "http://schemas.openxmlformats.org"


def _docx(writer: Writer) -> bytes:
    one = writer.story()
    paragraphs = "".join(f"<w:p><w:r><w:t>{html.escape(text)}</w:t></w:r></w:p>" for text in one.paragraphs)
    title = f'<w:p><w:pPr><w:pStyle w:val="Title"/></w:pPr><w:r><w:t>{one.title}</w:t></w:r></w:p>'
    relation = f'Type="{_WORD}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"'
    return _zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{_WORD}/package/2006/content-types"><Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override'
            ' PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument'
            '.wordprocessingml.document.main+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{_WORD}/package/2006/relationships">'
            f'<Relationship Id="r1" {relation}/></Relationships>',
            "word/document.xml": f'<w:document xmlns:w="{_WORD}/wordprocessingml/2006/main"><w:body>{title}{paragraphs}'
            "</w:body></w:document>",
        }
    )


_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def _odt(writer: Writer) -> bytes:
    one = writer.story()
    paragraphs = "".join(f"<text:p>{html.escape(text)}</text:p>" for text in one.paragraphs)
    spaces = f'xmlns:office="{_OFFICE}:office:1.0" xmlns:text="{_OFFICE}:text:1.0"'
    return _zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f'<office:document-content {spaces} office:version="1.2"><office:body><office:text>'
            f'<text:h text:outline-level="1">{one.title}</text:h>{paragraphs}</office:text></office:body>'
            "</office:document-content>",
            "styles.xml": f'<office:document-styles {spaces} office:version="1.2"><office:styles/>'
            "<office:automatic-styles/><office:master-styles/></office:document-styles>",
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{_OFFICE}:manifest:1.0"/>',
        }
    )


def _epub(writer: Writer) -> bytes:
    one = writer.story()
    paragraphs = "".join(f"<p>{html.escape(text)}</p>" for text in one.paragraphs)
    return _zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": f'<container version="1.0" xmlns="{_OFFICE}:container"><rootfiles><rootfile'
            ' full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
            "book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i"><metadata'
            f' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">{one.title}</dc:identifier>'
            f"<dc:title>{one.title}</dc:title><dc:creator>{one.author}</dc:creator><dc:language>en</dc:language>"
            f"<dc:date>{one.published}</dc:date></metadata>"
            '<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="c"/></spine></package>',
            "c.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{one.title}</title></head><body>'
            f"<h1>{one.title}</h1>{paragraphs}</body></html>",
        }
    )


def _rtf(writer: Writer) -> bytes:
    one = writer.story()
    info = rf"{{\info{{\title {one.title}}}{{\author {one.author}}}}}"
    return ("{\\rtf1\\ansi " + info + "\\par\n".join([one.title, *one.paragraphs]) + "}").encode()


def _records(writer: Writer) -> list[dict[str, str]]:
    made = [writer.story() for _ in range(20)]
    return [
        {"id": str(number), "headline": one.title, "author": one.author, "date": one.published}
        | {"body": "\n\n".join(one.paragraphs)}
        for number, one in enumerate(made)
    ]


def _json_lines(writer: Writer) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in _records(writer)).encode()


def _csv(writer: Writer) -> bytes:
    records, target = _records(writer), io.StringIO()
    rows = csv.DictWriter(target, [*records[0]])
    rows.writeheader()
    rows.writerows(records)
    return target.getvalue().encode()


def _zip(writer: Writer) -> bytes:
    return _zipped({f"part-{number}.html": _page(writer).decode() for number in range(10)})


def _zipped(files: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return target.getvalue()


_KINDS: dict[str, tuple[Callable[[Writer], bytes], float]] = {
    ".html": (_page, 42),
    ".md": (_markdown, 14),
    ".txt": (_text, 10),
    ".pdf": (_pdf, 12),
    ".eml": (_message, 8),
    ".docx": (_docx, 5),
    ".rtf": (_rtf, 2),
    ".odt": (_odt, 2),
    ".epub": (_epub, 2),
    ".jsonl": (_json_lines, 0.2),
    ".csv": (_csv, 0.2),
    ".zip": (_zip, 0.3),
}

if __name__ == "__main__":
    main()
