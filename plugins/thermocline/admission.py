"""What is refused before anything is computed: configuration and records that the law can't take.

`configuration` refuses what a file shows by itself; here it meets the records and what was published.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from thermocline import publication
from thermocline.company import Company
from thermocline.configuration import SCORECARDS
from thermocline.errors import InputError
from thermocline.home import PROJECT, Home

# More half-lives after the epoch overflow the integers; more before it leave too few bits for nine decimals.
MOST_HALF_LIVES = 60
MOST_HALF_LIVES_BEFORE_EPOCH = 15

_UNCOMPARED = ("author", "note")
_CUSTOMERS = ("billing_customers", "invoices", "invoice_lines")
_LINKED = (
    "case when account_id is not null or communication_id in "
    "(select communication_id from raw.communication_accounts) then communication_id end"
)
# Of each feed the key, whom a record is about, and its moments.
_DATED = (
    ("invoices", "invoice_id", "customer_id", "issued_at"),
    ("invoice_lines", "invoice_id", "customer_id", "issued_at"),
    ("payments", "payment_id", "coalesce(customer_id, invoice_id)", "paid_at"),
    ("opportunities", "opportunity_id", "account_id", "opened_at"),
    ("opportunities", "opportunity_id", "account_id", "closed_at"),
    ("communications", "communication_id", _LINKED, "occurred_at"),
    ("feedback", "feedback_id", "account_id", "given_at"),
)


def admit(home: Home, connection: duckdb.DuckDBPyConnection, company: Company, as_of: date) -> None:
    """Raises InputError naming file, row and rule. Schemas `raw` and `config` are filled, and only read."""
    _refuse_rewritten_past(home, connection)
    _refuse_unknown_accounts(home, connection)
    _refuse_cycles(connection)
    _refuse_overlong_data(home, connection, company, as_of)


def _scorecards(home: Home) -> Path:
    return home.config / "scorecards.csv"


def _refuse_rewritten_past(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    """A version that ruled a published day stays as it was, and a new one takes effect later."""
    current = publication.current(home)
    if current is None:
        return
    as_of, file = current.as_of_date, _scorecards(home)
    with publication.reading(home, published=current.publication_id) as published:
        ruled = "select * from published.reporting.scorecards where effective_from <= ?"
        in_force = {row["scorecard_version"]: row for row in _rows(published, ruled, as_of)}
    written = {
        row["scorecard_version"]: row
        for row in _rows(connection, "select rowid + 1 as row_number, * from config.scorecards")
    }
    for number, row in written.items():
        if number not in in_force and row["effective_from"] <= as_of:
            raise InputError(
                f"{file}, row {row['row_number']}: effective_from is {row['effective_from']}, "
                f"expected a day after {as_of}, the last published one"
            )
    for number, then in in_force.items():
        # With no invoice yet there is no typical one, and version 1 isn't settled.
        if then["typical_invoice"] is None:
            continue
        if number not in written:
            raise InputError(f"{file}: version {number}, which ruled published days, is missing: put it back")
        for column in SCORECARDS.columns:
            if column in _UNCOMPARED or column not in then:
                continue
            if written[number][column] != then[column]:
                found = written[number]
                raise InputError(
                    f"{file}, row {found['row_number']}: {column} is {found[column]}, but "
                    f"version {number} was published with {then[column]}: put it back and add a new version"
                )


def _refuse_unknown_accounts(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    customers = " union all ".join(
        f"select file_id, customer_id from raw.{feed} where customer_id is not null" for feed in _CUSTOMERS
    )
    unknown = connection.execute(
        f"""
        select row_number, account_id from config.overrides
        where account_id not in (
            select files.source || ':' || known.id
            from (select file_id, account_id as id from raw.accounts union all {customers}) as known
            inner join raw.files as files on known.file_id = files.file_id
        )
        order by 1 limit 1
        """
        if _any(connection, "config.overrides")
        else "select 1 limit 0"
    ).fetchone()
    if unknown:
        raise InputError(
            f"{home.config / 'overrides.csv'}, row {unknown[0]}: there is no account {_line(unknown[1])}, "
            "expected <source>:<id> as table account_segments has it"
        )


def _refuse_cycles(connection: duckdb.DuckDBPyConnection) -> None:
    """Follows merged accounts to those they were merged into, as the models do."""
    accounts = {
        row["id"]: row
        for row in _rows(
            connection,
            f"""
            with known as (
                select
                    source || ':' || account_id as id, source || ':' || parent_account_id as parent,
                    source || ':' || nullif(merged_into_account_id, account_id) as merged_into,
                    source_file, source_row
                from ({_current("accounts", "account_id")})
                where not coalesce(is_deleted, false) and not coalesce(is_absent, false)
                    or merged_into_account_id is not null
            )
            select * from known
            where coalesce(parent, merged_into) is not null
                or id in (select unnest([parent, merged_into]) from known)
            """,
        )
    }

    def survivor(account: str | None) -> str | None:
        for _ in range(100):
            if account is None or account not in accounts or not accounts[account]["merged_into"]:
                break
            account = accounts[account]["merged_into"]
        return account if account in accounts else None

    topped: set[str] = set()
    for start in sorted(accounts):
        if accounts[start]["parent"] == start and not accounts[start]["merged_into"]:
            raise _cycle(accounts, [start])
        path: dict[str, None] = {}
        account = survivor(start)
        while account is not None and account not in topped and account not in path:
            path[account] = None
            parent = survivor(accounts[account]["parent"])
            account = parent if parent != account else None
        if account is not None and account in path:
            raise _cycle(accounts, list(path)[list(path).index(account) :])
        topped.update(path)


def _cycle(accounts: dict[str, dict[str, Any]], cycle: list[str]) -> InputError:
    first = accounts[cycle[0]]
    return InputError(
        f"{first['source_file']}, record {first['source_row']}: "
        f"a cycle of parents, {_line(' -> '.join([*cycle, cycle[0]]))}: "
        "mend one of them in the CRM and deliver it again"
    )


@dataclass(frozen=True)
class _Reach:
    """A version of the scorecard, and how far its sums reach."""

    half_life_days: Decimal
    epoch: date | None
    row_number: int | None


def _refuse_overlong_data(
    home: Home, connection: duckdb.DuckDBPyConnection, company: Company, as_of: date
) -> None:
    """The plain extent of all records settles it, but for some of no account or that were corrected."""
    reaches = [
        _Reach(row["half_life_days"], row["epoch"], row["row_number"])
        for row in _rows(
            connection, "select rowid + 1 as row_number, * from config.scorecards order by rowid"
        )
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
                _rows(
                    connection,
                    f"select source_file, source_row from ({dated}) where day = ? order by all limit 1",
                    day,
                )
            )
            place = f"record {record['source_row']} of {record['source_file']} is of {day}"
            if reach.row_number is None:
                raise InputError(
                    f"{place}, {rule}: leave older exports out, "
                    f"or write {_scorecards(home)} with a longer half-life"
                )
            raise InputError(
                f"{_scorecards(home)}, row {reach.row_number}: half_life_days is "
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
            else _current(feed, key)
        )
        parts.append(
            "select source_file, source_row, "
            f"cast({moment} at time zone 'UTC' at time zone '{zone}' as date) as day "
            f"from ({records}) where {about} is not null"
        )
    return f"select * from ({' union all '.join(parts)}) where day <= date '{as_of}'"


def _current(feed: str, key: str) -> str:
    """Of each document the rows of the version that counts, as the models choose it."""
    return f"""
        select
            files.source, files.source_file, records.*,
            files.extent = 'full' and max(files.delivery_key) over (
                partition by files.source, records.{key}
            ) < newest.delivery_key as is_absent
        from raw.{feed} as records
        inner join raw.files as files on records.file_id = files.file_id
        left join (
            select source, kind_of_file, max(delivery_key) as delivery_key
            from raw.files where feed = '{feed}' group by all
        ) as newest on files.source = newest.source and files.kind_of_file = newest.kind_of_file
        qualify rank() over (
            partition by files.source, records.{key}
            order by records.updated_at desc nulls last, files.delivery_key desc nulls last, files.sha256 desc
        ) = 1
    """


def _default_half_life() -> Decimal:
    seed = PROJECT / "dbt_project" / "seeds" / "default_scorecard.csv"
    with seed.open(encoding="utf-8", newline="") as file:
        return Decimal(next(csv.DictReader(file))["half_life_days"])


def _rows(connection: duckdb.DuckDBPyConnection, query: str, *parameters: Any) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(query, list(parameters))
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        yield dict(zip(names, row, strict=True))


def _any(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return connection.execute(f"select 1 from {table} limit 1").fetchone() is not None


def _line(text: str) -> str:
    """Cells of an export in a message: one line, not endless."""
    told = " ".join(text.split())
    return told if len(told) <= 500 else f"{told[:500]} ..."
