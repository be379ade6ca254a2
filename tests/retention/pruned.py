"""What a test of pruning asks of a home, and lets happen to it."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from thermocline import warehouse
from thermocline.audit.verification import verify
from thermocline.home import Home
from thermocline.landing.land import land
from thermocline.ledger.chain import Ledger
from thermocline.loading.load import load
from thermocline.retention.pruning import prune

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 31, tzinfo=UTC)
FIRST, SECOND = "2026-01-01/Payments.csv", "2026-01-02/Payments.csv"
PARTS = ("landing_days", "quarantine_days", "candidate_days", "log_days", "airflow_days")


def settle(home: Home, **days: int) -> Home:
    """Keep everything for ever, but what is named."""
    kept = [f"  {name}: {days.get(name, 'null')}" for name in PARTS]
    (home.prepare().config / "company.yml").write_text(
        "\n".join(["reporting_currency: EUR", "retention:", *kept])
    )
    return home


def removed(home: Home, now: datetime = NOW, dry_run: bool = False) -> dict[str, int]:
    return {each.what: each.number for each in prune(home, now, dry_run=dry_run) if each.number}


def date_back(place: Path, moment: datetime) -> None:
    """Let a file, or all of a folder, have been written then."""
    for each in [*place.rglob("*"), place]:
        os.utime(each, (moment.timestamp(), moment.timestamp()), follow_symlinks=False)


def reload(home: Home) -> int:
    """Land and load what is new; how many rows were loaded."""
    land(home, "billing", settle_seconds=0)
    with closing(warehouse.connect(home)) as connection:
        connection.execute("create schema if not exists config")
        return load(home, connection, "UTC").rows_loaded


def landed_on(home: Home, first: datetime, second: datetime) -> None:
    with closing(sqlite3.connect(home.landing / "manifest.sqlite")) as book, book:
        for path, moment in ((FIRST, first), (SECOND, second)):
            book.execute(
                "update files set landed_at = ? "
                "where file_id = (select file_id from deliveries where source_file = ?)",
                (moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"), path),
            )


def copies(home: Home) -> list[str]:
    return sorted(path.name.split(".")[0] for path in home.landing.glob("??/*"))


def kinds(home: Home) -> list[str]:
    return [entry["kind"] for entry in Ledger(home.ledger).entries()]


def told(home: Home) -> str:
    report = verify(home)
    assert report.exit_code == 0, report.lines()
    return "\n".join(report.lines())


class Killed(BaseException):
    pass
