"""Files as they have landed, and the careful way to read them: split into records here.

That is for text that DuckDB's scan (see `scanning`) can't read, or not with sure numbers, and for all
JSON and workbooks; Parquet is read by DuckDB.
"""

import csv
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from thermocline.errors import ContentChanged, ThermoclineError
from thermocline.files import formats
from thermocline.files.content import CHUNK, PLAIN
from thermocline.files.formats import DELIMITED, parquet
from thermocline.files.records import LONGEST_RECORD, TOO_LONG, Record, records, text_of
from thermocline.landing.arrivals import Arrival
from thermocline.landing.parts import readable
from thermocline.loading.conversion import LONGEST_VALUE, Conversion
from thermocline.mapping.model import Feed
from thermocline.sql import exactly, literal


@dataclass(frozen=True)
class Reject:
    """A record that can't be split into its columns.

    `is_line` says that it is one line without a quote: whoever reads the file takes it for that record.
    """

    record: int
    reason: str
    value: str
    document_id: str | None = None
    is_line: bool = False


@dataclass
class Staged:
    """Records of files of one header in a temporary table; see `Conversion.select` for its columns.

    `records` has each file's number of records, `rejects` those that can't be split into columns.
    A null `record` in the table stands for the row's position among its file's rows, rejects
    counted in.
    """

    table: str
    conversion: Conversion
    arrivals: list[Arrival]
    records: dict[int, int]
    rejects: dict[int, list[Reject]] = field(default_factory=dict)


def check_whole(arrival: Arrival) -> None:
    """Raise ContentChanged for a landed copy that isn't whole."""
    size = arrival.path.stat().st_size if arrival.path.is_file() else None
    if size != arrival.file.bytes:
        raise ContentChanged(
            f"{arrival.path}, the landed copy of {arrival.source_file!r}, has {size} bytes instead "
            f"of {arrival.file.bytes}: restore it from a backup"
        )


def unpacked(arrival: Arrival, scratch: Path) -> Arrival:
    """The file where DuckDB and `records` can read it."""
    path, file = readable(arrival.path, arrival.file, scratch)
    return replace(arrival, path=path, file=file)


def stage_columnar(
    connection: duckdb.DuckDBPyConnection, conversion: Conversion, arrivals: list[Arrival]
) -> Staged:
    """Stage Parquet files; every value of theirs was decoded once at landing."""
    staged = Staged(fresh("staged"), conversion, arrivals, {a.file_id: a.file.records for a in arrivals})
    staged.rejects = {arrival.file_id: [] for arrival in arrivals}
    files = (
        f"select {arrival.file_id} as file, * from {parquet.relation(arrival.path, conversion.header)}"
        for arrival in arrivals
    )
    _create(connection, staged.table, conversion, f"({' union all '.join(files)})", "file", "record_number")
    return staged


def _create(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    conversion: Conversion,
    reader: str,
    file_id: str,
    record: str,
) -> None:
    connection.execute(f"set TimeZone = {literal(conversion.zone)}")
    try:
        connection.execute(f"create temp table {table} as {conversion.select(reader, file_id, record)}")
    finally:
        connection.execute("set TimeZone = 'UTC'")


def reader_of(
    paths: Iterable[Path],
    width: int,
    delimiter: str,
    packing: str,
    rejects: str,
    first: tuple[str, ...] = (),
    longest: int = LONGEST_RECORD,
) -> str:
    names = [*first, *(f"c{n}" for n in range(width))]
    columns = ", ".join(f"'{name}': 'varchar'" for name in names)
    files = ", ".join(literal(exactly(path)) for path in paths)
    return (
        f"read_csv([{files}], auto_detect = false, header = true, delim = {literal(delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{columns}}}, compression = {literal(packing)}, "
        "hive_partitioning = false, null_padding = false, strict_mode = true, "
        f"store_rejects = true, rejects_table = '{rejects}', rejects_scan = '{rejects}_scans', "
        f"rejects_limit = 0, max_line_size = {longest})"
    )


def stage(
    connection: duckdb.DuckDBPyConnection,
    conversion: Conversion,
    arrivals: list[Arrival],
    scratch: Path,
) -> Staged:
    """Stage files, each record with its number, with the session's rows in order.

    They are written down again in the one dialect that nobody can misread.
    """
    staged = Staged(fresh("staged"), conversion, arrivals, {})
    scratch.mkdir(parents=True, exist_ok=True)
    target = scratch / f"{fresh('records')}.csv"
    width = len(conversion.header)
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            out.writerow(range(width + 2))
            written = sum(_rewrite(arrival, staged, out) for arrival in arrivals)
        reader = reader_of(
            [target],
            width,
            ",",
            PLAIN,
            fresh("rejects"),
            ("file", "record_number"),
            3 * LONGEST_RECORD,
        )
        _create(
            connection,
            staged.table,
            conversion,
            reader,
            "cast(file as integer)",
            "cast(record_number as bigint)",
        )
    finally:
        target.unlink(missing_ok=True)
    found = connection.execute(f"select count(*) from {staged.table}").fetchone()
    if found != (written,):
        raise ThermoclineError(
            f"{found} of {written} records of {arrivals[0].source_file!r} and "
            f"{len(arrivals) - 1} other files could be read again; report these files"
        )
    return staged


def _rewrite(arrival: Arrival, staged: Staged, out: Any) -> int:
    """Write a file's good records to `out`, note the others; how many were written."""
    file_id, number = arrival.file_id, 0
    rejects = staged.rejects[file_id] = []
    for number, record in enumerate(_records(arrival, staged.conversion.feed), 1):
        if record.reason is None:
            out.writerow([file_id, number, *record.cells])
        else:
            document = staged.conversion.document(record.cells)
            rejects.append(Reject(number, record.reason, record.text[:LONGEST_VALUE], document))
    staged.records[file_id] = number
    return number - len(rejects)


def _records(arrival: Arrival, feed: Feed) -> Iterator[Record]:
    file = arrival.file
    if file.format == DELIMITED:
        yield from records(arrival.path, file, feed.skip_until_header)
        return
    found = 0
    for row in formats.rows(file.format, arrival.path, file.part, file.header):
        found += 1
        cells = ["" if cell is None else cell for cell in row.cells]
        size = sum(map(len, cells))
        is_long = size > LONGEST_RECORD // 4 and sum(len(cell.encode()) for cell in cells) > LONGEST_RECORD
        reason = row.reason or (TOO_LONG if is_long else None)
        yield Record(cells, reason, row.text or ",".join(cells) if reason else "")
    if found != file.records:
        raise ThermoclineError(
            f"{arrival.source_file!r} had {file.records} records when it landed and has {found} now: "
            "report this file"
        )


def as_utf8(arrival: Arrival, scratch: Path) -> Path:
    """A copy in UTF-8 where the file is in another encoding."""
    if arrival.file.encoding == "utf-8":
        return arrival.path
    scratch.mkdir(parents=True, exist_ok=True)
    target = scratch / f"{arrival.file_id}.utf-8.csv"
    with (
        text_of(arrival.path, arrival.file) as source,
        target.open("w", encoding="utf-8", newline="") as file,
    ):
        while chunk := source.read(CHUNK):
            file.write(chunk)
    return target


def fresh(purpose: str) -> str:
    return f"{purpose}_{uuid.uuid4().hex}"
