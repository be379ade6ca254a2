"""A target that failed, completed by the next run, whatever that run comes to."""

import os
import tempfile
from pathlib import Path

import pytest
from made_company import audit, build, run
from thermocline.errors import GateBlocked, TargetBehind
from thermocline.home import Home
from thermocline.ledger.chain import Ledger
from thermocline.publishing.publication import complete, targets

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-"))


@pytest.fixture
def lagging(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Its target parquet hasn't got the last publication, and could get it now."""
    (home.config / "company.yml").write_text(
        "reporting_currency: GBP\ntargets:\n  - {kind: excel, folder: for sales}\n"
        "  - {kind: parquet, location: lake}\n"
    )
    monkeypatch.setenv("THERMOCLINE_HOME", str(home.root))
    run(home)
    lake, away = home.root / "lake", home.root / "away"
    lake.rename(away)
    lake.write_text("not a folder")
    with pytest.raises(TargetBehind, match="parquet failed"):
        run(home, "2011-12-10", accounts=7)
    lake.unlink()
    away.rename(lake)
    return home


def seen(home: Home) -> dict[str, str | None]:
    return {target.name: target.current() for target in targets(home)}


def stored(home: Home) -> dict[Path, int]:
    """When each file of the publications in the targets that didn't fail was written."""
    return {
        path: path.stat().st_mtime_ns
        for folder in (home.reporting, home.root / "for sales")
        for path in folder.rglob("*")
        if path.suffix in (".duckdb", ".xlsx")
    }


WHOLE = dict.fromkeys(("duckdb", "excel", "parquet"), "2011-12-10-0002")


def test_a_rerun_completes_it_without_touching_the_rest(lagging: Home) -> None:
    before = stored(lagging)
    assert seen(lagging) == {**WHOLE, "parquet": "2011-12-09-0001"}
    assert run(lagging, "2011-12-10", accounts=7).outcome == "unchanged"
    assert seen(lagging) == WHOLE
    assert stored(lagging) == before
    [*_, last] = Ledger(lagging.ledger).entries()
    assert (last["kind"], last["target"], last["recovered"]) == ("done", "parquet", True)


def test_a_run_of_a_past_day_completes_it(lagging: Home) -> None:
    from airflow.sdk.exceptions import AirflowSkipException
    from thermocline.orchestration import steps

    before = stored(lagging)
    past = {"content_hash": "0" * 64, "as_of": "2011-12-09", "built_at": "2011-12-12"}
    with pytest.raises(AirflowSkipException):
        steps.audit(past)
    assert seen(lagging) == WHOLE
    assert stored(lagging) == before
    assert complete(lagging) == []


def test_a_run_that_the_gate_blocks_completes_it(lagging: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException
    from thermocline.gate import audit as gate
    from thermocline.orchestration import steps

    def block(*_: object) -> None:
        raise GateBlocked("the gate blocked it: rows")

    monkeypatch.setattr(gate, "audit", block)
    coming = audit(lagging, build(lagging, "2011-12-11"))
    with pytest.raises(AirflowFailException, match="the gate blocked it"):
        steps.audit({"content_hash": coming.content_hash, "as_of": "2011-12-11", "built_at": "2011-12-12"})
    assert seen(lagging) == WHOLE


def test_while_it_still_fails_the_run_ends_as_it_would_have(
    lagging: Home, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException
    from thermocline.orchestration import steps

    (lagging.root / "lake").rename(lagging.root / "away")
    (lagging.root / "lake").write_text("not a folder")
    past = {"content_hash": "0" * 64, "as_of": "2011-12-09", "built_at": "2011-12-12"}
    with pytest.raises(AirflowSkipException, match="a later day"):
        steps.audit(past)
    assert "not every target has the current publication: " in caplog.text
    assert targets(lagging)[0].current() == "2011-12-10-0002"
