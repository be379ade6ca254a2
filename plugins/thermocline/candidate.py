"""Candidates: what a build wants to publish, frozen under the hash of its content."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from thermocline import contract, durable, hashing, warehouse
from thermocline.errors import ContentChanged, InputError, ThermoclineError
from thermocline.facts import Facts, Input
from thermocline.hashing import TableHash, literal, parquet, quoted
from thermocline.home import Home

__all__ = ["Candidate", "Facts", "FrozenTable", "Input", "freeze"]

VERDICTS = ("pass", "warn", "block")
_MANIFEST = "candidate.json"
_VERDICT = "verdict.json"


@dataclass(frozen=True)
class FrozenTable:
    """One parquet file of a candidate; the hashes are None for what only the gate reads."""

    name: str
    path: Path
    rows: int
    bytes: int
    sha256: str
    columns: dict[str, str]
    content_hash: str | None = None
    stored_hash: str | None = None

    def to_json(self) -> dict[str, Any]:
        stored = asdict(self) | {"columns": list(self.columns.items())}
        return {key: value for key, value in stored.items() if key not in ("name", "path")}


@dataclass(frozen=True)
class Candidate:
    """A frozen build: immutable files in `candidates/<content_hash>/`, and the gate's verdict."""

    home: Home
    folder: Path
    content_hash: str
    stored_hash: str
    facts: Facts
    tables: dict[str, FrozenTable]
    gate: dict[str, FrozenTable]
    digest: str
    """SHA-256 of candidate.json, which names every file's SHA-256."""

    @classmethod
    def read(cls, home: Home, content_hash: str) -> "Candidate":
        """Raises InputError where there is none, ContentChanged where it is damaged."""
        if not re.fullmatch(r"[0-9a-f]{64}", content_hash):
            raise InputError(f"{content_hash!r} isn't a content hash: give all 64 hex digits")
        manifest = home.candidates / content_hash / _MANIFEST
        try:
            content = manifest.read_bytes()
        except FileNotFoundError:
            raise InputError(
                f"there is no candidate {content_hash} in {home.candidates}: build it again"
            ) from None
        try:
            candidate = cls._parse(home, manifest.parent, content)
            held = {
                name: TableHash(table.rows, str(table.content_hash), str(table.stored_hash), table.columns)
                for name, table in candidate.tables.items()
            }
            intact = candidate.content_hash == content_hash == hashing.content_hash(
                held
            ) and candidate.stored_hash == hashing.stored_hash(held)
        except (ValueError, KeyError, TypeError, AttributeError, ThermoclineError):
            intact = False
        if not intact:
            raise ContentChanged(f"{manifest} was changed after it was frozen: build it again")
        return candidate

    @classmethod
    def _parse(cls, home: Home, folder: Path, content: bytes) -> "Candidate":
        stored = json.loads(content)
        tables, gate = (
            {
                name: FrozenTable(
                    name, part / f"{name}.parquet", **(table | {"columns": dict(table["columns"])})
                )
                for name, table in stored[key].items()
            }
            for key, part in (("tables", folder), ("gate", folder / "gate"))
        )
        return cls(
            home,
            folder,
            stored["content_hash"],
            stored["stored_hash"],
            Facts.from_json(stored["facts"]),
            tables,
            gate,
            hashlib.sha256(content).hexdigest(),
        )

    def problems(self, rows: bool = True) -> Iterator[str]:
        """What differs from what was frozen, a sentence per table; `rows` rehashes intact files."""
        intact = []
        for table in (*self.tables.values(), *self.gate.values()):
            if not table.path.is_file():
                yield f"{self._where(table)} is missing"
            elif (found := durable.file_hash(table.path)) != table.sha256:
                yield (f"{self._where(table)} was changed: SHA-256 {table.sha256} expected, {found} found")
            elif rows and table.stored_hash:
                intact.append(table)
        if not intact:
            return
        with closing(warehouse.connect(self.home, Path(":memory:"))) as connection:
            for table in intact:
                held = hashing.hash_table(connection, parquet(table.path))
                if (held.stored, held.content, held.rows) != (
                    table.stored_hash,
                    table.content_hash,
                    table.rows,
                ):
                    yield f"{self._where(table)} doesn't hold the rows that {_MANIFEST} names"

    def _where(self, table: FrozenTable) -> str:
        return f"table {table.name} of candidate {self.content_hash} ({table.path})"

    def check(self, rows: bool = True) -> None:
        """Recompute all hashes; without `rows` the files' only, which hold the rows' if unchanged.

        Raises ContentChanged naming the table.
        """
        for problem in self.problems(rows):
            raise ContentChanged(f"{problem}: build and audit it again")

    def write_verdict(self, verdict: Mapping[str, Any]) -> None:
        """Keep the gate's verdict, bound to exactly this candidate's files.

        Keys: candidate, verdict (pass, warn, block), warnings, predecessor (a publication_id or
        None), audited_at, checks. Raises ThermoclineError where it is incomplete.
        """
        body = dict(verdict)
        body.pop("binding", None)
        if (
            body.get("candidate") != self.content_hash
            or body.get("verdict") not in VERDICTS
            or not body.get("checks")
            or not {"warnings", "predecessor", "audited_at"} <= set(body)
        ):
            raise ThermoclineError(
                f"the verdict on candidate {self.content_hash} is incomplete or of another one: "
                "it needs candidate, verdict, warnings, predecessor, audited_at and checks"
            )
        body["binding"] = self._binding(body)
        durable.replace(self.folder / _VERDICT, json.dumps(body, indent=1, sort_keys=True).encode() + b"\n")

    def read_verdict(self) -> dict[str, Any] | None:
        """The gate's verdict; None if it wasn't audited.

        Raises ContentChanged where the candidate or the verdict changed since the audit.
        """
        try:
            body = json.loads((self.folder / _VERDICT).read_bytes())
            binding = body.pop("binding")
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, AttributeError):
            body, binding = {}, None
        if binding is None or binding != self._binding(body):
            raise ContentChanged(
                f"the verdict {self.folder / _VERDICT} is of other content, or was changed: "
                "audit the candidate again"
            )
        return dict(body)

    def _binding(self, verdict: Mapping[str, Any]) -> str:
        bound = durable.canonical({"candidate": self.digest, "verdict": verdict})
        return hashlib.sha256(bound).hexdigest()


