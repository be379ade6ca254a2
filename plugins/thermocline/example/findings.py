"""Where in the files each known oddity stands, and the records that are odd in themselves."""

from dataclasses import dataclass

import numpy as np

from thermocline.example.billing import Credits, Invoices, Oddity
from thermocline.example.company import Company, Fate
from thermocline.example.deliveries import Array, Calendar, Versions, stream
from thermocline.example.identities import hostile
from thermocline.example.writer import Cells, Feed, Findings, crm_id, customer_no, document_no

READABLE_TO_UNREADABLE = 60
BEYOND_ALL = 90_000_000

# Oddity: its name, what must become of it, and whether its first or its last delivery is meant.
INVOICE_KINDS = {
    Oddity.NO_CUSTOMER: ("no_customer", "unattributed", "last"),
    Oddity.UNKNOWN_CUSTOMER: ("unknown_customer", "unattributed", "last"),
    Oddity.TEST_CUSTOMER: ("test_customer", "unattributed", "last"),
    Oddity.TOTAL_DIFFERS: ("total_differs", "loaded", "last"),
    Oddity.CORRECTED: ("corrected_invoice", "superseded", "first"),
    Oddity.LATE: ("late_invoice", "loaded", "first"),
    Oddity.AHEAD: ("dated_ahead", "not_yet", "first"),
}


@dataclass
class PartyRows:
    """The feed of a system's parties: its versions, and the party of each record."""

    feed: Feed
    versions: Versions
    party: Array

    def __post_init__(self) -> None:
        self._last = dict(zip(self.party.tolist(), self.versions.last_rows().tolist(), strict=True))

    def last(self, party: int) -> int:
        return self._last[party]


def note_parties(findings: Findings, company: Company, accounts: PartyRows, customers: PartyRows) -> None:
    """Record deleted, merged and test accounts, ambiguous ones, and names that look like code."""

    def note(kind: str, expect: str, party: int) -> None:
        if company.has_crm[party]:
            key = crm_id("001", int(company.crm_number[party]))
            findings.note(kind, expect, accounts.feed, accounts.last(party), key)
        if company.has_billing[party]:
            key = customer_no(int(company.customer_number[party]))
            findings.note(kind, expect, customers.feed, customers.last(party), key)

    for fate, kind, expect in (
        (Fate.MERGED, "merged_account", "excluded"),
        (Fate.DELETED, "deleted_account", "excluded"),
        (Fate.TEST, "test_account", "excluded"),
        (Fate.AMBIGUOUS, "ambiguous_email", "unlinked"),
    ):
        for party in np.flatnonzero(company.fate == fate).tolist():
            note(kind, expect, party)
    for party in hostile(company):
        note("hostile_name", "loaded", party)


def note_documents(
    findings: Findings,
    invoices: Invoices,
    invoice_feed: Feed,
    line_feed: Feed,
    credits: Credits,
    repeated: Array,
    credit_feed: Feed,
) -> None:
    """Record odd invoices, line 1 of those with a newline in its description, repeated credit notes."""

    def key(invoice: int) -> str:
        return document_no("R", int(invoices.year[invoice]), int(invoices.number[invoice]))

    first, last = invoices.versions.first_rows(), invoices.versions.last_rows()
    for oddity, (kind, expect, meant) in INVOICE_KINDS.items():
        for invoice in np.flatnonzero(invoices.oddity == oddity).tolist():
            row = int((first if meant == "first" else last)[invoice])
            findings.note(kind, expect, invoice_feed, row, key(invoice))
    for invoice in np.flatnonzero(invoices.oddity == Oddity.NEWLINE).tolist():
        findings.note("embedded_newline", "loaded", line_feed, int(last[invoice]), key(invoice))
    first = credits.versions.first_rows()
    for credit in repeated.tolist():
        number = document_no("G", int(credits.year[credit]), int(credits.number[credit]))
        findings.note("duplicate_redelivery", "superseded", credit_feed, int(first[credit]), number)


