"""A part of the dbt project as one task, and as one task per model by astronomer-cosmos, in local mode.

`python per_model_dags.py one_task|task_per_model`, with the Python of .venv-bench, in the environment that
`per_model` sets. Both build the models with their tests, on the same warehouse.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path

from airflow.sdk import dag, task
from cosmos import DbtDag, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, LoadMode, TestBehavior

PROJECT = Path(os.environ["BENCH_DBT_PROJECT"])
SELECTED = os.environ["BENCH_SELECTED"].split()
VARIABLES = json.loads(os.environ["BENCH_VARIABLES"])
WITHOUT_UNIT_TESTS = ["--exclude-resource-type", "unit_test"]


@dag(schedule=None, start_date=datetime(2000, 1, 1))
def one_task() -> None:
    @task
    def build() -> None:
        from dbt.cli.main import dbtRunner

        folder = Path(os.environ["THERMOCLINE_SCRATCH"])
        ended = dbtRunner().invoke(
            [
                *("build", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                *("--target-path", str(folder / "dbt"), "--log-path", str(folder)),
                *("--vars", json.dumps(VARIABLES), "--select", *SELECTED, *WITHOUT_UNIT_TESTS),
            ]
        )
        if not ended.success:
            raise RuntimeError(ended.exception or "dbt build failed")

    build()


one_task()

task_per_model = DbtDag(
    dag_id="task_per_model",
    schedule=None,
    start_date=datetime(2000, 1, 1),
    project_config=ProjectConfig(
        dbt_project_path=PROJECT, manifest_path=os.environ["BENCH_MANIFEST"], dbt_vars=VARIABLES
    ),
    profile_config=ProfileConfig(
        profile_name="thermocline", target_name="warehouse", profiles_yml_filepath=PROJECT / "profiles.yml"
    ),
    execution_config=ExecutionConfig(execution_mode=ExecutionMode.LOCAL),
    render_config=RenderConfig(
        load_method=LoadMode.DBT_MANIFEST, select=SELECTED, test_behavior=TestBehavior.BUILD
    ),
    operator_args={"install_deps": False, "dbt_cmd_flags": WITHOUT_UNIT_TESTS},
)

if __name__ == "__main__":
    from airflow.dag_processing.dagbag import DagBag

    chosen = DagBag(Path(__file__)).dags[sys.argv[1]]
    for each in chosen.tasks:
        each.retries = 0
    ended = chosen.test()
    states = [str(instance.state) for instance in ended.get_task_instances()]
    assert states and set(states) == {"success"}, states
    print(f"tasks: {len(states)}")
