"""The billing system's customers and documents, as feeds."""

import numpy as np

from thermocline.example.billing import METHODS, STATUSES, Credits, Invoices, Lines, Oddity, Payments, amounts
from thermocline.example.company import CURRENCIES, Company, Link
from thermocline.example.deliveries import NEVER, Array, Calendar, Versions, stream
from thermocline.example.identities import Identities
from thermocline.example.names import ARTICLES, COUNTRIES
from thermocline.example.writer import Feed

SYSTEM = "billing"


def customer_feed(
    company: Company, identities: Identities, calendar: Calendar, seed: int
) -> tuple[Feed, Versions, Array]:
    """Return one row per customer and state; also its versions, and the party of each record."""
    rng = stream(seed, "customers")
    party = np.flatnonzero(company.has_billing)
    second = rng.integers(7 * 3600, 8 * 3600, company.size)
    versions = Versions.of(calendar, company.billing_created[party], company.billing_changed[party])
    by_customer = np.isin(company.link, (Link.BY_CUSTOMER, Link.BY_BOTH))
    countries = np.array([country.code for country in COUNTRIES], dtype=object)

    def rows(at: slice) -> dict[str, Array]:
        who, changed = party[versions.record[at]], versions.shows_change[at]
        day = np.where(changed, company.billing_changed[who], company.billing_created[who])
        return {
            "number": company.customer_number[who],
            "name": identities.billing_name[who],
            "email": identities.billing_email[who],
            "former": (company.billing_changed[who] != NEVER) & ~changed,
            "account": np.where(by_customer[who], company.crm_number[who], 0),
            "country": countries[company.country[who]],
            "created": calendar.moment(company.billing_created[who], 0),
            "changed": calendar.moment(day, second[who]),
        }

    columns = {
        "CustomerNo": "customer_no(number)",
        "Name": "name",
        "Email": "if(former, 'old.' || trim(email), email)",
        "CRMAccount": "case when account > 0 then crm_id('001', account) end",
        "Country": "country",
        "Created": "created::date",
        "Changed": "iso(changed)",
    }
    feed = Feed(SYSTEM, "Customers.csv", columns, versions.delivery, rows, calendar, documents=len(party))
    return feed, versions, party


def _extra_piece(invoices: Invoices, lines: Lines, at: slice) -> Array:
    """Return what the first delivery of a corrected invoice bills too much: one piece of its line 1."""
    record = invoices.versions.record[at]
    wrong = (invoices.oddity[record] == Oddity.CORRECTED) & ~invoices.versions.shows_change[at]
    first = lines.start[record]
    quantity, price = lines.quantity[first], lines.price[first]
    return np.where(wrong, amounts(quantity + 100, price) - amounts(quantity, price), 0)


def invoice_feed(invoices: Invoices, lines: Lines, calendar: Calendar) -> Feed:
    """Return one row per invoice and state."""
    versions = invoices.versions
    currencies = np.array(CURRENCIES, dtype=object)
    statuses = np.array(STATUSES, dtype=object)

    def rows(at: slice) -> dict[str, Array]:
        which, changed = versions.record[at], versions.shows_change[at]
        issued = calendar.moment(invoices.day[which], invoices.second[which])
        later = calendar.moment(invoices.changed[which], 18 * 3600 + which % 3600)
        known = calendar.moment(
            np.minimum(invoices.day[which], calendar.days - 1), invoices.second[which] + 60
        )
        return {
            "year": invoices.year[which],
            "number": invoices.number[which],
            "customer": invoices.customer[which],
            "issued": issued,
            "due": calendar.moment(invoices.day[which] + invoices.terms[which], 0),
            "currency": currencies[invoices.currency[which]],
            "total": invoices.total[which] + _extra_piece(invoices, lines, at),
            "status": statuses[np.where(changed, invoices.status[which], 0)],
            "changed": np.where(changed, later, known),
        }

    columns = {
        "InvoiceNo": "document_no('R', year, number)",
        "CustomerNo": "customer_no(customer)",
        "InvoiceDate": "iso(issued)",
        "DueDate": "due::date",
        "Currency": "currency",
        "Total": "money(total)",
        "Status": "status",
        "Changed": "iso(changed)",
    }
    return Feed(
        SYSTEM,
        "Invoices.csv",
        columns,
        versions.delivery,
        rows,
        calendar,
        documents=invoices.size,
    )


