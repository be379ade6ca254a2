"""Screen a day again when a delivery arrives after its screening."""

import logging
from datetime import UTC, datetime
from typing import Any, NoReturn

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from thermocline.home import Home
from thermocline.orchestration.calendar import last_whole_day, screening_time
from thermocline.orchestration.sensors import is_manual
from thermocline.orchestration.triggering import StartRun

SCREENING = "screen_accounts"
WAITS = ["wait_for_crm", "wait_for_billing"]

log = logging.getLogger(__name__)


class ScreenLate(StartRun):
    """Start a screening of the last whole day if its hour has passed and no waiting run will take it."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**{"trigger_dag_id": SCREENING, **arguments})

    def execute(self, context: Context) -> None:
        if is_manual(context):
            raise AirflowSkipException("a manual run starts no screening: trigger screen_accounts")
        home = Home.current()
        now = datetime.now(UTC)
        day = last_whole_day(home, now)
        if now < screening_time(home, day):
            self.leave(f"the screening hour of {day} hasn't come yet")
        if context["ti"].get_ti_count(SCREENING, task_ids=WAITS, states=["deferred"]):
            self.leave("a screening run is already waiting for this delivery")
        self.start(context, f"late__{day}__{context['ti'].dag_id}", {"as_of": day.isoformat()})

    def leave(self, reason: str) -> NoReturn:
        log.info(reason)
        raise AirflowSkipException(reason)
