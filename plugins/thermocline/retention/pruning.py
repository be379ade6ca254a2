"""Pruning a home: each part removes what is older than the company's retention, and nothing else.

What the ledger names (landed files, candidates) is recorded in the ledger first and removed then: a
run that was killed in between is finished by the next. Repeating it removes nothing more.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from thermocline.company import settings
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.ledger.pruned import Due, Removed
from thermocline.retention import airflow_records, candidates, files, landing, quarantine

Part = Callable[[Due], Removed]

PARTS: dict[str, tuple[Part, ...]] = {
    "landing_days": (landing.prune,),
    "quarantine_days": (quarantine.prune,),
    "candidate_days": (candidates.prune,),
    "log_days": (files.prune_logs, files.prune_scratch, files.prune_events),
    "airflow_days": (airflow_records.prune,),
}
"""What obeys each retention; its caller holds the writer's and the publishers' lock."""


def prune(
    home: Home, now: datetime | None = None, *, dry_run: bool = False, wait_seconds: float = 0
) -> list[Removed]:
    """Remove what is older than the company's retention, by whole days before `now` (UTC).

    With `dry_run` nothing is removed. Raise InputError (a home without a company), WarehouseBusy (a run or a
    publisher is active), LedgerChanged and LedgerTruncated (the ledger was altered).
    """
    settled = settings.read(home)
    if settled is None:
        raise InputError(f"{home.root} has nothing to prune: no run has settled its company.yml yet")
    moment = now or datetime.now(UTC)
    removed = []
    with home.writer("pruning", wait_seconds), home.publishing("pruning", wait_seconds):
        for name, days in settled.retention.items():
            if days is not None:
                before = midnight(moment) - timedelta(days=days)
                due = Due(home, before, midnight(moment).date(), f"{name}: {days}", dry_run)
                removed += [part(due) for part in PARTS[name]]
    return removed


def midnight(moment: datetime) -> datetime:
    """Return the UTC midnight that began the day of `moment`; what is `days` days old on it is still kept."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
