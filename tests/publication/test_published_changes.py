"""What stands beside frozen files is published by changing these rows alone."""

import shutil

import duckdb
import pytest
from made_company import audit
from noted_company import PAID, PRODUCTS, SOLD, TIMELINE, change, frozen, spoil_changes
from thermocline import (
    company,
    contract,
    hashing,
)
from thermocline.candidate import Candidate
from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.publication import database, publish
from thermocline.targets import Base, Edition, duckdb_tables
from thermocline.verification import verify

pytestmark = pytest.mark.usefixtures("no_turns")


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