def freeze(home: Home, connection: duckdb.DuckDBPyConnection, facts: Facts) -> Candidate:
    """Write the warehouse's tables of schemas `reporting` and `gate` as a candidate.

    The caller holds `Home.writer`. A candidate that holds the same already is kept, one with the
    same content in other packaging, or damaged, is replaced. Raises ThermoclineError where a core
    table is missing or a column's type can't be published.
    """
    _clear_leftovers(home)
    building = home.candidates / f".new-{os.getpid()}"
    (building / "gate").mkdir(parents=True)
    try:
        hashes: dict[str, TableHash] = {}
        tables: dict[str, FrozenTable] = {}
        for name in _table_names(connection, contract.WAREHOUSE_SCHEMA):
            hashes[name], tables[name] = _freeze_published(connection, building, name)
        gate = {
            name: _freeze_evidence(connection, building / "gate", name)
            for name in _table_names(connection, contract.GATE_SCHEMA)
        }
        content_hash = hashing.content_hash(hashes)
        manifest = {
            "content_hash": content_hash,
            "stored_hash": hashing.stored_hash(hashes),
            "facts": facts.to_json(),
            "tables": {name: table.to_json() for name, table in tables.items()},
            "gate": {name: table.to_json() for name, table in gate.items()},
        }
        durable.replace(
            building / _MANIFEST, json.dumps(manifest, indent=1).encode() + b"\n", durable.READ_ONLY
        )
        durable.sync(building / "gate")
        _put_in_place(home, building, content_hash)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Candidate.read(home, content_hash)


def _table_names(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    found = connection.execute(
        "select table_name from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ? order by table_name",
        [schema],
    ).fetchall()
    for (name,) in found:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in (contract.PUBLICATION, contract.GATE_CHECKS):
            raise ThermoclineError(
                f"table {schema}.{name} can't be frozen: name it in lower-case letters, digits and "
                f"_, and leave {contract.PUBLICATION} and {contract.GATE_CHECKS} to publishing"
            )
    return [name for (name,) in found]


def _freeze_published(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str
) -> tuple[TableHash, FrozenTable]:
    source = quoted(contract.WAREHOUSE_SCHEMA, name)
    columns = hashing.columns_of(connection, source)
    for column, kind in columns.items():
        if not contract.is_storable(kind):
            raise ThermoclineError(
                f"{contract.WAREHOUSE_SCHEMA}.{name}.{column} has type {kind}, which targets don't "
                "keep exactly: cast it in its model"
            )
    unstamped = (
        f" replace (null::varchar as {contract.PUBLICATION_ID})" if contract.PUBLICATION_ID in columns else ""
    )
    path = _copy(connection, f"select *{unstamped} from {source}", folder / f"{name}.parquet")
    held = hashing.hash_table(connection, parquet(path))
    return held, FrozenTable(
        name,
        path,
        held.rows,
        path.stat().st_size,
        durable.file_hash(path),
        held.columns,
        held.content,
        held.stored,
    )


def _freeze_evidence(connection: duckdb.DuckDBPyConnection, folder: Path, name: str) -> FrozenTable:
    source = f"select * from {quoted(contract.GATE_SCHEMA, name)}"
    path = _copy(connection, source, folder / f"{name}.parquet")
    counted = connection.execute(f"select count(*) from {parquet(path)}").fetchall()
    return FrozenTable(
        name,
        path,
        counted[0][0],
        path.stat().st_size,
        durable.file_hash(path),
        hashing.columns_of(connection, parquet(path)),
    )


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> Path:
    connection.execute(f"copy ({query}) to {literal(path)} (format parquet, compression zstd)")
    path.chmod(durable.READ_ONLY)
    durable.sync(path)
    return path


def _put_in_place(home: Home, building: Path, content_hash: str) -> None:
    place, away = home.candidates / content_hash, home.candidates / f".old-{content_hash}"
    with durable.publishing(home, f"freezing {content_hash}", 600):
        if place.exists():
            if _same(home, building, content_hash):
                return
            place.rename(away)
        building.rename(place)
        durable.sync(home.candidates)
    shutil.rmtree(away, ignore_errors=True)


def _same(home: Home, building: Path, content_hash: str) -> bool:
    new = Candidate._parse(home, building, (building / _MANIFEST).read_bytes())
    try:
        old = Candidate.read(home, content_hash)
        old.check(rows=False)
    except ThermoclineError:
        return False
    return (
        old.stored_hash == new.stored_hash
        and old.facts.to_json() == new.facts.to_json()
        and [table.sha256 for table in old.gate.values()] == [table.sha256 for table in new.gate.values()]
    )


def _clear_leftovers(home: Home) -> None:
    """Finish what a killed `freeze` began; the writer's lock says that there is no other one."""
    for left in home.candidates.glob(".new-*"):
        shutil.rmtree(left)
    for left in home.candidates.glob(".old-*"):
        place = home.candidates / left.name.removeprefix(".old-")
        if place.exists():
            shutil.rmtree(left)
        else:
            left.rename(place)
