"""What goes wrong with the PostgreSQL target is said, leaves it whole and is mended by the next run."""

import threading
import time
from contextlib import closing

import pytest
from made_company import audit, build, run
from postgres_server import Database
from postgres_target import place, reader, rows
from thermocline.audit.verification import verify
from thermocline.candidates.candidate import Candidate
from thermocline.errors import TargetBehind
from thermocline.home import Home
from thermocline.ledger.chain import Ledger
from thermocline.publishing import publication
from thermocline.publishing.publication import publish
from thermocline.publishing.targets.postgres import Postgres


@pytest.fixture
def home(with_postgres: Home) -> Home:
    return with_postgres


def current_id(home: Home) -> str:
    seen = publication.current(home)
    assert seen is not None
    return seen.publication_id


def done(home: Home) -> list[tuple[str, str, bool]]:
    return [
        (entry["publication_id"], entry["target"], entry["recovered"])
        for entry in Ledger(home.ledger).entries()
        if entry["kind"] == "done"
    ]


def test_a_long_query_holds_up_the_switch_and_nobody_else(
    home: Home, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(home)
    monkeypatch.setattr(Postgres, "patience_seconds", 1.5)
    waited: list[float] = []
    with closing(database.connect()) as long, closing(database.connect()) as other:
        long.execute("begin")
        long.execute("select * from reporting.segment_summary")
        ended = threading.Event()

        def look() -> None:
            while not ended.is_set():
                started = time.monotonic()
                other.execute("select count(*) from reporting.segment_summary")
                waited.append(time.monotonic() - started)
                time.sleep(0.01)

        looking = threading.Thread(target=look)
        looking.start()
        with pytest.raises(
            TargetBehind,
            match=r"2011-12-10-0002 is published, but not in every target: postgres failed \(a view of "
            r"schema reporting was in use for 2 s by process \d+ of user thermocline_\w+: let that query end",
        ):
            run(home, "2011-12-10", accounts=7)
        ended.set()
        looking.join()
        assert len(waited) > 3
        assert max(waited) < 1
        assert place(home).current() == "2011-12-09-0001"
    assert current_id(home) == "2011-12-10-0002"
    assert verify(home).exit_code == 0
    again = run(home, "2011-12-10", accounts=7)
    assert (again.outcome, place(home).current()) == ("unchanged", "2011-12-10-0002")
    assert verify(home).lines()[0].startswith("intact")


def test_a_stopped_server_is_completed_when_it_is_back(home: Home, database: Database) -> None:
    run(home)
    database.server.stop()
    try:
        with pytest.raises(TargetBehind, match=r"postgres failed \(connection bi: .*run again"):
            run(home, "2011-12-10", accounts=6)
        with pytest.raises(
            TargetBehind, match="2011-12-11-0003 is published, but not in every target"
        ) as raised:
            run(home, "2011-12-11", accounts=7)
    finally:
        database.server.start()
    assert "\n" not in str(raised.value)
    assert current_id(home) == "2011-12-11-0003"
    assert place(home).current() == "2011-12-09-0001"
    assert "target postgres hasn't got 2011-12-11-0003 yet: the next run completes it" in verify(home).lines()
    again = run(home, "2011-12-11", accounts=7)
    assert (again.outcome, place(home).current()) == ("unchanged", "2011-12-11-0003")
    assert done(home) == [
        ("2011-12-09-0001", "duckdb", False),
        ("2011-12-09-0001", "postgres", False),
        ("2011-12-10-0002", "duckdb", False),
        ("2011-12-11-0003", "duckdb", False),
        ("2011-12-11-0003", "postgres", True),
    ]
    assert [row["publication_id"] for row in place(home).publications("2011-12-11-0003")] == [
        "2011-12-09-0001",
        "2011-12-11-0003",
    ]
    assert verify(home).lines()[0].startswith("intact")


def test_lost_views_and_tables_are_brought_back(home: Home, database: Database) -> None:
    run(home)
    for damage in (
        "drop view reporting.account_segments",
        "drop schema reporting cascade",
        "drop table reporting_store.account_segments__2011_12_09_0001 cascade",
        "drop schema reporting_store cascade",
    ):
        with closing(database.connect()) as connection:
            connection.execute(damage)
        assert place(home).current() is None
        if "reporting_store cascade" in damage:
            # The ledger's head went, too; without a backup only the ledger itself remembers.
            assert place(home).anchored() is None
        assert run(home).outcome == "unchanged"
        assert place(home).current() == "2011-12-09-0001"
        assert verify(home).lines()[0].startswith("intact")
        with reader(database, f"reader{len(damage)}") as connection:
            assert connection.execute("select count(*) from reporting.account_segments").fetchone() == (5,)


FORGED = (
    "7",
    '{"account_segments": null}',
    '{"account_segments": {"columns": [["account_id"], 7], "relations": []}}',
    '{"account_segments": {"columns": [["account_id", "VARCHAR"]], "relations": [7]}}',
    '{"account_segments": {"columns": [["account_id", "text); drop table x; --"]], "relations": []}}',
)


def test_a_forged_catalogue_is_found_and_mended(home: Home, database: Database) -> None:
    run(home)
    for tables in FORGED:
        with closing(database.connect()) as connection:
            connection.execute("update reporting_store.publications set tables = %s::jsonb", [tables])
        assert (tables, place(home).current(), place(home).kept()) == (tables, None, [])
    assert verify(home).exit_code == 3
    assert run(home).outcome == "unchanged"
    assert verify(home).lines()[0].startswith("intact")


def test_what_an_ended_publisher_wrote_is_cleared(home: Home, database: Database) -> None:
    run(home)

    def stop(step: str) -> None:
        if step == "postgres in place":
            raise KeyboardInterrupt

    candidate: Candidate = audit(home, build(home, "2011-12-10", accounts=7))
    with pytest.raises(KeyboardInterrupt):
        publish(home, candidate.content_hash, progress=stop)
    assert place(home).kept() == ["2011-12-09-0001", "2011-12-10-0002"]
    assert run(home, "2011-12-10", accounts=7).publication_id == "2011-12-10-0003"
    assert place(home).kept() == ["2011-12-09-0001", "2011-12-10-0003"]
    assert rows(database, "select relname from pg_class where relname like '%2011\\_12\\_10\\_0002%'") == []
    assert verify(home).lines()[0].startswith("intact")
