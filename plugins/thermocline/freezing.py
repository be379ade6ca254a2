"""Freezing: the warehouse's tables, as they are at this moment, become a candidate."""

import json
import os
import re
import shutil
from pathlib import Path

import duckdb

from thermocline import contract, durable, hashing
from thermocline.candidate import MANIFEST, Candidate, FrozenTable
from thermocline.errors import ThermoclineError
from thermocline.facts import Facts
from thermocline.hashing import TableHash, literal, parquet, quoted
from thermocline.home import Home
from thermocline.privacy import Privacy


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
        privacy, published = Privacy.of(home), _table_names(connection, contract.WAREHOUSE_SCHEMA)
        with privacy.applied(
            home, connection, {name: hashing.columns_of(connection, _source(name)) for name in published}
        ):
            for name in published:
                hashes[name], tables[name] = _freeze_published(connection, building, name, privacy)
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
            building / MANIFEST, json.dumps(manifest, indent=1).encode() + b"\n", durable.READ_ONLY
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


def _source(name: str) -> str:
    return quoted(contract.WAREHOUSE_SCHEMA, name)


def _freeze_published(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, privacy: Privacy
) -> tuple[TableHash, FrozenTable]:
    source = _source(name)
    columns = hashing.columns_of(connection, source)
    for column, kind in columns.items():
        if not contract.is_storable(kind):
            raise ThermoclineError(
                f"{contract.WAREHOUSE_SCHEMA}.{name}.{column} has type {kind}, which targets don't "
                "keep exactly: cast it in its model"
            )
    changed = privacy.treated(name, columns)
    if contract.PUBLICATION_ID in columns:
        changed[contract.PUBLICATION_ID] = "null::varchar"
    replaced = ", ".join(f"{sql} as {quoted(column)}" for column, sql in changed.items())
    replacing = f" replace ({replaced})" if replaced else ""
    path = _copy(connection, f"select *{replacing} from {source}", folder / f"{name}.parquet")
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
                # It counts as the newest again.
                os.utime(place / MANIFEST)
                return
            place.rename(away)
        building.rename(place)
        durable.sync(home.candidates)
    shutil.rmtree(away, ignore_errors=True)


def _same(home: Home, building: Path, content_hash: str) -> bool:
    new = Candidate.parse(home, building, (building / MANIFEST).read_bytes())
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
