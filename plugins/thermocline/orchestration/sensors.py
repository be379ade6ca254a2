"""Sensors of the DAGs: wait for files, and for a day to be covered by deliveries.

Both wait in scheduled runs only; a manual run continues at once.
"""

import logging
import time
from abc import abstractmethod
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NoReturn

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferralTimeout

from thermocline.home import Home
from thermocline.orchestration.calendar import screening_time
from thermocline.orchestration.steps import refusals

LONGEST_WAIT = timedelta(days=1)
REST_AFTER_FAILURE = timedelta(minutes=10)
LOOK_AGAIN = timedelta(minutes=10)
GRACE = timedelta(seconds=15)

log = logging.getLogger(__name__)


class Waiting(BaseOperator):
    """Wait for one system in the triggerer; end as skipped if the deadline passes first."""

    def __init__(self, *, system: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.system = system

    @abstractmethod
    def ask(self, context: Context) -> None:
        """Return if there is nothing to wait for, skip if waiting is pointless, else defer."""

    def execute(self, context: Context) -> None:
        if not is_manual(context):
            self.ask(context)

    def wait(self, trigger: Any, woken_at: float) -> None:
        """Ask once, then defer to `trigger`.

        `woken_at` is seconds since the epoch. The deferral times out GRACE after it, so the task wakes
        even if no triggerer is alive.
        """
        from thermocline.orchestration.triggers import LATE

        now = time.time()
        with refusals():
            outcome = trigger.outcome() if now >= trigger.since else None
        if outcome == LATE:
            self.give_up()
        if outcome is None:
            sleep = timedelta(seconds=max(0.0, woken_at - now)) + GRACE
            self.defer(trigger=trigger, method_name="resume", timeout=sleep)

    def resume(self, context: Context, event: Sequence[str]) -> None:
        from thermocline.orchestration.triggers import LATE, TROUBLE

        outcome, reason = event
        if outcome == TROUBLE:
            log.warning("%s: %s", self.system, reason)
            self.ask(context)
        if outcome == LATE:
            self.give_up()

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout:
            return self.ask(context)

    def give_up(self) -> NoReturn:
        reason = f"{self.system}: no delivery arrived in time"
        log.info(reason)
        raise AirflowSkipException(reason)


class DeliveryArrived(Waiting):
    """Wait until files of `system` are ready to be landed, for a day at most.

    Wait REST_AFTER_FAILURE after a failed run, so that files which can't be landed don't cause
    one failed run after the other.
    """

    def ask(self, context: Context) -> None:
        from thermocline.orchestration.triggers import FilesPending

        since = time.time()
        previous = context["ti"].get_previous_dagrun()
        if previous and previous.state == "failed" and previous.end_date:
            since = (previous.end_date + REST_AFTER_FAILURE).timestamp()
        until = since + LONGEST_WAIT.total_seconds()
        self.wait(FilesPending(self.system, since, until), woken_at=until)


class DayCovered(Waiting):
    """Wait until the deliveries of `system` cover the run's day, or its screening hour has come.

    Don't wait for a system of which the company has no export. Before the first delivery the hour
    is postponed by a day at most.
    """

    def ask(self, context: Context) -> None:
        from thermocline.orchestration import triggers

        day = context["params"]["as_of"] or context["dag_run"].partition_key
        if day is None:
            return
        now = time.time()
        at = screening_time(Home.current(), date.fromisoformat(day))
        hour, until = at.timestamp(), (at + LONGEST_WAIT).timestamp()
        woken_at = hour if hour > now else now + LOOK_AGAIN.total_seconds()
        self.wait(triggers.DayCovered(self.system, until, day, hour), woken_at)


def is_manual(context: Context) -> bool:
    """Return whether a person or `make run` started this run, not the schedule or a backfill."""
    return context["dag_run"].run_type == "manual"
