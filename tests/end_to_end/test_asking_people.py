"""A gate that blocks for a shift under a running Airflow: people are asked, and only a yes publishes.

It takes a minute or two of computing, so `make faults` runs it. `tests/dags/test_approval_dag.py`
answers the same DAG without a scheduler.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from airflow_rest import Json, RunningAirflow, eventually, running_airflow
from fault_table import Tally
from screened import Screened
from thermocline.command.amendments import override
from thermocline.home import Home
from thermocline.ledger.chain import Ledger
from thermocline.publishing import publication

pytestmark = pytest.mark.skipif(not os.environ.get("THERMOCLINE_FAULTS"), reason="part of make faults")

SCREENING = "screen_accounts"
APPROVING = "approve_publication"


@dataclass
class Asked:
    """A run of `approve_publication`: what it showed, what it held while it waited, how it ended."""

    question: Json
    waiting: Json
    slots: Json
    ended: dict[str, Json]
    current: publication.Publication


@dataclass
class Shift:
    """A run that was blocked for a shift, its candidate, and the two runs that asked about it."""

    home: Home
    blocked: dict[str, Json] = field(default_factory=dict)
    candidate: Json = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)


@pytest.fixture(scope="module")
def shift(example: Screened, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shift]:
    """All that was hot is overridden; a first person says no, a second one yes."""
    home = example.copy(tmp_path_factory.mktemp("asking") / "home")
    settings = (home.config / "company.yml").read_text().replace("screening_hour: 6", "screening_hour: 23")
    (home.config / "company.yml").write_text(settings)
    day = example.built.as_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THERMOCLINE_HOME", str(home.root))
        for (account,) in example.rows("select account_id from account_segments where temperature = 'hot'"):
            override(
                home,
                account,
                "cold",
                reason="A trial",
                approver="Ann",
                valid_from=day,
                valid_until=day + timedelta(days=1),
            )
        with running_airflow(home) as airflow:
            yield blocked_and_asked(Shift(home), airflow, day.isoformat())


def blocked_and_asked(shift: Shift, airflow: RunningAirflow, day: str) -> Shift:
    run = airflow.trigger(SCREENING, {"as_of": day})
    eventually("the blocked run", lambda: airflow.run(SCREENING, run)["state"] == "failed", 240)
    shift.blocked = airflow.tasks(SCREENING, run)
    [first] = [run["dag_run_id"] for run in airflow.runs(APPROVING)]
    asked = airflow.run(APPROVING, first)["conf"]
    shift.candidate = asked["candidate"]
    shift.asked["Reject"] = answered(airflow, first, "Reject", {})
    again = airflow.trigger(APPROVING, asked)
    shift.asked["Approve"] = answered(airflow, again, "Approve", {"because": "They closed down"})
    return shift


def answered(airflow: RunningAirflow, run: str, option: str, inputs: Json) -> Asked:
    waiting = eventually(
        "the question",
        lambda: (ask := airflow.tasks(APPROVING, run)["ask"])["state"] == "awaiting_input" and ask,
    )
    question, slots = airflow.question(APPROVING, run, "ask"), airflow.slots("warehouse")

    def ended() -> bool:
        # Airflow takes a task for killed that is answered before it has seen it wait, and asks anew.
        if airflow.tasks(APPROVING, run)["ask"]["state"] == "awaiting_input":
            airflow.answer(APPROVING, run, "ask", option, inputs)
        return airflow.run(APPROVING, run)["state"] in ("success", "failed")

    eventually("its end", ended)
    seen = publication.current(airflow.home)
    assert seen is not None
    return Asked(question, waiting, slots, airflow.tasks(APPROVING, run), seen)


def states(tasks: dict[str, Json]) -> dict[str, str]:
    return {name: task["state"] for name, task in tasks.items()}


def test_a_blocked_run_ends_and_asks(shift: Shift, survived: Tally) -> None:
    found = states(shift.blocked)
    assert (found["audit"], found["publish"]) == ("failed", "upstream_failed")
    assert found["ask_for_approval"] == "success"
    survived("blocked for a shift, under a running Airflow")


@pytest.mark.parametrize("option", ["Reject", "Approve"])
def test_a_question_waits_without_a_worker_and_without_the_warehouse(shift: Shift, option: str) -> None:
    asked = shift.asked[option]
    assert asked.question["subject"].startswith("Publish the shift of ")
    assert "hot_share_is_steady: " in asked.question["body"]
    # It waits in the scheduler's database alone: no process, no triggerer, no slot of the writer.
    assert asked.waiting["state"] == "awaiting_input"
    assert asked.waiting["pool"] != "warehouse"
    assert (asked.slots["occupied_slots"], asked.slots["open_slots"]) == (0, 1)


def test_a_no_publishes_nothing(shift: Shift, example: Screened, survived: Tally) -> None:
    rejected = shift.asked["Reject"]
    assert states(rejected.ended) == {"question": "success", "ask": "success", "publish": "skipped"}
    assert rejected.current.publication_id == example.published.publication_id
    survived("rejected by a person")


def test_a_yes_publishes_that_candidate_in_a_persons_name(shift: Shift, survived: Tally) -> None:
    approved = shift.asked["Approve"]
    assert states(approved.ended) == dict.fromkeys(("question", "ask", "publish"), "success")
    assert approved.current.content_hash == shift.candidate["content_hash"]
    assert (approved.current.verdict, approved.current.hot) == ("approved", 0)
    [approval] = [e["approval"] for e in Ledger(shift.home.ledger).entries() if e.get("approval")]
    assert (approval["by"], approval["because"], approval["through"]) == (
        "admin",
        "They closed down",
        "airflow",
    )
    survived("approved by a person")
