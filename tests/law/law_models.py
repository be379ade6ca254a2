"""The project's own SQL of the law, compiled once by dbt, over made tables in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

DIMENSIONS = ("transactions", "contribution", "intent", "communication", "feedback")
SCREENED = (
    "int_heat_days",
    "int_heat_doubts",
    "int_temperature_paths",
    "int_temperatures_computed",
    "int_heat_sums",
    "int_heat_now",
)
TABLES = """
create schema config;
create schema activity;
create schema screening;
create table config.run (as_of_date date);
create table screening.int_scorecards (
    scorecard_version integer, effective_from date, superseded_from date, is_in_force boolean, epoch date,
    half_life_days decimal(18, 9), hot_at decimal(18, 9), cold_at decimal(18, 9));
create table screening.int_event_degrees (
    scorecard_version integer, event_id varchar, account_id varchar, account_number integer,
    transactions decimal(18, 9),
    contribution decimal(18, 9), intent decimal(18, 9), communication decimal(18, 9),
    feedback decimal(18, 9), occurred_on date);
create table screening.int_accounts_first_seen (account_id varchar, first_seen_on date);
create table screening.int_accounts_held (account_id varchar, known_until date);
create table activity.int_account_groups (
    group_id varchar, group_name varchar, account_id varchar, accounts bigint);
"""


@dataclass(frozen=True)
class Version:
    """A scorecard's constants; thresholds in billionths of a degree."""

    number: int
    effective_from: date
    epoch: date
    half_life: str
    hot_at: int
    cold_at: int


@dataclass(frozen=True)
class Event:
    """What happened to one account on one day: billionths of a degree by dimension."""

    account: str
    day: date
    degrees: tuple[int, int, int, int, int]


class Models:
    """Runs compiled models, each replacing the table it makes."""

    def __init__(self, compiled: Path) -> None:
        self.compiled = compiled
        self.connection = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
        self.connection.execute("attach ':memory:' as warehouse")
        self.connection.execute("use warehouse")
        self.connection.execute(TABLES)

    def close(self) -> None:
        self.connection.close()

    def make(self, *names: str) -> None:
        for name in names:
            query = (self.compiled / f"{name}.sql").read_text(encoding="utf-8")
            self.connection.execute(f"create or replace table screening.{name} as {query}")

    def fill(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Replace a table's rows, kept in the order given."""
        self.connection.execute(f"delete from {table}")
        self.add(table, rows)

    def add(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        columns = [
            [None if value is None else str(value) for value in column] for column in zip(*rows, strict=True)
        ]
        if columns:
            types = [kind for _, kind, *_ in self.connection.execute(f"describe {table}").fetchall()]
            cells = ", ".join(f"cast(unnest(?::varchar[]) as {kind})" for kind in types)
            self.connection.execute(f"insert into {table} select {cells}", columns)

    def found(self, test: str) -> list[tuple[Any, ...]]:
        """What a singular data test finds."""
        file = self.compiled.parents[1] / "data_tests" / f"{test}.sql"
        return self.rows(file.read_text(encoding="utf-8"))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def set_scorecards(self, as_of: date, versions: Sequence[Version]) -> None:
        self.fill("config.run", [(as_of,)])
        ends = [version.effective_from for version in versions[1:]]
        self.fill(
            "screening.int_scorecards",
            [
                (version.number, version.effective_from, end, version is versions[-1], version.epoch,
                 version.half_life, nine_decimals(version.hot_at), nine_decimals(version.cold_at))
                for version, end in zip(versions, [*ends, None], strict=True)
            ],
        )  # fmt: skip

    def set_events(self, events: Sequence[Event], versions: Sequence[Version], batches: int = 1) -> None:
        """The events under each version, arriving in batches."""
        self.fill("screening.int_event_degrees", [])
        numbered = list(enumerate(events))
        for batch in range(batches):
            self.add(
                "screening.int_event_degrees",
                [
                    (version.number, f"event:{number}", event.account, None,
                     *map(nine_decimals, event.degrees), event.day)
                    for version in versions
                    for number, event in numbered[batch::batches]
                ],
            )  # fmt: skip

    def screen(
        self,
        events: Sequence[Event],
        versions: Sequence[Version],
        as_of: date,
        first_seen: dict[str, date],
        groups: dict[str, list[str]] | None = None,
        batches: int = 1,
    ) -> None:
        """From events to the history, in the tables of schema screening."""
        self.set_scorecards(as_of, versions)
        self.set_events(events, versions, batches)
        self.fill("screening.int_accounts_first_seen", first_seen.items())
        self.fill(
            "activity.int_account_groups",
            [
                (group, group, account, len(accounts))
                for group, accounts in (groups or {}).items()
                for account in accounts
            ],
        )
        self.make("int_bodies")
        self.connection.execute(
            "update screening.int_event_degrees as degrees set account_number = bodies.account_number "
            "from screening.int_bodies as bodies where bodies.account_id = degrees.account_id"
        )
        self.make(*SCREENED)

    def history(self, bodies: Iterable[str] | None = None) -> list[tuple[Any, ...]]:
        """Kind, body, version, day, temperature and cause of each change, in order."""
        return self._of(
            "select body_kind, body_id, scorecard_version, changed_on, temperature, cause "
            "from screening.int_temperatures_computed order by all",
            bodies,
        )

    def heat_days(self, bodies: Iterable[str] | None = None) -> list[tuple[Any, ...]]:
        """Every digit of the heat days, in order; a body's number hangs on who else there is."""
        return self._of(
            "with bodies as (select distinct body_kind, body_id, body_number from screening.int_bodies) "
            "select body_kind, body_id, * exclude (body_kind, body_id, body_number) "
            "from bodies inner join screening.int_heat_sums using (body_number) "
            "left join screening.int_heat_days using (scorecard_version, body_number, occurred_on) "
            "order by all",
            bodies,
        )

    def heat_now(self, bodies: Iterable[str] | None = None) -> list[tuple[Any, ...]]:
        return self._of(
            "select body_kind, body_id, * exclude (body_kind, body_id) "
            "from screening.int_heat_now order by all",
            bodies,
        )

    def _of(self, query: str, bodies: Iterable[str] | None) -> list[tuple[Any, ...]]:
        wanted = None if bodies is None else set(bodies)
        return [row for row in self.rows(query) if wanted is None or row[1] in wanted]


def nine_decimals(billionths: int) -> str:
    sign, figure = "-" if billionths < 0 else "", abs(billionths)
    return f"{sign}{figure // 10**9}.{figure % 10**9:09d}"
