"""Runs the DAGs beside it by `dag.test`, as `airflow dags test` does, and says how long each run took.

`python compared.py`, with the Python of .venv-bench, in the environment that `per_model` sets. Airflow has
started and the files are parsed before anything is timed; dbt's import is part of each run.
"""

import os
import shutil
import time
from pathlib import Path
from typing import Any


def compare(runs: int) -> None:
    """Run each DAG this often, one after the other, in a fresh fork and on a fresh copy of what was built.

    Prints of each run the DAG's name, its seconds and the number of its tasks. Raises AssertionError where
    a task fails.
    """
    from airflow import settings
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(Path(__file__).parent)
    settings.engine.dispose()
    for _ in range(runs):
        for dag_id in ("one_task", "task_per_model"):
            _copy()
            child = os.fork()
            if not child:
                os._exit(_run(bag.dags[dag_id]))
            assert os.waitpid(child, 0)[1] == 0, dag_id


def _run(dag: Any) -> int:
    for each in dag.tasks:
        each.retries = 0
    began = time.perf_counter()
    states = [str(instance.state) for instance in dag.test().get_task_instances()]
    seconds = time.perf_counter() - began
    print(f"{dag.dag_id}: {seconds:.2f} s in {len(states)} tasks", flush=True)
    return int(not states or set(states) != {"success"})


def _copy() -> None:
    """The warehouse that has been built and the project as it was parsed, for one run to work on."""
    folder = Path(os.environ["THERMOCLINE_SCRATCH"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(os.environ["BENCH_BUILT"], os.environ["THERMOCLINE_WAREHOUSE"])
    shutil.copytree(os.environ["BENCH_PARSED"], folder / "dbt")


if __name__ == "__main__":
    compare(int(os.environ["BENCH_RUNS"]))
