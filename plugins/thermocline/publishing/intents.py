"""What the ledger says of a publication before a target is touched, and the rows that readers see of it.

An `intent` holds publication_id, as_of_date, content_hash, stored_hash, candidate (SHA-256 of its
candidate.json), predecessor, restores, approval, targets, tables (rows and hashes of each), figures,
failures (SHA-256 of the failing records kept in records/), gate (verdict, warnings, checks ...), dbt,
code_version, manifest_hash, scorecard_version, reporting_currency, inputs_digest, new_inputs and
gone_inputs (against the intent before).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from thermocline.candidates import contract
from thermocline.candidates.candidate import Candidate
from thermocline.candidates.hashing import TableHash
from thermocline.ledger import records as kept_records
from thermocline.ledger.chain import Entry, Recorded, last_inputs, recorded
from thermocline.ledger.facts import FIGURES


def next_intent(
    entries: Sequence[Entry],
    targets: Iterable[str],
    candidate: Candidate,
    verdict: dict[str, Any],
    before: Recorded | None,
    approval: dict[str, Any] | None,
    failures: str | None,
) -> dict[str, Any]:
    """Return the body of the next `intent` (see `publisher`) after these entries."""
    facts = candidate.facts.to_json()
    inputs = {(item["source"], item["path"], item["sha256"]): item for item in facts.pop("inputs")}
    known = last_inputs(entries)
    return {
        **facts,
        "publication_id": f"{facts['as_of_date']}-{len(recorded(entries)) + 1:04d}",
        "restores": None,
        "predecessor": before.publication_id if before else None,
        "approval": approval,
        "content_hash": candidate.content_hash,
        "stored_hash": candidate.stored_hash,
        "candidate": candidate.digest,
        "targets": list(targets),
        "tables": {name: table_entry(table.hashes) for name, table in candidate.tables.items()},
        kept_records.KEPT_FAILURES: failures,
        "gate": {key: value for key, value in verdict.items() if key != "candidate"},
        "new_inputs": [item for key, item in inputs.items() if key not in known],
        "gone_inputs": [list(key) for key in sorted(known - set(inputs))],
    }


def publication_row(intent: Entry, is_current: bool) -> dict[str, Any]:
    """Return the row of table `publication` that an intent describes."""
    derived = {
        **{name: intent["figures"][name] for name in FIGURES},
        "is_current": is_current,
        "published_at": datetime.fromisoformat(intent["at"]).replace(tzinfo=None),
        "verdict": "approved" if intent["approval"] else intent["gate"]["verdict"],
        "warnings": intent["gate"]["warnings"],
        "ledger_hash": intent["hash"],
    }
    return {name: derived[name] if name in derived else intent[name] for name in contract.PUBLICATION_COLUMNS}


def check_row(publication_id: str, check: dict[str, Any]) -> dict[str, Any]:
    """Return the row of table `gate_checks` for one check of a verdict."""
    values = {**check, "publication_id": publication_id, "table_name": check.get("table")}
    return {
        name: None if values.get(name) is None else str(values[name]) for name in contract.GATE_CHECKS_COLUMNS
    }


def table_entry(table: TableHash) -> dict[str, Any]:
    """Return a table's row count and hashes as the ledger stores them."""
    return {"rows": table.rows, "content_hash": table.content, "stored_hash": table.stored}
