"""Whether `truth.json` tells the truth: each figure is counted again from the files."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal

import pytest
from example_files import Example, Record

KEYS = {
    "Customers": "CustomerNo",
    "Invoices": "InvoiceNo",
    "InvoiceLines": "InvoiceNo",
    "CreditNotes": "CreditNoteNo",
    "Payments": "PaymentNo",
}
TABLES = {
    "accounts": ["Account"],
    "contacts": ["Contact"],
    "opportunities": ["Opportunity"],
    "communications": ["Task", "Event"],
    "feedback": ["Case", "Survey_Response__c"],
    "billing_customers": ["Customers"],
    "invoices": ["Invoices", "CreditNotes"],
    "invoice_lines": ["InvoiceLines"],
    "payments": ["Payments"],
    "exchange_rates": ["ExchangeRates"],
}
EXPECTED = {
    "unreadable_amount": "quarantined",
    "impossible_date": "quarantined",
    "blank_key": "quarantined",
    "unknown_status": "quarantined",
    "ragged_row": "quarantined",
    "unknown_currency": "quarantined",
    "duplicate_redelivery": "superseded",
    "corrected_invoice": "superseded",
    "late_invoice": "loaded",
    "dated_ahead": "not_yet",
    "no_customer": "unattributed",
    "unknown_customer": "unattributed",
    "test_customer": "unattributed",
    "merged_account": "excluded",
    "deleted_account": "excluded",
    "test_account": "excluded",
    "ambiguous_email": "unlinked",
    "total_differs": "loaded",
    "payment_of_unknown_invoice": "loaded",
    "communication_of_unknown_account": "loaded",
    "hostile_name": "loaded",
    "embedded_newline": "loaded",
}


def entries(example: Example, kind: str) -> list[Record]:
    found = [example.entry(entry) for entry in example.truth["entries"] if entry["kind"] == kind]
    assert found, kind
    return found


def lines_of(example: Example, invoice: Record) -> list[Record]:
    return [
        line
        for line in example.records("InvoiceLines")
        if line["InvoiceNo"] == invoice["InvoiceNo"] and line.delivery == invoice.delivery
    ]


def test_every_kind_occurs_and_is_expected_as_agreed(example: Example) -> None:
    found = {(entry["kind"], entry["expect"]) for entry in example.truth["entries"]}
    assert found == set(EXPECTED.items())
    assert example.truth["entry_counts"] == Counter(entry["kind"] for entry in example.truth["entries"])


def test_every_entry_is_in_its_file_at_its_record(example: Example) -> None:
    for entry in example.truth["entries"]:
        record = example.entry(entry)
        name = entry["file"].rsplit("/", 1)[1].removesuffix(".csv")
        assert record[KEYS.get(name, "Id")] == entry["key"], entry
        assert entry["file"].startswith(entry["system"] + "/")


RULES: dict[str, Callable[[Record], bool]] = {
    "unreadable_amount": lambda record: not re.fullmatch(r"-?\d+\.\d\d", record["Total"]),
    "impossible_date": lambda record: "-02-30" in (record.cells.get("PaidOn") or record.cells["InvoiceDate"]),
    "blank_key": lambda record: "" in (record.cells.get("PaymentNo"), record.cells.get("InvoiceNo")),
    "unknown_status": lambda record: record["Status"] not in ("Open", "Paid", "Void"),
    "ragged_row": lambda record: None in record.cells,
    "unknown_currency": lambda record: record["Currency"] == "XTS",
    "no_customer": lambda record: record["CustomerNo"] == "",
    "merged_account": lambda record: record["IsDeleted"] == "true" and record["MasterRecordId"],
    "deleted_account": lambda record: record["IsDeleted"] == "true" != record["MasterRecordId"],
    "test_account": lambda record: record["Name"].startswith("TEST "),
    "embedded_newline": lambda record: "\n" in record["Description"],
}


@pytest.mark.parametrize("kind", RULES)
def test_the_record_is_what_its_kind_says(example: Example, kind: str) -> None:
    assert all(RULES[kind](record) for record in entries(example, kind))


def test_unknown_keys_are_unknown(example: Example) -> None:
    customers = example.latest("Customers", "CustomerNo", "Changed")
    invoices = {record["InvoiceNo"] for record in example.records("Invoices")}
    accounts = {record["Id"] for record in example.records("Account")}
    for record in entries(example, "unknown_customer"):
        assert record["CustomerNo"] not in customers
    for record in entries(example, "test_customer"):
        assert customers[record["CustomerNo"]]["Email"].endswith("@test.example")
    for record in entries(example, "payment_of_unknown_invoice"):
        assert record["InvoiceNo"] not in invoices
    for record in entries(example, "communication_of_unknown_account"):
        assert record["AccountId"] not in accounts


def test_superseded_records_come_again_later(example: Example) -> None:
    invoices = example.latest("Invoices", "InvoiceNo", "Changed")
    for record in entries(example, "corrected_invoice"):
        later = invoices[record["InvoiceNo"]]
        assert later.delivery > record.delivery
        assert later["Total"] != record["Total"]
        for state in (record, later):
            amounts = [Decimal(line["Amount"]) for line in lines_of(example, state)]
            assert sum(amounts) == Decimal(state["Total"])
    for record in entries(example, "duplicate_redelivery"):
        again = [other for other in example.records("CreditNotes") if other.cells == record.cells]
        assert len(again) == 2
        assert again[1].delivery > record.delivery


def test_late_and_early_records(example: Example) -> None:
    folders = example.truth["deliveries"]
    for record in entries(example, "late_invoice"):
        covered = sum(folder < record["InvoiceDate"][:10] for folder in folders)
        assert folders.index(record.delivery) >= covered + 3
    for record in entries(example, "dated_ahead"):
        on = record.cells.get("InvoiceDate") or record.cells["ActivityDate"]
        assert on[:10] > example.truth["as_of_date"] == record.delivery


def test_ambiguous_emails_are_on_two_accounts_and_one_customer(example: Example) -> None:
    shared: dict[str, list[str]] = defaultdict(list)
    for record in entries(example, "ambiguous_email"):
        shared[record.cells.get("Email__c") or record["Email"]].append(record.file[:4])
    assert all(sorted(systems) == ["bill", "crm/", "crm/"] for systems in shared.values())


def test_names_that_look_like_code_come_through(example: Example) -> None:
    names = {record["Name"].lower() for record in entries(example, "hostile_name")}
    for part in ("=sum", "<b>", "'; drop table", '"', ",", "ł"):
        assert any(part in name for name in names), part


def test_unreadable_records_are_few_and_historic(example: Example) -> None:
    daily = set(example.truth["deliveries"][example.truth["historic_deliveries"] :])
    unreadable = example.places(expect="quarantined")
    assert not {file.split("/")[1] for file, _ in unreadable} & daily
    for name, count in Counter(file.rsplit("/", 1)[1] for file, _ in unreadable).items():
        assert count <= len(example.records(name.removesuffix(".csv"))) / 60


@pytest.mark.parametrize("table", TABLES)
def test_counts_are_those_of_the_files(example: Example, table: str) -> None:
    keys: set[tuple[str, ...]] = set()
    for name in TABLES[table]:
        for record in example.readable(name):
            cells = list(record.cells.values())
            keys.add((name, *cells[: 2 if name in ("InvoiceLines", "ExchangeRates") else 1]))
    removed = 0
    if table == "invoice_lines":
        last = example.latest("Invoices", "InvoiceNo", "Changed")
        removed = sum(number not in last for _, number, _ in keys)
    assert example.truth["counts"][table] == {
        "records": sum(len(example.records(name)) for name in TABLES[table]),
        "documents": len(keys) - removed,
    }


def test_revenue_is_that_of_the_last_delivered_documents(example: Example) -> None:
    known = example.latest("Customers", "CustomerNo", "Changed")
    total: dict[str, Decimal] = defaultdict(Decimal)
    unattributed: dict[str, Decimal] = defaultdict(Decimal)
    for record in example.latest("Invoices", "InvoiceNo", "Changed").values():
        if record["Status"] == "Void" or record["InvoiceDate"][:10] > example.truth["as_of_date"]:
            continue
        total[record["Currency"]] += Decimal(record["Total"])
        customer = known.get(record["CustomerNo"])
        if not customer or customer["Name"].startswith("TEST "):
            unattributed[record["Currency"]] += Decimal(record["Total"])
    for record in example.latest("CreditNotes", "CreditNoteNo", "Changed").values():
        total[record["Currency"]] -= Decimal(record["Total"])
    for currency, told in example.truth["revenue"].items():
        assert Decimal(told["total"]) == total[currency]
        assert Decimal(told["unattributed"]) == unattributed[currency]
        assert Decimal(told["attributable"]) == total[currency] - unattributed[currency]
        by_kind = map(Decimal, told["unattributed_by_kind"].values())
        assert sum(by_kind) == unattributed[currency]
    assert 0 < sum(unattributed.values()) < sum(total.values()) * 3 / 100


def test_account_segments_follow_from_explicit_keys_and_unique_emails(example: Example) -> None:
    accounts = {
        key: record
        for key, record in example.latest("Account", "Id", "LastModifiedDate").items()
        if record["IsDeleted"] == "false" and not record["Name"].startswith("TEST ")
    }
    customers = {
        key: record
        for key, record in example.latest("Customers", "CustomerNo", "Changed").items()
        if not record["Name"].startswith("TEST ")
    }
    linked = {
        key: record["CRMAccount"] for key, record in customers.items() if record["CRMAccount"] in accounts
    }
    linked |= {
        record["Billing_Customer__c"]: key
        for key, record in accounts.items()
        if record["Billing_Customer__c"]
    }
    explicit = len(linked)
    emails = Counter(record["Email__c"].strip().lower() for record in accounts.values())
    billing_emails = Counter(record["Email"].strip().lower() for record in customers.values())
    by_email = [
        key
        for key, record in customers.items()
        if key not in linked
        and (email := record["Email"].strip().lower())
        and emails[email] == billing_emails[email] == 1
    ]
    links = example.truth["links"]
    assert explicit == links["by_customer"] + links["by_account"] + links["by_both"]
    assert len(by_email) == links["by_email"] > 0
    expected = len(accounts) + len(customers) - explicit - len(by_email)
    assert example.truth["account_segments"] == expected
