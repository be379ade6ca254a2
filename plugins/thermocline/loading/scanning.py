"""Delimited files straight into raw: one scan by DuckDB, every record with its number.

A scan that numbers its rows runs on one thread, so the files of one header, or the pieces of a
large one, are dealt out to as many scans as there are threads, in one statement.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import duckdb

from thermocline.files.content import PLAIN
from thermocline.files.records import STRAY_QUOTE, TOO_FEW, TOO_LONG, TOO_MANY, cells_of
from thermocline.landing.arrivals import Arrival
from thermocline.loading.conversion import LONGEST_VALUE, Conversion
from thermocline.loading.pieces import Piece, can_be_cut, cut, dealt, is_large, whole
from thermocline.loading.reading import Reject, Staged, as_utf8, fresh, reader_of
from thermocline.loading.renumbering import Counted, Legs, renumber, shifts_of
from thermocline.sql import literal

REREAD_BYTES = 32 << 20

REJECTED = {
    "MISSING COLUMNS": TOO_FEW,
    "TOO MANY COLUMNS": TOO_MANY,
    "UNQUOTED VALUE": STRAY_QUOTE,
    "LINE SIZE OVER MAXIMUM": TOO_LONG,
}


class Unscannable(Exception):
    """DuckDB gave up on one of these files, and with it the transaction."""

    def __init__(self, conversion: Conversion, arrivals: list[Arrival]) -> None:
        super().__init__(f"{len(arrivals)} files of {conversion.feed.name}")
        self.conversion = conversion
        self.arrivals = arrivals


def scan(
    connection: duckdb.DuckDBPyConnection,
    conversion: Conversion,
    arrivals: list[Arrival],
    scratch: Path,
) -> Iterator[tuple[Staged, list[Arrival]]]:
    """Stage regular files of one feed and header, within a transaction.

    Gives their records, and the files of which nothing was staged because the numbers of
    their records aren't sure. Raises Unscannable where DuckDB gives up; the transaction is lost.
    """
    for group in _groups(arrivals):
        legs = _legs(connection, group, scratch)
        try:
            yield _scan(connection, conversion, group, legs)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise Unscannable(conversion, group) from error
        finally:
            for piece in (piece for leg in legs for piece in leg):
                if piece.path != piece.arrival.path:
                    piece.path.unlink(missing_ok=True)


def unreadable(connection: duckdb.DuckDBPyConnection, failure: Unscannable, scratch: Path) -> set[int]:
    """The files that DuckDB gives up on; all of them where none alone is the cause."""
    found = set()
    for arrival in failure.arrivals:
        piece = whole(arrival, as_utf8(arrival, scratch))
        reader = _reader(failure.conversion, [piece], fresh("rejects"))
        try:
            connection.execute(f"select count(*) from {reader}")
        except duckdb.Error:
            found.add(arrival.file_id)
    return found or {arrival.file_id for arrival in failure.arrivals}


def _groups(arrivals: list[Arrival]) -> Iterator[list[Arrival]]:
    """Small files together, by delimiter and packing; a large one by itself."""
    together: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        if is_large(arrival):
            yield [arrival]
        else:
            together[arrival.file.delimiter, _packing(arrival)].append(arrival)
    yield from together.values()


def _packing(arrival: Arrival) -> str:
    return arrival.file.compression if arrival.file.encoding == "utf-8" else PLAIN


def _legs(connection: duckdb.DuckDBPyConnection, group: list[Arrival], scratch: Path) -> Legs:
    row = connection.execute("select current_setting('threads')").fetchone()
    threads = int(row[0]) if row else 1
    if threads > 1 and is_large(group[0]):
        [arrival] = group
        if can_be_cut(arrival):
            return [[p] for p in cut(arrival, arrival.path, arrival.file.encoding, threads, scratch)]
        path = as_utf8(arrival, scratch)
        pieces = cut(arrival, path, "utf-8", threads, scratch)
        path.unlink()
        return [[piece] for piece in pieces]
    return dealt([whole(arrival, as_utf8(arrival, scratch)) for arrival in group], threads)


def _scan(
    connection: duckdb.DuckDBPyConnection, conversion: Conversion, group: list[Arrival], legs: Legs
) -> tuple[Staged, list[Arrival]]:
    staged = Staged(fresh("staged"), conversion, [], {})
    rejects = [fresh("rejects") for _ in legs]
    scans = [_select(conversion, leg, name) for leg, name in zip(legs, rejects, strict=True)]
    connection.execute(f"set TimeZone = {literal(conversion.zone)}")
    connection.execute(f"create temp table {staged.table} as {' union all '.join(scans)}")
    connection.execute("set TimeZone = 'UTC'")
    refused: dict[int, list[Reject]] = defaultdict(list)
    for leg, name in zip(legs, rejects, strict=True):
        for file_id, found in _rejects(connection, conversion, leg, name):
            refused[file_id] += found
    counted = _counted(connection, staged.table, group)
    doubtful: list[Arrival] = []
    for arrival in group:
        is_sure = _is_sure(arrival, counted[arrival.file_id], refused[arrival.file_id])
        (staged.arrivals if is_sure else doubtful).append(arrival)
    if doubtful:
        ids = ", ".join(str(arrival.file_id) for arrival in doubtful)
        connection.execute(f"delete from {staged.table} where file_id in ({ids})")
    renumber(connection, staged.table, "record", shifts_of(legs, staged.arrivals, counted, refused))
    for arrival in staged.arrivals:
        staged.records[arrival.file_id] = arrival.file.records
        staged.rejects[arrival.file_id] = refused[arrival.file_id]
    return staged, doubtful


def _reader(conversion: Conversion, leg: list[Piece], rejects: str) -> str:
    file = leg[0].arrival
    packing = _packing(file) if leg[0].path == file.path else PLAIN
    paths = [piece.path for piece in leg]
    return reader_of(paths, len(conversion.header), file.file.delimiter, packing, rejects)


def _select(conversion: Conversion, leg: list[Piece], rejects: str) -> str:
    """One scan's rows, refused ones among them."""
    offsets, earlier = [], 0
    for piece in leg:
        offsets.append(piece.before - earlier)
        earlier += piece.records
    file_id = _by_piece([piece.file_id for piece in leg], "integer")
    number = f"row_number() over () + {_by_piece(offsets, 'bigint')}"
    return conversion.select(_reader(conversion, leg, rejects), file_id, number)


