"""Configuration files are refused by file, row and rule before anything is replaced."""

from collections.abc import Iterator
from contextlib import closing

import duckdb
import pytest
from config_tables import OVERRIDE, SCORECARD, write
from thermocline import warehouse
from thermocline.company import settings as company
from thermocline.company import tables
from thermocline.errors import InputError
from thermocline.home import Home


@pytest.fixture
def connection(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(warehouse.connect(home)) as opened:
        yield opened


def test_missing_files_are_empty_tables(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    tables.load(home, connection)
    for table in tables.TABLES:
        assert connection.execute(f"select count(*) from config.{table.name}").fetchone() == (0,)


@pytest.mark.parametrize("half_life", ["0.5", "3650"])
def test_a_scorecard_within_bounds_is_loaded(
    home: Home, connection: duckdb.DuckDBPyConnection, half_life: str
) -> None:
    write(home, "scorecards", SCORECARD | {"half_life_days": half_life})
    tables.load(home, connection)
    assert connection.execute("select count(*) from config.scorecards").fetchone() == (1,)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"half_life_days": "0"}, "row 1: half_life_days must be above 0"),
        ({"half_life_days": "3651"}, "row 1: half_life_days must be above 0 and at most 3650"),
        ({"cold_at": "1.1"}, "row 1: cold_at must be above 0 and at most hot_at"),
        ({"author": ""}, "row 1: author is blank"),
        ({"hot_at": "warm"}, "row 1: hot_at is 'warm'"),
        ({"effective_from": "2024-02-30"}, "row 1: effective_from is '2024-02-30'"),
    ],
)
def test_a_wrong_scorecard_is_refused(
    home: Home, connection: duckdb.DuckDBPyConnection, change: dict[str, str], words: str
) -> None:
    write(home, "scorecards", SCORECARD | change)
    with pytest.raises(InputError, match=rf"scorecards\.csv, {words}") as refusal:
        tables.load(home, connection)
    assert "\n" not in str(refusal.value)


def test_two_versions_of_one_day_are_refused(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    write(home, "scorecards", SCORECARD, SCORECARD | {"scorecard_version": "2"})
    with pytest.raises(InputError, match="two versions take effect on the same day"):
        tables.load(home, connection)


@pytest.mark.parametrize(("second_from", "refused"), [("2024-01-31", True), ("2024-02-01", False)])
def test_overrides_of_one_account_may_touch_but_not_overlap(
    home: Home, connection: duckdb.DuckDBPyConnection, second_from: str, refused: bool
) -> None:
    write(home, "overrides", OVERRIDE, OVERRIDE | {"valid_from": second_from, "valid_until": "2024-03-01"})
    if refused:
        with pytest.raises(InputError, match="row 2: overlaps an earlier override"):
            tables.load(home, connection)
    else:
        tables.load(home, connection)
        assert connection.execute("select count(*) from config.overrides").fetchone() == (2,)


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        ("crm:001A000001LoSaT", "crm:001A000001LoSaTIAV", True),
        ("crm:001A000001LoSaTIAV", "crm:001a000001losatiav", True),
        ("crm:001A000001LoSaT", "crm:001A000001LoSat", False),
        ("crm:001A000001LoSaT", "erp:001A000001LoSaTIAV", False),
    ],
)
def test_overrides_overlap_whichever_form_of_a_salesforce_id_they_name(
    home: Home, connection: duckdb.DuckDBPyConnection, first: str, second: str, refused: bool
) -> None:
    """15 characters, 18, and 18 without their case are one account; case tells accounts of 15 apart."""
    write(home, "overrides", OVERRIDE | {"account_id": first}, OVERRIDE | {"account_id": second})
    if refused:
        with pytest.raises(InputError, match="row 2: overlaps an earlier override"):
            tables.load(home, connection)
    else:
        tables.load(home, connection)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"approver": ""}, "row 1: approver is blank"),
        ({"reason": " "}, "row 1: reason is blank"),
        ({"valid_from": ""}, "row 1: valid_from is blank"),
        ({"valid_until": ""}, "row 1: valid_until is blank"),
        ({"valid_until": "2023-12-31"}, "row 1: valid_until lies before valid_from"),
        ({"temperature": "warm"}, "row 1: temperature must be hot or cold"),
    ],
)
def test_an_override_needs_an_approver_a_reason_and_an_end(
    home: Home, connection: duckdb.DuckDBPyConnection, change: dict[str, str], words: str
) -> None:
    write(home, "overrides", OVERRIDE | change)
    with pytest.raises(InputError, match=rf"overrides\.csv, {words}"):
        tables.load(home, connection)


def test_a_refused_file_replaces_nothing(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    write(home, "overrides", OVERRIDE)
    tables.load(home, connection)
    write(home, "overrides", OVERRIDE | {"approver": ""})
    with pytest.raises(InputError, match="approver is blank"):
        tables.load(home, connection)
    assert connection.execute("select approver from config.overrides").fetchone() == ("ann",)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("reporting_currency: euro", "reporting_currency is 'euro'"),
        ("reporting_currency: EUR\ntime_zone: Mars/Base", "time_zone 'Mars/Base' is unknown"),
        ("reporting_currency: EUR\nscreening_hour: 24", "screening_hour is '24'"),
        ("reporting_currency: EUR\nmemory_gb: 0", "memory_gb is '0', expected a whole number from 1"),
        ("reporting_currency: EUR\nthreads: many", "threads is 'many'"),
        ("reporting_currency: EUR\nhold_day: 3", "unknown key 'hold_day'"),
        ("reporting_currency: EUR\ngate: {hot_share_moved_blocks: 20}", "hot_share_moved_blocks is '20'"),
    ],
)
def test_a_wrong_company_file_is_refused_by_key(home: Home, line: str, words: str) -> None:
    company.path(home).write_text(line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=words):
        company.read(home)


def test_the_company_bounds_memory_disk_and_cores_of_the_database(home: Home) -> None:
    names = ("memory_limit", "max_temp_directory_size", "threads")
    settings = f"select {', '.join(f'current_setting({name!r})' for name in names)}"
    with warehouse.connect(home) as connection:
        assert connection.execute(settings).fetchone()[:2] == ("2.7 GiB", "46.5 GiB")
    company.path(home).write_text(
        "reporting_currency: EUR\nmemory_gb: 1\ntemporary_gb: 2\nthreads: 3\n", encoding="utf-8"
    )
    with warehouse.connect(home) as connection:
        assert connection.execute(settings).fetchone() == ("953.6 MiB", "1.8 GiB", 3)


def test_bounds_that_are_not_given_keep_their_defaults(home: Home) -> None:
    company.path(home).write_text("reporting_currency: EUR\ngate: {unattributed_share_warns: 0.1}\n")
    settled = company.read(home)
    assert settled is not None
    assert settled.gate == company.GATE_BOUNDS | {"unattributed_share_warns": 0.1}
