"""The Airflow of a home: prepare its database, and allow one Airflow at a time."""

import subprocess
import sys
from contextlib import AbstractContextManager

from thermocline.company.airflow_settings import is_prepared, process_environment
from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.locks import exclusive
from thermocline.orchestration.lifeline import SECONDS_TO_END


def prepare(home: Home) -> None:
    """Create or migrate Airflow's database in a process of its own, unless that was done before.

    Raise ThermoclineError with the log's path if it fails.
    """
    if is_prepared(home):
        return
    log = home.airflow / "prepare.log"
    with log.open("w") as output:
        done = subprocess.run(
            [sys.executable, "-m", "thermocline.orchestration.database"],
            env=process_environment(home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise ThermoclineError(f"Airflow's database could not be prepared: read {log}")


def only_airflow(home: Home, purpose: str) -> AbstractContextManager[int]:
    """Lock this home's Airflow for one process; yield the lock's file descriptor, for its children.

    Two schedulers of one database, or a manual run beside one, would each run the other's tasks.
    Raise WarehouseBusy, naming the holder.
    """
    busy = f"{home.root} is in use by {{holder}}: wait until it ends, or stop it and run again"
    lock = home.airflow / "in-use.lock"
    # A process that was just killed takes a moment to end; what it started ends itself.
    return exclusive(lock, purpose, busy, wait_seconds=1, leaving_seconds=2 * SECONDS_TO_END)
