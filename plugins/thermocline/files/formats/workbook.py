"""Excel workbooks, read by openpyxl as values, row by row.

The header is a sheet's first row with more than one filled cell, or its first filled one. A merged
cell's value counts for its first cell only, so that no amount is counted twice.
"""

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import repeat, zip_longest
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from thermocline.files.content import CHUNK, Unreadable
from thermocline.files.formats import Row, Table
from thermocline.files.records import NUL

UNCOMPUTED_FORMULA = "has a formula without a value"
BEYOND_HEADER = "has too many columns"
TITLE_ROWS = 50

Cells = tuple[Any, ...]


def tables(path: Path) -> list[Table]:
    """A table per sheet with a header. Raises Unreadable where it is no whole workbook."""
    found = []
    with _opened(path) as (values, formulas):
        for sheet in values.worksheets:
            data = _data(sheet, formulas[sheet.title] if formulas else None)
            header = _header(next(data, ((), ()))[0])
            if header:
                found.append(Table(sheet.title, header, sum(1 for _ in data)))
    if not found:
        raise Unreadable("is empty")
    return found


def rows(path: Path, name: str, header: tuple[str, ...]) -> Iterator[Row]:
    """The records of one sheet; a record with a formula that was never worked out is refused."""
    with _opened(path) as (values, formulas):
        data = _data(values[name], formulas[name] if formulas else None)
        next(data, None)
        for cells, sources in data:
            yield _row(cells, len(header), sources)


def _row(row: Cells, width: int, formulas: Cells) -> Row:
    cells = [_text(cell) for cell in row]
    for cell, value in zip_longest(formulas, cells[: len(formulas)]):
        if _is_formula(cell) and value is None:
            at = f"{get_column_letter(cell.column)}{cell.row}"
            return Row(cells[:width], UNCOMPUTED_FORMULA, f"{at}: {_formula(cell.value)}")
    for value in cells:
        if value is not None and "\0" in value:
            return Row(cells[:width], NUL, value)
    if any(value is not None for value in cells[width:]):
        return Row(cells[:width], BEYOND_HEADER, ",".join(value or "" for value in cells))
    return Row(cells[:width] + [None] * (width - len(cells)))


def _is_formula(cell: Any) -> bool:
    return getattr(cell, "data_type", None) == "f"


def _formula(value: Any) -> str:
    return str(getattr(value, "text", value))


def _text(cell: Any) -> str | None:
    """A cell's value as text: dates as ISO, numbers with the fewest digits that give them back."""
    value = cell.value
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return str(int(value)) if whole else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime):
        return (value.date() if value.time() == time() else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return _unescaped(str(value))


def _unescaped(text: str) -> str:
    """Control characters stand as _x0000_ in a workbook's XML."""
    if "_x" not in text:
        return text
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda code: chr(int(code.group(1), 16)), text)


def _header(row: Cells) -> tuple[str, ...]:
    names = [(_text(cell) or "").strip() for cell in row]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _data(sheet: Any, formulas: Any) -> Iterator[tuple[Cells, Cells]]:
    """The rows that aren't blank, from the header on, each with its formulas where there are any."""
    sources = formulas.iter_rows() if formulas else repeat(())
    pairs = (
        (row, source)
        for row, source in zip(sheet.iter_rows(), sources, strict=False)
        if any(cell.value not in (None, "") for cell in row) or any(map(_is_formula, source))
    )
    titles = []
    for pair in pairs:
        titles.append(pair)
        if sum(cell.value not in (None, "") for cell in pair[0]) > 1:
            titles = [pair]
            break
        if len(titles) > TITLE_ROWS:
            break
    yield from titles
    yield from pairs


def _has_formulas(path: Path) -> bool:
    """Whether any sheet holds a formula: only then it is read a second time."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with archive.open(name) as file:
                    last = b""
                    while chunk := file.read(CHUNK):
                        if b"<f>" in last + chunk or b"<f " in last + chunk:
                            return True
                        last = chunk[-2:]
    return False


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """The workbook of values, and that of formulas where there are any."""
    with ExitStack() as stack:
        try:
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            books = []
            for data_only in (True, False)[: 1 + _has_formulas(path)]:
                # By its name it would refuse what lies under a name without .xlsx.
                file = stack.enter_context(path.open("rb"))
                book = openpyxl.load_workbook(file, read_only=True, data_only=data_only, keep_links=False)
                stack.callback(book.close)
                for sheet in book.worksheets:
                    sheet.reset_dimensions()
                books.append(book)
            yield books[0], books[1] if len(books) > 1 else None
        except Exception as error:
            # openpyxl lets through whatever a malformed part of the archive makes it stumble over.
            raise Unreadable(f"isn't a whole workbook ({type(error).__name__})") from error
