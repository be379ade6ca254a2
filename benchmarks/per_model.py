"""The dbt build as one task beside one Airflow task per model, in the peers' own environment."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from company import BENCH, Company, Size
from processes import Taken, repeated, run, seconds
from table import Row
from thermocline.errors import ThermoclineError
from thermocline.home import PROJECT
from thermocline.orchestration.environment import environment
from thermocline.transformation import DBT_PROJECT

PEERS = PROJECT / ".venv-bench" / "bin" / "python"
PARSED = BENCH / "parsed"
WAREHOUSE = PARSED / "work" / "warehouse.duckdb"
"""Always the same place: dbt parses the project anew for another."""
DAGS = Path(__file__).resolve().parent / "dags"
SELECTED = {
    "full": "path:models/staging path:models/activity",
    "small": "stg_billing__payments",
}
"""A part of the project: with all of it the peer's three runs last longer than all else here."""
VARIABLES = json.dumps({"reporting_currency": "EUR", "time_zone": "UTC"})


def parse() -> None:
    """Parse the project by the peers' dbt: parse results are kept on both sides."""
    PARSED.mkdir(parents=True)
    run(
        [
            *(PEERS.with_name("dbt"), "parse", "--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT),
            *("--target-path", PARSED / "dbt", "--log-path", PARSED, "--vars", VARIABLES),
        ],
        PARSED / "log",
        THERMOCLINE_SCRATCH=str(WAREHOUSE.parent),
        THERMOCLINE_WAREHOUSE=str(WAREHOUSE),
        DBT_SEND_ANONYMOUS_USAGE_STATS="false",
    )


def measure(size: Size, company: Company, tell: Callable[[str], None]) -> Iterator[Row]:
    """The row about the dbt build, on copies of a warehouse that has been built."""
    row = Row(
        f"the dbt build of `{SELECTED[size.name]}`",
        "the same models as one Airflow task each (astronomer-cosmos, local mode, `dbt build` of one model)",
        "at least 3 times faster",
    )
    if not PEERS.exists():
        row.found = "not measured: `make bench-setup` installs the peer"
        yield row
        return
    tell("the dbt build, one task and a task per model")
    try:
        one = repeated(size.runs, lambda: _run(company, size, "one_task"))
        many = repeated(size.runs, lambda: _run(company, size, "task_per_model"))
    except ThermoclineError as error:
        row.found, row.note = "not measured", f"the peer doesn't run: {error}"
        yield row
        return
    tasks = re.findall(r"^tasks: (\d+)$", many[-1].output, re.MULTILINE)[-1]
    ratio = seconds(many) / seconds(one)
    row.found = f"{ratio:.1f} times ({seconds(one):.1f} s, {seconds(many):.1f} s in {tasks} tasks)"
    row.met = ratio >= 3
    row.figures = {
        "one_task": [round(each.seconds, 2) for each in one],
        "task_per_model": [round(each.seconds, 2) for each in many],
        "tasks": int(tasks),
    }
    yield row


def _run(company: Company, size: Size, dag: str) -> Taken:
    """One of the DAGs, each on its own copy of the built warehouse."""
    folder = WAREHOUSE.parent
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(company.home.warehouse, WAREHOUSE)
    shutil.copytree(PARSED / "dbt", folder / "dbt")
    settings = {
        **environment(company.home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        # Not every file names Airflow.
        "AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE": "false",
        "BENCH_DBT_PROJECT": str(DBT_PROJECT),
        "BENCH_MANIFEST": str(folder / "dbt" / "manifest.json"),
        "BENCH_SELECTED": SELECTED[size.name],
        "BENCH_VARIABLES": VARIABLES,
        "THERMOCLINE_WAREHOUSE": str(WAREHOUSE),
        "THERMOCLINE_SCRATCH": str(folder),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "false",
        # The peer's own parse results, kept between its runs.
        "AIRFLOW__COSMOS__CACHE_DIR": str(PARSED / "cosmos"),
    }
    return run([PEERS, DAGS / f"{dag}.py"], company.root / f"{dag}.log", **settings)
