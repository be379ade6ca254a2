"""Every shipped mapping takes what its vendor gives, row by row."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
import yaml
from export_files import disconnect, land_all, load_all, rows, write_bytes
from thermocline.home import Home
from thermocline.mapping.files import load_mappings
from vendor_files import ALL, CSV


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with a source of each mapping, all at one place, in a zone west of Greenwich."""
    folder = tmp_path_factory.mktemp("vendors")
    home = Home(folder / "home").prepare()
    for path, text in ALL.items():
        write_bytes(folder / "exports", path, text.encode())
    sources = [{"mapping": name, "location": str(folder / "exports")} for name in load_mappings()]
    (home.config / "sources.yml").write_text(yaml.safe_dump({"sources": sources}))
    land_all(home)
    load_all(home, "America/New_York")
    yield home
    disconnect()


def test_every_file_is_taken_by_its_vendors_mapping(home):
    found = dict(rows(home, "select split_part(source_file, '#', 1), mapping from raw.files"))
    told = {path: path.split("/")[0] for path in ALL}
    renamed = {"lines": {"invoice_lines"}, "canonical": {"canonical_crm", "canonical_billing"}}
    assert set(found) == set(told)
    assert {path for path in told if found[path] not in renamed.get(told[path], {told[path]})} == set()


def test_every_row_is_loaded_quarantined_or_not_taken(home):
    read = {path: text.count("\n") - 1 for path, text in CSV.items()} | {
        "hubspot/api/companies.json": 1,
        "quickbooks/api/invoice.json#QueryResponse.Invoice": 2,
        "quickbooks/api/invoice.json#QueryResponse.Invoice.Line": 5,
        "quickbooks/api/invoice.json#QueryResponse.Invoice.Line.GroupLineDetail.Line": 1,
        "quickbooks/api/refunds.json#QueryResponse.RefundReceipt": 1,
        "quickbooks/api/refunds.json#QueryResponse.RefundReceipt.Line": 1,
        "stripe/api/invoices.json": 1,
        "stripe/api/invoices.json#lines.data": 2,
        "xero/api/credits.json#CreditNotes": 1,
        "xero/api/credits.json#CreditNotes.LineItems": 1,
        "xero/api/invoices.json#Invoices": 1,
        "xero/api/invoices.json#Invoices.LineItems": 2,
    }
    assert dict(rows(home, "select source_file, rows_read from raw.files")) == read
    assert rows(
        home, "select sum(rows_read - rows_loaded - rows_quarantined - rows_excluded) from raw.files"
    ) == [(0,)]


def test_nothing_is_quarantined_but_what_cannot_be_known(home):
    assert rows(
        home,
        "select source_file, column_name, value, split_part(reason, ':', 1) from raw.quarantine "
        "join raw.files using (file_id) order by all",
    ) == [
        ("stripe/invoices.csv", "total", "100", "has no currency to tell its minor units by"),
        ("xero/SalesInvoices.csv", "issued_at", "03/04/2024", "may be day or month first"),
    ]


def test_what_is_left_out_is_counted_by_reason(home):
    of_invoices = "quickbooks/api/invoice.json#QueryResponse.Invoice"
    assert rows(
        home,
        "select source_file, document_id, reason from raw.excluded join raw.files using (file_id) "
        "order by all",
    ) == [
        ("hubspot/emails.csv", "5003", "is an email that wasn't sent"),
        ("hubspot/meetings.csv", "4002", "is a meeting that hasn't taken place"),
        (f"{of_invoices}.Line", "230", "is a bundle, whose lines count"),
        (f"{of_invoices}.Line", "230", "is a line of text only"),
        (f"{of_invoices}.Line", "230", "is a subtotal"),
        ("quickbooks/credit_memo_line.csv", "140", "is a line of text only"),
        ("quickbooks/invoice.csv", "132", "was deleted"),
        ("quickbooks/invoice_line.csv", "130", "is a subtotal"),
        ("quickbooks/payment.csv", "151", "was deleted"),
        ("quickbooks/sales_receipt.csv", "161", "was deleted"),
        ("salesforce/Case.csv", "500B", "is a case that is no complaint"),
        ("salesforce/Case.csv", "500C", "is a case that is no complaint"),
        ("salesforce/Task.csv", "00TB", "is a task that isn't done yet"),
        ("salesforce/Task.csv", "00TC", "is a task of a subtype that is no communication"),
        ("stripe/charges.csv", "ch_2", "is a charge that didn't succeed"),
        ("stripe/charges.csv", "ch_3", "is a charge that wasn't captured"),
        ("stripe/dashboard/payments.csv", "ch_e", "is a charge that didn't succeed"),
        ("stripe/invoices.csv", "in_draft", "is a draft"),
        ("stripe/refunds.csv", "re_2", "is a refund that didn't succeed"),
        ("xero/Contacts.csv", "c-2", "is a supplier"),
        ("xero/api/invoices.json#Invoices.LineItems", "i-9", "is a line of text only"),
        ("xero/invoice.csv", "i-2", "is a draft"),
        ("xero/payment.csv", "p-2", "is a payment of ours"),
        ("xero/payment.csv", "p-3", "is a payment that was deleted"),
    ]


