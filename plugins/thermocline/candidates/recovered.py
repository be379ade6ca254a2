"""Rebuild a pruned candidate from a target that still has its publication."""

import json
import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import fields
from pathlib import Path

from thermocline import durable, warehouse
from thermocline.candidates import frozen_table, hashing
from thermocline.candidates.candidate import MANIFEST, Candidate
from thermocline.candidates.frozen_table import FrozenTable
from thermocline.errors import ContentChanged
from thermocline.home import Home
from thermocline.ledger.chain import Entry, Recorded, inputs_of
from thermocline.ledger.facts import Facts
from thermocline.sql import parquet

CopyTables = Callable[[str, Collection[str], Path], None]
"""Writes tables of a publication into a folder as parquet, publication_id null."""


def recover(
    home: Home, copy_tables: CopyTables, entries: Sequence[Entry], publication: Recorded
) -> Candidate:
    """Return the candidate of a publication, each table checked against the ledger's hashes.

    The gate's own tables aren't rebuilt. The caller must have the lock `Home.publishing`. Raise
    ContentChanged if the target's tables differ from the ledger, OSError or duckdb.Error if it can't be
    read.
    """
    intent = publication.intent
    building = home.candidates / f".recovered-{intent['content_hash']}"
    shutil.rmtree(building, ignore_errors=True)
    copied = building / "copied"
    for folder in (building / "gate", copied):
        folder.mkdir(parents=True)
    try:
        copy_tables(publication.publication_id, intent["tables"], copied)
        tables: dict[str, FrozenTable] = {}
        with closing(warehouse.connect(home, Path(":memory:"))) as connection:
            for name, published in intent["tables"].items():
                table = frozen_table.write(
                    connection, f"from {parquet(copied / f'{name}.parquet')}", building, name
                )
                tables[name], found = table, table.hashes
                if (found.rows, found.content, found.stored) != (
                    published["rows"],
                    published["content_hash"],
                    published["stored_hash"],
                ):
                    raise ContentChanged(
                        f"table {name} of publication {publication.publication_id} in its target "
                        "isn't what was published: restore the publication from a backup, or choose another"
                    )
        shutil.rmtree(copied)
        facts = {field.name: intent[field.name] for field in fields(Facts) if field.name in intent}
        manifest = {
            "content_hash": hashing.content_hash({name: table.hashes for name, table in tables.items()}),
            "stored_hash": hashing.stored_hash({name: table.hashes for name, table in tables.items()}),
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
