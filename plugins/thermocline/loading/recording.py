"""From a staged table into raw: rows, quarantine, and the proof that nothing was lost."""

from dataclasses import astuple
from decimal import Decimal
from typing import Any

import duckdb

from thermocline.errors import ThermoclineError
from thermocline.landing.arrivals import Arrival
from thermocline.landing.standing import Landed
from thermocline.loading.conversion import Conversion
from thermocline.loading.reading import Reject, Staged
from thermocline.mapping.canonical import DATE, TABLES, Table
from thermocline.sql import literal

Figures = tuple[int, int, int]


def insert(connection: duckdb.DuckDBPyConnection, staged: Staged) -> Figures:
    """Move a staged table into raw; how many records were read, loaded and left out on purpose.

    Raises ThermoclineError where a file's rows, or its money, don't reconcile.
    """
    if not staged.arrivals:
        return 0, 0, 0
    conversion = staged.conversion
    columns = ", ".join(rule.column.name for rule in conversion.rules)
    connection.execute(
        f"insert into raw.{conversion.feed.table.name} by name "
        f"select {columns}, file_id, record as source_row from {staged.table} where problem is null"
    )
    _quarantine(connection, conversion, staged.table)
    _excluded(connection, conversion, staged.table)
    _quarantine_rejects(connection, [(i, r) for i, rs in staged.rejects.items() for r in rs])
    return _register(connection, staged)


def remove(connection: duckdb.DuckDBPyConnection, file_ids: set[int]) -> None:
    """Take files out of raw, with all that came of them."""
    if not file_ids:
        return
    ids = ", ".join(map(str, sorted(file_ids)))
    for table in (
        *TABLES,
        "quarantine",
        "excluded",
        "unmapped_columns",
        "looked_up_columns",
        "record_days",
        "deliveries",
        "files",
    ):
        connection.execute(f"delete from raw.{table} where file_id in ({ids})")


def record_deliveries(connection: duckdb.DuckDBPyConnection, again: list[Arrival], landed: Landed) -> None:
    """Note under which paths files came, and which of them are withdrawn or ended.

    A file that came again counts for its last delivery.
    """
    for arrival in again:
        connection.execute(
            "update raw.files set source_file = ?, delivery_key = ?, covers_on = ?, stated_on = ?, "
            "landed_in = ?, is_dated = ?, is_keyed = ? where file_id = ?",
            [
                arrival.source_file,
                arrival.delivery_key,
                arrival.covers_on,
                *astuple(arrival.place),
                arrival.file_id,
            ],
        )
    connection.execute("delete from raw.deliveries")
    delivered = [(d.file_id, d.source_file, d.delivery_key, d.covers_on) for d in landed.deliveries]
    _append(connection, "raw.deliveries", delivered)
    connection.execute("delete from raw.withdrawn")
    _append(connection, "raw.withdrawn", landed.withdrawn)
    connection.execute("delete from raw.ended_feeds")
    _append(connection, "raw.ended_feeds", landed.ended)
    connection.execute("delete from raw.feeds_optional_when_empty")
    _append(connection, "raw.feeds_optional_when_empty", landed.optional_when_empty)


def _quarantine(connection: duckdb.DuckDBPyConnection, conversion: Conversion, staged: str) -> None:
    checks = conversion.checks
    connection.execute(
        "insert into raw.quarantine "
        "select file_id, record, document_id, list_extract($columns, problem), value, "
        f"list_extract($reasons, problem), money from {staged} "
        "where not list_extract($filters, problem)",
        {
            "columns": [check.column for check in checks],
            "reasons": [check.reason for check in checks],
            "filters": [check.is_filter for check in checks],
        },
    )


def _excluded(connection: duckdb.DuckDBPyConnection, conversion: Conversion, staged: str) -> None:
    """Note the records that the mapping leaves out: a later version of one that was taken ends it."""
    checks = conversion.checks
    if any(check.is_filter for check in checks):
        names = [rule.column.name for rule in conversion.rules]
        updated_at = "updated_at" if "updated_at" in names else "null"
        connection.execute(
            "insert into raw.excluded select file_id, record, document_id, "
            f"list_extract($reasons, problem), money, {updated_at} from {staged} "
            "where list_extract($filters, problem)",
            {
                "reasons": [check.reason for check in checks],
                "filters": [check.is_filter for check in checks],
            },
        )


def _quarantine_rejects(connection: duckdb.DuckDBPyConnection, rejects: list[tuple[int, Reject]]) -> None:
    if rejects:
        connection.execute(
            "insert into raw.quarantine "
            "select unnest($files), unnest($rows), unnest($documents::varchar[]), null, "
            "unnest($values), unnest($reasons), null",
            {
                "files": [file_id for file_id, _ in rejects],
                "rows": [reject.record for _, reject in rejects],
                "documents": [reject.document_id for _, reject in rejects],
                "values": [reject.value for _, reject in rejects],
                "reasons": [reject.reason for _, reject in rejects],
            },
        )


