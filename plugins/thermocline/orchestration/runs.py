"""Manual run: the three DAGs once, through Airflow, as `make run` does.

Airflow runs in a child process, so that its output and settings stay out of this one. The child sends
one JSON object per line.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

from thermocline.company.airflow_settings import process_environment
from thermocline.home import Home
from thermocline.orchestration.environment import only_airflow
from thermocline.orchestration.lifeline import SECONDS_TO_END


@dataclass(frozen=True)
class TaskEnd:
    """How one task instance ended: an Airflow state such as success, skipped or failed."""

    dag: str
    task: str
    state: str
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `message` is one line for the terminal if `exit_code` isn't 0, else None."""

    exit_code: int
    message: str | None
    tasks: tuple[TaskEnd, ...]
    log: Path


def run_dags(home: Home, exports: Path | None, as_of: date | None, report: Callable[[str], None]) -> Outcome:
    """Run extract_crm, extract_billing and screen_accounts in sequence; stop after the first that fails.

    `exports` replaces the configured locations; without `as_of` the newest complete day is
    screened. `report` is called with one line per step as it happens. Raise InputError or
    WarehouseBusy before the first DAG starts.
    """
    home.prepare()
    log = home.airflow / "logs" / "run.log"
    log.parent.mkdir(exist_ok=True)
    work = {
        "location": str(exports.resolve()) if exports else None,
        "as_of": as_of.isoformat() if as_of else None,
        "log": str(log),
    }
    report("starting Airflow ...")
    tasks: list[TaskEnd] = []
    exit_code, message = 70, f"Airflow stopped before the run ended: read {log}"
    with (
        only_airflow(home, "a manual run") as lock,
        log.open("w", encoding="utf-8") as output,
        child(home, work, output, lock) as lines,
    ):
        for line in lines:
            sent: dict[str, Any] = json.loads(line)
            if "say" in sent:
                report(sent["say"])
            elif "task" in sent:
                tasks.append(TaskEnd(**sent["task"]))
            else:
                exit_code, message = sent["exit_code"], sent["message"]
    return Outcome(exit_code, message, tuple(tasks), log)


@contextmanager
def child(home: Home, work: dict[str, str | None], log: IO[str], lock: int) -> Iterator[Iterator[str]]:
    """Run the DAGs in a child process; yield the lines that it sends.

    The child inherits the lock. It stays in our process group, so that a signal to the group ends both,
    and ends itself when our end of its standard input closes: because we died or were interrupted.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "thermocline.orchestration.runner", json.dumps(work)],
        env=process_environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        pass_fds=[lock],
    )
    assert process.stdin and process.stdout  # noqa: S101
    try:
        with process.stdout as lines:
            yield iter(lines)
            process.wait()
    finally:
        process.stdin.close()
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
