"""What the child process reports about a run."""

import io
import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException
from thermocline.errors import GateBlocked, InputError, ThermoclineError, WarehouseBusy
from thermocline.orchestration.runner import Reporter

TASK = SimpleNamespace(dag_id="screen_accounts", task_id="build")


def reporter_and_channel() -> tuple[Reporter, io.StringIO]:
    channel = io.StringIO()
    return Reporter(channel, "run.log"), channel


def refused(error: ThermoclineError) -> AirflowFailException:
    failure = AirflowFailException(str(error))
    failure.__cause__ = error
    return failure


@pytest.mark.parametrize(
    ("error", "exit_code", "message"),
    [
        (refused(GateBlocked("rule 7")), 1, "rule 7"),
        (refused(InputError("bad.csv")), 2, "bad.csv"),
        (WarehouseBusy("in use by process 7"), 2, "in use by process 7"),
        (ThermoclineError("a model failed"), 70, "a model failed"),
        (ZeroDivisionError("x\ny"), 70, "screen_accounts.build stopped with ZeroDivisionError: read run.log"),
    ],
)
def test_a_failure_has_the_refusals_code_and_one_line(error: Any, exit_code: int, message: str) -> None:
    reporter, _ = reporter_and_channel()
    reporter.on_task_instance_failed(TASK, error)
    assert reporter.failure == (exit_code, message)


def test_what_the_steps_log_is_reported_with_dag_and_time() -> None:
    reporter, channel = reporter_and_channel()
    reporter.dag = "extract_crm"
    reporter.began -= 4.13
    logger = logging.Logger("thermocline.orchestration.steps")
    logger.addHandler(reporter)
    logger.info("landed %s files", 305)
    logger.warning("odd.csv is skipped")
    assert [json.loads(line)["say"] for line in channel.getvalue().splitlines()] == [
        "extract_crm: landed 305 files (4.1 s)",
        "extract_crm: odd.csv is skipped",
    ]
