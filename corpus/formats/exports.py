"""Exports of databases and content systems: a record a line in JSON, or a table with a head (CSV, TSV).

Each record is an article. Its bytes are its own values in JSON, by our names and in a fixed order, so that a record
that wasn't changed has the same bytes wherever in a file it stands.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import BinaryIO

import regex

from corpus.document import Member, Refusal
from corpus.errors import UnreadableArticle
from corpus.formats import columns as known
from corpus.formats.encodings import SAMPLE, encoding_of
from corpus.formats.naming import Names, name_from
from corpus.formats.registry import too_large

LONGEST = 20_000_000
"""The most code points of a line, and of a value in a table: twice as many as a record may have bytes."""

_LOOKED_AT = 100
"""How many records are looked at to see whether the keys that a sidecar names are there."""
_MOST_LOOKED_AT = 2**20

_UNDECODABLE = regex.compile(r"[\udc80-\udcff]")
_SEPARATOR = regex.compile(r"sep=([,;\t])\s*", regex.I)
_DELIMITERS = ",;\t"
_OTHER_BYTES = "not decodable: bytes that there are not in the encoding of the rest of the file; save it as UTF-8"

Row = tuple[int, Mapping[str, object]]
"""A line's number, and what it has by the export's own names."""


def members(file: BinaryIO, format_name: str, columns: Mapping[str, str]) -> Iterator[Member | Refusal]:
    """A record for each line or row. Raises ``UnreadableArticle`` for a file that can't be read on."""
    with _text(file, newline="\n" if format_name == "jsonl" else "") as text:
        rows = _objects(text) if format_name == "jsonl" else _rows(text, columns)
        if format_name == "jsonl":
            rows = _checked(rows, columns)
        names, number = Names(), 0
        for number, row in enumerate(rows, 1):
            yield row if isinstance(row, Refusal) else _member(number, row, columns, names)
        if not number:
            raise UnreadableArticle("empty: no record in it; remove it")


def _member(number: int, row: Row, columns: Mapping[str, str], names: Names) -> Member | Refusal:
    line, given = row
    values = known.mapped(given, columns)
    identifier = values.pop("id", None)
    name = name_from(identifier if isinstance(identifier, str) else "") or str(number)
    content = json.dumps(values, ensure_ascii=False, sort_keys=True).encode(errors="surrogatepass")
    reason = too_large("record", len(content)) or names.repeats(name, f"line {line}")
    return _refusal(line, reason) if reason else Member(name=name, format="record", content=content)


def _refusal(line: int, reason: str) -> Refusal:
    return Refusal(name=f"line {line}", reason=reason)


@contextmanager
def _text(file: BinaryIO, newline: str) -> Iterator[io.TextIOWrapper]:
    buffered = io.BufferedReader(file, SAMPLE)  # type: ignore[type-var]
    text = io.TextIOWrapper(buffered, encoding_of(buffered.peek()), errors="surrogateescape", newline=newline)
    try:
        yield text
    except UnicodeDecodeError as error:
        raise UnreadableArticle(f"not decodable: damaged {error.encoding} ({error.reason}); get it anew") from None
    finally:
        # The file is the caller's, who closes it.
        text.detach()
        buffered.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[tuple[int, str | None]]:
    """Each line with its number; ``None`` for one that is too long."""
    number = 0
    while line := text.readline(LONGEST):
        number += 1
        if len(line) < LONGEST:
            yield number, line
            continue
        while len(line) == LONGEST:
            line = text.readline(LONGEST)
        yield number, None


def _objects(text: io.TextIOWrapper) -> Iterator[Row | Refusal]:
    """The records of JSON lines; blank lines are none."""
    first = True
    for number, line in _lines(text):
        if line is None:
            yield _refusal(number, f"a line of more than {LONGEST} characters; split it")
        elif line.strip():
            if first:
                _refuse_other_json(line.strip())
            first = False
            yield _object(number, line)


def _refuse_other_json(line: str) -> None:
    """Raises for JSON that isn't one record a line."""
    if line.startswith("["):
        raise UnreadableArticle("one list in JSON; write each of its records on a line of its own")
    if line == "{":
        raise UnreadableArticle("JSON over several lines; write each record on one line")


def _object(number: int, line: str) -> Row | Refusal:
    if _UNDECODABLE.search(line):
        return _refusal(number, _OTHER_BYTES)
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        return _refusal(
            number, f"no JSON: {error.msg.removesuffix(' at')} at character {error.pos + 1} of the line; mend it"
        )
    except (ValueError, RecursionError):
        return _refusal(number, "JSON with a number that is too long, or nested too deep; mend it")
    if not isinstance(value, dict):
        return _refusal(number, "JSON, but no record in braces; mend it")
    return number, value


