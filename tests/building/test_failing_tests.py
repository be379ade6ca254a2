"""A failed test names the record that it found; a failed model leaves what it was to replace."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from screened import Screened
from thermocline import warehouse
from thermocline.building import transformation
from thermocline.building.build import _refuse_unbuilt
from thermocline.company import settings
from thermocline.company import tables as configuration
from thermocline.errors import GateBlocked
from thermocline.home import Home

TEST = "assert_overrides_of_an_account_do_not_overlap"


@pytest.fixture
def home(example: Screened, tmp_path: Path) -> Home:
    """The example's warehouse and dbt project, to build on."""
    copied = Home(tmp_path / "home").prepare()
    shutil.copy(example.home.warehouse, copied.warehouse)
    shutil.copytree(example.home.config, copied.config, dirs_exist_ok=True)
    shutil.copytree(transformation.target_folder(example.home), transformation.target_folder(copied))
    return copied


def test_an_overlap_that_appears_through_an_alias_names_the_account_and_both_rows(
    home: Home,
) -> None:
    settled = settings.read(home)
    assert settled
    connection = warehouse.connect(home)
    account, customer = connection.execute(
        "select account_id, billing_customer_id from activity.int_customers_linked "
        "where account_id <> billing_customer_id order by all limit 1"
    ).fetchone() or (None, None)
    for last_day, is_good in (("2024-01-31", True), ("2024-02-01", False)):
        lines = [
            "account_id,temperature,reason,approver,valid_from,valid_until",
            f"{account},hot,fair,ann,2023-01-01,2023-12-31",
            f"{account},hot,fair,ann,2024-01-01,{last_day}",
            f"{customer},hot,fair,ann,2024-02-01,2024-03-01",
        ]
        (home.config / "overrides.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        configuration.load(home, connection)
        connection.close()
        command = ["build", "--select", "int_overrides_given", "--exclude-resource-type", "unit_test"]
        succeeded, _ = transformation.invoke(home, command, settled)
        assert succeeded == is_good
        connection = warehouse.connect(home)
    connection.close()
    failed = transformation.Transformed(2, 0, ("model.thermocline.later",), (f"test.thermocline.{TEST}",), "")
    words = rf"{TEST} \(account_id {account}, overrides_row 3, overlaps_row 2\), 1 tables were not built"
    with pytest.raises(GateBlocked, match=words):
        _refuse_unbuilt(home, failed)


def test_doubled_records_and_events_of_no_account_are_found_on_all_days(home: Home) -> None:
    settled = settings.read(home)
    assert settled
    tables = ("activity.fct_invoices", "activity.fct_account_events", "reporting.account_timeline")
    with closing(warehouse.connect(home)) as connection:
        for table in tables:
            connection.execute(f"insert into {table} from {table} order by all limit 2")
        connection.execute(
            "update activity.fct_account_events set account_id = 'nobody' "
            "where event_id in (select max(event_id) from activity.fct_account_events)"
        )
    names = [table.split(".")[1] for table in tables]
    succeeded, _ = transformation.invoke(home, ["test", "--select", *names], settled)
    assert not succeeded
    results = json.loads((transformation.target_folder(home) / "run_results.json").read_text())["results"]
    found = {result["unique_id"].split(".")[2]: result["failures"] for result in results}
    assert {name: number for name, number in found.items() if number} == {
        "unique_fct_invoices_invoice_id": 2,
        "unique_fct_account_events_event_id": 2,
        "unique_account_timeline_event_id": 2,
        "relationships_fct_account_events_account_id__account_id__ref_dim_accounts_": 1,
    }


def test_a_model_that_fails_leaves_the_table_that_it_was_to_replace(home: Home) -> None:
    settled = settings.read(home)
    assert settled
    counted = "select count(*) from screening.int_scorecards"
    with closing(warehouse.connect(home)) as connection:
        before = connection.execute(counted).fetchone()
        connection.execute("drop table config.scorecards")
    command = ["run", "--select", "int_scorecards"]
    assert transformation.invoke(home, command, settled) == (False, "")
    assert "Failure in model int_scorecards" in transformation.log_file(home).read_text(encoding="utf-8")
    with closing(warehouse.connect(home, read_only=True)) as connection:
        assert connection.execute(counted).fetchone() == before
    assert before and before[0] > 0
