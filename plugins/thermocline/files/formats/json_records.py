"""JSON: one record a line, an array of records, or pages of an API's lists.

A nested field is a column named by its dotted path. Records inside a record, an invoice's lines,
are a table of their own: a row per inner record, with the columns of the outer one beside it.
Numbers keep the digits that the file has; one with an exponent is written without, `1e3` as 1000.
"""

import json
from collections.abc import Collection, Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from thermocline.files.content import CHUNK, Unreadable, guessed_encoding
from thermocline.files.formats import Row, Table
from thermocline.files.records import NUL

LONGEST_DOCUMENT = 256 << 20
LONGEST_NUMBER = 40
# The keys of an API's page beside its records; an object with any other key is a record.
PAGE_LISTS = ("data", "results", "items")
PAGE_KEYS = {
    *("object", "has_more", "url", "paging", "page", "pages", "per_page", "limit", "offset", "count"),
    *("total", "total_count", "totalCount", "size", "next", "next_page", "next_url", "previous"),
    *("cursor", "next_cursor", "meta", "links", "_links", "status", "success", "warnings"),
}
NO_JSON = "is not JSON"
NO_RECORD = "is not a record"
BROKEN_CHARACTER = "holds half a character"
TOO_DEEP = "is nested too deeply"
NAMED_TWICE = "names a key twice"

Fields = dict[str, Any]


class _Ambiguous(dict[str, Any]):
    """An object with a duplicate key: which of the values is meant is unknown."""


class _Parser:
    """Parse JSON values; `is_ambiguous` is whether the last one contains an object with a duplicate key."""

    def __init__(self) -> None:
        self.is_ambiguous = False
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=_fraction, parse_int=str, parse_constant=str
        )

    def value(self, text: str) -> Any:
        self.is_ambiguous = False
        return self._decoder.decode(text)

    def first_value(self, text: str) -> tuple[Any, int]:
        """Return the value at the start of a text, and where it ends."""
        self.is_ambiguous = False
        return self._decoder.raw_decode(text)

    def _object(self, pairs: list[tuple[str, Any]]) -> Fields:
        fields = dict(pairs)
        if len(fields) == len(pairs):
            return fields
        self.is_ambiguous = True
        return _Ambiguous(fields)


def _fraction(digits: str) -> str:
    """Return a number's text without an exponent, unless that would exceed LONGEST_NUMBER digits."""
    if "e" not in digits.lower():
        return digits
    number = Decimal(digits)
    return format(number, "f") if abs(number.adjusted()) < LONGEST_NUMBER else digits


def tables(path: Path, paths: Collection[str]) -> list[Table]:
    """Return the records' table, named '', and one per path of `paths` with inner records.

    Raise Unreadable if the file isn't JSON, or contains something other than records.
    """
    headers: dict[str, dict[str, None]] = {name: {} for name in ("", *paths)}
    counts = dict.fromkeys(headers, 0)
    for value in _values(path):
        for name, header in headers.items():
            if isinstance(value, Row):
                counts[name] += not name
                continue
            for fields in _flattened(value, name):
                counts[name] += 1
                header.update(dict.fromkeys(fields))
    return [Table(name, tuple(headers[name]), counts[name]) for name in headers if headers[name] or not name]


def rows(path: Path, name: str, header: tuple[str, ...]) -> Iterator[Row]:
    """Yield one row per record of a table."""
    for value in _values(path):
        if not isinstance(value, Row):
            for fields in _flattened(value, name):
                yield _row([_text(fields.get(column)) for column in header])
        elif not name:
            yield value


def _row(cells: list[str | None]) -> Row:
    for cell in cells:
        if cell is None:
            continue
        if "\0" in cell:
            return Row(cells, NUL, cell)
        if not cell.isascii() and any("\ud800" <= letter <= "\udfff" for letter in cell):
            return Row(cells, BROKEN_CHARACTER, ascii(cell))
    return Row(cells)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def _flattened(record: Fields, name: str) -> Iterator[Fields]:
    """Yield the record's fields by dotted path; for an inner table once per inner record.

    Lists of records may stand inside lists of records: `name` leads through all of them.
    """
    if not name or not _beginnings(name).isdisjoint(record):
        yield from _rows({}, record, "", name)


@lru_cache
def _beginnings(name: str) -> frozenset[str]:
    """Return a dotted path and all its prefixes; a record without any of these keys has no rows there."""
    parts = name.split(".")
    return frozenset(".".join(parts[:n]) for n in range(1, len(parts) + 1))


