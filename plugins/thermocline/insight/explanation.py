"""Explain one account on one day, from the current publication alone.

On the published day this is the published row; on an earlier day the history as known now; on a
later one what follows if nothing more happens. Heat on those days is the cooling law over the
degrees of the timeline, in its integer arithmetic.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

import duckdb

from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.insight.account_lookup import find
from thermocline.ledger.chain import Ledger, all_inputs
from thermocline.ledger.pruned import pruned
from thermocline.publishing import publication

DIMENSIONS = ("transactions", "contribution", "intent", "communication", "feedback")

_EVENTS = """
select
    occurred_on, kind, direction, outcome, document_id, summary, amount, degrees,
    cast(round(
        cast(degrees as double) * pow(2.0, -cast($day - occurred_on as double) / $half_life), 9
    ) as decimal(18, 9)) as heat,
    source_file, source_row
from reporting.account_timeline
where account_id = $account and occurred_on <= $day and degrees <> 0
order by occurred_on desc, occurred_at desc, event_id desc
"""

_HEAT = """
select cast(round(
    cast(coalesce(sum(cast(round(
        cast(degrees as double) * pow(2.0, cast(occurred_on - $epoch as double) / $half_life + 50)
    ) as decimal(38, 0))), 0) as double)
    * pow(2.0, -50 - cast($day - $epoch as double) / $half_life),
    9
) as decimal(18, 9)) as heat
from reporting.account_timeline
where account_id = $account and occurred_on <= $day and degrees <> 0
"""

_WITHOUT_DEGREES = """
select kind, count(*)
from reporting.account_timeline
where account_id = $account and occurred_on <= $day and coalesce(degrees, 0) = 0 and kind <> 'temperature'
group by kind
order by kind
"""

Row = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """One event with degrees: what it added on its day, what is left of it, and its record."""

    occurred_on: date
    kind: str
    direction: str | None
    outcome: str | None
    document_id: str | None
    summary: str | None
    amount: Decimal | None
    degrees: Decimal
    heat: Decimal
    source_file: str | None
    source_row: int | None


@dataclass(frozen=True)
class State:
    """A temperature from `since` on, `until` (exclusive) the next one; None: no change is in sight."""

    temperature: str
    since: date
    until: date | None


@dataclass(frozen=True)
class Way:
    """How many events of one kind, on the day, would make the account hot."""

    count: int
    what: str
    degrees_each: Decimal


@dataclass(frozen=True)
class Explanation:
    """Why an account is hot or cold on `day`.

    published: its row of account_segments. computed: None where only the published temperature is known.
    heat: degrees; the events' heats and `rounding` add up to it exactly. rules: the row of `scorecards` in
    force on the day; degrees_version: the version that the degrees are of. aliases: rows of account_links.
    pruned: the day on which the landed copy of a source file was removed, by file.
    """

    published: Row
    aliases: tuple[Row, ...]
    day: date
    state: State
    computed: str | None
    heat: Decimal
    events: tuple[Event, ...]
    without_degrees: dict[str, int]
    override: Row | None
    rules: Row
    degrees_version: int
    ways: tuple[Way, ...]
    pruned: Mapping[str, date] = field(default_factory=dict)

    @property
    def is_published_day(self) -> bool:
        return bool(self.day == self.published["as_of_date"])

    @property
    def rounding(self) -> Decimal:
        """What the rounded heats of the events lack to `heat`, itself a sum of rounded dimensions."""
        return self.heat - sum((event.heat for event in self.events), Decimal(0))

    @property
    def is_explained(self) -> bool:
        """Whether rounding to nine decimals alone accounts for `rounding`."""
        return abs(self.rounding) <= (len(self.events) + len(DIMENSIONS) + 1) * Decimal("5e-10")


def explain(home: Home, account: str, day: date | None = None) -> Explanation:
    """Explain the account that `account` names, by default on the published as-of date.

    Raise InputError (nothing published, no or several such accounts, a day before the account's first),
    ContentChanged (the publication can't be read).
    """
    current = publication.current(home)
    if current is None:
        raise InputError(f"nothing is published in {home.root} yet: run thermocline run first")
    with publication.reading(home, published=current.publication_id) as connection:
        connection.execute("use published.reporting")
        return replace(explain_from(connection, account, day), pruned=_pruned_files(home))


def _pruned_files(home: Home) -> dict[str, date]:
    entries = Ledger(home.ledger).scan().entries
    days = pruned(entries).landing
    return {
        each["path"]: days[each["sha256"]].date() for each in all_inputs(entries) if each["sha256"] in days
    }


def explain_from(connection: duckdb.DuckDBPyConnection, account: str, day: date | None = None) -> Explanation:
    """Explain an account as `explain` does, from a connection whose default schema is `reporting`."""
    asked = {"account": find(connection, account)}
    [published] = rows_of(
        connection, "select * from reporting.account_segments where account_id = $account", asked
    )
    overrides = rows_of(
        connection, "select * from reporting.overrides where account_id = $account order by valid_from", asked
    )
    day = day or published["as_of_date"]
    cards = rows_of(connection, "select * from reporting.scorecards order by effective_from", {})
    [card] = [card for card in cards if card["scorecard_version"] == published["scorecard_version"]]
    asked_day = {**asked, "day": day}
    law = {**asked_day, "half_life": float(card["half_life_days"])}
    state = _state(connection, published, overrides, day)
    override = _in_force(overrides, day)
    heat = published["heat"]
    if day != published["as_of_date"]:
        [(heat,)] = connection.execute(_HEAT, {**law, "epoch": card["epoch"]}).fetchall()
    computed: str | None = _computed(published, day)
    if day < published["as_of_date"]:
        computed = None if override else state.temperature
    rules = [card for card in cards if card["effective_from"] <= day][-1]
    is_ahead = day >= published["as_of_date"] and computed == "cold"
    return Explanation(
        published=published,
        aliases=tuple(
            rows_of(
                connection,
                "select * from reporting.account_links "
                "where account_id = $account and alias_id <> account_id order by alias_id",
                asked,
            )
        ),
        day=day,
        state=state,
        computed=computed,
        heat=heat,
        events=tuple(Event(*row) for row in connection.execute(_EVENTS, law).fetchall()),
        without_degrees=dict(connection.execute(_WITHOUT_DEGREES, asked_day).fetchall()),
        override=override,
        rules=rules,
        degrees_version=card["scorecard_version"],
        ways=tuple(_ways(rules, heat)) if is_ahead else (),
    )


def rows_of(connection: duckdb.DuckDBPyConnection, query: str, given: Row) -> list[Row]:
    cursor = connection.execute(query, given)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _state(connection: duckdb.DuckDBPyConnection, published: Row, overrides: list[Row], day: date) -> State:
    """Return the interval that contains the day: from the history, else from the expected changes."""
    account, as_of = published["account_id"], published["as_of_date"]
    known = connection.execute(
        "select temperature, valid_from, valid_to from reporting.account_temperature_history "
        "where account_id = $account order by valid_from",
        {"account": account},
    ).fetchall()
    if day < known[0][1]:
        raise InputError(
            f"{account} isn't known on {day}: its first day is {known[0][1]}, name that or a later one"
        )
    intervals = [State(*row) for row in known[:-1]]
    temperature, since, _ = known[-1]
    for change in _days_of_change(published, overrides):
        comes = _expected(published, overrides, change)
        if change > as_of and comes != temperature:
            intervals.append(State(temperature, since, change))
            temperature, since = comes, change
    intervals.append(State(temperature, since, None))
    return next(state for state in reversed(intervals) if state.since <= day)


def _days_of_change(published: Row, overrides: list[Row]) -> list[date]:
    days = {override["valid_from"] for override in overrides}
    days |= {_day_after(override["valid_until"]) for override in overrides}
    return sorted(days | ({published["cools_on"]} - {None}))


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)


def _expected(published: Row, overrides: list[Row], day: date) -> str:
    override = _in_force(overrides, day)
    return str(override["temperature"]) if override else _computed(published, day)


def _in_force(overrides: list[Row], day: date) -> Row | None:
    found = [row for row in overrides if row["valid_from"] <= day <= row["valid_until"]]
    return found[0] if found else None


def _computed(published: Row, day: date) -> str:
    """Return the law's temperature on a day from the as-of date on; a hot account without `cools_on` stays
    hot.
    """
    cools_on = published["cools_on"]
    if published["computed_temperature"] == "hot" and cools_on is not None and day >= cools_on:
        return "cold"
    return str(published["computed_temperature"])


def _ways(rules: Row, heat: Decimal) -> Iterator[Way]:
    """Yield the smallest whole number of each kind of event that reaches `hot_at` on the day."""
    zero = Decimal(0)
    invoice, degrees = "invoice", rules["degrees_transaction"] or zero
    if rules["typical_invoice"] is not None:
        invoice = "typical invoice"
        degrees += rules["degrees_contribution"] or zero
    for what, each in (
        (invoice, degrees),
        ("meeting held", rules["degrees_meeting_held"]),
        ("quote", rules["degrees_opportunity_opened"]),
        ("call from them", rules["degrees_call_inbound"]),
    ):
        if each is not None and each > 0:
            needed = ((rules["hot_at"] - heat) / each).to_integral_value(ROUND_CEILING)
            yield Way(max(int(needed), 1), what, each)