def test_columns_that_nothing_knows_are_drift(home):
    assert (
        rows(
            home,
            "select source_file, column_name from raw.unmapped_columns join raw.files using (file_id) "
            "where mapping in ('hubspot', 'salesforce', 'canonical_crm', 'canonical_billing') order by all",
        )
        == []
    )


def told(home: Home, table: str, columns: str, mapping: str) -> list[tuple]:
    return rows(
        home,
        f"select {columns} from raw.{table} join raw.files using (file_id) where mapping = ? order by all",
        mapping,
    )


def test_invoices_bear_sign_status_kind_and_money(home):
    columns = "invoice_id, customer_id, total, upper(invoices.currency), status, kind"
    assert told(home, "invoices as invoices", columns, "stripe") == [
        ("cn_1", "cus_1", Decimal("-10"), "USD", "open", "credit_note"),
        ("cn_2", "cus_1", Decimal("-10"), "USD", "void", "credit_note"),
        ("in_api", "cus_1", Decimal("10"), "USD", "open", "invoice"),
        ("in_d", "cus_1", Decimal("12.34"), "USD", "paid", "invoice"),
        ("in_isk", "cus_1", Decimal("5"), "ISK", "void", "invoice"),
        ("in_jpy", "cus_1", Decimal("123456"), "JPY", "open", "invoice"),
        ("in_kwd", "cus_1", Decimal("123.456"), "KWD", "open", "invoice"),
        ("in_usd", "cus_1", Decimal("1234.56"), "USD", "paid", "invoice"),
    ]
    assert told(home, "invoices as invoices", columns, "quickbooks") == [
        ("130", "1", Decimal("362.07"), "USD", "paid", "invoice"),
        ("131", "1", Decimal("100"), "USD", "open", "invoice"),
        ("140", "1", Decimal("-20.5"), "USD", "open", "credit_note"),
        ("160", "1", Decimal("45"), "USD", "paid", "invoice"),
        ("170", "1", Decimal("-15"), "USD", "paid", "credit_note"),
        ("230", "1", Decimal("12.5"), "USD", "open", "invoice"),
        ("231", "1", Decimal(0), "USD", "paid", "invoice"),
        ("240", "1", Decimal("-5"), "USD", "paid", "credit_note"),
    ]
    assert told(home, "invoices as invoices", columns, "xero") == [
        ("INV-9", "Marine", Decimal("30"), "NZD", "open", "invoice"),
        ("INV-9", "Marine", Decimal("30"), "NZD", "open", "invoice"),
        ("i-1", "c-1", Decimal("500.25"), "NZD", "open", "invoice"),
        ("i-3", "c-2", Decimal("99.99"), "NZD", "paid", "payable"),
        ("i-4", "c-1", Decimal("10"), "NZD", "void", "invoice"),
        ("i-9", "c-1", Decimal("33.3"), "NZD", "paid", "invoice"),
        ("n-1", "c-1", Decimal("-50"), "NZD", "paid", "credit_note"),
        ("n-2", "c-2", Decimal("-5"), "NZD", "paid", "payable"),
        ("n-9", "c-1", Decimal("-15"), "NZD", "paid", "credit_note"),
    ]


def test_payments_bear_their_sign(home):
    columns = "payment_id, invoice_id, amount"
    assert told(home, "payments", columns, "stripe") == [
        ("ch_1", "in_usd", Decimal("1234.56")),
        ("ch_d", "in_d", Decimal("1010")),
        ("re_1", None, Decimal("-1")),
    ]
    assert told(home, "payments", columns, "quickbooks") == [("150", None, Decimal("362.07"))]
    assert told(home, "payments", columns, "xero") == [
        ("p-1", "i-1", Decimal("500.25")),
        ("p-4", "n-1", Decimal("-2")),
    ]


