"""What a build leaves for an auditor, kept by hash when its candidate is long pruned.

    records/<first two digits>/<SHA-256>.json.gz    canonical JSON; the hash is of the JSON itself
    records/<first two digits>/<SHA-256>.parquet    the records behind a publication's warnings and blocks

A build's facts, and so the ledger, name each record by its hash; an intent names the last one.
Equal records are kept once: they hold no times, so that a project that didn't change leaves one
manifest, not one a day.

    manifest        dbt's manifest
    results         what dbt made of each model and test: status, failures, compiled SQL
    schemas         columns and types of all tables, by schema and table
    reconciliation  the equations of rows and sums that must hold from file to mart
    scorecards      the constants that the figures were made with
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from thermocline import durable
from thermocline.errors import ContentChanged
from thermocline.home import Home

JSON = ".json.gz"
PARQUET = ".parquet"
KEPT_FAILURES = "failures"
"""The key of an intent that names the failing records that were kept with it; null where there are none."""


def keep(home: Home, content: Any) -> str:
    """Keep one record; its SHA-256."""
    text = durable.canonical(content)
    sha256 = hashlib.sha256(text).hexdigest()
    path = place(home, sha256)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.replace(path, gzip.compress(text, mtime=0), durable.READ_ONLY)
    return sha256


def keep_parquet(home: Home, content: bytes) -> str:
    """Keep one parquet file as it is; its SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = place(home, sha256, PARQUET)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.replace(path, content, durable.READ_ONLY)
    return sha256


def place(home: Home, sha256: str, suffix: str = JSON) -> Path:
    """Where the record of this hash is kept."""
    return home.records / sha256[:2] / f"{sha256}{suffix}"


def read(home: Home, sha256: str, suffix: str = JSON) -> bytes | None:
    """A record's content; None if it isn't kept any more. Raises ContentChanged if it was changed."""
    path = place(home, sha256, suffix)
    try:
        stored = path.read_bytes()
        content = gzip.decompress(stored) if suffix == JSON else stored
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, zlib.error):
        content = b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ContentChanged(f"record {path} was changed: restore it from a backup")
    return content


def named(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The suffix by SHA-256 of every record that entries of the ledger name."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry.get("kind") == "intent":
            found |= dict.fromkeys(entry.get("records", {}).values(), JSON)
            if kept := entry.get(KEPT_FAILURES):
                found[kept] = PARQUET
    return found


def problems(home: Home, records: Mapping[str, str]) -> Iterator[ContentChanged]:
    """What is missing or changed of these records, given as `named` does."""
    for sha256, suffix in sorted(records.items()):
        try:
            if read(home, sha256, suffix) is None:
                missing = place(home, sha256, suffix)
                yield ContentChanged(f"record {missing} is missing: restore it from a backup")
        except ContentChanged as changed:
            yield changed
