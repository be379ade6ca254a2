"""Airflow's own records of runs, tasks, hand-offs and events, removed by its own `airflow db clean`.

In a process of its own: a task may not use Airflow's database, and a command shouldn't load Airflow.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from thermocline.company.airflow_settings import environment, is_prepared
from thermocline.errors import ThermoclineError
from thermocline.ledger.pruned import Due, Removed

LOST = "how old runs and their tasks ended; the last scheduled run of each DAG stays"
TABLES = (
    "asset_event",
    "callback",
    "dag_run",
    "import_error",
    "job",
    "log",
    "task_instance",
    "task_instance_history",
    "task_reschedule",
    "trigger",
    "xcom",
)
"""What grows with the runs. What describes the DAGs themselves stays."""


def prune(due: Due) -> Removed:
    """Remove Airflow's records from before the moment. Raise ThermoclineError if `airflow db clean` fails."""
    home = due.home
    if not is_prepared(home):
        return Removed("records of Airflow", 0, 0, LOST)
    done = subprocess.run(
        [
            Path(sys.executable).with_name("airflow"),
            *("db", "clean", "--clean-before-timestamp", due.before.isoformat()),
            *("--tables", ",".join(TABLES), "--skip-archive", "--yes", "--error-on-cleanup-failure"),
            *(["--dry-run"] if due.dry_run else []),
        ],
        env=os.environ | environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        log = home.airflow / "logs" / "prune.log"
        log.parent.mkdir(exist_ok=True)
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        raise ThermoclineError(f"Airflow's records could not be pruned: read {log}")
    found = re.findall(r"^Found (\d+) rows meeting deletion criteria", done.stdout, re.MULTILINE)
    return Removed("records of Airflow", sum(map(int, found)), 0, LOST)
