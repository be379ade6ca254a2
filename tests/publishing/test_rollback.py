"""Contracts that hold from one publication to the next, and earlier publications put back."""

import shutil
from contextlib import closing
from datetime import date

import duckdb
import pytest
from made_company import Begun, audit, build, run
from postgres_server import Database
from thermocline.audit.verification import verify
from thermocline.command.cli import main
from thermocline.errors import ContentChanged, GateBlocked, InputError
from thermocline.home import Home
from thermocline.ledger.chain import Ledger
from thermocline.publishing.publication import (
    Published,
    compared,
    current,
    publish,
    return_to,
    rollback,
    targets,
)

ALL = """\
reporting_currency: GBP
targets:
  - kind: postgres
    connection: bi
  - kind: parquet
    location: lake
  - kind: excel
    folder: for sales
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("alter table reporting.account_segments drop heat", "column heat of account_segments would go away"),
        (
            "alter table reporting.account_segments rename heat to warmth",
            "column heat of account_segments would go away",
        ),
        (
            "alter table reporting.account_segments alter heat type decimal(18,4)",
            r"column heat of account_segments would turn from DECIMAL\(18,9\) into DECIMAL\(18,4\)",
        ),
        ("drop table reporting.scorecards", "table scorecards would go away"),
    ],
)
def test_an_incompatible_change_is_refused_before_anything_is_written(
    begun: Begun, change: str, words: str
) -> None:
    home = begun.home
    before = Ledger(home.ledger).entries()
    table = "scorecards" if "scorecards" in words else "account_segments"
    with pytest.raises(GateBlocked, match=rf"^{words}, which readers of target duckdb rely on: .*{table}_v2"):
        run(home, "2011-12-10", accounts=6, change=change)
    assert Ledger(home.ledger).entries() == before


def test_a_new_column_and_a_new_version_beside_are_welcome(begun: Begun) -> None:
    home = begun.home
    wider = "alter table reporting.account_segments add region varchar"
    beside = "create table reporting.account_segments_v2 as select account_id from reporting.account_segments"
    assert run(home, "2011-12-10", change=f"{wider}; {beside}").outcome == "published"
    with pytest.raises(
        GateBlocked, match=r"column region of account_segments .*account_segments_v2, a model"
    ):
        run(home, "2011-12-11", accounts=6, change=beside)
    with pytest.raises(GateBlocked, match=r"column account_id of account_segments_v2 .*account_segments_v3"):
        changed = "create table reporting.account_segments_v2 as select 1 as account_id"
        run(home, "2011-12-11", accounts=6, change=f"{wider}; {changed}")


def test_an_earlier_publication_is_put_back_in_every_target(home: Home, database: Database) -> None:
    (home.config / "company.yml").write_text(ALL)
    first = run(home, accounts=5)
    wider = "alter table reporting.account_segments add region varchar"
    run(home, "2011-12-10", accounts=7, change=wider)
    restored = rollback(home, first.publication_id)
    assert restored == Published("restored", "2011-12-09-0003", date(2011, 12, 9), first.content_hash)
    seen = current(home)
    assert seen is not None
    assert (seen.publication_id, seen.restores) == ("2011-12-09-0003", first.publication_id)
    for target in targets(home):
        assert target.current() == "2011-12-09-0003"
        rows = target.publications("2011-12-09-0003")
        assert {row["publication_id"]: row["restores"] for row in rows} == {
            "2011-12-09-0001": None,
            "2011-12-10-0002": None,
            "2011-12-09-0003": "2011-12-09-0001",
        }
    with closing(database.connect()) as session:
        assert session.execute("select count(*) from reporting.account_segments").fetchone() == (5,)
    assert [entry["kind"] for entry in Ledger(home.ledger).entries()] == (["intent"] + ["done"] * 4) * 3
    assert verify(home).lines()[0].startswith("intact")
    assert rollback(home, first.publication_id).outcome == "unchanged"
    again = run(home, "2011-12-10", accounts=7, change=wider)
    assert (again.outcome, again.publication_id) == ("published", "2011-12-10-0004")
    assert verify(home).lines()[0].startswith("intact")


def test_what_was_pruned_or_never_was_cant_be_put_back(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, first = begun.home, begun.first
    begun.publish()
    with pytest.raises(InputError, match=r"no publication 2011-12-09-0009 in the ledger: .*2011-12-10-0002$"):
        rollback(home, "2011-12-09-0009")
    away, file = home.root / "away", home.reporting / f"{first.publication_id}.duckdb"
    shutil.move(home.candidates / first.content_hash, away)
    gone = file.rename(home.root / "gone")
    with pytest.raises(
        InputError, match=r"publication 2011-12-09-0001 was pruned: .*restore it from a backup"
    ):
        rollback(home, first.publication_id)
    gone.rename(file)
    shutil.move(away, home.candidates / first.content_hash)
    monkeypatch.setenv("THERMOCLINE_HOME", str(home.root))
    assert main(["rollback", first.publication_id]) == 0
    assert capsys.readouterr().out == "published as 2011-12-09-0003: the content of 2011-12-09-0001\n"
    assert main(["rollback", first.publication_id]) == 0
    assert "nothing to put back" in capsys.readouterr().out
    assert main(["rollback", "yesterday's"]) == 2


def test_what_only_a_target_holds_is_put_back_if_it_is_whole(begun: Begun) -> None:
    home, first = begun.home, begun.first
    begun.publish()
    shutil.rmtree(home.candidates / first.content_hash)
    file = home.reporting / f"{first.publication_id}.duckdb"
    whole = file.read_bytes()
    file.chmod(0o644)
    with closing(duckdb.connect(str(file))) as connection:
        connection.execute(
            "update reporting.account_segments set temperature = 'hot' where heat = 0.111111111"
        )
    before = Ledger(home.ledger).entries()
    with pytest.raises(ContentChanged, match=r"^table account_segments of publication 2011-12-09-0001 in"):
        rollback(home, first.publication_id)
    assert Ledger(home.ledger).entries() == before
    assert not list(home.candidates.glob(".recovered-*"))
    file.write_bytes(whole)
    restored = rollback(home, first.publication_id)
    assert restored == Published("restored", "2011-12-09-0003", date(2011, 12, 9), first.content_hash)
    assert verify(home).lines()[0].startswith("intact")


def test_a_killed_rollback_is_undone_or_completed(begun: Begun) -> None:
    home, second = begun.home, begun.publish()

    def stop(step: str) -> None:
        if step == "duckdb in place":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rollback(home, begun.first.publication_id, progress=stop)
    candidate = audit(home, build(home, "2011-12-10", accounts=7))
    assert publish(home, candidate.content_hash).publication_id == second.publication_id
    assert rollback(home, begun.first.publication_id).publication_id == "2011-12-09-0004"
    assert verify(home).lines()[0].startswith("intact")


def test_a_wrong_later_day_is_taken_back_to_the_latest_earlier_publication(begun: Begun) -> None:
    home = begun.home
    begun.publish()
    assert run(home, "2062-06-15", accounts=3).outcome == "published"
    assert run(home, "2011-12-11", accounts=8).outcome == "superseded"
    restored = return_to(home, date(2011, 12, 10))
    assert restored.outcome == "restored"
    assert (restored.publication_id, restored.as_of_date) == ("2011-12-10-0004", date(2011, 12, 10))
    assert run(home, "2011-12-09", accounts=8).outcome == "superseded"
    assert run(home, "2011-12-10", accounts=8).publication_id == "2011-12-10-0005"
    assert run(home, "2011-12-11", accounts=8).publication_id == "2011-12-11-0006"
    assert return_to(home, date(2011, 12, 11)).outcome == "unchanged"
    assert verify(home).lines()[0].startswith("intact")


def test_a_wrong_later_day_without_an_earlier_publication_lets_runs_publish_again(home: Home) -> None:
    first = run(home, "2062-06-15")
    assert compared(home) == current(home)
    assert run(home, "2011-12-10", accounts=7).outcome == "superseded"
    assert return_to(home, date(2011, 12, 10)).outcome == "reopened"
    assert return_to(home, date(2011, 12, 10)).outcome == "reopened"
    kinds = [entry["kind"] for entry in Ledger(home.ledger).entries()]
    assert kinds == ["intent", "done", "reopened"]
    seen = current(home)
    assert seen is not None
    assert seen.publication_id == first.publication_id
    assert compared(home) is None
    assert verify(home).lines()[0].startswith("intact")
    assert run(home, "2011-12-09", accounts=7).outcome == "superseded"
    right = run(home, "2011-12-10", accounts=7)
    assert (right.outcome, right.publication_id) == ("published", "2011-12-10-0002")
    assert run(home, "2011-12-09", accounts=8).outcome == "superseded"
    assert run(home, "2011-12-11", accounts=8).outcome == "published"
    assert verify(home).lines()[0].startswith("intact")


def test_a_day_to_return_to_is_named_on_the_command_line(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("THERMOCLINE_HOME", str(begun.home.root))
    assert main(["rollback", "2011-12-09"]) == 0
    assert "2011-12-09-0001 is published, of no later day than 2011-12-09" in capsys.readouterr().out
    assert main(["rollback", "2011-12-08"]) == 0
    assert capsys.readouterr().out == (
        "no publication of 2011-12-08 or before is left to put back: readers see 2011-12-09-0001 until a run "
        "of 2011-12-08 or a later day replaces it (make run AS_OF=2011-12-08)\n"
    )
    begun.publish()
    assert main(["rollback", "2011-12-09"]) == 0
    assert capsys.readouterr().out == (
        "published as 2011-12-09-0003: the latest content as of 2011-12-09 or before\n"
    )
