"""The DAG `approve_publication`, run in Airflow's own process while people answer.

Argument: JSON of the candidate to approve, and the answers, each of `Approve`, `Reject` and `nothing`.
Standard output: for each answer what the page showed, and the tasks' states at the end.
"""

import json
import os
import sys
import threading
import time
import traceback
from typing import Any
from unittest.mock import MagicMock

from thermocline.home import PROJECT, Home
from thermocline.orchestration.database import prepare_database

BECAUSE = "They closed down"


def answer(option: str, seen: dict[str, Any]) -> None:
    """Wait until the task waits, then do what the page, or the scheduler at the deadline, does."""
    from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
    from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select
    from sqlalchemy.orm import joinedload

    while True:
        time.sleep(0.2)
        with create_session() as session:
            asked = session.scalar(
                select(TaskInstance)
                .where(TaskInstance.task_id == "ask", TaskInstance.state == "awaiting_input")
                .options(joinedload(TaskInstance.hitl_detail))
            )
            if asked is None:
                continue
            seen["subject"], seen["body"] = asked.hitl_detail.subject, asked.hitl_detail.body
            seen["waits_in"] = asked.pool
            seen["hours"] = (asked.trigger_timeout - asked.hitl_detail.created_at).total_seconds() / 3600
            if option == "nothing":
                asked.trigger_timeout = asked.hitl_detail.created_at
                session.flush()
                SchedulerJobRunner.check_awaiting_input_timeouts(MagicMock(), session=session)
                return
            person = MagicMock()
            person.get_id.return_value, person.get_name.return_value = "7", "Zoë Ott"
            payload = UpdateHITLDetailPayload(chosen_options=[option], params_input={"because": BECAUSE})
            update_hitl_detail(asked.dag_id, asked.run_id, "ask", payload, person, session)
            return


def answer_or_end(option: str, seen: dict[str, Any]) -> None:
    """Nobody else would end a run that waits for an answer."""
    try:
        answer(option, seen)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def main() -> None:
    work = json.loads(sys.argv[1])
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    prepare_database(Home.current())
    from airflow.dag_processing.dagbag import DagBag

    dag = DagBag(PROJECT / "dags").dags["approve_publication"]
    for task in dag.tasks:
        task.retries = 0
    for option in work["answers"]:
        seen: dict[str, Any] = {}
        person = threading.Thread(target=answer_or_end, args=(option, seen), daemon=True)
        person.start()
        run = dag.test(run_conf={"candidate": work["candidate"], "wait_seconds": 0})
        states = {each.task_id: str(each.state) for each in run.get_task_instances()}
        print(json.dumps({**seen, "states": states, "run": str(run.state)}), file=channel, flush=True)
    channel.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
