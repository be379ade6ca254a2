"""### Screens every account, each day

Builds the tables of one day (the run's partition key) from all landed files, has the gate audit them
and publishes them. It starts when both systems have delivered the day, or at the company's screening
hour without the one that hasn't: that feed is then late. Late files start a run named `late__...`.

**When it is red**, read the last line of the red task's log:

- `build` refused its input, or found the warehouse busy: the line names the file or the holder.
- `audit` is the gate: nothing was published, the line names the rule; `approve_publication` may ask a person.
- `publish` or `document` failed: the audited candidate is kept, clear the task.

**To rerun** clear the failed task or the run: equal content publishes nothing new. To screen a day,
trigger with `as_of`, or backfill; past days don't wait. An earlier day never replaces a later one.
"""

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, task
from thermocline.orchestration import steps
from thermocline.orchestration.approvals import AskForApproval
from thermocline.orchestration.assets import BILLING_EXPORTS, CRM_EXPORTS, SEGMENTS
from thermocline.orchestration.database import WAREHOUSE_POOL
from thermocline.orchestration.schedule import every_midnight
from thermocline.orchestration.sensors import DayCovered


@dag(
    schedule=every_midnight(),
    start_date=datetime(2000, 1, 1),
    catchup=False,
    doc_md=__doc__,
    tags=["thermocline", "screening"],
    default_args={
        "owner": "thermocline",
        "retries": 3,
        "retry_delay": timedelta(seconds=15),
        "weight_rule": "thermocline.orchestration.precedence.Precedence",
    },
    params={
        "as_of": Param(None, "The day to screen", type=["null", "string"], format="date"),
        "wait_seconds": Param(600, "How long to wait for a busy warehouse", type="number"),
    },
)
def screen_accounts() -> None:
    @task(pool=WAREHOUSE_POOL, trigger_rule="none_failed", inlets=[CRM_EXPORTS, BILLING_EXPORTS])
    def build(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
        return steps.build(params["as_of"] or dag_run.partition_key, params["wait_seconds"])

    @task
    def audit(candidate: dict[str, Any]) -> dict[str, Any]:
        return steps.audit(candidate)

    @task(pool=WAREHOUSE_POOL, outlets=[SEGMENTS])
    def publish(candidate: dict[str, Any], params: Any = None, outlet_events: Any = None) -> None:
        steps.publish(candidate, outlet_events[SEGMENTS], params["wait_seconds"])

    @task(pool=WAREHOUSE_POOL)
    def document(params: Any = None) -> None:
        steps.document(params["wait_seconds"])

    waits = [DayCovered(task_id=f"wait_for_{name}", system=name) for name in ("crm", "billing")]
    candidate = build()
    waits >> candidate
    (audited := audit(candidate)) >> AskForApproval(task_id="ask_for_approval", candidate=candidate)
    publish(audited) >> document()


screen_accounts()
