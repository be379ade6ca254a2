"""A company of five accounts whose two large tables change as models change them, with notes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
from made_company import SLIM, facts, write_marts
from thermocline import (
    contract,
    frozen_notes,
    hashing,
    warehouse,
)
from thermocline.candidate import Candidate
from thermocline.freezing import freeze
from thermocline.home import Home

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


@contextmanager
def standing(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse.connect(home) as opened:
        write_marts(opened, marts=SLIM)
        opened.execute(MADE)
        frozen_notes.prepare(opened)
        yield opened


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


def spoil_changes(candidate: Candidate, *_: Path) -> None:
    for table in candidate.tables.values():
        for part in table.parts.values():
            if part.changes:
                spoil(part.changes.path)


def spoil(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"damaged")
