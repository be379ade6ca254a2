import csv
from datetime import date
from pathlib import Path

import pytest
from export_files import ACCOUNTS, PAYMENTS, REAL, WHOLESALER, payment, write, write_bytes
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.landing import parts
from thermocline.landing.land import land
from thermocline.loading.checking import check, render
from thermocline.loading.refusals import NO_DATE_ORDER
from thermocline.mapping.files import SHIPPED

TAKEN = {
    "salesforce_dataloader/samples": {"accountData.csv", "opportunityData.csv"},
    "salesforce_dataloader/testfiles": {
        "bulkV2MultipleJobsCsvTemplate.csv",
        "dateEndingInZ.csv",
        "dateOnlyWithTimeZone.csv",
        "dateUsingDefaultTimeZone.csv",
        "dateWithTimeZone.csv",
        "emptyFirstRowFieldValueInCsvTemplate.csv",
        "insertAccountCsv.csv",
        "updateAccountCsvTemplate.csv",
        "updateAccountWithExternalIdCsvTemplate.csv",
        "upsertAccountCsvTemplate.csv",
        "upsertAccountSmallTemplate.csv",
        "upsertFkAccountNewFormatCsvTemplate.csv",
        "upsertFkAccountOldFormatCsvTemplate.csv",
        "upsertWithRowOffsetTemplate.csv",
    },
    "fivetran": {
        "dbt_salesforce/sf_account_data.csv",
        "dbt_salesforce/sf_account_history_data.csv",
        "dbt_salesforce/sf_contact_data.csv",
        "dbt_salesforce/sf_contact_history_data.csv",
        "dbt_salesforce/sf_event_data.csv",
        "dbt_salesforce/sf_opportunity_data.csv",
        "dbt_salesforce/sf_opportunity_history_data.csv",
        "dbt_salesforce/sf_task_data.csv",
        "dbt_stripe/charge_data.csv",
        "dbt_stripe/credit_note_data.csv",
        "dbt_stripe/customer_data.csv",
        "dbt_stripe/invoice_data.csv",
        "dbt_stripe/invoice_line_item_data.csv",
        "dbt_stripe/refund_data.csv",
    },
}


def test_a_folder_is_checked_file_by_file_without_a_home(exports):
    write(
        exports,
        "2024-01-05/Payments.csv",
        PAYMENTS,
        payment(1),
        payment(2, "x"),
        payment(3, "y"),
        "ragged",
        payment(4, paid_on="2024-02-01"),
    )
    write(exports, "Account.csv", ACCOUNTS + ",Twitter__c", encoding="latin-1")
    before = sorted(exports.rglob("*"))
    checked = check(exports)
    assert [file.file for file in checked.files] == ["2024-01-05/Payments.csv", "Account.csv"]
    payments, accounts = checked.files
    assert (payments.mapping, payments.feed, payments.encoding, payments.rows) == (
        "kontor",
        "payments",
        "utf-8",
        5,
    )
    assert (payments.first_on, payments.last_on) == (date(2024, 1, 5), date(2024, 2, 1))
    assert payments.quarantined == {"amount is not a number": 2, "has too few columns": 1}
    assert (accounts.rows, accounts.first_on, accounts.unmapped) == (0, None, ("Twitter__c",))
    assert checked.refused == []
    assert sorted(exports.rglob("*")) == before


def test_what_would_be_refused_is_named(exports):
    write(exports, "Payments.csv", PAYMENTS, payment(1))
    write(exports, "own\nlist.csv", "a,b")
    write_bytes(exports, "empty.csv", b"")
    (exports / "link.csv").symlink_to(exports / "Payments.csv")
    checked = check(exports)
    assert checked.refused == ["empty.csv", "link.csv", r"own\nlist.csv"]
    table = render(checked).splitlines()
    assert table[0].split() == [
        "file",
        "mapping",
        "feed",
        "encoding",
        "rows",
        "from",
        "until",
        "quarantined",
        "left",
        "out",
        "notes",
    ]
    assert len(table) == 5
    assert "refused: is empty" in table[2]
    assert "refused: matches no mapping (columns: a, b)" in table[4]


def test_a_folder_without_data_is_refused(exports):
    with pytest.raises(InputError, match="holds no exports"):
        check(exports)
    with pytest.raises(InputError, match="doesn't exist"):
        check(exports / "nowhere")


@pytest.mark.skipif(not WHOLESALER.is_dir(), reason="../shared/data/online_retail is absent")
def test_a_real_day_is_checked(tmp_path):
    day = "2011-12-09.csv"
    (tmp_path / day).write_bytes((WHOLESALER / day).read_bytes())
    [file] = check(tmp_path).files
    assert (file.rows, file.first_on, file.last_on, file.quarantined) == (
        1632,
        date(2011, 12, 9),
        date(2011, 12, 9),
        {},
    )