def _register(connection: duckdb.DuckDBPyConnection, staged: Staged) -> Figures:
    """Write the files' figures to `raw.files`, once they reconcile."""
    table = staged.conversion.feed.table
    ids = [arrival.file_id for arrival in staged.arrivals]
    read = _money_read(connection, staged)
    loaded = _by_file(
        connection,
        f"select file_id, count(*), {_money(table)}, {_days(table, staged.conversion)} "
        f"from raw.{table.name} where file_id between $least and $most group by 1",
        ids,
    )
    _register_days(connection, staged.conversion, ids)
    quarantined = _by_file(
        connection,
        "select file_id, count(*), sum(amount) from raw.quarantine "
        "where file_id between $least and $most group by 1",
        ids,
    )
    excluded = _by_file(
        connection,
        "select file_id, count(*), sum(amount) from raw.excluded "
        "where file_id between $least and $most group by 1",
        ids,
    )
    unmapped = staged.conversion.unmapped
    rows = []
    for arrival in staged.arrivals:
        file, file_id = arrival.file, arrival.file_id
        money_read = read.get(file_id)
        rows_loaded, money_loaded, first, last = loaded.get(file_id, (0, None, None, None))
        rows_kept, money_kept = quarantined.get(file_id, (0, None))
        rows_left, money_left = excluded.get(file_id, (0, None))
        rows_read = staged.records[file_id]
        if rows_read != rows_loaded + rows_kept + rows_left:
            raise _unreconciled(arrival, "records", rows_read, rows_loaded, rows_kept, rows_left)
        money: list[Decimal | None] = [None, None, None, None]
        if table.money:
            sums = [sum_ or Decimal(0) for sum_ in (money_read, money_loaded, money_kept, money_left)]
            if sums[0] != sum(sums[1:]):
                raise _unreconciled(arrival, "money", *sums)
            money = [*sums]
        rows.append(
            (
                file_id,
                file.source,
                file.system,
                file.mapping,
                table.name,
                arrival.source_file,
                file.sha256,
                file.bytes,
                arrival.delivery_key,
                file.mode,
                arrival.covers_on,
                *astuple(arrival.place),
                file.expected_every_days,
                file.encoding,
                rows_read,
                rows_loaded,
                rows_kept,
                rows_left,
                *money,
                first,
                last,
                file.feed,
                staged.conversion.digest,
            )
        )
    _append(connection, "raw.files", rows)
    _append(connection, "raw.unmapped_columns", [(i, name) for i in ids for name in unmapped])
    looked_up = [(rule.column.name, rule.lookup) for rule in staged.conversion.rules if rule.lookup]
    _append(connection, "raw.looked_up_columns", [(i, *column) for i in ids for column in looked_up])
    return sum(row[17] for row in rows), sum(row[18] for row in rows), sum(row[20] for row in rows)


def _money_read(connection: duckdb.DuckDBPyConnection, staged: Staged) -> dict[int, Decimal | None]:
    rows = connection.execute(f"select file_id, sum(money) from {staged.table} group by 1").fetchall()
    return dict(rows)


def _money(table: Table) -> str:
    return f"sum({table.money})" if table.money else "null"


def _days(table: Table, conversion: Conversion) -> str:
    """The first and last day, in the reporting zone, that rows of a file are dated."""
    if table.dated_by is None:
        return "null, null"
    return ", ".join(_day(table, conversion, f"{which}({table.dated_by})") for which in ("min", "max"))


def _day(table: Table, conversion: Conversion, dated: str) -> str:
    """The day, in the reporting zone, of an expression of the column that a table is dated by."""
    column = table.column(table.dated_by) if table.dated_by else None
    if column is None or column.type == DATE:
        return dated
    return f"cast(timezone({literal(conversion.reporting_zone)}, timezone('UTC', {dated})) as date)"


def _register_days(connection: duckdb.DuckDBPyConnection, conversion: Conversion, ids: list[int]) -> None:
    """Count each file's loaded rows by the day that they are dated, with the first such record."""
    table = conversion.feed.table
    if table.dated_by is not None:
        connection.execute(
            f"insert into raw.record_days "
            f"select file_id, {_day(table, conversion, table.dated_by)} as day, count(*), min(source_row) "
            f"from raw.{table.name} where file_id in (select unnest($ids)) "
            f"and {table.dated_by} is not null group by all",
            {"ids": ids},
        )


def _by_file(connection: duckdb.DuckDBPyConnection, query: str, ids: list[int]) -> dict[int, tuple[Any, ...]]:
    bounds = {"least": min(ids), "most": max(ids)} if "$least" in query else {}
    return {row[0]: row[1:] for row in connection.execute(query, bounds).fetchall()}


def _append(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        types = [
            row[0] for row in connection.execute(f"select column_type from (describe {table})").fetchall()
        ]
        columns = [list(column) for column in zip(*rows, strict=True)]
        unnested = ", ".join(f"unnest(?::{kind}[])" for kind in types)
        connection.execute(f"insert into {table} select {unnested}", columns)


def _unreconciled(arrival: Arrival, what: str, *figures: object) -> ThermoclineError:
    read, loaded, quarantined, excluded = figures
    return ThermoclineError(
        f"{arrival.source_file!r}: {what} don't reconcile: {read} read, {loaded} loaded, "
        f"{quarantined} quarantined, {excluded} excluded; nothing was loaded, report this file"
    )
