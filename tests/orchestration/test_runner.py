"""What the child process tells about a run."""

import io
import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException
from thermocline.errors import GateBlocked, InputError, ThermoclineError, WarehouseBusy
from thermocline.orchestration.runner import Teller

TASK = SimpleNamespace(dag_id="screen_accounts", task_id="build")


def teller() -> tuple[Teller, io.StringIO]:
    channel = io.StringIO()
    return Teller(channel, "run.log"), channel


def refused(error: ThermoclineError) -> AirflowFailException:
    failure = AirflowFailException(str(error))
    failure.__cause__ = error
    return failure


@pytest.mark.parametrize(
    ("error", "exit_code", "message"),
    [
        (refused(GateBlocked("rule 7")), 1, "rule 7"),
        (refused(InputError("bad.csv")), 2, "bad.csv"),
        (WarehouseBusy("held by process 7"), 2, "held by process 7"),
        (ThermoclineError("a model failed"), 70, "a model failed"),
        (ZeroDivisionError("x\ny"), 70, "screen_accounts.build stopped with ZeroDivisionError: read run.log"),
    ],
)
def test_a_failure_has_the_refusals_code_and_one_line(error: Any, exit_code: int, message: str) -> None:
    told, _ = teller()
    told.on_task_instance_failed(TASK, error)
    assert told.failure == (exit_code, message)


def test_what_the_steps_log_is_told_with_dag_and_time() -> None:
    told, channel = teller()
    told.dag = "extract_crm"
    told.began -= 4.13
    logger = logging.Logger("thermocline.orchestration.steps")
    logger.addHandler(told)
    logger.info("landed %s files", 305)
    logger.warning("odd.csv is left out")
    assert [json.loads(line)["say"] for line in channel.getvalue().splitlines()] == [
        "extract_crm: landed 305 files (4.1 s)",
        "extract_crm: odd.csv is left out",
    ]
