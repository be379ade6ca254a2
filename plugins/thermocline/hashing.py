"""Content and stored hashes of tables: equal rows give equal hashes, in any order, anywhere.

    cell    `n` for null, else `s<bytes of the text in UTF-8>:<text>`; decimals at their declared
            scale, ISO dates, timestamps as microseconds since 1970-01-01 UTC, true and false
    row     SHA-256 of its cells, one after the other, columns sorted by name
    bucket  rows whose hashes begin with the same three hex digits:
            SHA-256 of their sorted hex hashes, one after the other, duplicates included
    table   SHA-256 of the buckets' hex hashes in the order of the three digits, without empty ones
    all     SHA-256 of one line `<table> <table hash> <column>,<column>...\\n` per table, sorted by
            table, columns sorted by name

The content hash covers the columns of `contract.is_content` in the tables of `contract.HASHED`,
the stored hash every column of every table.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from thermocline.contract import HASHED, PUBLICATION_ID, is_content, is_storable
from thermocline.errors import ThermoclineError

ROWS_AT_ONCE = 4_000_000
"""Row hashes that are grouped in memory together, about 400 MB."""

ROW_HASHES = "temp.main.thermocline_row_hashes"
GROUP = "thermocline group"


@dataclass(frozen=True)
class TableHash:
    """What a table holds: its row count, both hashes (hex), and its columns with DuckDB types."""

    rows: int
    content: str
    stored: str
    columns: dict[str, str]


def quoted(*names: str) -> str:
    """A qualified SQL identifier."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str | Path) -> str:
    """An SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def parquet(path: Path) -> str:
    """A relation that reads exactly this parquet file, whatever its name holds."""
    escaped = "".join(f"[{char}]" if char in "*?[" else char for char in str(path))
    return f"read_parquet({literal(escaped)})"


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Names and DuckDB types of a relation's columns, in their order."""
    described = connection.execute(f"describe select * from {relation}").fetchall()
    return {name: column_type for name, column_type, *_ in described}


def hash_table(
    connection: duckdb.DuckDBPyConnection, relation: str, publication_id: str | None = None
) -> TableHash:
    """Hash a relation: a quoted table, also of an attached database, or `parquet(path)`.

    A given `publication_id` counts as null where the column of that name holds it, so that a
    published table has the stored hash of its candidate.
    Raises ThermoclineError for a column whose type has no exact text.
    """
    columns = columns_of(connection, relation)
    packaging = [name for name in columns if not is_content(name)]
    cells = _cells(relation, columns, publication_id)
    stored = _row_hash(columns) if packaging else "null"
    made = connection.execute(
        f"create or replace temporary table {ROW_HASHES} as "
        f"select {_row_hash(filter(is_content, columns))} as content, {stored} as stored from ({cells})"
    ).fetchall()
    try:
        rows = int(made[0][0])
        content = _table_hash(connection, "content", rows)
        return TableHash(
            rows, content, _table_hash(connection, "stored", rows) if packaging else content, columns
        )
    finally:
        connection.execute(f"drop table if exists {ROW_HASHES}")


def hash_groups(
    connection: duckdb.DuckDBPyConnection, relation: str, group: str
) -> list[tuple[str | None, int, str]]:
    """Value, row count and stored hash of each group of rows that have the same value of `group`.

    `group` is an expression over the relation's columns; groups come in the order of their values,
    null last. Raises ThermoclineError for a column whose type has no exact text.
    """
    columns = columns_of(connection, relation)
    cells = _cells(relation, columns, None, f"{group} as {quoted(GROUP)}")
    return connection.execute(
        f"with row_hashes as (select {quoted(GROUP)} as grp, {_row_hash(columns)} as stored from ({cells})), "
        "buckets as (select grp, left(stored, 3) as digits, count(*) as many, "
        "sha256(array_to_string(list_sort(list(stored)), '')) as bucket from row_hashes group by all) "
        "select grp, sum(many)::bigint, sha256(string_agg(bucket, '' order by digits)) "
        "from buckets group by grp order by grp nulls last"
    ).fetchall()


def _cells(
    relation: str, columns: Mapping[str, str], publication_id: str | None, beside: str | None = None
) -> str:
    """A query with the two halves of each cell, and what is named `beside` them."""
    for name, column_type in columns.items():
        if not is_storable(column_type):
            raise ThermoclineError(
                f"column {name} of {relation} has type {column_type}, which can't be hashed: "
                "cast it to a decimal, integer, boolean, date, timestamp or varchar"
            )
    texts = [f"{_text(name, kind, publication_id)} as {quoted(name)}" for name, kind in columns.items()]
    halves = [
        f"coalesce('s' || strlen({name}) || ':', 'n') as {length}, {name}"
        for name, length in map(_cell, columns)
    ]
    if beside:
        texts.append(beside)
        halves.append(quoted(GROUP))
    return f"select {', '.join(halves)} from (select {', '.join(texts)} from {relation})"


def content_hash(tables: Mapping[str, TableHash]) -> str:
    """The hash of the core tables' content. Raises ThermoclineError where one is missing."""
    missing = sorted(set(HASHED) - set(tables))
    if missing:
        raise ThermoclineError(
            f"core table {missing[0]} isn't among the tables to be published: build it first"
        )
    return _overall((name, tables[name].content, filter(is_content, tables[name].columns)) for name in HASHED)


def stored_hash(tables: Mapping[str, TableHash]) -> str:
    """The hash of every column of every table."""
    return _overall((name, table.stored, table.columns) for name, table in tables.items())


def _overall(tables: Iterable[tuple[str, str, Iterable[str]]]) -> str:
    lines = (
        f"{name} {table} {','.join(sorted(columns))}\n"
        for name, table, columns in sorted(tables, key=lambda table: table[0])
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _text(name: str, column_type: str, publication_id: str | None) -> str:
    column = quoted(name)
    if column_type.startswith("TIMESTAMP"):
        return f"epoch_us({column})::varchar"
    if name == PUBLICATION_ID and publication_id is not None:
        return f"nullif(coalesce({column}, 'none'), {literal(publication_id)})"
    return f"{column}::varchar"


def _cell(column: str) -> tuple[str, str]:
    """The two halves of a cell, which concat joins: its text (skipped if null), its length."""
    return quoted(column), quoted(f"length of {column}")


def _row_hash(columns: Iterable[str]) -> str:
    halves = (f"{length}, {text}" for text, length in map(_cell, sorted(columns)))
    return f"sha256(concat({', '.join(halves) or repr('')}))"


def _table_hash(connection: duckdb.DuckDBPyConnection, column: str, rows: int) -> str:
    digits = 0 if rows <= ROWS_AT_ONCE else 1 if rows <= 16 * ROWS_AT_ONCE else 2
    table = hashlib.sha256()
    for part in range(16**digits):
        prefix = f"{part:0{digits}x}" if digits else ""
        buckets = connection.execute(
            f"select sha256(array_to_string(list_sort(list({column})), '')) from {ROW_HASHES} "
            f"where starts_with({column}, ?) group by left({column}, 3) order by left({column}, 3)",
            [prefix],
        ).fetchall()
        table.update("".join(bucket for (bucket,) in buckets).encode())
    return table.hexdigest()
