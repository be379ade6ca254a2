"""A part of the dbt project as one task, in the environment that `per_model` sets."""

import json
import os
from datetime import datetime
from pathlib import Path

from airflow.sdk import dag, task


@dag(schedule=None, start_date=datetime(2000, 1, 1))
def one_task() -> None:
    @task
    def build() -> None:
        from dbt.cli.main import dbtRunner

        project, folder = os.environ["BENCH_DBT_PROJECT"], Path(os.environ["THERMOCLINE_SCRATCH"])
        ended = dbtRunner().invoke(
            [
                *("build", "--project-dir", project, "--profiles-dir", project),
                *("--target-path", str(folder / "dbt"), "--log-path", str(folder)),
                *("--vars", json.dumps(json.loads(os.environ["BENCH_VARIABLES"]))),
                *("--select", *os.environ["BENCH_SELECTED"].split(), "--exclude-resource-type", "unit_test"),
            ]
        )
        if not ended.success:
            raise RuntimeError(ended.exception or "dbt build failed")

    build()


one_task()
