"""The three DAGs run once, by hand, through Airflow: what `make run` does.

Airflow works in a child process, which keeps its chatter and settings out of this one. Messages come
as one JSON object a line.
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
    """How a run ended. `message` is the one line for a person where `exit_code` isn't 0."""

    exit_code: int
    message: str | None
    tasks: tuple[TaskEnd, ...]
    log: Path


def run_dags(home: Home, exports: Path | None, as_of: date | None, report: Callable[[str], None]) -> Outcome:
    """Run extract_crm, extract_billing and screen_accounts, one after the other.

    `exports` replaces the configured locations; without `as_of` the newest complete day is
    screened. `report` gets one line for each thing that happened, while it happens. Stops after
    the first DAG that fails. Raises InputError or WarehouseBusy before anything has begun.
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
    exit_code, message = 70, f"Airflow stopped before the run was over: read {log}"
    with (
        only_airflow(home, "a run by hand") as lock,
        log.open("w", encoding="utf-8") as output,
        child(home, work, output, lock) as lines,
    ):
        for line in lines:
            told: dict[str, Any] = json.loads(line)
            if "say" in told:
                report(told["say"])
            elif "task" in told:
                tasks.append(TaskEnd(**told["task"]))
            else:
                exit_code, message = told["exit_code"], told["message"]
    return Outcome(exit_code, message, tuple(tasks), log)


@contextmanager
def child(home: Home, work: dict[str, str | None], log: IO[str], lock: int) -> Iterator[Iterator[str]]:
    """Run the DAGs in a child process; gives what it tells, line by line.

    The child holds the lock as well. It is in our process group, so that what kills the group leaves
    nothing behind, and ends itself when our end of its standard input closes: by our death, or because
    we were interrupted.
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
