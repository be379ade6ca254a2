"""Pruning logs, scratch files and events by their age, and settings that make no sense."""

from datetime import timedelta
from pathlib import Path

import pytest
from pruned import MIDNIGHT, NOW, date_back, removed, settle
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.retention.pruning import prune


def test_logs_and_scratch_are_removed_by_the_day_they_were_last_written(home: Home) -> None:
    settle(home, log_days=30)
    task = home.airflow / "logs" / "dag_id=screen_accounts" / "run_id=1"
    compiled = home.scratch / "dbt" / "compiled"
    for folder in (task, compiled, home.scratch / "dbt"):
        folder.mkdir(parents=True, exist_ok=True)
    files = {path: path.write_text("x") for path in (task / "old.log", compiled / "old.sql")}
    kept = [task.parent / "young.log", compiled / "young.sql", home.scratch / "dbt" / "manifest.json"]
    for path in kept:
        path.write_text("x")
    date_back(home.scratch, MIDNIGHT - timedelta(days=30, seconds=1))
    date_back(home.airflow, MIDNIGHT - timedelta(days=30, seconds=1))
    for path in kept[:2]:
        date_back(path, MIDNIGHT - timedelta(days=30))
    assert removed(home, dry_run=True) == {"log files": 1, "scratch files": 1}
    assert all(path.exists() for path in files)
    assert removed(home) == {"log files": 1, "scratch files": 1}
    assert not task.exists() and not any(path.exists() for path in files)
    assert all(path.exists() for path in kept)
    assert removed(home) == {}


def test_a_link_among_the_logs_is_removed_and_not_what_it_leads_to(home: Home, tmp_path: Path) -> None:
    settle(home, log_days=30)
    other = tmp_path / "other"
    other.mkdir()
    (other / "theirs.log").write_text("x")
    logs = home.airflow / "logs"
    logs.mkdir()
    (logs / "latest").symlink_to(other)
    date_back(logs, MIDNIGHT - timedelta(days=31))
    date_back(other, MIDNIGHT - timedelta(days=31))
    assert removed(home) == {"log files": 1}
    assert (other / "theirs.log").exists()


def test_events_told_to_openlineage_are_kept_as_long_as_logs(home: Home) -> None:
    settle(home, log_days=10)
    days = [MIDNIGHT - timedelta(days=10, seconds=1), MIDNIGHT - timedelta(days=10), NOW]
    lines = [f'{{"eventTime": "{day.isoformat(timespec="milliseconds")}"}}\n' for day in days]
    home.openlineage.write_text("".join(lines))
    assert removed(home, dry_run=True) == {"OpenLineage events": 1}
    assert home.openlineage.read_text() == "".join(lines)
    assert removed(home) == {"OpenLineage events": 1}
    assert home.openlineage.read_text() == "".join(lines[1:])
    assert removed(home) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("retention: {landing_days: 0}", "retention.landing_days is '0', expected a whole number of days"),
        ("retention: {landing_days: 36526}", "retention.landing_days is '36526'"),
        ("retention: {landing_days: yes}", "retention.landing_days is 'True'"),
        ("retention: {logs: 3}", "retention has no 'logs', expected one of landing_days"),
        ("retention: 30", "retention is '30', expected"),
    ],
)
def test_a_retention_that_makes_no_sense_is_refused(home: Home, text: str, told: str) -> None:
    (home.config / "company.yml").write_text(f"reporting_currency: EUR\n{text}\n")
    with pytest.raises(InputError) as refusal:
        prune(home, NOW)
    assert told in str(refusal.value) and "company.yml" in str(refusal.value)


def test_a_home_without_a_company_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has nothing to prune"):
        prune(Home(tmp_path), NOW)