def _checked(rows: Iterator[Row | Refusal], columns: Mapping[str, str]) -> Iterator[Row | Refusal]:
    """The rows, after a look at the first of them: what the sidecar names must be a key of one of them."""
    first, size = [], 0
    for row in rows:
        first.append(row)
        size += 0 if isinstance(row, Refusal) else len(str(row[1]))
        if len(first) == _LOOKED_AT or size > _MOST_LOOKED_AT:
            break
    records = [row[1] for row in first if not isinstance(row, Refusal)]
    if records:
        _refuse_missing(columns, lambda column: any(known.has(record, column) for record in records), records)
    yield from chain(first, rows)


def _refuse_missing(
    columns: Mapping[str, str], is_there: Callable[[str], bool], records: Sequence[Mapping[str, object]]
) -> None:
    for name, column in columns.items():
        if column and not is_there(column):
            there = ", ".join(map(repr, sorted({key for record in records for key in record})[:50]))
            raise UnreadableArticle(f"its sidecar says that {name} is in {column!r}, but there are only {there}")


class _Lines:
    """The lines of a table; counts them, and the quotation marks since the last row."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._lines = _lines(text)
        self.number, self.quotes, self.ended = 0, 0, False

    def __iter__(self) -> Iterator[str]:
        for number, line in self._lines:
            self.number = number
            if line is None:
                raise UnreadableArticle(f"line {number} has more than {LONGEST} characters; is it a table?")
            self.quotes += line.count('"')
            yield line
        self.ended = True


def _rows(text: io.TextIOWrapper, columns: Mapping[str, str]) -> Iterator[Row | Refusal]:
    """The rows of a table, by the names in its head."""
    # The limit is one of the whole process, and too low for an article unless it is set.
    csv.field_size_limit(LONGEST)
    source = _Lines(text)
    lines = iter(source)
    head, delimiter = _head(lines, columns)
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        start, source.quotes = source.number + 1, 0
        row = _next(reader, start)
        if row is None:
            return
        if source.ended and source.quotes % 2 and any("\n" in cell for cell in row):
            raise _unclosed(start, "it goes on to the end of the file")
        if any(cell.strip() for cell in row):
            yield _row(start, row, head)


def _next(reader: Iterator[list[str]], start: int) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        raise _unclosed(start, str(error)) from None


def _unclosed(start: int, problem: str) -> UnreadableArticle:
    """Where the next row begins isn't known any more."""
    return UnreadableArticle(
        f"the row that begins at line {start} has no end ({problem}): a quotation mark that isn't closed? mend it"
    )


def _row(line: int, row: Sequence[str], head: Sequence[str]) -> Row | Refusal:
    if len(row) != len(head):
        return _refusal(line, f"a row of {len(row)} values, where the head has {len(head)}; mend it")
    if any("\0" in cell for cell in row):
        return _refusal(line, "a row with a NUL byte in it; export it anew")
    if any(map(_UNDECODABLE.search, row)):
        return _refusal(line, _OTHER_BYTES)
    return line, dict(zip(head, row, strict=True))


def _head(lines: Iterator[str], columns: Mapping[str, str]) -> tuple[Sequence[str], str]:
    """The names in the head, and what parts them: what gives the most that are known."""
    source, separator = "", None
    for line in lines:
        if not source and not separator and (separator := _SEPARATOR.fullmatch(line)):
            continue
        source += line
        # Names may be quoted and hold ends of lines.
        if (source.strip() and source.count('"') % 2 == 0) or len(source) > SAMPLE:
            break
    found = [(_names(source, one), one) for one in (separator[1] if separator else _DELIMITERS)]
    names, delimiter = max(found, key=lambda pair: (known.count(pair[0], columns), len(pair[0])))
    _check_head(names, columns)
    return names, delimiter


def _names(source: str, delimiter: str) -> list[str]:
    return [name.strip() for name in next(csv.reader(io.StringIO(source, newline=""), delimiter=delimiter), [])]


def _check_head(names: Sequence[str], columns: Mapping[str, str]) -> None:
    if not names:
        raise UnreadableArticle("empty: no record in it; remove it")
    twice = next((name for name, count in Counter(names).items() if name and count > 1), None)
    if twice:
        raise UnreadableArticle(f"two of its columns are called {twice!r}; rename one")
    head = dict.fromkeys(names, "")
    _refuse_missing(columns, lambda column: known.has(head, column), [head])
    if not known.column("text", head, columns):
        there = ", ".join(map(repr, names[:20]))[:200] if "".join(names).isprintable() else "other bytes than of texts"
        raise UnreadableArticle(
            f"none of its columns is known to hold the text; its first line must name them, and it has {there}; "
            'say in a sidecar which one it is: [columns] text = "…"'
        )
