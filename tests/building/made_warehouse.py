"""A warehouse that a test fills by hand, as a build finds it."""

import duckdb
from thermocline.company import tables
from thermocline.mapping.canonical import create_raw


def warehouse() -> duckdb.DuckDBPyConnection:
    """An empty one in memory, with its raw and config schemas."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("attach ':memory:' as warehouse; use warehouse; set TimeZone = 'UTC'")
    # With a handful of rows, planning well would be most of the work.
    connection.execute("pragma disable_optimizer")
    create_raw(connection)
    connection.execute("create schema config")
    for schema in ("staging", "activity", "screening", "reporting", "defaults", "gate"):
        connection.execute(f"create schema {schema}")
    for table in (*tables.TABLES, tables.BACKTEST):
        kinds = table.columns | ({"row_number": "bigint"} if table.numbered else {})
        columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
        connection.execute(f"create table config.{table.name} ({columns})")
    connection.execute(
        "create table config.published_inputs (source varchar, source_file varchar, sha256 varchar)"
    )
    return connection
