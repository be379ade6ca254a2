"""A table of a candidate: one Parquet file, or of an event-grained table one for each month."""

import hashlib
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import duckdb

from thermocline import contract, durable, hashing, kept_row_hashes
from thermocline.errors import ThermoclineError
from thermocline.hashing import WHOLE, PartHash, TableHash, literal, parquet, quoted

_PART = re.compile(rf"{WHOLE}|{hashing.UNDATED}|\d{{4,}}-\d\d")
MONTHS_AT_ONCE = 100
"""Months that are written together: DuckDB keeps so many files open."""

HASHED_AT_ONCE = 2
"""Months: while the hashes of one are put in order, the database makes those of another."""

ROWS_AT_ONCE = 20_000
"""Rows of a month that a thread gathers before it writes them; DuckDB's half a million would hold all."""

_MONTH = "thermocline_month"
_PARQUET = "format parquet, compression zstd, compression_level 1, dictionary_size_limit 1000"
"""Beyond so many different texts a dictionary takes longer and saves next to nothing."""


@dataclass(frozen=True)
class FrozenPart:
    """One file. The hashes are None for what only the gate reads.

    fingerprint: what tells that the warehouse still holds the very rows of a month; None of a whole table.
    """

    path: Path
    rows: int
    bytes: int
    sha256: str
    content_hash: str | None = None
    stored_hash: str | None = None
    fingerprint: str | None = None


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
        return parquet(*(part.path for part in self.parts.values()))

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
        parts = {name: asdict(part) for name, part in self.parts.items()}
        for part in parts.values():
            del part["path"]
        return {"columns": list(self.columns.items()), "parts": parts}

    @classmethod
    def from_json(cls, folder: Path, name: str, stored: Mapping[str, Any]) -> "FrozenTable":
        """Raises ValueError, KeyError or TypeError where it isn't what `to_json` gives."""
        return cls(
            name,
            dict(stored["columns"]),
            {part: FrozenPart(_file(folder, name, part), **held) for part, held in stored["parts"].items()},
        )


def write_whole(connection: duckdb.DuckDBPyConnection, query: str, folder: Path, name: str) -> FrozenTable:
    """The query's rows in one file of `folder`, without hashes of the rows."""
    path = _copy(connection, query, _file(folder, name, WHOLE))
    counted = connection.execute(f"select count(*) from {parquet(path)}").fetchall()
    part = FrozenPart(path, counted[0][0], path.stat().st_size, durable.file_hash(path))
    return FrozenTable(name, hashing.columns_of(connection, parquet(path)), {WHOLE: part})


def write(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    folder: Path,
    name: str,
    earlier: FrozenTable | None = None,
    kept: Path | None = None,
) -> FrozenTable:
    """The query's rows, in months where the table is event-grained.

    A month that `earlier` holds is linked instead of written: it has the same fingerprint, which is the
    number of its rows and the sum of their hashes in this version of DuckDB, and its file is intact. Of
    other months only rows are hashed whose hashes aren't in the folder `kept` (see `kept_row_hashes`).
    Raises ThermoclineError where a file doesn't hold the rows that were to be written.
    """
    columns, month = hashing.columns_of(connection, f"({query})"), contract.MONTHLY.get(name)
    found = _fingerprints(connection, query, columns, month) if month in columns else {}
    keeping = _Keeping(connection, name, kept / name if kept else None)
    if month is None or not found:
        path = _copy(connection, query, _file(folder, name, WHOLE))
        columns = hashing.columns_of(connection, parquet(path))
        return FrozenTable(name, columns, {WHOLE: keeping.part(path, columns, WHOLE)})
    (folder / name).mkdir()
    held = dict(_linked(folder, name, earlier.parts if earlier else {}, found))
    for parts in _batches(sorted(set(found) - set(held))):
        paths = _written(connection, query, folder, name, month, parts)
        with ThreadPoolExecutor(HASHED_AT_ONCE) as pool:
            of_months = pool.map(keeping.part, paths.values(), repeat(columns), paths, map(found.get, paths))
            held.update(zip(paths, of_months, strict=True))
    keeping.forget_all_but(found)
    durable.sync(folder / name)
    return FrozenTable(name, columns, dict(sorted(held.items())))


