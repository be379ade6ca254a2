"""What QuickBooks, Xero and Stripe mean by their own columns, from exports that real users describe."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from export_files import disconnect, land_all, load_all, rows, write_bytes
from thermocline.home import Home
from thermocline.mapping.files import load_mappings
from thermocline.mapping.recognition import recognise

DAY = date(2026, 6, 30)


def document(kind: str, *records: dict[str, Any]) -> str:
    """An answer of an API that holds records of one kind."""
    return json.dumps({kind: list(records)})


def quickbooks(kind: str, *records: dict[str, Any]) -> str:
    return json.dumps({"QueryResponse": {kind: list(records)}})


def changed(kind: str, *records: dict[str, Any]) -> str:
    """An answer of QuickBooks to the question what changed."""
    return json.dumps({"CDCResponse": [{"QueryResponse": [{kind: list(records)}]}]})


@pytest.fixture
def load_files(tmp_path):
    """Return a function that lands and loads files, and gives the home whose warehouse holds them."""

    def run(files: dict[str, str]) -> Home:
        home = Home(tmp_path / "home").prepare()
        for path, text in files.items():
            write_bytes(tmp_path / "exports", path, text.encode())
        land_all(home, tmp_path / "exports")
        load_all(home)
        return home

    yield run
    disconnect()


PARTLY_PAID = {
    "quickbooks/invoices-2026-06-30.json": quickbooks(
        "Invoice",
        {
            "Id": "1",
            "CustomerRef": {"value": "q1"},
            "TxnDate": "2026-03-02",
            "DueDate": "2026-04-01",
            "CurrencyRef": {"value": "USD"},
            "TotalAmt": 1000.0,
            "Balance": 400.0,
        },
    ),
    "quickbooks/payments-2026-06-30.json": quickbooks(
        "Payment",
        {
            "Id": "9",
            "CustomerRef": {"value": "q1"},
            "TxnDate": "2026-04-10",
            "CurrencyRef": {"value": "USD"},
            "TotalAmt": 600.0,
            "UnappliedAmt": 0,
            "Line": [{"Amount": 600.0, "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}],
        },
    ),
    "quickbooks/customers-2026-06-30.json": quickbooks(
        "Customer",
        {"Id": "q0", "DisplayName": "Harbor", "Job": False},
        {"Id": "q1", "DisplayName": "Harbor:North", "Job": True, "ParentRef": {"value": "q0"}},
        {"Id": "q2", "DisplayName": "Lone", "Job": True, "ParentRef": {"value": "q9"}},
    ),
    # One that was deleted later, of which nothing else is told then.
    "quickbooks/deleted/invoices-2026-06-29.json": quickbooks(
        "Invoice",
        {
            "Id": "5",
            "CustomerRef": {"value": "q1"},
            "TxnDate": "2026-03-02",
            "DueDate": "2026-04-01",
            "CurrencyRef": {"value": "USD"},
            "TotalAmt": 7000.0,
            "Balance": 7000.0,
        },
    ),
    "quickbooks/deleted/changes-2026-06-30.json": changed(
        "Invoice",
        {
            "Id": "5",
            "domain": "QBO",
            "status": "Deleted",
            "MetaData": {"LastUpdatedTime": "2026-06-30T02:00:00-07:00"},
        },
    ),
    "xero/invoices-2026-06-30.json": document(
        "Invoices",
        {
            "InvoiceID": "i-1",
            "Contact": {"ContactID": "x1"},
            "DateString": "2026-03-02T00:00:00",
            "DueDateString": "2026-04-01T00:00:00",
            "CurrencyCode": "USD",
            "Total": 1000.0,
            "AmountDue": 100.0,
            "AmountPaid": 500.0,
            "AmountCredited": 400.0,
            "Status": "AUTHORISED",
            "Type": "ACCREC",
        },
        {
            "InvoiceID": "i-2",
            "Contact": {"ContactID": "x1"},
            "DateString": "2026-03-03T00:00:00",
            "DueDateString": "2026-04-02T00:00:00",
            "CurrencyCode": "USD",
            "Total": 300.0,
            "AmountDue": 200.0,
            "AmountPaid": 0,
            "AmountCredited": 100.0,
            "Status": "AUTHORISED",
            "Type": "ACCREC",
        },
    ),
    "xero/credit-notes-2026-06-30.json": document(
        "CreditNotes",
        {
            "CreditNoteID": "n-1",
            "Contact": {"ContactID": "x1"},
            "DateString": "2026-03-20T00:00:00",
            "CurrencyCode": "USD",
            "Total": 500.0,
            "RemainingCredit": 0,
            "Status": "PAID",
            "Type": "ACCRECCREDIT",
            "Allocations": [
                {"Amount": 400.0, "Invoice": {"InvoiceID": "i-1"}},
                {"Amount": 100.0, "Invoice": {"InvoiceID": "i-2"}},
            ],
        },
    ),
    "xero/payments-2026-06-30.json": document(
        "Payments",
        {
            "PaymentID": "p-1",
            "Invoice": {"InvoiceID": "i-1", "Contact": {"ContactID": "x1"}, "CurrencyCode": "USD"},
            "Date": "/Date(1775865600000+0000)/",
            "Amount": 500.0,
            "PaymentType": "ACCRECPAYMENT",
            "Status": "AUTHORISED",
        },
    ),
    "stripe/invoices-2026-06-30.csv": (
        "id,customer,created,due_date,currency,total,amount_paid,amount_remaining,status,attempt_count,"
        "billing_reason\n"
        "in_1,s1,2026-03-02 10:00:00,2026-04-01 00:00:00,usd,100000,60000,40000,open,1,manual\n"
    ),
    # Neither payments nor a balance: nobody can say what is still open.
    "shop/invoices-2026-06-30.csv": (
        "invoice_id,customer_id,issued_at,due_at,currency,total,status,kind\n"
        "c-1,c1,2026-03-02,2026-04-01,USD,700.00,open,invoice\n"
        "c-2,c2,2026-03-02,2026-04-01,USD,700.00,paid,invoice\n"
    ),
}


def test_27_what_is_overdue_is_the_open_balance(screen_files):
    company = screen_files(PARTLY_PAID, DAY, {"company.yml": "reporting_currency: USD\n"})
    assert company.value("select revenue_lifetime from account_segments where account_code = 'q1'") == 1000
    overdue = dict(company.rows("select account_code, overdue_amount from account_segments"))
    assert overdue == {
        "q1": Decimal(400),
        "x1": Decimal(300),
        "s1": Decimal(400),
        "c1": None,
        "c2": Decimal(0),
        "q0": Decimal(0),
        "q2": Decimal(0),
    }
    assert company.rows(
        "select group_id, accounts, revenue_365d from group_segments "
        "where group_id like 'quickbooks:%' order by all"
    ) == [("quickbooks:q0", 2, Decimal(1000))]
    reasons = dict(company.rows("select account_code, cold_because from account_segments"))
    assert (reasons["q1"], reasons["c1"], reasons["c2"]) == ("payment_trouble", "disengaged", "disengaged")


STRIPE = {
    "customers-2026-06-30.csv": (
        "id,name,email,delinquent,livemode,is_deleted\n"
        "cus_live,Harbor Tools,ap@harbor.example,false,true,false\n"
        "cus_test,Tester,dev@ours.example,false,false,false\n"
        "cus_1,Kestrel Sports,ap@kestrel.example,false,t,false\n"
        "cus_f,Tester,f@ours.example,false,f,false\n"
    ),
    "invoices-2026-06-30.csv": (
        "id,customer_id,created,currency,total,status,attempt_count,billing_reason,livemode,is_deleted\n"
        "in_live,cus_live,2026-06-04 10:00:00,usd,10000,paid,1,manual,true,false\n"
        "in_test,cus_test,2026-06-05 10:00:00,usd,9900000,paid,1,manual,false,false\n"
        "in_1,cus_1,2026-05-04 10:00:00,usd,10000,paid,1,manual,1,false\n"
        "in_0,cus_1,2026-05-04 10:00:00,usd,7700000,paid,1,manual,0,false\n"
    ),
    "unified_payments-2026-06-30.csv": (
        "id,Description,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Fee,Mode,Status,"
        "Customer ID,Invoice ID\n"
        "ch_live,Plan,2026-06-04 10:01,100.00,0.00,usd,100.00,1.00,Live,Paid,cus_live,in_live\n"
        "ch_test,Plan,2026-06-05 10:01,99000.00,0.00,usd,99000.00,1.00,Test,Paid,cus_test,in_test\n"
    ),
    "charges-2026-06-30.csv": (
        "id,invoice,customer,payment_intent,created,amount,amount_refunded,currency,status,captured,livemode\n"
        "ch_1,in_1,cus_1,pi_1,2026-05-04 10:01:00,10000,10000,usd,succeeded,true,true\n"
        "ch_t,in_1,cus_1,pi_t,2026-05-04 10:01:00,88800,0,usd,succeeded,true,FALSE\n"
    ),
    "refunds-2026-06-30.csv": (
        "id,charge,payment_intent,created,amount,currency,status,receipt_number\n"
        "re_1,ch_1,pi_1,2026-05-20 10:00:00,9000,usd,succeeded,\n"
        "re_2,,pi_1,2026-05-21 10:00:00,1000,usd,succeeded,\n"
    ),
    "credit_notes-2026-06-30.csv": (
        "id,customer,invoice,created,total,currency,status,voided_at,memo,livemode\n"
        "cn_t,cus_1,in_1,2026-05-22 10:00:00,5000,usd,issued,,,false\n"
    ),
    "invoice_line_items-2026-06-30.csv": (
        "id,invoice_id,amount,currency,description,quantity,proration,livemode\n"
        "il_1,in_1,10000,usd,Plan,1,false,true\n"
        "il_t,in_test,9900000,usd,Plan,1,false,false\n"
    ),
}


def test_05_and_11_test_data_is_nobodys_and_a_refund_is_that_of_its_charge(screen_files):
    company = screen_files(STRIPE, DAY, {"company.yml": "reporting_currency: USD\n"})
    assert dict(company.rows("select account_code, revenue_lifetime from account_segments")) == {
        "cus_live": Decimal(100),
        "cus_1": Decimal(100),
    }
    assert company.rows(
        "select account_id, occurred_on, document_id, amount from account_timeline "
        "where kind = 'payment' order by all"
    ) == [
        ("stripe:cus_1", date(2026, 5, 4), "ch_1", Decimal(100)),
        ("stripe:cus_1", date(2026, 5, 20), "re_1", Decimal(-90)),
        ("stripe:cus_1", date(2026, 5, 21), "re_2", Decimal(-10)),
        ("stripe:cus_live", date(2026, 6, 4), "ch_live", Decimal(100)),
    ]
    assert company.value("select quarantined_rows from publication") == 0


def invoice_of_quickbooks(number: str, total: float, balance: float, note: str | None) -> dict[str, Any]:
    return {
        "Id": number,
        "CustomerRef": {"value": "1"},
        "TxnDate": "2026-06-04",
        "DueDate": "2026-07-04",
        "CurrencyRef": {"value": "USD"},
        "TotalAmt": total,
        "Balance": balance,
        "PrivateNote": note,
        "MetaData": {"LastUpdatedTime": "2026-06-20T10:00:00-07:00"},
    }


def test_09_void_is_what_has_no_amount_left_and_says_so(load_files):
    home = load_files(
        {
            "invoice-2026-06-30.json": quickbooks(
                "Invoice",
                invoice_of_quickbooks("11", 480, 480, "Voided check 1042 came back, customer pays again"),
                invoice_of_quickbooks("12", 0, 0, "Voided - entered twice"),
                invoice_of_quickbooks("13", 0, 0, "Void"),
                invoice_of_quickbooks("14", 75, 75, "Voided"),
                invoice_of_quickbooks("15", 0, 0, "A sample, to avoid a complaint"),
                invoice_of_quickbooks("16", 20, 0, "Voided"),
                invoice_of_quickbooks("17", 0, 0, None),
            )
        }
    )
    assert dict(rows(home, "select invoice_id, status from raw.invoices")) == {
        "11": "open",
        "12": "void",
        "13": "void",
        "14": "open",
        "15": "paid",
        "16": "paid",
        "17": "paid",
    }


def test_records_that_were_deleted_are_left_out_by_name_whatever_they_lack(load_files):
    gone = {"Id": "9", "status": "Deleted", "MetaData": {"LastUpdatedTime": "2026-06-30T02:00:00-07:00"}}
    home = load_files(
        {
            "changes/invoices-2026-06-30.json": changed(
                "Invoice", gone, invoice_of_quickbooks("1", 5, 5, None)
            ),
            "changes/memos-2026-06-30.json": changed("CreditMemo", gone),
            "changes/payments-2026-06-30.json": changed("Payment", gone),
            "fivetran/invoice-2026-06-30.csv": (
                "id,transaction_date,due_date,total_amount,balance,currency_id,customer_id,_fivetran_deleted\n"
                "21,,,,,,,true\n"
                "22,2026-06-01,2026-06-30,10.00,10.00,USD,1,false\n"
            ),
            "fivetran/payment-2026-06-30.csv": (
                "id,transaction_date,total_amount,unapplied_amount,currency_id,customer_id,private_note,"
                "_fivetran_deleted\n"
                "31,,,,,,,t\n"
                "32,2026-06-01,0,0,USD,1,Voided,f\n"
                "33,2026-06-01,5.00,0,USD,1,Voided cheque replaced,f\n"
            ),
        }
    )
    assert rows(
        home,
        "select feed, document_id, reason from raw.excluded join raw.files using (file_id) order by all",
    ) == [
        ("invoices", "21", "was deleted"),
        ("invoices", "9", "was deleted"),
        ("invoices", "9", "was deleted"),
        ("payments", "31", "was deleted"),
        ("payments", "32", "is void"),
        ("payments", "9", "was deleted"),
    ]
    assert rows(home, "select invoice_id from raw.invoices order by all") == [("1",), ("22",)]
    assert rows(home, "select payment_id from raw.payments") == [("33",)]
    assert rows(home, "select count(*) from raw.quarantine") == [(0,)]


REPORT = """\
Date,Transaction Type,Num,Name,Memo/Description,Due Date,Amount,Open Balance
2026-05-04,Invoice,1001,Harbor Tools,,2026-06-03,"1,250.00",0.00
2026-05-11,Invoice,1002,Kestrel Sports,,2026-06-10,310.00,310.00
TOTAL,,,,,,"1,560.00",310.00

