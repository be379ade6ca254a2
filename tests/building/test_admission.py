"""What the law can't take is refused by file, row and rule, on either side of each boundary."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from config_tables import OVERRIDE, SCORECARD, write
from screened import Screened
from thermocline import warehouse
from thermocline.building import admission
from thermocline.building.build import build
from thermocline.company import tables
from thermocline.company.settings import Company
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.loading.load import load

AS_OF = date(2024, 6, 30)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


@pytest.fixture
def connection(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """Schema raw with two deliveries of each system and nothing in them."""
    with closing(warehouse.connect(home, Path(":memory:"))) as opened:
        load(home, opened, "UTC")
        for number, (source, day) in enumerate(
            [("crm", "2024-06-29"), ("crm", "2024-06-30"), ("erp", "2024-06-29"), ("erp", "2024-06-30")]
        ):
            opened.execute(
                "insert into raw.files by name select ? as file_id, ? as source, ? as source_file, "
                "? as delivery_key, 'delta' as mode, ?::date as stated_on, true as is_keyed",
                [number, source, f"{source}/{day}.csv", day, day],
            )
        yield opened


def account(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    parent: str | None = None,
    *,
    merged_into: str | None = None,
    delivery: int = 0,
    row: int = 1,
) -> None:
    connection.execute(
        "insert into raw.accounts by name select ? as account_id, ? as parent_account_id, "
        "? as merged_into_account_id, ? is not null as is_deleted, ? as file_id, ? as source_row",
        [name, parent, merged_into, merged_into, delivery, row],
    )


def invoice(
    connection: duckdb.DuckDBPyConnection,
    number: str,
    day: date,
    *,
    customer: str | None = "K-1",
    delivery: int = 2,
) -> None:
    connection.execute(
        "insert into raw.invoices by name select ? as invoice_id, ? as customer_id, "
        "?::timestamp as issued_at, ? as file_id, 7 as source_row",
        [number, customer, day, delivery],
    )


def admit(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    tables.load(home, connection)
    admission.admit(home, connection, Company("EUR"), AS_OF)


def refusal(home: Home, connection: duckdb.DuckDBPyConnection) -> str:
    with pytest.raises(InputError) as refused:
        admit(home, connection)
    assert refused.value.exit_code == 2
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_nothing_at_all_is_admitted(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    admit(home, connection)


@pytest.mark.parametrize("known", ["crm:1", "erp:K-1"])
def test_an_override_names_an_account_of_crm_or_billing(
    home: Home, connection: duckdb.DuckDBPyConnection, known: str
) -> None:
    account(connection, "1")
    invoice(connection, "R-1", AS_OF)
    write(home, "overrides", OVERRIDE | {"account_id": known})
    admit(home, connection)
    write(home, "overrides", OVERRIDE | {"account_id": known}, OVERRIDE | {"account_id": "crm:2"})
    assert "overrides.csv, row 2: there is no account crm:2" in refusal(home, connection)


@pytest.mark.parametrize("named_by", ["survivor", "table"])
def test_a_cycle_of_parents_is_seen_through_merges_that_others_name(
    home: Home, connection: duckdb.DuckDBPyConnection, named_by: str
) -> None:
    account(connection, "A", parent="old")
    account(connection, "B", parent="A", row=2)
    admit(home, connection)
    if named_by == "survivor":
        connection.execute("update raw.accounts set merged_account_ids = 'older, old' where account_id = 'B'")
    else:
        connection.execute(
            "insert into raw.account_merges by name "
            "select 'old' as account_id, 'B' as merged_into_account_id, 0 as file_id, 1 as source_row"
        )
    assert "a cycle of parents, crm:A -> crm:B -> crm:A" in refusal(home, connection)


@pytest.mark.parametrize("column", ["degrees_fax_inbound", "valid"])
def test_an_unknown_channel_of_a_scorecard_is_refused(
    home: Home, connection: duckdb.DuckDBPyConnection, column: str
) -> None:
    write(home, "scorecards", SCORECARD)
    admit(home, connection)
    file = home.config / "scorecards.csv"
    header, row = file.read_text(encoding="utf-8").splitlines()
    file.write_text(f"{header},{column}\n{row},0.5\n", encoding="utf-8")
    assert f"scorecards.csv: column '{column}' is unknown" in refusal(home, connection)


def test_a_chain_of_parents_is_admitted_and_a_cycle_is_refused_with_its_accounts(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    for row, (name, parent) in enumerate([("d", "a"), ("a", "b"), ("b", "c"), ("c", "unknown")]):
        account(connection, name, parent, row=row)
    admit(home, connection)
    account(connection, "c", "a", delivery=1, row=5)
    assert "crm/2024-06-29.csv, record 1: a cycle of parents, crm:a -> crm:b -> crm:c -> crm:a" in refusal(
        home, connection
    )


def test_a_cycle_that_a_later_delivery_mended_is_none(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    account(connection, "a", "b")
    account(connection, "b", "a")
    assert "crm:a -> crm:b -> crm:a" in refusal(home, connection)
    account(connection, "b", delivery=1)
    admit(home, connection)


def test_a_cycle_through_a_merged_account_is_one_and_a_parent_merged_into_its_child_is_none(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    account(connection, "a", "old")
    account(connection, "old", merged_into="a")
    admit(home, connection)
    account(connection, "old", merged_into="b", delivery=1)
    account(connection, "b", "a")
    assert "crm:a -> crm:b -> crm:a" in refusal(home, connection)


def test_an_account_that_is_its_own_parent_is_a_cycle_of_one(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    account(connection, "a", "b")
    account(connection, "gone", "gone", merged_into="a", row=3)
    admit(home, connection)
    account(connection, "b", "b", row=4)
    assert "crm/2024-06-29.csv, record 4: a cycle of parents, crm:b -> crm:b" in refusal(home, connection)


@pytest.mark.parametrize(("days", "refused"), [(60, False), (61, True)])
def test_data_may_span_60_half_lives(
    home: Home, connection: duckdb.DuckDBPyConnection, days: int, refused: bool
) -> None:
    epoch = AS_OF - timedelta(days=days)
    write(home, "scorecards", SCORECARD | {"half_life_days": "1", "epoch": str(epoch)})
    invoice(connection, "R-0", AS_OF + timedelta(days=1))
    invoice(connection, "R-1", AS_OF)
    if refused:
        message = refusal(home, connection)
        assert "scorecards.csv, row 1: half_life_days is 1, but record 7 of erp/2024-06-29.csv" in message
    else:
        admit(home, connection)


@pytest.mark.parametrize(("days", "refused"), [(15, False), (16, True)])
def test_records_may_lie_15_half_lives_before_the_epoch(
    home: Home, connection: duckdb.DuckDBPyConnection, days: int, refused: bool
) -> None:
    write(home, "scorecards", SCORECARD | {"half_life_days": "1", "epoch": str(AS_OF)})
    invoice(connection, "R-1", AS_OF - timedelta(days=days))
    if refused:
        assert "15 half-lives before the epoch 2024-06-30" in refusal(home, connection)
        # A record that was corrected, or is nobody's, is no reason.
        invoice(connection, "R-1", AS_OF, delivery=3)
        invoice(connection, "R-2", AS_OF - timedelta(days=days), customer=None)
    admit(home, connection)


@pytest.mark.parametrize(("days", "refused"), [(7200, False), (7201, True)])
def test_a_first_run_may_span_60_half_lives_of_the_defaults(
    home: Home, connection: duckdb.DuckDBPyConnection, days: int, refused: bool
) -> None:
    invoice(connection, "R-1", AS_OF - timedelta(days=days))
    invoice(connection, "R-2", AS_OF)
    if refused:
        message = refusal(home, connection)
        assert "record 7 of erp/2024-06-29.csv" in message
        assert "more than 60 half-lives of 120 days before 2024-06-30" in message
    else:
        admit(home, connection)


@pytest.fixture
def published(home: Home, example: Screened) -> Home:
    """A home with the example's publication, ledger and configuration."""
    for part in ("config", "reporting"):
        shutil.copytree(example.home.root / part, home.root / part, symlinks=True, dirs_exist_ok=True)
    shutil.copy(example.home.ledger, home.ledger)
    return home