def _rows(outer: Fields, value: Any, at: str, name: str) -> Iterator[Fields]:
    """Yield the rows of the value at a path, each with the fields of the outer records."""
    fields: Fields = {}
    inner: list[tuple[str, Any]] = []

    def add(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                add(item, f"{path}.{key}" if path else key)
        elif isinstance(value, list) and path != at and (path == name or name.startswith(f"{path}.")):
            inner.extend((path, item) for item in value)
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            fields[path] = None
        else:
            fields[path] = value

    add(value, at)
    if at == name:
        yield outer | fields
    elif inner:
        around = outer | fields
        for path, item in inner:
            yield from _rows(around, item, path, name)


def _values(path: Path) -> Iterator[Fields | Row]:
    """Yield the file's records, and a refused row per line that isn't a record."""
    with path.open("rb") as file:
        encoding = guessed_encoding(file.read(CHUNK)) or "utf-8-sig"
    try:
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="\n") as text:
            yield from _lines(text) if _is_lines(text) else _documents(text)
    except UnicodeError as error:
        raise Unreadable(f"isn't {encoding.removesuffix('-sig')} throughout: export it as UTF-8") from error
    except RecursionError as error:
        raise Unreadable(f"{TOO_DEEP} to be read") from error


def _is_lines(text: TextIO) -> bool:
    """Return whether the first line that isn't blank is a whole record."""
    is_lines = False
    try:
        line = next((line for line in iter(lambda: text.readline(LONGEST_DOCUMENT), "") if line.strip()), "")
        is_lines = isinstance(_Parser().value(line), dict)
    except (ValueError, RecursionError):
        pass
    text.seek(0)
    return is_lines


def _lines(text: TextIO) -> Iterator[Fields | Row]:
    parser = _Parser()
    for line in iter(lambda: text.readline(LONGEST_DOCUMENT), ""):
        if not line.strip():
            continue
        try:
            value = parser.value(line)
        except RecursionError:
            yield Row([], TOO_DEEP, line.strip())
        except ValueError:
            yield Row([], NO_JSON, line.strip())
        else:
            yield from _records(value, line, parser.is_ambiguous)


def _documents(text: TextIO) -> Iterator[Fields | Row]:
    """One value after the other, however it is laid out; an array's elements one by one."""
    parser = _Parser()
    pending, found, in_array, size = "", 0, False, CHUNK
    while True:
        pending = pending.lstrip(" \t\r\n,]" if in_array else " \t\r\n")
        if pending.startswith("[") and not in_array and not found:
            pending, in_array = pending[1:], True
            continue
        try:
            value, end = parser.first_value(pending) if pending else (None, 0)
        except ValueError as error:
            more = text.read(size)
            if not more or len(pending) > LONGEST_DOCUMENT:
                reason = "isn't whole JSON" if not more else "holds a document that is too long"
                raise Unreadable(f"{reason} after record {found}: export it again") from error
            pending, size = pending + more, size * 2
            continue
        if not end:
            pending = text.read(CHUNK)
            if not pending:
                return
            continue
        if not isinstance(value, dict):
            raise Unreadable(f"holds something else than records after record {found}")
        for record in _records(value, pending[:end], parser.is_ambiguous):
            found += 1
            yield record
        pending, size = pending[end:], CHUNK


def _records(value: Any, text: str, is_ambiguous: bool) -> Iterator[Fields | Row]:
    """The records of one value: those of an API's page, else itself; ambiguous ones are refused."""
    if not isinstance(value, dict):
        yield Row([], NO_RECORD, text.strip())
        return
    for key in PAGE_LISTS:
        if isinstance(value.get(key), list) and PAGE_KEYS.issuperset(value.keys() - {key}):
            if isinstance(value, _Ambiguous):
                break
            for item in value[key]:
                if not isinstance(item, dict):
                    yield Row([], NO_RECORD, json.dumps(item))
                elif is_ambiguous and _is_ambiguous(item):
                    yield Row([], NAMED_TWICE, json.dumps(item))
                else:
                    yield item
            return
    yield Row([], NAMED_TWICE, text.strip()) if is_ambiguous and _is_ambiguous(value) else value


def _is_ambiguous(value: Any) -> bool:
    """Whether an object in it names a key twice."""
    if isinstance(value, list):
        return any(map(_is_ambiguous, value))
    return isinstance(value, _Ambiguous) or (
        isinstance(value, dict) and any(map(_is_ambiguous, value.values()))
    )
