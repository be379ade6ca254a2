"""The sheets of a workbook: text stays text, dates are dates, numbers have a format that people read."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import duckdb
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from thermocline import contract, hashing
from thermocline.hashing import quoted
from thermocline.targets import Edition, Progress, stamped

SHEETS = {
    contract.PUBLICATION: "is_current desc, publication_id desc",
    "account_segments": "temperature desc, heat desc, account_id",
    "group_segments": "temperature desc, heat desc, group_id",
    "segment_summary": "as_of_date desc, temperature desc, relationship",
    "segment_transitions": "changed_on desc, account_id",
}
"""The tables that a workbook holds, in the order of its sheets, and the order of their rows."""

ROWS_PER_SHEET = 1_048_576
"""What Excel can open, with the header."""

FIRST_DAY = "1900-03-01"
"""Before it Excel has no days, or counts a 29th of February that wasn't."""

LONGEST_TEXT = 32_767
WIDEST = 60
FORMATS = {"DATE": "yyyy-mm-dd", "TIMESTAMP": "yyyy-mm-dd hh:mm:ss"}
_AT_ONCE = 10_000
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What no XML can hold."""
_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
"""How a text begins that Excel would take for another character."""
# Excel would take a text that begins so for a formula, at the latest when somebody edits the cell.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def new_workbook(publication_id: str) -> Workbook:
    """A workbook to which rows can only be appended, so that its size doesn't matter."""
    book = Workbook(write_only=True)
    book.properties.identifier = publication_id
    book.properties.title = f"Accounts, publication {publication_id}"
    book.properties.creator = "Thermocline"
    return book


def fill_sheets(
    book: Workbook, connection: duckdb.DuckDBPyConnection, edition: Edition, progress: Progress
) -> None:
    """Write the tables of SHEETS, each to as many sheets as its rows need."""
    for name, (columns, made) in stamped.own_tables(edition).items():
        stamped.fill(connection, quoted(name), columns, made)
    for name, order in SHEETS.items():
        if name in edition.tables:
            query = stamped.query(edition, name)
        elif name == contract.PUBLICATION:
            query = f"select * from {quoted(name)}"
        else:
            continue
        columns = hashing.columns_of(connection, f"({query})")
        known = [term for term in order.split(", ") if term.split()[0] in columns]
        widths = _widths(connection, query, columns)
        rows = _rows(connection, f"{query} order by {', '.join(known) or 'all'}")
        row, nth = next(rows, None), 1
        while row is not None or nth == 1:
            sheet = _sheet(book, name if nth == 1 else f"{name} ({nth})", columns, widths)
            cells = [_Cell(sheet, kind) for kind in columns.values()]
            written = 1
            while row is not None and written < ROWS_PER_SHEET:
                sheet.append([cell.holding(value) for cell, value in zip(cells, row, strict=True)])
                row, written = next(rows, None), written + 1
            sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{written}"
            nth += 1
        progress(f"wrote {name}")


def _sheet(book: Workbook, title: str, columns: Mapping[str, str], widths: Mapping[str, int]) -> Any:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "B2"
    for nth, name in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(nth)].width = widths[name]
    header = []
    for name in columns:
        cell = WriteOnlyCell(sheet, name)
        cell.font = Font(bold=True)
        header.append(cell)
    sheet.append(header)
    return sheet


class _Cell:
    """One column's cell, used again for each of its rows: a row is written when it is appended."""

    def __init__(self, sheet: Any, kind: str) -> None:
        self.plain = WriteOnlyCell(sheet)
        self.text = WriteOnlyCell(sheet)
        self.text.quotePrefix = True
        if shown := _format(kind):
            self.plain.number_format = shown

    def holding(self, value: Any) -> Any:
        cell = self.plain
        if isinstance(value, date) and value.year <= 1900 and value.isoformat() < FIRST_DAY:
            value = value.isoformat()
        if isinstance(value, str):
            value = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", value)
            if len(value) > LONGEST_TEXT:
                value = value[: LONGEST_TEXT - 1] + "…"
            value = _ESCAPED.sub("_x005F_", value)
            cell = self.text if value.startswith(_FORMULA) else self.plain
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"
        return cell


def _format(kind: str) -> str | None:
    if decimals := re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", kind):
        return "#,##0.00" if decimals[1] == "4" else "0.000"
    return FORMATS.get(kind)


def _widths(connection: duckdb.DuckDBPyConnection, query: str, columns: Mapping[str, str]) -> dict[str, int]:
    lengths = ", ".join(f"coalesce(max(length({quoted(name)}::varchar)), 0)" for name in columns)
    found = connection.execute(f"select {lengths} from ({query})").fetchall()[0]
    return {
        name: min(WIDEST, max(len(name) + 4, int(length) + 2))
        for name, length in zip(columns, found, strict=True)
    }


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute(query)
    while found := cursor.fetchmany(_AT_ONCE):
        yield from found
