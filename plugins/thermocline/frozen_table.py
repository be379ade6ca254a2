"""A table of a candidate: one Parquet file, or of an event-grained table one for each month."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from thermocline import contract, durable, hashing
from thermocline.hashing import WHOLE, PartHash, TableHash, literal, parquet, quoted

_PART = re.compile(rf"{WHOLE}|{hashing.UNDATED}|\d{{4,}}-\d\d")
_CHANGED = "temp.main.thermocline_changed_parts"


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


def write_whole(
    connection: duckdb.DuckDBPyConnection, query: str, folder: Path, name: str, *, hashed: bool = True
) -> FrozenTable:
    """The query's rows in one file of `folder`."""
    path = _copy(connection, query, _file(folder, name, WHOLE))
    if hashed:
        held = hashing.hash_table(connection, parquet(path))
        return FrozenTable(name, held.columns, {WHOLE: _part(path, held)})
    counted = connection.execute(f"select count(*) from {parquet(path)}").fetchall()
    part = FrozenPart(path, counted[0][0], path.stat().st_size, durable.file_hash(path))
    return FrozenTable(name, hashing.columns_of(connection, parquet(path)), {WHOLE: part})


def write(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    folder: Path,
    name: str,
    earlier: FrozenTable | None = None,
) -> FrozenTable:
    """The query's rows, in months where the table is event-grained.

    A month that `earlier` holds is linked instead of written: it has the same fingerprint, which is the
    number of its rows and the sum of their hashes in this version of DuckDB, and its file is intact.
    """
    columns, month = hashing.columns_of(connection, f"({query})"), contract.MONTHLY.get(name)
    fingerprints = _fingerprints(connection, query, columns, month) if month in columns else {}
    if month is None or not fingerprints:
        return write_whole(connection, query, folder, name)
    (folder / name).mkdir()
    held = dict(_linked(folder, name, earlier.parts if earlier else {}, fingerprints))
    changed = sorted(set(fingerprints) - set(held))
    if changed:
        held.update(_written(connection, query, folder, name, month, changed, fingerprints))
    durable.sync(folder / name)
    return FrozenTable(name, columns, dict(sorted(held.items())))


def _fingerprints(
    connection: duckdb.DuckDBPyConnection, query: str, columns: Mapping[str, str], month: str
) -> dict[str, str]:
    cells = ", ".join(map(quoted, columns))
    found = connection.execute(
        f"select {hashing.month_of(month)} as part, count(*), sum(hash({cells})) from ({query}) group by part"
    ).fetchall()
    shape = f"{duckdb.__version__} {list(columns.items())}"
    return {
        part: hashlib.sha256(f"{shape} {rows} {total}".encode()).hexdigest() for part, rows, total in found
    }


def _linked(
    folder: Path, name: str, earlier: Mapping[str, FrozenPart], fingerprints: Mapping[str, str]
) -> Iterator[tuple[str, FrozenPart]]:
    for part, fingerprint in fingerprints.items():
        same = earlier.get(part)
        if (
            same
            and same.fingerprint == fingerprint
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
    fingerprints: Mapping[str, str],
) -> Iterator[tuple[str, FrozenPart]]:
    part_of = hashing.month_of(month)
    wanted = ", ".join(map(literal, parts))
    # Ordered, so that writing a month doesn't scan the others.
    connection.execute(
        f"create or replace temporary table {_CHANGED} as select *, {part_of} as {quoted(hashing.PART)} "
        f"from ({query}) where {part_of} in ({wanted}) order by {quoted(hashing.PART)}"
    )
    try:
        paths = {
            part: _copy(
                connection,
                f"select * exclude ({quoted(hashing.PART)}) from {_CHANGED} "
                f"where {quoted(hashing.PART)} = {literal(part)}",
                _file(folder, name, part),
            )
            for part in parts
        }
    finally:
        connection.execute(f"drop table {_CHANGED}")
    held = hashing.hash_table(connection, parquet(*paths.values()), month=month)
    for part, path in paths.items():
        yield part, _part(path, held.parts[part], fingerprints[part])


def _part(path: Path, held: TableHash | PartHash, fingerprint: str | None = None) -> FrozenPart:
    return FrozenPart(
        path,
        held.rows,
        path.stat().st_size,
        durable.file_hash(path),
        held.content,
        held.stored,
        fingerprint,
    )


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> Path:
    connection.execute(f"copy ({query}) to {literal(path)} (format parquet, compression zstd)")
    path.chmod(durable.READ_ONLY)
    durable.sync(path)
    return path


def _file(folder: Path, name: str, part: str) -> Path:
    if not _PART.fullmatch(part):
        raise ValueError(f"{part!r} is no part of a table")
    return folder / (f"{name}.parquet" if part == WHOLE else f"{name}/{part}.parquet")
