"""Compare two kept publications on the same day: accounts that differ, and the records that explain it."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.insight.difference_causes import SIDES, by_account, causes_by_account, notes
from thermocline.publishing import publication

_ACCOUNTS = """
with earlier as (
    select account_id, temperature from earlier.reporting.account_temperature_history
    where valid_from <= $day and coalesce($day < valid_to, true)
),

later as (
    select account_id, temperature from later.reporting.account_temperature_history
    where valid_from <= $day and coalesce($day < valid_to, true)
)

select
    coalesce(later.account_id, earlier.account_id) as account_id,
    earlier.temperature,
    later.temperature
from earlier
full outer join later on earlier.account_id = later.account_id
where earlier.temperature is distinct from later.temperature
"""

# Only what bears degrees can move a temperature. Two scorecards give the same record other degrees.
_RECORDS = """
with earlier as (
    select timeline.* from earlier.reporting.account_timeline as timeline
    inner join differing on timeline.account_id = differing.account_id
),

later as (
    select timeline.* from later.reporting.account_timeline as timeline
    inner join differing on timeline.account_id = differing.account_id
)

select
    coalesce(later.account_id, earlier.account_id) as account_id,
    coalesce(later.kind, earlier.kind) as kind,
    coalesce(later.document_id, earlier.document_id) as document_id,
    {sides},
    earlier_elsewhere.account_id as came_from,
    later_elsewhere.account_id as went_to
from earlier
full outer join later on earlier.account_id = later.account_id and earlier.event_id = later.event_id
left join earlier.reporting.account_timeline as earlier_elsewhere
    on earlier.event_id is null and later.event_id = earlier_elsewhere.event_id
left join later.reporting.account_timeline as later_elsewhere
    on later.event_id is null and earlier.event_id = later_elsewhere.event_id
where
    least(earlier.occurred_on, later.occurred_on) <= $day
    and (coalesce(earlier.degrees, 0) <> 0 or coalesce(later.degrees, 0) <> 0)
    and (
        earlier.event_id is null
        or later.event_id is null
        or earlier.occurred_on <> later.occurred_on
        or earlier.amount is distinct from later.amount
        or ($same_degrees and earlier.degrees is distinct from later.degrees)
        or (earlier.degrees is null) <> (later.degrees is null)
    )
order by 1, least(earlier.occurred_on, later.occurred_on), coalesce(later.event_id, earlier.event_id)
"""

_SIDE = ("event_id", "occurred_on", "outcome", "amount", "degrees", "source_file", "source_row")

_NAMES = """
select account_id, account_name from {side}.reporting.account_segments
inner join differing using (account_id)
"""

Row = dict[str, Any]


@dataclass(frozen=True)
class Version:
    """An event as one publication has it; degrees None: it bears none."""

    occurred_on: date
    outcome: str | None
    amount: Decimal | None
    degrees: Decimal | None
    source_file: str | None
    source_row: int | None


@dataclass(frozen=True)
class Record:
    """An event that differs between the two; came_from, went_to: the other account that had or has it."""

    kind: str
    document_id: str | None
    earlier: Version | None
    later: Version | None
    came_from: str | None = None
    went_to: str | None = None


@dataclass(frozen=True)
class Changed:
    """An account whose temperature differs (None: not an account on that day), and why, if not by records."""

    account_id: str
    account_name: str | None
    earlier: str | None
    later: str | None
    records: tuple[Record, ...]
    causes: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """One entry per account that differs, by account_id; notes say what holds for all of them."""

    earlier: publication.Publication
    later: publication.Publication
    day: date
    accounts: tuple[Changed, ...]
    notes: tuple[str, ...]

    @property
    def counts(self) -> Counter[tuple[str | None, str | None]]:
        """Accounts by their two temperatures."""
        return Counter((account.earlier, account.later) for account in self.accounts)


def difference(
    home: Home, first: str | None = None, second: str | None = None, day: date | None = None
) -> Difference:
    """Compare two kept publications, by default the current one and the one before it.

    The one published first is the earlier, in whatever order they are given. `day` is by default the
    lesser of their as-of dates. Raise InputError (nothing to compare with, not kept, a day after that),
    ContentChanged (one can't be read).
    """
    earlier, later = _pair(home, first, second)
    last = min(earlier.as_of_date, later.as_of_date)
    if day is not None and day > last:
        ends = earlier if earlier.as_of_date == last else later
        raise InputError(f"publication {ends.publication_id} ends at {last}: name that day or one before it")
    ids = {"earlier": earlier.publication_id, "later": later.publication_id}
    with publication.reading(home, **ids) as connection:
        return _compare(connection, earlier, later, day or last)


def _pair(
    home: Home, first: str | None, second: str | None
) -> tuple[publication.Publication, publication.Publication]:
    kept = publication.history(home)
    listed = ", ".join(each.publication_id for each in kept) or "none"
    if first is None and second is None:
        if len(kept) < 2:
            raise InputError(f"there are no two publications to compare: these are kept: {listed}")
        return kept[-2], kept[-1]
    if first is None or second is None:
        raise InputError(f"two publications are compared, one is named: these are kept: {listed}")
    for publication_id in (first, second):
        names = [each.publication_id for each in kept]
        if publication_id not in names:
            raise InputError(publication.absent(home, publication_id, names))
    if first == second:
        raise InputError(f"{first} is compared with itself: these are kept: {listed}")
    earlier, later = (each for each in kept if each.publication_id in (first, second))
    return earlier, later


def _compare(
    connection: duckdb.DuckDBPyConnection,
    earlier: publication.Publication,
    later: publication.Publication,
    day: date,
) -> Difference:
    on = {"day": day}
    found = connection.execute(_ACCOUNTS + "order by 1", on).fetchall()
    connection.execute(f"create temp table differing as select account_id from ({_ACCOUNTS})", on)
    same_degrees = earlier.scorecard_version == later.scorecard_version
    records = _records(connection, {**on, "same_degrees": same_degrees})
    causes = causes_by_account(connection, (earlier, later), on)
    names = by_account(connection, _NAMES, "earlier") | by_account(connection, _NAMES, "later")
    accounts = tuple(
        Changed(account, names.get(account), before, after, tuple(records[account]), tuple(causes[account]))
        for account, before, after in found
    )
    return Difference(earlier, later, day, accounts, tuple(notes(connection, earlier, later, on)))


def _records(connection: duckdb.DuckDBPyConnection, given: Row) -> dict[str, list[Record]]:
    sides = ", ".join(f"{side}.{column}" for side in SIDES for column in _SIDE)
    found: dict[str, list[Record]] = defaultdict(list)
    for row in connection.execute(_RECORDS.format(sides=sides), given).fetchall():
        account, kind, document, *cells = row
        (was, *before), (now, *after) = cells[: len(_SIDE)], cells[len(_SIDE) : -2]
        found[account].append(
            Record(
                kind,
                document,
                Version(*before) if was else None,
                Version(*after) if now else None,
                *cells[-2:],
            )
        )
    return found
