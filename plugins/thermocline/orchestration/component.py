"""One of Airflow's processes: python -m thermocline.orchestration.component scheduler."""

import runpy
import signal
import sys

from thermocline.orchestration.lifeline import end_with_parent
from thermocline.orchestration.startup import spare_older_task_apis

SERVE_THE_TASK_API = {"api-server", "dag-processor", "triggerer"}


def main() -> None:
    end_with_parent(signal.SIGTERM, seconds=20)
    if sys.argv[1] in SERVE_THE_TASK_API:
        spare_older_task_apis()
    sys.argv[0] = "airflow"
    runpy.run_module("airflow", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
