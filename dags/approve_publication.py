"""### Asks a person whether a shift in segments is to be published

`screen_accounts` starts it when its gate blocks a candidate for a shift and for nothing else. `ask`
waits on Airflow's page *Required Actions*, without a worker and without the warehouse, and shows what
moved. **Approve**, with a reason, publishes exactly that candidate, if its files are unchanged since the
audit and it isn't superseded. **Reject**, or no answer within a day, publishes nothing.

**When it is red**, read the last line of the log of `publish`: no reason was given in the form, the
candidate changed, or another publication came in between (screen the day again).

An answer within the second in which the question appears may be lost: it is then asked again.

**To rerun** clear `question`, which asks again, or trigger the DAG with the `candidate` of the run before.
`thermocline approve` does the same without these pages.
"""

from datetime import datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, dag, task
from thermocline.orchestration import approvals
from thermocline.orchestration.assets import SEGMENTS
from thermocline.orchestration.database import WAREHOUSE_POOL

DEADLINE = timedelta(days=1)


@dag(
    schedule=None,
    start_date=datetime(2000, 1, 1),
    doc_md=__doc__,
    tags=["thermocline", "approval"],
    default_args={"owner": "thermocline", "retries": 3, "retry_delay": timedelta(seconds=15)},
    params={
        "candidate": Param({}, "content_hash, as_of and built_at of a blocked candidate", type="object"),
        "wait_seconds": Param(600, "How long to wait for another publisher", type="number"),
    },
)
def approve_publication() -> None:
    @task
    def question(params: Any = None) -> dict[str, str]:
        return approvals.question(params["candidate"])

    @task(pool=WAREHOUSE_POOL, outlets=[SEGMENTS])
    def publish(answer: Any, params: Any = None, outlet_events: Any = None) -> None:
        approvals.publish_approved(
            params["candidate"], answer, outlet_events[SEGMENTS], params["wait_seconds"]
        )

    ask = ApprovalOperator(
        task_id="ask",
        subject="{{ ti.xcom_pull(task_ids='question')['subject'] }}",
        body="{{ ti.xcom_pull(task_ids='question')['body'] }}",
        params={"because": Param("", "Why it is right", type="string", maxLength=500)},
        defaults="Reject",
        response_timeout=DEADLINE,
    )
    question() >> ask
    publish(ask.output)


approve_publication()