def line_feed(invoices: Invoices, lines: Lines, calendar: Calendar) -> Feed:
    """Return all lines of an invoice, for each of its states."""
    versions = invoices.versions
    counts = np.diff(lines.start)[versions.record]
    articles = np.array(ARTICLES, dtype=object)

    def rows(at: slice) -> dict[str, Array]:
        which, count = versions.record[at], counts[at]
        begin = np.cumsum(count) - count
        line = np.repeat(lines.start[which] - begin, count) + np.arange(count.sum())
        quantity = lines.quantity[line]
        quantity[begin[_extra_piece(invoices, lines, at) > 0]] += 100
        description = articles[lines.article[line]]
        for first in begin[invoices.oddity[which] == Oddity.NEWLINE]:
            description[first] += ',\n"as agreed"; see offer'
        return {
            "year": np.repeat(invoices.year[which], count),
            "number": np.repeat(invoices.number[which], count),
            "line": lines.number[line],
            "article": lines.article[line],
            "description": description,
            "quantity": quantity,
            "price": lines.price[line],
            "amount": amounts(quantity, lines.price[line]),
        }

    columns = {
        "InvoiceNo": "document_no('R', year, number)",
        "LineNo": "line",
        "ArticleNo": "format('{:05d}', 10000 + 7 * article)",
        "Description": "description",
        "Quantity": "money(quantity)",
        "UnitPrice": "(price::decimal(18, 4) * 0.0001)::decimal(18, 4)",
        "Amount": "money(amount)",
    }
    return Feed(
        SYSTEM,
        "InvoiceLines.csv",
        columns,
        versions.delivery,
        rows,
        calendar,
        documents=len(lines.number),
        sizes=counts,
    )


def credit_feed(credits: Credits, invoices: Invoices, company: Company, calendar: Calendar) -> Feed:
    """Return one row per credit note; totals are positive, as the vendor writes them."""
    versions = credits.versions
    currencies = np.array(CURRENCIES, dtype=object)

    def rows(at: slice) -> dict[str, Array]:
        which = versions.record[at]
        credited = credits.invoice[which]
        moment = calendar.moment(credits.day[which], credits.second[which])
        return {
            "year": credits.year[which],
            "number": credits.number[which],
            "customer": company.customer_number[credits.party[which]],
            "credited_year": invoices.year[credited],
            "credited": np.where(credited >= 0, invoices.number[credited], 0),
            "moment": moment,
            "currency": currencies[company.currency[credits.party[which]]],
            "total": credits.total[which],
        }

    columns = {
        "CreditNoteNo": "document_no('G', year, number)",
        "CustomerNo": "customer_no(customer)",
        "CreditedInvoiceNo": "case when credited > 0 then document_no('R', credited_year, credited) end",
        "Date": "iso(moment)",
        "Currency": "currency",
        "Total": "money(total)",
        "Changed": "iso(moment)",
    }
    return Feed(
        SYSTEM,
        "CreditNotes.csv",
        columns,
        versions.delivery,
        rows,
        calendar,
        documents=len(credits.day),
    )


def payment_feed(payments: Payments, invoices: Invoices, calendar: Calendar) -> Feed:
    """Return one row per payment."""
    currencies = np.array(CURRENCIES, dtype=object)
    methods = np.array(METHODS, dtype=object)

    def rows(at: slice) -> dict[str, Array]:
        which = payments.invoice[at]
        return {
            "payment": np.arange(at.start, at.stop) + 1,
            "year": invoices.year[which],
            "number": invoices.number[which],
            "customer": invoices.customer[which],
            "paid": calendar.moment(payments.day[at], 0),
            "amount": payments.amount[at],
            "currency": currencies[invoices.currency[which]],
            "method": methods[payments.method[at]],
        }

    columns = {
        "PaymentNo": "format('Z-{:07d}', payment)",
        "InvoiceNo": "document_no('R', year, number)",
        "CustomerNo": "customer_no(customer)",
        "PaidOn": "paid::date",
        "Amount": "money(amount)",
        "Currency": "currency",
        "Method": "method",
    }
    return Feed(
        SYSTEM,
        "Payments.csv",
        columns,
        calendar.delivery_of(payments.day),
        rows,
        calendar,
        documents=len(payments.day),
    )


def rate_feed(rates: tuple[Array, Array, Array], calendar: Calendar) -> Feed:
    """Return one row per day and foreign currency."""
    day, currency, rate = rates
    currencies = np.array(CURRENCIES, dtype=object)

    def rows(at: slice) -> dict[str, Array]:
        return {
            "day": calendar.moment(day[at], 0),
            "currency": currencies[currency[at]],
            "rate": rate[at],
        }

    columns = {
        "Date": "day::date",
        "Currency": "currency",
        "RateToEUR": "(rate::decimal(18, 6) * 0.000001)::decimal(18, 6)",
    }
    return Feed(
        SYSTEM,
        "ExchangeRates.csv",
        columns,
        calendar.delivery_of(day),
        rows,
        calendar,
        documents=len(day),
    )
