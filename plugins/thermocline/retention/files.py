"""Logs, OpenLineage events, and what DuckDB, dbt and killed runs leave in the scratch folder."""

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from thermocline.audit.openlineage_delivery import writing
from thermocline.ledger.pruned import Due, Removed

SCRATCH = ("duckdb", "loading", "logs", "dbt/compiled", "dbt/run")
"""Below the scratch folder; beside them stands what the next run reads."""


def prune_logs(due: Due) -> Removed:
    """Remove Airflow's log files that were last written before the moment."""
    return _prune("log files", due, [due.home.airflow / "logs"], "what tasks said")


def prune_scratch(due: Due) -> Removed:
    """Remove dbt's logs and compiled queries, and temporary files, last written before the moment."""
    places = [due.home.scratch / name for name in SCRATCH]
    return _prune("scratch files", due, places, "nothing that a run does not rebuild")


def prune_events(due: Due) -> Removed:
    """Remove the OpenLineage events from before the moment; the file is in the order of time."""
    path = due.home.openlineage
    number = size = 0
    if not path.exists():
        return Removed("OpenLineage events", 0, 0, "")
    with writing(due.home), path.open("rb") as events:
        for line in events:
            if (
                not line.endswith(b"\n")
                or datetime.fromisoformat(json.loads(line)["eventTime"]) >= due.before
            ):
                break
            number, size = number + 1, size + len(line)
        if number and not due.dry_run:
            younger = path.with_suffix(".younger")
            with younger.open("wb") as kept:
                events.seek(size)
                shutil.copyfileobj(events, kept)
                kept.flush()
                os.fsync(kept.fileno())
            younger.replace(path)
    return Removed("OpenLineage events", number, size, "what runs read and published")


def _prune(what: str, due: Due, places: Iterable[Path], lost: str) -> Removed:
    # Links aren't followed: what they lead to is listed under its own name, or isn't ours.
    old = [
        path
        for place in places
        for path in sorted(place.rglob("*"), reverse=True)
        if datetime.fromtimestamp(path.lstat().st_mtime, UTC) < due.before
    ]
    folders = [path for path in old if path.is_dir() and not path.is_symlink()]
    files = [path for path in old if path.is_symlink() or not path.is_dir()]
    size = sum(path.lstat().st_size for path in files)
    if not due.dry_run:
        for path in files:
            path.unlink()
        for path in folders:
            with suppress(OSError):
                path.rmdir()
    return Removed(what, len(files), size, lost)
