"""A build is spared only where nothing that a model reads has changed."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from thermocline import configuration, freshness, warehouse
from thermocline.company import Company
from thermocline.home import Home
from thermocline.sources.canonical import create_raw

COMPANY = Company("EUR")
DAY = date(2026, 6, 30)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    home = Home(tmp_path / "home").prepare()
    with closing(warehouse.connect(home)) as opened:
        create_raw(opened)
        configuration.load(home, opened)
        yield opened


def made_of(connection: duckdb.DuckDBPyConnection, company: Company = COMPANY, day: date = DAY) -> str:
    return freshness.fingerprint(connection, company, day, "project")


def test_the_same_input_has_the_same_fingerprint_in_any_order(connection: duckdb.DuckDBPyConnection) -> None:
    files = "insert into raw.files (file_id, source, sha256) values"
    connection.execute(f"{files} (1, 'a', 'x'), (2, 'a', 'y')")
    first = made_of(connection)
    connection.execute("delete from raw.files")
    connection.execute(f"{files} (2, 'a', 'y'), (1, 'a', 'x')")
    assert made_of(connection) == first


@pytest.mark.parametrize(
    "change",
    [
        "insert into raw.files (file_id, source, sha256) values (1, 'a', 'x')",
        "insert into raw.deliveries (file_id, delivery_key) values (1, '2026-06-30')",
        "insert into config.overrides (account_id) values ('crm:1')",
        "insert into config.scorecards (scorecard_version) values (2)",
        "insert into config.account_links (crm_account_id) values ('crm:1')",
        "insert into config.exchange_rates (currency) values ('USD')",
        "insert into config.playbooks (playbook) values ('call')",
    ],
)
def test_any_new_row_of_input_is_noticed(connection: duckdb.DuckDBPyConnection, change: str) -> None:
    before = made_of(connection)
    connection.execute(change)
    assert made_of(connection) != before


def test_another_day_company_or_project_is_noticed(connection: duckdb.DuckDBPyConnection) -> None:
    others = {
        made_of(connection),
        made_of(connection, day=date(2026, 6, 29)),
        made_of(connection, company=replace(COMPANY, reporting_currency="USD")),
        made_of(connection, company=replace(COMPANY, time_zone="Europe/Berlin")),
        made_of(connection, company=replace(COMPANY, test_account_names="^Demo ")),
        freshness.fingerprint(connection, COMPANY, DAY, "another project"),
    }
    assert len(others) == 6


def test_a_build_that_began_and_did_not_finish_spares_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    assert freshness.last_finished(connection) is None
    finished = freshness.Finished("abc", 108)
    freshness.begin(connection)
    freshness.finish(connection, finished)
    assert freshness.last_finished(connection) == finished
    freshness.begin(connection)
    assert freshness.last_finished(connection) is None
