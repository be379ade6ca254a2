"""The same part of the dbt project as one task per model by astronomer-cosmos, in local mode."""

import json
import os
from datetime import datetime
from pathlib import Path

from cosmos import DbtDag, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, LoadMode, TestBehavior

PROJECT = Path(os.environ["BENCH_DBT_PROJECT"])

task_per_model = DbtDag(
    dag_id="task_per_model",
    schedule=None,
    start_date=datetime(2000, 1, 1),
    project_config=ProjectConfig(
        dbt_project_path=PROJECT,
        manifest_path=os.environ["BENCH_MANIFEST"],
        dbt_vars=json.loads(os.environ["BENCH_VARIABLES"]),
    ),
    profile_config=ProfileConfig(
        profile_name="thermocline", target_name="warehouse", profiles_yml_filepath=PROJECT / "profiles.yml"
    ),
    execution_config=ExecutionConfig(execution_mode=ExecutionMode.LOCAL),
    render_config=RenderConfig(
        load_method=LoadMode.DBT_MANIFEST,
        select=os.environ["BENCH_SELECTED"].split(),
        test_behavior=TestBehavior.BUILD,
    ),
    operator_args={"install_deps": False, "dbt_cmd_flags": ["--exclude-resource-type", "unit_test"]},
)
