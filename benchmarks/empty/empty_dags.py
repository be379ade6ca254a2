"""DAGs of the tasks that Thermocline's have, doing nothing; as a program it runs each once by `dag.test`."""

from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.sdk import dag, task


@dag(schedule=None, start_date=datetime(2000, 1, 1))
def empty_extract_crm() -> None:
    _extract()


@dag(schedule=None, start_date=datetime(2000, 1, 1))
def empty_extract_billing() -> None:
    _extract()


@dag(schedule=None, start_date=datetime(2000, 1, 1))
def empty_screen_accounts() -> None:
    @task
    def wait() -> None: ...

    @task
    def build() -> dict[str, Any]:
        return {}

    @task
    def audit(candidate: dict[str, Any]) -> dict[str, Any]:
        return candidate

    @task
    def publish(candidate: dict[str, Any]) -> None: ...

    @task
    def document() -> None: ...

    waits = [wait.override(task_id=f"wait_for_{name}")() for name in ("crm", "billing")]
    candidate = build()
    waits >> candidate
    publish(audit(candidate)) >> document()


def _extract() -> None:
    @task
    def wait_for_delivery() -> None: ...

    @task
    def land() -> None: ...

    @task
    def screen_late() -> None: ...

    wait_for_delivery() >> land() >> screen_late()


empty_extract_crm()
empty_extract_billing()
empty_screen_accounts()

if __name__ == "__main__":
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(Path(__file__))
    for dag_id in ("empty_extract_crm", "empty_extract_billing", "empty_screen_accounts"):
        ended = bag.dags[dag_id].test()
        assert ended.state == "success", dag_id
