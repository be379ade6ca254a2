"""A day with a running Airflow: real processes, real files, its REST API and command line.

The day is lived once, in `lived`; the tests look at what it left behind.
"""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import psutil
import pytest
from airflow_rest import running_airflow
from day_with_airflow import SCREENING, Lived, crm_watermark, deliver, late_morning, live
from screened import Screened
from thermocline.building import transformation
from thermocline.errors import InputError
from thermocline.example import generate
from thermocline.home import Home
from thermocline.landing.outstanding import SETTLE_SECONDS
from thermocline.ledger.pruned import Due
from thermocline.orchestration import steps
from thermocline.orchestration.serving import check_port
from thermocline.publishing import publication
from thermocline.retention import airflow_records


@pytest.fixture(scope="module")
def lived(example: Screened, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    root = tmp_path_factory.mktemp("running")
    home, made = example.begin(root / "home"), root / "made"
    zone, today = late_morning()
    (home.config / "company.yml").write_text(
        f"reporting_currency: EUR\ntime_zone: {zone}\nscreening_hour: 10\n"
    )
    generate(20, 60, 1, made, today - timedelta(days=1))
    deliver(made, home, "crm", date.min, today - timedelta(days=2))
    deliver(made, home, "billing", date.min, today - timedelta(days=1))
    # The models haven't changed since their documentation was rendered.
    (home.site / "index.html").write_text("Documentation")
    (home.site / ".index.of").write_text(transformation.project_hash())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THERMOCLINE_HOME", str(home.root))
        # What came before yesterday's hour has long been landed.
        time.sleep(SETTLE_SECONDS)
        steps.land("crm", None)
        steps.land("billing", None)
        with running_airflow(home) as airflow:
            story = Lived(home, today, airflow)
            live(story, made)
            serving = psutil.Process(airflow.process.pid)
            story.family = serving.children(recursive=True)
        yield story


def is_at_work(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_hour_screens_a_day_without_the_system_that_has_not_delivered(lived: Lived) -> None:
    [scheduled] = lived.of_type("scheduled")
    assert lived.runs[scheduled]["partition_key"] == lived.ago(1).isoformat()
    assert lived.tasks[scheduled]["wait_for_billing"]["state"] == "success"
    assert lived.tasks[scheduled]["wait_for_crm"]["state"] == "skipped"
    assert lived.at_the_hour is not None
    assert lived.at_the_hour.as_of_date == lived.ago(1)
    assert lived.crm_known_at_the_hour == lived.ago(2)


def test_dropped_files_are_published_without_a_hand(lived: Lived) -> None:
    [late] = lived.of_type("operator_triggered")
    assert late.startswith(f"late__{lived.ago(1)}__extract_crm")
    current = publication.current(lived.home)
    assert current is not None and lived.at_the_hour is not None
    assert current.as_of_date == lived.ago(1)
    assert current.content_hash != lived.at_the_hour.content_hash
    assert crm_watermark(lived.home) == lived.ago(1)
    assert lived.tasks[late]["publish"]["state"] == "success"


def test_every_run_ends_well(lived: Lived) -> None:
    assert {name: run["state"] for name, run in lived.runs.items()} == dict.fromkeys(lived.runs, "success")
    # The day of the schedule's own run isn't backfilled.
    [past] = lived.of_type("backfill")
    assert lived.runs[past]["partition_key"] == lived.ago(2).isoformat()


def test_a_killed_build_is_tried_again(lived: Lived) -> None:
    [past] = lived.of_type("backfill")
    assert lived.tasks[past]["build"]["try_number"] == 2
    killed = [t for t in lived.builds if t["dag_run_id"] == past and t["try_number"] == 1]
    assert [(t["pid"], t["state"]) for t in killed] == [(lived.killed, "failed")]


def test_reporting_never_goes_back(lived: Lived) -> None:
    [past] = lived.of_type("backfill")
    assert lived.tasks[past]["build"]["state"] == "success"
    assert lived.tasks[past]["publish"]["state"] == "skipped"
    with closing(duckdb.connect(str(publication.database(lived.home)), read_only=True)) as reporting:
        days = reporting.execute(
            "select as_of_date from reporting.publication order by published_at"
        ).fetchall()
    assert days == [(lived.ago(1),), (lived.ago(1),)]


def test_clearing_an_older_publish_leaves_the_later_one_in_place(lived: Lived) -> None:
    [scheduled] = lived.of_type("scheduled")
    assert lived.tasks[scheduled]["publish"]["state"] == "skipped"
    assert lived.tasks[scheduled]["publish"]["try_number"] == 2
    assert crm_watermark(lived.home) == lived.ago(1)


def test_no_two_builds_run_at_once(lived: Lived) -> None:
    times = sorted(
        (datetime.fromisoformat(t["start_date"]), datetime.fromisoformat(t["end_date"])) for t in lived.builds
    )
    assert len(times) == 4
    for (_, ended), (began, _) in pairwise(times):
        assert ended <= began


def test_beside_the_scheduler_a_build_is_refused_in_one_line(lived: Lived) -> None:
    assert isinstance(lived.refused_beside, InputError)
    assert lived.refused_beside.exit_code == 2
    [run] = lived.beside
    assert run.returncode == 2
    assert run.stderr.startswith("thermocline: ")
    assert len(run.stderr.splitlines()) == 1
    assert f"process {lived.airflow.process.pid} " in run.stderr


def test_ending_it_leaves_no_process_and_no_port_behind(lived: Lived) -> None:
    assert len(lived.family) >= 4
    assert [process for process in lived.family if is_at_work(process)] == []
    check_port(lived.airflow.port)


def test_pruning_removes_the_records_of_older_runs_and_no_others(lived: Lived, tmp_path: Path) -> None:
    home = Home(Path(shutil.copytree(lived.home.root, tmp_path / "home", symlinks=True)))
    begun = run_starts(home)
    last_two = sorted(begun[SCREENING].values())[-2:]
    before = last_two[0] + (last_two[1] - last_two[0]) / 2
    counted = airflow_records.prune(Due(home, before, lived.today, "airflow_days: 1", dry_run=False))
    assert counted.number > 0
    left = run_starts(home)
    for dag, runs in begun.items():
        young = {run for run, at in runs.items() if at >= before}
        others = [run for run in runs if not run.startswith("manual__")]
        last = {max(others, key=lambda run: runs[run])} if others else set()
        assert set(left.get(dag, {})) == young | last, dag
    assert len(begun[SCREENING]) > len(left[SCREENING]) >= 1


def run_starts(home: Home) -> dict[str, dict[str, datetime]]:
    """When each run began, by DAG and run."""
    found: dict[str, dict[str, datetime]] = {}
    with closing(sqlite3.connect(home.airflow / "airflow.db")) as database:
        begun = database.execute(
            "select dag_id, run_id, start_date from dag_run where start_date is not null"
        )
        for dag, run, at in begun:
            found.setdefault(dag, {})[run] = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return found
