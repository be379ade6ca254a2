"""The numbers of records that were scanned beside rejected ones, which DuckDB doesn't count."""

from typing import NamedTuple

import duckdb

from thermocline.landing.arrivals import Arrival
from thermocline.loading.pieces import Piece
from thermocline.loading.reading import Reject

# Rows of a file from a number on are so many records further down in it.
Shifts = dict[tuple[int, int], int]
Legs = list[list[Piece]]


class Counted(NamedTuple):
    """A file's rows as scanned, refused ones among them."""

    rows: int = 0
    first: int = 1
    last: int = 0


def shifts_of(
    legs: Legs, sure: list[Arrival], counted: dict[int, Counted], refused: dict[int, list[Reject]]
) -> Shifts:
    """What numbers lack, of files with rejected records and of those scanned after such files."""
    shifts: Shifts = {}
    known = {arrival.file_id for arrival in sure}
    cut_up = any(piece.before for leg in legs for piece in leg)
    for piece in (piece for leg in legs for piece in leg if piece.file_id in known):
        file_id, start = piece.file_id, piece.before + 1
        lacking = 0 if cut_up or not counted[file_id].rows else 1 - counted[file_id].first
        if lacking or (cut_up and refused[file_id]):
            shifts[file_id, start - lacking] = lacking
        for reject in refused[file_id]:
            if start <= reject.record < start + piece.records:
                lacking += 1
                shifts[file_id, reject.record + 1 - lacking] = lacking
    return shifts


def renumber(connection: duckdb.DuckDBPyConnection, table: str, number: str, shifts: Shifts) -> None:
    """Move the numbers of a table's rows by what they lack."""
    if not shifts:
        return
    columns = zip(*((file_id, place, shift) for (file_id, place), shift in shifts.items()), strict=True)
    listed = [", ".join(map(str, column)) for column in columns]
    connection.execute(
        f"update {table} as loaded set {number} = loaded.{number} + moved.shift from ("
        f"select rows.rowid as row_id, shifts.shift from {table} as rows asof join ("
        f"select unnest([{listed[0]}]) as file_id, unnest([{listed[1]}]) as place, "
        f"unnest([{listed[2]}]) as shift) as shifts "
        f"on rows.file_id = shifts.file_id and rows.{number} >= shifts.place where shifts.shift != 0"
        ") as moved where loaded.rowid = moved.row_id"
    )
