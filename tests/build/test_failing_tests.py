"""A failed test names the record that it found; a failed model leaves what it was to replace."""

import json
import shutil
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest
from screened import Screened
from thermocline import company, configuration, transformation, warehouse
from thermocline.build import _refuse_unbuilt
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
    settled = company.read(home)
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


def test_a_record_that_a_run_doubles_is_found_by_it_and_one_of_before_where_all_is_built(home: Home) -> None:
    settled = company.read(home)
    assert settled
    doubled = {
        "activity.fct_invoices": "invoice_id in",
        "activity.fct_account_events": "record_id in",
        "reporting.account_timeline": "kind = 'invoice' and source || ':' || document_id in",
    }
    with closing(warehouse.connect(home)) as connection:
        records = connection.execute(
            "select min_by(record_id, (account_id, record_id)), max_by(record_id, (account_id, record_id)) "
            "from activity.fct_account_events where kind = 'invoice'"
        ).fetchone()
        assert records
        for table, are_of in doubled.items():
            connection.execute(f"insert into {table} from {table} where {are_of} (?, ?)", records)
        connection.execute("delete from activity.int_documents_touched")
        connection.execute(
            "insert into activity.int_documents_touched by name "
            "select 0 as since_build, 'invoices' as feed, ? as record_id",
            records[:1],
        )
        connection.execute("delete from config.events_changed")
        connection.execute(
            "insert into config.events_changed "
            "select distinct event_id, occurred_on, source_row from activity.fct_account_events "
            "where record_id = ?",
            records[:1],
        )
    names = [table.split(".")[1] for table in doubled]
    for rebuilt, found in (("nothing", (1, 1, 1)), ("all", (2, 2, 2))):
        with closing(warehouse.connect(home)) as connection:
            connection.execute("update config.run set rebuilt = ?", [rebuilt])
        succeeded, _ = transformation.invoke(home, ["test", "--select", *names], settled)
        assert not succeeded
        assert failures(home, names) == found


def test_a_row_of_the_timeline_that_a_run_forgot_to_delete_is_one_too_many(home: Home) -> None:
    settled = company.read(home)
    assert settled
    with closing(warehouse.connect(home)) as connection:
        connection.execute("delete from config.events_changed")
        connection.execute(
            "insert into reporting.account_timeline "
            "select * replace (occurred_on - 1 as occurred_on) from reporting.account_timeline "
            "where kind = 'invoice' order by event_id limit 1"
        )
        connection.execute("update config.run set rebuilt = 'nothing'")
    command = ["test", "--select", "account_timeline,test_name:unique"]
    succeeded, _ = transformation.invoke(home, command, settled)
    assert not succeeded
    assert failures(home, ["account_timeline"]) == (1,)


def test_an_event_of_an_account_that_is_not_there_is_found_by_the_run_that_wrote_it_or_removed_the_account(
    home: Home,
) -> None:
    settled = company.read(home)
    assert settled
    with closing(warehouse.connect(home)) as connection:
        written, older = connection.execute(
            "select min_by((feed, record_id, occurred_on), (record_id, occurred_on)), max(record_id) "
            "from activity.fct_account_events where feed = 'payments'"
        ).fetchone() or (None, None)
        assert written
        connection.execute("delete from activity.int_documents_touched")
        connection.execute(
            "insert into activity.int_documents_touched by name "
            "select 0 as since_build, ? as feed, ? as record_id, ? as touched_on",
            written,
        )
        connection.execute(
            "update activity.fct_account_events set account_id = 'nobody' where record_id in (?, ?)",
            [written[1], older],
        )
    assert lost_events(home, settled, "nothing") == 1
    assert lost_events(home, settled, "all") == 2
    with closing(warehouse.connect(home)) as connection:
        (gone, events) = connection.execute(
            "select account_id, count(*) from activity.fct_account_events where account_id <> 'nobody' "
            "group by account_id order by all limit 1"
        ).fetchone() or (None, 0)
        connection.execute("delete from activity.dim_accounts where account_id = ?", [gone])
    assert events > 0
    assert lost_events(home, settled, "nothing") == 1 + events


def lost_events(home: Home, settled: company.Company, rebuilt: str) -> int:
    with closing(warehouse.connect(home)) as connection:
        connection.execute("update config.run set rebuilt = ?", [rebuilt])
    command = ["test", "--select", "fct_account_events,test_name:relationships"]
    succeeded, _ = transformation.invoke(home, command, settled)
    assert not succeeded
    results = json.loads((transformation.target_folder(home) / "run_results.json").read_text())["results"]
    (found,) = [result["failures"] for result in results]
    return int(found)


def failures(home: Home, tables: Iterable[str]) -> tuple[int, ...]:
    """Of each table's test of a unique column, how many values it found more than once."""
    results = json.loads((transformation.target_folder(home) / "run_results.json").read_text())["results"]
    told = {result["unique_id"].split(".")[2]: result["failures"] for result in results}
    return tuple(
        next(found for name, found in told.items() if name.startswith(f"unique_{table}_")) for table in tables
    )


def test_a_model_that_fails_leaves_the_table_that_it_was_to_replace(home: Home) -> None:
    settled = company.read(home)
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
