"""The example from its first draw to its last file."""

import json
from datetime import date
from pathlib import Path

from thermocline.example import billing, conversations, crm, dirt, documents, findings, responses
from thermocline.example.company import found
from thermocline.example.deliveries import Calendar
from thermocline.example.folder import TRUTH
from thermocline.example.identities import identify
from thermocline.example.lives import purchases
from thermocline.example.scene import Scene
from thermocline.example.truth import tell
from thermocline.example.writer import Findings, connection


def write(accounts: int, days: int, seed: int, folder: Path, ends_on: date, busy: float = 1.0) -> None:
    """Make the company, let it live, and write its exports and their truth into `folder`.

    `busy`: how many times as often as usual the accounts buy.
    """
    calendar = Calendar.of(days, ends_on)
    company = found(accounts, calendar, seed)
    identities = identify(company, seed)
    many = dirt.often(accounts)

    bought = dirt.postpone(purchases(company, calendar, seed, busy), company, calendar, many)
    lines = billing.fill_baskets(bought, company, seed)
    oddity = dirt.choose(bought, lines, company, calendar, many, seed)
    invoices, payments = billing.issue(bought, lines, oddity, company, calendar, seed)
    dirt.correct(invoices, many, seed)
    credits = billing.credit(invoices, calendar, seed)
    repeated = dirt.redeliver(credits, calendar)

    contacts = crm.employ(company, calendar, seed)
    scene = Scene(company, contacts, invoices, calendar, seed)
    account_rows = findings.PartyRows(*crm.account_feed(company, identities, calendar, seed))
    customer_rows = findings.PartyRows(*documents.customer_feed(company, identities, calendar, seed))
    feeds = {
        feed.file.removesuffix(".csv"): feed
        for feed in (
            account_rows.feed,
            crm.contact_feed(contacts, company, identities, calendar, seed),
            responses.opportunity_feed(scene),
            conversations.task_feed(scene, ahead=many),
            conversations.event_feed(scene),
            responses.case_feed(scene),
            responses.survey_feed(scene),
            customer_rows.feed,
            documents.invoice_feed(invoices, lines, calendar),
            documents.line_feed(invoices, lines, calendar),
            documents.credit_feed(credits, invoices, company, calendar),
            documents.payment_feed(payments, invoices, calendar),
            documents.rate_feed(billing.exchange_rates(calendar, seed), calendar),
        )
    }

    known = Findings()
    findings.note_parties(known, company, account_rows, customer_rows)
    findings.note_documents(
        known,
        invoices,
        feeds["Invoices"],
        feeds["InvoiceLines"],
        credits,
        repeated,
        feeds["CreditNotes"],
    )
    conversations.note_ahead(known, feeds["Task"], many)
    findings.append_records(known, feeds, company, calendar, many, seed)

    for delivery in calendar.folders:
        for system in ("crm", "billing"):
            (folder / system / delivery).mkdir(parents=True)
    with connection() as formatter:
        for feed in feeds.values():
            feed.write(formatter, folder)
    truth = tell(accounts, seed, calendar, company, invoices, credits, feeds, known)
    text = json.dumps(truth, ensure_ascii=False, indent=1) + "\n"
    (folder / TRUTH).write_text(text, encoding="utf-8")
