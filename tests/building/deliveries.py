"""Random deliveries to a warehouse: small companies whose records meet each other often."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import duckdb

FIRST = date(2026, 1, 1)
DAY = timedelta(days=1)
ACCOUNTS, DOCUMENTS = 5, 9
CRM, BOOKS, SHOP = "crm", "books", "shop"
# Books sends documents with a header and lines beside it; the shop's lines are the documents.
FEEDS = (
    (CRM, "accounts"),
    (BOOKS, "billing_customers"),
    (BOOKS, "invoices"),
    (BOOKS, "invoices"),
    (BOOKS, "invoice_lines"),
    (SHOP, "invoice_lines"),
    (BOOKS, "payments"),
    (SHOP, "payments"),
    (CRM, "opportunities"),
    (CRM, "communications"),
    (CRM, "communication_accounts"),
    (CRM, "feedback"),
    (BOOKS, "exchange_rates"),
)
FULL = {
    (CRM, "accounts"),
    (CRM, "communications"),
    (CRM, "communication_accounts"),
    (BOOKS, "payments"),
}
SCORECARD = (
    "insert into config.scorecards by name select {number} as scorecard_version, "
    "date '{since}' as effective_from, 'a' as author, '' as note, date '2026-01-01' as epoch, "
    " {typical} as typical_invoice, 30 as half_life_days, "
    "1.2 as hot_at, 0.5 as cold_at, 0.5 as degrees_transaction, 0.5 as degrees_contribution, "
    "0.25 as degrees_opportunity_opened, -0.25 as degrees_opportunity_lost, 0.5 as degrees_meeting_held, "
    "0.25 as degrees_call_inbound, 0 as degrees_call_answered, 0.15 as degrees_email_inbound, "
    "0 as degrees_email_answered, 0.1 as degrees_chat_inbound, 0 as degrees_chat_answered, "
    "0.1 as degrees_letter_inbound, 0 as degrees_letter_answered, 0.5 as degrees_feedback, "
    "-0.5 as degrees_complaint"
)


@dataclass
class World:
    """A warehouse, and the random generator that writes what is delivered to it."""

    random: Random
    connection: duckdb.DuckDBPyConnection
    as_of: date = FIRST + 20 * DAY
    files: int = 0
    cards: int = 0
    told: list[str] = field(default_factory=list)

    def tell(self, statement: str, values: Sequence[Any] = ()) -> None:
        self.told.append(f"{statement} {list(values)}" if values else statement)
        self.connection.execute(statement, list(values))

    def write_run(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("create or replace table config.run (as_of_date date)")
        connection.execute("insert into config.run values (?)", [self.as_of])

    def found(self) -> None:
        """The first scorecard, and a first delivery of every feed."""
        self.add_scorecard()
        for source, feed in dict.fromkeys(FEEDS):
            self.deliver(source, feed, rows=12)

    def change(self) -> None:
        """What may happen between two runs: some deliveries, now and then something else, a day or more."""
        for _ in range(self.random.choice((0, 1, 2, 3, 4))):
            self.deliver(*self.random.choice(FEEDS), rows=self.random.choice((1, 1, 2, 3)))
        what = self.random.random()
        if what < 0.12:
            self.move_a_file()
        elif what < 0.24:
            self.write_overrides()
        elif what < 0.5:
            self.write_links()
        elif what < 0.55:
            self.add_scorecard()
        elif what < 0.6:
            self.tell(
                "insert into config.exchange_rates values (?, 'USD', 'EUR', ?)",
                [self.day(), self.money(0, 2)],
            )
        elif what < 0.63:
            self.withdraw_a_file()
        self.as_of += self.random.choice((0, 0, 0, 1, 1, 2, 9, -4)) * DAY

    def deliver(self, source: str, feed: str, rows: int) -> None:
        """One file: of the day, of a later or an earlier one, again, or for a day that is past."""
        self.files += 1
        number, day = self.files, self.day()
        records = [self.record(source, feed) for _ in range(rows)]
        for place, record in enumerate(records, start=1):
            columns = [*record, "file_id", "source_row"]
            marks = ", ".join("?" for _ in columns)
            self.tell(
                f"insert into raw.{feed} ({', '.join(columns)}) values ({marks})",
                [*record.values(), number, place],
            )
        unreadable = self.random.choice((0, 0, 1, 2)) if feed != "exchange_rates" else 0
        for place in range(rows + 1, rows + unreadable + 1):
            self.tell(
                "insert into raw.quarantine (file_id, source_row, document_id) values (?, ?, ?)",
                [number, place, f"D{self.random.randrange(DOCUMENTS)}"],
            )
        mode = "snapshot" if (source, feed) in FULL else "delta"
        self.tell(
            "insert into raw.files by name select ? as file_id, ? as source, ? as system, ? as feed, "
            "? as source_file, ? as sha256, ? as delivery_key, ? as mode, cast(? as date) as covers_on, "
            "1 as expected_every_days, "
            "? as rows_read, ? as rows_loaded, ? as rows_quarantined, ? as kind_of_file, "
            "cast(? as date) as stated_on, ? as landed_in, true as is_dated, true as is_keyed",
            [
                number,
                source,
                "crm" if source == CRM else "billing",
                feed,
                f"{feed}-{self.random.randrange(3)}.csv",
                f"{self.random.randrange(16**8):08x}{number}",
                str(day),
                mode,
                day,
                rows + unreadable,
                rows,
                unreadable,
                feed,
                day,
                self.files,
            ],
        )

    def record(self, source: str, feed: str) -> dict[str, Any]:
        random, at = self.random, datetime.combine(self.day(), time(self.random.randrange(24)))
        account, customer = f"A{random.randrange(ACCOUNTS)}", f"C{random.randrange(ACCOUNTS)}"
        document = f"D{random.randrange(DOCUMENTS)}"
        written: dict[str, Any] = {"updated_at": random.choice((None, at, at + 30 * DAY))}
        match feed:
            case "accounts":
                own = random.randrange(ACCOUNTS)
                lower = f"A{random.randrange(own)}" if own else None
                return written | {
                    "account_id": f"A{own}",
                    "name": random.choice(("Elm", "Oak", "TEST one")),
                    "email": random.choice((None, "a@x.example", "b@x.example")),
                    "created_on": random.choice((None, self.day())),
                    "parent_account_id": random.choice((None, None, lower)),
                    "merged_into_account_id": random.choice((None, None, None, lower)),
                    "is_deleted": random.random() < 0.1,
                    "billing_customer_id": random.choice((None, customer)),
                }
            case "billing_customers":
                return written | {
                    "customer_id": customer,
                    "name": "Buyer",
                    "account_id": random.choice((None, account)),
                    "email": random.choice((None, "a@x.example", "b@x.example")),
                    "is_deleted": random.random() < 0.1,
                }
            case "invoices":
                return written | self.header(customer, document, at) | {"total": self.money(-40, 400)}
            case "invoice_lines":
                header = self.header(customer, document, at) if source == SHOP else {"invoice_id": document}
                name = {"customer_name": random.choice(("Ash", "Yew"))} if source == SHOP else {}
                return (
                    written
                    | header
                    | name
                    | {
                        "product_code": random.choice((None, "P1", "P2", "P3")),
                        "description": random.choice(("red", "blue")),
                        "quantity": random.randrange(5),
                        "amount": self.money(-40, 400),
                    }
                )
            case "payments":
                return written | {
                    "payment_id": document,
                    "invoice_id": random.choice((None, f"D{random.randrange(DOCUMENTS)}")),
                    "customer_id": random.choice((None, customer)),
                    "paid_at": at,
                    "amount": self.money(0, 200),
                    "currency": random.choice(("EUR", "USD")),
                }
            case "opportunities":
                outcome = random.choice((None, "won", "lost"))
                return written | {
                    "opportunity_id": document,
                    "account_id": account,
                    "opened_at": at,
                    "amount": self.money(0, 200),
                    "currency": random.choice(("EUR", "USD")),
                    "outcome": outcome,
                    "closed_at": at + 5 * DAY if outcome else None,
                    "is_deleted": random.random() < 0.1,
                }
            case "communications":
                return written | {
                    "communication_id": document,
                    "account_id": random.choice((None, account)),
                    "occurred_at": at,
                    "channel": random.choice(("email", "call", "meeting")),
                    "direction": random.choice(("inbound", "outbound")),
                    "outcome": random.choice((None, "held")),
                    "is_deleted": random.random() < 0.1,
                }
            case "communication_accounts":
                deleted = random.random() < 0.2
                return written | {"communication_id": document, "account_id": account, "is_deleted": deleted}
            case "feedback":
                return written | {
                    "feedback_id": document,
                    "account_id": account,
                    "given_at": at,
                    "kind": random.choice(("nps", "complaint")),
                    "score": random.randrange(11),
                    "scale_min": 0,
                    "scale_max": 10,
                    "resolved_at": random.choice((None, at + 3 * DAY)),
                    "is_deleted": random.random() < 0.1,
                }
            case _:
                return {
                    "rate_on": self.day(),
                    "currency": "USD",
                    "base_currency": "EUR",
                    "rate": self.money(0, 2),
                }

    def header(self, customer: str, document: str, at: datetime) -> dict[str, Any]:
        random = self.random
        return {
            "invoice_id": document,
            "customer_id": random.choice((customer, customer, None)),
            "issued_at": at,
            "due_at": at + 10 * DAY,
            "currency": random.choice(("EUR", "EUR", "USD")),
            "status": random.choice(("open", "open", "paid", "void")),
            "kind": random.choice(("invoice", "invoice", "invoice", "credit_note", "adjustment", "payable")),
            "credited_invoice_id": random.choice((None, f"D{random.randrange(DOCUMENTS)}")),
        }

    def day(self) -> date:
        """Mostly about the as-of date; at times long before it, or after it."""
        return self.as_of + self.random.choice((-90, -60, -45, -30, -15, -5, -1, 0, 1, 3)) * DAY

    def money(self, least: int, most: int) -> str:
        return f"{self.random.randint(least * 100 + 1, most * 100) / 100:.2f}"

    def move_a_file(self) -> None:
        """The same content comes again, for another day."""
        self.tell(
            "update raw.files set delivery_key = ?, covers_on = ?, stated_on = ? where file_id = ?",
            [str(day := self.day()), day, day, self.random.randint(1, self.files)],
        )

    def withdraw_a_file(self) -> None:
        number = self.random.randint(1, self.files)
        for feed in {feed for _, feed in FEEDS} | {"quarantine"}:
            self.tell(f"delete from raw.{feed} where file_id = {number}")
        self.tell(f"delete from raw.files where file_id = {number}")

    def write_overrides(self) -> None:
        self.tell("delete from config.overrides")
        for row, number in enumerate(self.random.sample(range(ACCOUNTS), self.random.randrange(3)), start=2):
            begins = self.day()
            self.tell(
                "insert into config.overrides values (?, ?, 'known', 'boss', ?, ?, ?)",
                [
                    f"crm:A{number}",
                    self.random.choice(("hot", "cold")),
                    begins,
                    begins + self.random.randrange(9) * DAY,
                    row,
                ],
            )

    def write_links(self) -> None:
        self.tell("delete from config.account_links")
        for row, number in enumerate(self.random.sample(range(ACCOUNTS), 2), start=1):
            customer = f"{self.random.choice((BOOKS, SHOP))}:C{self.random.randrange(ACCOUNTS)}"
            self.tell("insert into config.account_links values (?, ?, ?)", [f"crm:A{number}", customer, row])

    def add_scorecard(self) -> None:
        """The next version takes effect from a day after the as-of date on, or soon after it."""
        self.cards += 1
        since = (
            date(1, 1, 1)
            if self.cards == 1
            else self.as_of + (40 * self.cards + self.random.randrange(3)) * DAY
        )
        self.tell(SCORECARD.format(number=self.cards, since=since, typical=100 + self.cards))
