"""A part of a frozen table: a file, and where rows changed since it was written a small one beside it.

The small file holds, with all their columns, rows of the first that are no longer there and rows that came
since, told apart by the column CHANGE (-1 and 1).
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from thermocline import durable
from thermocline.hashing import UNDATED, WHOLE, literal, parquet, quoted

CHANGE = "thermocline_change"
_PART = re.compile(rf"{WHOLE}|{UNDATED}|\d{{4,}}-\d\d")
PARQUET = "format parquet, compression zstd, compression_level 1, dictionary_size_limit 1000"
"""Beyond so many different texts a dictionary takes longer and saves next to nothing."""


@dataclass(frozen=True)
class FrozenFile:
    """A file as it was written."""

    path: Path
    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "FrozenFile":
        return cls(path, path.stat().st_size, durable.file_hash(path))

    @property
    def is_intact(self) -> bool:
        return self.path.is_file() and durable.file_hash(self.path) == self.sha256

    def linked(self, path: Path) -> "FrozenFile | None":
        """The same file under another path; None where it isn't intact or can't be linked."""
        try:
            if self.is_intact:
                path.parent.mkdir(exist_ok=True)
                os.link(self.path, path)
                return replace(self, path=path)
        except OSError:
            # A file that is gone, or a filesystem without links: it is written again.
            path.unlink(missing_ok=True)
        return None


@dataclass(frozen=True)
class FrozenPart:
    """Rows of a table. The hashes are None for what only the gate reads.

    fingerprint: what tells that the warehouse still holds the very rows of a month; None of a whole table.
    total: the sum of the rows' first fingerprints (see `kept_row_hashes`), if it is known.
    """

    file: FrozenFile
    rows: int
    content_hash: str | None = None
    stored_hash: str | None = None
    fingerprint: str | None = None
    total: int | None = None
    changes: FrozenFile | None = None

    @property
    def path(self) -> Path:
        return self.file.path

    @property
    def files(self) -> Iterator[FrozenFile]:
        yield self.file
        if self.changes:
            yield self.changes

    def linked(self, path: Path) -> "FrozenPart | None":
        """The same part with its files under another path; None where one isn't intact or can't be linked."""
        file = self.file.linked(path)
        changes = self.changes.linked(changes_of(path)) if file and self.changes else None
        if file is None or (self.changes and changes is None):
            if file:
                path.unlink()
            return None
        return replace(self, file=file, changes=changes)

    def to_json(self) -> dict[str, Any]:
        told = {key: value for key, value in vars(self).items() if key not in ("file", "changes")}
        told |= {"bytes": self.file.bytes, "sha256": self.file.sha256}
        if self.changes:
            told["changes"] = {"bytes": self.changes.bytes, "sha256": self.changes.sha256}
        return told

    @classmethod
    def from_json(cls, path: Path, told: Mapping[str, Any]) -> "FrozenPart":
        """Raises KeyError or TypeError where it isn't what `to_json` gives."""
        held = {key: value for key, value in told.items() if key not in ("bytes", "sha256", "changes")}
        changes = told.get("changes")
        return cls(
            FrozenFile(path, told["bytes"], told["sha256"]),
            **held,
            changes=FrozenFile(changes_of(path), **changes) if changes else None,
        )


@dataclass(frozen=True)
class UpToDate:
    """Parts that are frozen, and the names of those that are to be written from the warehouse."""

    held: dict[str, FrozenPart]
    others: set[str]


def file_of(folder: Path, name: str, part: str) -> Path:
    """Where a part of a table stands. Raises ValueError."""
    if not _PART.fullmatch(part):
        raise ValueError(f"{part!r} is no part of a table")
    return folder / (f"{name}.parquet" if part == WHOLE else f"{name}/{part}.parquet")


def written(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> Path:
    """The query's rows in a file that is kept."""
    connection.execute(f"copy ({query}) to {literal(path)} ({PARQUET})")
    return keep(path)


def keep(path: Path) -> Path:
    path.chmod(durable.READ_ONLY)
    durable.sync(path)
    return path


def changes_of(path: Path) -> Path:
    """Where the changes since a part's file was written stand."""
    return path.with_suffix(f".changes{path.suffix}")


def relation(parts: Iterable[FrozenPart], key: Iterable[str]) -> str:
    """What reads the rows of these parts, of a table with such a key (a part's day among it)."""
    parts = list(parts)
    changed = [part for part in parts if part.changes]
    whole = [part.path for part in parts if not part.changes]
    if not changed:
        return parquet(*whole)
    noted = parquet(*(part.changes.path for part in changed if part.changes))
    base = parquet(*(part.path for part in changed))
    queries = [
        *([f"select * from {parquet(*whole)}"] if whole else []),
        f"select * from {gone_from(base, noted, key, 'anti')}",
        f"select * exclude ({CHANGE}) from {noted} where {CHANGE} > 0",
    ]
    return f"({' union all '.join(queries)})"


def gone_from(base: str, changes: str, key: Iterable[str], join: str = "semi") -> str:
    """Rows of the base that its changes took away, or (`anti`) all others."""
    same = " and ".join(f"base.{quoted(name)} is not distinct from gone.{quoted(name)}" for name in key)
    return f"{base} as base {join} join (select * from {changes} where {CHANGE} < 0) as gone on {same}"
