"""Row hashes that are kept: a part's hashes are the same with them, without them and with wrong ones."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from thermocline import frozen_table, hashing, kept_row_hashes
from thermocline.errors import ThermoclineError

ROWS = """
select 'event ' || event as event_id, date '2026-01-01' + (event % 80)::integer as occurred_on,
    if(event % 7 = 0, null, event)::decimal(18, 4) as amount, 'a.csv' as source_file
from range(3000) as made(event)
"""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(f"create table made as {ROWS} union all ({ROWS} limit 5)")
        yield opened


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows were hashed, each time that some were."""
    counted: list[int] = []
    query = kept_row_hashes._made

    def counting(*given: object, is_few: bool) -> kept_row_hashes.HashedRows:
        made = query(*given, is_few=is_few)  # type: ignore[arg-type]
        counted.append(len(made.first))
        return made

    monkeypatch.setattr(kept_row_hashes, "_made", counting)
    return counted


def check(connection: duckdb.DuckDBPyConnection, kept: Path | None, relation: str = "made") -> None:
    """The part's hashes are those of the table, and its sum is what the database says."""
    columns = hashing.columns_of(connection, relation)
    found, total = kept_row_hashes.hash_part(connection, relation, columns, kept)
    assert found == hashing.hash_table(connection, relation).parts[hashing.WHOLE]
    assert connection.execute(
        f"select coalesce(sum({kept_row_hashes.fingerprint(columns)}), 0) from {relation}"
    ).fetchall() == [(total,)]


def test_only_rows_that_changed_are_hashed(
    connection: duckdb.DuckDBPyConnection, hashed: list[int], tmp_path: Path
) -> None:
    kept = tmp_path / "made" / "all"
    check(connection, kept)
    check(connection, kept)
    connection.execute("update made set amount = amount + 0.0001 where event_id = 'event 8'")
    connection.execute("update made set source_file = 'b.csv' where event_id in ('event 3', 'event 9')")
    connection.execute("update made set amount = 0 where event_id = 'event 14'")
    connection.execute("delete from made where event_id = 'event 5'")
    check(connection, kept)
    check(connection, kept)
    # Record 3 is there twice.
    assert hashed == [3005, 5]
    connection.execute("update made set amount = 1")
    check(connection, kept)
    assert hashed[2:] == [3004]


def test_rows_of_content_alone_and_no_rows_are_kept_too(
    connection: duckdb.DuckDBPyConnection, hashed: list[int], tmp_path: Path
) -> None:
    connection.execute("create table narrow as select amount from made")
    check(connection, tmp_path / "narrow", "narrow")
    check(connection, tmp_path / "narrow", "narrow")
    connection.execute("delete from narrow")
    check(connection, tmp_path / "narrow", "narrow")
    check(connection, tmp_path / "narrow", "narrow")
    assert sum(hashed) == 3005


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:0],
        lambda content: content[:20],
        lambda content: content[:-8],
        lambda content: content + b"\0" * 8,
        lambda content: content[:50_000] + bytes([content[50_000] ^ 1]) + content[50_001:],
        lambda content: bytes([content[0] ^ 1]) + content[1:],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    ],
    ids=["empty", "a stump", "cut", "longer", "a bit of a row", "a bit of the shape", "a bit of the sum"],
)
def test_a_damaged_file_counts_for_nothing(
    connection: duckdb.DuckDBPyConnection, hashed: list[int], tmp_path: Path, spoil: object
) -> None:
    kept = tmp_path / "all"
    check(connection, kept)
    kept.write_bytes(spoil(kept.read_bytes()))  # type: ignore[operator]
    check(connection, kept)
    assert hashed == [3005, 3005]
    check(connection, kept)
    assert len(hashed) == 2


def test_a_file_of_another_table_or_columns_counts_for_nothing(
    connection: duckdb.DuckDBPyConnection, hashed: list[int], tmp_path: Path
) -> None:
    kept = tmp_path / "all"
    check(connection, kept)
    for other in (
        "create table other as select * replace (amount::decimal(18, 9) as amount) from made",
        "create or replace table other as select * rename (source_file as outcome) from made",
        "create or replace table other as select occurred_on, * exclude (occurred_on) from made",
    ):
        connection.execute(other)
        check(connection, kept, "other")
    assert hashed == [3005] * 4
    connection.execute(
        "create or replace table other as select * replace ('x' || event_id as event_id) from made"
    )
    check(connection, kept, "other")
    assert hashed == [3005] * 5


def test_a_place_that_cannot_be_written_or_read_costs_time_only(
    connection: duckdb.DuckDBPyConnection, hashed: list[int], tmp_path: Path
) -> None:
    (tmp_path / "all" / "in the way").mkdir(parents=True)
    (tmp_path / "no folder").touch()
    for kept in (None, tmp_path / "all", tmp_path / "no folder" / "all"):
        check(connection, kept)
    assert hashed == [3005] * 3


def test_different_rows_with_one_first_fingerprint_are_told_apart(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        kept_row_hashes, "fingerprint", lambda columns: f"hash({', '.join(columns)}) % 2000::ubigint"
    )
    check(connection, tmp_path / "all")
    connection.execute("update made set amount = amount + 1")
    check(connection, tmp_path / "all")


def test_rows_are_fetched_in_slices(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_row_hashes, "ROWS_AT_ONCE", 700)
    monkeypatch.setattr(hashing, "ROWS_AT_ONCE", 700)
    check(connection, tmp_path / "all")
    check(connection, tmp_path / "all")


def test_sums_beyond_64_bits_are_exact() -> None:
    many = np.full(1000, 2**64 - 1, dtype=np.uint64)
    assert kept_row_hashes.total(many) == 1000 * (2**64 - 1)


def freeze(connection: duckdb.DuckDBPyConnection, tmp_path: Path, number: int) -> frozen_table.FrozenTable:
    folder = tmp_path / str(number)
    folder.mkdir()
    return frozen_table.write(
        connection, "from made", folder, "account_timeline", None, tmp_path / "row_hashes"
    )


def test_a_frozen_table_has_its_rows_hashes_whatever_was_kept(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen_table, "MONTHS_AT_ONCE", 2)
    connection.execute("update made set occurred_on = null where event_id = 'event 7'")
    kept = tmp_path / "row_hashes" / "account_timeline"
    for number, change in enumerate(
        (
            "select 1",
            "update made set amount = 3 where event_id = 'event 100'",
            "delete from made where occurred_on >= date '2026-03-01'",
        )
    ):
        connection.execute(change)
        frozen = freeze(connection, tmp_path, number)
        assert frozen.hashes == frozen.found(connection)
        assert frozen.hashes == hashing.hash_table(connection, "made", month="occurred_on")
        assert {path.name for path in kept.iterdir()} == set(frozen.parts)
    assert set(frozen.parts) == {"2026-01", "2026-02", "undated"}


def test_a_file_that_lacks_rows_is_refused(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        hashing,
        "in_months",
        lambda column, _: f"{column} > '2026-01-09'",
    )
    with pytest.raises(ThermoclineError, match=r"2026-01\.parquet doesn't hold the rows of account_timeline"):
        freeze(connection, tmp_path, 1)
