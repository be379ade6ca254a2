"""Start a run of another DAG from a task."""

import time
from datetime import UTC, datetime
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Context


class StartRun(TriggerDagRunOperator):
    """Start a run of another DAG at once, without waiting for its end.

    Whether and with which parameters is known in `execute` only: a subclass decides there, and calls
    `start`.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**{"logical_date": None, "skip_when_already_exists": True, **arguments})

    def start(self, context: Context, run: str, conf: dict[str, Any]) -> None:
        """Start the run; its id is `run` and the second of its start, so that it is unique."""
        self.trigger_run_id = f"{run}__{time.time():.0f}"
        self.run_after = datetime.now(UTC)
        self.conf = conf
        super().execute(context)
