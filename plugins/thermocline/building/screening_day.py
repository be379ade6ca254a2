"""Which day a build screens: the one that was asked for, else the newest that the exports cover.

One wrong date in an export doesn't decide it. Nothing here reads a clock: the caller says which day
was the last whole one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from thermocline.errors import InputError
from thermocline.files.wording import shown

LONELY_AFTER_DAYS = 365
"""A record dated so much later than all others of its system doesn't decide the day ..."""
LONELY_AMONG = 10
"""... where there are at least so many others, ..."""
LONELY_SHARE = 1000
"""... nor do several, up to one in so many of them."""


@dataclass(frozen=True)
class Day:
    """A day of a system's records, and how many are dated so."""

    on: date
    records: int


def day_to_screen(
    connection: duckdb.DuckDBPyConnection,
    as_of: date | None,
    last_whole_day: date,
    report: Callable[[str], None] = lambda _: None,
) -> date:
    """Return `as_of`, else the newest day, up to `last_whole_day`, that every system covers.

    A system covers the newest day that its deliveries declare; where none declares one, it covers the day
    of its newest record, except records far after all others (see `without_lonely`), which are reported.
    Raises InputError where nothing has been loaded, where nothing is dated by then, and for an `as_of`
    before the first record or later than the day after `last_whole_day`.
    """
    days = _days_by_system(connection)
    covered = {
        system: _newest_covered(connection, system, days.get(system, []), last_whole_day, report)
        for (system,) in connection.execute("select distinct system from raw.files order by 1").fetchall()
    }
    first = _first_day(connection)
    if first is None:
        raise InputError(_why_nothing(connection))
    if as_of is None:
        newest = min((day for day in covered.values() if day), default=None)
        if newest is None:
            raise InputError(
                f"nothing that was landed is dated by {last_whole_day}, the last whole day: the first record "
                f"is of {first}; correct its date in the export, or run again after that day"
            )
        return newest
    if as_of < first:
        raise InputError(
            f"as-of date {as_of} lies before the first record, which is of {first}: name a later day"
        )
    # Somebody who names the day that has begun may screen it.
    if as_of > last_whole_day and as_of - last_whole_day > timedelta(days=1):
        raise InputError(
            f"as-of date {as_of} lies in the future, the last whole day is {last_whole_day}: "
            "name that day or an earlier one"
        )
    return as_of


def without_lonely(days: Sequence[Day]) -> list[Day]:
    """Return the days, in order, without the last ones that hold a few records far after all others.

    Those after a gap of more than LONELY_AFTER_DAYS go where they are a single record, or at most one in
    LONELY_SHARE, and at least LONELY_AMONG records come before.
    """
    kept = sorted(days, key=lambda day: day.on)
    while True:
        start = next(
            (
                number
                for number in range(len(kept) - 1, 0, -1)
                if (kept[number].on - kept[number - 1].on).days > LONELY_AFTER_DAYS
            ),
            None,
        )
        if start is None:
            return kept
        before, after = (sum(day.records for day in part) for part in (kept[:start], kept[start:]))
        if before < LONELY_AMONG or after > max(1, before // LONELY_SHARE):
            return kept
        kept = kept[:start]


def _days_by_system(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Day]]:
    found: dict[str, list[Day]] = {}
    for system, day, records in connection.execute(
        """
        select files.system, days.recorded_on, sum(days.records)
        from raw.record_days as days
        inner join raw.files as files on days.file_id = files.file_id
        group by all
        order by all
        """
    ).fetchall():
        found.setdefault(system, []).append(Day(day, int(records)))
    return found


def _newest_covered(
    connection: duckdb.DuckDBPyConnection,
    system: str,
    days: Sequence[Day],
    last_whole_day: date,
    report: Callable[[str], None],
) -> date | None:
    declared = connection.execute(
        "select max(covers_on) from raw.files where system = ? and covers_on <= ?", [system, last_whole_day]
    ).fetchone()
    if declared and declared[0]:
        return date.fromisoformat(str(declared[0]))
    past = [day for day in days if day.on <= last_whole_day]
    kept = without_lonely(past)
    if len(kept) < len(past):
        late = past[len(kept) :]
        report(
            f"{sum(day.records for day in late):,} {system} records from {late[0].on} on lie "
            f"{(late[0].on - kept[-1].on).days} days after all others and don't decide the day: correct "
            "their dates, or name the day to screen (AS_OF)"
        )
    return kept[-1].on if kept else None


def _first_day(connection: duckdb.DuckDBPyConnection) -> date | None:
    """Return the first day that any system's records or deliveries are of."""
    row = connection.execute("select min(least(first_record_on, covers_on)) from raw.files").fetchone()
    return row[0] if row else None


def _why_nothing(connection: duckdb.DuckDBPyConnection) -> str:
    """Say why there is no day to screen: nothing landed, nothing readable, or nothing in the files."""
    quarantined = connection.execute(
        """
        select
            any_value(files.source_file order by files.source_file), count(distinct files.file_id), count(*),
            mode(coalesce(quarantine.column_name || ' ', '') || quarantine.reason)
        from raw.quarantine as quarantine
        inner join raw.files as files on quarantine.file_id = files.file_id
        """
    ).fetchone()
    files, read = connection.execute("select count(*), sum(rows_read) from raw.files").fetchone() or (0, 0)
    if quarantined and quarantined[2]:
        file, of_files, rows, reason = quarantined
        more = f" and {of_files - 1:,} more files" if of_files > 1 else ""
        return (
            f"nothing could be read: {rows:,} of {read:,} rows are quarantined, most because {reason} "
            f"({shown(file)}{more}): correct the export, or its mapping or source in config/, and run again; "
            "thermocline sources check FOLDER lists every reason"
        )
    if files:
        return (
            f"the {files:,} files that were landed hold no dated record ({read or 0:,} rows read): "
            "deliver an export with records and run again"
        )
    return "nothing has been landed yet: put exports into the source's folder and run again"
