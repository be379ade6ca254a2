"""The records behind a warning or a block: all of them, with file and row, and harmless in a spreadsheet."""

import csv
import re
from contextlib import closing, suppress
from typing import Any

import duckdb
import pytest
from changed_example import Change
from screened import Screened
from thermocline import warehouse
from thermocline.building import transformation
from thermocline.candidates.candidate import Candidate
from thermocline.errors import GateBlocked
from thermocline.gate import audit, audit_index, failures

MANY = 1000


def audited(candidate: Candidate) -> list[tuple[Any, ...]]:
    """Rule, key, source, file and row of what is behind its warnings and blocks."""
    with suppress(GateBlocked):
        audit.audit(candidate.home, candidate.content_hash)
    return duckdb.execute(
        "select rule, failing_key, source, source_file, source_row from read_parquet(?) order by all",
        [str(candidate.folder / failures.FILE)],
    ).fetchall()


def of_csv(candidate: Candidate) -> list[dict[str, str]]:
    [*_, place] = audit_index.audits(candidate.home)
    with (place / "failures.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_quarantined_row_is_listed_with_its_place(change: Change) -> None:
    candidate = change()
    listed = [row[1:] for row in audited(candidate) if row[0] == "nothing_is_quarantined"]
    expected = duckdb.execute(
        "select coalesce(document_id, 'row ' || source_row), source, source_file, source_row "
        f"from {candidate.tables['quarantine'].relation} where released_by is null order by all"
    ).fetchall()
    assert listed == expected
    assert len(listed) == candidate.facts.figures["quarantined_rows"] > 0


def test_all_rows_that_a_bound_excludes_are_listed(change: Change) -> None:
    candidate = change(
        "insert into reporting.account_timeline "
        "select 'later:' || n, account_id, occurred_at, date '2100-01-01', kind, direction, outcome, "
        "document_id, summary, amount, degrees, 'kontor', 'late.csv', n "
        f"from (from reporting.account_timeline limit 1), range(1, {MANY + 1}) as made(n)"
    )
    listed = [row[1:] for row in audited(candidate) if row[0] == "timeline_ends_at_the_as_of_date"]
    assert sorted(listed, key=lambda row: row[3]) == [
        (f"later:{n}", "kontor", "late.csv", n) for n in range(1, MANY + 1)
    ]
    assert len([row for row in of_csv(candidate) if row["rule"] == "timeline_ends_at_the_as_of_date"]) == MANY


def test_values_outside_a_set_or_a_range_are_listed_by_account(change: Change) -> None:
    candidate = change(
        "update reporting.account_segments set as_of_date = as_of_date - 1 "
        "where account_id = (select min(account_id) from reporting.account_segments)",
        "update reporting.account_segments set heat = -200000 "
        "where account_id = (select max(account_id) from reporting.account_segments)",
    )
    accounts = duckdb.execute(
        f"select min(account_id), max(account_id) from {candidate.tables['account_segments'].relation}"
    ).fetchall()[0]
    rules = ("account_segments_is_of_this_day", "heat_is_plausible")
    listed = {row[0]: row[1] for row in audited(candidate) if row[0] in rules}
    assert listed == dict(zip(rules, accounts, strict=True))


def test_a_lost_table_and_a_failed_test_are_listed_by_name(change: Change) -> None:
    candidate = change(
        "delete from reporting.account_products",
        dbt={"expected": 9, "passed": 8, "failed": ["test.thermocline.heat_adds_up.1"]},
    )
    listed = {(row[0], row[1]) for row in audited(candidate)}
    assert listed >= {
        ("no_table_lost_all_its_rows", "account_products"),
        ("models_and_tests_passed", "test.thermocline.heat_adds_up.1"),
    }


def test_no_cell_is_a_formula_in_a_spreadsheet(change: Change) -> None:
    begins = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]
    hostile = ", ".join(f"chr({ord(text[0])}) || '{text[1:]}'" for text in begins)
    candidate = change(
        "delete from reporting.gate_failures",
        "insert into reporting.gate_failures select 'quarantined_rows', cell, cell, cell, cell, 1 "
        f"from (select unnest([{hostile}, 'harmless']) as cell)",
        "update gate.gate_figures set quarantined_rows = 8",
    )
    audited(candidate)
    rows = [row for row in of_csv(candidate) if row["rule"] == "nothing_is_quarantined"]
    for column in ("failing_key", "detail", "source", "source_file"):
        assert sorted(row[column] for row in rows) == sorted(["harmless", *(f"'{text}" for text in begins)])


