"""A table of a candidate: one Parquet file, or of an event-grained table one for each month."""

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any

import duckdb

from thermocline import contract, durable, frozen_part, hashing, kept_row_hashes
from thermocline.errors import ThermoclineError
from thermocline.frozen_part import PARQUET, FrozenFile, FrozenPart, UpToDate, file_of, keep
from thermocline.hashing import WHOLE, PartHash, TableHash, literal, parquet, quoted
from thermocline.kept_row_hashes import Fingerprint

MONTHS_AT_ONCE = 100
"""Months that are written together: DuckDB keeps so many files open."""

HASHED_AT_ONCE = 2
"""Months: while the hashes of one are put in order, the database makes those of another."""

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
        """What reads all rows."""
        return self.rows_of(self.parts)

    def rows_of(self, parts: Iterable[str]) -> str:
        """What reads the rows of these parts, one at least."""
        return frozen_part.relation((self.parts[part] for part in parts), contract.KEYS.get(self.name, ()))

    @property
    def hashes(self) -> TableHash:
        """Of a table to be published, by the hashes of its parts."""
        return hashing.combined(
            self.columns,
            {
                name: PartHash(part.rows, str(part.content_hash), str(part.stored_hash))
                for name, part in self.parts.items()
            },
        )

    def found(self, connection: duckdb.DuckDBPyConnection) -> TableHash:
        """The hashes of the rows that the files hold."""
        return hashing.hash_table(connection, self.relation, month=contract.MONTHLY.get(self.name))

    def to_json(self) -> dict[str, Any]:
        parts = {name: part.to_json() for name, part in self.parts.items()}
        return {"columns": list(self.columns.items()), "parts": parts}

    @classmethod
    def from_json(cls, folder: Path, name: str, stored: Mapping[str, Any]) -> "FrozenTable":
        """Raises ValueError, KeyError or TypeError where it isn't what `to_json` gives."""
        return cls(
            name,
            dict(stored["columns"]),
            {
                part: FrozenPart.from_json(file_of(folder, name, part), told)
                for part, told in stored["parts"].items()
            },
        )


def write_whole(connection: duckdb.DuckDBPyConnection, query: str, folder: Path, name: str) -> FrozenTable:
    """The query's rows in one file of `folder`, without hashes of the rows."""
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
    kept: Path | None = None,
    updated: UpToDate | None = None,
) -> FrozenTable:
    """The query's rows, in months where the table is event-grained; what was `updated` isn't written.

    A month that `earlier` holds is linked instead of written: it has the same fingerprint, which is the
    number of its rows and the sum of their hashes in this version of DuckDB, and its file is intact. Of
    other months only rows are hashed whose hashes aren't in the folder `kept` (see `kept_row_hashes`).
    Raises ThermoclineError where a file doesn't hold the rows that were to be written.
    """
    columns, month = hashing.columns_of(connection, f"({query})"), contract.MONTHLY.get(name)
    held = dict(updated.held) if updated else {}
    found: dict[str, Fingerprint] = {}
    if month in columns and (updated is None or updated.others):
        rows = (
            f"from ({query}) where {hashing.in_months(month, sorted(updated.others))}" if updated else query
        )
        found = _fingerprints(connection, rows, columns, month)
    keeping = _Keeping(connection, name, kept / name if kept else None)
    if not held and (month is None or not found):
        path = frozen_part.written(connection, query, file_of(folder, name, WHOLE))
        columns = hashing.columns_of(connection, parquet(path))
        return FrozenTable(name, columns, {WHOLE: keeping.part(path, columns, WHOLE)})
    if WHOLE not in held:
        (folder / name).mkdir(exist_ok=True)
        held |= _linked(folder, name, earlier.parts if earlier else {}, found)
        for parts in _batches(sorted(set(found) - set(held))):
            paths = _written(connection, query, folder, name, str(month), parts)
            with ThreadPoolExecutor(HASHED_AT_ONCE) as pool:
                of_months = pool.map(
                    keeping.part, paths.values(), repeat(columns), paths, map(found.get, paths)
                )
                held.update(zip(paths, of_months, strict=True))
        keeping.forget_all_but(held)
    durable.sync(folder if WHOLE in held else folder / name)
    return FrozenTable(name, columns, dict(sorted(held.items())))


def _fingerprints(
    connection: duckdb.DuckDBPyConnection, query: str, columns: Mapping[str, str], month: str
) -> dict[str, Fingerprint]:
    # By day first: DuckDB sums what lies in a small range in an array.
    found = connection.execute(
        f"select {hashing.month_of(month)}, sum(rows)::bigint, sum(total) from (select {quoted(month)}, "
        f"count(*) as rows, sum({kept_row_hashes.fingerprint(columns)}) as total "
        f"from ({query}) group by all) group by all"
    ).fetchall()
    return {part: Fingerprint.of(rows, int(total), columns) for part, rows, total in found}


def _batches(parts: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(parts), MONTHS_AT_ONCE):
        yield parts[first : first + MONTHS_AT_ONCE]


def _linked(
    folder: Path, name: str, earlier: Mapping[str, FrozenPart], found: Mapping[str, Fingerprint]
) -> Iterator[tuple[str, FrozenPart]]:
    for part, fingerprint in found.items():
        same = earlier.get(part)
        if same and same.fingerprint == fingerprint.text:
            linked = same.linked(file_of(folder, name, part))
            if linked:
                # An earlier release didn't write it down.
                yield part, replace(linked, total=fingerprint.total)


def _written(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    folder: Path,
    name: str,
    month: str,
    parts: list[str],
) -> dict[str, Path]:
    """Write these months, all in one pass over the table."""
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


@dataclass(frozen=True)
class _Keeping:
    """Hashes a table's files, by what is kept of their rows."""

    connection: duckdb.DuckDBPyConnection
    name: str
    folder: Path | None

    def part(
        self, path: Path, columns: Mapping[str, str], part: str, written: Fingerprint | None = None
    ) -> FrozenPart:
        kept = self.folder / part if self.folder else None
        with self.connection.cursor() as connection:
            held, total = kept_row_hashes.hash_part(connection, parquet(path), columns, kept)
        if written and (held.rows, total) != (written.rows, written.total):
            raise ThermoclineError(
                f"{path} doesn't hold the rows of {self.name} that were written: run again"
            )
        return FrozenPart(
            FrozenFile.of(path),
            held.rows,
            held.content,
            held.stored,
            written.text if written else None,
            total,
        )

    def forget_all_but(self, parts: Collection[str]) -> None:
        for path in self.folder.iterdir() if self.folder and self.folder.is_dir() else ():
            if path.name not in parts:
                path.unlink()
