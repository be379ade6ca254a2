"""The PostgreSQL target, on a real server."""

import json
from contextlib import closing

import psycopg
import pytest
from made_company import FULL, audit, build, run
from postgres_server import Database
from postgres_target import place, reader, rows
from thermocline.audit.verification import verify
from thermocline.candidates import hashing
from thermocline.errors import TargetBehind
from thermocline.home import Home
from thermocline.publishing.publication import publish, targets

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
def home(with_postgres: Home) -> Home:
    return with_postgres


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
