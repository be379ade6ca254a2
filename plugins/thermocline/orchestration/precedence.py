"""Which task gets the warehouse next."""

from typing import TYPE_CHECKING

from airflow.task.priority_strategy import PriorityWeightStrategy

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance

AHEAD_OF_BACKFILLS = 100


class Precedence(PriorityWeightStrategy):
    """Prefer started runs to new ones, and scheduled or manual runs to backfills.

    By default Airflow schedules the older run first: a day would wait until a backfill of years ends.
    """

    def get_weight(self, ti: "TaskInstance") -> int:
        # The more tasks are upstream, the further the run has got.
        depth = 1 + len(ti.task.get_flat_relative_ids(upstream=True)) if ti.task else 1
        return depth if ti.run_id.startswith("backfill__") else depth + AHEAD_OF_BACKFILLS
