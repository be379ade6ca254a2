"""Landed copies: removed once their rows are in the warehouse and they are older than the retention.

The manifest keeps its record of them, so the same content isn't landed again, and the ledger their
SHA-256. Without them the warehouse cannot be rebuilt: `landing.pruned_copies` refuses that.
"""

from contextlib import closing
from datetime import datetime

from thermocline import warehouse
from thermocline.home import Home
from thermocline.landing import manifest
from thermocline.ledger.chain import Ledger
from thermocline.ledger.pruned import LANDING, Due, Removed, pruned
from thermocline.publishing import publication

LOST = (
    "the records themselves; their rows stay in the warehouse, which can't be built from the landing "
    "any more, and their hashes in the ledger"
)


def prune(due: Due) -> Removed:
    """Remove the copies of loaded files that were landed before the moment."""
    home = due.home
    old = _old(home, due.before)
    known = pruned(Ledger(home.ledger).entries()).landing
    there = {sha256: path for sha256, name in old.items() if (path := home.landing / name).exists()}
    size = sum(path.stat().st_size for path in there.values())
    if there and not due.dry_run:
        if new := sorted(set(there) - set(known)):
            publication.record_pruned(home, LANDING, due.rule, new)
        for path in there.values():
            path.unlink()
    return Removed("landed files", len(there), size, LOST)


def _old(home: Home, before: datetime) -> dict[str, str]:
    """Return the path below the landing of each old, fully loaded content, by SHA-256."""
    if not manifest.exists(home) or not home.warehouse.exists():
        return {}
    with manifest.opened(home) as book:
        landed = book.landed_at()
    loaded = _loaded(home)
    kept = {file.sha256 for file, at in landed if at >= before or file.file_id not in loaded}
    return {file.sha256: file.landed_as for file, _ in landed if file.sha256 not in kept}


def _loaded(home: Home) -> set[int]:
    with closing(warehouse.connect(home, read_only=True)) as connection:
        found = connection.execute(
            "select 1 from information_schema.tables where table_schema = 'raw' and table_name = 'files'"
        ).fetchone()
        rows = connection.execute("select file_id from raw.files").fetchall() if found else []
    return {file_id for (file_id,) in rows}
