"""Content and stored hashes of tables: equal rows give equal hashes, in any order, anywhere.

    cell    `n` for null, else `s<bytes of the text in UTF-8>:<text>`; decimals at their declared
            scale, ISO dates, timestamps as microseconds since 1970-01-01 UTC, true and false
    row     SHA-256 of its cells, one after the other, columns sorted by name
    bucket  rows of a part whose hashes begin with the same three hex digits:
            SHA-256 of their sorted hex hashes, one after the other, duplicates included
    part    SHA-256 of the buckets' hex hashes in the order of the three digits, without empty ones
    table   of one part that part's hash; of an event-grained table, whose parts are months,
            SHA-256 of one line `<yyyy-mm> <part hash>\\n` per month that has rows, in order,
            rows without a day last under `undated`
    all     SHA-256 of one line `<table> <table hash> <column>,<column>...\\n` per table, sorted by
            table, columns sorted by name

The content hash covers the columns of `contract.is_content` in the tables of `contract.HASHED`,
the stored hash every column of every table.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from thermocline.contract import HASHED, PUBLICATION_ID, is_content, is_storable
from thermocline.errors import ThermoclineError

ROWS_AT_ONCE = 4_000_000
"""Row hashes that are grouped in memory together, about 400 MB."""

ROW_HASHES = "temp.main.thermocline_row_hashes"
PART = "thermocline part"

WHOLE = "all"
"""The one part of a table that isn't kept in months, or is empty."""

UNDATED = "undated"
"""The part of rows without a day; it sorts after all months."""


@dataclass(frozen=True)
class PartHash:
    """What a part of a table holds: its row count and both hashes (hex)."""

    rows: int
    content: str
    stored: str


@dataclass(frozen=True)
class TableHash:
    """What a table holds: its row count, both hashes (hex), its columns with DuckDB types, and its parts."""

    rows: int
    content: str
    stored: str
    columns: dict[str, str]
    parts: dict[str, PartHash] = field(default_factory=dict)


def quoted(*names: str) -> str:
    """A qualified SQL identifier."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str | Path) -> str:
    """An SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def parquet(*paths: Path) -> str:
    """A relation that reads exactly these parquet files, whatever their names hold."""
    escaped = (
        literal("".join(f"[{char}]" if char in "*?[" else char for char in str(path))) for path in paths
    )
    return f"read_parquet([{', '.join(escaped)}])"


def month_of(column: str) -> str:
    """The part that a row of an event-grained table is in, by the column of its day."""
    return f"coalesce(strftime({quoted(column)}, '%Y-%m'), {literal(UNDATED)})"


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Names and DuckDB types of a relation's columns, in their order."""
    described = connection.execute(f"describe select * from {relation}").fetchall()
    return {name: column_type for name, column_type, *_ in described}


def hash_table(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    publication_id: str | None = None,
    month: str | None = None,
) -> TableHash:
    """Hash a relation: a quoted table, also of an attached database, or `parquet(path)`.

    A given `publication_id` counts as null where the column of that name holds it, so that a
    published table has the stored hash of its candidate. `month` is the column by whose month the
    table is kept, if it is; a table without that column is one part.
    Raises ThermoclineError for a column whose type has no exact text.
    """
    columns = columns_of(connection, relation)
    packaging = [name for name in columns if not is_content(name)]
    part = month_of(month) if month in columns else literal(WHOLE)
    cells = _cells(relation, columns, publication_id, part)
    stored = _row_hash(columns) if packaging else "null"
    connection.execute(
        f"create or replace temporary table {ROW_HASHES} as select {quoted(PART)} as part, "
        f"{_row_hash(filter(is_content, columns))} as content, {stored} as stored from ({cells})"
    )
    try:
        rows = dict(
            connection.execute(f"select part, count(*) from {ROW_HASHES} group by part").fetchall()
        ) or {WHOLE: 0}
        content = _part_hashes(connection, "content", rows)
        stored_parts = _part_hashes(connection, "stored", rows) if packaging else content
        return combined(
            columns,
            {name: PartHash(rows[name], content[name], stored_parts[name]) for name in sorted(rows)},
        )
    finally:
        connection.execute(f"drop table if exists {ROW_HASHES}")


def combined(columns: dict[str, str], parts: dict[str, PartHash]) -> TableHash:
    """A table by its parts: months, or the one part `WHOLE`, also of a table without rows."""
    rows = sum(part.rows for part in parts.values())
    if WHOLE in parts:
        return TableHash(rows, parts[WHOLE].content, parts[WHOLE].stored, columns, parts)
    content, stored = hashlib.sha256(), hashlib.sha256()
    for name, part in sorted(parts.items()):
        content.update(f"{name} {part.content}\n".encode())
        stored.update(f"{name} {part.stored}\n".encode())
    return TableHash(rows, content.hexdigest(), stored.hexdigest(), columns, parts)


def _cells(relation: str, columns: Mapping[str, str], publication_id: str | None, part: str) -> str:
    """A query with the two halves of each cell, and each row's part."""
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
    texts.append(f"{part} as {quoted(PART)}")
    halves.append(quoted(PART))
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


def _part_hashes(
    connection: duckdb.DuckDBPyConnection, column: str, rows: Mapping[str, int]
) -> dict[str, str]:
    total = sum(rows.values())
    digits = 0 if total <= ROWS_AT_ONCE else 1 if total <= 16 * ROWS_AT_ONCE else 2
    parts: defaultdict[str, Any] = defaultdict(hashlib.sha256)
    for prefix in (f"{number:0{digits}x}" if digits else "" for number in range(16**digits)):
        buckets = connection.execute(
            f"select part, sha256(array_to_string(list_sort(list({column})), '')) from {ROW_HASHES} "
            f"where starts_with({column}, ?) group by part, left({column}, 3) order by left({column}, 3)",
            [prefix],
        ).fetchall()
        for part, bucket in buckets:
            parts[part].update(bucket.encode())
    return {name: parts[name].hexdigest() for name in rows}
