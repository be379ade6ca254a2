"""A candidate that was pruned, made again from what a target still holds of its publication."""

import json
import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import fields
from pathlib import Path

from thermocline import durable, hashing, warehouse
from thermocline.candidate import MANIFEST, Candidate, FrozenTable
from thermocline.errors import ContentChanged
from thermocline.facts import Facts
from thermocline.hashing import TableHash, parquet
from thermocline.home import Home
from thermocline.ledger import Entry, Recorded, inputs_of

CopyTables = Callable[[str, Collection[str], Path], None]
"""Writes tables of a publication into a folder as parquet, publication_id null."""


def recover(
    home: Home, copy_tables: CopyTables, entries: Sequence[Entry], publication: Recorded
) -> Candidate:
    """The candidate of a publication, each table hashed against the ledger; without the gate's own tables.

    The caller holds `durable.publishing`. Raises ContentChanged where the target doesn't hold what the
    ledger says, OSError or duckdb.Error where it can't be read.
    """
    intent = publication.intent
    building = home.candidates / f".recovered-{intent['content_hash']}"
    shutil.rmtree(building, ignore_errors=True)
    (building / "gate").mkdir(parents=True)
    try:
        copy_tables(publication.publication_id, intent["tables"], building)
        hashes: dict[str, TableHash] = {}
        tables: dict[str, FrozenTable] = {}
        with closing(warehouse.connect(home, Path(":memory:"))) as connection:
            for name, told in intent["tables"].items():
                path = building / f"{name}.parquet"
                held = hashes[name] = hashing.hash_table(connection, parquet(path))
                if (held.rows, held.content, held.stored) != (
                    told["rows"],
                    told["content_hash"],
                    told["stored_hash"],
                ):
                    raise ContentChanged(
                        f"table {name} of publication {publication.publication_id} in its target "
                        "isn't what was published: put the publication back from a backup, or choose another"
                    )
                path.chmod(durable.READ_ONLY)
                durable.sync(path)
                size, sha256 = path.stat().st_size, durable.file_hash(path)
                tables[name] = FrozenTable(
                    name, path, held.rows, size, sha256, held.columns, held.content, held.stored
                )
        facts = {field.name: intent[field.name] for field in fields(Facts) if field.name in intent}
        manifest = {
            "content_hash": hashing.content_hash(hashes),
            "stored_hash": hashing.stored_hash(hashes),
            "facts": Facts.from_json({**facts, "inputs": inputs_of(entries, intent)}).to_json(),
            "tables": {name: table.to_json() for name, table in tables.items()},
            "gate": {},
        }
        content = json.dumps(manifest, indent=1).encode() + b"\n"
        durable.replace(building / MANIFEST, content, durable.READ_ONLY)
        building.rename(home.candidates / intent["content_hash"])
        durable.sync(home.candidates)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Candidate.read(home, intent["content_hash"])
