"""Tables of a publication in a DuckDB file: written in full, or only what changed since another one.

The file is attached as database `target`.
"""

from collections.abc import Collection

import duckdb

from thermocline.candidates import contract
from thermocline.candidates.frozen_table import FrozenTable
from thermocline.candidates.hashing import WHOLE, in_months, row_fingerprint
from thermocline.errors import ThermoclineError
from thermocline.publishing.targets import Base, Edition, stamped
from thermocline.sql import quoted

SCHEMA = quoted("target", contract.REPORTING_SCHEMA)
MOST_CHANGED = 0.6
"""The share of a table's rows above which it is rewritten: removing and adding cost as much."""

BUCKETS = 65_536
"""By the last bits of their hashes, rows are first compared by this many sums, few of which differ."""

_UNLIKE = (
    "the rows of {} that changed for publication {} aren't those of its candidate: run thermocline verify, "
    "and run again"
)
_THERE = "temp.main.thermocline_rows_there"
_WANTED = "temp.main.thermocline_rows_wanted"
_BUCKETS = "temp.main.thermocline_buckets_differing"
_DIFFERING = "temp.main.thermocline_rows_differing"


def relation(name: str) -> str:
    return f"{SCHEMA}.{quoted(name)}"


def relations(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the tables that readers of the file see, by name."""
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
    """Turn the file of `base` into `edition`; a month or table whose rows are equal is not touched.

    Of the others only rows that differ are removed and added. Raise ThermoclineError where the result differs
    from the candidate.
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
            _replace(connection, edition, table, changed)
        stamped.check_count(edition, name, _count(connection, name))
    _fill_own(connection, edition)
    connection.execute("commit")


def changed_parts(earlier: FrozenTable, table: FrozenTable) -> set[str] | None:
    """Return the months whose rows differ or that only one side has; None if the table must be rewritten.

    `WHOLE` for a table that isn't stored by month, or that was or is empty.
    """
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
    if WHOLE in changed and earlier.parts.keys() != table.parts.keys():
        return None
    rows = sum(table.parts[part].rows for part in changed if part in table.parts)
    if WHOLE not in changed and rows > MOST_CHANGED * table.rows:
        return None
    return changed


def _create(connection: duckdb.DuckDBPyConnection, edition: Edition, name: str) -> None:
    connection.execute(f"create table {relation(name)} as {stamped.query(edition, name)}")
    stamped.check_count(edition, name, _count(connection, name))


def _replace(
    connection: duckdb.DuckDBPyConnection, edition: Edition, table: FrozenTable, changed: Collection[str]
) -> None:
    """Remove and add the rows of these parts that differ between the file and the candidate.

    Rows are distinguished by a 64-bit hash of their cells; afterwards each month must have as many rows as in
    the candidate and the same sum of hashes. A table of which most rows differ is rewritten.
    """
    name, day = relation(table.name), contract.MONTHLY.get(table.name)
    cells = f"{row_fingerprint(table.columns)} as cells"
    if day is None or WHOLE in changed:
        month, held = "null::date as month", f"{name} where true"
    else:
        month = f"date_trunc('month', {quoted(day)}) as month"
        held = f"{name} where {in_months(day, changed)}"
    parts = sorted(set(changed) & set(table.parts))
    come = table.rows_of(parts) if parts else f"{name} where false"
    totals = "select month, count(*), sum(cells) from {} group by month order by month"
    bucket = f"(cells % {BUCKETS})::usmallint"
    both = f"(select cells, 1 as number from {_WANTED} union all select cells, -1 from {_THERE})"
    for made, query in (
        (_THERE, f"select rowid as place, {cells} from {held}"),
        (_WANTED, f"select {month}, {cells} from {come}"),
        (
            _BUCKETS,
            f"select {bucket} as bucket from {both} group by bucket "
            "having sum(number) <> 0 or sum(number * (cells >> 1)::bigint) <> 0",
        ),
        (
            _DIFFERING,
            f"select cells from {both} where {bucket} in (select bucket from {_BUCKETS}) "
            "group by cells having sum(number) <> 0",
        ),
    ):
        connection.execute(f"create or replace temporary table {made} as {query}")
    [(number,)] = connection.execute(f"select count(*) from {_DIFFERING}").fetchall()
    if number > MOST_CHANGED * table.rows:
        connection.execute(f"drop table {name}")
        _create(connection, edition, table.name)
    else:
        differing = f"in (select cells from {_DIFFERING})"
        connection.execute(
            f"delete from {name} where rowid in (select place from {_THERE} where cells {differing})"
        )
        connection.execute(
            f"insert into {name} "
            f"select * from (select * from {come}) where {row_fingerprint(table.columns)} {differing}"
        )
    found, wanted = (
        connection.execute(totals.format(rows)).fetchall()
        for rows in (f"(select {month}, {cells} from {held})", _WANTED)
    )
    for made in (_THERE, _WANTED, _BUCKETS, _DIFFERING):
        connection.execute(f"drop table {made}")
    if found != wanted:
        raise ThermoclineError(_UNLIKE.format(table.name, edition.publication_id))


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    return int(connection.execute(f"select count(*) from {relation(name)}").fetchall()[0][0])


def _fill_own(connection: duckdb.DuckDBPyConnection, edition: Edition) -> None:
    for name, (columns, made) in stamped.own_tables(edition).items():
        stamped.fill(connection, relation(name), columns, made)
