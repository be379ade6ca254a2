"""Rows between DuckDB and PostgreSQL, as CSV through COPY; no row passes through Python values.

A null is an empty cell, an empty text a quoted one. Dates and timestamps are ISO, in UTC.
"""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

import duckdb
from psycopg import sql

from thermocline.publishing.targets.postgres_session import Session
from thermocline.sql import exactly, literal, quoted

CHUNK = 1 << 20
_TYPES = {"TINYINT": "smallint", "VARCHAR": "text", "DECIMAL": "numeric"}


def column_type(duckdb_type: str) -> str:
    """Return the PostgreSQL type that holds every value of a type of `contract.STORABLE`."""
    name, opened, precision = duckdb_type.upper().partition("(")
    return _TYPES.get(name, name.lower()) + opened + precision


def declared(columns: Mapping[str, str]) -> sql.Composed:
    """Return the column definitions of a table."""
    return sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(column_type(kind)))
        for name, kind in columns.items()
    )


def copy_in(
    session: Session, table: sql.Identifier, connection: duckdb.DuckDBPyConnection, query: str
) -> int:
    """Append a query's rows to a table that this transaction created; return their number.

    Rows are frozen, hence visible to transactions that began before this one: a reader whose snapshot is
    older than the switch finds whole tables, not empty ones.
    """
    reading, writing = os.pipe()
    failed: list[Exception] = []

    def write() -> None:
        try:
            connection.execute(
                f"copy ({query}) to '/dev/fd/{writing}' "
                "(format csv, header false, delimiter ',', quote '\"', escape '\"', nullstr '', "
                "force_quote *, use_tmp_file false)"
            )
        except Exception as error:
            failed.append(error)
        finally:
            os.close(writing)

    writer = threading.Thread(target=write)
    writer.start()
    copy_query = sql.SQL("copy {} from stdin (format csv, freeze true)").format(table)
    try:
        with os.fdopen(reading, "rb", buffering=0) as source, session.cursor() as cursor:
            with cursor.copy(copy_query) as copy:
                while chunk := source.read(CHUNK):
                    copy.write(chunk)
                writer.join()
                if failed:
                    raise failed[0]
            return cursor.rowcount
    finally:
        writer.join()


def copy_out(
    session: Session,
    rows: sql.Composable,
    columns: Mapping[str, str],
    connection: duckdb.DuckDBPyConnection,
    file: Path,
) -> str:
    """Return a DuckDB relation of the result of a PostgreSQL query, by way of `file`."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("copy (select {} from ({}) as found) to stdout (format csv, force_quote *)").format(
        names, rows
    )
    with file.open("wb", buffering=CHUNK) as out, session.cursor() as cursor, cursor.copy(query) as copy:
        for chunk in copy:
            out.write(chunk)
    shape = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns.items())
    table = quoted("temp", "main", "read back")
    connection.execute(
        f"create or replace temporary table {table} as select * from read_csv({literal(exactly(file))}, "
        f"columns = {{{shape}}}, auto_detect = false, header = false, delim = ',', quote = '\"', "
        "escape = '\"', nullstr = '', allow_quoted_nulls = false, strict_mode = true, "
        "max_line_size = 100000000, hive_partitioning = false)"
    )
    file.unlink()
    return table
