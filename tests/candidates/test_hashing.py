"""Content and stored hashes, against a plain Python reading of their definition."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import FULL, write_marts
from thermocline import sql
from thermocline.candidates import hashing
from thermocline.candidates.contract import HASHED
from thermocline.errors import ThermoclineError

COLUMNS = {
    "zone": "varchar",
    "amount": "decimal(18,4)",
    "heat": "decimal(18,9)",
    "is_hot": "boolean",
    "seen_on": "date",
    "seen_at": "timestamp",
    "logged_at": "timestamp with time zone",
    "times": "bigint",
    "source_row": "bigint",
    "publication_id": "varchar",
}
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))
CELLS = {
    "varchar": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    "decimal(18,4)": st.decimals("-99999999999999", "99999999999999", places=4),
    "decimal(18,9)": st.decimals("-999999999", "999999999", places=9),
    "boolean": st.booleans(),
    "date": st.dates(),
    "timestamp": MOMENTS,
    "timestamp with time zone": MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)),
    "bigint": st.integers(-(2**63), 2**63 - 1),
}
ROWS = st.lists(st.tuples(*(st.none() | CELLS[kind] for kind in COLUMNS.values())), max_size=12)


def text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        since = value.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return str((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def oracle(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    """A table's hash over these columns, by the definition and nothing else."""
    buckets: dict[str, list[str]] = {}
    for row in rows:
        cells = dict(zip(COLUMNS, row, strict=True))
        texts = [None if cells[name] is None else text(cells[name]) for name in sorted(names)]
        joined = "".join("n" if each is None else f"s{len(each.encode())}:{each}" for each in texts)
        row_hash = hashlib.sha256(joined.encode()).hexdigest()
        buckets.setdefault(row_hash[:3], []).append(row_hash)
    hashed = (
        hashlib.sha256("".join(sorted(bucket)).encode()).hexdigest() for _, bucket in sorted(buckets.items())
    )
    return hashlib.sha256("".join(hashed).encode()).hexdigest()


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("set TimeZone = 'Asia/Tokyo'")
        declared = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        opened.execute(f"create table made ({declared})")
        yield opened


def fill(connection: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]]) -> None:
    connection.execute("delete from made")
    if rows:
        connection.executemany(f"insert into made values ({', '.join('?' * len(COLUMNS))})", rows)


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, seed=st.randoms())
def test_hashes_agree_with_their_definition_in_any_order(
    connection: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]], seed: Any
) -> None:
    seed.shuffle(rows)
    fill(connection, rows)
    found = hashing.hash_table(connection, "made")
    assert found.rows == len(rows)
    assert found.stored == oracle(list(COLUMNS), rows)
    assert found.content == oracle(
        [name for name in COLUMNS if name not in ("source_row", "publication_id")], rows
    )


@settings(max_examples=15, deadline=None)
@given(rows=ROWS)
def test_a_table_in_months_is_hashed_month_by_month(
    connection: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]]
) -> None:
    fill(connection, rows)
    found = hashing.hash_table(connection, "made", month="seen_on")
    day, months = list(COLUMNS).index("seen_on"), dict[str, list[tuple[Any, ...]]]()
    for row in rows:
        month = "undated" if row[day] is None else row[day].isoformat()[:7]
        months.setdefault(month, []).append(row)
    lines = [f"{month} {oracle(list(COLUMNS), months[month])}\n" for month in sorted(months)]
    assert found.stored == hashlib.sha256("".join(lines).encode()).hexdigest()
    assert found.rows == len(rows)
    if rows:
        assert {month: part.rows for month, part in found.parts.items()} == {
            month: len(held) for month, held in months.items()
        }


def test_tables_files_and_attached_databases_hash_alike(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection, [])
    connection.execute(
        "insert into made select 'Zoë', 1.5, null, true, '2011-12-09', "
        "'2011-12-09 08:26:00.000001', '2011-12-09 08:26:00.000001+00', 7, range, null "
        "from range(5000)"
    )
    odd = tmp_path / "it's [a] file*?.parquet"
    connection.execute(f"copy made to {sql.literal(odd)} (format parquet)")
    connection.execute(f"attach {sql.literal(tmp_path / 'x.duckdb')} as other")
    connection.execute('create table other."a ""name" as from made order by source_row desc')
    hashes = {
        relation: hashing.hash_table(connection, relation)
        for relation in ("made", sql.parquet(odd), sql.quoted("other", 'a "name'))
    }
    connection.execute("detach other")
    assert len({(each.content, each.stored, each.rows) for each in hashes.values()}) == 1


def test_tables_grouped_in_parts_hash_alike(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute("create or replace table wide as select range as times from range(5000)")
    whole = hashing.hash_table(connection, "wide")
    for at_once in (2_000, 100):
        monkeypatch.setattr(hashing, "ROWS_AT_ONCE", at_once)
        assert hashing.hash_table(connection, "wide") == whole


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        write_marts(opened, marts=FULL)
        yield opened


def hashes(marts: duckdb.DuckDBPyConnection, statement: str) -> tuple[str, str]:
    """Content and stored hash of all marts after a statement, which is taken back."""
    marts.execute(f"begin; {statement}")
    try:
        tables = {
            name: hashing.hash_table(marts, sql.quoted("reporting", name)) for name in (*HASHED, "scorecards")
        }
    finally:
        marts.execute("rollback")
    return hashing.content_hash(tables), hashing.stored_hash(tables)


@pytest.fixture(scope="module")
def untouched(marts: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    return hashes(marts, "select 1")


@pytest.mark.parametrize(
    "statement",
    [
        "update reporting.account_segments set heat = heat + 0.000000001 where account_code = '2'",
        "update reporting.account_segments set account_name = '' where account_name is null",
        "update reporting.account_timeline set occurred_at = occurred_at + interval 1 microsecond "
        "where event_id = 'billing:1:1'",
        "delete from reporting.segment_summary where temperature = 'hot'",
        "insert into reporting.account_timeline from reporting.account_timeline limit 1",
        "alter table reporting.segment_summary rename column accounts to accounts_counted",
    ],
)
def test_one_difference_changes_both_hashes(
    marts: duckdb.DuckDBPyConnection, untouched: tuple[str, str], statement: str
) -> None:
    content, stored = hashes(marts, statement)
    assert content != untouched[0]
    assert stored != untouched[1]


@pytest.mark.parametrize(
    ("statement", "stored_changes"),
    [
        (
            "create or replace table reporting.account_timeline as "
            "from reporting.account_timeline order by hash(event_id)",
            False,
        ),
        (
            "create or replace table reporting.account_timeline as select source, * exclude (source) "
            "from reporting.account_timeline",
            False,
        ),
        ("update reporting.account_timeline set source_file = 'all.csv', source_row = source_row + 9", True),
        ("update reporting.account_segments set publication_id = '2011-12-09-0001'", True),
        ("update reporting.scorecards set is_current = false", True),
    ],
)
def test_packaging_changes_at_most_the_stored_hash(
    marts: duckdb.DuckDBPyConnection,
    untouched: tuple[str, str],
    statement: str,
    stored_changes: bool,
) -> None:
    content, stored = hashes(marts, statement)
    assert content == untouched[0]
    assert (stored != untouched[1]) is stored_changes


def test_a_type_without_exact_text_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create or replace table inexact as select 0.5::double as share")
    with pytest.raises(ThermoclineError, match="column share of inexact has type DOUBLE"):
        hashing.hash_table(connection, "inexact")
