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

import duckdb
import numpy as np

from thermocline.candidates import row_hashes
from thermocline.candidates.contract import HASHED, PUBLICATION_ID, is_content, is_storable
from thermocline.errors import ThermoclineError
from thermocline.sql import literal, quoted

ROWS_AT_ONCE = 100_000
"""Row hashes that are fetched together, about 20 MB."""

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


def month_of(column: str) -> str:
    """The part that a row of an event-grained table is in, by the column of its day."""
    return f"coalesce(strftime({quoted(column)}, '%Y-%m'), {literal(UNDATED)})"


def in_months(column: str, parts: Iterable[str]) -> str:
    """A condition for the rows of these parts of an event-grained table: days between bounds, found fast."""
    day, conditions = quoted(column), []
    for part in parts:
        first = f"date '{part}-01'"
        conditions.append(
            f"{day} is null"
            if part == UNDATED
            else f"{day} >= {first} and {day} < ({first} + interval 1 month)::date"
        )
    return f"({' or '.join(conditions)})"


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
    part = month_of(month) if month in columns else literal(WHOLE)
    hashed = connection.execute(row_hashes_of(relation, columns, {PART: part}, publication_id))
    fetched: defaultdict[str, list[row_hashes.Words]] = defaultdict(list)
    while rows := hashed.fetchmany(ROWS_AT_ONCE):
        texts: defaultdict[str, list[str]] = defaultdict(list)
        for name, text in rows:
            texts[name].append(text)
        for name, some in texts.items():
            fetched[name].append(row_hashes.of_hex(some, hashes_per_row(columns)))
    if not fetched:
        fetched[WHOLE].append(row_hashes.of_hex([], hashes_per_row(columns)))
    return combined(
        columns, {name: part_of_rows(np.concatenate(fetched.pop(name))) for name in sorted(fetched)}
    )


def row_fingerprint(columns: Iterable[str]) -> str:
    """A 64-bit hash of a row in this version of DuckDB, in SQL: it finds what changed, and proves nothing."""
    return f"hash({', '.join(map(quoted, columns))})"


def hashes_per_row(columns: Iterable[str]) -> int:
    """A row whose columns are all content has one hash, any other one of its content and one of all."""
    return 1 if all(map(is_content, columns)) else 2


def part_of_rows(rows: row_hashes.Words) -> PartHash:
    """A part by the hashes of its rows, as `row_hashes_of` gives them."""
    content = row_hashes.part_hash(row_hashes.hash_at(rows, 0))
    is_all = rows.shape[1] == row_hashes.hash_at(rows, 0).shape[1]
    stored = content if is_all else row_hashes.part_hash(row_hashes.hash_at(rows, 1))
    return PartHash(len(rows), content, stored)


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


def row_hashes_of(
    relation: str, columns: Mapping[str, str], beside: Mapping[str, str], publication_id: str | None = None
) -> str:
    """A query with what is asked for `beside` (SQL by name), then content and stored hash in one text.

    The latter is left out where `hashes_per_row` is one. Raises as `hash_table` does.
    """
    for name, column_type in columns.items():
        if not is_storable(column_type):
            raise ThermoclineError(
                f"column {name} of {relation} has type {column_type}, which can't be hashed: "
                "cast it to a decimal, integer, boolean, date, timestamp or varchar"
            )
    texts = [f"{_text(name, kind, publication_id)} as {quoted(name)}" for name, kind in columns.items()]
    texts += [f"{sql} as {quoted(name)}" for name, sql in beside.items()]
    halves = [
        f"coalesce('s' || strlen({name}) || ':', 'n') as {length}, {name}"
        for name, length in map(_cell, columns)
    ]
    halves += map(quoted, beside)
    hashes = [_row_hash(filter(is_content, columns)), _row_hash(columns)][: hashes_per_row(columns)]
    return (
        f"select {''.join(f'{quoted(name)}, ' for name in beside)}{' || '.join(hashes)} "
        f"from (select {', '.join(halves)} from (select {', '.join(texts)} from {relation}))"
    )


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
