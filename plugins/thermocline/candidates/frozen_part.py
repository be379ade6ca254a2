"""A part of a frozen table: a Parquet file with its rows, and their hashes."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from thermocline import durable
from thermocline.candidates.hashing import UNDATED, WHOLE
from thermocline.sql import literal

_PART = re.compile(rf"{WHOLE}|{UNDATED}|\d{{4,}}-\d\d")
PARQUET = "format parquet, compression zstd, compression_level 1, dictionary_size_limit 1000"
"""With more than 1000 distinct texts a dictionary takes longer and saves almost nothing."""


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
        """Link the file to another path and return it; None if it isn't intact or can't be linked."""
        try:
            if self.is_intact:
                path.parent.mkdir(exist_ok=True)
                os.link(self.path, path)
                return replace(self, path=path)
        except OSError:
            # The file is missing, or the filesystem has no links: the caller writes it again.
            path.unlink(missing_ok=True)
        return None


@dataclass(frozen=True)
class FrozenPart:
    """Rows of a table in a file. The hashes are None for what only the gate reads.

    fingerprint: equal as long as the warehouse has the same rows of the month; None for a whole table.
    """

    file: FrozenFile
    rows: int
    content_hash: str | None = None
    stored_hash: str | None = None
    fingerprint: str | None = None

    @property
    def path(self) -> Path:
        return self.file.path

    def linked(self, path: Path) -> "FrozenPart | None":
        """Link the part's file to another path and return it; None if it isn't intact or can't be linked."""
        file = self.file.linked(path)
        return replace(self, file=file) if file else None

    def to_json(self) -> dict[str, Any]:
        stored = {key: value for key, value in vars(self).items() if key != "file"}
        return stored | {"bytes": self.file.bytes, "sha256": self.file.sha256}

    @classmethod
    def from_json(cls, path: Path, stored: Mapping[str, Any]) -> "FrozenPart":
        """Return the part that `to_json` described. Raise KeyError or TypeError if `stored` isn't valid."""
        values = {key: value for key, value in stored.items() if key not in ("bytes", "sha256")}
        return cls(FrozenFile(path, stored["bytes"], stored["sha256"]), **values)


def file_of(folder: Path, name: str, part: str) -> Path:
    """Return the path of a part of a table. Raise ValueError for an invalid part name."""
    if not _PART.fullmatch(part):
        raise ValueError(f"{part!r} is no part of a table")
    return folder / (f"{name}.parquet" if part == WHOLE else f"{name}/{part}.parquet")


def written(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> Path:
    """Write the query's rows to a read-only, synced file; return its path."""
    connection.execute(f"copy ({query}) to {literal(path)} ({PARQUET})")
    return keep(path)


def keep(path: Path) -> Path:
    path.chmod(durable.READ_ONLY)
    durable.sync(path)
    return path
