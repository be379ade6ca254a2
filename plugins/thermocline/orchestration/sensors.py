"""The waits of the DAGs: for files, and for a day to be covered by them.

Both only wait in runs that Airflow starts by itself; a run started by hand goes on at once.
"""

import logging
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NoReturn

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferralTimeout

from thermocline.home import Home
from thermocline.orchestration.calendar import Clock

LONGEST_WAIT = timedelta(days=1)
REST_AFTER_FAILURE = timedelta(minutes=10)
GRACE_SECONDS = 15

log = logging.getLogger(__name__)


class Waiting(BaseOperator):
    """Waits in the triggerer for one system; ends as skipped when the wait is over in vain."""

    def __init__(self, *, system: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.system = system

    def wait(self, trigger: Any) -> NoReturn:
        """Hand over to `trigger`; the scheduler ends the wait even if no triggerer is alive."""
        self.defer(
            trigger=trigger,
            method_name="resume",
            timeout=timedelta(seconds=max(0.0, trigger.until - time.time()) + GRACE_SECONDS),
        )

    def resume(self, context: Context, event: Sequence[str]) -> None:
        from thermocline.orchestration.triggers import LATE, TROUBLE

        outcome, reason = event
        if outcome == TROUBLE:
            raise RuntimeError(f"{self.system}: {reason}")
        if outcome == LATE:
            self.give_up()

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout:
            self.give_up()

    def give_up(self) -> NoReturn:
        raise AirflowSkipException(f"{self.system}: nothing came in time")


class DeliveryArrived(Waiting):
    """Until files of `system` wait to be landed, for a day at most.

    After a failed run it first rests, so that files which can't be landed don't make one failed
    run after the other.
    """

    def execute(self, context: Context) -> None:
        from thermocline.orchestration.triggers import FilesPending

        if by_hand(context):
            return
        since = time.time()
        previous = context["ti"].get_previous_dagrun()
        if previous and previous.state == "failed" and previous.end_date:
            since = (previous.end_date + REST_AFTER_FAILURE).timestamp()
        self.wait(FilesPending(self.system, since + LONGEST_WAIT.total_seconds(), since))


class DayCovered(Waiting):
    """Until the deliveries of `system` cover the run's day, or its screening hour has come.

    A system that this company has no export of isn't waited for.
    """

    def execute(self, context: Context) -> None:
        from thermocline.orchestration import triggers

        day = context["dag_run"].partition_key
        if by_hand(context) or day is None:
            return
        home = Home.current()
        until = Clock.of(home).screening_time(date.fromisoformat(day)).timestamp()
        if triggers.covers(home, self.system, date.fromisoformat(day)):
            return
        if time.time() >= until or not triggers.delivers(home, self.system):
            self.give_up()
        self.wait(triggers.DayCovered(self.system, until, day=day))


def by_hand(context: Context) -> bool:
    """Whether a person or `make run` started this run, and not the schedule or a backfill."""
    return context["dag_run"].run_type == "manual"