def test_lines_bear_product_quantity_and_price(home):
    columns = "invoice_id, product_code, quantity, unit_price, amount, invoice_lines.kind"
    assert told(home, "invoice_lines as invoice_lines", columns, "invoice_lines") == [
        ("1001", "A", Decimal(2), Decimal("1.5"), Decimal(3), "invoice"),
        ("1002", "A", Decimal(-1), Decimal("1.5"), Decimal("-1.5"), "credit_note"),
    ]
    assert told(home, "invoice_lines as invoice_lines", "invoice_id, amount", "stripe") == [
        ("in_api", Decimal(4)),
        ("in_api", Decimal(6)),
        ("in_usd", Decimal("1234.56")),
    ]
    columns = "invoice_id, product_code, quantity, unit_price, amount"
    assert told(home, "invoice_lines as invoice_lines", columns, "quickbooks") == [
        ("130", "5", Decimal(1), Decimal("362.07"), Decimal("362.07")),
        ("140", "5", Decimal(-3), Decimal("7.5"), Decimal("-22.5")),
        ("140", None, None, None, Decimal(2)),
        ("230", "4", Decimal(3), Decimal("2.5"), Decimal("7.5")),
        ("230", "6", Decimal(1), Decimal(6), Decimal(6)),
        ("230", None, None, None, Decimal(-1)),
        ("240", "4", Decimal(-2), Decimal("2.5"), Decimal(-5)),
    ]
    assert told(home, "invoice_lines as invoice_lines", columns, "xero") == [
        ("i-1", "BOOK", Decimal(1), Decimal("500.25"), Decimal("500.25")),
        ("i-9", "BOOK", Decimal(2), Decimal(15), Decimal("33.3")),
        ("n-9", "BOOK", Decimal(-1), Decimal(15), Decimal(-15)),
    ]


def test_lines_add_up_to_the_totals_of_their_documents(home):
    query = """
        select invoices.invoice_id, total, sum(lines.amount)
        from raw.invoices as invoices
        join raw.files as of_invoice on invoices.file_id = of_invoice.file_id
        join raw.files as of_line on of_line.source = of_invoice.source
        join raw.invoice_lines as lines
            on lines.file_id = of_line.file_id and lines.invoice_id = invoices.invoice_id
        where of_line.source in ('quickbooks', 'xero', 'stripe')
        group by all order by all
    """
    sums = rows(home, query)
    assert len(sums) == 9
    assert [row for row in sums if row[1] != row[2]] == []


def test_moments_are_utc_and_days_are_days_of_the_reporting_zone(home):
    assert told(home, "invoices", "invoice_id, strftime(issued_at, '%x %X')", "stripe")[-1] == (
        "in_usd",
        "2024-01-01 10:00:00",
    )
    assert told(home, "invoices", "invoice_id, strftime(issued_at, '%x %X')", "xero")[-2:] == [
        ("n-2", "2024-01-15 05:00:00"),
        ("n-9", "2024-01-10 05:00:00"),
    ]
    assert told(home, "communications", "communication_id, strftime(occurred_at, '%x %X')", "salesforce") == [
        ("00TA", "2024-01-05 05:00:00"),
        ("00UA", "2024-01-05 08:00:00"),
    ]


def test_hubspots_companies_deals_and_engagements(home):
    assert told(home, "accounts", "account_id, name, country, is_deleted", "hubspot") == [
        ("9001", "Bluebay Ltd", "Malta", None),
        ("9002", "Harbour; & Sons", None, None),
        ("9003", "Kestrel Sports", "Ireland", True),
        ("9004", "Fourth", "Malta", False),
        ("9101", "By API", "Malta", False),
    ]
    assert told(home, "contacts", "contact_id, account_id, name, email", "hubspot") == [
        ("8001", "9001", "Priya Example", "priya@bluebay.example")
    ]
    assert told(
        home, "opportunities", "opportunity_id, account_id, outcome, amount, closed_at is null", "hubspot"
    ) == [
        ("7001", "9001", "won", Decimal(15000), False),
        ("7002", "9002", None, Decimal("2500.5"), True),
        ("7003", "9002", "lost", None, False),
    ]
    assert told(home, "communications", "communication_id, channel, direction, outcome", "hubspot") == [
        ("4001", "meeting", None, "held"),
        ("4003", "meeting", None, "cancelled"),
        ("5001", "email", "inbound", None),
        ("5002", "email", "outbound", None),
        ("6001", "call", "inbound", "answered"),
        ("6002", "call", "outbound", "answered"),
        ("6003", "call", "outbound", "unanswered"),
        ("6101", "call", "inbound", "answered"),
    ]
    assert told(home, "communication_accounts", "communication_id, account_id", "hubspot") == [
        ("6101", "9004")
    ]
    assert told(home, "feedback", "feedback_id, kind, score, scale_min, scale_max", "hubspot") == [
        ("3001", "nps", Decimal(9), Decimal(0), Decimal(10)),
        ("3002", "survey", Decimal(2), Decimal(1), Decimal(7)),
    ]


def test_customers_and_those_deleted(home):
    columns = "customer_id, name, billing_customers.country, is_deleted"
    assert told(home, "billing_customers as billing_customers", columns, "stripe") == [
        ("cus_1", "Ada", "JP", False),
        ("cus_2", "Bob", None, True),
        ("cus_3", "Cy", "GB", None),
    ]
    assert told(home, "billing_customers", "customer_id, name, email", "quickbooks") == [
        ("1", "Amy's Bird Sanctuary", "birds@example.org")
    ]
    assert told(home, "billing_customers", "customer_id, name", "xero") == [("c-1", "Marine Systems")]
