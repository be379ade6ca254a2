"""A run that was killed leaves nothing behind that holds the home."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil  # type: ignore[import-untyped]
import pytest
from thermocline.errors import WarehouseBusy
from thermocline.home import Home
from thermocline.locks import exclusive
from thermocline.orchestration.environment import only_airflow

RUN = """
from thermocline.home import Home
from thermocline.orchestration.runs import run_dags
run_dags(Home.current(), None, None, lambda line: print(line, flush=True))
"""


@contextmanager
def running(home: Home) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """A run in a process group of its own, and the processes that it started."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN],
        env=os.environ | {"THERMOCLINE_HOME": str(home.root)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stdout and run.stdout.readline() == "starting Airflow ...\n"
        started: list[psutil.Process] = []
        while not started:
            time.sleep(0.05)
            started = psutil.Process(run.pid).children(recursive=True)
        yield run, started


def test_nothing_outlives_the_kill_of_a_runs_group(home: Home) -> None:
    with running(home) as (run, started):
        with pytest.raises(WarehouseBusy, match=f"process {run.pid} "), only_airflow(home, "another"):
            pass
        os.killpg(run.pid, signal.SIGKILL)
        began = time.monotonic()
        with only_airflow(home, "the next"):
            assert time.monotonic() - began < 2
        assert psutil.wait_procs(started, timeout=2)[1] == []


def test_what_a_killed_run_leaves_ends_itself_and_the_next_one_waits_for_it(home: Home) -> None:
    with running(home) as (run, started):
        run.kill()
        run.wait()
        with only_airflow(home, "the next"):
            assert psutil.wait_procs(started, timeout=2)[1] == []


def test_only_the_children_of_a_dead_holder_are_waited_for(home: Home) -> None:
    file = home.airflow / "in-use.lock"
    with exclusive(file, "a run", "{holder}"):
        began = time.monotonic()
        with (
            pytest.raises(WarehouseBusy, match=f"process {os.getpid()} "),
            exclusive(file, "another", "{holder}", leaving_seconds=5),
        ):
            pass
        assert time.monotonic() - began < 2
