"""Formats other than delimited text: JSON, workbooks and Parquet, as tables of texts in file order.

The format is detected from the content. DuckDB itself reads delimited text, see `loading.reading`.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from thermocline.files.content import Unreadable

DELIMITED, JSON, WORKBOOK, PARQUET = "delimited", "json", "workbook", "parquet"
ZIP_MARK, PARQUET_MARK, OLE_MARK = b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
EMPTY_ZIP_MARK = b"PK\x05\x06"
JSON_STARTS = (b'{"', b'[{"', b"[]", b"{}")


@dataclass(frozen=True)
class Table:
    """One table of a file: a workbook's sheet, the records at a path of a JSON document, or all.

    `name` is the sheet's or the path, else empty. `records` counts the rows below the header.
    `is_regular` says whether DuckDB may read it without looking at each record.
    """

    name: str
    header: tuple[str, ...]
    records: int
    is_regular: bool = False


@dataclass(frozen=True)
class Row:
    """A record's cells as texts, None for blank; `reason` and `text` if it is refused."""

    cells: list[str | None]
    reason: str | None = None
    text: str = ""


def format_of(head: bytes) -> str:
    """Return the format that a file's unpacked head shows; a zip archive counts as a workbook here.

    Raise Unreadable for an encrypted workbook, or one in the format before .xlsx.
    """
    if head.startswith(OLE_MARK):
        raise Unreadable("is an old or encrypted Excel workbook: save it as .xlsx without a password")
    if head.startswith(PARQUET_MARK):
        return PARQUET
    if head.startswith(ZIP_MARK):
        return WORKBOOK
    start = b"".join(head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").split(None, 8)[:8])
    return JSON if start.startswith(JSON_STARTS) else DELIMITED


def tables(format_: str, path: Path, paths: Collection[str]) -> list[Table]:
    """Return the tables of an unpacked file; of JSON the records themselves and those at `paths`.

    Raise Unreadable if the file can't be read in its format.
    """
    if format_ == JSON:
        from thermocline.files.formats import json_records

        return json_records.tables(path, paths)
    if format_ == WORKBOOK:
        from thermocline.files.formats import workbook

        return workbook.tables(path)
    from thermocline.files.formats import parquet

    return [parquet.table(path)]


def rows(format_: str, path: Path, name: str, header: tuple[str, ...]) -> Iterator[Row]:
    """Yield one row per record of a table, in file order, with cells in the header's order."""
    if format_ == JSON:
        from thermocline.files.formats import json_records

        return json_records.rows(path, name, header)
    if format_ == WORKBOOK:
        from thermocline.files.formats import workbook

        return workbook.rows(path, name, header)
    from thermocline.files.formats import parquet

    return parquet.rows(path, header)
