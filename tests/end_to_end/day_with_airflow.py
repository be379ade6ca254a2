"""What happens on a day with a running Airflow, to be looked at afterwards.

It starts after the screening hour of yesterday. Billing has delivered yesterday, the CRM hasn't.
"""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import psutil
import pytest
from airflow_rest import Json, RunningAirflow, eventually
from thermocline.building.build import build
from thermocline.errors import WarehouseBusy
from thermocline.home import Home
from thermocline.publishing import publication

SCREENING = "screen_accounts"


@dataclass
class Lived:
    """What a day with Airflow left behind."""

    home: Home
    today: date
    airflow: RunningAirflow
    runs: dict[str, Json] = field(default_factory=dict)
    tasks: dict[str, dict[str, Json]] = field(default_factory=dict)
    builds: list[Json] = field(default_factory=list)
    at_the_hour: publication.Publication | None = None
    crm_known_at_the_hour: date | None = None
    killed: int = 0
    beside: list[subprocess.CompletedProcess[str]] = field(default_factory=list)
    refused_beside: WarehouseBusy | None = None
    family: list[psutil.Process] = field(default_factory=list)

    def ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def of_type(self, run_type: str) -> list[str]:
        return [run for run, facts in self.runs.items() if facts["run_type"] == run_type]


def late_morning() -> tuple[str, date]:
    """A zone in which it is between 11 and 12 o'clock, so that no midnight comes in between."""
    now = datetime.now(UTC)
    ahead = (11 - now.hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}", (now + timedelta(hours=ahead)).date()


def deliver(made: Path, home: Home, system: str, first: date, last: date) -> None:
    """Drop the folders of these days into the home's exports."""
    for folder in sorted((made / system).iterdir()):
        if first.isoformat() <= folder.name <= last.isoformat():
            shutil.copytree(folder, home.exports / system / folder.name, copy_function=shutil.copyfile)


def crm_watermark(home: Home) -> date:
    with closing(duckdb.connect(str(publication.database(home)), read_only=True)) as reporting:
        [row] = reporting.execute(
            "select min(watermark_on) from reporting.feeds where system = 'crm'"
        ).fetchall()
    return row[0]


def live(story: Lived, made: Path) -> None:
    airflow, home = story.airflow, story.home

    def state(run: str, task: str) -> str | None:
        return airflow.tasks(SCREENING, run)[task]["state"]

    def of_type(run_type: str) -> list[str]:
        return [run["dag_run_id"] for run in airflow.runs(SCREENING) if run["run_type"] == run_type]

    # Yesterday's own run: the hour has passed, the CRM isn't waited for.
    [scheduled] = eventually("a run for yesterday", lambda: of_type("scheduled"))
    eventually("the build at the hour", lambda: ends(airflow, scheduled, "build"), 180)

    # Somebody asks for the past days, and the build of one is killed; then the CRM's files come after all.
    airflow.backfill(SCREENING, story.ago(2), story.ago(1))
    [past] = eventually("a run for a past day", lambda: of_type("backfill"))
    story.killed = kill_build(airflow, past)
    deliver(made, home, "crm", story.ago(1), story.ago(1))
    eventually("the publication of the hour", lambda: ends(airflow, scheduled, "publish"), 180)
    story.at_the_hour = publication.current(home)
    story.crm_known_at_the_hour = crm_watermark(home)
    [late] = eventually("a run for the late files", lambda: of_type("operator_triggered"))
    try_beside(story)
    eventually(
        "the end of all runs",
        lambda: {run["state"] for run in airflow.runs(SCREENING)} <= {"success", "failed"},
        240,
    )

    # Somebody clears the publishing of the run that knew less.
    eventually("the late run", lambda: airflow.run(SCREENING, late)["state"] == "success")
    airflow.clear(SCREENING, scheduled, "publish")
    eventually(
        "the cleared run",
        lambda: (
            airflow.run(SCREENING, scheduled)["state"] == "success"
            and state(scheduled, "publish") != "success"
        ),
    )
    for run in airflow.runs(SCREENING):
        name = run["dag_run_id"]
        story.runs[name] = run
        story.tasks[name] = airflow.tasks(SCREENING, name)
        story.builds += airflow.tries(SCREENING, name, "build")


def ends(airflow: RunningAirflow, run: str, task: str) -> bool:
    """Whether a task has succeeded; fails as soon as it has to be tried again."""
    facts = airflow.tasks(SCREENING, run)[task]
    assert facts["state"] not in ("failed", "up_for_retry", "upstream_failed"), (run, task)
    return facts["state"] == "success"


def holder(home: Home) -> str:
    lock = home.root / "warehouse.lock"
    return lock.read_text() if lock.exists() else ""


def kill_build(airflow: RunningAirflow, run: str) -> int:
    """SIGKILL the run's build while it holds the warehouse; the process's id."""

    def building() -> int | None:
        task = airflow.tasks(SCREENING, run)["build"]
        held = task["pid"] and f"process {task['pid']} " in holder(airflow.home)
        return task["pid"] if task["state"] == "running" and held else None

    pid = eventually("a build to kill", building, 120)
    os.kill(pid, signal.SIGKILL)
    return pid


def try_beside(story: Lived) -> None:
    """Try to build, and to run, beside a build of the scheduler."""

    def refused() -> WarehouseBusy | None:
        try:
            with story.home.writer("a test"):
                return None
        except WarehouseBusy:
            with pytest.raises(WarehouseBusy) as refusal:
                build(story.home, None, last_whole_day=date.max)
            return refusal.value

    story.refused_beside = eventually("a build to be beside of", refused, 120)
    story.beside.append(
        subprocess.run(
            [sys.executable, "-m", "thermocline.command.cli", "run"],
            capture_output=True,
            text=True,
            check=False,
        )
    )
