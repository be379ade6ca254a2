"""The dbt build as one task beside one Airflow task per model, in the peers' own environment."""

import json
import re
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from company import BENCH, Company, Size
from processes import run
from table import Row
from thermocline.building.transformation import DBT_PROJECT
from thermocline.company.airflow_settings import environment
from thermocline.errors import ThermoclineError
from thermocline.home import PROJECT

PEERS = PROJECT / ".venv-bench" / "bin" / "python"
PARSED = BENCH / "parsed"
WAREHOUSE = PARSED / "work" / "warehouse.duckdb"
"""Always the same place: dbt parses the project anew for another."""
DAGS = Path(__file__).resolve().parent / "dags"
SELECTED = {
    "full": "path:models/staging",
    "small": "stg_billing__payments",
}
"""A part of the project: with all of it the peer's three runs last ten minutes."""
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


def measure(size: Size, set_up: Company, tell: Callable[[str], None]) -> Iterator[Row]:
    """The row about the dbt build, on copies of the warehouse that was built where a home was set up."""
    row = Row(
        f"the dbt build of `{SELECTED[size.name]}`",
        "the same models as one Airflow task each (astronomer-cosmos, local mode, `dbt build` of one model), "
        "Airflow's start apart on both sides",
        "at least 3 times faster",
    )
    if not PEERS.exists():
        row.found = "not measured: `make bench-setup` installs the peer"
        yield row
        return
    tell("the dbt build, one task and a task per model")
    company = set_up.copied("built")
    try:
        one, many = _compared(company, size)
    except ThermoclineError as error:
        row.found, row.note = "not measured", f"the peer doesn't run: {error}"
        yield row
        return
    finally:
        company.remove()
    ratio = statistics.median(many.seconds) / statistics.median(one.seconds)
    row.found = (
        f"{ratio:.1f} times ({statistics.median(one.seconds):.1f} s, "
        f"{statistics.median(many.seconds):.1f} s in {many.tasks} tasks)"
    )
    row.met = ratio >= 3
    row.figures = {"one_task": one.seconds, "task_per_model": many.seconds, "tasks": many.tasks}
    yield row


@dataclass(frozen=True)
class _Runs:
    """Of one DAG: seconds of each run, and the tasks of one."""

    seconds: list[float]
    tasks: int


def _compared(company: Company, size: Size) -> tuple[_Runs, _Runs]:
    """One task and a task per model, as often as the size says, each time on its own copy of a warehouse."""
    folder = WAREHOUSE.parent
    settings = {
        **environment(company.home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        # Not every file names Airflow.
        "AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE": "false",
        "BENCH_BUILT": str(company.home.warehouse),
        "BENCH_DBT_PROJECT": str(DBT_PROJECT),
        "BENCH_MANIFEST": str(PARSED / "dbt" / "manifest.json"),
        "BENCH_PARSED": str(PARSED / "dbt"),
        "BENCH_RUNS": str(size.runs),
        "BENCH_SELECTED": SELECTED[size.name],
        "BENCH_VARIABLES": VARIABLES,
        "THERMOCLINE_WAREHOUSE": str(WAREHOUSE),
        "THERMOCLINE_SCRATCH": str(folder),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "false",
        # The peer's own parse results, kept between its runs.
        "AIRFLOW__COSMOS__CACHE_DIR": str(PARSED / "cosmos"),
    }
    said = run([PEERS, DAGS / "compared.py"], company.root / "per_model.log", **settings).output
    return _told(said, "one_task"), _told(said, "task_per_model")


def _told(said: str, dag: str) -> _Runs:
    found = re.findall(rf"^{dag}: ([\d.]+) s in (\d+) tasks$", said, re.MULTILINE)
    return _Runs([float(seconds) for seconds, _ in found], int(found[-1][1]))
