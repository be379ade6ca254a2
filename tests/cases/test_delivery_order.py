"""Corrected exports under the same or a copied name, and one document number for several customers."""

from collections.abc import Callable
from contextlib import closing
from datetime import date
from typing import Any

import pytest
from screened import Screened
from thermocline import warehouse
from thermocline.errors import GateBlocked

ScreenFiles = Callable[..., Screened]

DAY = date(2026, 6, 30)

HEADER = "id,Customer,Currency,Total,Status,Date (UTC),Due Date (UTC)\n"
# Folder, the file that came first and the one that came later, what that says, and the total it leaves.
PAIRS = {
    "pair1": ("invoices.csv", "open", "invoices (1).csv", "void"),
    "pair2": ("invoices.csv", "open", "invoices (1).csv", "paid"),
    "pair3": ("invoices.csv", "paid", "invoices (1).csv", "void"),
    "browser": ("invoices.csv", "open", "invoices (1).csv", "paid"),
    "windows_copy": ("invoices.csv", "open", "invoices - Copy.csv", "paid"),
    "macos": ("invoices.csv", "open", "invoices 2.csv", "paid"),
    "hyphen": ("invoices.csv", "open", "invoices-2.csv", "paid"),
    "underscore": ("invoices.csv", "open", "invoices_2.csv", "paid"),
    "compact": ("invoices_20260531.csv", "open", "invoices_20260630.csv", "paid"),
    "same_name": ("invoices.csv", "paid", "invoices.csv", "void"),
    "reversed": ("invoices (1).csv", "void", "invoices.csv", "open"),
}


def invoice(pair: str, status: str) -> str:
    return f"{HEADER}in_{pair},cus_{pair},eur,100.00,{status},2026-05-01 10:00,2026-06-15 10:00\n"


def files(second: bool) -> dict[str, str]:
    return {
        f"{pair}/{path}": invoice(pair, status)
        for pair, (*first, later_path, later_status) in PAIRS.items()
        for path, status in [(later_path, later_status) if second else first]
    }


def found(screened: Screened, query: str) -> list[tuple[Any, ...]]:
    with closing(warehouse.connect(screened.home)) as connection:
        return connection.execute(query).fetchall()


def statuses(screened: Screened) -> dict[str, str]:
    rows = found(screened, "select document_id, status from activity.fct_invoices")
    return {number.removeprefix("in_"): status for number, status in rows}


def test_the_export_that_came_later_counts(screen_files: ScreenFiles) -> None:
    """Case 10, each pair after the other, among them the same name again."""
    first = screen_files(files(second=False), DAY)
    assert statuses(first) == {pair: status for pair, (_, status, *_) in PAIRS.items()}
    then = screen_files(files(second=True), DAY)
    assert statuses(then) == {pair: status for pair, (*_, status) in PAIRS.items()}
    assert found(then, "select * from reporting.gate_failures where measure = 'undecided_records'") == []


def test_what_came_at_once_without_a_date_is_named_with_both_values(screen_files: ScreenFiles) -> None:
    """Case 10, all in one landing: only the dated pair says which is the later."""
    screened = screen_files(files(second=False) | files(second=True), DAY)
    named = dict(
        found(
            screened,
            "select failing_key, detail from reporting.gate_failures where measure = 'undecided_records'",
        )
    )
    at_once = set(PAIRS) - {"same_name", "compact"}
    assert set(named) == {f"stripe:in_{pair}" for pair in at_once}
    assert statuses(screened)["compact"] == "paid"
    assert named["stripe:in_pair1"] == (
        "status void or open; the other stands in pair1/invoices.csv, row 1; 100.00 EUR at stake"
    )


def test_one_number_of_several_customers_blocks_with_the_money_named(screen_files: ScreenFiles) -> None:
    """Case 08, with a number that a spreadsheet left whole: 350 of 390 would vanish."""
    header = "invoice_id,customer_id,issued_at,currency,total,status,kind\n"
    rows = "7,C1,2026-05-04,USD,100.00,paid,invoice\n7,C2,2026-05-11,USD,250.00,paid,invoice\n"
    with pytest.raises(GateBlocked, match="little_revenue_is_contradicted"):
        screen_files(
            {
                "a/invoices-2026-06-30.csv": header + rows,
                "b/invoices-2026-06-30.csv": header + "7,C3,2026-06-08,USD,40.00,paid,invoice\n",
            },
            DAY,
        )


def test_one_number_of_several_customers_below_the_bound_is_published_with_a_warning(
    screen_files: ScreenFiles,
) -> None:
    lines = "Invoice Number,Invoice Date,Customer ID,Customer Name,Quantity,Unit Price,Line Total,Currency\n"
    screened = screen_files(
        {
            "lines-2026-06-30.csv": lines
            + "7,2026-05-04,C1,Harbor Tools,1,100.00,100.00,USD\n"
            + "7,2026-05-11,C2,Kestrel Sports,1,250.00,250.00,USD\n"
            + "7,2026-06-08,C3,Bluebay,1,40.00,40.00,USD\n"
            + "8,2026-06-08,C3,Bluebay,1,20000.00,20000.00,USD\n"
        },
        DAY,
    )
    assert found(
        screened,
        "select failing_key, detail, source_file from reporting.gate_failures "
        "where measure = 'shared_numbers'",
    ) == [("invoice_lines:7", "customers C1, C2, C3; 390.00 USD at stake", "lines-2026-06-30.csv")]


def test_a_record_twice_in_one_file_is_named(screen_files: ScreenFiles) -> None:
    header = "invoice_id,customer_id,issued_at,currency,total,status,kind\n"
    screened = screen_files(
        {
            "invoices-2026-06-30.csv": header
            + "1,C1,2026-05-04,USD,100.00,open,invoice\n1,C1,2026-05-04,USD,90.00,open,invoice\n"
            + "2,C1,2026-05-04,USD,9000.00,open,invoice\n2,C1,2026-05-04,USD,9000.00,open,invoice\n"
        },
        DAY,
    )
    assert found(
        screened, "select failing_key, detail from reporting.gate_failures where measure = 'repeated_records'"
    ) == [
        (
            "canonical_billing:1",
            "total 100.0000 or 90.0000; the other stands in invoices-2026-06-30.csv, row 2; "
            "90.00 USD at stake",
        )
    ]