def _by_piece(values: list[int], kind: str) -> str:
    """The value for the file that a row is of."""
    if len(set(values)) == 1:
        return f"cast({values[0]} as {kind})"
    listed = ", ".join(map(str, values))
    return f"cast(list_extract([{listed}], cast(file_index as bigint) + 1) as {kind})"


def _rejects(
    connection: duckdb.DuckDBPyConnection, conversion: Conversion, leg: list[Piece], name: str
) -> Iterator[tuple[int, list[Reject]]]:
    """The lines that DuckDB refused, by file and in order."""
    rows = connection.execute(
        f"select file_path, line, min(error_type), min(csv_line) from {name} "
        f"join {name}_scans using (scan_id, file_id) group by all order by all"
    ).fetchall()
    connection.execute(f"drop table {name}")
    connection.execute(f"drop table {name}_scans")
    pieces = {str(piece.path): piece for piece in leg}
    for path, line, error, text in rows:
        # After a line break of two characters DuckDB begins with the second.
        piece, text = pieces[path], (text or "").strip("\r\n")
        document = conversion.document(cells_of(text, piece.arrival.file.delimiter))
        # DuckDB counts a line break in quotes as none; the header is line 1.
        number = piece.before + line - 1
        reason = REJECTED.get(error, str(error).lower())
        is_line = reason in (TOO_FEW, TOO_MANY) and '"' not in text
        yield piece.file_id, [Reject(number, reason, text[:LONGEST_VALUE], document, is_line)]


def _counted(connection: duckdb.DuckDBPyConnection, staged: str, group: list[Arrival]) -> dict[int, Counted]:
    rows = connection.execute(
        f"select file_id, count(*), min(record), max(record) from {staged} group by file_id"
    ).fetchall()
    return dict.fromkeys((arrival.file_id for arrival in group), Counted()) | {
        row[0]: Counted(*row[1:]) for row in rows
    }


def _is_sure(arrival: Arrival, counted: Counted, rejects: list[Reject]) -> bool:
    """Whether all records are accounted for, and their numbers are known.

    A quote that stands wrong may have joined lines that are records: they are looked for in a file of
    moderate size.
    """
    file = arrival.file
    may_hide_records = not all(reject.is_line for reject in rejects)
    if rejects and (file.blank_lines or (may_hide_records and arrival.path.stat().st_size <= REREAD_BYTES)):
        return False
    numbers = counted.last - counted.first + 1
    return counted.rows + len(rejects) == file.records and (numbers == counted.rows or bool(rejects))
