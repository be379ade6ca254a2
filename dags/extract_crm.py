"""### Lands what the CRM exports

One run for each delivery: it waits until complete new files lie in the configured location, copies them
unmodified into the landing folder and enters them in the manifest. One run is always waiting; after a
day without files it ends as skipped, and the next begins. If files arrive after the screening hour of
their day, `screen_late` has that day screened again.

**When it is red**, read the last line of the log of `land`: it names the file and what to do. The next
run tries again ten minutes later.

**To rerun** correct the file or the mapping and clear `land`, or leave it to the next run. Landing the
same files twice changes nothing. New files start it; a manual run isn't needed.
"""

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, task
from thermocline.orchestration import steps
from thermocline.orchestration.assets import CRM_EXPORTS
from thermocline.orchestration.late import ScreenLate
from thermocline.orchestration.sensors import DeliveryArrived

SYSTEM = "crm"


@dag(
    schedule="@continuous",
    # The first run's interval must not be empty, or the second would have its logical date.
    start_date=datetime(2000, 1, 1),
    max_active_runs=1,
    doc_md=__doc__,
    tags=["thermocline", "extract"],
    default_args={
        "owner": "thermocline",
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
    },
    params={"location": Param(None, "Where the exports are, if not as configured", type=["null", "string"])},
)
def extract_crm() -> None:
    @task(outlets=[CRM_EXPORTS])
    def land(params: Any = None) -> None:
        steps.land(SYSTEM, params["location"])

    waited = DeliveryArrived(task_id="wait_for_delivery", system=SYSTEM)
    waited >> land() >> ScreenLate(task_id="screen_late")


extract_crm()
