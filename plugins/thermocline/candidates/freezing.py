"""Freezing: the warehouse's tables, as they are at this moment, become a candidate."""

import json
import os
import re
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import duckdb

from thermocline import durable
from thermocline.candidates import contract, frozen_table, hashing
from thermocline.candidates.candidate import MANIFEST, Candidate
from thermocline.candidates.frozen_table import FrozenTable
from thermocline.candidates.privacy import Privacy
from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.ledger.facts import Facts
from thermocline.sql import quoted

TABLES_AT_ONCE = 2
"""Tables frozen in parallel: while Python sorts the hashes of one, DuckDB reads and writes another."""


def freeze(home: Home, connection: duckdb.DuckDBPyConnection, facts: Facts) -> Candidate:
    """Write the warehouse's tables of schemas `reporting` and `gate` as a candidate.

    What the gate's models only work with, named `int_`, isn't frozen.
    The caller holds `Home.writer`. A candidate that holds the same already is kept, one with the
    same content in other packaging, or damaged, is replaced. Raises ThermoclineError where a core
    table is missing or a column's type can't be published.
    """
    _clear_leftovers(home)
    building = home.candidates / f".new-{os.getpid()}"
    (building / "gate").mkdir(parents=True)
    try:
        earlier = _latest(home)
        privacy, published = Privacy.of(home), _table_names(connection, contract.WAREHOUSE_SCHEMA)
        columns = {name: hashing.columns_of(connection, _source(name)) for name in published}
        # Nothing depends on the order of rows, and preserving it slows writing down.
        connection.execute("set preserve_insertion_order = false")
        cursor = privacy.cursors(home, connection, columns)
        queries = {name: _query(name, columns[name], privacy) for name in published}

        def frozen(name: str) -> FrozenTable:
            with cursor() as own:
                return frozen_table.write(own, queries[name], building, name, earlier.get(name))

        # Largest tables first, so that no large one runs alone at the end.
        dearest = sorted(queries, key=lambda name: name not in contract.MONTHLY)
        with ThreadPoolExecutor(TABLES_AT_ONCE) as pool:
            found = dict(zip(dearest, pool.map(frozen, dearest), strict=True))
        tables = {name: found[name] for name in queries}
        hashes = {name: table.hashes for name, table in tables.items()}
        gate = {
            name: frozen_table.write_whole(
                connection,
                f"from {quoted(contract.GATE_SCHEMA, name)}",
                building / "gate",
                name,
            )
            for name in _table_names(connection, contract.GATE_SCHEMA)
            if not name.startswith("int_")
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
        candidate = Candidate.read(home, content_hash)
    finally:
        connection.execute("reset preserve_insertion_order")
        shutil.rmtree(building, ignore_errors=True)
    return candidate


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


def _query(name: str, columns: Mapping[str, str], privacy: Privacy) -> str:
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
    return f"select *{f' replace ({replaced})' if replaced else ''} from {_source(name)}"


def _latest(home: Home) -> dict[str, FrozenTable]:
    """Return the tables of the last frozen candidate: months unchanged since are linked."""
    manifests = home.candidates.glob(f"[!.]*/{MANIFEST}")
    for manifest in sorted(manifests, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        with suppress(ThermoclineError):
            return Candidate.read(home, manifest.parent.name).tables
    return {}


def _put_in_place(home: Home, building: Path, content_hash: str) -> None:
    place, away = home.candidates / content_hash, home.candidates / f".old-{content_hash}"
    with home.publishing(f"freezing {content_hash}", 600):
        if place.exists():
            if _same(home, building, content_hash):
                # Touch it: `_latest` takes the newest candidate.
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
        and [table.to_json() for table in old.gate.values()]
        == [table.to_json() for table in new.gate.values()]
    )


def _clear_leftovers(home: Home) -> None:
    """Finish what a killed `freeze` began; the writer's lock excludes another running one."""
    for left in home.candidates.glob(".new-*"):
        shutil.rmtree(left)
    for left in home.candidates.glob(".old-*"):
        place = home.candidates / left.name.removeprefix(".old-")
        if place.exists():
            shutil.rmtree(left)
        else:
            left.rename(place)