def test_a_homes_own_mappings_sources_and_zone_are_in_force(home: Home, exports: Path) -> None:
    write(exports, "sales.csv", "Invoice,Customer,Date,Qty,Price,Amount", "1,K,04/03/2024,1,2.00,2.00")
    own = (SHIPPED / "invoice_lines.yml").read_text().replace("name: invoice_lines", "name: own")
    (home.config / "mappings").mkdir()
    (home.config / "mappings" / "own.yml").write_text(own.replace("[Quantity, Qty", "[Pieces, Qty"))
    [found] = check(exports, home).files
    assert (found.mapping, found.rows, list(found.quarantined)) == (
        "invoice_lines",
        1,
        [f"issued_at {NO_DATE_ORDER}"],
    )
    (home.config / "mappings" / "own.yml").write_text(own.replace("name: own", "name: invoice_lines"))
    (home.config / "sources.yml").write_text(
        "sources:\n- {mapping: invoice_lines, location: exports, dates: day_first}\n"
    )
    [found] = check(exports, home).files
    assert (found.quarantined, found.first_on) == ({}, date(2024, 3, 4))
    assert not (home.root / "warehouse.duckdb").exists()


def test_left_out_rows_are_counted_beside_the_quarantined(exports: Path) -> None:
    write(
        exports,
        "Case.csv",
        "Id,AccountId,Type,Subject,CreatedDate,ClosedDate",
        "1,A,Question,S,2024-01-01,",
        "2,A,Question,S,2024-01-01,",
        "3,A,Complaint,S,nonsense,",
    )
    [found] = check(exports).files
    assert found.excluded == {"is a case that is no complaint": 2}
    assert found.quarantined == {"given_at is not a date": 1}


@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data is absent")
@pytest.mark.parametrize("folder", TAKEN)
def test_real_exports_come_in_with_the_rows_that_they_have(folder: str) -> None:
    """An independent reader counts the rows of each file that a mapping takes."""
    checked = check(REAL / folder)
    taken = {file.file: file for file in checked.files if not file.refused}
    assert set(taken) == TAKEN[folder]
    for path, file in taken.items():
        with (REAL / folder / path).open(encoding="latin-1", newline="") as text:
            rows = [row for row in csv.reader(text) if row]
        assert file.rows == len(rows) - 1, path
        assert file.quarantined == {}, path
        assert {file.mapping} <= {"salesforce", "stripe"}
    assert {file.file for file in checked.files} - set(taken) == set(checked.refused)


def test_files_that_cannot_be_read_are_refused_and_the_others_checked(
    exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "forbidden.csv", "gone.csv"):
        write(exports, name, PAYMENTS, payment(1))
    is_archive = parts.is_archive

    def failing(path: Path) -> bool:
        if path.name != "a.csv":
            raise PermissionError(path) if path.name == "forbidden.csv" else FileNotFoundError(path)
        return is_archive(path)

    monkeypatch.setattr(parts, "is_archive", failing)
    taken, forbidden, gone = check(exports).files
    assert (taken.rows, taken.refused) == (1, None)
    assert forbidden.refused == "can't be read: allow reading it"
    assert gone.refused == "disappeared while it was read"


def test_a_file_of_which_no_row_can_be_read_ends_the_check_with_2(tmp_path, monkeypatch, capsys):
    from thermocline.command.cli import main

    monkeypatch.setenv("THERMOCLINE_HOME", str(tmp_path / "home"))
    header = "invoice_id,customer_id,issued_at,currency,total,status,kind\n"
    exports = tmp_path / "exports"
    exports.mkdir()
    unread = "I1,C1,2026-06-01,EUR,many,paid,invoice\n"
    read = "I2,C1,2026-06-01,EUR,5.00,paid,invoice\n"
    (exports / "invoices.csv").write_text(header + unread + read)
    assert main(["sources", "check", str(exports)]) == 0
    (exports / "invoices.csv").write_text(header + unread)
    assert main(["sources", "check", str(exports)]) == 2
    assert "1 of the files above would be refused or wholly quarantined, invoices.csv first" in (
        capsys.readouterr().err
    )
    without = "invoice_id,customer_id,issued_at,total,status,kind\nI1,C1,2026-06-01,5.00,paid,invoice\n"
    (exports / "invoices.csv").write_text(without)
    assert main(["sources", "check", str(exports)]) == 2
    assert "1 currency is missing: set `currency` of the source" in capsys.readouterr().out


def test_headers_alone_end_a_first_check_with_2(tmp_path, monkeypatch, capsys):
    from thermocline.command.cli import main

    monkeypatch.setenv("THERMOCLINE_HOME", str(tmp_path / "home"))
    exports = tmp_path / "exports"
    write(exports, "Payments.csv", PAYMENTS)
    write(exports, "Account.csv", ACCOUNTS)
    assert main(["sources", "check", str(exports)]) == 2
    printed = capsys.readouterr()
    assert "a header without records" in printed.out
    assert "holds headers without records, 'Account.csv' first" in printed.err
    write(exports, "Payments.csv", PAYMENTS, payment(1))
    assert main(["sources", "check", str(exports)]) == 0
    write(exports, "Payments.csv", PAYMENTS)
    home = Home(tmp_path / "home").prepare()
    land(home, "billing", exports)
    assert main(["sources", "check", str(exports)]) == 0
