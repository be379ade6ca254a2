"""Read one file record by record: slower than DuckDB, but with every record's exact number."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Protocol

from thermocline.errors import ThermoclineError
from thermocline.files.content import opened

LONGEST_RECORD = 2 << 20
MOST_UNCLOSED = 50
UNCLOSED = "unexpected end of data"

TOO_FEW = "has too few columns"
TOO_MANY = "has too many columns"
STRAY_QUOTE = "has a stray quote"
OPEN_QUOTE = "has a quote that is not closed"
TOO_LONG = "is too long"
NUL = "holds a NUL byte"


class Delimited(Protocol):
    """The properties needed to split a delimited file: compression, encoding, delimiter and header."""

    @property
    def compression(self) -> str: ...

    @property
    def encoding(self) -> str: ...

    @property
    def delimiter(self) -> str: ...

    @property
    def header(self) -> tuple[str, ...]: ...


class Record(NamedTuple):
    """A record's cells, its text if known, and the reason if it is refused."""

    cells: list[str]
    reason: str | None = None
    text: str = ""


def records(path: Path, file: Delimited, skip_until_header: bool = False) -> Iterator[Record]:
    """Yield the records after the header; blank lines don't count.

    `skip_until_header`: lines above the header don't count either, and a line below it with a single
    filled cell, such as a report's footer, is padded with blank cells.

    An unclosed quote would swallow the lines up to the next quote, or to the end of the file: its line is
    refused, and reading resumes with the next line.
    """
    width = len(file.header)
    is_header = True
    for record in _split(path, file):
        if is_header:
            is_header = skip_until_header and tuple(cell.strip() for cell in record.cells) != file.header
            continue
        cells = record.cells
        if skip_until_header and sum(bool(cell.strip()) for cell in cells) == 1:
            cells = cells + [""] * (width - len(cells))
        reason = record.reason or _misfit(cells, width)
        text = record.text or file.delimiter.join(cells) if reason else ""
        yield Record(cells, reason, text)
    if is_header:
        raise ThermoclineError(
            f"{path}: the header {','.join(file.header)!r} isn't in the file: report this file"
        )


def cells_of(line: str, delimiter: str) -> list[str]:
    """Return the cells of one line, even if badly quoted; an empty list if it can't be split."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def text_of(path: Path, file: Delimited) -> io.TextIOWrapper:
    """Open a file's text, unpacked and decoded, with its line breaks unchanged."""
    encoding = "utf-8-sig" if file.encoding == "utf-8" else file.encoding
    return io.TextIOWrapper(opened(path, file.compression), encoding, newline="")


def _misfit(cells: list[str], width: int) -> str | None:
    if len(cells) != width:
        return TOO_FEW if len(cells) < width else TOO_MANY
    if any("\0" in cell for cell in cells):
        return NUL
    size = sum(map(len, cells))
    is_long = size > LONGEST_RECORD // 4 and len("".join(cells).encode()) > LONGEST_RECORD
    return TOO_LONG if is_long else None


def _split(path: Path, file: Delimited) -> Iterator[Record]:
    limit = csv.field_size_limit(1 << 30)
    skipped: int | None = 0
    unclosed = 0
    try:
        while skipped is not None:
            with text_of(path, file) as text:
                start, skipped = skipped, None
                first: list[str] = []
                lines = _remembered(islice(text, start, None), first)
                reader = csv.reader(lines, delimiter=file.delimiter, skipinitialspace=True, strict=True)
                while True:
                    before = reader.line_num
                    first.clear()
                    try:
                        cells = next(reader)
                    except StopIteration:
                        break
                    except csv.Error as error:
                        is_open = str(error) == UNCLOSED or reader.line_num > before + 1
                        yield Record(
                            cells_of(first[0], file.delimiter),
                            OPEN_QUOTE if is_open else STRAY_QUOTE,
                            first[0],
                        )
                        if not is_open or unclosed == MOST_UNCLOSED:
                            continue
                        unclosed += 1
                        skipped = start + before + 1
                        break
                    if cells:
                        # Without a quote the record is one line, which messages can quote unchanged.
                        yield Record(cells, text="" if '"' in first[0] else first[0])
    finally:
        csv.field_size_limit(limit)


def _remembered(lines: Iterable[str], first: list[str]) -> Iterator[str]:
    """Yield the lines; append to `first` the next line whenever it is empty.

    The caller clears `first` before each record, so that it has the record's first line.
    """
    for line in lines:
        if not first:
            first.append(line.rstrip("\r\n"))
        yield line
