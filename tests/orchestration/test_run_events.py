"""What a run tells OpenLineage: to a file, to a server, and never at the run's expense."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import made_company
import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from openlineage_server import KEY, Server, listening, nothing_configured, told, unused_port
from thermocline.audit import openlineage_events
from thermocline.building import build
from thermocline.candidates.candidate import Candidate
from thermocline.errors import GateBlocked
from thermocline.gate import audit as gate
from thermocline.home import Home
from thermocline.ledger import records as kept_records
from thermocline.orchestration import steps
from thermocline.publishing import publication


class Event:
    def add_partitions(self, key: str) -> None: ...


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as running:
        yield running


@pytest.fixture(autouse=True)
def in_a_dag_run(tmp_path: Path) -> Iterator[None]:
    """The environment of a task of one DAG run."""
    with nothing_configured(
        tmp_path, AIRFLOW_CTX_DAG_ID="screen_accounts", AIRFLOW_CTX_DAG_RUN_ID="manual__1"
    ):
        yield


@pytest.fixture
def made(home: Home, monkeypatch: pytest.MonkeyPatch) -> Candidate:
    """A candidate with its build's records, which `build` gives and `audit` lets pass."""
    model = {"resource_type": "model", "schema": "reporting", "name": "segment_summary"}
    sql = "select as_of_date, temperature, count(*) as accounts from raw.accounts group by all"
    columns = {"as_of_date": "DATE", "temperature": "VARCHAR"}
    records = {
        "manifest": {"nodes": {"model.summary": model}},
        "results": [{"unique_id": "model.summary", "compiled_code": sql}],
        "schemas": {
            "raw": {"accounts": columns},
            "reporting": {"segment_summary": columns | {"accounts": "BIGINT"}},
        },
    }
    candidate = made_company.build(
        home,
        inputs=(made_company.landed(home, b"a\nb\n"),),
        records={name: kept_records.keep(home, content) for name, content in records.items()},
    )
    monkeypatch.setattr(
        build, "build", lambda *_, **__: build.Built(candidate.content_hash, date(2011, 12, 9))
    )

    def audit(*_: Any) -> gate.Verdict:
        made_company.audit(home, candidate)
        return gate.Verdict(candidate.content_hash, "pass", None, ())

    monkeypatch.setattr(gate, "audit", audit)
    return candidate


def run() -> None:
    steps.publish(steps.audit(steps.build(None, 0)), Event(), 0)


def test_a_run_reports_what_it_read_and_what_it_published_in_each_target(home: Home, made: Candidate) -> None:
    (home.config / "company.yml").write_text(
        "reporting_currency: GBP\ntargets:\n  - kind: parquet\n    location: lake\n"
    )
    run()
    start, complete = told(home)
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert start["job"]["name"] == complete["job"]["name"] == "screen_accounts"
    assert start["run"]["runId"] == complete["run"]["runId"]

    table, file = complete["inputs"]
    [landed] = made.facts.inputs
    assert (table["namespace"], table["name"]) == ("thermocline", "raw.accounts")
    assert file["name"] == "landing/online_retail/2011-12-01.csv"
    assert file["facets"]["version"]["datasetVersion"] == landed.sha256
    assert file["inputFacets"]["inputStatistics"]["rowCount"] == 2

    published = {output["name"]: output for output in complete["outputs"]}
    assert set(published) == {
        f"{target}.reporting.{table}" for target in ("duckdb", "parquet") for table in made.tables
    }
    for target in ("duckdb", "parquet"):
        facets = published[f"{target}.reporting.segment_summary"]["facets"]
        assert facets["version"]["datasetVersion"] == "2011-12-09-0001"
        fields = {field["name"]: field["type"] for field in facets["schema"]["fields"]}
        assert fields == made.tables["segment_summary"].columns
        assert facets["columnLineage"]["fields"] == {
            column: {"inputFields": [{"namespace": "thermocline", "name": "raw.accounts", "field": column}]}
            for column in ("as_of_date", "temperature")
        }


def test_a_file_is_an_input_of_the_publication_that_first_held_it(home: Home, made: Candidate) -> None:
    run()
    new = made_company.landed(home, b"c\n", "2011-12-02.csv")
    later = made_company.build(home, "2011-12-10", accounts=7, inputs=(*made.facts.inputs, new))
    made_company.audit(home, later)
    steps.publish(
        {"content_hash": later.content_hash, "as_of": "2011-12-10", "built_at": "2011-12-11"}, Event(), 0
    )
    assert [item["name"] for item in told(home)[-1]["inputs"]] == ["landing/online_retail/2011-12-02.csv"]


