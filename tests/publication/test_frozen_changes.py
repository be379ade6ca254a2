"""What models noted of a table brings what was frozen up to date: always the warehouse's rows."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

import duckdb
import pytest
from made_company import facts
from noted_company import (
    MADE,
    PAID,
    PRODUCTS,
    SOLD,
    TIMELINE,
    change,
    changed,
    frozen,
    inodes,
    spoil,
    spoil_changes,
)
from thermocline import (
    freezing,
    frozen_changes,
    hashing,
    sorted_hashes,
)
from thermocline.candidate import Candidate
from thermocline.errors import ContentChanged
from thermocline.freezing import freeze
from thermocline.home import Home

pytestmark = pytest.mark.usefixtures("no_turns")


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


def test_notes_of_more_rows_than_memory_is_for_are_not_fetched(
    home: Home, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen(home, connection)
    monkeypatch.setattr(frozen_changes, "MOST_NOTED", 5)
    # Three rows of the timeline and two of products, each as it was and is.
    change(connection, PAID, SOLD)
    again = frozen(home, connection)
    assert changed(again) == set()
    assert changed(again, "account_products") == {"all"}


def test_rows_that_are_double_are_written_whole(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    frozen(home, connection)
    double = f"insert into {TIMELINE} from {TIMELINE} where source_row in (7, 8)"
    change(connection, double)
    frozen(home, connection)
    change(connection, double, double)
    frozen(home, connection)
    change(connection, f"update {TIMELINE} set amount = 0 where source_row = 7 and rowid < 100")
    frozen(home, connection)


def spoil_file(candidate: Candidate, *_: Path) -> None:
    spoil(candidate.tables["account_timeline"].parts["2011-10"].path)
    spoil(candidate.tables["account_products"].parts["all"].path)


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


def test_hashes_are_not_made_again_but_of_what_changed(
    home: Home, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen(home, connection)
    change(connection, PAID, SOLD)
    frozen(home, connection)
    rehashed: list[int] = []
    make = sorted_hashes.SortedHashes._rehashed

    def counting(self, touched, first):  # type: ignore[no-untyped-def]
        rehashed.append(len(list(touched)))
        return make(self, touched, first)

    monkeypatch.setattr(sorted_hashes.SortedHashes, "_rehashed", counting)
    change(connection, PAID.replace("paid", "late"))
    freeze(home, connection, facts(date(2011, 12, 9)), "one")
    # By content and by all columns, of two months; two hashes a row that changed.
    assert len(rehashed) == 4
    assert max(rehashed) <= 4
