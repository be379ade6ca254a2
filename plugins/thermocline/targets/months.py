"""Event-grained tables in months, named by their rows' hash: an unchanged month is never written twice."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from thermocline import contract, hashing, warehouse
from thermocline.hashing import literal, parquet, quoted
from thermocline.home import Home

UNDATED = "undated"
_CHANGED = "changed_months"


@dataclass(frozen=True)
class Part:
    """The rows of one month of a table, in no order.

    month: yyyy-mm, or `undated` for rows without a day. digest: SHA-256 (hex) of the rows with all
    their columns and types. first, last: the month's ISO dates, the end exclusive; None if undated.
    """

    table: str
    month: str
    digest: str
    rows: int
    first: str | None
    last: str | None

    @property
    def relation(self) -> str:
        """What holds exactly these rows in a connection of `Months.reading`."""
        day = quoted(contract.MONTHLY[self.table])
        if self.first is None:
            return f"(select * from {_CHANGED} where {day} is null)"
        return (
            f"(select * from {_CHANGED} where {day} >= date {literal(self.first)} "
            f"and {day} < date {literal(self.last or '')})"
        )


class Months:
    """The parts of one candidate's event-grained tables, hashed once however many targets ask."""

    def __init__(self, home: Home, tables: Mapping[str, Path]) -> None:
        self.home = home
        self.tables = tables
        self._parts: dict[str, list[Part]] = {}
        self._connection: duckdb.DuckDBPyConnection | None = None

    def parts(self, table: str) -> list[Part]:
        """One part per month with rows, in order; empty for an empty table."""
        if table not in self._parts:
            self._parts[table] = list(self._split(self._connected(), table))
        return self._parts[table]

    def reading(self, parts: Sequence[Part]) -> duckdb.DuckDBPyConnection:
        """A connection in which the relations of these parts of one table can be read, until the next."""
        connection = self._connected()
        relation, month = self._relation(parts[0].table)
        wanted = ", ".join(literal(part.month) for part in parts)
        # Ordered, so that reading a month doesn't scan the others.
        connection.execute(
            f"create or replace temporary table {_CHANGED} as select * from {relation} "
            f"where coalesce({month}, '{UNDATED}') in ({wanted}) "
            f"order by {quoted(contract.MONTHLY[parts[0].table])}"
        )
        return connection

    def _connected(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            self._connection = warehouse.connect(self.home, Path(":memory:"))
        return self._connection

    def _relation(self, table: str) -> tuple[str, str]:
        return parquet(self.tables[table]), f"strftime({quoted(contract.MONTHLY[table])}, '%Y-%m')"

    def _split(self, connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[Part]:
        relation, month = self._relation(table)
        columns = hashing.columns_of(connection, relation)
        shape = ",".join(f"{name} {kind}" for name, kind in columns.items())
        for named, rows, digest in hashing.hash_groups(connection, relation, month):
            whole = hashlib.sha256(f"{digest} {shape}".encode()).hexdigest()
            first, last = _bounds(connection, named) if named else (None, None)
            yield Part(table, named or UNDATED, whole, rows, first, last)


def _bounds(connection: duckdb.DuckDBPyConnection, month: str) -> tuple[str, str]:
    first = f"{month}-01"
    ((last,),) = connection.execute(
        f"select (date {literal(first)} + interval 1 month)::date::varchar"
    ).fetchall()
    return first, last
