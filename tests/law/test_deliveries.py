"""Whole runs: in what order deliveries land changes nothing, and one that stays out makes nobody cold."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from screened import Screened
from thermocline import warehouse
from thermocline.build import Built, build
from thermocline.home import Home
from thermocline.sources.catalogue import adopt
from thermocline.sources.landing import land


@pytest.fixture
def twin(example: Screened, tmp_path: Path) -> Home:
    """A home without data, under the example's scorecard and with its dbt project parsed and unit-tested."""
    return example.begin(tmp_path / "home", "company.yml", "scorecards.csv")


def bring(home: Home, exports: Path, example: Screened) -> Built:
    adopt(home, exports)
    for system in ("crm", "billing"):
        land(home, system, exports, settle_seconds=0)
    return build(home, example.built.as_of)


@pytest.fixture
def exports(example: Screened, tmp_path: Path) -> Path:
    shutil.copytree(example.exports, tmp_path / "exports")
    return tmp_path / "exports"


def test_the_newest_delivery_first_and_the_others_later_give_the_same_content(
    example: Screened, twin: Home, exports: Path, tmp_path: Path
) -> None:
    days = sorted(folder.name for folder in (exports / "crm").iterdir())
    later = days[-3:-1] + days[:-5]
    for system in ("crm", "billing"):
        for day in later:
            shutil.move(exports / system / day, tmp_path / "later" / system / day)
    first = bring(twin, exports, example)
    assert first.content_hash != example.built.content_hash
    for system in ("crm", "billing"):
        for day in later:
            shutil.move(tmp_path / "later" / system / day, exports / system / day)
    assert bring(twin, exports, example).content_hash == example.built.content_hash


@pytest.fixture
def late(example: Screened, twin: Home, exports: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of a run as of a day of which billing delivered no documents."""
    for name in ("Invoices.csv", "InvoiceLines.csv", "CreditNotes.csv"):
        (exports / "billing" / str(example.built.as_of) / name).unlink()
    bring(twin, exports, example)
    with closing(warehouse.connect(twin, read_only=True)) as connection:
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
