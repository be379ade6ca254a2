"""The Parquet target: files that never change, a manifest for each publication, and one pointer.

    current.json                                        the manifest of the current publication
    publications/2026-06-30-0001/manifest.json          its tables, their columns and files
    publications/2026-06-30-0001/account_segments.parquet
    months/account_timeline/2026-06-5f0c9a....parquet   a month, shared by publications

`current.json` is replaced by one put, or by one rename on a disk; that is the switch.
"""

import json
import tempfile
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb

from thermocline import durable, warehouse
from thermocline.candidates import contract, hashing
from thermocline.candidates.frozen_table import FrozenTable
from thermocline.candidates.hashing import TableHash
from thermocline.errors import LedgerChanged
from thermocline.home import Home
from thermocline.publishing.targets import Edition, Progress, TargetFailed, stamped
from thermocline.publishing.targets.lake import Lake
from thermocline.publishing.targets.months import months
from thermocline.sql import literal, parquet, quoted

POINTER = "current.json"
HEAD = "ledger-head.json"
_BEGUN = (f".{POINTER}-", f".{HEAD}-")
Manifest = dict[str, Any]


class ParquetFolder:
    """Publications as Parquet files below one address."""

    is_exact = True

    def __init__(self, home: Home, name: str, location: str, connection_id: str | None = None) -> None:
        self.home = home
        self.name = name
        self.lake = Lake(home, location, connection_id)

    def write_publication(self, edition: Edition, progress: Progress) -> None:
        there = self.lake.paths()
        tables: dict[str, Any] = {}
        with self._connected() as (connection, folder):
            for name in edition.tables:
                held = (
                    self._write_months(edition.tables[name], there)
                    if name in contract.MONTHLY
                    else [self._write_table(connection, edition, name, folder, stamped.query(edition, name))]
                )
                stamped.check_count(edition, name, sum(file["rows"] for file in held))
                tables[name] = {"columns": list(edition.tables[name].columns.items()), "files": held}
                progress(f"wrote {name}")
            for name, (columns, made) in stamped.own_tables(edition).items():
                stamped.fill(connection, quoted(name), columns, made)
                typed = hashing.columns_of(connection, quoted(name))
                file = self._write_table(connection, edition, name, folder, f"from {quoted(name)}")
                tables[name] = {"columns": list(typed.items()), "files": [file]}
        manifest = {"publication_id": edition.publication_id, "tables": tables}
        progress("written")
        self.lake.put(_manifest(edition.publication_id), _text(manifest))

    def switch_to(self, publication_id: str) -> None:
        self.lake.put(POINTER, _text(self._manifest(publication_id)))

    def keep_only(self, publication_ids: Collection[str]) -> None:
        manifests, there = self._manifests()
        kept = {name: manifest for name, manifest in manifests.items() if name in publication_ids}
        needed = {path for manifest in kept.values() for path in _paths(manifest)} | set(map(_manifest, kept))
        ours = {path for path in there if path.startswith(("publications/", "months/", *_BEGUN))}
        # Manifests first: one without its files would be taken for a damaged publication.
        unused = ours - needed
        self.lake.remove({path for path in unused if path.endswith("/manifest.json")})
        self.lake.remove({path for path in unused if not path.endswith("/manifest.json")})

    def anchor_head(self, seq: int, entry_hash: str) -> None:
        self.lake.put(HEAD, durable.canonical({"seq": seq, "hash": entry_hash}) + b"\n")

    def anchored(self) -> tuple[int, str] | None:
        content = self.lake.read(HEAD)
        if content is None:
            return None
        try:
            head = json.loads(content)
            return int(head["seq"]), str(head["hash"])
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerChanged(
                f"{self.lake.location}/{HEAD} is damaged: restore it from a backup"
            ) from error

    def current(self) -> str | None:
        pointed = _read(self.lake.read(POINTER))
        if pointed is None:
            return None
        publication_id = str(pointed["publication_id"])
        manifests, _ = self._manifests(only=publication_id)
        return publication_id if manifests.get(publication_id) == pointed else None

    def kept(self) -> list[str]:
        return sorted(self._manifests()[0])

    def files(self, publication_id: str) -> dict[str, str]:
        manifest = _manifest(publication_id)
        named = _read(self.lake.read(manifest))
        paths = [manifest, *(_paths(named) if named else ())]
        return {path: found for path in paths if (found := self.lake.hash(path))}

    def columns(self, publication_id: str) -> dict[str, dict[str, str]]:
        return {
            name: dict(held["columns"]) for name, held in self._manifest(publication_id)["tables"].items()
        }

    def tables(self, publication_id: str, only: Collection[str] | None = None) -> dict[str, TableHash]:
        with self._connected() as (connection, folder):
            found: dict[str, TableHash] = {}
            for name, held in sorted(self._manifest(publication_id)["tables"].items()):
                if only is None or name in only:
                    self._load(connection, folder, held)
                    found[name] = hashing.hash_table(
                        connection, quoted("read back"), publication_id, contract.MONTHLY.get(name)
                    )
            return found

    def publications(self, publication_id: str) -> list[dict[str, Any]]:
        columns = list(contract.PUBLICATION_COLUMNS)
        with self._connected() as (connection, folder):
            self._load(connection, folder, self._manifest(publication_id)["tables"][contract.PUBLICATION])
            rows = connection.execute(
                f"select {', '.join(columns)} from {quoted('read back')} order by publication_id"
            ).fetchall()
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def _write_table(
        self, connection: duckdb.DuckDBPyConnection, edition: Edition, name: str, folder: Path, query: str
    ) -> dict[str, Any]:
        path = f"publications/{edition.publication_id}/{name}.parquet"
        return self._add(connection, query, folder, path)

    def _write_months(self, table: FrozenTable, there: Collection[str]) -> list[dict[str, Any]]:
        """Write the months whose rows no earlier publication has; return all of the table's files."""
        held = []
        for month in months(table):
            path = f"months/{table.name}/{month.month}-{month.digest[:16]}.parquet"
            if path not in there:
                self.lake.add(month.path, path)
            held.append({"path": path, "rows": month.rows})
        return held

    def _add(
        self, connection: duckdb.DuckDBPyConnection, query: str, folder: Path, path: str
    ) -> dict[str, Any]:
        file = folder / "made.parquet"
        ((rows,),) = connection.execute(
            f"copy ({query}) to {literal(file)} (format parquet, compression zstd)"
        ).fetchall()
        self.lake.add(file, path)
        file.unlink()
        return {"path": path, "rows": rows}

    def _load(self, connection: duckdb.DuckDBPyConnection, folder: Path, held: dict[str, Any]) -> None:
        """Load the rows of a table's files as relation `read back`."""
        table = quoted("read back")
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in held["columns"])
        connection.execute(f"create or replace temporary table {table} ({columns})")
        for file in held["files"]:
            with self.lake.local(file["path"], folder) as local:
                connection.execute(f"insert into {table} by name from {parquet(local)}")

    def _manifests(self, only: str | None = None) -> tuple[dict[str, Manifest], set[str]]:
        """Return the manifests of complete publications, and the paths of all files."""
        there = self.lake.paths()
        found: dict[str, Manifest] = {}
        for path in sorted(there):
            if path.startswith("publications/") and path.endswith("/manifest.json"):
                name = path.split("/")[1]
                if only in (None, name):
                    manifest = _read(self.lake.read(path))
                    if manifest and there.issuperset(_paths(manifest)):
                        found[name] = manifest
        return found, there

    def _manifest(self, publication_id: str) -> Manifest:
        manifest = _read(self.lake.read(_manifest(publication_id)))
        if manifest is None:
            raise TargetFailed(f"{self.lake.location}/{_manifest(publication_id)} can't be read")
        return manifest

    @contextmanager
    def _connected(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
        """Open a DuckDB connection and a folder that is removed afterwards."""
        with (
            tempfile.TemporaryDirectory(dir=self.home.scratch) as folder,
            closing(warehouse.connect(self.home, Path(":memory:"))) as connection,
        ):
            yield connection, Path(folder)


def _manifest(publication_id: str) -> str:
    return f"publications/{publication_id}/manifest.json"


def _paths(manifest: Manifest) -> list[str]:
    return [file["path"] for held in manifest["tables"].values() for file in held["files"]]


def _text(manifest: Manifest) -> bytes:
    return json.dumps(manifest, indent=1).encode() + b"\n"


def _read(content: bytes | None) -> Manifest | None:
    """Return a manifest; None for anything that this target didn't write."""
    try:
        manifest = json.loads(content or b"")
        for held in manifest["tables"].values():
            contract.columns_of(held["columns"])
        paths = _paths(manifest)
        named = isinstance(manifest["publication_id"], str) and all(isinstance(path, str) for path in paths)
        return manifest if named and paths else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
