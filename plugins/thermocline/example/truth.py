"""What a reader of the example must find: the content of `truth.json`."""

from typing import Any

import numpy as np

from thermocline.example.billing import UNATTRIBUTED, Credits, Invoices
from thermocline.example.company import CURRENCIES, LINKED, Company, Fate, Link
from thermocline.example.deliveries import Array, Calendar
from thermocline.example.writer import Feed, Findings

TABLES = {
    "accounts": ("Account",),
    "contacts": ("Contact",),
    "opportunities": ("Opportunity",),
    "communications": ("Task", "Event"),
    "feedback": ("Case", "Survey_Response__c"),
    "billing_customers": ("Customers",),
    "invoices": ("Invoices", "CreditNotes"),
    "invoice_lines": ("InvoiceLines",),
    "payments": ("Payments",),
    "exchange_rates": ("ExchangeRates",),
}


def tell(
    accounts: int,
    seed: int,
    calendar: Calendar,
    company: Company,
    invoices: Invoices,
    credits: Credits,
    feeds: dict[str, Feed],
    findings: Findings,
) -> dict[str, Any]:
    """Return the truth about one example, ready for JSON.

    - `arguments`: those of `generate`; `as_of_date`: the last day of the window; `first_day`: its
      first; `deliveries`: the folders' names, of which the first `historic_deliveries` are months.
    - `counts`: by canonical table, `records` (in all its files, headers not counted, the
      unreadable and repeated ones included) and `documents` (different keys among the readable
      records, those dated ahead included; a line's key is its invoice and number).
    - `revenue`: by currency, in that currency, `total` = `attributable` + `unattributed`: the last
      delivered totals of all readable invoices, less those of all credit notes, without the void
      ones and those dated after the as-of date. `unattributed` are those of invoices with no
      customer, an unknown one or a test customer; `unattributed_by_kind` tells them apart.
    - `account_segments`: CRM accounts neither deleted, merged away nor a test, and billing
      customers, test ones apart, that aren't linked to such an account. Linked means that the
      customer names the account, the account the customer, or that their normalised
      (trimmed, lower-case) emails are equal and each occurs once in its system.
    - `links`: parties by how their two records are linked (`none`: in one system only, or one of
      an ambiguous three; `unknowable`: in both, but nothing tells).
    - `entry_counts`: entries by kind; `entries`: each known oddity with its `kind`, `system`,
      `file` (relative to the example, with '/'), `record` (its number in that file, the header not
      counted), `key` (the record's own; a line's invoice; '' where blank) and what a reader must
      `expect`: quarantined, superseded (a later delivery's record of the same key counts),
      unattributed, unlinked, not_yet, excluded (no account of its own) or loaded (as it is).
    """
    counted = company.is_screened.sum() + (_unlinked(company) & company.buys).sum()
    return {
        "arguments": {
            "accounts": accounts,
            "days": calendar.days,
            "seed": seed,
            "ends_on": str(calendar.ends_on),
        },
        "as_of_date": str(calendar.ends_on),
        "first_day": str(calendar.first_day),
        "deliveries": calendar.folders,
        "historic_deliveries": calendar.historic,
        "counts": {
            table: {
                "records": sum(feeds[file].total_records() for file in files),
                "documents": sum(feeds[file].documents for file in files),
            }
            for table, files in TABLES.items()
        },
        "revenue": _revenue(invoices, credits, company, calendar.days),
        "account_segments": int(counted),
        "links": {
            link.name.lower(): int(((company.link == link) & (company.fate != Fate.TEST)).sum())
            for link in Link
        },
        "entry_counts": findings.counts(),
        "entries": findings.entries,
    }


def _unlinked(company: Company) -> Array:
    return ~np.isin(company.link, LINKED)


def _revenue(invoices: Invoices, credits: Credits, company: Company, days: int) -> dict[str, dict[str, Any]]:
    counts = (invoices.status < 2) & (invoices.day < days)
    lost = np.isin(invoices.oddity, UNATTRIBUTED)
    revenue = {}
    for code, currency in enumerate(CURRENCIES):
        here = counts & (invoices.currency == code)
        credited = credits.total[company.currency[credits.party] == code].sum()
        total = invoices.total[here].sum() - credited
        unattributed = invoices.total[here & lost].sum()
        revenue[currency] = {
            "total": _money(total),
            "attributable": _money(total - unattributed),
            "unattributed": _money(unattributed),
            "unattributed_by_kind": {
                kind.name.lower(): _money(invoices.total[here & (invoices.oddity == kind)].sum())
                for kind in UNATTRIBUTED
            },
        }
    return revenue


def _money(hundredths: int) -> str:
    sign, figure = "-" if hundredths < 0 else "", abs(int(hundredths))
    return f"{sign}{figure // 100}.{figure % 100:02d}"
