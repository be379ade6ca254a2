"""Files into a typed staging table, with each record's number, in few statements.

Delimited text and Parquet are read by DuckDB, many files at once. Its count is compared with the
one made at landing; a text on which they differ, or with records that it refuses, is read again
record by record, as all JSON and workbooks are.
"""

import csv
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from thermocline.errors import ContentChanged, ThermoclineError
from thermocline.sources import formats
from thermocline.sources.content import CHUNK, PLAIN
from thermocline.sources.conversion import LONGEST_VALUE, Conversion
from thermocline.sources.formats import DELIMITED, PARQUET, parquet
from thermocline.sources.manifest import LandedFile
from thermocline.sources.parts import at_hand
from thermocline.sources.records import (
    LONGEST_RECORD,
    STRAY_QUOTE,
    TOO_FEW,
    TOO_LONG,
    TOO_MANY,
    Record,
    cells_of,
    records,
    text_of,
)
from thermocline.sources.written_values import literal

REREAD_BYTES = 32 << 20

REJECTED = {
    "MISSING COLUMNS": TOO_FEW,
    "TOO MANY COLUMNS": TOO_MANY,
    "UNQUOTED VALUE": STRAY_QUOTE,
    "LINE SIZE OVER MAXIMUM": TOO_LONG,
}


@dataclass(frozen=True)
class Arrival:
    """A landed file with where to read it and the delivery that counts for it."""

    file: LandedFile
    path: Path
    source_file: str
    delivery_key: str
    covers_on: date | None

    @property
    def file_id(self) -> int:
        return self.file.file_id


@dataclass(frozen=True)
class Reject:
    """A record that can't be split into its columns."""

    record: int
    reason: str
    value: str
    document_id: str | None = None


@dataclass
class Staged:
    """Files of one header in a temporary table; see `Conversion.select` for its columns.

    `records` has each file's number of records, `rejects` those that aren't in the table. A null
    `record` there stands for the row's position among its file's rows, rejects counted in.
    """

    table: str
    conversion: Conversion
    arrivals: list[Arrival]
    records: dict[int, int]
    rejects: dict[int, list[Reject]] = field(default_factory=dict)


def stage(
    connection: duckdb.DuckDBPyConnection,
    conversion: Conversion,
    arrivals: list[Arrival],
    scratch: Path,
) -> list[Staged]:
    """Stage files of one feed and header. Raises ContentChanged for a copy that isn't whole."""
    for arrival in arrivals:
        _check_whole(arrival)
    arrivals = [_at_hand(arrival, scratch) for arrival in arrivals]
    staged, doubtful = [], [a for a in arrivals if not a.file.is_regular]
    by_packing: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
    columnar = [a for a in arrivals if a.file.is_regular and a.file.format == PARQUET]
    if columnar:
        staged.append(_stage_columnar(connection, conversion, columnar))
    for arrival in arrivals:
        if arrival.file.is_regular and arrival.file.format == DELIMITED:
            packing = arrival.file.compression if arrival.file.encoding == "utf-8" else PLAIN
            by_packing[arrival.file.delimiter, packing].append(arrival)
    for (delimiter, packing), group in by_packing.items():
        fast, again = _stage_together(connection, conversion, group, scratch, delimiter, packing)
        staged += fast
        doubtful += again
    if doubtful:
        staged.append(_stage_exactly(connection, conversion, doubtful, scratch))
    return staged


def _check_whole(arrival: Arrival) -> None:
    size = arrival.path.stat().st_size if arrival.path.is_file() else None
    if size != arrival.file.bytes:
        raise ContentChanged(
            f"{arrival.path}, the landed copy of {arrival.source_file!r}, has {size} bytes instead "
            f"of {arrival.file.bytes}: restore it from a backup"
        )


def _at_hand(arrival: Arrival, scratch: Path) -> Arrival:
    path, file = at_hand(arrival.path, arrival.file, scratch)
    return replace(arrival, path=path, file=file)


def _stage_columnar(
    connection: duckdb.DuckDBPyConnection, conversion: Conversion, arrivals: list[Arrival]
) -> Staged:
    """Stage Parquet files; every value of theirs was decoded once at landing."""
    staged = Staged(_fresh("staged"), conversion, arrivals, {a.file_id: a.file.records for a in arrivals})
    staged.rejects = {arrival.file_id: [] for arrival in arrivals}
    files = (
        f"select {arrival.file_id} as file, * from {parquet.relation(arrival.path, conversion.header)}"
        for arrival in arrivals
    )
    _create(connection, staged.table, conversion, f"({' union all '.join(files)})", "file", "record_number")
    return staged


