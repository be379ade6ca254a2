"""Which task gets the warehouse next."""

from typing import TYPE_CHECKING

from airflow.task.priority_strategy import PriorityWeightStrategy

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance

AHEAD_OF_BACKFILLS = 100


class Precedence(PriorityWeightStrategy):
    """A run that has begun ends before another begins; a day's own run goes before any backfill.

    Airflow by itself serves the older run first: the day would wait until a backfill of years ends.
    """

    def get_weight(self, ti: "TaskInstance") -> int:
        begun = 1 + len(ti.task.get_flat_relative_ids(upstream=True)) if ti.task else 1
        return begun if ti.run_id.startswith("backfill__") else begun + AHEAD_OF_BACKFILLS
