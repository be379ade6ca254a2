"""An Airflow of real processes for one home, and its REST API."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from thermocline.company.airflow_settings import kept_password
from thermocline.home import Home

Json = dict[str, Any]


def eventually(what: str, ask: Callable[[], Any], seconds: float = 90) -> Any:
    """The first answer that isn't false; fails with `what` and the last answer after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(1.5)
    return answer


class RunningAirflow:
    """What a person with a browser could ask and do, over HTTP."""

    def __init__(self, home: Home, port: int, process: subprocess.Popen[str]) -> None:
        self.home = home
        self.port = port
        self.process = process
        self.token = ""

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        request = Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
        )
        try:
            with urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read()!r}") from error

    def log_in(self) -> None:
        credentials = {"username": "admin", "password": kept_password(self.home)}
        self.token = self.call("POST", "/auth/token", credentials)["access_token"]

    def runs(self, dag: str) -> list[Json]:
        return self.call("GET", f"/api/v2/dags/{dag}/dagRuns?order_by=id")["dag_runs"]

    def run(self, dag: str, run_id: str) -> Json:
        return self.call("GET", f"/api/v2/dags/{dag}/dagRuns/{quote(run_id)}")

    def tasks(self, dag: str, run_id: str) -> dict[str, Json]:
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run_id)}/taskInstances"
        return {task["task_id"]: task for task in self.call("GET", path)["task_instances"]}

    def tries(self, dag: str, run_id: str, task: str) -> list[Json]:
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run_id)}/taskInstances/{task}/tries"
        return self.call("GET", path)["task_instances"]

    def trigger(self, dag: str, conf: Json) -> str:
        body = {"logical_date": None, "conf": conf}
        return self.call("POST", f"/api/v2/dags/{dag}/dagRuns", body)["dag_run_id"]

    def clear(self, dag: str, run_id: str, *tasks: str) -> None:
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": tasks,
            "only_failed": False,
            "reset_dag_runs": True,
        }
        assert self.call("POST", f"/api/v2/dags/{dag}/clearTaskInstances", body)["task_instances"]

    def question(self, dag: str, run_id: str, task: str) -> Json:
        """What the page Required Actions asks, and how it was answered."""
        return self.call("GET", self._asked(dag, run_id, task))

    def answer(self, dag: str, run_id: str, task: str, option: str, inputs: Json) -> None:
        """As a click on that page does."""
        body = {"chosen_options": [option], "params_input": inputs}
        self.call("PATCH", self._asked(dag, run_id, task), body)

    def _asked(self, dag: str, run_id: str, task: str) -> str:
        return f"/api/v2/dags/{dag}/dagRuns/{quote(run_id)}/taskInstances/{task}/-1/hitlDetails"

    def slots(self, pool: str) -> Json:
        return self.call("GET", f"/api/v2/pools/{pool}")

    def backfill(self, dag: str, first: date, last: date) -> None:
        """As `airflow backfill create` does."""
        body = {"dag_id": dag, "from_date": f"{first}T00:00:00Z", "to_date": f"{last}T00:00:00Z"}
        self.call("POST", "/api/v2/backfills", body)


@contextmanager
def running_airflow(home: Home) -> Iterator[RunningAirflow]:
    """Serve the home on a free port, as `make up` does; ended by SIGTERM."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-m", "thermocline.orchestration.serving", str(port)],
        env=os.environ | {"THERMOCLINE_HOME": str(home.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout
            told = []
            for line in process.stdout:
                told.append(line)
                if "Ctrl-C" in line:
                    break
            assert "Ctrl-C" in told[-1], "".join(told)
            airflow = RunningAirflow(home, port, process)
            airflow.log_in()
            yield airflow
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
