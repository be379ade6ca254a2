"""Which task gets the warehouse next."""

from types import SimpleNamespace
from typing import Any

from thermocline.airflow_plugin import ThermoclinePlugin
from thermocline.orchestration.precedence import Precedence

UPSTREAM = {"build": {"waits"}, "audit": {"waits", "build"}, "publish": {"waits", "build", "audit"}}


def weight(run_id: str, task: str) -> int:
    operator = SimpleNamespace(get_flat_relative_ids=lambda upstream: UPSTREAM[task] if upstream else ())
    instance: Any = SimpleNamespace(run_id=run_id, task=operator)
    return Precedence().get_weight(instance)


def test_started_runs_end_first_and_backfills_come_last() -> None:
    day, past = "scheduled__2026-03-29__2026-03-28", "backfill__2020-01-01__2020-01-01"
    in_order = [(day, "publish"), (day, "audit"), (day, "build"), (past, "publish"), (past, "build")]
    weights = [weight(*one) for one in in_order]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == len(weights)


def test_airflow_knows_the_rule() -> None:
    assert ThermoclinePlugin.priority_weight_strategies == [Precedence]