"Tuesday, June 30, 2026 06:02 PM GMT-07:00",,,,,,
"""
TITLES = 'Harbor Supply Co.,,,,,,\nInvoice List,,,,,,\n"January 1 - June 30, 2026",,,,,,\n\n'


@pytest.mark.parametrize("titles", [TITLES, TITLES.replace(",,,,,,", ""), ""])
def test_13_what_stands_around_a_reports_records_is_none_of_them(load_files, titles):
    home = load_files({"invoice-list-2026-06-30.csv": titles + REPORT})
    assert rows(
        home,
        "select invoice_id, customer_id, total, status, open_balance, source_row "
        "from raw.invoices order by all",
    ) == [
        ("1001", "Harbor Tools", Decimal(1250), "paid", Decimal(0), 1),
        ("1002", "Kestrel Sports", Decimal(310), "open", Decimal(310), 2),
    ]
    assert rows(home, "select source_row, reason, amount from raw.excluded order by all") == [
        (3, "is a title, a total or a footer", Decimal(1560)),
        (4, "is a title, a total or a footer", None),
    ]
    assert rows(home, "select rows_read, rows_quarantined from raw.files") == [(4, 0)]


def test_13_lines_above_a_header_are_named_where_no_key_allows_them(tmp_path):
    file = write_bytes(
        tmp_path,
        "payments.csv",
        b"Harbor Supply\nPayments\n"
        b"payment_id,invoice_id,paid_at,amount,currency\nP1,I1,2024-01-01,1.50,EUR\n",
    )
    assert recognise(file, load_mappings()).describe() == (
        "has 2 lines above its header, which is that of canonical_billing payments: remove them, or declare "
        "`skip_until_header: true` for that feed"
    )


LEDGER = (
    "account_id,code,name,type,tax_type,class,status,description,system_account,currency_code\n"
    "a-1,090,Business Bank,BANK,NONE,ASSET,ACTIVE,,,GBP\n"
    "a-2,200,Sales,REVENUE,OUTPUT2,REVENUE,ARCHIVED,,,\n"
)
CONTACTS = (
    "contact_id,name,contact_status,is_supplier,is_customer\n"
    "c-1,Marine Systems,ACTIVE,false,true\n"
    "c-2,Power Company,ACTIVE,true,false\n"
    "c-3,Both,ACTIVE,true,true\n"
    "c-4,Former,ARCHIVED,false,true\n"
)


def test_xeros_chart_of_accounts_and_suppliers_are_nobodys_customers(load_files):
    home = load_files(
        {
            "account_data-2026-06-30.csv": LEDGER,
            "contact_data-2026-06-30.csv": CONTACTS,
            "api/accounts-2026-06-30.json": document(
                "Accounts",
                {"AccountID": "a-3", "Code": "400", "Name": "Fees", "Type": "EXPENSE", "TaxType": "INPUT2"},
            ),
        }
    )
    assert rows(home, "select document_id, reason from raw.excluded order by all") == [
        ("a-1", "is an account of the ledger"),
        ("a-2", "is an account of the ledger"),
        ("a-3", "is an account of the ledger"),
        ("c-2", "is a supplier"),
    ]
    assert rows(home, "select customer_id from raw.billing_customers order by all") == [
        ("c-1",),
        ("c-3",),
        ("c-4",),
    ]


@pytest.mark.parametrize(
    ("header", "mapping"),
    [
        ("account_id,name", "canonical_crm"),
        ("account_id,name,owner,Region", "canonical_crm"),
        ("account_id,name,Region,Group", "canonical_crm"),
        ("account_id,name,Region,Group,Class", None),
        ("customer_id,name,email,balance,terms,tax,route", None),
    ],
)
def test_our_own_names_are_those_of_a_table_that_has_mostly_them(tmp_path, header, mapping):
    file = write_bytes(tmp_path, "table.csv", f"{header}\n{',x' * header.count(',')}\n".encode())
    found = recognise(file, load_mappings())
    assert (found.mapping and found.mapping.name) == mapping
    if mapping is None:
        assert "most of its columns" in found.describe()
