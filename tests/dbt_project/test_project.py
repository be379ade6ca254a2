"""What every model must have, and what no model may do, read from dbt's own manifest."""

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from screened import Screened
from thermocline import warehouse
from thermocline.building import transformation

CORE = {
    "account_segments": "account_id, account_code, account_name, account_kind, parent_account_id, owner, "
    "country, as_of_date, temperature, computed_temperature, override_reason, heat, heat_transactions, "
    "heat_contribution, heat_intent, heat_communication, heat_feedback, hot_or_cold_since, cools_on, "
    "relationship, cold_because, data_state, guard, playbook, reason, first_invoice_on, last_invoice_on, "
    "invoices_365d, revenue_365d, revenue_previous_365d, revenue_lifetime, reporting_currency, "
    "overdue_amount, last_communication_on, last_feedback_score, p_active_90d, scorecard_version, "
    "publication_id",
    "account_temperature_history": "account_id, temperature, valid_from, valid_to, cause, scorecard_version",
    "segment_transitions": "account_id, changed_on, from_temperature, to_temperature, cause, heat",
    "group_segments": "group_id, group_name, as_of_date, temperature, heat, heat_per_account, "
    "hot_or_cold_since, cools_on, accounts, hot_accounts, revenue_365d, scorecard_version, publication_id",
    "segment_summary": "as_of_date, temperature, relationship, accounts, heat, revenue_365d",
    "account_activity_monthly": "account_id, month, invoices, credit_notes, revenue, units, payments, "
    "communications_in, communications_out, feedback_score",
    "account_timeline": "event_id, account_id, occurred_at, occurred_on, kind, direction, outcome, "
    "document_id, summary, amount, degrees, source, source_file, source_row",
    "publication": "publication_id, is_current, restores, as_of_date, published_at, verdict, warnings, "
    "accounts, hot, cold, unattributed_revenue, quarantined_rows, scorecard_version, code_version, "
    "inputs_digest, content_hash, ledger_hash",
}


def test_a_text_that_comes_twice_fails_the_test_of_a_unique_column(example: Screened) -> None:
    compiled = transformation.target_folder(example.home) / "compiled" / "thermocline" / "models"
    (path,) = compiled.rglob("unique_account_timeline_event_id.sql")
    with closing(duckdb.connect()) as connection:
        connection.execute("attach ':memory:' as warehouse; create schema warehouse.reporting")
        connection.execute("create table warehouse.reporting.account_timeline (event_id varchar)")
        for events, found in ((["a", "b", None, None], []), (["b", "c", "b"], [("b", 3)])):
            connection.executemany(
                "insert into warehouse.reporting.account_timeline values (?)", [[event] for event in events]
            )
            assert connection.execute(path.read_text(encoding="utf-8")).fetchall() == found


@pytest.fixture(scope="module")
def models(example: Screened) -> list[dict[str, Any]]:
    folder = transformation.target_folder(example.home)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    found = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert len(found) > 40
    assert manifest["exposures"]
    return found


@pytest.mark.parametrize("table", sorted(CORE))
def test_a_core_table_has_the_contracts_columns(example: Screened, table: str) -> None:
    found = example.rows(
        "select column_name from information_schema.columns where table_name = ? order by ordinal_position",
        table,
    )
    assert [name for (name,) in found] == CORE[table].split(", ")


def test_no_name_that_came_with_data_is_in_what_the_documentation_is_made_of(example: Screened) -> None:
    """dbt's page holds its manifest and the names and comments of tables and columns, unescaped."""
    names = {
        str(name)
        for (name,) in example.rows(
            "select account_name from account_segments union select source_file from account_timeline "
            "union select alias_id from account_links"
        )
        if name is not None and len(name) > 6
    }
    assert any("<b>" in name for name in names) and any("drop table" in name for name in names)
    with closing(warehouse.connect(example.home, read_only=True)) as connection:
        described = connection.execute(
            "select table_name, comment from duckdb_tables() "
            "union select view_name, comment from duckdb_views() "
            "union select column_name, comment from duckdb_columns()"
        ).fetchall()
    manifest = (transformation.target_folder(example.home) / "manifest.json").read_text(encoding="utf-8")
    told = [*(str(text) for row in described for text in row), manifest]
    assert [name for name in names for text in told if json.dumps(name)[1:-1] in text] == []


def test_no_double_is_published(example: Screened) -> None:
    assert (
        example.rows(
            "select table_name, column_name from information_schema.columns "
            "where data_type in ('DOUBLE', 'FLOAT', 'HUGEINT')"
        )
        == []
    )


def test_every_model_says_its_grain_and_its_owner(models: list[dict[str, Any]]) -> None:
    for model in models:
        assert model["description"].startswith("One row"), model["name"]
        assert model["config"]["meta"].get("owner"), model["name"]


def test_every_column_of_every_model_is_described(example: Screened, models: list[dict[str, Any]]) -> None:
    from contextlib import closing

    from thermocline import warehouse

    with closing(warehouse.connect(example.home, read_only=True)) as connection:
        for model in models:
            built = {
                name
                for (name,) in connection.execute(
                    "select column_name from information_schema.columns "
                    "where table_schema = ? and table_name = ?",
                    [model["schema"], model["name"]],
                ).fetchall()
            }
            described = {name for name, column in model["columns"].items() if column["description"]}
            assert built == described, model["name"]


def test_contracts_are_enforced_where_readers_are(models: list[dict[str, Any]]) -> None:
    reporting = [model for model in models if model["schema"] == "reporting"]
    assert {model["name"] for model in reporting} >= set(CORE) - {"publication"}
    assert all(model["contract"]["enforced"] for model in reporting)


def test_nothing_reads_a_clock(models: list[dict[str, Any]]) -> None:
    clock = re.compile(r"current_date|current_timestamp|now\(\)|today\(\)|localtimestamp", re.IGNORECASE)
    for file in [*(transformation.DBT_PROJECT / "macros").rglob("*.sql")]:
        assert not clock.search(file.read_text(encoding="utf-8")), file
    for model in models:
        assert not clock.search(model["raw_code"]), model["name"]


def test_raw_tables_are_read_by_staging_and_the_gate_alone(models: list[dict[str, Any]]) -> None:
    for model in models:
        if any(".raw." in source for source in model["depends_on"]["nodes"]):
            layer = Path(model["path"]).parts[0]
            allowed = {
                "int_feeds_watched",
                "int_feed_gaps",
                "int_quarantine_released",
                "int_rates_unusable",
                "quarantine",
                "gate_failures",
            }
            assert layer in ("staging", "gate") or model["name"] in allowed, model["name"]


def test_dbt_says_nothing_that_deserves_a_warning(example: Screened) -> None:
    assert transformation.log_file(example.home).read_text(encoding="utf-8").strip() == ""
