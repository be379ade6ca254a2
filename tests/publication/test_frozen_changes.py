"""What models noted of a table brings what was frozen up to date: always the warehouse's rows."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from types import ModuleType

import duckdb
import pytest
from made_company import SLIM, audit, facts, write_marts
from thermocline import (
    company,
    contract,
    freezing,
    frozen_build,
    frozen_changes,
    frozen_notes,
    hashing,
    sorted_hashes,
    warehouse,
)
from thermocline.candidate import Candidate
from thermocline.errors import ContentChanged, ThermoclineError
from thermocline.freezing import freeze
from thermocline.home import Home
from thermocline.publication import database, publish
from thermocline.targets import Base, Edition, duckdb_tables
from thermocline.verification import verify

TIMELINE, PRODUCTS = "reporting.account_timeline", "reporting.account_products"
NOTES = frozen_notes.relation("account_timeline")
MADE = f"""
create or replace table {TIMELINE} as select
    'event ' || event as event_id, 'billing:' || event % 5 as account_id,
    (event * 1.25)::decimal(18, 4) as amount, timestamp '2011-12-01 08:30:00.123456' as occurred_at,
    if(event % 500 = 3, null, date '2011-10-01' + (event % 90)::integer) as occurred_on,
    null::varchar as outcome, 'online_retail' as source, 'a.csv' as source_file, event as source_row
from range(2000) as made(event);
create or replace table {PRODUCTS} as select
    'billing:' || event % 5 as account_id, 'product ' || event as product_code, event as units