def test_the_last_audits_are_shown_and_no_page_needs_another_host(change: Change) -> None:
    candidate = change()
    (candidate.home.config / "company.yml").write_text("reporting_currency: EUR\naudits_shown: 2\n")
    for hour in range(3):
        place = candidate.home.site / "gate" / f"2026010{hour + 1}T000000-000000000000"
        place.mkdir(parents=True)
    audited(candidate)
    [older, newest] = audit_index.audits(candidate.home)
    assert older.name == "20260103T000000-000000000000"
    assert newest.name.endswith(candidate.content_hash[:12])
    index = (candidate.home.site / "gate" / "index.html").read_text(encoding="utf-8")
    assert re.findall('href="([^"]+)/index.html"', index) == ["..", newest.name, older.name]
    assert f'<td class="day">{candidate.facts.as_of_date}</td>' in index
    pages = sorted(path.stem for path in newest.glob("*.html"))
    assert pages == sorted([*(suite.stem for suite in audit.SUITES.glob("*.json")), "index"])
    for page in newest.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"(?:\bsrc|<link\b[^>]*href)=.(?:https?:|\.\.)", text), page
    assert "invoices_equal_their_lines" in (newest / "index.html").read_text(encoding="utf-8")


def test_no_cell_of_the_data_comes_into_a_page(change: Change) -> None:
    hostile = "\"'><hostile onclick=\"hostile()\" hostile='1'></td></script><!--"
    told = hostile.replace("'", "''")
    candidate = change(
        f"update reporting.account_segments set temperature = '{told}', relationship = '{told}', "
        f"account_name = '{told}', account_code = '{told}'",
        "insert into reporting.gate_failures "
        f"select 'quarantined_rows', '{told}', '{told}', '{told}', '{told}', 1",
        "update gate.gate_figures set quarantined_rows = 1",
    )
    audited(candidate)
    assert any("hostile()" in row["failing_key"] for row in of_csv(candidate))
    for page in audit_index.audits(candidate.home)[-1].glob("*.html"):
        assert "hostile" not in page.read_text(encoding="utf-8"), page


LOST = {
    "money_reconciles": "activity.fct_invoices where invoice_id = '{invoice_id}'",
    "rows_reconcile": "raw.invoices where source_row = {source_row} and file_id = {file_id}",
}
"""What is deleted behind the loader's back, by the rule that finds it."""
REMADE = (
    "gate/int_rows_by_file",
    "gate/int_invoices_by_file",
    "gate/reconciliation_of_files",
    "gate/reconciliation_of_money",
    "gate/reconciliation",
    "gate/gate_figures",
    "reporting/gate_failures",
)


@pytest.mark.parametrize("rule", LOST)
def test_a_record_lost_on_the_way_blocks_by_the_name_of_its_file(
    example: Screened, change: Change, rule: str
) -> None:
    with closing(warehouse.connect(example.home)) as connection:
        found = connection.execute(
            "select source, source_file, invoice_id, source_row, file_id from activity.fct_invoices "
            "join raw.files using (source, source_file) "
            "where money_state = 'attributed' order by invoice_id limit 1"
        )
        names = [column[0] for column in found.description]
        invoice = dict(zip(names, found.fetchall()[0], strict=True))
    models = transformation.target_folder(example.home) / "compiled" / "thermocline" / "models"
    candidate = change(
        f"delete from {LOST[rule].format(**invoice)}",
        *(
            f"create or replace table {name.replace('/', '.')} as {(models / f'{name}.sql').read_text()}"
            for name in REMADE
        ),
    )
    listed = [row for row in audited(candidate) if row[0] in LOST and row[3]]
    file = invoice["source_file"]
    assert (rule, f"{invoice['source']}:{file}", invoice["source"], file, None) in listed
    assert {row[3] for row in listed} == {file}
    with pytest.raises(GateBlocked, match=rule):
        audit.audit(candidate.home, candidate.content_hash)
