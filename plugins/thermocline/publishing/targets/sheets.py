"""The sheets of a workbook: text stays text, dates are dates, numbers have a format that people read."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from thermocline.candidates import contract, hashing
from thermocline.publishing.targets import Edition, Progress, stamped
from thermocline.sql import quoted

SHEETS = {
    contract.PUBLICATION: "is_current desc, publication_id desc",
    "account_segments": "temperature desc, heat desc, account_id",
    "group_segments": "temperature desc, heat desc, group_id",
    "segment_summary": "as_of_date desc, temperature desc, relationship",
    "segment_transitions": "changed_on desc, account_id",
}
"""The tables that a workbook holds, in the order of its sheets, and the order of their rows."""

ROWS_PER_SHEET = 1_048_576
"""The rows that Excel can open, the header included."""

FIRST_DAY = "1900-03-01"
"""Excel has no days before 1900, and counts a 29 February 1900 that did not exist."""

LONGEST_TEXT = 32_767
WIDEST = 60
FORMATS = {"DATE": "yyyy-mm-dd", "TIMESTAMP": "yyyy-mm-dd hh:mm:ss"}
_AT_ONCE = 10_000
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML cannot hold."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Excel takes a text that begins so for a formula, at the latest when somebody edits the cell."""


def new_workbook(path: Path, publication_id: str, scratch: Path) -> Workbook:
    """Return a workbook that writes each row to disk (below `scratch`) as soon as the next one begins."""
    scratch.mkdir(parents=True, exist_ok=True)
    book = Workbook(str(path), {"constant_memory": True, "tmpdir": str(scratch)})
    book.set_properties(
        {
            "title": f"Accounts, publication {publication_id}",
            "subject": publication_id,
            "author": "Thermocline",
        }
    )
    return book


def fill_sheets(
    book: Workbook, connection: duckdb.DuckDBPyConnection, edition: Edition, progress: Progress
) -> None:
    """Write the tables of SHEETS, each to as many sheets as its rows need."""
    for name, (columns, made) in stamped.own_tables(edition).items():
        stamped.fill(connection, quoted(name), columns, made)
    bold, quote = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
    formats = {
        shown: book.add_format({"num_format": shown}) for shown in ("#,##0.00", "0.000", *FORMATS.values())
    }
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
        write = [_writer(formats.get(_format(kind) or ""), quote) for kind in columns.values()]
        rows = _rows(connection, f"{query} order by {', '.join(known) or 'all'}")
        row, nth = next(rows, None), 1
        while row is not None or nth == 1:
            sheet = _sheet(book, name if nth == 1 else f"{name} ({nth})", widths, bold)
            written = 1
            while row is not None and written < ROWS_PER_SHEET:
                for column, value in enumerate(row):
                    if value is not None:
                        write[column](sheet, written, column, value)
                row, written = next(rows, None), written + 1
            sheet.autofilter(0, 0, written - 1, len(columns) - 1)
            nth += 1
        progress(f"wrote {name}")


def _sheet(book: Workbook, title: str, widths: Mapping[str, int], bold: Format) -> Worksheet:
    sheet = book.add_worksheet(title)
    sheet.freeze_panes(1, 1)
    for nth, (name, width) in enumerate(widths.items()):
        sheet.set_column(nth, nth, width)
        sheet.write_string(0, nth, name, bold)
    return sheet


def _writer(shown: Format | None, quote: Format) -> Callable[[Worksheet, int, int, Any], None]:
    """Return a function that writes one cell of a column; a text is written as text, whatever it holds."""

    def write(sheet: Worksheet, row: int, column: int, value: Any) -> None:
        if isinstance(value, date) and value.year <= 1900 and value.isoformat() < FIRST_DAY:
            value = value.isoformat()
        if isinstance(value, str):
            _write_text(sheet, row, column, value, quote)
        else:
            sheet.write(row, column, value, shown)

    return write


def _write_text(sheet: Worksheet, row: int, column: int, text: str, quote: Format) -> None:
    text = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - 1] + "…"
    if text.startswith("<r>"):
        # XlsxWriter takes a text between <r> and </r> for its own markup, but escapes the parts of rich text.
        sheet.write_rich_string(row, column, text[:1], text[1:2], text[2:])
    else:
        sheet.write_string(row, column, text, quote if text.startswith(_FORMULA) else None)


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
