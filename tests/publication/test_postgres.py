"""The PostgreSQL target, on a real server."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from made_company import FULL, audit, build, run
from postgres_server import Database
from thermocline import hashing, publication
from thermocline.candidate import Candidate
from thermocline.errors import TargetBehind
from thermocline.home import Home
from thermocline.ledger import Ledger
from thermocline.publication import publish, targets
from thermocline.targets import Target
from thermocline.targets.postgres import Postgres
from thermocline.verification import verify

ODD = """
create or replace table reporting.account_segments as select * replace (
    case account_code
        when '1' then ''
        when '2' then 'a "quoted", name' || chr(10) || 'of two\\tlines' || chr(13)
        when '3' then null
        when '4' then '\\.'
        else '  ½ 𝄞 \\N NULL '
    end as account_name
) from reporting.account_segments
"""
"""Texts that a careless CSV would change."""

MONTHS = """
create or replace table reporting.account_timeline as
    select * replace ((date '2011-01-15' + to_months(((source_row - 1) * 5)::integer))::date as occurred_on)
    from reporting.account_timeline
"""
"""The timeline over January, June and November."""


@pytest.fixture
def home(home: Home, database: Database) -> Home:  # noqa: ARG001
    """A home with a PostgreSQL target."""
    (home.config / "company.yml").write_text(
        "reporting_currency: GBP\ntargets:\n  - kind: postgres\n    connection: bi\n"
    )
    return home


def place(home: Home) -> Target:
    return targets(home)[1]


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with closing(database.connect()) as connection:
        return connection.execute(query).fetchall()


@contextmanager
def reader(database: Database, name: str = "metabase") -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A session of a BI tool's user, who has the reading role and nothing else."""
    user = f"{name}_{database.name}"
    database.server.execute(f"create role {user} login password 'bi'")
    database.server.users.append(user)
    database.server.execute(f"grant reporting_reader to {user}")
    with closing(database.connect(user, "bi")) as connection:
        yield connection


def test_every_target_holds_what_the_candidate_holds(home: Home) -> None:
    candidate = audit(home, build(home, accounts=6, marts=FULL, change=ODD))
    published = publish(home, candidate.content_hash)
    for target in targets(home):
        held = target.tables(published.publication_id)
        assert sorted(held) == sorted([*candidate.tables, "gate_checks", "publication"])
        assert hashing.content_hash(held) == candidate.content_hash
        for name, table in candidate.tables.items():
            assert (held[name].rows, held[name].stored) == (table.rows, table.hashes.stored), name
        assert (
            target.columns(published.publication_id)["account_segments"] == held["account_segments"].columns
        )
    one, other = (target.publications(published.publication_id) for target in targets(home))
    assert one == other
    assert verify(home).lines()[0].startswith("intact")


def test_a_reader_may_read_the_views_and_nothing_else(home: Home, database: Database) -> None:
    run(home)
    with reader(database) as connection:
        counted = connection.execute("select count(*) from reporting.account_segments").fetchone()
        assert counted == (5,)
        for table in place(home).columns("2011-12-09-0001"):
            connection.execute(f"select * from reporting.{table}")
        ((relation,),) = rows(
            database,
            "select relname from pg_class where relname like 'account_segments\\_\\_%' and relkind = 'r'",
        )
        for refused in (
            f"select * from reporting_store.{relation}",
            "select * from reporting_store.head",
            "update reporting.account_segments set temperature = 'hot'",
            "delete from reporting.publication",
            "insert into reporting.segment_summary (accounts) values (1)",
            "create table reporting.mine (a int)",
            "create table reporting_store.mine (a int)",
            "drop view reporting.feeds",
        ):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable)):
                connection.execute(refused)
        run(home, "2011-12-10", accounts=6)
        assert connection.execute("select count(*) from reporting.account_segments").fetchone() == (6,)


def months(database: Database) -> dict[str, int]:
    """The months of the timeline as stored, with the number that a new table would change."""
    return dict(
        rows(
            database,
            "select relname, relfilenode::bigint from pg_class "
            "where relname like 'account_timeline\\_\\_%' and relkind = 'r'",
        )
    )


def test_only_changed_months_are_written(home: Home, database: Database) -> None:
    run(home, change=MONTHS)
    before = months(database)
    assert [name[:25] for name in sorted(before)] == [
        "account_timeline__2011_01",
        "account_timeline__2011_06",
        "account_timeline__2011_11",
    ]
    run(home, change=f"{MONTHS}; update reporting.account_timeline set amount = 7 where source_row = 2")
    after = months(database)
    assert len(after) == 4
    assert {name: after[name] for name in before} == before
    assert rows(database, "select count(*), sum(amount) from reporting.account_timeline") == [(15, 60)]


def test_a_query_of_one_month_reads_one_month(home: Home, database: Database) -> None:
    run(home, change=MONTHS)
    ((plan,),) = rows(
        database,
        "explain (format json) select count(*) from reporting.account_timeline "
        "where occurred_on between '2011-06-01' and '2011-06-30'",
    )
    assert json.dumps(plan).count('"Relation Name"') == 1


def test_all_views_are_led_over_at_once(home: Home, database: Database) -> None:
    """Also for a reader in a transaction with an older snapshot: no table is empty for it."""
    run(home)
    with closing(database.connect()) as old:
        old.execute("begin isolation level repeatable read")
        assert old.execute("select 1").fetchone() == (1,)
        run(home, "2011-12-10", accounts=7)
        seen = old.execute(
            "select count(*), max(segments.publication_id), max(accounts) from reporting.account_segments as "
            "segments join reporting.publication as publication using (publication_id) where is_current"
        ).fetchone()
    assert seen == (7, "2011-12-10-0002", 7)


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


def test_no_secret_shows(home: Home, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    run(home)
    monkeypatch.setenv("AIRFLOW_CONN_BI", database.uri_of("nobody_known", "hunter2hunter2"))
    with pytest.raises(TargetBehind) as raised:
        run(home, "2011-12-10", accounts=6)
    monkeypatch.setenv("AIRFLOW_CONN_BI", "{hunter2hunter2")
    with pytest.raises(TargetBehind, match="AIRFLOW_CONN_BI isn't a connection") as unreadable:
        run(home, "2011-12-10", accounts=6)
    monkeypatch.delenv("AIRFLOW_CONN_BI")
    with pytest.raises(TargetBehind, match="there is no Airflow connection bi: add it"):
        run(home, "2011-12-10", accounts=6)
    kept = "".join(
        path.read_text(errors="replace")
        for path in home.root.rglob("*")
        if path.is_file() and not path.is_symlink()
    )
    for secret in (database.password, "hunter2hunter2"):
        assert secret not in kept + str(raised.value) + str(unreadable.value)


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


def test_as_many_publications_are_kept_as_configured(home: Home, database: Database) -> None:
    with (home.config / "company.yml").open("a") as company:
        company.write("keep_publications: 2\n")
    for nth in range(3):
        run(home, f"2011-12-{10 + nth}", accounts=5 + nth)
    for target in targets(home):
        assert target.kept() == ["2011-12-11-0002", "2011-12-12-0003"]
    ((tables,),) = rows(
        database, "select count(*) from pg_class where relname like 'account_segments\\_\\_%\\_000_'"
    )
    assert tables == 2
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
