"""Notes count only where they say all that changed since what was frozen."""

from datetime import date
from types import ModuleType

import duckdb
import pytest
from made_company import facts
from noted_company import (
    NOTES,
    PAID,
    PRODUCTS,
    SOLD,
    TIMELINE,
    change,
    changed,
    frozen,
    inodes,
)
from thermocline import (
    company,
    contract,
    freezing,
    frozen_build,
    frozen_changes,
    frozen_notes,
)
from thermocline.freezing import freeze
from thermocline.home import Home

pytestmark = pytest.mark.usefixtures("no_turns")


@pytest.mark.parametrize("name", sorted(contract.KEYS))
def test_a_table_made_anew_has_no_notes(home: Home, connection: duckdb.DuckDBPyConnection, name: str) -> None:
    frozen(home, connection)
    connection.execute(f"create or replace table reporting.{name} as from reporting.{name}")
    connection.execute(
        {
            "account_timeline": f"update {TIMELINE} set amount = 3 where source_row = 9",
            "account_products": f"update {PRODUCTS} set units = 7 where units = 6",
        }[name]
    )
    change(connection, PAID, SOLD)
    assert changed(frozen(home, connection), name) == set()


@pytest.mark.parametrize(
    "by_hand",
    [
        f"delete from {TIMELINE} where source_row = 9",
        f"delete from {PRODUCTS} where units = 9",
        f"update {TIMELINE} set occurred_on = date '2011-12-01' where source_row = 9",
        f"delete from {NOTES} where change > 0",
        f"update {NOTES} set amount = 0 where change < 0",
        f"insert into {NOTES} from {NOTES}",
        f"drop table {NOTES}",
    ],
)
def test_notes_that_do_not_fit_count_for_nothing(
    home: Home, connection: duckdb.DuckDBPyConnection, by_hand: str
) -> None:
    frozen(home, connection)
    change(connection, PAID, SOLD)
    connection.execute(by_hand)
    frozen(home, connection)


def test_a_hand_in_the_warehouse_is_found_when_the_part_s_turn_comes(
    home: Home, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, statement in (
        ("account_timeline", f"update {TIMELINE} set amount = 3 where source_row = 9"),
        ("account_products", f"update {PRODUCTS} set units = 7 where units = 6"),
    ):
        connection.execute(f"delete from {TIMELINE} where month(occurred_on) <> 10 or occurred_on is null")
        frozen_notes.mark(connection, "")
        frozen(home, connection)
        connection.execute(statement)
        change(connection, PAID, SOLD)
        monkeypatch.setattr(frozen_changes, "TURNS", 1)
        assert changed(frozen(home, connection), name) == set()
        monkeypatch.setattr(frozen_changes, "TURNS", 2**256)


def test_notes_that_were_thrown_away_are_not_taken_for_none(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    frozen(home, connection)
    for number, throw_away in enumerate(
        (
            lambda: frozen_notes.forget(connection),
            lambda: connection.execute(f"drop table {NOTES}"),
        )
    ):
        change(connection, PAID.replace("paid", str(number)))
        throw_away()
        frozen_notes.prepare(connection)
        frozen(home, connection)


@pytest.mark.parametrize(("module", "step"), [(freezing, "_put_in_place"), (frozen_build, "note")])
def test_a_freezing_that_was_killed_leaves_the_notes(
    home: Home,
    connection: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    step: str,
) -> None:
    first = frozen(home, connection)
    change(connection, PAID, SOLD)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, step, killed)
        with pytest.raises(KeyboardInterrupt):
            freeze(home, connection, facts(date(2011, 12, 9)), "one")
    change(connection, PAID.replace("paid", "late"))
    frozen(home, connection)
    change(connection, f"update {TIMELINE} set outcome = null", SOLD.replace("+ 1", "- 1"))
    assert inodes(frozen(home, connection))["2011-12"] == inodes(first)["2011-12"]


def test_a_build_that_failed_leaves_the_notes(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    first = frozen(home, connection)
    change(connection, PAID, SOLD)
    frozen(home, connection, None)
    change(connection, PAID.replace("paid", "late"))
    again = frozen(home, connection)
    assert inodes(again) == inodes(first)
    assert changed(again) == {"2011-10", "2011-11"}


def test_another_treatment_has_every_row_frozen_anew(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    frozen(home, connection)
    company.path(home).parent.mkdir(parents=True, exist_ok=True)
    with company.path(home).open("a", encoding="utf-8") as file:
        file.write("reporting_currency: GBP\nprivacy: {columns: {account_timeline.outcome: dropped}}\n")
    change(connection, PAID, SOLD)
    candidate = freeze(home, connection, facts(date(2011, 12, 9)), "one")
    candidate.check()
    outcomes = connection.execute(
        f"select distinct outcome from {candidate.tables['account_timeline'].relation}"
    ).fetchall()
    assert outcomes == [(None,)]
