"""Policy over all DAG files, and what parsing them does and doesn't do."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from thermocline.company.airflow_settings import environment
from thermocline.home import PROJECT, Home

HEAVY = {"pandas", "numpy", "duckdb", "dbt", "great_expectations", "yaml"}
READS_AND_CONNECTS = """
import socket, sqlite3, subprocess
from pathlib import Path
from airflow.sdk import dag

NAMES = Path("{folder}/names.txt").read_text().split()
sqlite3.connect("{folder}/settings.db").close()
socket.socket().connect_ex(("127.0.0.1", 9))
subprocess.run(["true"])

@dag(schedule=None)
def reads_when_parsed():
    pass

reads_when_parsed()
"""


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The project's DAG files, and a file that does all that a DAG file mustn't."""
    root = tmp_path_factory.mktemp("dags")
    home = Home(root / "home").prepare()
    other = root / "other"
    other.mkdir()
    (other / "names.txt").write_text("a b")
    (other / "reads.py").write_text(READS_AND_CONNECTS.format(folder=other))
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("dag_files.py"), PROJECT / "dags", other],
        env=os.environ | environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def ours(parsed: list[dict[str, Any]]) -> dict[str, Any]:
    return parsed[0]


def test_the_bag_holds_one_dag_a_file_and_nothing_fails_to_import(ours: dict[str, Any]) -> None:
    files = {path.stem for path in (PROJECT / "dags").glob("*.py")}
    assert ours["import_errors"] == {}
    assert files >= {"extract_crm", "extract_billing", "screen_accounts"}
    assert {name: dag["file"] for name, dag in ours["dags"].items()} == {f: f for f in files}


def test_every_dag_has_a_text_for_the_on_call_tags_owners_and_retries(ours: dict[str, Any]) -> None:
    for name, dag in ours["dags"].items():
        assert "**When it is red**" in dag["doc_md"], name
        assert "**To rerun**" in dag["doc_md"], name
        assert "thermocline" in dag["tags"], name
        assert dag["tasks"], name
        for task_id, task in dag["tasks"].items():
            assert task["owner"] not in ("", "airflow"), (name, task_id)
            # A task that asks a person would ask again.
            assert task["retries"] >= (task_id != "ask"), (name, task_id)
            assert task["retry_delay"] <= 60, (name, task_id)


def test_files_are_short() -> None:
    for path in (PROJECT / "dags").glob("*.py"):
        assert 30 <= len(path.read_text().splitlines()) <= 70, path.name


def test_only_one_task_at_a_time_can_work_on_the_warehouse(ours: dict[str, Any]) -> None:
    tasks = ours["dags"]["screen_accounts"]["tasks"]
    assert {name for name, task in tasks.items() if task["pool"] == "warehouse"} == {
        "build",
        "publish",
        "document",
    }


def test_asking_a_person_holds_no_slot_of_the_warehouse(ours: dict[str, Any]) -> None:
    tasks = ours["dags"]["approve_publication"]["tasks"]
    assert {name for name, task in tasks.items() if task["pool"] == "warehouse"} == {"publish"}


def test_a_day_does_not_wait_for_backfills(ours: dict[str, Any]) -> None:
    tasks = ours["dags"]["screen_accounts"]["tasks"].values()
    assert {task["weight_rule"] for task in tasks} == {"thermocline.orchestration.precedence.Precedence"}


def test_no_path_reaches_publishing_around_the_gate(ours: dict[str, Any]) -> None:
    publishers = [
        (name, task)
        for name, dag in ours["dags"].items()
        for task, facts in dag["tasks"].items()
        if "segments" in facts["outlets"]
    ]
    assert sorted(publishers) == [("approve_publication", "publish"), ("screen_accounts", "publish")]
    approving = ours["dags"]["approve_publication"]["tasks"]
    assert approving["publish"]["upstream"] == ["ask"]
    assert approving["ask"]["upstream"] == ["question"]
    assert approving["ask"]["defaults"] == ["Reject"]
    assert approving["ask"]["response_timeout"] == 86400
    tasks = ours["dags"]["screen_accounts"]["tasks"]
    assert tasks["publish"]["upstream"] == ["audit"]
    assert tasks["audit"]["upstream"] == ["build"]


def test_the_assets_are_the_contracts(ours: dict[str, Any]) -> None:
    outlets = {
        name: sorted(outlet for task in dag["tasks"].values() for outlet in task["outlets"])
        for name, dag in ours["dags"].items()
    }
    assert outlets["extract_crm"] == ["crm_exports"]
    assert outlets["extract_billing"] == ["billing_exports"]
    assert outlets["screen_accounts"] == ["segments"]


def test_parsing_takes_less_than_two_seconds(ours: dict[str, Any]) -> None:
    assert ours["seconds"] < 2


def test_parsing_imports_nothing_heavy(ours: dict[str, Any]) -> None:
    assert {module.split(".")[0] for module in ours["imported"]} & HEAVY == set()


def test_parsing_reads_connects_and_starts_nothing(ours: dict[str, Any]) -> None:
    assert ours["done"] == []


def test_a_file_that_reads_connects_and_starts_is_seen_doing_it(
    parsed: list[dict[str, Any]],
) -> None:
    assert list(parsed[1]["dags"]) == ["reads_when_parsed"]
    seen = " ".join(parsed[1]["done"])
    for event in ("names.txt", "sqlite3.connect", "socket.connect", "subprocess.Popen true"):
        assert event in seen
