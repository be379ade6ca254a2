"""The child process in which `runs` lets Airflow run the DAGs.

Argument: {"location": ..., "as_of": ..., "log": ...} as JSON.
Standard output: what `runs` reads; everything that Airflow and the libraries print goes to standard
error, which is the log.
"""

import json
import logging
import os
import signal
import sys
import time
from typing import IO, Any

from airflow.listeners import hookimpl

from thermocline.errors import ThermoclineError
from thermocline.home import PROJECT, Home
from thermocline.orchestration.database import prepare_database
from thermocline.orchestration.lifeline import SECONDS_TO_END, end_with_parent


class Reporter(logging.Handler):
    """Report to the parent what Thermocline logs and how tasks end: a log handler and a listener."""

    def __init__(self, channel: IO[str], log: str) -> None:
        super().__init__(logging.INFO)
        self.channel = channel
        self.log = log
        self.dag = ""
        self.began = time.monotonic()
        self.failure: tuple[int, str | None] = (0, None)

    def send(self, **message: Any) -> None:
        print(json.dumps(message), file=self.channel, flush=True)

    def emit(self, record: logging.LogRecord) -> None:
        seconds = time.monotonic() - self.began
        took = f" ({seconds:.1f} s)" if record.levelno == logging.INFO and seconds >= 0.05 else ""
        self.send(say=f"{self.dag}: {record.getMessage()}{took}")

    @hookimpl
    def on_task_instance_running(self) -> None:
        self.began = time.monotonic()

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any, error: BaseException | None) -> None:
        refusal = error if isinstance(error, ThermoclineError) else getattr(error, "__cause__", None)
        if isinstance(refusal, ThermoclineError):
            self.failure = (refusal.exit_code, str(refusal))
        else:
            what = f"{task_instance.dag_id}.{task_instance.task_id}"
            self.failure = (70, f"{what} stopped with {type(error).__name__}: read {self.log}")


def main() -> None:
    work = json.loads(sys.argv[1])
    reporter = Reporter(os.fdopen(os.dup(1), "w"), work["log"])
    os.dup2(2, 1)
    # A terminal's Ctrl-C also reaches the parent, which then closes our standard input: handle it once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.default_int_handler)
    end_with_parent(signal.SIGUSR1, SECONDS_TO_END)
    prepare_database(Home.current())
    exit_code, message = run(work, reporter)
    reporter.send(exit_code=exit_code, message=message)


def run(work: dict[str, Any], reporter: Reporter) -> tuple[int, str | None]:
    """Run the DAGs until one fails; return exit code and message (None after success)."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk.listener import get_listener_manager

    logger = logging.getLogger("thermocline")
    logger.setLevel(logging.INFO)
    logger.addHandler(reporter)
    get_listener_manager().add_listener(reporter)

    bag = DagBag(PROJECT / "dags")
    landing = {"location": work["location"]}
    for dag_id, conf in (
        ("extract_crm", landing),
        ("extract_billing", landing),
        ("screen_accounts", {"as_of": work["as_of"], "wait_seconds": 0}),
    ):
        reporter.dag = dag_id
        dag = bag.dags[dag_id]
        for task in dag.tasks:
            task.retries = 0
        # Nobody can answer the question in a manual run; the gate's message names the command to approve.
        dag_run = dag.test(run_conf=conf, mark_success_pattern="ask_for_approval")
        instances = dag_run.get_task_instances()
        for ended in sorted(instances, key=lambda instance: instance.end_date):
            reporter.send(
                task={
                    "dag": dag_id,
                    "task": ended.task_id,
                    "state": str(ended.state),
                    "seconds": round(ended.duration or 0.0, 2),
                }
            )
        if dag_run.state != "success":
            return reporter.failure
    return 0, None


if __name__ == "__main__":
    main()
