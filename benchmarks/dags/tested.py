"""Runs the one DAG of a file by `dag.test`, as `airflow dags test` does, and says how long the run took."""

import os
import shutil
import time
from pathlib import Path


def test(file: str) -> None:
    """Run it as often as BENCH_RUNS says, each time in a fresh fork and on a fresh copy of what was built.

    Airflow has started and the file is parsed by then: what is timed is the DAG's run, dbt's import
    included. Prints the seconds of each and the number of tasks. Raises AssertionError where one fails.
    """
    from airflow import settings
    from airflow.dag_processing.dagbag import DagBag
    from thermocline.orchestration.startup import spare_older_task_apis

    spare_older_task_apis()
    [chosen] = DagBag(Path(file)).dags.values()
    for each in chosen.tasks:
        each.retries = 0
    settings.engine.dispose()
    for _ in range(int(os.environ["BENCH_RUNS"])):
        _copy()
        child = os.fork()
        if not child:
            began = time.perf_counter()
            states = [str(instance.state) for instance in chosen.test().get_task_instances()]
            seconds = time.perf_counter() - began
            failed = not states or set(states) != {"success"}
            print(
                f"failed: {states}" if failed else f"tasks: {len(states)}\nseconds: {seconds:.2f}", flush=True
            )
            os._exit(failed)
        assert os.waitpid(child, 0)[1] == 0


def _copy() -> None:
    """The warehouse that has been built and the project as it was parsed, for one run to work on."""
    folder = Path(os.environ["THERMOCLINE_SCRATCH"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(os.environ["BENCH_BUILT"], os.environ["THERMOCLINE_WAREHOUSE"])
    shutil.copytree(os.environ["BENCH_PARSED"], folder / "dbt")
