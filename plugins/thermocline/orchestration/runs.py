"""The three DAGs run once, by hand, through Airflow: what `make run` does.

Airflow works in a child process, which keeps its chatter, signals and settings out of this one; another
child is its `worker`. Messages of the first come as one JSON object a line.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from multiprocessing import Pipe
from pathlib import Path
from typing import IO, Any

from thermocline.home import Home
from thermocline.orchestration.environment import environment, only_airflow
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
        children(home, work, output, lock) as lines,
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
def children(home: Home, work: dict[str, str | None], log: IO[str], lock: int) -> Iterator[Iterator[str]]:
    """A process that runs the DAGs, and the worker beside it; what the first tells, line by line.

    Both hold the lock as well, and end themselves when our end of their standard input closes, by our
    death or because we were interrupted.
    """
    settings = os.environ | environment(home)
    begun: list[subprocess.Popen[str]] = []

    def begin(module: str, argument: object, line: int, output: int | IO[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", f"thermocline.orchestration.{module}", json.dumps(argument)],
            env=settings,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=log,
            text=True,
            pass_fds=[lock, line],
            # The terminal's Ctrl-C reaches us only; we pass it on.
            start_new_session=True,
        )
        begun.append(process)
        return process

    try:
        near, far = Pipe()
        with near, far:
            begin("worker", far.fileno(), far.fileno(), log)
            runner = begin("runner", work | {"worker": near.fileno()}, near.fileno(), subprocess.PIPE)
        assert runner.stdout  # noqa: S101
        with runner.stdout as lines:
            yield iter(lines)
            runner.wait()
    finally:
        end(begun)


def end(processes: list[subprocess.Popen[str]]) -> None:
    """Let go of the processes, and kill those that don't end by themselves."""
    for process in processes:
        assert process.stdin  # noqa: S101
        process.stdin.close()
    deadline = time.monotonic() + SECONDS_TO_END
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
