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


def made_of(
    connection: duckdb.DuckDBPyConnection,
    company: Company = COMPANY,
    day: date = DAY,
    project: str = "project",
) -> str:
    return freshness.made_of(connection, company, day, project).fingerprint


def begin(
    connection: duckdb.DuckDBPyConnection,
    day: date = DAY,
    *,
    company: Company = COMPANY,
    full_refresh: bool = False,
) -> str:
    made = freshness.made_of(connection, company, day, "project")
    return freshness.begin(connection, made, day, None, full_refresh=full_refresh)


def finish(connection: duckdb.DuckDBPyConnection, day: date = DAY) -> None:
    """As after a build: what `finish` keeps of the models stands there."""
    connection.execute(
        """
        create schema if not exists staging; create schema if not exists activity;
        create or replace table activity.int_customers_linked as from config.built_customers_linked;
        create or replace table activity.int_accounts_merged as from config.built_accounts_merged;
        create or replace table staging.stg_billing__exchange_rates as from config.built_exchange_rates;
        """
    )
    freshness.finish(connection, freshness.made_of(connection, COMPANY, day, "project"), 108)


def values(connection: duckdb.DuckDBPyConnection, query: str) -> list[object]:
    return [row[0] for row in connection.execute(query).fetchall()]


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
        "insert into raw.feeds_only_with_records values ('kontor', 'credit_notes')",
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
        made_of(connection, project="another project"),
    }
    assert len(others) == 6


@pytest.fixture
def finished(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A build has finished: two files, of which the first is of a full export, and a scorecard."""
    connection.execute(
        "insert into raw.files (file_id, source, feed, kind_of_file, extent, delivery_key, sha256) "
        "values (1, 'crm', 'accounts', 'a', 'full', '2026-06-30', 'x'), "
        "(2, 'crm', 'c', 'c', 'changes', '2', 'y')"
    )
    connection.execute(
        "insert into config.scorecards (scorecard_version, effective_from) values (1, '0001-01-01')"
    )
    assert begin(connection) == freshness.ALL
    finish(connection)
    return connection


def test_a_build_that_began_and_did_not_finish_spares_nothing(finished: duckdb.DuckDBPyConnection) -> None:
    made = made_of(finished)
    assert freshness.last_finished(finished) == freshness.Finished(made, 108)
    begin(finished)
    assert freshness.last_finished(finished) is None
    finish(finished)
    assert freshness.last_finished(finished) == freshness.Finished(made, 108)
    freshness.forget(finished)
    assert freshness.last_finished(finished) is None
    assert begin(finished) == freshness.ALL


def test_only_new_and_moved_files_are_looked_at_and_those_that_a_full_delivery_may_end(
    finished: duckdb.DuckDBPyConnection,
) -> None:
    changed = "select file_id from config.files_changed order by 1"
    assert begin(finished) == freshness.NOTHING
    assert values(finished, changed) == []
    finished.execute("update raw.files set delivery_key = '3' where file_id = 2")
    begin(finished)
    assert values(finished, changed) == [2]
    finished.execute(
        "insert into raw.files (file_id, source, feed, kind_of_file, extent, delivery_key, sha256) "
        "values (3, 'crm', 'accounts', 'a', 'full', '2026-07-01', 'z')"
    )
    assert begin(finished) == freshness.NOTHING
    assert values(finished, changed) == [1, 2, 3]
    finish(finished)
    begin(finished)
    assert values(finished, changed) == []


def test_a_file_moved_and_moved_back_is_looked_at_where_a_build_that_did_not_finish_saw_it_moved(
    finished: duckdb.DuckDBPyConnection,
) -> None:
    changed = "select file_id from config.files_changed order by 1"
    finished.execute("update raw.files set delivery_key = '3' where file_id = 2")
    begin(finished)
    finished.execute("update raw.files set delivery_key = '2' where file_id = 2")
    assert begin(finished) == freshness.NOTHING
    assert values(finished, changed) == [2]
    begin(finished)
    assert values(finished, changed) == [2]
    finish(finished)
    begin(finished)
    assert values(finished, changed) == []


def test_a_file_withdrawn_after_a_build_that_did_not_finish_rebuilds_all(
    finished: duckdb.DuckDBPyConnection,
) -> None:
    finished.execute("insert into raw.files (file_id, source, kind_of_file) values (3, 'crm', 'c')")
    assert begin(finished) == freshness.NOTHING
    finished.execute("delete from raw.files where file_id = 3")
    assert begin(finished) == freshness.ALL
    finish(finished)
    assert begin(finished) == freshness.NOTHING


@pytest.mark.parametrize(
    ("change", "rebuilt"),
    [
        ("delete from raw.files where file_id = 2", freshness.ALL),
        ("update raw.files set conversion = 'of a changed mapping' where file_id = 2", freshness.ALL),
        ("update config.scorecards set hot_at = 2", freshness.SCREENING),
        ("delete from config.scorecards", freshness.SCREENING),
        ("insert into config.overrides (account_id) values ('crm:1')", freshness.NOTHING),
        ("insert into config.account_links (crm_account_id) values ('crm:1')", freshness.NOTHING),
    ],
)
def test_what_single_accounts_cannot_tell_rebuilds_its_layer(
    finished: duckdb.DuckDBPyConnection, change: str, rebuilt: str
) -> None:
    finished.execute(change)
    assert begin(finished) == rebuilt
    # Once begun and not finished, it is still to be done.
    assert begin(finished) == rebuilt


def test_another_time_zone_currency_or_wish_rebuilds_all(finished: duckdb.DuckDBPyConnection) -> None:
    assert begin(finished, full_refresh=True) == freshness.ALL
    finish(finished)
    assert begin(finished, company=replace(COMPANY, time_zone="Europe/Berlin")) == freshness.ALL
    finish(finished)
    assert begin(finished, company=replace(COMPANY, reporting_currency="USD")) == freshness.ALL


def test_a_scorecard_that_comes_into_force_screens_everyone_anew(finished: duckdb.DuckDBPyConnection) -> None:
    finished.execute(
        "insert into config.scorecards (scorecard_version, effective_from) values (2, '2026-07-02')"
    )
    assert begin(finished) == freshness.SCREENING
    finish(finished)
    assert begin(finished, date(2026, 7, 1)) == freshness.NOTHING
    assert begin(finished, date(2026, 7, 2)) == freshness.SCREENING


def test_the_days_between_are_those_of_every_build_since_the_last_finished_one(
    finished: duckdb.DuckDBPyConnection,
) -> None:
    days = "select first_as_of_date, last_as_of_date from config.run"
    begin(finished, date(2026, 7, 5))
    begin(finished, date(2026, 6, 28))
    begin(finished, date(2026, 7, 1))
    assert finished.execute(days).fetchall() == [(date(2026, 6, 28), date(2026, 7, 5))]
    finish(finished, date(2026, 7, 1))
    begin(finished, date(2026, 7, 2))
    assert finished.execute(days).fetchall() == [(date(2026, 7, 1), date(2026, 7, 2))]


def test_accounts_that_an_unfinished_build_changed_stay_changed(finished: duckdb.DuckDBPyConnection) -> None:
    accounts = "select account_id from config.accounts_changed"
    begin(finished)
    finished.execute("insert into config.accounts_changed values ('crm:1', '2026-06-30')")
    begin(finished)
    assert values(finished, accounts) == ["crm:1"]
    finish(finished)
    begin(finished)
    assert values(finished, accounts) == []
