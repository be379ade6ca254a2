"""Whole runs: in what order deliveries land changes nothing, and one that stays out makes nobody cold."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from in_parts import InParts
from screened import Screened
from thermocline import warehouse
from thermocline.building.build import build
from thermocline.landing.land import land


def test_the_newest_delivery_first_and_the_others_later_give_the_same_content(
    example: Screened, delivered_in_parts: InParts
) -> None:
    first, whole = delivered_in_parts.first.screened, delivered_in_parts.whole.screened
    assert first.built.content_hash != example.built.content_hash
    assert whole.built.content_hash == example.built.content_hash


@pytest.fixture
def late(
    example: Screened, delivered_in_parts: InParts, tmp_path: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of a run as of a day of which billing delivered no documents."""
    first = delivered_in_parts.first.screened
    home, exports = first.copy(tmp_path / "home"), tmp_path / "exports"
    shutil.copytree(first.exports, exports)
    for name in ("Invoices.csv", "InvoiceLines.csv", "CreditNotes.csv"):
        (exports / "billing" / str(example.built.as_of) / name).unlink()
    for system in ("crm", "billing"):
        land(home, system, exports, settle_seconds=0)
    build(home, example.built.as_of, last_whole_day=example.built.as_of)
    with closing(warehouse.connect(home, read_only=True)) as connection:
        connection.execute(f"attach '{example.home.warehouse}' as complete (read_only)")
        yield connection


def test_leaving_out_the_newest_export_turns_nobody_cold_and_says_stale(
    example: Screened, late: duckdb.DuckDBPyConnection
) -> None:
    eve = f"date '{example.built.as_of}' - 1"
    assert late.execute(
        "select kind_of_file, watermark_on from screening.int_feeds_watched where is_late order by all"
    ).fetchall() == [
        (kind, late.execute(f"select {eve}").fetchone()[0])
        for kind in ("credit_notes", "invoice_lines", "invoices")
    ]
    invoiced = "select distinct account_id from activity.fct_invoices where account_id is not null"
    stale, fresh = late.execute(
        f"""
        select
            count(*) filter (data_state = 'stale' and cools_on is null and account_id in ({invoiced})),
            count(*) filter (data_state <> 'stale' and account_id not in ({invoiced}))
        from reporting.account_segments
        """
    ).fetchone()
    assert stale > 50
    assert late.execute("select count(*) from reporting.account_segments").fetchone() == (stale + fresh,)
    cooled = f"""
        select now.account_id
        from reporting.account_segments as now
        inner join complete.reporting.account_temperature_history as before using (account_id)
        where now.data_state = 'stale' and now.temperature = 'cold' and before.temperature = 'hot'
            and {eve} >= before.valid_from and coalesce({eve} < before.valid_to, true)
    """
    assert late.execute(cooled).fetchall() == []
