"""A past made by hand, in the shape that the evidence reads."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
from thermocline.backtest.history import DIMENSIONS, History
from thermocline.company.tables import SCORECARDS
from thermocline.home import Home

FIRST = date(2020, 1, 1)
DEGREES = ", ".join(f"{dimension} decimal(18, 9)" for dimension in DIMENSIONS)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def fill(
    connection: duckdb.DuckDBPyConnection, table: str, columns: str, rows: Iterable[Sequence[Any]]
) -> None:
    """Make a table of these rows."""
    connection.execute(f"create table {table} ({columns})")
    cells = [[None if cell is None else str(cell) for cell in column] for column in zip(*rows, strict=True)]
    if cells:
        kinds = [kind for _, kind, *_ in connection.execute(f"describe {table}").fetchall()]
        told = ", ".join(f"cast(unnest(?::varchar[]) as {kind})" for kind in kinds)
        connection.execute(f"insert into {table} select {told}", cells)


@dataclass
class Past:
    """Invoices of one degree each, by account and day number; other degrees by dimension."""

    invoices: list[tuple[str, int]] = field(default_factory=list)
    degrees: list[tuple[str, int, str, str]] = field(default_factory=list)
    days: int = 400
    card: dict[str, Any] = field(default_factory=dict)

    def buys(self, account: str, days: Iterable[int]) -> "Past":
        self.invoices += [(account, number) for number in days]
        return self

    def history(self) -> History:
        connection = duckdb.connect(config={"threads": 1})
        invoices = [(account, day(number), 100) for account, number in self.invoices]
        parts = [(account, on, part, "0.5") for account, on, _ in invoices for part in DIMENSIONS[:2]]
        parts += [(account, day(number), part, amount) for account, number, part, amount in self.degrees]
        degrees = [
            (account, on, *(amount if name == part else "0" for name in DIMENSIONS))
            for account, on, part, amount in parts
        ]
        fill(connection, "invoices", "account_id varchar, issued_on date, amount decimal(18, 4)", invoices)
        fill(connection, "degrees", f"account_id varchar, occurred_on date, {DEGREES}", degrees)
        return History(connection, self.scorecard(), 1, FIRST, day(self.days))

    def scorecard(self) -> dict[str, Any]:
        card: dict[str, Any] = dict.fromkeys(SCORECARDS.columns)
        card |= {name: Decimal("0.1") for name in SCORECARDS.columns if name.startswith("degrees_")}
        card |= {
            "scorecard_version": 1,
            "effective_from": date(1, 1, 1),
            "author": "thermocline",
            "epoch": FIRST,
            "typical_invoice": Decimal(100),
            "half_life_days": Decimal(120),
            "hot_at": Decimal(1),
            "cold_at": Decimal("0.5"),
        }
        return card | self.card

    def warehouse(self, home: Home) -> None:
        """The same past as a warehouse that a run has built."""
        home.prepare()
        past = self.history().connection
        with closing(duckdb.connect(str(home.warehouse))) as connection:
            for schema in ("activity", "screening", "config"):
                connection.execute(f"create schema {schema}")
            fill(
                connection,
                "activity.fct_account_events",
                "account_id varchar, kind varchar, outcome varchar, occurred_on date, amount decimal(18, 4)",
                [
                    *(
                        (account, "invoice", "open", on, amount)
                        for account, on, amount in past.execute("from invoices").fetchall()
                    ),
                    ("void", "invoice", "void", day(5), 100),
                    ("free", "invoice", "open", day(5), 0),
                    ("talker", "email", None, day(5), None),
                ],
            )
            fill(
                connection,
                "screening.int_scorecards",
                ", ".join(f"{name} {kind}" for name, kind in SCORECARDS.columns.items())
                + ", is_in_force boolean",
                [(*self.scorecard().values(), True)],
            )
            fill(
                connection,
                "screening.int_event_degrees",
                f"scorecard_version integer, account_id varchar, occurred_on date, {DEGREES}",
                [(1, *row) for row in past.execute("from degrees").fetchall()],
            )
            fill(connection, "config.run", "as_of_date date", [(day(self.days + 3),)])
            fill(
                connection,
                "screening.int_feeds_watched",
                "feed varchar, watermark_on date",
                [("invoices", day(self.days))],
            )


def steady(last_buyers: int = 24, days: int = 400) -> Past:
    """Forty accounts that buy every 20 to 59 days; all but the last buyers stop, one after the other."""
    past = Past(days=days)
    for number in range(40):
        until = days if number >= 40 - last_buyers else 30 + 9 * number
        past.buys(f"account {number:02}", range(number % 20, until, 20 + number))
    return past
