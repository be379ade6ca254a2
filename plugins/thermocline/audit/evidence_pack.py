"""Evidence pack of one publication: all that an auditor needs to check it without our software.

One zip whose bytes depend on the publication alone. Its README.txt describes the contents.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from thermocline import durable
from thermocline.audit.evidence_readme import README
from thermocline.audit.lineage import Lineage
from thermocline.audit.lineage import read as read_lineage
from thermocline.errors import InputError
from thermocline.gate import failures as gate_failures
from thermocline.home import Home
from thermocline.ledger import records as kept_records
from thermocline.ledger.chain import Entry, Ledger, Recorded, inputs_of, recorded

MOMENT = (1980, 1, 1, 0, 0, 0)
RECORDS = {
    "manifest": "dbt/manifest.json",
    "results": "dbt/results.json",
    "schemas": "dbt/schemas.json",
    "reconciliation": "reconciliation.json",
    "scorecards": "scorecards.json",
}
"""Where in the pack each record of the build stands."""


def pack(home: Home, publication_id: str, path: Path) -> list[str]:
    """Write the pack of a publication to `path`; return a line per part that is no longer kept.

    Raise InputError (no such publication in the ledger), LedgerChanged, ContentChanged.
    """
    entries = Ledger(home.ledger).entries()
    publication = recorded(entries).get(publication_id)
    if publication is None:
        raise InputError(
            f"there is no publication {publication_id} in the ledger: "
            f"the last ones are {', '.join(list(recorded(entries))[-5:]) or 'none'}"
        )
    parts, missing = _parts(home, entries, publication)
    parts["MISSING.txt"] = "".join(f"{line}\n" for line in missing or ["nothing"]).encode()
    parts["README.txt"] = README.format(
        publication_id=publication_id,
        seq=publication.intent["seq"],
        hash=publication.intent["hash"],
    ).encode()
    sums = "".join(f"{hashlib.sha256(parts[name]).hexdigest()}  {name}\n" for name in sorted(parts))
    parts["SHA256SUMS"] = sums.encode()
    durable.replace(path, _zip(parts))
    return missing


def _parts(home: Home, entries: list[Entry], publication: Recorded) -> tuple[dict[str, bytes], list[str]]:
    """Return the files of the pack by name, and a line per part that is no longer kept."""
    intent = publication.intent
    last = max([intent["seq"], *(entry["seq"] for entry in publication.done.values())])
    parts = {
        "ledger/entry.json": _json(intent),
        "ledger/chain.jsonl": b"".join(durable.canonical(entry) + b"\n" for entry in entries[:last]),
        "inputs.json": _json(inputs_of(entries, intent)),
        "gate.json": _json(intent["gate"]),
        "tables.json": _json(intent["tables"]),
        "approval.json": _json(intent["approval"]),
        "code.json": _json({name: intent[name] for name in ("code_version", "manifest_hash", "dbt")}),
    }
    missing: list[str] = []
    kept: dict[str, bytes] = {}
    for name, place in RECORDS.items():
        sha256 = intent.get("records", {}).get(name)
        content = kept_records.read(home, sha256) if sha256 else None
        if content is None:
            why = f"its record {sha256} isn't kept any more" if sha256 else "its build kept no such record"
            missing.append(f"{place}: {why}")
        else:
            parts[place] = kept[name] = content
    if {"manifest", "results", "schemas"} <= set(kept):
        found = lineage_of(kept)
        parts["lineage.csv"] = _csv(
            ("published_table", "published_column", "origin_table", "origin_column", "complete"),
            lineage_rows(found, json.loads(kept["schemas"])),
        )
    else:
        missing.append("lineage.csv: it is read from dbt/, which isn't whole")
    sha256 = intent.get(kept_records.KEPT_FAILURES)
    failures = kept_records.read(home, sha256, kept_records.PARQUET) if sha256 else None
    if failures is None:
        why = f"its record {sha256} isn't kept any more" if sha256 else "its publisher kept no such record"
        missing.append(f"failures.parquet: {why}")
    else:
        parts["failures.parquet"] = failures
    return parts, missing


def lineage_of(records: Mapping[str, bytes]) -> Lineage:
    """Return column lineage from the records `manifest`, `results` and `schemas`."""
    manifest = json.loads(records["manifest"])
    compiled = {
        result["unique_id"]: result["compiled_code"]
        for result in json.loads(records["results"])
        if result["compiled_code"]
    }
    return read_lineage(manifest, compiled, json.loads(records["schemas"]))


def lineage_rows(
    lineage: Lineage, schemas: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> Iterable[tuple[str, ...]]:
    """Yield one row per published column and origin; a column without an origin has one with blanks."""
    for table, columns in sorted(schemas.get("reporting", {}).items()):
        for column in columns:
            at = f"reporting.{table}"
            behind = lineage.passes_unresolved(at, column)
            complete = "no: " + ", ".join(sorted(".".join(part) for part in behind)) if behind else "yes"
            for origin in sorted(lineage.origins(at, column)) or [("", "")]:
                yield (at, column, *origin, complete)


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"


def _csv(header: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([gate_failures.harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _zip(parts: Mapping[str, bytes]) -> bytes:
    """Return a zip whose bytes depend on the parts alone: names sorted, no times."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(parts):
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, parts[name])
    return content.getvalue()
