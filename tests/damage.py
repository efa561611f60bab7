"""Files that nobody should be able to harm a build with, from a seed: sound ones with something done to them, and
hostile ones made by hand."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

from benchmarks.made_archive import _KINDS, Writer

Files = dict[str, bytes]

WORD = "http://schemas.openxmlformats.org"
OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument:xmlns"
_STYLES = (
    f'<office:document-styles xmlns:office="{OPEN_DOCUMENT}:office:1.0"><office:font-face-decls/><office:styles/>'
    "<office:automatic-styles/><office:master-styles/></office:document-styles>"
).encode()
PARAGRAPH = "<p>The ferry to Osk sailed on Monday, and forty people were on board when the wind rose.</p>"


def sound(seed: int, each: int = 4) -> Files:
    """Files of every format, by name."""
    chance = random.Random(seed)
    writer = Writer(chance)
    made = {f"sound-{number}{suffix}": _KINDS[suffix][0](writer) for suffix in _KINDS for number in range(each)}
    for number in range(each):
        # One as every program writes it; pandoc wants the styles.
        text = "".join(f"<text:p>{paragraph}</text:p>" for paragraph in writer.story().paragraphs)
        made[f"sound-{number}.odt"] = _zip({**_open_document(text), "styles.xml": _STYLES})
        messages = [_KINDS[".eml"][0](writer) for _ in range(3)]
        made[f"sound-{number}.mbox"] = b"".join(
            b"From a@b.example Mon Jan  5 07:00:00 2026\n" + m + b"\n" for m in messages
        )
        made[f"sound-{number}.warc.gz"] = _warc([_KINDS[".html"][0](writer) for _ in range(2)])
        made[f"sound-{number}.tsv"] = f"id\ttitle\ttext\n{number}\tOsk\tThe ferry {number} sailed on Monday.\n".encode()
    return made


def damaged(healthy: Mapping[str, bytes], seed: int, count: int) -> Files:
    """That many files: all hostile ones, and the rest out of sound ones, each with something done to it."""
    chance = random.Random(seed)
    made = {f"hostile-{name}": content for name, content in hostile().items()} | _misnamed(healthy)
    names, ways = list(healthy), list(_WAYS.items())
    for number in range(count - len(made)):
        name = names[number % len(names)]
        way, damage = chance.choice(ways)
        made[f"{way}-{number:03}{_suffix(name)}"] = damage(healthy[name], chance)
    return made


def _misnamed(healthy: Mapping[str, bytes]) -> Files:
    suffixes = sorted({_suffix(name) for name in healthy})
    made = {}
    for number, (name, content) in enumerate(healthy.items()):
        if number % 3 == 0:
            wrong = suffixes[(suffixes.index(_suffix(name)) + 1 + number) % len(suffixes)]
            made[f"misnamed-{number:03}{wrong}"] = content
    return made


def _suffix(name: str) -> str:
    return name[name.index(".") :]


def _truncated(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def _without_start(content: bytes, chance: random.Random) -> bytes:
    return content[chance.randrange(1, 200) :]


def _flipped(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 3, 10, 100])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _overwritten(content: bytes, chance: random.Random) -> bytes:
    start, length = chance.randrange(len(content)), chance.randrange(1, 600)
    filling = chance.choice([bytes(length), chance.randbytes(length), b"\xff" * length])
    return content[:start] + filling + content[start + length :]


def _repeated(content: bytes, chance: random.Random) -> bytes:
    start, length = chance.randrange(len(content)), chance.randrange(1, 2000)
    return content[: start + length] + content[start:]


def _twice(content: bytes, chance: random.Random) -> bytes:
    return content + chance.choice([b"", b"\n", b"\0"]) + content


def _utf_16(content: bytes, chance: random.Random) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(chance.choice(["utf-16", "utf-16-le", "utf-32"]))[: chance.choice([-1, -2, 10**9])]


def _other_bytes(content: bytes, chance: random.Random) -> bytes:
    return content.replace(b" ", chance.choice([b"\xe9", b"\x81", b"\xff\xfe", b"\xed\xa0\x80", b"\0"]), 50)


def _compressed(content: bytes, _: random.Random) -> bytes:
    return gzip.compress(content, 1, mtime=0)


_WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "truncated": _truncated,
    "headless": _without_start,
    "flipped": _flipped,
    "flipped-too": _flipped,
    "overwritten": _overwritten,
    "repeated": _repeated,
    "twice": _twice,
    "utf-16": _utf_16,
    "bytes": _other_bytes,
    "gzip": _compressed,
}


def hostile() -> Files:
    """Files made by hand that are far from what a reader expects."""
    made = _nothing() | _deep_texts() | _deep_pages() | _zips() | _entities() | _pdfs() | _messages() | _records()
    return made | _web_archives()


def _nothing() -> Files:
    suffixes = [".md", ".txt", ".html", ".pdf", ".docx", ".odt", ".rtf", ".epub", ".eml", ".jsonl", ".csv", ".mbox"]
    made = {}
    chance = random.Random(1)
    for suffix in [*suffixes, ".zip", ".warc", ".warc.gz"]:
        made[f"empty{suffix}"] = b""
        made[f"nulls{suffix}"] = bytes(5000)
        made[f"random{suffix}"] = chance.randbytes(5000)
    return made


def _deep_texts() -> Files:
    many = 100_000
    return {
        "quotes.md": b">" * many + b" words",
        "quotes-in-lines.md": b"".join(b"> " * depth + b"words\n\n" for depth in range(1, 400)),
        "brackets.md": b"[" * many,
        "links.md": b"[a](" * 50_000,
        "emphasis.md": b"*a " * 20_000 + b"**b_" * 20_000,
        "backticks.md": b"".join(b"`" * length + b" " for length in range(1, 500)),
        "lists.md": b"".join(b"  " * depth + b"- words\n" for depth in range(1000)),
        "yaml-deep.md": b"---\ntitle: " + b"[" * many + b"\n---\nwords",
        "yaml-bomb.md": b"---\na: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n".encode() for n in range(12))
        + b"tags: *m\n---\n\nThe ferry sailed.\n",
        "yaml-cycle.md": b"---\ntags: &a [*a]\n---\n\nThe ferry sailed.\n",
        "yaml-object.md": b"---\ntitle: !!python/object/apply:os.system ['true']\n---\n\nThe ferry sailed.\n",
        "one-line.txt": b"ferry " * 300_000,
        "one-word.txt": b"f" * 1_000_000,
        "marks.txt": b"e" + "\u0301".encode() * 300_000,
        "groups.rtf": b"{\\rtf1 " + b"{" * many + b"words" + b"}" * many + b"}",
        "controls.rtf": b"{\\rtf1 " + b"\\b\\i0" * many + b" words}",
        "binary.rtf": b"{\\rtf1 \\bin999999999 words}",
    }


def _deep_pages() -> Files:
    many = 100_000
    attributes = b" ".join(f'a{number}="{number}"'.encode() for number in range(many))
    return {
        "deep.html": b"<div>" * many + b"words" + b"</div>" * many,
        "deep-spans.html": b"<article><p>" + b"<span>" * many + b"The ferry to Osk sailed.",
        "unclosed.html": b"<b><i>" * 50_000 + b"words",
        "tables.html": b"<table><tr><td>" * 20_000 + b"words",
        "deep-lists.html": b"<ul><li>words" * 20_000,
        "attributes.html": b"<html><body><p " + attributes + b">The ferry to Osk sailed.</p></body></html>",
        "one-line.html": b"<html><body><article>" + PARAGRAPH.encode() * 10_000 + b"</article></body></html>",
        "fifty-megabytes.html": b"<p>" + b"ferry " * 8_400_000,
        "entities.html": b"<article><p>" + b"&amp;" * 500_000 + b"</p></article>",
        "comments.html": b"<!--" * many + b"<p>The ferry to Osk sailed.</p>",
        "data.html": b'<script type="application/ld+json">' + b'{"a":[' * many + b"</script>" + PARAGRAPH.encode() * 3,
        "metas.html": b'<meta name="author" content="A">' * 50_000 + PARAGRAPH.encode() * 3,
        "charset.html": b'<meta charset="zlib_codec">' + PARAGRAPH.encode() * 3,
        "charset-too.html": b'<meta charset="idna">' + PARAGRAPH.encode() * 3,
        "doctype.html": b'<!DOCTYPE html [<!ENTITY a "b">' + b"<" * many,
        "external.xhtml": b'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>The ferry &x; sailed to Osk.</p></body></html>',
    }


def _zips() -> Files:
    page = PARAGRAPH.encode()
    nested = _zip({"page.html": page})
    for _ in range(200):
        nested = _zip({"inner.zip": nested})
    large = _zip({"page.html": bytes(50_000_000)})
    lying = bytearray(large)
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = lying.index(signature)
        lying[start + place : start + place + 4] = struct.pack("<I", 300)
    return {
        "nested.zip": nested,
        "bomb.zip": large,
        "many-bombs.zip": _zip({f"{number}.txt": bytes(5_000_000) for number in range(20)}),
        "lying.zip": bytes(lying),
        "overlapping.zip": _overlapping(500),
        "many.zip": _zip({f"{number}.md": b"" for number in range(5000)}),
        "paths.zip": _zip({"../../out.md": b"Out.", "/etc/out.md": b"Out.", "a\\..\\b.md": b"Out.", "a//b.md": b"In."}),
        "names.zip": _zip({"\x1b[31m.md": b"Red.", "a\nb.md": b"Lines.", "x" * 5000 + ".md": b"Long.", ".md": b"No."}),
        "no-end.zip": _zip({"page.html": page})[:-10],
        "comment.zip": _zip({"page.html": page}) + b"PK\x05\x06" + bytes(18),
        "bomb.docx": _zip({**_word(b""), "word/document.xml": bytes(50_000_000)}),
        "bomb.epub": _zip({**_book(""), "c.xhtml": b"<p>" + b" " * 50_000_000}),
        "bomb.odt": _zip({**_open_document(""), "content.xml": b" " * 50_000_000}),
        "plain.docx": _zip({"page.html": page}),
        "plain.epub": _zip({"page.html": page}),
        "plain.odt": _zip({"page.html": page}),
    }


def _overlapping(count: int) -> bytes:
    """A zip file whose entries all are the same bytes."""
    one = _zip({"page.txt": b"The ferry sailed. " * 5000})
    directory, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    entry = one[directory:end]
    entries = b"".join(entry.replace(b"page.txt", f"p{number:03}.txt".encode()) for number in range(count))
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(entries), directory, 0)
    return one[:directory] + entries + tail


def _entities() -> Files:
    bomb = '<!DOCTYPE x [<!ENTITY a "ferry ferry ferry ferry">'
    for number in range(1, 12):
        before = chr(96 + number)
        bomb += f'<!ENTITY {chr(97 + number)} "{f"&{before};" * 10}">'
    bomb += "]>"
    body = "<w:p><w:r><w:t>&l; words</w:t></w:r></w:p>"
    text = "<text:p>&l; words</text:p>"
    deep = 50_000
    return {
        "entities.docx": _zip(_word(body.encode(), bomb)),
        "entities.odt": _zip(_open_document(text, bomb)),
        "entities.epub": _zip(_book("<p>&l; words</p>", bomb)),
        "entities.xhtml": f'<?xml version="1.0"?>{bomb}<html><body><p>&l; words</p></body></html>'.encode(),
        "deep.docx": _zip(_word(b"<w:sdt><w:sdtContent>" * deep + b"</w:sdtContent></w:sdt>" * deep)),
        "deep.odt": _zip(_open_document("<text:span>" * deep + "words" + "</text:span>" * deep)),
        "deep.epub": _zip(_book("<div>" * deep + "words" + "</div>" * deep)),
        "cycle.epub": _zip({**_book("<p>words</p>"), "book.opf": _container("book.opf").encode()}),
        "itself.epub": _zip(
            {**_book("<p>words</p>"), "META-INF/container.xml": _container("META-INF/container.xml").encode()}
        ),
        "numbers.docx": _zip(_word(b'<w:p><w:pPr><w:ind w:left="99999999999999999999"/></w:pPr></w:p>')),
    }


def _word(body: bytes, declared: str = "") -> Files:
    space = f'xmlns:w="{WORD}/wordprocessingml/2006/main"'
    relation = f'Type="{WORD}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"'
    return {
        "[Content_Types].xml": f'<Types xmlns="{WORD}/package/2006/content-types"/>'.encode(),
        "_rels/.rels": f'<Relationships xmlns="{WORD}/package/2006/relationships"><Relationship Id="r" {relation}/>'
        "</Relationships>".encode(),
        "word/document.xml": f"{declared}<w:document {space}><w:body>".encode() + body + b"</w:body></w:document>",
    }


def _open_document(body: str, declared: str = "") -> Files:
    spaces = f'xmlns:office="{OPEN_DOCUMENT}:office:1.0" xmlns:text="{OPEN_DOCUMENT}:text:1.0"'
    return {
        "mimetype": b"application/vnd.oasis.opendocument.text",
        "content.xml": f"{declared}<office:document-content {spaces}><office:body><office:text>{body}"
        "</office:text></office:body></office:document-content>".encode(),
        "META-INF/manifest.xml": f'<m:manifest xmlns:m="{OPEN_DOCUMENT}:manifest:1.0"/>'.encode(),
    }


def _container(path: str) -> str:
    return (
        f'<container version="1.0" xmlns="{OPEN_DOCUMENT}:container"><rootfiles><rootfile full-path="{path}"'
        ' media-type="application/oebps-package+xml"/></rootfiles></container>'
    )


def _book(body: str, declared: str = "") -> Files:
    return {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": _container("book.opf").encode(),
        "book.opf": b'<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/><manifest>'
        b'<item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest><spine>'
        b'<itemref idref="c"/></spine></package>',
        "c.xhtml": f'{declared}<html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>'.encode(),
    }


def _pdfs() -> Files:
    drawn = b"BT /F 12 Tf 70 700 Td (The ferry sailed.) Tj ET"
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /Font << /F 5 0 R >> %s >> >>"
    )
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    tree = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    root = b"<< /Type /Catalog /Pages 2 0 R >>"
    form = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /XObject << /X 6 0 R >> >> /Length 8 >>"
        b" stream\n/X Do Q \nendstream"
    )
    bomb = zlib.compress(b" " * 200_000_000, 1)
    packed = b"<< /Filter /FlateDecode /Length %d >> stream\n" % len(bomb) + bomb + b"\nendstream"
    plain = _stream(drawn)
    sound_one = _pdf([root, tree, page % b"", plain, font])
    return {
        "loop-kids.pdf": _pdf([root, b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 1 >>", page % b"", plain, font]),
        "loop-parent.pdf": _pdf([root, tree, (page % b"").replace(b"/MediaBox [0 0 600 800]", b""), plain, font]),
        "loop-contents.pdf": _pdf([root, tree, page % b"", b"[4 0 R 4 0 R]", font]),
        "loop-form.pdf": _pdf([root, tree, page % b"/XObject << /X 6 0 R >>", _stream(b"/X Do " + drawn), font, form]),
        "loop-itself.pdf": _pdf([b"1 0 R", tree, page % b"", plain, font]),
        "loop-previous.pdf": sound_one.replace(b"/Size", b"/Prev %d /Size" % sound_one.rindex(b"xref\n0"), 1),
        "loop-length.pdf": _pdf([root, tree, page % b"", b"<< /Length 4 0 R >> stream\nQ\nendstream", font]),
        "bomb.pdf": _pdf([root, tree, page % b"", packed, font]),
        "count.pdf": _pdf([root, b"<< /Type /Pages /Kids [3 0 R] /Count 999999999 >>", page % b"", plain, font]),
        "many-kids.pdf": _pdf(
            [root, b"<< /Type /Pages /Kids [%s] /Count 9 >>" % (b"3 0 R " * 50_000), page % b"", plain, font]
        ),
        "saves.pdf": _pdf([root, tree, page % b"", _stream(b"q " * 500_000 + drawn), font]),
        "deep-array.pdf": _pdf([root, tree, page % b"", _stream(b"[" * 100_000 + drawn), font]),
        "deep-object.pdf": _pdf([root, tree, page % b"", plain, b"[" * 50_000 + b"]" * 50_000]),
        "numbers.pdf": _pdf(
            [root, tree, page % b"", _stream(b"BT /F 1e308 Tf 1e308 1e308 Td (x) Tj " * 100 + b"ET"), font]
        ),
        "matrix.pdf": _pdf(
            [root, tree, page % b"", _stream(b"BT /F 12 Tf 0 0 0 0 0 0 Tm (flat) Tj ET " + drawn), font]
        ),
        "many-letters.pdf": _pdf(
            [root, tree, page % b"", _stream(b"BT /F 1 Tf " + b"(ferry) Tj 1 0 Td " * 60_000 + b"ET"), font]
        ),
        "no-pages.pdf": _pdf([b"<< /Type /Catalog >>"]),
    }


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >> stream\n" % len(content) + content + b"\nendstream"


def _pdf(objects: list[bytes]) -> bytes:
    made, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(made))
    return made + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + tail


def _messages() -> Files:
    head = b"From: a@b.example\nSubject: Ferry\nDate: Mon, 5 Jan 2026 07:00:00 +0000\nMIME-Version: 1.0\n"
    parts = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number) for number in range(500)
    )
    text = b"Content-Type: text/plain; charset=%s\n\nThe ferry sailed on Monday.\n"
    message = head + text % b"utf-8"
    return {
        "parts.eml": head + parts + text % b"utf-8",
        "attached.eml": (head + b"Content-Type: message/rfc822\n\n") * 500 + text % b"utf-8",
        "charset.eml": head + text % b"rot13",
        "charset-too.eml": head + text % b"zlib_codec",
        "charset-none.eml": head + text % b"\xff\xfe",
        "base64.eml": head + b"Content-Transfer-Encoding: base64\n" + text % b"utf-8",
        "uuencode.eml": head + b"Content-Transfer-Encoding: x-uuencode\n" + text % b"utf-8",
        "head.eml": b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n" + message,
        "addresses.eml": b"From: " + b"(" * 100_000 + b"\n" + message,
        "fields.eml": b"X: y\n" * 100_000 + message,
        "dates.eml": message.replace(b"2026", b"99999999999999999999"),
        "boundary.eml": head + b"Content-Type: multipart/mixed; boundary=\n\n--\nwords\n----\n",
        "itself.eml": head + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 50_000,
        "separators.mbox": b"From \n" * 100_000,
        "one.mbox": message,
        "head.mbox": b"From a Mon Jan  5 07:00:00 2026\nSubject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n\nwords\n",
    }


def _records() -> Files:
    deep = b"[" * 100_000
    return {
        "deep.jsonl": b'{"id": "1", "text": ' + deep + b"}\n",
        "deep-closed.jsonl": b'{"id": "1", "text": "words", "x": ' + deep + b"]" * 100_000 + b"}\n",
        "numbers.jsonl": b'{"id": ' + b"9" * 100_000 + b', "text": "The ferry sailed."}\n',
        "floats.jsonl": b'{"id": NaN, "text": "The ferry sailed.", "date": 1e999}\n{"id": -Infinity, "text": 5}\n',
        "surrogates.jsonl": b'{"id": "\\ud800", "text": "The ferry \\udfff sailed."}\n',
        "keys.jsonl": json.dumps({f"k{number}": number for number in range(100_000)}).encode(),
        "long.jsonl": json.dumps({"text": "ferry " * 2_000_000}).encode(),
        "strange-ids.jsonl": b'{"id": "../../x", "text": "Words."}\n{"id": "a\\nb", "text": "Words."}\n'
        b'{"id": [], "text": "Words."}\n',
        "cells.csv": b"id,text\n" + b"," * 1_000_000 + b"\n",
        "columns.csv": b",".join(b"c%d" % number for number in range(100_000)) + b"\n",
        "quote.csv": b'id,text\n1,"' + b"ferry " * 300_000,
        "quotes.csv": b'id,text\n1,"' + b'""' * 1_000_000 + b'"\n',
        "nulls-in.csv": b"id,text\n1,The \0ferry sailed.\n",
        "returns.csv": b"id,text\r1,The ferry sailed.\r2,It came back.\r",
        "tabs.tsv": b"id\ttext\n" + b"\t" * 1_000_000,
    }


def _web_archives() -> Files:
    page = (PARAGRAPH * 3).encode()
    archived = gzip.decompress(_warc([page]))
    return {
        "bomb.warc.gz": gzip.compress(bytes(200_000_000), 1, mtime=0),
        "length.warc": archived.replace(b"Content-Length: ", b"Content-Length: 9999999999", 1),
        "minus.warc": archived.replace(b"Content-Length: ", b"Content-Length: -", 1),
        "records.warc": b"WARC/1.0\r\n\r\n" * 50_000,
        "head.warc": b"WARC/1.0\r\n" + b"X-A: b\r\n" * 200_000 + b"\r\n",
        "line.warc": b"WARC/1.0\r\n" + b"x" * 9_000_000,
        "members.warc.gz": gzip.compress(b"", mtime=0) * 50_000,
        "chunked.warc.gz": _warc([b"ffffffffff\r\nwords"], ("Transfer-Encoding", "chunked")),
        "brotli.warc.gz": _warc([page], ("Content-Encoding", "br")),
        "not-gzip.warc.gz": _warc([page], ("Content-Encoding", "gzip")),
        "bomb-inside.warc.gz": _warc([gzip.compress(bytes(100_000_000), 1, mtime=0)], ("Content-Encoding", "gzip")),
    }


def _warc(pages: list[bytes], *fields: tuple[str, str]) -> bytes:
    """A web archive, each record compressed by itself."""
    made = b""
    for number, page in enumerate(pages):
        lines = ["HTTP/1.1 200 OK", "Content-Type: text/html", *(f"{name}: {value}" for name, value in fields), "", ""]
        response = "\r\n".join(lines).encode() + page
        head = [
            "WARC/1.0",
            "WARC-Type: response",
            f"WARC-Target-URI: https://desk.example/{number}.html",
            "WARC-Date: 2026-01-05T07:00:00Z",
            f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012}>",
            "Content-Type: application/http; msgtype=response",
            f"Content-Length: {len(response)}",
        ]
        made += gzip.compress("\r\n".join([*head, "", ""]).encode() + response + b"\r\n\r\n", mtime=0)
    return made


def _zip(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED, 1)
    return target.getvalue()
