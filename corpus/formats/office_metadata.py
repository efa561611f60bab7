"""What Word files, OpenDocument texts and EPUB books say of themselves (ECMA-376 part 2, ODF 1.3, EPUB 3.3).

When a file was made and last saved is not when the article was published or updated, and says nothing here; a book's
``dc:date`` is when it was published, and ``dcterms:modified`` when its publisher changed it.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from urllib.parse import unquote

import regex
from lxml import etree

from corpus.errors import UnreadableArticle
from corpus.formats.properties import is_title, keywords, people
from corpus.statements import Statement, leniently

MAX_XML_BYTES = 10 * 2**20

_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "cp": "http://schemas.openxmlformats.org/package/2006/metadata/core-properties",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
    "opf": "http://www.idpf.org/2007/opf",
    "ocf": "urn:oasis:names:tc:opendocument:xmlns:container",
    "enc": "http://www.w3.org/2001/04/xmlenc#",
}
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)
_FONT = regex.compile(r"\.(?:otf|ttf|woff2?|ttc)$", regex.I)
_NOT_PUBLISHED = ("creation", "modification", "conversion")
_LANGUAGE = regex.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def stated(format_name: str, package: zipfile.ZipFile) -> dict[str, Statement]:
    """The statements in a file's properties."""
    match format_name:
        case "docx":
            found = _of_word(_xml(package, "docProps/core.xml"))
        case "odt":
            found = _of_open_document(_xml(package, "meta.xml"))
        case "epub":
            found = _of_book(_xml(package, _book(package)))
        case _:
            found = {}
    return leniently(found, "document")


def checked(title: str, authors: list[str]) -> dict[str, object]:
    """A title and authors, without those that programs fill in."""
    return {"title": title if is_title(title) else None, "authors": people(authors)}


def is_encrypted(format_name: str, package: zipfile.ZipFile) -> bool:
    """Whether the text is encrypted; fonts of a book may be."""
    if format_name == "odt":
        manifest = _xml(package, "META-INF/manifest.xml")
        return manifest is not None and manifest.find(".//manifest:encryption-data", _NAMESPACES) is not None
    if format_name == "epub" and "META-INF/encryption.xml" in package.namelist():
        encrypted = _xml(package, "META-INF/encryption.xml")
        found = [] if encrypted is None else encrypted.findall(".//enc:CipherReference", _NAMESPACES)
        return encrypted is None or any(not _FONT.search(str(one.get("URI", ""))) for one in found)
    return "EncryptedPackage" in package.namelist()


def navigation(package: zipfile.ZipFile) -> frozenset[str]:
    """The names of a book's files that are only its table of contents."""
    book = _xml(package, _book(package))
    items = [] if book is None else book.findall(".//opf:manifest/opf:item", _NAMESPACES)
    navigating = [one for one in items if "nav" in str(one.get("properties", "")).split()]
    return frozenset(posixpath.basename(unquote(str(one.get("href", "")))) for one in navigating)


def _xml(package: zipfile.ZipFile, name: str) -> etree._Element | None:
    """A part of the archive; ``None`` if it isn't there or isn't XML. No entity is resolved, and nothing fetched."""
    try:
        part = package.getinfo(name)
        if part.file_size > MAX_XML_BYTES:
            return None
        with package.open(part) as file:
            data = file.read(MAX_XML_BYTES + 1)
    except KeyError:
        return None
    except _DAMAGE:
        raise UnreadableArticle(f"damaged: its part {name!r} can't be unpacked; get it again") from None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _texts(root: etree._Element | None, path: str) -> list[str]:
    found = [] if root is None else root.findall(path, _NAMESPACES)
    return [text for one in found if (text := " ".join("".join(map(str, one.itertext())).split()))]


def _first(root: etree._Element | None, path: str) -> str:
    return next(iter(_texts(root, path)), "")


def _language(text: str) -> str | None:
    return text if _LANGUAGE.fullmatch(text) else None


def _of_word(core: etree._Element | None) -> dict[str, object]:
    return {
        **checked(_first(core, "dc:title"), _texts(core, "dc:creator")),
        "tags": keywords(_first(core, "cp:keywords")),
        "language": _language(_first(core, "dc:language")),
    }


def _of_open_document(document: etree._Element | None) -> dict[str, object]:
    authors = _texts(document, ".//meta:initial-creator") or _texts(document, ".//dc:creator")
    return {
        **checked(_first(document, ".//dc:title"), authors),
        "tags": _texts(document, ".//meta:keyword"),
        "language": _language(_first(document, ".//dc:language")),
    }


def _book(package: zipfile.ZipFile) -> str:
    """Where the book's package document is."""
    container = _xml(package, "META-INF/container.xml")
    root = None if container is None else container.find(".//ocf:rootfile", _NAMESPACES)
    return "" if root is None else str(root.get("full-path", ""))


def _of_book(book: etree._Element | None) -> dict[str, object]:
    identifiers = _texts(book, ".//dc:identifier")
    return {
        "title": _first(book, ".//dc:title") or None,
        "authors": _authors(book),
        "publisher": _first(book, ".//dc:publisher") or None,
        "published": _published(book),
        "updated": _modified(book),
        "url": next((one for one in identifiers if one.lower().startswith(("http://", "https://"))), None),
        "tags": _texts(book, ".//dc:subject"),
        "language": _language(_first(book, ".//dc:language")),
        "licence": _first(book, ".//dc:rights") or None,
    }


def _authors(book: etree._Element | None) -> list[str]:
    """The creators whose role is that of an author, or isn't said."""
    if book is None:
        return []
    roles = {
        str(one.get("refines", "")).removeprefix("#"): (one.text or "").strip()
        for one in book.iterfind(".//opf:meta[@property='role']", _NAMESPACES)
    }
    found = []
    for one in book.iterfind(".//dc:creator", _NAMESPACES):
        role = one.get(f"{{{_NAMESPACES['opf']}}}role") or roles.get(str(one.get("id", "")))
        if role in (None, "", "aut"):
            found.append(" ".join("".join(map(str, one.itertext())).split()))
    return people(found)


def _published(book: etree._Element | None) -> str | None:
    found = [] if book is None else book.findall(".//dc:date", _NAMESPACES)
    by_event = [(str(one.get(f"{{{_NAMESPACES['opf']}}}event", "")), (one.text or "").strip()) for one in found]
    dates = [date for event, date in by_event if event == "publication"]
    dates += [date for event, date in by_event if event not in ("publication", *_NOT_PUBLISHED)]
    return next(filter(None, dates), None)


def _modified(book: etree._Element | None) -> str | None:
    return _first(book, ".//opf:meta[@property='dcterms:modified']") or None