@pytest.mark.usefixtures("made")
def test_column_lineage_is_read_once_for_a_project(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    monkeypatch.setattr(openlineage_events, "lineage_of", lambda _: pytest.fail("read again"))
    run()
    _, first, _, second = told(home)
    assert first["outputs"] == second["outputs"]


def test_a_blocked_run_fails_with_the_reason(
    home: Home, made: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def block(*_: Any) -> None:
        raise GateBlocked("the gate blocked it: rows")

    monkeypatch.setattr(gate, "audit", block)
    with pytest.raises(AirflowFailException):
        run()
    _, failed = told(home)
    assert failed["eventType"] == "FAIL"
    assert failed["run"]["facets"]["errorMessage"]["message"] == "the gate blocked it: rows"
    assert failed["outputs"] == []
    assert [item["name"] for item in failed["inputs"]] == ["landing/online_retail/2011-12-01.csv"]
    tags = {tag["key"]: tag["value"] for tag in failed["run"]["facets"]["tags"]["tags"]}
    assert tags["content_hash"] == made.content_hash


def test_a_run_without_a_candidate_fails_with_the_reason(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(build, "build", broken)
    with pytest.raises(OSError, match="disk full"):
        steps.build(None, 0)
    assert [event["eventType"] for event in told(home)] == ["START", "FAIL"]
    assert told(home)[1]["run"]["facets"]["errorMessage"]["message"] == "disk full"


def test_a_superseded_run_is_aborted(home: Home, made: Candidate) -> None:
    candidate = {"content_hash": made.content_hash, "as_of": "2011-12-09", "built_at": "2011-12-10"}
    made_company.run(home, "2011-12-12")
    with pytest.raises(AirflowSkipException):
        steps.audit(candidate)
    [aborted] = told(home)
    assert aborted["eventType"] == "ABORT"
    assert "a later day" in aborted["run"]["facets"]["errorMessage"]["message"]


@pytest.mark.usefixtures("made")
def test_a_server_gets_the_events_and_the_file_no_key(home: Home, server: Server) -> None:
    os.environ |= {"OPENLINEAGE_URL": server.url, "OPENLINEAGE_API_KEY": KEY}
    run()
    assert [(path, key) for path, key, _ in server.got] == [("/api/v1/lineage", f"Bearer {KEY}")] * 2
    for (_, _, sent), written in zip(server.got, told(home), strict=True):
        assert {name: sent[name] for name in ("eventType", "eventTime", "inputs", "outputs", "job")} == {
            name: written[name] for name in ("eventType", "eventTime", "inputs", "outputs", "job")
        }
        assert sent["run"]["runId"] == written["run"]["runId"]
    assert KEY not in home.openlineage.read_text()


@pytest.mark.parametrize("answer", [None, 401])
def test_without_its_server_the_run_goes_on_and_says_so(
    home: Home,
    made: Candidate,
    server: Server,
    answer: int | None,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = f"http://somebody:{KEY}@127.0.0.1:{server.server_port if answer else unused_port()}"
    server.answer = answer or 201
    config = tmp_path / "openlineage.yml"
    config.write_text(f"transport: {{type: http, url: '{url}', retry: {{total: 0, connect: 0}}}}\n")
    os.environ["OPENLINEAGE_CONFIG"] = str(config)
    run()
    current = publication.current(home)
    assert current is not None and current.content_hash == made.content_hash
    lines = [record.getMessage() for record in caplog.records if "OpenLineage" in record.getMessage()]
    why = "HTTPError 401" if answer else "ConnectionError"
    assert lines == [
        f"the OpenLineage event {kind} couldn't be sent to 127.0.0.1 ({why}); it is in {home.openlineage}"
        for kind in ("START", "COMPLETE")
    ]
    assert [event["eventType"] for event in told(home)] == ["START", "COMPLETE"]
    assert KEY not in caplog.text + home.openlineage.read_text()


@pytest.mark.usefixtures("made")
def test_where_no_event_can_be_written_the_run_goes_on_and_says_so(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    home.openlineage.mkdir()
    run()
    assert publication.current(home) is not None
    lines = [record.getMessage() for record in caplog.records if "wasn't written" in record.getMessage()]
    assert [line.split(" (")[0] for line in lines] == [
        "the OpenLineage event START wasn't written",
        "the OpenLineage event COMPLETE wasn't written",
    ]


@pytest.mark.usefixtures("made")
def test_a_line_that_a_killed_writer_left_is_cut_off(home: Home) -> None:
    run()
    whole = home.openlineage.read_bytes()
    home.openlineage.write_bytes(whole + whole[:70000].rstrip(b"\n").replace(b"\n", b" "))
    os.environ["AIRFLOW_CTX_DAG_RUN_ID"] = "manual__2"
    run()
    events = told(home)
    assert home.openlineage.read_bytes().startswith(whole)
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"] * 2
    assert events[0]["run"]["runId"] != events[2]["run"]["runId"]


@pytest.mark.usefixtures("made")
def test_openlineage_can_be_switched_off(home: Home, server: Server) -> None:
    os.environ |= {"OPENLINEAGE_DISABLED": "true", "OPENLINEAGE_URL": server.url}
    run()
    assert not home.openlineage.exists() and not server.got
