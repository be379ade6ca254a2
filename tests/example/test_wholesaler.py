"""Whether the made wholesaler is a believable one."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from example_files import Example, Record

CENT = Decimal("0.01")


def lines_by_document(example: Example) -> dict[tuple[str, str], list[Record]]:
    lines: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for line in example.records("InvoiceLines"):
        lines[line["InvoiceNo"], line.delivery].append(line)
    return lines


def days_of_purchase(example: Example) -> dict[str, list[date]]:
    """By customer the days on which it was invoiced, up to the as-of date."""
    days: dict[str, list[date]] = defaultdict(list)
    for record in example.latest("Invoices", "InvoiceNo", "Changed").values():
        on = date.fromisoformat(record["InvoiceDate"][:10])
        if str(on) <= example.truth["as_of_date"]:
            days[record["CustomerNo"]].append(on)
    return {customer: sorted(on) for customer, on in days.items()}


def test_totals_are_the_sums_of_their_lines_but_for_the_noted_ones(example: Example) -> None:
    lines = lines_by_document(example)
    noted = {entry["key"] for entry in example.truth["entries"] if entry["kind"] == "total_differs"}
    different = set()
    for invoice in example.readable("Invoices"):
        own = lines[invoice["InvoiceNo"], invoice.delivery]
        assert [line["LineNo"] for line in own] == [str(n) for n in range(1, len(own) + 1)]
        assert 1 <= len(own) <= 8
        if sum(Decimal(line["Amount"]) for line in own) != Decimal(invoice["Total"]):
            different.add(invoice["InvoiceNo"])
    assert different == noted


def test_amounts_are_quantity_times_price(example: Example) -> None:
    for line in example.records("InvoiceLines"):
        product = Decimal(line["Quantity"]) * Decimal(line["UnitPrice"])
        assert Decimal(line["Amount"]) == product.quantize(CENT, ROUND_HALF_UP)
        assert Decimal(line["Quantity"]) > 0


def test_references_resolve_but_for_the_noted_ones(example: Example) -> None:
    keys = {
        "account": {record["Id"] for record in example.records("Account")},
        "contact": {record["Id"] for record in example.records("Contact")},
        "customer": {record["CustomerNo"] for record in example.records("Customers")},
        "invoice": {record["InvoiceNo"] for record in example.readable("Invoices")},
    }
    references = [
        ("Account", "ParentId", "account"),
        ("Account", "MasterRecordId", "account"),
        ("Account", "Billing_Customer__c", "customer"),
        ("Contact", "AccountId", "account"),
        ("Opportunity", "AccountId", "account"),
        ("Task", "AccountId", "account"),
        ("Task", "WhoId", "contact"),
        ("Event", "AccountId", "account"),
        ("Event", "WhoId", "contact"),
        ("Case", "AccountId", "account"),
        ("Survey_Response__c", "Account__c", "account"),
        ("Customers", "CRMAccount", "account"),
        ("Invoices", "CustomerNo", "customer"),
        ("InvoiceLines", "InvoiceNo", "invoice"),
        ("CreditNotes", "CustomerNo", "customer"),
        ("CreditNotes", "CreditedInvoiceNo", "invoice"),
        ("Payments", "InvoiceNo", "invoice"),
    ]
    noted = {
        entry["key"]
        for entry in example.truth["entries"]
        if entry["kind"]
        in ("unknown_customer", "payment_of_unknown_invoice", "communication_of_unknown_account")
    }
    dangling = {
        next(iter(record.cells.values()))
        for name, column, target in references
        for record in example.readable(name)
        if record[column] and record[column] not in keys[target]
    }
    assert dangling == noted


def test_a_delivery_holds_what_was_created_or_changed_in_it(example: Example) -> None:
    folders = example.truth["deliveries"]
    noted = example.places("late_invoice", "dated_ahead")
    repeated = {entry["key"] for entry in example.truth["entries"] if entry["kind"] == "duplicate_redelivery"}
    stamps = {
        "Account": "LastModifiedDate",
        "Contact": "LastModifiedDate",
        "Event": "LastModifiedDate",
        "Opportunity": "LastModifiedDate",
        "Task": "LastModifiedDate",
        "Case": "LastModifiedDate",
        "Survey_Response__c": "SystemModstamp",
        "Customers": "Changed",
        "Invoices": "Changed",
        "CreditNotes": "Changed",
        "ExchangeRates": "Date",
        "Payments": "PaidOn",
    }
    for name, stamp in stamps.items():
        for record in example.readable(name):
            if (record.file, record.number) in noted or record.cells.get("CreditNoteNo") in repeated:
                continue
            at = folders.index(record.delivery)
            on = record[stamp][:10]
            assert on <= folders[at], record
            assert at == 0 or on > folders[at - 1], record


def test_accounts_start_stop_and_return(example: Example) -> None:
    end = date.fromisoformat(example.truth["as_of_date"])
    start = date.fromisoformat(example.truth["first_day"])
    regular = [days for days in days_of_purchase(example).values() if len(days) >= 4]
    stopped = [days for days in regular if end - days[-1] > timedelta(days=150)]
    returned = [
        days for days in regular if any(later - day > timedelta(days=120) for day, later in pairwise(days))
    ]
    started = [days for days in regular if days[0] - start > timedelta(days=150)]
    active = [days for days in regular if end - days[-1] < timedelta(days=60)]
    for group in (stopped, returned, started):
        assert len(group) > 0.05 * len(regular)
    assert len(active) > 0.4 * len(regular)


def test_hot_and_cold_accounts_are_both_plentiful(example: Example) -> None:
    end = date.fromisoformat(example.truth["as_of_date"])
    heat = [
        sum(2 ** (-(end - day).days / 120) for day in days) for days in days_of_purchase(example).values()
    ]
    accounts = example.truth["account_segments"]
    assert 0.25 * accounts < sum(degrees >= 1 for degrees in heat) < 0.5 * accounts


def test_kinds_families_and_accounts_in_one_system_only(example: Example) -> None:
    accounts = example.latest("Account", "Id", "LastModifiedDate")
    kinds = Counter(record["Legal_Form__c"] for record in accounts.values())
    assert 0.5 < kinds["Legal Entity"] / len(accounts) < 0.7
    assert kinds["Entrepreneur"] > kinds["Private Client"] > 0
    levels = Counter()
    for key in accounts:
        level, above = 1, accounts[key]["ParentId"]
        while above:
            level, above = level + 1, accounts[above]["ParentId"]
            assert level <= 3
        levels[level] += 1
    assert levels[2] > levels[3] > 0
    assert example.truth["links"]["unknowable"] > 0
    assert any(record["Do_Not_Contact__c"] == "true" for record in accounts.values())
    assert (
        max(
            Counter(
                r["AccountId"] for r in example.latest("Contact", "Id", "SystemModstamp").values()
            ).values()
        )
        <= 4
    )


def test_most_invoices_are_paid_and_paid_ones_are_paid_in_full(example: Example) -> None:
    invoices = example.latest("Invoices", "InvoiceNo", "Changed")
    statuses = Counter(record["Status"] for record in invoices.values())
    assert 0.7 < statuses["Paid"] / len(invoices) < 0.97
    assert 0 < statuses["Void"] / len(invoices) < 0.03
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for payment in example.readable("Payments"):
        paid[payment["InvoiceNo"]] += Decimal(payment["Amount"])
    for number, record in invoices.items():
        if record["Status"] == "Paid":
            assert paid[number] == Decimal(record["Total"])
        if record["Status"] == "Void":
            assert number not in paid


def test_credit_notes_follow_their_invoice_and_never_exceed_it(example: Example) -> None:
    invoices = example.latest("Invoices", "InvoiceNo", "Changed")
    notes = example.latest("CreditNotes", "CreditNoteNo", "Changed").values()
    named = [note for note in notes if note["CreditedInvoiceNo"]]
    assert 0 < len(notes) - len(named) < len(named)
    whole = 0
    for note in named:
        invoice = invoices[note["CreditedInvoiceNo"]]
        assert note["Date"] >= invoice["InvoiceDate"]
        assert (note["CustomerNo"], note["Currency"]) == (invoice["CustomerNo"], invoice["Currency"])
        assert 0 < Decimal(note["Total"]) <= Decimal(invoice["Total"])
        whole += note["Total"] == invoice["Total"]
    assert 0 < whole < len(named)


def test_every_day_has_a_rate_for_each_foreign_currency(example: Example) -> None:
    rates = {(record["Date"], record["Currency"]) for record in example.records("ExchangeRates")}
    first = date.fromisoformat(example.truth["first_day"]) - timedelta(days=10)
    end = date.fromisoformat(example.truth["as_of_date"])
    days = [str(first + timedelta(days=day)) for day in range((end - first).days + 1)]
    assert rates == {(day, currency) for day in days for currency in ("USD", "GBP")}