@pytest.mark.parametrize(("days", "refused"), [(0, True), (1, False)])
def test_a_new_scorecard_takes_effect_after_the_last_published_day(
    published: Home, connection: duckdb.DuckDBPyConnection, example: Screened, days: int, refused: bool
) -> None:
    admit(published, connection)
    file = published.config / "scorecards.csv"
    first = file.read_text(encoding="utf-8").splitlines()[1]
    begins = example.built.as_of + timedelta(days=days)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(first.replace("1,0001-01-01", f"2,{begins}", 1) + "\n")
    if refused:
        assert (
            f"scorecards.csv, row 2: effective_from is {begins}, expected a day after {example.built.as_of}"
            in refusal(published, connection)
        )
    else:
        admit(published, connection)


def test_a_published_scorecard_stays_as_it_was(
    published: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    file = published.config / "scorecards.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("thermocline,", "ann,", 1), encoding="utf-8")
    admit(published, connection)
    file.write_text(text.replace("120.000000000", "90", 1), encoding="utf-8")
    assert "row 1: half_life_days is 90.000000000, but version 1 was published with 120" in refusal(
        published, connection
    )
    file.unlink()
    assert "version 1, which ruled published days, is missing" in refusal(published, connection)


def test_a_build_refuses_before_dbt_runs(published: Home, example: Screened) -> None:
    shutil.copy(example.home.warehouse, published.warehouse)
    write(published, "overrides", OVERRIDE | {"account_id": "crm:nobody"})
    with pytest.raises(InputError, match=r"overrides\.csv, row 1: there is no account crm:nobody"):
        build(published, example.built.as_of, last_whole_day=example.built.as_of)
    assert not (published.scratch / "dbt").exists()


def customer(
    connection: duckdb.DuckDBPyConnection, name: str, parent: str | None, *, delivery: int = 2, row: int = 1
) -> None:
    connection.execute(
        "insert into raw.billing_customers by name select ? as customer_id, ? as parent_customer_id, "
        "? as file_id, ? as source_row",
        [name, parent, delivery, row],
    )


def test_a_cycle_of_sub_customers_is_refused_and_a_customer_of_its_own_is_none(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    for row, (name, parent) in enumerate([("d", "a"), ("a", "b"), ("b", None), ("self", "self")], start=1):
        customer(connection, name, parent, row=row)
    admit(home, connection)
    customer(connection, "b", "a", delivery=3, row=5)
    assert refusal(home, connection) == (
        "erp/2024-06-29.csv, record 2: a cycle of parents, erp:a -> erp:b -> erp:a: "
        "correct one of them in billing and deliver it again"
    )


def test_the_version_that_landed_later_decides_whether_there_is_a_cycle(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    """Two undated files of one source: no hash and no name decides."""
    connection.execute("update raw.files set delivery_key = null, is_keyed = false, landed_in = file_id")
    connection.execute("update raw.files set stated_on = '2024-06-30'")
    account(connection, "a", "b", delivery=0)
    account(connection, "b", "a", delivery=0)
    assert "crm:a -> crm:b -> crm:a" in refusal(home, connection)
    account(connection, "b", delivery=1)
    admit(home, connection)
