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
from thermocline.orchestration.calendar import screening_time

LONGEST_WAIT_SECONDS = 24 * 3600.0
REST_AFTER_FAILURE = timedelta(minutes=10)
GRACE_SECONDS = 15

log = logging.getLogger(__name__)


class Waiting(BaseOperator):
    """Waits in the triggerer for one system; ends as skipped when the wait is over in vain."""

    def __init__(self, *, system: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.system = system

    def wait(self, trigger: Any) -> None:
        """Ask once, then hand over to `trigger`.

        The scheduler ends the wait a little after its end even if no triggerer is alive.
        """
        from thermocline.orchestration.triggers import LATE

        now = time.time()
        outcome = trigger.outcome() if now >= trigger.since else None
        if outcome == LATE:
            self.give_up()
        if outcome is None:
            left = timedelta(seconds=max(0.0, trigger.until - now) + GRACE_SECONDS)
            self.defer(trigger=trigger, method_name="resume", timeout=left)

    def resume(self, _context: Context, event: Sequence[str]) -> None:
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
        reason = f"{self.system}: nothing came in time"
        log.info(reason)
        raise AirflowSkipException(reason)


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
        self.wait(FilesPending(self.system, since, since + LONGEST_WAIT_SECONDS))


class DayCovered(Waiting):
    """Until the deliveries of `system` cover the run's day, or its screening hour has come.

    A system that the company has no export of isn't waited for.
    """

    def execute(self, context: Context) -> None:
        from thermocline.orchestration import triggers

        day = context["params"]["as_of"] or context["dag_run"].partition_key
        if by_hand(context) or day is None:
            return
        now = time.time()
        hour = screening_time(Home.current(), date.fromisoformat(day)).timestamp()
        until = max(now, hour) + LONGEST_WAIT_SECONDS
        self.wait(triggers.DayCovered(self.system, day, hour, now, until))


def by_hand(context: Context) -> bool:
    """Whether a person or `make run` started this run, and not the schedule or a backfill."""
    return context["dag_run"].run_type == "manual"
