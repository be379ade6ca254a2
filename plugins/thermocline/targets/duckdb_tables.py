"""The tables of a publication in a DuckDB file: all of them written, or what changed since another one.

The file is attached as database `target`.
"""

from collections.abc import Collection

import duckdb

from thermocline import contract
from thermocline.errors import ThermoclineError
from thermocline.frozen_table import FrozenTable
from thermocline.hashing import WHOLE, in_months, parquet, quoted
from thermocline.targets import Base, Edition, stamped

SCHEMA = quoted("target", contract.REPORTING_SCHEMA)
MOST_CHANGED = 0.6
"""The share of a table's rows above which it is written anew: removing and adding cost as much."""


def relation(name: str) -> str:
    return f"{SCHEMA}.{quoted(name)}"


def relations(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The tables that readers of the file see, by name."""
    found = connection.execute(
        "select table_name from information_schema.tables "
        "where table_catalog = 'target' and table_schema = ? order by table_name",
        [contract.REPORTING_SCHEMA],
    ).fetchall()
    return {name: relation(name) for (name,) in found}


def write(connection: duckdb.DuckDBPyConnection, edition: Edition) -> None:
    """Write a whole publication into an empty file."""
    connection.execute(f"create schema {SCHEMA}")
    for name in edition.tables:
        _create(connection, edition, name)
    _fill_own(connection, edition)


def change(connection: duckdb.DuckDBPyConnection, edition: Edition, base: Base) -> None:
    """Turn the file that holds `base` into `edition`: a month, or table, with the same rows stays as it is.

    Raises ThermoclineError where as many rows went or came as there should not have.
    """
    connection.execute("begin")
    for name in relations(connection):
        if name not in edition.tables:
            connection.execute(f"drop table {relation(name)}")
    for name, table in edition.tables.items():
        earlier = base.tables.get(name)
        if earlier is None:
            _create(connection, edition, name)
            continue
        changed = changed_parts(earlier, table)
        if changed is None:
            connection.execute(f"drop table {relation(name)}")
            _create(connection, edition, name)
        elif changed:
            _replace(connection, edition, earlier, table, changed)
        stamped.check_count(edition, name, _count(connection, name))
    _fill_own(connection, edition)
    connection.execute("commit")


def changed_parts(earlier: FrozenTable, table: FrozenTable) -> set[str] | None:
    """The months whose rows differ, or that one has alone; None where the table is to be written anew."""
    if (
        list(earlier.columns.items()) != list(table.columns.items())
        or contract.PUBLICATION_ID in table.columns
    ):
        return None
    changed = {
        part
        for part in {*earlier.parts, *table.parts}
        if part not in earlier.parts
        or part not in table.parts
        or earlier.parts[part].stored_hash != table.parts[part].stored_hash
    }
    rows = sum(table.parts[part].rows for part in changed if part in table.parts)
    if WHOLE in changed or rows > MOST_CHANGED * table.rows:
        return None
    return changed


def _create(connection: duckdb.DuckDBPyConnection, edition: Edition, name: str) -> None:
    connection.execute(f"create table {relation(name)} as {stamped.query(edition, name)}")
    stamped.check_count(edition, name, _count(connection, name))


def _replace(
    connection: duckdb.DuckDBPyConnection,
    edition: Edition,
    earlier: FrozenTable,
    table: FrozenTable,
    changed: Collection[str],
) -> None:
    column = contract.MONTHLY[table.name]
    gone = sorted(part for part in changed if part in earlier.parts)
    come = sorted(part for part in changed if part in table.parts)
    if gone:
        removed = connection.execute(
            f"delete from {relation(table.name)} where {in_months(column, gone)}"
        ).fetchall()
        _expect(edition, table.name, "removed", removed[0][0], sum(earlier.parts[part].rows for part in gone))
    if come:
        files = parquet(*(table.parts[part].path for part in come))
        added = connection.execute(f"insert into {relation(table.name)} from {files}").fetchall()
        _expect(edition, table.name, "added", added[0][0], sum(table.parts[part].rows for part in come))


def _expect(edition: Edition, name: str, what: str, found: int, expected: int) -> None:
    if found != expected:
        raise ThermoclineError(
            f"{expected} rows of {name} had to be {what} for publication {edition.publication_id} and "
            f"{found} were: run thermocline verify, and run again"
        )


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    return int(connection.execute(f"select count(*) from {relation(name)}").fetchall()[0][0])


def _fill_own(connection: duckdb.DuckDBPyConnection, edition: Edition) -> None:
    for name, (columns, made) in stamped.own_tables(edition).items():
        stamped.fill(connection, relation(name), columns, made)