def _stage_together(
    connection: duckdb.DuckDBPyConnection,
    conversion: Conversion,
    arrivals: list[Arrival],
    scratch: Path,
    delimiter: str,
    packing: str,
) -> tuple[list[Staged], list[Arrival]]:
    """What was staged, and the files that have to be read again."""
    paths = [_as_utf8(arrival, scratch) for arrival in arrivals]
    rejects = _fresh("rejects")
    reader = _reader(paths, len(conversion.header), delimiter, packing, rejects)
    ids = ", ".join(str(arrival.file_id) for arrival in arrivals)
    names = ", ".join(literal(str(path)) for path in paths)
    # A join would lose the file's order; this is worked out once per chunk of one file.
    file_id = f"cast(list_extract([{ids}], list_position([{names}], filename)) as integer)"
    staged = Staged(_fresh("staged"), conversion, arrivals, {})
    try:
        _create(connection, staged.table, conversion, reader, file_id, "cast(null as bigint)")
        refused = _rejects(connection, rejects, dict(zip(map(str, paths), arrivals, strict=True)))
    except duckdb.Error:
        half = len(arrivals) // 2
        if not half:
            return [], arrivals
        parts = [
            _stage_together(connection, conversion, part, scratch, delimiter, packing)
            for part in (arrivals[:half], arrivals[half:])
        ]
        return [s for fast, _ in parts for s in fast], [a for _, again in parts for a in again]
    counts = dict(
        connection.execute(f"select file_id, count(*) from {staged.table} group by file_id").fetchall()
    )
    again = [
        arrival
        for arrival in arrivals
        if not _is_sure(arrival.file, counts.get(arrival.file_id, 0), refused[arrival.file_id])
    ]
    if again:
        ids = ", ".join(str(arrival.file_id) for arrival in again)
        connection.execute(f"delete from {staged.table} where file_id in ({ids})")
    staged.arrivals = [arrival for arrival in arrivals if arrival not in again]
    for arrival in staged.arrivals:
        staged.records[arrival.file_id] = arrival.file.records
        staged.rejects[arrival.file_id] = [
            _reject(conversion, *refusal, delimiter) for refusal in refused[arrival.file_id]
        ]
    return [staged], again


def _is_sure(file: LandedFile, rows: int, refused: list[tuple[int, str, str]]) -> bool:
    """Whether all records are accounted for, and the numbers of refused ones are known."""
    if refused and (file.blank_lines or file.bytes <= REREAD_BYTES):
        return False
    return rows + len(refused) == file.records


def _reject(conversion: Conversion, line: int, error: str, text: str, delimiter: str) -> Reject:
    # DuckDB counts blank lines as lines and a line break in quotes as none; the header is line 1.
    document = conversion.document(cells_of(text, delimiter))
    return Reject(line - 1, REJECTED.get(error, error.lower()), text[:LONGEST_VALUE], document)


def _rejects(
    connection: duckdb.DuckDBPyConnection, name: str, arrivals: dict[str, Arrival]
) -> dict[int, list[tuple[int, str, str]]]:
    """The lines that DuckDB refused, by file: line, error and text, by line."""
    rows = connection.execute(
        f"select file_path, line, min(error_type), min(csv_line) from {name} "
        f"join {name}_scans using (scan_id, file_id) group by all order by all"
    ).fetchall()
    connection.execute(f"drop table {name}")
    connection.execute(f"drop table {name}_scans")
    refused: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    for path, line, error, text in rows:
        refused[arrivals[path].file_id].append((line, str(error), text or ""))
    return refused


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


def _reader(
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
    files = ", ".join(literal(_unglobbed(str(path))) for path in paths)
    return (
        f"read_csv([{files}], auto_detect = false, header = true, delim = {literal(delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{columns}}}, compression = {literal(packing)}, "
        "filename = true, hive_partitioning = false, null_padding = false, strict_mode = true, "
        f"store_rejects = true, rejects_table = '{rejects}', rejects_scan = '{rejects}_scans', "
        f"rejects_limit = 0, max_line_size = {longest})"
    )


def _stage_exactly(
    connection: duckdb.DuckDBPyConnection,
    conversion: Conversion,
    arrivals: list[Arrival],
    scratch: Path,
) -> Staged:
    """Stage files that are split into records here, which also gives the records' numbers.

    They are written down again in the one dialect that nobody can misread.
    """
    staged = Staged(_fresh("staged"), conversion, arrivals, {})
    scratch.mkdir(parents=True, exist_ok=True)
    target = scratch / f"{_fresh('records')}.csv"
    width = len(conversion.header)
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            out.writerow(range(width + 2))
            written = sum(_rewrite(arrival, staged, out) for arrival in arrivals)
        reader = _reader(
            [target],
            width,
            ",",
            PLAIN,
            _fresh("rejects"),
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
    for number, record in enumerate(_records(arrival), 1):
        if record.reason is None:
            out.writerow([file_id, number, *record.cells])
        else:
            document = staged.conversion.document(record.cells)
            rejects.append(Reject(number, record.reason, record.text[:LONGEST_VALUE], document))
    staged.records[file_id] = number
    return number - len(rejects)


def _records(arrival: Arrival) -> Iterator[Record]:
    file = arrival.file
    if file.format == DELIMITED:
        yield from records(arrival.path, file)
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


def _as_utf8(arrival: Arrival, scratch: Path) -> Path:
    """A copy in UTF-8 where the file is in another encoding."""
    if arrival.file.encoding == "utf-8":
        return arrival.path
    scratch.mkdir(parents=True, exist_ok=True)
    target = scratch / f"{arrival.file.sha256}.utf-8.csv"
    with (
        text_of(arrival.path, arrival.file) as source,
        target.open("w", encoding="utf-8", newline="") as file,
    ):
        while chunk := source.read(CHUNK):
            file.write(chunk)
    return target


def _unglobbed(path: str) -> str:
    """A path that DuckDB doesn't take for a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)


def _fresh(purpose: str) -> str:
    return f"{purpose}_{uuid.uuid4().hex}"