def append_records(
    findings: Findings,
    feeds: dict[str, Feed],
    company: Company,
    calendar: Calendar,
    many: int,
    seed: int,
) -> None:
    """Append records that can't be read, and readable ones about unknown things.

    All are in historic deliveries. At most one record in sixty of a file's records over all deliveries is
    unreadable, so the smallest companies lack some kinds.
    """
    rng = stream(seed, "findings")
    customers = company.customer_number[company.buys]
    accounts = company.crm_number[company.is_screened]
    room = {name: feed.total_records() // READABLE_TO_UNREADABLE for name, feed in feeds.items()}

    def add(kind: str, expect: str, file: str, delivery: int, cells: Cells) -> None:
        if expect == "quarantined":
            room[file] -= 1
            if room[file] < 0:
                return
        findings.append(kind, expect, feeds[file], delivery, cells, cells[0] or "")

    for count in range(1, many + 1):
        delivery = int(rng.integers(0, calendar.historic))
        on = calendar.folders[delivery]
        year = int(on[:4])
        at, utc = f"{on}T09:30:00", f"{on}T09:30:00.000Z"
        money = f"{int(rng.integers(20, 400))}.50"
        customer = customer_no(int(rng.choice(customers)))
        account = crm_id("001", int(rng.choice(accounts)))
        number = [document_no("R", year, BEYOND_ALL + 10 * count + digit) for digit in range(10)]
        payment = [f"Z-{BEYOND_ALL + 10 * count + digit}" for digit in range(10)]
        task = [crm_id("00T", 10 * (BEYOND_ALL + count) + digit) for digit in range(10)]
        stranger = crm_id("001", 10 * (BEYOND_ALL + count))

        add(
            "unreadable_amount",
            "quarantined",
            "Invoices",
            delivery,
            (number[0], customer, at, on, "EUR", "12,5x", "Open", at),
        )
        add(
            "impossible_date",
            "quarantined",
            "Payments",
            delivery,
            (payment[0], None, customer, f"{year}-02-30", money, "EUR", "Transfer"),
        )
        add(
            "ragged_row",
            "quarantined",
            "Task",
            delivery,
            (
                task[0],
                "false",
                account,
                None,
                "Offer",
                " prices",
                " terms",
                "Completed",
                "Email",
                "Outbound",
                None,
                on,
                utc,
                utc,
                utc,
                utc,
            ),
        )
        add(
            "unknown_currency",
            "quarantined",
            "Invoices",
            delivery,
            (number[1], customer, at, on, "XTS", money, "Open", at),
        )
        add(
            "blank_key",
            "quarantined",
            "Payments",
            delivery,
            (None, None, customer, on, money, "EUR", "Transfer"),
        )
        add(
            "unknown_status",
            "quarantined",
            "Invoices",
            delivery,
            (number[2], customer, at, on, "EUR", money, "Parked", at),
        )
        add(
            "ragged_row",
            "quarantined",
            "Payments",
            delivery,
            (payment[1], None, customer, on, money, "EUR", "Transfer", "Transfer", "1"),
        )
        add(
            "impossible_date",
            "quarantined",
            "Invoices",
            delivery,
            (number[3], customer, f"{year}-02-30T09:30:00", on, "EUR", money, "Open", at),
        )
        add(
            "blank_key",
            "quarantined",
            "Invoices",
            delivery,
            (None, customer, at, on, "EUR", money, "Open", at),
        )
        add(
            "payment_of_unknown_invoice",
            "loaded",
            "Payments",
            delivery,
            (payment[2], number[4], customer, on, money, "EUR", "Transfer"),
        )
        add(
            "communication_of_unknown_account",
            "loaded",
            "Task",
            delivery,
            (
                task[1],
                "false",
                stranger,
                None,
                "Order by email",
                "Completed",
                "Email",
                "Inbound",
                None,
                on,
                utc,
                utc,
                utc,
                utc,
            ),
        )
