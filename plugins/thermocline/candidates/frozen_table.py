"""A table of a candidate: one Parquet file, or of an event-grained table one for each month."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from thermocline import durable
from thermocline.candidates import contract, frozen_part, hashing
from thermocline.candidates.frozen_part import PARQUET, FrozenFile, FrozenPart, file_of, keep
from thermocline.candidates.hashing import WHOLE, PartHash, TableHash
from thermocline.errors import ThermoclineError
from thermocline.sql import literal, parquet, quoted

MONTHS_AT_ONCE = 100
"""Months that are written together: DuckDB keeps a file open per month."""

ROWS_AT_ONCE = 20_000
"""Rows of a month that a thread gathers before it writes them; DuckDB's half a million would hold all."""

_MONTH = "thermocline_month"


@dataclass(frozen=True)
class FrozenTable:
    """Rows in files, by part: `hashing.WHOLE`, or months (yyyy-mm, or `hashing.UNDATED`)."""

    name: str
    columns: dict[str, str]
    parts: dict[str, FrozenPart]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts.values())

    @property
    def relation(self) -> str:
        """Return a relation (SQL) with all rows."""
        return self.rows_of(self.parts)

    def rows_of(self, parts: Iterable[str]) -> str:
        """Return a relation (SQL) with the rows of these parts, at least one."""
        return parquet(*(self.parts[part].path for part in parts))

    @property
    def hashes(self) -> TableHash:
        """Return the hashes of a table to be published, combined from those of its parts."""
        return hashing.combined(
            self.columns,
            {
                name: PartHash(part.rows, str(part.content_hash), str(part.stored_hash))
                for name, part in self.parts.items()
            },
        )

    def found(self, connection: duckdb.DuckDBPyConnection) -> TableHash:
        """Return the hashes recomputed from the rows in the files."""
        return hashing.hash_table(connection, self.relation, month=contract.MONTHLY.get(self.name))

    def to_json(self) -> dict[str, Any]:
        parts = {name: part.to_json() for name, part in self.parts.items()}
        return {"columns": list(self.columns.items()), "parts": parts}

    @classmethod
    def from_json(cls, folder: Path, name: str, stored: Mapping[str, Any]) -> "FrozenTable":
        """Return the table that `to_json` described. Raise ValueError, KeyError or TypeError if invalid."""
        return cls(
            name,
            dict(stored["columns"]),
            {
                part: FrozenPart.from_json(file_of(folder, name, part), values)
                for part, values in stored["parts"].items()
            },
        )


def write_whole(connection: duckdb.DuckDBPyConnection, query: str, folder: Path, name: str) -> FrozenTable:
    """Write the query's rows to one file of `folder`, without hashes of the rows."""
    path = frozen_part.written(connection, query, file_of(folder, name, WHOLE))
    counted = connection.execute(f"select count(*) from {parquet(path)}").fetchall()
    part = FrozenPart(FrozenFile.of(path), counted[0][0])
    return FrozenTable(name, hashing.columns_of(connection, parquet(path)), {WHOLE: part})


def write(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    folder: Path,
    name: str,
    earlier: FrozenTable | None = None,
) -> FrozenTable:
    """Write the query's rows, one file per month if the table is event-grained.

    A month of `earlier` with the same fingerprint and an intact file is linked instead of written. Raise
    ThermoclineError if a written file doesn't contain the query's rows.
    """
    columns, month = hashing.columns_of(connection, f"({query})"), contract.MONTHLY.get(name)
    found = _fingerprints(connection, f"({query})", columns, month) if month in columns else {}
    if month is None or not found:
        path = frozen_part.written(connection, query, file_of(folder, name, WHOLE))
        columns = hashing.columns_of(connection, parquet(path))
        durable.sync(folder)
        return FrozenTable(name, columns, {WHOLE: _part(connection, path)})
    (folder / name).mkdir(exist_ok=True)
    parts = dict(_linked(folder, name, earlier.parts if earlier else {}, found))
    for batch in _batches(sorted(set(found) - set(parts))):
        for part, path in _written(connection, query, folder, name, month, batch).items():
            if _fingerprints(connection, parquet(path), columns, month) != {part: found[part]}:
                raise ThermoclineError(f"{path} doesn't hold the rows of {name} that were written: run again")
            parts[part] = replace(_part(connection, path), fingerprint=found[part])
    durable.sync(folder / name)
    return FrozenTable(name, columns, dict(sorted(parts.items())))


def _part(connection: duckdb.DuckDBPyConnection, path: Path) -> FrozenPart:
    hashed = hashing.hash_table(connection, parquet(path)).parts[WHOLE]
    return FrozenPart(FrozenFile.of(path), hashed.rows, hashed.content, hashed.stored)


def _fingerprints(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], month: str
) -> dict[str, str]:
    """Return a digest by month, of its row count and the sum of its rows' 64-bit hashes.

    DuckDB's hashes may change with its version, so the digest includes the version.
    """
    # Sum by day first: for keys in a small range DuckDB aggregates in an array, which is faster.
    found = connection.execute(
        f"select {hashing.month_of(month)}, sum(rows)::bigint, sum(total) from (select {quoted(month)}, "
        f"count(*) as rows, sum({hashing.row_fingerprint(columns)}) as total "
        f"from {relation} group by all) group by all"
    ).fetchall()
    shape = f"{duckdb.__version__} {list(columns.items())}"
    return {
        part: hashlib.sha256(f"{shape} {rows} {int(total)}".encode()).hexdigest()
        for part, rows, total in found
    }


def _batches(parts: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(parts), MONTHS_AT_ONCE):
        yield parts[first : first + MONTHS_AT_ONCE]


def _linked(
    folder: Path, name: str, earlier: Mapping[str, FrozenPart], found: Mapping[str, str]
) -> Iterator[tuple[str, FrozenPart]]:
    for part, fingerprint in found.items():
        same = earlier.get(part)
        linked = (
            same.linked(file_of(folder, name, part)) if same and same.fingerprint == fingerprint else None
        )
        if linked:
            yield part, linked


def _written(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    folder: Path,
    name: str,
    month: str,
    parts: list[str],
) -> dict[str, Path]:
    """Write these months in one pass over the table; return the path by month."""
    apart = folder / f".{name}"
    wanted = f"select *, {hashing.month_of(month)} as {_MONTH} from ({query})"
    connection.execute(f"set partitioned_write_flush_threshold = {ROWS_AT_ONCE}")
    connection.execute(
        f"copy ({wanted} where {hashing.in_months(month, parts)}) "
        f"to {literal(apart)} ({PARQUET}, partition_by ({_MONTH}))"
    )
    connection.execute("reset partitioned_write_flush_threshold")
    paths = {}
    for part in parts:
        [written] = (apart / f"{_MONTH}={part}").iterdir()
        paths[part] = keep(written.rename(file_of(folder, name, part)))
    shutil.rmtree(apart)
    return paths