@dataclass(frozen=True)
class _Fingerprint:
    """What the warehouse says of a month: the number of its rows, and the sum of their fingerprints."""

    rows: int
    total: int
    shape: str

    @property
    def text(self) -> str:
        return hashlib.sha256(f"{self.shape} {self.rows} {self.total}".encode()).hexdigest()


def _fingerprints(
    connection: duckdb.DuckDBPyConnection, query: str, columns: Mapping[str, str], month: str
) -> dict[str, _Fingerprint]:
    found = connection.execute(
        f'select {hashing.month_of("first day")}, * exclude ("first day") from (select '
        f"date_trunc('month', {quoted(month)}) as \"first day\", count(*), "
        f"sum({kept_row_hashes.fingerprint(columns)}) from ({query}) group by all)"
    ).fetchall()
    shape = f"{duckdb.__version__} {list(columns.items())}"
    return {part: _Fingerprint(rows, int(total), shape) for part, rows, total in found}


def _batches(parts: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(parts), MONTHS_AT_ONCE):
        yield parts[first : first + MONTHS_AT_ONCE]


def _linked(
    folder: Path, name: str, earlier: Mapping[str, FrozenPart], found: Mapping[str, _Fingerprint]
) -> Iterator[tuple[str, FrozenPart]]:
    for part, fingerprint in found.items():
        same = earlier.get(part)
        if (
            same
            and same.fingerprint == fingerprint.text
            and same.path.is_file()
            and durable.file_hash(same.path) == same.sha256
        ):
            path = _file(folder, name, part)
            try:
                os.link(same.path, path)
            except OSError:
                # A filesystem without links: the month is written again.
                continue
            yield part, FrozenPart(path, **{key: value for key, value in vars(same).items() if key != "path"})


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
        f"to {literal(apart)} ({_PARQUET}, partition_by ({_MONTH}))"
    )
    connection.execute("reset partitioned_write_flush_threshold")
    paths = {}
    for part in parts:
        [written] = (apart / f"{_MONTH}={part}").iterdir()
        paths[part] = _kept(written.rename(_file(folder, name, part)))
    shutil.rmtree(apart)
    return paths


@dataclass(frozen=True)
class _Keeping:
    """Hashes a table's files, by what is kept of their rows."""

    connection: duckdb.DuckDBPyConnection
    name: str
    folder: Path | None

    def part(
        self, path: Path, columns: Mapping[str, str], part: str, written: _Fingerprint | None = None
    ) -> FrozenPart:
        kept = self.folder / part if self.folder else None
        with self.connection.cursor() as connection:
            held, total = kept_row_hashes.hash_part(connection, parquet(path), columns, kept)
        if written and (held.rows, total) != (written.rows, written.total):
            raise ThermoclineError(
                f"{path} doesn't hold the rows of {self.name} that were written: run again"
            )
        return FrozenPart(
            path,
            held.rows,
            path.stat().st_size,
            durable.file_hash(path),
            held.content,
            held.stored,
            written.text if written else None,
        )

    def forget_all_but(self, parts: Collection[str]) -> None:
        for path in self.folder.iterdir() if self.folder and self.folder.is_dir() else ():
            if path.name not in parts:
                path.unlink()


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> Path:
    connection.execute(f"copy ({query}) to {literal(path)} ({_PARQUET})")
    return _kept(path)


def _kept(path: Path) -> Path:
    path.chmod(durable.READ_ONLY)
    durable.sync(path)
    return path


def _file(folder: Path, name: str, part: str) -> Path:
    if not _PART.fullmatch(part):
        raise ValueError(f"{part!r} is no part of a table")
    return folder / (f"{name}.parquet" if part == WHOLE else f"{name}/{part}.parquet")
