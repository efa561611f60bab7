"""PDF: the text in the order in which it is read, in paragraphs, and the page on which each begins.

What a page says is worked out from where its letters are drawn (``corpus.formats.pdf_drawing``, ``pdf_layout``,
``pdf_furniture``, ``pdf_paragraphs``). A file of which a part can't be read is refused whole: nobody would see what is
missing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO

import regex
from pypdf import PdfReader, apply_configuration
from pypdf.errors import PyPdfError

from corpus.document import Document, Member
from corpus.errors import UnreadableArticle
from corpus.formats.pdf_drawing import Drawing, Drawn
from corpus.formats.pdf_fonts import UNKNOWN
from corpus.formats.pdf_furniture import usual_size, without_furniture
from corpus.formats.pdf_layout import Line, in_order, segments
from corpus.formats.pdf_metadata import stated
from corpus.formats.pdf_paragraphs import compose, heading
from corpus.formats.properties import is_title
from corpus.statements import Statement, leniently

MAX_PAGES = 5000
MAX_STREAM_BYTES = 64 * 2**20
"""The most that one stream may unpack to."""

_MOST_UNKNOWN = 0.1
"""The greatest part of a text that may be letters of which the file doesn't say which they are."""

_LINEARIZED = regex.compile(rb"/Linearized\b[^>]*?/L\s+(\d+)")
_AGAIN = "get it again, or open it in a viewer and print it to a new PDF"
_OCR = "run it through OCR first, as with ocrmypdf"


def read(member: Member) -> Document:
    """The text of all pages, what the file's properties say, and the largest letters of the first page as its title if
    these don't have one."""
    _refuse_cut_off(member.content)
    with _quiet_and_bounded():
        try:
            return _document(PdfReader(BytesIO(member.content)))
        except (UnreadableArticle, MemoryError):
            raise
        except RecursionError:
            raise UnreadableArticle(f"a PDF that loops, or is nested too deep; {_AGAIN}") from None
        except Exception as error:  # noqa: BLE001 - of damaged files pypdf raises whatever they lead to
            if "cyclic" in str(error).lower():
                raise UnreadableArticle(f"a PDF that loops: its pages lead in a circle; {_AGAIN}") from None
            raise UnreadableArticle(f"a damaged PDF ({_reason(error)}); {_AGAIN}") from None


def _refuse_cut_off(content: bytes) -> None:
    """pypdf would read the pages that are there, and nobody would know that others are missing."""
    if b"%PDF-" not in content[:1024]:
        raise UnreadableArticle("not a PDF: it doesn't begin like one; look what it is")
    linearized = _LINEARIZED.search(content[:2048])
    short = linearized is not None and int(linearized[1]) > len(content)
    if short or b"startxref" not in content[-2048:]:
        raise UnreadableArticle(f"a PDF that is cut off: its end is missing; {_AGAIN}")


@contextmanager
def _quiet_and_bounded() -> Iterator[None]:
    """What pypdf would say on the console is left unsaid, and no stream unpacks to more than ``MAX_STREAM_BYTES``."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with apply_configuration(
            zlib_maximum_output_length=MAX_STREAM_BYTES,
            lzw_maximum_output_length=MAX_STREAM_BYTES,
            run_length_maximum_output_length=MAX_STREAM_BYTES,
            array_based_stream_maximum_output_length=MAX_STREAM_BYTES,
            page_tree_maximum_entries=4 * MAX_PAGES,
            disable_legacy_handling=True,
        ):
            yield
    finally:
        logger.setLevel(level)


def _reason(error: Exception) -> str:
    said = " ".join(str(error).split())[:100]
    return said if isinstance(error, PyPdfError) and said else "its parts don't fit together"


def _document(reader: PdfReader) -> Document:
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableArticle("a PDF that is encrypted with a password; save it without one")
    drawn = _drawn(reader)
    _refuse_without_text(drawn)
    labels = _labels(reader, len(drawn))
    lines = [in_order(page) for page in without_furniture([segments(page.runs) for page in drawn], labels)]
    text, pages = compose(lines, labels)
    return Document(text=text, said=_said(reader, lines), pages=pages)


def _drawn(reader: PdfReader) -> list[Drawn]:
    pages = reader.pages
    if len(pages) == 0:
        raise UnreadableArticle(f"a PDF without pages; {_AGAIN}")
    if len(pages) > MAX_PAGES:
        raise UnreadableArticle(f"a PDF of {len(pages)} pages, more than {MAX_PAGES}; split it")
    drawing = Drawing()
    return [drawing.page(page) for page in pages]


def _refuse_without_text(drawn: Sequence[Drawn]) -> None:
    """Refuses what would be an article only in part: scans, and text of which nobody can tell the letters."""
    text = "".join(run.text for page in drawn for run in page.runs)
    scanned = sum(not page.runs and page.images > 0 for page in drawn)
    if not text.strip():
        what = f"{scanned} pages of images" if scanned else f"{len(drawn)} pages, with nothing or with drawings on them"
        raise UnreadableArticle(f"a {'scanned ' if scanned else ''}PDF without text ({what}): {_OCR}")
    if 2 * scanned > len(drawn):
        raise UnreadableArticle(f"a scanned PDF: {scanned} of its {len(drawn)} pages are images without text: {_OCR}")
    if text.count(UNKNOWN) > _MOST_UNKNOWN * len(text):
        raise UnreadableArticle(f"a PDF that doesn't say which letters its glyphs are; {_OCR} (with --force-ocr)")


def _labels(reader: PdfReader, count: int) -> list[str]:
    """What is printed on the pages, as far as the file says it; else their numbers."""
    try:
        labels = [" ".join(label.split()) for label in reader.page_labels]
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        labels = []  # a damaged table of labels is no reason to do without the text
    numbers = [str(number) for number in range(1, count + 1)]
    return [label or number for label, number in zip(labels, numbers, strict=True)] if len(labels) == count else numbers


def _said(reader: PdfReader, pages: Sequence[Sequence[Line]]) -> dict[str, Statement]:
    said = stated(reader)
    if "title" not in said:
        found = heading(pages[0], usual_size(line for lines in pages for line in lines))
        if found and is_title(found):
            said |= leniently({"title": found}, "heading")
    return said
