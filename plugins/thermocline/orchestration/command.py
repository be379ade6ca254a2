"""Airflow's own command with a home's settings: `make airflow ARGS="backfill create ..."`."""

import os
import sys
from pathlib import Path

from thermocline.company.airflow_settings import process_environment
from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.orchestration.environment import prepare


def main() -> int:
    try:
        home = Home.current().prepare()
        prepare(home)
        variables = process_environment(home)
    except ThermoclineError as error:
        print(f"thermocline: {error}", file=sys.stderr)
        return error.exit_code
    airflow = Path(sys.executable).with_name("airflow")
    os.execve(airflow, ["airflow", *sys.argv[1:]], variables)  # noqa: S606


if __name__ == "__main__":
    sys.exit(main())
