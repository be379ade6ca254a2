"""Parquet, read by DuckDB: every type as the text that gives it back without loss.

A decimal is written without the zeros that only its type adds: 1.000 as 1.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from thermocline.files.content import Unreadable
from thermocline.files.formats import Row, Table
from thermocline.files.records import NUL
from thermocline.sql import exactly, literal

ROWS_AT_ONCE = 10_000


def table(path: Path) -> Table:
    """The file's only table, once every value was decoded. Raises Unreadable where one can't be."""
    try:
        with _connected() as connection:
            columns = _columns(connection, path)
            texts = ", ".join(f"count_if(contains(c{n}, chr(0)))" for n in range(len(columns))) or "0"
            found = connection.execute(
                f"select count(*), {texts} from {relation(path, columns)}"
            ).fetchone() or (0,)
    except duckdb.Error as error:
        raise Unreadable(f"isn't a whole Parquet file ({_first_line(error)})") from error
    return Table("", tuple(columns), found[0], is_regular=not any(found[1:]))


def relation(path: Path, header: tuple[str, ...] | list[str]) -> str:
    """A FROM clause of the columns as texts, c0, c1, ..., and `record_number`, from 1."""
    cells = [f"{_cell(column)} as c{n}" for n, column in enumerate(header)]
    listed = ", ".join([*cells, "file_row_number + 1 as record_number"])
    return f"(select {listed} from {_file(path)})"


def rows(path: Path, header: tuple[str, ...]) -> Iterator[Row]:
    """The records, one by one."""
    with _connected() as connection:
        found = connection.execute(
            f"select * exclude record_number from {relation(path, header)} order by record_number"
        )
        while batch := found.fetchmany(ROWS_AT_ONCE):
            for cells in batch:
                nul = next((cell for cell in cells if cell is not None and "\0" in cell), None)
                yield Row([*cells], NUL if nul is not None else None, nul or "")


def _file(path: Path) -> str:
    return f"read_parquet({literal(exactly(path))}, file_row_number = true, hive_partitioning = false)"


def _cell(column: str) -> str:
    """The column at a dotted path: a field of a structure where no column has that name."""
    quoted = '"' + column.replace('"', '""') + '"'
    text = f"cast({quoted} as varchar)"
    has_zeros = f"typeof({quoted}) like 'DECIMAL%' and contains({text}, '.')"
    return f"case when {has_zeros} then rtrim(rtrim({text}, '0'), '.') else {text} end"


def _columns(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    described = connection.execute(f"select column_name from (describe select * from {_file(path)})")
    return [name for (name,) in described.fetchall() if name != "file_row_number"]


def _connected() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"memory_limit": "1GB", "threads": "2"})
    connection.execute("load icu")
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].split(" '")[0][:120]
