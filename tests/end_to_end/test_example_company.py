"""What the example company wrote down about itself is what is found in its publication."""

import csv
import shutil
from collections import Counter
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from in_parts import InParts
from screened import Screened, screen
from thermocline import warehouse
from thermocline.gate.audit import audit
from thermocline.publishing.publication import current, publish

CONTENT = "5275823618ed"
"""How the content hash of the example begins: it changes only where a result was wrong, on purpose."""


def test_the_content_is_what_it_was(example: Screened) -> None:
    assert example.built.content_hash[:12] == CONTENT


def entries(example: Screened, expect: str) -> list[dict]:
    found = [entry for entry in example.truth["entries"] if entry["expect"] == expect]
    assert found, f"the example has no entry that expects {expect}"
    return found


def test_every_account_of_crm_or_billing_is_segmented_once(example: Screened) -> None:
    assert example.value("select count(*) from account_segments") == example.truth["account_segments"]
    assert (
        example.value("select count(distinct account_id) from account_segments")
        == (example.truth["account_segments"])
    )


@pytest.mark.parametrize("state", ["attributable", "unattributed"])
def test_money_is_what_the_company_invoiced_to_the_cent(example: Screened, state: str) -> None:
    with closing(warehouse.connect(example.home, read_only=True)) as connection:
        found = dict(
            connection.execute(
                "select currency, sum(document_total) from activity.fct_invoices "
                "where money_state = ? group by currency",
                ["attributed" if state == "attributable" else state],
            ).fetchall()
        )
    told = {currency: Decimal(sums[state]) for currency, sums in example.truth["revenue"].items()}
    assert {currency: found.get(currency, Decimal(0)) for currency in told} == told


def test_each_unreadable_record_is_in_quarantine_with_its_file_and_record(example: Screened) -> None:
    listed = example.rows("select source_file, source_row from quarantine")
    assert Counter(listed) == Counter(
        (entry["file"], entry["record"]) for entry in entries(example, "quarantined")
    )


def test_excluded_accounts_are_no_accounts(example: Screened) -> None:
    codes = {code for (code,) in example.rows("select account_code from account_segments")}
    assert codes.isdisjoint(entry["key"] for entry in entries(example, "excluded"))


def test_what_happened_to_a_merged_account_is_told_of_its_survivor(example: Screened) -> None:
    merged = [entry["key"] for entry in entries(example, "excluded") if entry["kind"] == "merged_account"]
    for key in merged:
        survivors = example.rows(
            "select s.account_id from account_links l join account_segments s using (account_id) "
            "where l.alias_id = 'salesforce:' || ? and l.alias_kind = 'merged_account'",
            key,
        )
        assert len(survivors) == 1, key


def test_a_superseded_record_gives_way_to_one_version_of_its_document(example: Screened) -> None:
    with closing(warehouse.connect(example.home, read_only=True)) as connection:
        for entry in entries(example, "superseded"):
            versions = connection.execute(
                "select source_file = ? and source_row = ?, is_current "
                "from staging.stg_billing__invoices where document_id = ?",
                [entry["file"], entry["record"], entry["key"]],
            ).fetchall()
            assert (True, False) in versions, entry
            assert sum(is_current for _, is_current in versions) == 1, entry


def test_a_late_record_counts_on_its_own_day(example: Screened) -> None:
    late = [entry for entry in entries(example, "loaded") if entry["kind"] == "late_invoice"]
    assert late
    for entry in late:
        delivered = entry["file"].split("/")[1]
        [(occurred_on, amount)] = example.rows(
            "select occurred_on, amount from account_timeline "
            "where document_id = ? and source_file = ? and source_row = ?",
            entry["key"],
            entry["file"],
            entry["record"],
        )
        earlier = [day for day in example.truth["deliveries"] if day < delivered]
        assert str(occurred_on) <= max(earlier)
        assert amount > 0


def test_a_total_that_differs_from_its_lines_counts_as_written_and_is_told(example: Screened) -> None:
    differing = [entry for entry in entries(example, "loaded") if entry["kind"] == "total_differs"]
    with closing(warehouse.connect(example.home, read_only=True)) as connection:
        told = connection.execute("select invoices_unlike_lines from gate.gate_figures").fetchone()
        assert told == (len(differing),)
        for entry in differing:
            found = connection.execute(
                "select document_total, (select sum(amount) from staging.stg_billing__invoice_lines as lines "
                "where lines.document_id = invoices.document_id and is_current) "
                "from activity.fct_invoices as invoices where document_id = ?",
                [entry["key"]],
            ).fetchone()
            assert found is not None
            with (example.exports / entry["file"]).open(encoding="utf-8", newline="") as file:
                written = list(csv.DictReader(file))[entry["record"] - 1]
            assert found[0] == Decimal(written["Total"]) != found[1]


def test_what_is_dated_later_is_not_seen_yet(example: Screened) -> None:
    told = {document for (document,) in example.rows("select document_id from account_timeline")}
    assert told.isdisjoint(entry["key"] for entry in entries(example, "not_yet"))


def test_ambiguous_emails_stay_unlinked(example: Screened) -> None:
    customers = [entry["key"] for entry in entries(example, "unlinked") if entry["system"] == "billing"]
    for key in customers:
        assert example.rows(
            "select account_id, linked_by from account_links where alias_id = 'kontor:' || ?", key
        ) == [(f"kontor:{key}", "ambiguous")]


def test_each_event_leads_to_a_record_of_an_export(example: Screened) -> None:
    rows = example.rows(
        "select source_file, max(source_row) from account_timeline where kind <> 'temperature' group by 1"
    )
    assert rows
    for file, last in rows:
        assert 1 <= last <= (example.exports / file).read_text(encoding="utf-8").count("\n")


def test_hostile_cells_come_through_as_they_are(example: Screened) -> None:
    names = {name for (name,) in example.rows("select account_name from account_segments")}
    assert any(name.startswith("=") for name in names)
    assert any("<" in name for name in names)


def test_screening_again_publishes_nothing_new(example: Screened, tmp_path: Path) -> None:
    again = screen(example.copy(tmp_path / "home"), example.exports)
    assert again.published.outcome == "unchanged"
    assert again.built.content_hash == example.built.content_hash


def test_a_screened_earlier_day_never_turns_reporting_back(
    example: Screened, delivered_in_parts: InParts, tmp_path: Path
) -> None:
    home, first = example.copy(tmp_path / "home"), delivered_in_parts.first.screened
    earlier = first.built.content_hash
    shutil.copytree(first.home.candidates / earlier, home.candidates / earlier)
    assert first.built.as_of < example.built.as_of
    audit(home, earlier)
    assert publish(home, earlier).outcome == "superseded"
    seen = current(home)
    assert seen and seen.as_of_date == example.built.as_of
