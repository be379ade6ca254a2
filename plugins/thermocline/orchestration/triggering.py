"""Starting a run of another DAG from a task."""

import time
from datetime import UTC, datetime
from typing import Any, NoReturn

from airflow.sdk.exceptions import DagRunTriggerException


def trigger(dag: str, run: str, conf: dict[str, Any]) -> NoReturn:
    """Start a run of `dag` at once and end this task well, without waiting for it.

    run: how its id begins; the second of the start makes it unique.
    """
    raise DagRunTriggerException(
        trigger_dag_id=dag,
        dag_run_id=f"{run}__{time.time():.0f}",
        conf=conf,
        logical_date=None,
        run_after=datetime.now(UTC),
        reset_dag_run=False,
        skip_when_already_exists=True,
        wait_for_completion=False,
        allowed_states=[],
        failed_states=[],
        poke_interval=0,
        deferrable=False,
    )
