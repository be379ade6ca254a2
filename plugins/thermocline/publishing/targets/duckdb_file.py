"""The DuckDB target: an immutable file per publication, and a link that leads to the current one.

    reporting/2011-12-09-0001.duckdb                      schema `reporting`, read-only
    reporting/reporting.duckdb -> 2011-12-09-0001.duckdb  switched atomically
    reporting/ledger-head                                 `<seq> <hash>` of the last ledger entry

A process that keeps a file open keeps that publication until it reopens the link after
closing the old file everywhere.
"""

import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import duckdb

from thermocline import durable, warehouse
from thermocline.candidates import contract, hashing
from thermocline.candidates.hashing import TableHash
from thermocline.errors import LedgerChanged
from thermocline.home import Home
from thermocline.publishing.targets import Base, Edition, Progress, duckdb_tables
from thermocline.sql import literal

POINTER = "reporting.duckdb"
HEAD = "ledger-head"
STORAGE_VERSION = "v1.5.0"
"""The oldest DuckDB that must read the files."""

_NAME = re.compile(r"(\d{4}-\d\d-\d\d-\d{4,})\.duckdb")


class DuckDBFile:
    """Publications of one home as DuckDB files in its folder `reporting`."""

    name = "duckdb"
    is_exact = True

    def __init__(self, home: Home) -> None:
        self.home = home
        self.folder = home.reporting
        self.pointer = self.folder / POINTER
        self._connection: duckdb.DuckDBPyConnection | None = None

    def path(self, publication_id: str) -> Path:
        return self.folder / f"{publication_id}.duckdb"

    def write_publication(self, edition: Edition, progress: Progress) -> None:
        temporary = self.folder / f".writing-{edition.publication_id}"
        self._remove(temporary)
        try:
            base = edition.base if self._copied(edition.base, temporary) else None
            with self._attached(temporary, f"storage_version '{STORAGE_VERSION}'") as connection:
                if base:
                    duckdb_tables.change(connection, edition, base)
                else:
                    duckdb_tables.write(connection, edition)
                # Else it happens on detaching, which doesn't say why it failed.
                connection.execute("checkpoint target")
            temporary.chmod(durable.READ_ONLY)
            durable.sync(temporary)
            progress("written")
            temporary.rename(self.path(edition.publication_id))
        finally:
            self._remove(temporary)
        durable.sync(self.folder)

    def _copied(self, base: Base | None, path: Path) -> bool:
        """Copy the file of an earlier publication; return whether the copy has the hash that the ledger
        names.
        """
        source = self.path(base.publication_id) if base else None
        if base is None or source is None or not source.is_file():
            return False
        shutil.copyfile(source, path)
        if durable.file_hash(path) == base.files.get(source.name):
            return True
        path.unlink()
        return False

    def switch_to(self, publication_id: str) -> None:
        link = self.folder / f".{POINTER}-{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(self.path(publication_id).name)
        link.replace(self.pointer)
        durable.sync(self.folder)

    def keep_only(self, publication_ids: Collection[str]) -> None:
        for path in self.folder.iterdir():
            named = _NAME.match(path.name)
            if path.name.startswith((".writing-", f".{POINTER}-", f".{HEAD}-")) or (
                named and named[1] not in publication_ids
            ):
                path.unlink()
        durable.sync(self.folder)

    def anchor_head(self, seq: int, entry_hash: str) -> None:
        durable.replace(self.folder / HEAD, f"{seq} {entry_hash}\n".encode())

    def anchored(self) -> tuple[int, str] | None:
        path = self.folder / HEAD
        if not path.exists():
            return None
        found = re.fullmatch(rb"(\d+) ([0-9a-f]{64})\n", path.read_bytes())
        if not found:
            raise LedgerChanged(f"{path} is damaged: restore it from a backup")
        return int(found[1]), found[2].decode()

    def current(self) -> str | None:
        try:
            named = _NAME.fullmatch(str(self.pointer.readlink()))
        except OSError:
            return None
        return named[1] if named and self.path(named[1]).is_file() else None

    def kept(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        return sorted(named[1] for path in self.folder.iterdir() if (named := _NAME.fullmatch(path.name)))

    def files(self, publication_id: str) -> dict[str, str]:
        return {
            path.name: durable.file_hash(path)
            for path in sorted(self.folder.glob(f"{publication_id}.duckdb*"))
        }

    def columns(self, publication_id: str) -> dict[str, dict[str, str]]:
        with self._opened(publication_id) as connection:
            return {
                name: hashing.columns_of(connection, relation)
                for name, relation in duckdb_tables.relations(connection).items()
            }

    def tables(self, publication_id: str, only: Collection[str] | None = None) -> dict[str, TableHash]:
        with self._opened(publication_id) as connection:
            return {
                name: hashing.hash_table(connection, relation, publication_id, contract.MONTHLY.get(name))
                for name, relation in duckdb_tables.relations(connection).items()
                if only is None or name in only
            }

    def copy_tables(self, publication_id: str, names: Collection[str], folder: Path) -> None:
        """Write these tables into `folder` as parquet, publication_id null as in a candidate."""
        with self._opened(publication_id) as connection:
            relations = duckdb_tables.relations(connection)
            for name in names:
                stamped_in = contract.PUBLICATION_ID in hashing.columns_of(connection, relations[name])
                unstamped = f" replace (null::varchar as {contract.PUBLICATION_ID})" if stamped_in else ""
                connection.execute(
                    f"copy (select *{unstamped} from {relations[name]}) "
                    f"to {literal(folder / f'{name}.parquet')} (format parquet, compression zstd)"
                )

    def publications(self, publication_id: str) -> list[dict[str, Any]]:
        columns = list(contract.PUBLICATION_COLUMNS)
        with self._opened(publication_id) as connection:
            rows = connection.execute(
                f"select {', '.join(columns)} "
                f"from target.{contract.REPORTING_SCHEMA}.{contract.PUBLICATION} "
                "order by publication_id"
            ).fetchall()
        return [dict(zip(columns, row, strict=True)) for row in rows]

    @contextmanager
    def _attached(self, path: Path, options: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """Attach a file as database `target` to a connection of its own, whatever else is open."""
        if self._connection is None:
            self._connection = warehouse.connect(self.home, Path(":memory:"))
            # Nothing depends on the order of rows, and keeping it makes a checkpoint compress by itself.
            self._connection.execute("set preserve_insertion_order = false")
        try:
            warehouse.attach(self._connection, path, "target", options)
            yield self._connection
        except BaseException:
            self._connection.close()
            self._connection = None
            raise
        self._connection.execute("detach target")

    def _opened(self, publication_id: str) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return self._attached(self.path(publication_id), "read_only")

    def _remove(self, path: Path) -> None:
        for left in self.folder.glob(f"{path.name}*"):
            left.unlink()
