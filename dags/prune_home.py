"""### Removes what is older than the company's retention, each month

Follows `retention` in the company's `company.yml`: landed copies, the text of quarantined cells, candidates
that aren't published, logs and scratch files, and Airflow's own records. What the ledger names is recorded
there before it is removed, so `thermocline verify` and `thermocline explain` report when it was pruned.

**When it is red**, read the last line of the log of `prune`: the warehouse was busy for too long, or the
ledger was changed. Nothing is half-removed: the next run finishes what this one began.

**To rerun** clear `prune`, or run `thermocline prune`; with `--dry-run` it lists what it would remove.
Repeating it removes nothing more.
"""

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, task
from thermocline.orchestration import steps
from thermocline.orchestration.database import WAREHOUSE_POOL


@dag(
    schedule="@monthly",
    start_date=datetime(2000, 1, 1),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["thermocline", "retention"],
    default_args={
        "owner": "thermocline",
        "retries": 3,
        "retry_delay": timedelta(seconds=60),
    },
    params={"wait_seconds": Param(600, "How long to wait for a busy warehouse", type="number")},
)
def prune_home() -> None:
    @task(pool=WAREHOUSE_POOL)
    def prune(params: Any = None) -> None:
        steps.prune(params["wait_seconds"])

    prune()


prune_home()
