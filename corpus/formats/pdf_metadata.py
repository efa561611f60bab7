"""What a PDF says of itself: its XMP packet (ISO 16684-1, PRISM) and its document information dictionary.

XMP goes before the dictionary. ``CreationDate`` and ``ModDate`` are of the file, not of the article, and say nothing
here; nor does a ``dc:date`` that is the file's.
"""

from __future__ import annotations

from collections.abc import Mapping

import regex
from lxml import etree
from pypdf import PdfReader

from corpus.formats.properties import is_title, keywords, people
from corpus.statements import Statement, leniently

MAX_XMP_BYTES = 2**20

_NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "rights": "http://ns.adobe.com/xap/1.0/rights/",
    "cc": "http://creativecommons.org/ns#",
}
_PRISM = ("http://prismstandard.org/namespaces/basic/", "http://prismstandard.org/namespaces/prismusagerights/")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def stated(reader: PdfReader) -> dict[str, Statement]:
    """The statements in a PDF's properties."""
    return {
        **leniently({"language": _catalogued_language(reader)}, "document"),
        **leniently(_of_information(reader), "document"),
        **leniently(_of_xmp(reader), "document"),
    }


def _catalogued_language(reader: PdfReader) -> str | None:
    language = reader.root_object.get("/Lang")
    return _tag(str(language)) if language is not None else None


def _tag(language: str) -> str | None:
    return language if regex.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", language) else None


def _of_information(reader: PdfReader) -> dict[str, object]:
    information: Mapping[str, object] = reader.metadata or {}
    title, author, tags = (_text(information.get(name)) for name in ("/Title", "/Author", "/Keywords"))
    return {"title": title if is_title(title) else None, "authors": people([author]), "tags": keywords(tags)}


def _text(value: object) -> str:
    found = value.get_object() if hasattr(value, "get_object") else value
    return found if isinstance(found, str) else ""


def _of_xmp(reader: PdfReader) -> dict[str, object]:
    packet = _packet(reader)
    if packet is None:
        return {}
    title = next(iter(_values(packet, "dc:title")), "")
    published = _prism(packet, "publicationDate") or _prism(packet, "coverDate") or _dated(packet)
    return {
        "title": title if is_title(title) else None,
        "authors": people(_values(packet, "dc:creator")),
        "publisher": next(iter(_values(packet, "dc:publisher")), None),
        "published": published,
        "url": _prism(packet, "url") or _doi(packet),
        "tags": [tag for value in _values(packet, "dc:subject") for tag in keywords(value)],
        "language": _tag(next(iter(_values(packet, "dc:language")), "")),
        "licence": next(iter([*_resource(packet, "cc:license"), *_values(packet, "dc:rights")]), None),
    }


def _packet(reader: PdfReader) -> etree._Element | None:
    stream = reader.root_object.get("/Metadata")
    stream = stream.get_object() if stream is not None else None
    if stream is None or not hasattr(stream, "get_data"):
        return None
    data = stream.get_data()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    if len(data) > MAX_XMP_BYTES or b"<!DOCTYPE" in data:
        return None
    try:
        return etree.fromstring(data.strip(b"\x00 \r\n\t"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _values(packet: etree._Element, name: str) -> list[str]:
    """The values of a property; of alternatives in several languages only the one for all."""
    found = packet.findall(f".//rdf:Description/{name}", _NAMESPACES)
    values: list[str] = []
    for element in found:
        items = element.findall(".//rdf:li", _NAMESPACES)
        default = [item for item in items if item.get(_LANGUAGE) == "x-default"]
        values += ["".join(map(str, item.itertext())).strip() for item in default or items or [element]]
    prefix, _, local = name.partition(":")
    attribute = f"{{{_NAMESPACES[prefix]}}}{local}"
    values += [
        str(one.get(attribute)) for one in packet.iterfind(".//rdf:Description", _NAMESPACES) if one.get(attribute)
    ]
    return list(filter(None, values))


def _resource(packet: etree._Element, name: str) -> list[str]:
    found = packet.findall(f".//rdf:Description/{name}", _NAMESPACES)
    given = [element.get(f"{{{_NAMESPACES['rdf']}}}resource") or element.text or "" for element in found]
    return [value.strip() for value in given if value.strip()]


def _prism(packet: etree._Element, local: str) -> str | None:
    """A property of PRISM, in any of its versions, each of which has a namespace of its own."""
    for element in packet.iter():
        if not isinstance(element.tag, str):
            continue
        named: Mapping[str, str] = {element.tag: "".join(map(str, element.itertext())), **_attributes(element)}
        for tag, value in named.items():
            if tag.startswith(tuple(f"{{{start}" for start in _PRISM)) and tag.endswith(f"}}{local}") and value.strip():
                return value.strip()
    return None


def _attributes(element: etree._Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items()}


def _doi(packet: etree._Element) -> str | None:
    doi = (_prism(packet, "doi") or "").removeprefix("doi:").strip()
    return f"https://doi.org/{doi}" if regex.fullmatch(r"10\.\d{4,9}/\S+", doi) else None


def _dated(packet: etree._Element) -> str | None:
    """``dc:date``, where it isn't the time when the file was made, which programs put there as well."""
    of_file = {
        *_values(packet, "xmp:CreateDate"),
        *_values(packet, "xmp:ModifyDate"),
        *_values(packet, "xmp:MetadataDate"),
    }
    dates = [value for value in _values(packet, "dc:date") if value not in of_file]
    return dates[0] if len(dates) == 1 else None
