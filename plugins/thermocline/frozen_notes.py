"""What models noted of their tables since these were frozen: the rows that went, and those that came.

A model with `meta.frozen` writes both into `config.<table>_changed`, in the transaction in which it changes
its table (`rewrite_what_differs` in `dbt_project/macros/rewrite.sql`). Freezing clears the notes in the
transaction that says which candidate it made, and marks the table with that candidate: as a comment on the
table, which is lost when the table is made anew. Notes of a table without that mark count for nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass

import duckdb

from thermocline.contract import KEYS, WAREHOUSE_SCHEMA
from thermocline.frozen_table import FrozenTable
from thermocline.hashing import literal, quoted

_STANDING = (
    "select table_schema, table_name from information_schema.tables where table_catalog = current_database()"
)


@dataclass(frozen=True)
class Noted:
    """A table as it was frozen, and a query of its rows that came and went since, by column `change`."""

    table: FrozenTable
    changes: str


def relation(name: str) -> str:
    return quoted("config", f"{name}_changed")


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of notes, so that the columns kept for auditors are the same after a first build."""
    connection.execute("create schema if not exists config")
    for name in _standing(connection, KEYS, WAREHOUSE_SCHEMA):
        if not _standing(connection, [f"{name}_changed"], "config"):
            connection.execute(
                f"create table {relation(name)} as "
                f"select *, 0 as change from {quoted(WAREHOUSE_SCHEMA, name)} limit 0"
            )
            _write_mark(connection, name, None)


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Of tables that are made anew, with columns that may be others."""
    for name in KEYS:
        connection.execute(f"drop table if exists {relation(name)}")
    for name in _standing(connection, KEYS, WAREHOUSE_SCHEMA):
        _write_mark(connection, name, None)


def mark(connection: duckdb.DuckDBPyConnection, digest: str) -> None:
    """Say that tables stand as the candidate of this digest holds them; of the caller's transaction."""
    forget(connection)
    prepare(connection)
    for name in _standing(connection, KEYS, WAREHOUSE_SCHEMA):
        _write_mark(connection, name, digest)


def _write_mark(connection: duckdb.DuckDBPyConnection, name: str, digest: str | None) -> None:
    told = literal(digest) if digest else "null"
    connection.execute(f"comment on table {quoted(WAREHOUSE_SCHEMA, name)} is {told}")


def are_since(connection: duckdb.DuckDBPyConnection, name: str, digest: str) -> bool:
    """Whether the notes say all that changed in this table since the candidate of this digest was frozen."""
    marked = connection.execute(
        "select comment from duckdb_tables() where database_name = current_database() "
        "and schema_name = ? and table_name = ?",
        [WAREHOUSE_SCHEMA, name],
    ).fetchall()
    return marked == [(digest,)] and bool(_standing(connection, [f"{name}_changed"], "config"))


def _standing(connection: duckdb.DuckDBPyConnection, names: Collection[str], schema: str) -> list[str]:
    there = set(connection.execute(_STANDING).fetchall())
    return [name for name in names if (schema, name) in there]
