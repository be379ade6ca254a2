"""The DuckDB file takes over what the publication before it holds, and only if that is as it was written."""

from pathlib import Path

import duckdb
import pytest
from made_company import run
from thermocline.audit.verification import verify
from thermocline.candidates import frozen_table
from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.publishing.publication import current, database, reading
from thermocline.publishing.targets import Edition, duckdb_tables

SPREAD = "update reporting.account_timeline set occurred_on = occurred_on - (30 * source_row)::integer;"
"""Three months, and after the next two another three in part."""
DAYS = (
    SPREAD,
    # One month's rows are others, one is gone and one has come; some rows have no day.
    SPREAD
    + "delete from reporting.account_timeline where source_row = 1;"
    + "insert into reporting.account_timeline select * replace (date '2012-02-01' as occurred_on) "
    "from reporting.account_timeline where source_row = 2 limit 1;"
    + "update reporting.account_timeline set amount = 7 where source_row = 3 and account_id = 'billing:1'",
    SPREAD + "update reporting.account_timeline set occurred_on = null where source_row = 2",
    SPREAD + "update reporting.account_timeline set occurred_on = null where account_id = 'billing:2'",
    SPREAD + "alter table reporting.account_timeline add column note varchar default 'new'",
    SPREAD
    + "alter table reporting.account_timeline add column note varchar default 'new';"
    + "delete from reporting.account_timeline",
)


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[set[str] | None]:
    """What was found changed of the timeline, publication by publication that took over from another."""
    found: list[set[str] | None] = []
    compare = duckdb_tables.changed_parts

    def noted(earlier, table):  # type: ignore[no-untyped-def]
        changed = compare(earlier, table)
        if table.name == "account_timeline":
            found.append(changed)
        return changed

    monkeypatch.setattr(duckdb_tables, "changed_parts", noted)
    monkeypatch.setattr(duckdb_tables, "MOST_CHANGED", 1)
    return found


def test_only_changed_months_are_written_and_the_file_holds_what_was_frozen(
    home: Home, changes: list[set[str] | None]
) -> None:
    for day, change in enumerate(DAYS, start=10):
        run(home, f"2011-12-{day}", change=change)
        assert verify(home).exit_code == 0
    assert changes == [
        {"2011-09", "2011-11", "2012-02"},
        {"2011-09", "2011-10", "2011-11", "2012-02", "undated"},
        {"2011-09", "2011-10", "2011-11", "undated"},
        None,
        None,
    ]


def test_of_a_changed_month_only_rows_that_differ_are_written(tmp_path: Path) -> None:
    rows = (
        "select event % 50 as event, date '2026-01-01' + (event % 50)::integer as occurred_on, "
        "null::varchar as outcome from range(53) as made(event)"
    )
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as target")
        connection.execute(
            f"create schema target.reporting; create table target.reporting.account_timeline as {rows}"
        )
        # One is paid, one goes, one comes, and one of two that are equal goes.
        connection.execute(
            f"create table made as {rows}; update made set outcome = 'paid' where event = 9; "
            "delete from made where event = 8 or rowid = 52; "
            "insert into made values (99, '2026-01-07', 'new')"
        )
        table = frozen_table.write(connection, "from made", tmp_path, "account_timeline")
        edition = Edition("2026-02-28-0002", {"account_timeline": table}, [], [])
        duckdb_tables._replace(connection, edition, table, {"2026-01"})
        held = "target.reporting.account_timeline"
        assert connection.execute(
            f"select (from (from {held} except all from made) select count(*)), "
            f"(from (from made except all from {held}) select count(*))"
        ).fetchall() == [(0, 0)]
        assert connection.execute(f"select event from {held} where rowid > 52 order by event").fetchall() == [
            (2,),
            (9,),
            (99,),
        ]


@pytest.mark.parametrize(("changed", "written"), [(9, range(50, 59)), (40, range(50))])
def test_of_a_table_without_months_too_unless_most_differ(
    tmp_path: Path, changed: int, written: range
) -> None:
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as target")
        connection.execute(
            "create schema target.reporting; create table target.reporting.account_products as "
            "select product, 1 as units from range(50) as made(product)"
        )
        connection.execute(
            f"create table made as select product, if(product < {changed}, 2, 1) as units "
            "from range(50) as made(product)"
        )
        table = frozen_table.write(connection, "from made", tmp_path, "account_products")
        edition = Edition("2026-02-28-0002", {"account_products": table}, [], [])
        duckdb_tables._replace(connection, edition, table, {"all"})
        found = connection.execute("select rowid, units from target.reporting.account_products").fetchall()
        assert sorted(units for _, units in found) == [1] * (50 - changed) + [2] * changed
        assert {place for place, units in found if units == 2 or changed == 40} == {*written}


def test_a_month_that_does_not_become_what_was_frozen_is_not_published(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_tables, "MOST_CHANGED", 1)
    first = run(home, "2011-12-10", change=SPREAD)
    find = duckdb_tables.in_months
    monkeypatch.setattr(duckdb_tables, "in_months", lambda *given: f"{find(*given)} and source_row <> 2")
    with pytest.raises(ThermoclineError, match=r"rows of account_timeline that changed .* aren't those"):
        run(home, "2011-12-11", change=DAYS[2])
    seen = current(home)
    assert seen
    assert seen.publication_id == first.publication_id
    monkeypatch.undo()
    run(home, "2011-12-12", change=DAYS[2])
    assert verify(home).exit_code == 0


def test_a_file_that_is_not_as_it_was_written_is_not_taken_over(
    home: Home, changes: list[set[str] | None]
) -> None:
    first = run(home, "2011-12-09", change=SPREAD)
    file = database(home).resolve()
    file.chmod(0o644)
    with file.open("ab") as published:
        published.write(b"\0")
    second = run(home, "2011-12-10", change=SPREAD)
    assert changes == []
    with reading(home, one=first.publication_id, other=second.publication_id) as connection:
        assert connection.execute(
            "select count(*) from (from one.reporting.account_timeline except all "
            "from other.reporting.account_timeline)"
        ).fetchall() == [(0,)]