from range(600) as made(event)
"""
PAID = f"update {TIMELINE} set outcome = 'paid' where source_row in (7, 40, 41)"
SOLD = f"update {PRODUCTS} set units = units + 1 where units in (3, 4)"


@pytest.fixture
def connection(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse.connect(home) as opened:
        write_marts(opened, marts=SLIM)
        opened.execute(MADE)
        frozen_notes.prepare(opened)
        yield opened


@pytest.fixture(autouse=True)
def no_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """No part is compared with the warehouse because its turn has come: the rest must do."""
    monkeypatch.setattr(frozen_changes, "TURNS", 2**256)


def change(connection: duckdb.DuckDBPyConnection, *statements: str) -> None:
    """Change tables, and note what differs as models do."""
    connection.execute("begin")
    for name in contract.KEYS:
        connection.execute(f"create or replace temp table before_{name} as from reporting.{name}")
    for statement in statements:
        connection.execute(statement)
    for name in contract.KEYS:
        now, before = f"reporting.{name}", f"before_{name}"
        connection.execute(
            f"insert into {frozen_notes.relation(name)} "
            f"select *, 1 from (from {now} except all from {before}) "
            f"union all select *, -1 from (from {before} except all from {now})"
        )
    connection.execute("commit")


def frozen(home: Home, connection: duckdb.DuckDBPyConnection, fingerprint: str | None = "one") -> Candidate:
    """Frozen, and found to hold what the warehouse does."""
    candidate = freeze(home, connection, facts(date(2011, 12, 9)), fingerprint)
    candidate.check()
    for name in contract.KEYS:
        table = candidate.tables[name]
        assert table.hashes == hashing.hash_table(
            connection, f"reporting.{name}", month=contract.MONTHLY.get(name)
        )
        differing = "(from {} except all from {})".format
        there = f"reporting.{name}"
        assert (
            connection.execute(
                f"from {differing(there, table.relation)} union all from {differing(table.relation, there)}"
            ).fetchall()
            == []
        )
    return candidate


def inodes(candidate: Candidate, name: str = "account_timeline") -> dict[str, int]:
    return {part: held.path.stat().st_ino for part, held in candidate.tables[name].parts.items()}


def changed(candidate: Candidate, name: str = "account_timeline") -> set[str]:
    return {part for part, held in candidate.tables[name].parts.items() if held.changes}


def test_rows_that_changed_stand_beside_the_file(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    first = frozen(home, connection)
    for day in (1, 2):
        change(connection, PAID if day == 1 else PAID.replace("paid", "paid twice"), SOLD)
        again = frozen(home, connection)
        assert inodes(again) == inodes(first)
        assert inodes(again, "account_products") == inodes(first, "account_products")
        assert changed(again) == {"2011-10", "2011-11"}
        assert changed(again, "account_products") == {"all"}
        beside = [
            held.changes.path for held in again.tables["account_timeline"].parts.values() if held.changes
        ]
        assert connection.execute(f"select count(*) from {hashing.parquet(*beside)}").fetchall() == [(6,)]
    assert again.content_hash != first.content_hash


def test_what_changes_back_or_moves_to_another_month_and_back_leaves_nothing(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    first = frozen(home, connection)
    move = f"update {TIMELINE} set occurred_on = date '{{}}' where source_row = 7"
    change(connection, move.format("2011-12-03"))
    moved = frozen(home, connection)
    assert changed(moved) == {"2011-10", "2011-12"}
    change(connection, move.format("2011-11-09"), PAID)
    assert changed(frozen(home, connection)) == {"2011-10", "2011-11"}
    change(connection, move.format("2011-10-08"), f"update {TIMELINE} set outcome = null")
    again = frozen(home, connection)
    assert changed(again) == set()
    assert again.stored_hash == first.stored_hash


def test_months_that_come_go_or_change_much_are_written(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    first = frozen(home, connection)
    change(connection, f"update {TIMELINE} set occurred_on = date '2012-01-05' where source_row = 7")
    come = frozen(home, connection)
    assert changed(come) == {"2011-10"}
    assert {**inodes(come), "2012-01": 0} == {**inodes(first), "2012-01": 0}
    change(connection, f"delete from {TIMELINE} where occurred_on >= date '2012-01-01'", PAID)
    assert "2012-01" not in frozen(home, connection).tables["account_timeline"].parts
    change(connection, f"update {TIMELINE} set amount = 1 where month(occurred_on) = 11", SOLD)
    most = frozen(home, connection)
    assert changed(most) == {"2011-10"}
    assert inodes(most)["2011-12"] == inodes(first)["2011-12"]
    change(connection, f"update {PRODUCTS} set units = 0 where units < 300")
    assert changed(frozen(home, connection), "account_products") == set()
    change(connection, f"delete from {TIMELINE}")
    assert frozen(home, connection).tables["account_timeline"].rows == 0
    change(connection, MADE)
    assert frozen(home, connection).stored_hash == first.stored_hash


@pytest.mark.parametrize("seed", range(4))
def test_after_any_changes_the_rows_are_the_warehouse_s(
    home: Home, connection: duckdb.DuckDBPyConnection, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    monkeypatch.setattr(frozen_changes, "MOST_CHANGED", random.choice((0.01, 0.1)))
    frozen(home, connection)
    for _ in range(6):
        number, other = random.randrange(2000), random.randrange(90)
        possible = [
            PAID,
            SOLD,
            f"update {TIMELINE} set occurred_on = date '2011-11-01' + {other} where source_row % 97 = 9",
            f"update {TIMELINE} set occurred_on = null where source_row = {number}",
            f"update {TIMELINE} set source_file = 'b.csv' where source_row % 200 = {other}",
            f"delete from {TIMELINE} where source_row between {number} and {number + 20}",
            f"insert into {TIMELINE} select * replace ('new ' || event_id || {number} as event_id) "
            f"from {TIMELINE} where source_row % 50 = {number % 50}",
            f"delete from {PRODUCTS} where units % 40 = {other}",
            f"insert into {PRODUCTS} values ('billing:1', 'new {number}', 1), (null, 'new {number}', 2)",
        ]
        for _ in range(random.randrange(3)):
            change(connection, *random.sample(possible, 2))
        frozen(home, connection, random.choice(("one", "two", None)))


def test_rows_that_are_double_are_written_whole(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    frozen(home, connection)
    double = f"insert into {TIMELINE} from {TIMELINE} where source_row in (7, 8)"
    change(connection, double)
    frozen(home, connection)
    change(connection, double, double)
    frozen(home, connection)
    change(connection, f"update {TIMELINE} set amount = 0 where source_row = 7 and rowid < 100")
    frozen(home, connection)


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


def spoil_file(candidate: Candidate, *_: Path) -> None:
    _spoil(candidate.tables["account_timeline"].parts["2011-10"].path)
    _spoil(candidate.tables["account_products"].parts["all"].path)


def spoil_changes(candidate: Candidate, *_: Path) -> None:
    for table in candidate.tables.values():
        for part in table.parts.values():
            if part.changes:
                _spoil(part.changes.path)


def lose_file(candidate: Candidate, *_: Path) -> None:
    candidate.tables["account_timeline"].parts["2011-12"].path.unlink()
    candidate.tables["account_timeline"].parts["2011-10"].path.unlink()


def lose_hashes(_: Candidate, kept: Path) -> None:
    for path in kept.rglob("*"):
        if path.is_file():
            path.unlink()


def spoil_hashes(_: Candidate, kept: Path) -> None:
    found = [path for path in kept.rglob("*.*") if path.is_file()]
    assert found
    for path in found:
        content = bytearray(path.read_bytes())
        # Of a bucket's rows, not of what vouches for them.
        content[-1 - 32 * 100 :] = os.urandom(1 + 32 * 100)
        path.write_bytes(content)


def _spoil(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"damaged")


@pytest.mark.parametrize("spoil", [spoil_file, spoil_changes, lose_file, lose_hashes, spoil_hashes])
def test_what_is_damaged_or_missing_is_made_anew(
    home: Home, connection: duckdb.DuckDBPyConnection, spoil: Callable[..., None]
) -> None:
    frozen(home, connection)
    change(connection, PAID, SOLD)
    second = frozen(home, connection)
    assert changed(second)
    spoil(second, home.scratch / freezing.ROW_HASHES)
    change(connection, f"update {TIMELINE} set outcome = 'late' where source_row % 300 = 1", SOLD)
    frozen(home, connection)


def test_damaged_changes_are_found_by_a_check(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    frozen(home, connection)
    change(connection, PAID)
    candidate = frozen(home, connection)
    spoil_changes(candidate)
    with pytest.raises(ContentChanged, match=r"2011-10\.changes\.parquet\) was changed"):
        candidate.check(rows=False)
    for part in candidate.tables["account_timeline"].parts.values():
        if part.changes:
            part.changes.path.unlink()
    with pytest.raises(ContentChanged, match=r"2011-10\.changes\.parquet\) is missing"):
        candidate.check(rows=False)


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


def test_hashes_are_not_made_again_but_of_what_changed(
    home: Home, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen(home, connection)
    change(connection, PAID, SOLD)
    frozen(home, connection)
    rehashed: list[int] = []
    make = sorted_hashes.SortedHashes._rehashed

    def counting(self, touched):  # type: ignore[no-untyped-def]
        rehashed.append(len(list(touched)))
        return make(self, touched)

    monkeypatch.setattr(sorted_hashes.SortedHashes, "_rehashed", counting)
    change(connection, PAID.replace("paid", "late"))
    freeze(home, connection, facts(date(2011, 12, 9)), "one")
    # Before and after, by content and by all columns, of two months; two hashes a row that changed.
    assert len(rehashed) == 8
    assert max(rehashed) <= 4


def published(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    """Frozen, published and found in the file as it is in the warehouse."""
    publish(home, audit(home, frozen(home, connection)).content_hash)
    found = verify(home)
    assert found.exit_code == 0, found
    connection.execute(f"attach {hashing.literal(database(home))} as readable (read_only)")
    try:
        for name in contract.KEYS:
            assert connection.execute(
                f"select count(*) from (from reporting.{name} except all from readable.reporting.{name})"
            ).fetchall() == [(0,)]
    finally:
        connection.execute("detach readable")


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, frozenset[str]]]:
    """Which parts of large tables were compared row by row in order to be published."""
    found: list[tuple[str, frozenset[str]]] = []
    replace = duckdb_tables._replace

    def noted(connection, edition, table, changed):  # type: ignore[no-untyped-def]
        if table.name in contract.KEYS:
            found.append((table.name, frozenset(changed)))
        replace(connection, edition, table, changed)

    monkeypatch.setattr(duckdb_tables, "_replace", noted)
    return found


def test_only_what_changed_beside_the_file_is_published(
    home: Home, connection: duckdb.DuckDBPyConnection, compared: list[tuple[str, frozenset[str]]]
) -> None:
    published(home, connection)
    for step in (
        (PAID, SOLD),
        (PAID.replace("paid", "late"), f"delete from {PRODUCTS} where units = 200"),
        (f"update {TIMELINE} set occurred_on = date '2011-12-01' where source_row = 7",),
        (f"update {TIMELINE} set occurred_on = date '2011-11-15' where source_row = 7",),
        (f"update {TIMELINE} set outcome = null, occurred_on = date '2011-10-08' where source_row = 7",),
    ):
        change(connection, *step)
        published(home, connection)
    assert compared == []
    change(connection, f"update {TIMELINE} set amount = 1 where month(occurred_on) = 11", SOLD)
    published(home, connection)
    assert compared == [("account_timeline", {"2011-11"})]


def test_what_stood_beside_an_earlier_file_is_not_trusted_when_it_is_damaged(
    home: Home, connection: duckdb.DuckDBPyConnection, compared: list[tuple[str, frozenset[str]]]
) -> None:
    published(home, connection)
    change(connection, PAID)
    published(home, connection)
    earlier = [Candidate.read(home, candidate.name) for candidate in home.candidates.iterdir()]
    change(connection, PAID.replace("paid", "late"))
    candidate = audit(home, frozen(home, connection))
    for each in earlier:
        spoil_changes(each)
    publish(home, candidate.content_hash)
    assert compared == [("account_timeline", {"2011-10", "2011-11"})]
    assert verify(home).exit_code == 0


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


def test_a_file_of_other_rows_is_compared_row_by_row(
    home: Home,
    connection: duckdb.DuckDBPyConnection,
    compared: list[tuple[str, frozenset[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    published(home, connection)
    begin = duckdb_tables.change

    def spoiled(file: duckdb.DuckDBPyConnection, edition: Edition, base: Base) -> None:
        file.execute("update target.reporting.account_timeline set amount = 3 where source_row = 7")
        begin(file, edition, base)

    change(connection, PAID, SOLD)
    candidate = audit(home, frozen(home, connection))
    with monkeypatch.context() as patched:
        patched.setattr(duckdb_tables, "change", spoiled)
        publish(home, candidate.content_hash)
    assert compared == [("account_timeline", {"2011-10", "2011-11"})]
    assert verify(home).exit_code == 0


def test_a_file_that_does_not_become_what_was_frozen_is_not_published(
    home: Home, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(home, connection)
    change(connection, PAID)
    candidate = audit(home, frozen(home, connection))
    find = duckdb_tables.in_months
    monkeypatch.setattr(duckdb_tables, "in_months", lambda *given: f"{find(*given)} and source_row <> 8")
    with pytest.raises(ThermoclineError, match=r"rows of account_timeline that changed .* aren't those"):
        publish(home, candidate.content_hash)


def test_other_targets_get_the_rows_too(with_postgres: Home, connection: duckdb.DuckDBPyConnection) -> None:
    with company.path(with_postgres).open("a", encoding="utf-8") as file:
        file.write("  - {kind: parquet, location: lake}\n")
    published(with_postgres, connection)
    change(connection, PAID, SOLD)
    published(with_postgres, connection)
    change(connection, f"update {TIMELINE} set outcome = null", SOLD)
    published(with_postgres, connection)


def test_without_the_candidate_all_rows_are_looked_at(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    published(home, connection)
    change(connection, PAID, SOLD)
    for candidate in home.candidates.iterdir():
        shutil.rmtree(candidate)
    published(home, connection)
