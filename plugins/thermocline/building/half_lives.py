"""How many half-lives records reach, and whether the law's sums reach as far."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from thermocline.company.settings import Company
from thermocline.errors import InputError
from thermocline.home import PROJECT
from thermocline.loading.raw_records import current_records, rows

# More half-lives after the epoch overflow the integers; more before it leave too few bits for nine decimals.
MOST_HALF_LIVES = 60
MOST_HALF_LIVES_BEFORE_EPOCH = 15

# Of some records the account stands in a table of its own.
_LINKED = "case when account_id is not null or {key} in (select {key} from raw.{table}) then {key} end"
_COMMUNICATION = _LINKED.format(key="communication_id", table="communication_accounts")
_OPPORTUNITY = _LINKED.format(key="opportunity_id", table="opportunity_accounts")
# Of each feed the key, whom a record is about, and its moments.
_DATED = (
    ("invoices", "invoice_id", "customer_id", "issued_at"),
    ("invoice_lines", "invoice_id", "customer_id", "issued_at"),
    ("payments", "payment_id", "coalesce(customer_id, invoice_id)", "paid_at"),
    ("opportunities", "opportunity_id", _OPPORTUNITY, "opened_at"),
    ("opportunities", "opportunity_id", _OPPORTUNITY, "closed_at"),
    ("communications", "communication_id", _COMMUNICATION, "occurred_at"),
    ("feedback", "feedback_id", "account_id", "given_at"),
)


@dataclass(frozen=True)
class _Reach:
    """A version of the scorecard, and how far its sums reach."""

    half_life_days: Decimal
    epoch: date | None
    row_number: int | None


def refuse_overlong(
    scorecards: Path, connection: duckdb.DuckDBPyConnection, company: Company, as_of: date
) -> None:
    """Raises InputError, naming a record and the rule.

    The plain extent of all records settles it, but for some of no account or that were corrected.
    """
    reaches = [
        _Reach(row["half_life_days"], row["epoch"], row["row_number"])
        for row in rows(connection, "select rowid + 1 as row_number, * from config.scorecards order by rowid")
    ] or [_Reach(_default_half_life(), None, None)]
    first, last = _widest_extent(connection, as_of)
    if first is None or not any(list(_excesses(reach, first, last)) for reach in reaches):
        return
    for corrected in (True, False):
        dated = _dated(company, as_of, with_corrected=corrected)
        first, last = connection.execute(f"select min(day), max(day) from ({dated})").fetchone() or (
            None,
            None,
        )
        if first is None or not any(list(_excesses(reach, first, last)) for reach in reaches):
            return
    for reach in reaches:
        for day, rule in _excesses(reach, first, last):
            record = next(
                rows(
                    connection,
                    f"select source_file, source_row from ({dated}) where day = ? order by all limit 1",
                    day,
                )
            )
            place = f"record {record['source_row']} of {record['source_file']} is of {day}"
            if reach.row_number is None:
                raise InputError(
                    f"{place}, {rule}: leave older exports out, or write {scorecards} with a longer half-life"
                )
            raise InputError(
                f"{scorecards}, row {reach.row_number}: half_life_days is "
                f"{reach.half_life_days.normalize():f}, but {place}, {rule}: choose a longer half-life"
            )


def _widest_extent(connection: duckdb.DuckDBPyConnection, as_of: date) -> tuple[date | None, date]:
    """First and last day of any record, whosever it is: a day more at either end is any time zone's."""
    moments = " union all ".join(
        f"select min({moment}) as first, max({moment}) as last from raw.{feed}"
        for feed, _, _, moment in _DATED
    )
    extent = connection.execute(
        f"select cast(min(first) as date) - 1, least(cast(max(last) as date) + 1, ?) from ({moments})",
        [as_of],
    ).fetchone()
    return extent or (None, as_of)


def _excesses(reach: _Reach, first: date, last: date) -> Iterator[tuple[date, str]]:
    epoch, half_life = reach.epoch or first, reach.half_life_days
    if (last - epoch).days > MOST_HALF_LIVES * half_life:
        after = (last, f"more than {MOST_HALF_LIVES} half-lives after the epoch {epoch}")
        before = (first, f"more than {MOST_HALF_LIVES} half-lives of {half_life} days before {last}")
        yield after if reach.epoch else before
    if (epoch - first).days > MOST_HALF_LIVES_BEFORE_EPOCH * half_life:
        yield first, f"more than {MOST_HALF_LIVES_BEFORE_EPOCH} half-lives before the epoch {epoch}"


def _dated(company: Company, as_of: date, *, with_corrected: bool) -> str:
    """One row per record and moment up to the as-of date, in the reporting zone."""
    zone = company.time_zone.replace("'", "''")
    parts = []
    for feed, key, about, moment in _DATED:
        records = (
            f"select files.source_file, records.* from raw.{feed} as records "
            "inner join raw.files as files on records.file_id = files.file_id"
            if with_corrected
            else current_records(feed, key)
        )
        parts.append(
            "select source_file, source_row, "
            f"cast({moment} at time zone 'UTC' at time zone '{zone}' as date) as day "
            f"from ({records}) where {about} is not null"
        )
    return f"select * from ({' union all '.join(parts)}) where day <= date '{as_of}'"


def _default_half_life() -> Decimal:
    seed = PROJECT / "dbt_project" / "seeds" / "default_scorecard.csv"
    with seed.open(encoding="utf-8", newline="") as file:
        return Decimal(next(csv.DictReader(file))["half_life_days"])
