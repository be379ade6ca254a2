"""What QuickBooks, Xero and Stripe mean by their own columns, from exports that real users describe."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

DAY = date(2026, 6, 30)


def document(kind: str, *records: dict[str, Any]) -> str:
    """An answer of an API that holds records of one kind."""
    return json.dumps({kind: list(records)})


def quickbooks(kind: str, *records: dict[str, Any]) -> str:
    return json.dumps({"QueryResponse": {kind: list(records)}})


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
    overdue = dict(company.rows("select account_code, overdue_amount from account_segments"))
    assert overdue == {
        "q1": Decimal(400),
        "x1": Decimal(300),
        "s1": Decimal(400),
        "c1": None,
        "c2": Decimal(0),
    }
    reasons = dict(company.rows("select account_code, cold_because from account_segments"))
    assert (reasons["q1"], reasons["c1"], reasons["c2"]) == ("payment_trouble", "disengaged", "disengaged")
