"""Which columns of raw are stored: those that some file gave. The others are null without being written.

An export of invoice lines has seven columns where there may be eighteen, and to write nulls costs as
much as to write numbers.
"""

from collections.abc import Mapping

import duckdb

from thermocline.sources.canonical import TABLES, Table, columns_standing


def store(connection: duckdb.DuckDBPyConnection, given: Mapping[str, set[str]]) -> None:
    """Let tables of raw store the columns that files are about to give: table name to column names.

    A table without rows stores no others. Not within a transaction.
    """
    statements = [
        statement
        for name, columns in given.items()
        for statement in _statements(connection, TABLES[name], columns)
    ]
    if not statements:
        return
    connection.begin()
    try:
        for statement in statements:
            connection.execute(statement)
        connection.execute("update raw.layout set columns = ?", [columns_standing(connection)])
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _statements(connection: duckdb.DuckDBPyConnection, table: Table, given: set[str]) -> list[str]:
    stored = _stored(connection, table)
    if connection.execute(f"select 1 from raw.{table.name} limit 1").fetchone():
        return [
            f"alter table raw.{table.name} drop column {column.name}; "
            f"alter table raw.{table.name} add column {column.name} {column.type}"
            for column in table.columns
            if column.name in given - stored
        ]
    if stored == given:
        return []
    columns = ", ".join(
        f"{column.name} {column.type}"
        + ("" if column.name in given else f" generated always as (cast(null as {column.type}))")
        for column in table.columns
    )
    return [f"create or replace table raw.{table.name} ({columns}, file_id integer, source_row bigint)"]


def _stored(connection: duckdb.DuckDBPyConnection, table: Table) -> set[str]:
    rows = connection.execute(
        "select column_name from information_schema.columns where table_catalog = current_database() "
        "and table_schema = 'raw' and table_name = ? and is_generated = 'NEVER'",
        [table.name],
    ).fetchall()
    return {name for (name,) in rows} - {"file_id", "source_row"}
