"""What a person's command tells OpenLineage, and that a server without an answer stops nobody."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from blocked_audits import MONEY, SHIFT, blocked
from made_company import Begun
from openlineage_server import KEY, Server, listening, nothing_configured, told, unused_port
from thermocline.command.cli import main
from thermocline.home import Home
from thermocline.ledger.chain import Ledger
from thermocline.publishing.publication import current


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as running:
        yield running


@pytest.fixture(autouse=True)
def in_a_terminal(begun: Begun, tmp_path: Path) -> Iterator[None]:
    with nothing_configured(tmp_path, THERMOCLINE_HOME=str(begun.home.root)):
        yield


@pytest.fixture
def without_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing it, or what imports it, fails."""
    for name in list(sys.modules):
        if name.split(".")[0] == "airflow" or name.startswith("thermocline.orchestration"):
            monkeypatch.delitem(sys.modules, name)
    for name in ("airflow", "thermocline.orchestration"):
        monkeypatch.setitem(sys.modules, name, None)


def approve(begun: Begun) -> int:
    return main(["approve", begun.coming.content_hash[:12], "--by", "Zoë Ott", "--because", "They closed"])


def tags(event: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in event["run"]["facets"]["tags"]["tags"]}


def serves(folder: Path, port: int) -> None:
    """Let the OpenLineage client find a server at `port`, with a password in its address."""
    config = folder / "openlineage.yml"
    url = f"http://somebody:{KEY}@127.0.0.1:{port}"
    config.write_text(f"transport: {{type: http, url: '{url}', retry: {{total: 0, connect: 0}}}}\n")
    os.environ["OPENLINEAGE_CONFIG"] = str(config)


@pytest.mark.usefixtures("without_airflow")
def test_an_approval_and_a_rollback_are_runs_of_a_command(begun: Begun) -> None:
    blocked(begun, SHIFT)
    assert approve(begun) == 0
    assert main(["rollback", begun.first.publication_id]) == 0
    events = told(begun.home)
    assert [(event["job"]["name"], event["eventType"]) for event in events] == [
        ("approve", "START"),
        ("approve", "COMPLETE"),
        ("rollback", "START"),
        ("rollback", "COMPLETE"),
    ]
    assert {event["job"]["facets"]["jobType"]["jobType"] for event in events} == {"COMMAND"}
    begun_approval, approved, begun_rollback, restored = events
    assert begun_approval["run"]["runId"] == approved["run"]["runId"]
    assert begun_rollback["run"]["runId"] == restored["run"]["runId"] != approved["run"]["runId"]
    assert {output["name"] for output in approved["outputs"]} == {
        f"duckdb.reporting.{table}" for table in begun.coming.tables
    }
    assert tags(approved)["publication_id"] == "2011-12-10-0002"
    assert tags(approved)["content_hash"] == begun.coming.content_hash
    assert "restores" not in tags(approved)
    assert tags(restored)["publication_id"] == "2011-12-09-0003"
    assert tags(restored)["restores"] == begun.first.publication_id


def test_what_is_refused_fails_with_the_reason_or_was_no_run(begun: Begun) -> None:
    blocked(begun, SHIFT, MONEY)
    assert approve(begun) == 1
    assert not begun.home.openlineage.exists()
    assert main(["rollback", "2011-12-09-0009"]) == 2
    start, failed = told(begun.home)
    assert (start["eventType"], failed["eventType"], failed["outputs"]) == ("START", "FAIL", [])
    assert failed["run"]["facets"]["errorMessage"]["message"].startswith("there is no publication 2011-12-09")


def lagging(home: Home) -> Path:
    """A target that can't be written: something else stands in its place."""
    (home.config / "company.yml").write_text(
        "reporting_currency: GBP\ntargets:\n  - {kind: parquet, location: lake}\n"
    )
    lake = home.root / "lake"
    lake.write_text("not a folder")
    return lake


def test_where_a_target_failed_the_others_are_told_and_it_is_when_it_is_completed(begun: Begun) -> None:
    blocked(begun, SHIFT)
    lake = lagging(begun.home)
    assert approve(begun) == 70
    _, failed = told(begun.home)
    assert failed["eventType"] == "FAIL"
    assert "parquet failed" in failed["run"]["facets"]["errorMessage"]["message"]
    assert tags(failed)["publication_id"] == "2011-12-10-0002"
    assert {output["name"].split(".")[0] for output in failed["outputs"]} == {"duckdb"}
    lake.unlink()
    assert main(["rollback", "2011-12-10-0002"]) == 0
    completed = told(begun.home)[-1]
    assert (completed["eventType"], tags(completed)["publication_id"]) == ("COMPLETE", "2011-12-10-0002")
    assert {output["name"].split(".")[0] for output in completed["outputs"]} == {"duckdb", "parquet"}


def test_a_server_gets_the_events_when_the_work_is_done(
    begun: Begun, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serves(tmp_path, server.server_port)
    blocked(begun, SHIFT)
    assert approve(begun) == 0
    assert [event["eventType"] for _, _, event in server.got] == ["START", "COMPLETE"]
    [(_, _, start), (_, _, complete)] = server.got
    done = [entry["at"] for entry in Ledger(begun.home.ledger).entries() if entry["kind"] == "done"][-1]
    assert start["eventTime"][:23] < done[:23] <= complete["eventTime"][:23]
    assert capsys.readouterr().err == ""


def test_a_server_that_does_not_answer_stops_no_command(
    begun: Begun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serves(tmp_path, unused_port())
    blocked(begun, SHIFT)
    assert approve(begun) == 0
    said = capsys.readouterr()
    assert "published as 2011-12-10-0002" in said.out
    assert said.err == (
        "thermocline: the OpenLineage events couldn't be sent to 127.0.0.1 (ConnectionError); "
        f"they are in {begun.home.openlineage}\n"
    )
    assert [event["eventType"] for event in told(begun.home)] == ["START", "COMPLETE"]


def test_where_no_event_can_be_written_the_command_goes_on_and_says_so(
    begun: Begun, capsys: pytest.CaptureFixture[str]
) -> None:
    begun.home.openlineage.mkdir()
    blocked(begun, SHIFT)
    assert approve(begun) == 0
    seen = current(begun.home)
    assert seen is not None and seen.publication_id == "2011-12-10-0002"
    assert [line.split(" (")[0] for line in capsys.readouterr().err.splitlines()] == [
        f"thermocline: the OpenLineage event {kind} wasn't written" for kind in ("START", "COMPLETE")
    ]
